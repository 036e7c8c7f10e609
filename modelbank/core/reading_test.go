package core_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/store"
)

// history posts n entries on one account, an hour apart, ending before noon of
// today; every third is a debit.
func history(tb testing.TB, bank *store.Bank, name string, n int) string {
	tb.Helper()
	id := accounts(tb, bank, name, "GBP")[0]
	movements := make([]core.Movement, n)
	for i := range movements {
		m := pay(core.Internal(core.ClearingFPS, "GBP"), id, int64(i+1), "GBP")
		if i%3 == 0 {
			m = pay(id, core.Internal(core.ClearingFPS, "GBP"), int64(i+1), "GBP")
		}
		m.ID, m.At = fmt.Sprintf("mov_%s_%06d", name, i), noon().Add(-time.Duration(n-i)*time.Hour)
		movements[i] = m
	}
	if _, err := bank.Post(context.Background(), movements); err != nil {
		tb.Fatal(err)
	}
	return id
}

// read follows the cursor to the end, doing something between pages.
func read(t *testing.T, c *core.Core, account string, q core.Query, between func()) []onepoint.Transaction {
	t.Helper()
	var all []onepoint.Transaction
	for range 1000 {
		page, err := c.Entries(context.Background(), account, q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Transactions...)
		if page.Next == "" {
			return all
		}
		q.Cursor = page.Next
		between()
	}
	t.Fatal("the pages do not end")
	return nil
}

func TestPagesHoldEveryEntryOnceWhileNewOnesArrive(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		bank, clock := openBank(t, url), newClock(noon())
		c := newCore(t, bank, clock)
		id := history(t, bank, "hal", 53)
		arrived := 0
		all := read(t, c, id, core.Query{TransactionQuery: onepoint.TransactionQuery{Limit: 7}}, func() {
			arrived++
			clock.Advance(time.Second)
			if _, err := c.Post(context.Background(), pay(core.Internal(core.Cash, "GBP"), id, 1, "GBP")); err != nil {
				t.Fatal(err)
			}
		})
		if len(all) != 53 || arrived != 7 {
			t.Fatalf("%d entries over %d pages, want 53 over 8", len(all), arrived+1)
		}
		for i, tx := range all {
			if want := fmt.Sprintf("mov_hal_%06d", 52-i); tx.ID[:len(want)] != want {
				t.Fatalf("place %d holds %s, want %s", i, tx.ID, want)
			}
		}
	})
}

func TestEqualInstantsAreOrderedAndPagedApart(t *testing.T) {
	bank, clock := openSQLite(t), newClock(noon())
	c := newCore(t, bank, clock)
	id := accounts(t, bank, "ida", "GBP")[0]
	for range 9 { // the clock stands still
		if _, err := c.Post(context.Background(), pay(id, core.Internal(core.CardScheme, "GBP"), 340, "GBP")); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for _, tx := range read(t, c, id, core.Query{TransactionQuery: onepoint.TransactionQuery{Limit: 2}}, func() {}) {
		seen[tx.ID] = true
	}
	if len(seen) != 9 {
		t.Errorf("%d different entries, want 9", len(seen))
	}
}

func TestQueryLimitsByDateInstantAndDirection(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		bank, clock := openBank(t, url), newClock(noon())
		c := newCore(t, bank, clock)
		id := history(t, bank, "jon", 72) // three days: hours 12.00 three days ago … 11.00 today
		day := func(back int) onepoint.Date { return today().AddDays(-back) }
		for name, tc := range map[string]struct {
			q    core.Query
			want int
		}{
			"everything":          {core.Query{}, 72},
			"one day":             {core.Query{TransactionQuery: onepoint.TransactionQuery{From: day(1), To: day(1)}}, 24},
			"from a day":          {core.Query{TransactionQuery: onepoint.TransactionQuery{From: day(1)}}, 24 + 12},
			"up to a day":         {core.Query{TransactionQuery: onepoint.TransactionQuery{To: day(2)}}, 12 + 24},
			"credits":             {core.Query{Direction: core.Credits}, 48},
			"debits of one day":   {core.Query{TransactionQuery: onepoint.TransactionQuery{From: day(1), To: day(1)}, Direction: core.Debits}, 8},
			"an instant and more": {core.Query{}.Within(noon().Add(-time.Hour), time.Time{}), 1},
			"up to an instant":    {core.Query{}.Within(time.Time{}, noon().Add(-72*time.Hour)), 1},
			"the narrower bound":  {core.Query{TransactionQuery: onepoint.TransactionQuery{From: day(9), To: day(0)}}.Within(noon().Add(-2*time.Hour), noon().Add(-2*time.Hour)), 1},
			"an empty interval":   {core.Query{TransactionQuery: onepoint.TransactionQuery{From: day(0), To: day(1)}}, 0},
		} {
			t.Run(name, func(t *testing.T) {
				if got := len(read(t, c, id, tc.q, func() {})); got != tc.want {
					t.Errorf("%d entries, want %d", got, tc.want)
				}
			})
		}
	})
}

// At 00:30 in London in summer it is still the day before in UTC.
func TestBookingDateIsTheBanksDay(t *testing.T) {
	bank := openSQLite(t)
	clock := newClock(time.Date(2026, 6, 30, 23, 30, 0, 0, time.UTC))
	c := newCore(t, bank, clock)
	id := accounts(t, bank, "kim", "GBP")[0]
	if _, err := c.Post(context.Background(), pay(id, core.Internal(core.Cash, "GBP"), 1, "GBP")); err != nil {
		t.Fatal(err)
	}
	july := onepoint.Date{Year: 2026, Month: 7, Day: 1}
	got := read(t, c, id, core.Query{TransactionQuery: onepoint.TransactionQuery{From: july, To: july}}, func() {})
	if len(got) != 1 || got[0].BookingDate != july || got[0].ValueDate != july {
		t.Errorf("got %+v", got)
	}
}

func TestCursorThatTheBankDidNotMakeIsInvalid(t *testing.T) {
	c := newCore(t, openSQLite(t), newClock(noon()))
	for _, cursor := range []string{"x", "MTIz", "MS4w", "LS4t", "!!!!", fmt.Sprintf("%0100d", 1)} {
		_, err := c.Entries(context.Background(), "acc", core.Query{TransactionQuery: onepoint.TransactionQuery{Cursor: cursor}})
		if onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("cursor %q gave %v", cursor, err)
		}
	}
}

func benchmarkPage(b *testing.B, url string) {
	bank, clock := openBank(b, url), newClock(noon())
	c := newCore(b, bank, clock)
	var ids []string
	for i := range 10 { // 200 k rows: the internal side of each entry is one too
		ids = append(ids, history(b, bank, fmt.Sprintf("load%d", i), 10_000))
	}
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		q := core.Query{TransactionQuery: onepoint.TransactionQuery{Limit: 100, Until: noon().Add(-time.Duration(i%90) * 100 * time.Hour)}}
		page, err := c.Entries(context.Background(), ids[i%len(ids)], q)
		if err != nil || len(page.Transactions) != 100 {
			b.Fatalf("%d entries, %v", len(page.Transactions), err)
		}
	}
}

func BenchmarkPageOf100SQLite(b *testing.B) {
	benchmarkPage(b, "sqlite:"+filepath.Join(b.TempDir(), "bank.db"))
}

func BenchmarkPageOf100Postgres(b *testing.B) { benchmarkPage(b, pgtest.URL(b)) }
