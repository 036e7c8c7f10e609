package core_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// pay is a movement between two accounts of one currency.
func pay(from, to string, minor int64, c onepoint.Currency) core.Movement {
	amount := onepoint.MinorMoney(minor, c)
	return core.Movement{Legs: []core.Leg{
		{Account: from, Amount: amount.Neg(), Statement: core.Statement{Information: "out"}},
		{Account: to, Amount: amount, Statement: core.Statement{Information: "in"}},
	}}
}

// Books that hold any sequence of movements conserve money, in each currency
// and at each step, and their positions are the sums of their entries.
func TestMoneyIsConservedByAnySequenceOfMovements(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		currencies := map[string]onepoint.Currency{
			"a": "GBP", "b": "GBP", "c": "GBP", "x": "EUR", "y": "EUR",
			core.Internal(core.ForeignExchange, "GBP"): "GBP", core.Internal(core.ForeignExchange, "EUR"): "EUR",
		}
		pos := core.Positions{}
		for id, c := range currencies {
			pos[id] = &core.Position{Account: id, Currency: c}
		}
		amount := rapid.Int64Range(-1_000_000, 1_000_000)
		at := noon()
		var pending [][]core.Entry
		var all []core.Entry
		for n := range rapid.IntRange(1, 30).Draw(t, "movements") {
			at = at.Add(time.Duration(rapid.Int64Range(-5, 60).Draw(t, "seconds")) * time.Second)
			var m core.Movement
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				m = pay("a", "b", amount.Draw(t, "minor"), "GBP")
			case 1:
				m = pay("x", "y", amount.Draw(t, "minor"), "EUR")
			case 2: // an exchange: two currencies, each balanced by the bank's position
				gbp, eur := amount.Draw(t, "gbp"), amount.Draw(t, "eur")
				m.Legs = append(pay("c", core.Internal(core.ForeignExchange, "GBP"), gbp, "GBP").Legs, pay(core.Internal(core.ForeignExchange, "EUR"), "x", eur, "EUR").Legs...)
			case 3: // one resolved
				if len(pending) == 0 {
					continue
				}
				i := rapid.IntRange(0, len(pending)-1).Draw(t, "which")
				end := core.Settle(at)
				if rapid.Bool().Draw(t, "release") {
					end = core.Release
				}
				changed, err := end(pos, pending[i])
				if err != nil {
					t.Fatal(err)
				}
				pending = append(pending[:i], pending[i+1:]...)
				all = append(all, changed...)
				continue
			}
			m.ID, m.At, m.Pending = fmt.Sprint(n), at, rapid.IntRange(0, 3).Draw(t, "pending") == 0
			entries, err := core.Apply(pos, []core.Movement{m})
			if err != nil {
				t.Fatal(err)
			}
			if m.Pending {
				pending = append(pending, entries)
			}
			all = append(all, entries...)
		}
		checkSums(t, pos, all, pending)
	})
}

func checkSums(t *rapid.T, pos core.Positions, all []core.Entry, pending [][]core.Entry) {
	booked, total, last := map[string]int64{}, map[onepoint.Currency]int64{}, map[string]time.Time{}
	for _, e := range all {
		n, _ := e.Amount.Minor()
		if e.Status != onepoint.StatusBooked {
			continue
		}
		booked[e.Account] += n
		if after, _ := e.BalanceAfter.Minor(); after != booked[e.Account] {
			t.Fatalf("balance after entry %s is %d, want %d", e.ID(), after, booked[e.Account])
		}
		if e.BookedAt.Before(last[e.Account]) {
			t.Fatalf("entry %s is booked before the one before it", e.ID())
		}
		last[e.Account] = e.BookedAt
	}
	held := map[string]int64{}
	for _, entries := range pending {
		for _, e := range entries {
			n, _ := e.Amount.Minor()
			held[e.Account] += n
		}
	}
	for id, p := range pos {
		if p.Booked != booked[id] {
			t.Fatalf("position of %s is %d, its entries sum to %d", id, p.Booked, booked[id])
		}
		if p.PendingIn+p.PendingOut != held[id] || p.PendingIn < 0 || p.PendingOut > 0 {
			t.Fatalf("pending sums of %s are %d and %d, want %d together", id, p.PendingIn, p.PendingOut, held[id])
		}
		total[p.Currency] += p.Booked
	}
	for c, sum := range total {
		if sum != 0 {
			t.Fatalf("%s made or lost: %d", c, sum)
		}
	}
}

