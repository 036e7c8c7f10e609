package core_test

import (
	"context"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// seeded returns the books of each demonstration customer.
func seeded(t *testing.T, url string) map[string][]core.AccountTruth {
	t.Helper()
	c, ctx := newCore(t, openBank(t, url), newClock(noon())), context.Background()
	for range 2 { // the second does nothing
		if err := c.Seed(ctx, today()); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string][]core.AccountTruth{}
	for _, login := range []string{"alice", "bob", "carol"} {
		truth, err := c.Truth(ctx, "cus_"+login)
		if err != nil {
			t.Fatal(err)
		}
		all[login] = truth
	}
	return all
}

func TestSeedIsTheSameOnEveryDatabaseAndShowsWhatBanksShow(t *testing.T) {
	var all map[string][]core.AccountTruth
	pgtest.Each(t, func(t *testing.T, url string) {
		got := seeded(t, url)
		if all != nil && !reflect.DeepEqual(all, got) {
			t.Error("the seed differs between databases")
		}
		all = got
	})
	current := all["alice"][0]
	identical := map[string]int{}
	have := map[string]int{}
	for _, tx := range current.Transactions {
		if tx.Status == onepoint.StatusPending {
			have["pending"]++
			if tx.BookingDate != today() {
				t.Errorf("a pending item is of %s", tx.BookingDate)
			}
			continue
		}
		identical[tx.BookedAt.String()+tx.Amount.String()+tx.Information]++
		for _, word := range []string{"SALARY", "RENT", "COUNCIL TAX", "ENERGY", "REFUND", "TFL", "TO SAVINGS", "CASH"} {
			if strings.Contains(tx.Information, word) {
				have[word]++
			}
		}
	}
	twins := 0
	for key, n := range identical {
		if n == 2 && strings.Contains(key, "PRET") {
			twins++
		}
	}
	if twins < 1 {
		t.Error("alice has no two identical coffees")
	}
	for word, atLeast := range map[string]int{"pending": 2, "SALARY": 17, "RENT": 17, "COUNCIL TAX": 12, "ENERGY": 17, "REFUND": 1, "TFL": 100, "TO SAVINGS": 17, "CASH": 17} {
		if have[word] < atLeast {
			t.Errorf("alice has %d of %s, want at least %d", have[word], word, atLeast)
		}
	}
	oldest := current.Transactions[len(current.Transactions)-1].BookingDate
	if days := oldest.DaysUntil(today()); days < 540 || days > 590 {
		t.Errorf("the history is %d days long, want about 18 months", days)
	}
	bob := all["bob"]
	exchanged := 0
	for _, tx := range bob[0].Transactions {
		if tx.Exchange != nil && tx.Exchange.Instructed.Currency == "EUR" {
			exchanged++
		}
	}
	if bob[0].Account.Currency != "GBP" || bob[1].Account.Currency != "EUR" || exchanged < 10 {
		t.Errorf("bob holds %s and %s with %d exchanges", bob[0].Account.Currency, bob[1].Account.Currency, exchanged)
	}
	if all["carol"][0].Account.ID != all["alice"][2].Account.ID {
		t.Error("alice and carol do not share an account")
	}
}

func TestSeededAccountsStaySolvent(t *testing.T) {
	for login, truth := range seeded(t, "sqlite:"+t.TempDir()+"/bank.db") {
		for _, a := range truth {
			for _, b := range a.Balances {
				if b.Type == onepoint.BalanceInterimAvailable && b.Amount.IsNegative() {
					t.Errorf("%s has %s available on %s", login, b.Amount, a.Account.ID)
				}
			}
			var sum int64
			for _, tx := range a.Transactions {
				if tx.Status == onepoint.StatusBooked {
					sum += minor(t, tx.Amount)
				}
			}
			if minor(t, a.Balances[0].Amount) != sum {
				t.Errorf("%s of %s is not the sum of its entries", a.Account.ID, login)
			}
			t.Logf("%s: %d transactions, %s", a.Account.ID, len(a.Transactions), a.Balances[0].Amount)
		}
	}
}

func TestSeedWorksOnAnyDay(t *testing.T) {
	for _, day := range []time.Time{time.Date(2028, 2, 29, 0, 5, 0, 0, time.UTC), time.Date(2026, 3, 29, 23, 59, 0, 0, time.UTC), time.Date(2027, 1, 1, 3, 0, 0, 0, time.UTC), time.Date(2026, 8, 31, 12, 0, 0, 0, time.UTC)} {
		c := newCore(t, openSQLite(t), newClock(day))
		if err := c.Seed(context.Background(), onepoint.DateOf(day)); err != nil {
			t.Fatal(err)
		}
		truth, err := c.Truth(context.Background(), "cus_alice")
		if err != nil {
			t.Fatal(err)
		}
		if newest := truth[0].Transactions[0]; newest.BookedAt.After(day) {
			t.Errorf("on %s the newest entry is of %s", day, newest.BookedAt)
		}
	}
}

// IBANs by ISO 13616: moved to the end and with letters as numbers, the whole is
// 1 modulo 97.
func TestSeededIdentifiersHaveRightCheckDigits(t *testing.T) {
	found := map[onepoint.IdentifierScheme]int{}
	check := func(id onepoint.Identifier) {
		found[id.Scheme]++
		switch id.Scheme {
		case onepoint.SchemeIBAN:
			var s strings.Builder
			for _, r := range id.Value[4:] + id.Value[:4] {
				if r >= 'A' {
					s.WriteString(strconv.Itoa(int(r-'A') + 10))
				} else {
					s.WriteRune(r)
				}
			}
			n, ok := new(big.Int).SetString(s.String(), 10)
			if !ok || new(big.Int).Mod(n, big.NewInt(97)).Int64() != 1 {
				t.Errorf("the IBAN %s has wrong check digits", id.Value)
			}
			if want := map[string]int{"GB": 22, "DE": 22, "CZ": 24}[id.Value[:2]]; len(id.Value) != want {
				t.Errorf("the IBAN %s has %d characters, want %d", id.Value, len(id.Value), want)
			}
		case onepoint.SchemeSortCode:
			if len(id.Value) != 14 {
				t.Errorf("%s is not six and eight digits", id.Value)
			}
		case onepoint.SchemePAN:
			sum := 0
			for i := range len(id.Value) {
				d := int(id.Value[len(id.Value)-1-i] - '0')
				if i%2 == 1 {
					d = d*2/10 + d*2%10
				}
				sum += d
			}
			if len(id.Value) != 16 || sum%10 != 0 {
				t.Errorf("the card number %s fails Luhn's check", id.Value)
			}
		}
	}
	for _, truth := range seeded(t, "sqlite:"+t.TempDir()+"/bank.db") {
		for _, a := range truth {
			for _, id := range a.Account.Identifiers {
				check(id)
			}
			for _, tx := range a.Transactions {
				check(tx.Counterparty.Identifier)
			}
		}
	}
	c := newCore(t, openSQLite(t), newClock(noon()))
	if err := c.LoadBerka(context.Background(), berkaFiles(), today()); err != nil {
		t.Fatal(err)
	}
	a, err := c.Account(context.Background(), "acc_berka_2")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range a.Identifiers {
		check(id)
	}
	for _, s := range []onepoint.IdentifierScheme{onepoint.SchemeIBAN, onepoint.SchemeSortCode, onepoint.SchemePAN, onepoint.SchemeBBAN} {
		if found[s] == 0 {
			t.Errorf("no identifier of scheme %s", s)
		}
	}
}
