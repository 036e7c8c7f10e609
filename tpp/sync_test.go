package tpp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/tpp"
)

// shown is what a user sees of a row, for comparing ledger and bank.
func shown(t onepoint.Transaction) string {
	return fmt.Sprintf("%s|%s|%s|%s|%s|%s", t.ID, t.Amount, t.BookingDate, t.ValueDate, t.Information, t.Status)
}

func (r *rig) same(t interface{ Fatalf(string, ...any) }, want []onepoint.Transaction) {
	var got, expected []string
	for _, row := range r.ledger() {
		got = append(got, shown(row.Transaction))
	}
	for _, row := range want {
		expected = append(expected, shown(row))
	}
	slices.Sort(got)
	slices.Sort(expected)
	if !slices.Equal(got, expected) {
		t.Fatalf("the ledger has %d rows, the bank %d:\nledger %s\nbank   %s", len(got), len(expected),
			strings.Join(got, "\n       "), strings.Join(expected, "\n       "))
	}
}

func history(n int) []onepoint.Transaction {
	day := onepoint.Date{Year: 2026, Month: time.November, Day: 20}
	var rows []onepoint.Transaction
	for i := range n {
		rows = append(rows, row(fmt.Sprintf("t%04d", n-i), "-3.20", day.AddDays(-i/3).String(), onepoint.StatusBooked))
	}
	return rows
}

func TestSyncReadsEverythingOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		res := r.account(1)
		r.bank.rows[res] = history(100)
		conn := r.connected()
		for range 3 {
			if err := r.sync.Run(t.Context(), workspace, conn.ID); err != nil {
				t.Fatal(err)
			}
			r.same(t, r.bank.rows[res])
			r.clock = r.clock.Add(time.Second)
		}
		run, err := r.db.LastSync(t.Context(), workspace, conn.ID)
		if err != nil || run.State != tpp.SyncComplete || run.Change.Added != 0 || run.AccountsDone != 1 {
			t.Errorf("the third sync was %+v, %v", run, err)
		}
		accounts, err := r.db.Accounts(t.Context(), workspace)
		if err != nil || len(accounts) != 1 {
			t.Errorf("accounts %v, %v", accounts, err)
		}
	})
}

func TestTwinsAreTwoPurchases(t *testing.T) {
	for _, stable := range []bool{true, false} {
		t.Run(fmt.Sprintf("stable ids %t", stable), func(t *testing.T) {
			onBoth(t, func(t *testing.T, r *rig) {
				r.facts.StableIDs = stable
				res := r.account(1)
				twin := row("", "-3.20", "2026-11-20", onepoint.StatusBooked)
				r.bank.rows[res] = []onepoint.Transaction{twin, twin, row("", "-3.20", "2026-11-19", onepoint.StatusBooked)}
				conn := r.connected()
				for range 2 {
					if err := r.sync.Run(t.Context(), workspace, conn.ID); err != nil {
						t.Fatal(err)
					}
				}
				r.same(t, r.bank.rows[res])
			})
		})
	}
}

func TestPendingRows(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		res := r.account(1)
		r.bank.rows[res] = []onepoint.Transaction{
			row("p1", "-5.00", "2026-11-21", onepoint.StatusPending),
			row("p2", "-6.00", "2026-11-21", onepoint.StatusPending),
			row("b1", "-7.00", "2026-11-20", onepoint.StatusBooked),
		}
		conn := r.connected()
		if err := r.sync.Run(t.Context(), workspace, conn.ID); err != nil {
			t.Fatal(err)
		}
		before := map[string]string{}
		for _, row := range r.ledger() {
			before[row.Transaction.ID] = row.ID
		}
		r.clock = r.clock.Add(24 * time.Hour)
		booked := row("p1", "-5.10", "2026-11-22", onepoint.StatusBooked) // the tip came on top
		r.bank.rows[res] = []onepoint.Transaction{booked, r.bank.rows[res][2]}
		if err := r.sync.Run(t.Context(), workspace, conn.ID); err != nil {
			t.Fatal(err)
		}
		gone := row("p2", "-6.00", "2026-11-21", onepoint.StatusVanished)
		r.same(t, append(slices.Clone(r.bank.rows[res]), gone))
		for _, row := range r.ledger() {
			if before[row.Transaction.ID] != row.ID {
				t.Errorf("%s changed its id from %s to %s", row.Transaction.ID, before[row.Transaction.ID], row.ID)
			}
		}
	})
}