func TestMovementThatWouldMakeMoneyIsRefused(t *testing.T) {
	bank, clock := openSQLite(t), newClock(noon())
	ids := accounts(t, bank, "dora", "GBP", "GBP", "EUR")
	c := newCore(t, bank, clock)
	gbp := func(s string) onepoint.Money { return onepoint.MustMoney(s, "GBP") }
	for name, tc := range map[string]struct {
		legs []core.Leg
		want onepoint.Code
	}{
		"one leg":                  {[]core.Leg{{Account: ids[0], Amount: gbp("0.00")}}, onepoint.CodeInvalid},
		"a sum that is not zero":   {[]core.Leg{{Account: ids[0], Amount: gbp("5.00")}, {Account: ids[1], Amount: gbp("-4.99")}}, onepoint.CodeInvalid},
		"zero only across":         {[]core.Leg{{Account: ids[0], Amount: gbp("5.00")}, {Account: ids[2], Amount: onepoint.MustMoney("-5.00", "EUR")}}, onepoint.CodeInvalid},
		"another currency":         {[]core.Leg{{Account: ids[0], Amount: gbp("5.00")}, {Account: ids[2], Amount: gbp("-5.00")}}, onepoint.CodeInvalid},
		"less than a penny":        {[]core.Leg{{Account: ids[0], Amount: gbp("0.001")}, {Account: ids[1], Amount: gbp("-0.001")}}, onepoint.CodeInvalid},
		"an account that is not":   {[]core.Leg{{Account: "acc_nobody", Amount: gbp("5.00")}, {Account: ids[1], Amount: gbp("-5.00")}}, onepoint.CodeNotFound},
		"no internal account form": {[]core.Leg{{Account: "internal:cash", Amount: gbp("5.00")}, {Account: ids[1], Amount: gbp("-5.00")}}, onepoint.CodeNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := c.Post(context.Background(), core.Movement{Legs: tc.legs}); onepoint.CodeOf(err) != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
	truth, err := c.Truth(context.Background(), "cus_dora")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range truth {
		if len(a.Transactions) != 0 || !a.Balances[0].Amount.IsZero() {
			t.Errorf("a refused movement left something: %+v", a)
		}
	}
}

func TestMovementIsPostedOnceUnderItsID(t *testing.T) {
	bank, clock := openSQLite(t), newClock(noon())
	ids := accounts(t, bank, "emil", "GBP", "GBP")
	c, m := newCore(t, bank, clock), pay(ids[0], ids[1], 700, "GBP")
	m.ID = "mov_once"
	if _, err := c.Post(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Post(context.Background(), m); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("the second posting gave %v, want a conflict", err)
	}
	balances, err := c.Balances(context.Background(), ids[1])
	if err != nil || balances[0].Amount.Decimal() != "7.00" {
		t.Errorf("booked %v, %v", balances, err)
	}
}

func TestConcurrentPostingsLoseNothing(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		bank, clock := openBank(t, url), newClock(noon())
		ids := accounts(t, bank, "fay", "GBP", "GBP", "GBP")
		c, ctx := newCore(t, bank, clock), context.Background()
		const workers, each = 8, 25
		errs := make([]error, workers)
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for i := range each {
					clock.Advance(time.Millisecond)
					from, to := ids[(w+i)%3], ids[(w+i+1+i%2)%3] // in either order: a deadlock shows
					if i%5 == 0 {
						to = core.Internal(core.Cash, "GBP")
					}
					if _, err := c.Post(ctx, pay(from, to, int64(100*w+i+1), "GBP")); err != nil {
						errs[w] = err
						return
					}
				}
			})
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		var total int64
		count := 0
		for _, id := range append(ids, core.Internal(core.Cash, "GBP")) {
			entries, err := bank.Entries(ctx, id, core.Range{})
			if err != nil {
				t.Fatal(err)
			}
			count += len(entries)
			total += replay(t, bank, id, entries)
		}
		if total != 0 || count != 2*workers*each {
			t.Errorf("%d entries that sum to %d, want %d and 0", count, total, 2*workers*each)
		}
	})
}