func TestPayloadsAreSealed(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		res := r.account(1)
		r.bank.rows[res] = history(1)
		conn := r.connected()
		if err := r.sync.Run(t.Context(), workspace, conn.ID); err != nil {
			t.Fatal(err)
		}
		rows := r.ledger()
		if len(rows) != 1 || len(rows[0].Raw) == 0 || bytes.Contains(rows[0].Raw, []byte("t0001")) {
			t.Errorf("raw payload at rest: %v", rows)
		}
	})
}

func TestOptionalFailureKeepsTheEssential(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		res := r.account(1)
		r.bank.rows[res] = history(10)
		conn := r.connected()
		r.bank.fail = func(call string) error {
			if call == "balances" {
				return onepoint.E(onepoint.CodeInvalid, call, "the bank does not offer balances", nil)
			}
			return nil
		}
		if err := r.sync.Run(t.Context(), workspace, conn.ID); err != nil {
			t.Fatal(err)
		}
		r.same(t, r.bank.rows[res])
		run, err := r.db.LastSync(t.Context(), workspace, conn.ID)
		if err != nil || run.State != tpp.SyncPartial || !strings.Contains(run.Message, "balances") {
			t.Errorf("got %+v, %v", run, err)
		}
	})
}

func TestOneAccountsFailureSparesTheOthers(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		for i := range 3 {
			r.bank.rows[r.account(i)] = []onepoint.Transaction{row(fmt.Sprintf("a%d", i), "1.00", "2026-11-20", onepoint.StatusBooked)}
		}
		conn := r.connected()
		r.bank.fail = func(call string) error {
			if call == "transactions" && r.bank.calls[call] == 2 {
				return onepoint.E(onepoint.CodeUnavailable, call, "the bank is busy", nil)
			}
			return nil
		}
		err := r.sync.Run(t.Context(), workspace, conn.ID)
		if onepoint.CodeOf(err) != onepoint.CodeUnavailable {
			t.Fatalf("got %v", err)
		}
		if got := len(r.ledger()); got != 2 {
			t.Errorf("%d rows of the accounts that answered; want 2", got)
		}
		run, _ := r.db.LastSync(t.Context(), workspace, conn.ID)
		if run.State != tpp.SyncFailed || run.Message == "" {
			t.Errorf("got %+v", run)
		}
		r.bank.fail = nil
		if err := r.sync.Run(t.Context(), workspace, conn.ID); err != nil || len(r.ledger()) != 3 {
			t.Errorf("the next sync: %v, %d rows", err, len(r.ledger()))
		}
	})
}

func TestExpiredTokenIsRenewedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		r.bank.rows[r.account(1)] = history(30)
		conn := r.connected()
		for range 3 {
			r.clock = r.clock.Add(time.Hour)
			if err := r.sync.Run(t.Context(), workspace, conn.ID); err != nil {
				t.Fatal(err)
			}
		}
		if want := []string{"refresh-1", "refresh-2", "refresh-3"}; !slices.Equal(r.bank.refreshes, want) {
			t.Errorf("refreshed with %v, want %v", r.bank.refreshes, want)
		}
	})
}

func TestConsentThatEndedAsksForTheUser(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		r.bank.rows[r.account(1)] = history(3)
		conn := r.connected()
		r.bank.revoked = true
		if err := r.sync.Run(t.Context(), workspace, conn.ID); onepoint.CodeOf(err) != onepoint.CodeConsentInvalid {
			t.Fatalf("got %v", err)
		}
		now, err := r.db.Connection(t.Context(), workspace, conn.ID)
		if err != nil || now.Status != tpp.ConnectionNeedsReauth || now.Message == "" {
			t.Errorf("got %+v, %v", now, err)
		}
	})
}

func TestOneSyncAtATime(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		r.bank.rows[r.account(1)] = history(3)
		conn := r.connected()
		second := *r.sync
		second.Holder = "process-2"
		var inner error
		r.bank.fail = func(call string) error {
			if call == "balances" {
				r.bank.fail = nil
				inner = second.Run(context.Background(), workspace, conn.ID)
			}
			return nil
		}
		if err := r.sync.Run(t.Context(), workspace, conn.ID); err != nil {
			t.Fatal(err)
		}
		if onepoint.CodeOf(inner) != onepoint.CodeConflict {
			t.Errorf("a second sync meanwhile: %v", inner)
		}
		r.clock = r.clock.Add(time.Minute)
		if err := second.Run(t.Context(), workspace, conn.ID); err != nil {
			t.Errorf("a sync afterwards: %v", err)
		}
	})
}

// Whatever call dies, however often: the sync that ends leaves exactly the
// bank's rows.
func TestInterruptedSyncsEndComplete(t *testing.T) {
	died := errors.New("died")
	pgtest.Each(t, func(t *testing.T, url string) {
		shared := newRig(t, url)
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			r := *shared
			n++
			r.bank = newScriptedBank(r.Now)
			r.connect.Banks, r.sync.Banks = &r, &r
			r.facts.StableIDs = rapid.Bool().Draw(rt, "stable ids")
			r.bank.pageSize = rapid.IntRange(1, 9).Draw(rt, "page size")
			var truth []onepoint.Transaction
			for i := range rapid.IntRange(1, 3).Draw(rt, "accounts") {
				res := r.account(n*10 + i)
				for j := range rapid.IntRange(0, 25).Draw(rt, "rows") {
					id := ""
					if r.facts.StableIDs {
						id = fmt.Sprintf("%d-%d-%d", n, i, j)
					}
					cents := rapid.SampledFrom([]string{"-3.20", "-3.20", "7.00"}).Draw(rt, "amount")
					r.bank.rows[res] = append(r.bank.rows[res], row(id, cents, "2026-11-20", onepoint.StatusBooked))
				}
				truth = append(truth, r.bank.rows[res]...)
			}
			conn := r.connected()
			for range rapid.IntRange(0, 4).Draw(rt, "deaths") {
				after := rapid.IntRange(1, 20).Draw(rt, "calls before it dies")
				r.bank.fail = func(string) error {
					if after--; after <= 0 {
						return died
					}
					return nil
				}
				if err := r.sync.Run(context.Background(), workspace, conn.ID); err != nil && !errors.Is(err, died) {
					rt.Fatal(err)
				}
				r.clock = r.clock.Add(time.Minute)
			}
			r.bank.fail = nil
			if err := r.sync.Run(context.Background(), workspace, conn.ID); err != nil {
				rt.Fatal(err)
			}
			r.sameUnder(rt, conn.ID, truth)
		})
	})
}

// sameUnder compares the rows of one connection's accounts only.
func (r *rig) sameUnder(rt *rapid.T, connection string, want []onepoint.Transaction) {
	accounts, err := r.db.Accounts(context.Background(), workspace)
	if err != nil {
		rt.Fatal(err)
	}
	mine := map[string]bool{}
	for _, a := range accounts {
		mine[a.ID] = a.Connection == connection
	}
	var got, expected []string
	for _, row := range r.ledger() {
		if mine[row.AccountID] {
			got = append(got, shown(row.Transaction))
		}
	}
	for _, row := range want {
		expected = append(expected, shown(row))
	}
	slices.Sort(got)
	slices.Sort(expected)
	if !slices.Equal(got, expected) {
		rt.Fatalf("the ledger has %d rows, the bank %d\n%v\n%v", len(got), len(expected), got, expected)
	}
}