// replay adds up an account's entries, oldest first, checks every running
// balance and the position, and returns the sum.
func replay(t *testing.T, bank core.Store, id string, newestFirst []core.Entry) int64 {
	t.Helper()
	var sum int64
	for i := len(newestFirst) - 1; i >= 0; i-- {
		e := newestFirst[i]
		sum += minor(t, e.Amount)
		if minor(t, e.BalanceAfter) != sum {
			t.Fatalf("%s: balance after entry %d is %s, want %d", id, e.Seq, e.BalanceAfter, sum)
		}
	}
	a, err := bank.Account(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	if a.Position.Booked != sum {
		t.Fatalf("%s: position is %d, entries sum to %d", id, a.Position.Booked, sum)
	}
	return sum
}

func TestPendingItemLowersAvailableThenKeepsItsIDWhenBooked(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		bank, clock := openBank(t, url), newClock(noon())
		ids := accounts(t, bank, "gil", "GBP")
		c, ctx := newCore(t, bank, clock), context.Background()
		cards := core.Internal(core.CardScheme, "GBP")
		if _, err := c.Post(ctx, pay(cards, ids[0], 10000, "GBP")); err != nil {
			t.Fatal(err)
		}
		card := pay(ids[0], cards, 2500, "GBP")
		card.ID, card.Pending = "mov_card", true
		held, err := c.Post(ctx, card)
		if err != nil {
			t.Fatal(err)
		}
		credit := pay(cards, ids[0], 300, "GBP")
		credit.ID, credit.Pending = "mov_credit", true
		if _, err := c.Post(ctx, credit); err != nil {
			t.Fatal(err)
		}
		wantBalances(t, c, ids[0], "100.00", "75.00", "78.00")
		clock.Advance(26 * time.Hour)
		if _, err := c.Post(ctx, pay(cards, ids[0], 100, "GBP")); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Book(ctx, "mov_card"); err != nil {
			t.Fatal(err)
		}
		if err := c.Release(ctx, "mov_credit"); err != nil {
			t.Fatal(err)
		}
		wantBalances(t, c, ids[0], "76.00", "76.00", "76.00")
		page, err := c.Entries(ctx, ids[0], core.Query{})
		if err != nil {
			t.Fatal(err)
		}
		top := page.Transactions[0]
		if len(page.Transactions) != 3 || top.ID != held[0].ID() || top.Status != onepoint.StatusBooked ||
			top.BookingDate != today().AddDays(1) || top.BalanceAfter.Amount.Decimal() != "76.00" {
			t.Errorf("statement begins with %+v, of %d", top, len(page.Transactions))
		}
		if _, err := c.Book(ctx, "mov_card"); onepoint.CodeOf(err) != onepoint.CodeConflict {
			t.Errorf("booking it again gave %v, want a conflict", err)
		}
		if err := c.Release(ctx, "mov_card"); onepoint.CodeOf(err) != onepoint.CodeConflict {
			t.Errorf("releasing what is booked gave %v, want a conflict", err)
		}
		if _, err := c.Book(ctx, "mov_unknown"); onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("booking an unknown movement gave %v", err)
		}
	})
}

func wantBalances(t *testing.T, c *core.Core, account, booked, available, expected string) {
	t.Helper()
	balances, err := c.Balances(context.Background(), account)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{booked, available, expected} {
		if got := balances[i].Amount.Decimal(); got != want {
			t.Errorf("%s is %s, want %s", balances[i].Type, got, want)
		}
	}
}
