package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/identity"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/store"
	"github.com/onepointledger/onepoint/tpp"
)

const (
	ours   = "ws_1"
	theirs = "ws_2"
	acct   = "acc_1"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func openPlatform(t testing.TB, url string) *store.Platform {
	t.Helper()
	ctx := context.Background()
	db, err := store.OpenPlatform(ctx, url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.FirstWorkspace(ctx, identity.Workspace{ID: ours, Name: "Test", Created: noon}); err != nil {
		t.Fatal(err)
	}
	addAccount(t, db, acct)
	return db
}

func addAccount(t testing.TB, db *store.Platform, id string) {
	t.Helper()
	_, err := db.SaveAccounts(context.Background(), []tpp.Account{{
		Workspace: ours, ID: id, Bank: "bank", Identity: id, Account: onepoint.Account{ID: "res-" + id, Currency: "GBP"}, Created: noon, Updated: noon,
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func entry(i int, digest, booked, text string) tpp.Transaction {
	x := tpp.Transaction{ID: fmt.Sprintf("txn_%06d", i), Key: fmt.Sprint("k", i), Digest: digest, FirstSeen: noon, Updated: noon}
	x.Amount, x.Status, x.Information = onepoint.MustMoney("-1.00", "GBP"), onepoint.StatusPending, text
	if booked != "" {
		d, err := onepoint.ParseDate(booked)
		if err != nil {
			panic(err)
		}
		x.BookingDate, x.Status = d, onepoint.StatusBooked
	}
	return x
}

func save(t testing.TB, db *store.Platform, rows ...tpp.Transaction) tpp.Change {
	t.Helper()
	c, err := db.SaveTransactions(context.Background(), ours, acct, rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func readAll(t testing.TB, db *store.Platform, f tpp.TransactionFilter) []tpp.Transaction {
	t.Helper()
	var all []tpp.Transaction
	for {
		rows, next, err := db.Transactions(context.Background(), ours, f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rows...)
		if next == "" {
			return all
		}
		f.Cursor = next
	}
}

func TestPagesShowEveryRowOnceNewestFirst(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		db := openPlatform(t, url)
		var rows []tpp.Transaction
		for i := range 57 {
			rows = append(rows, entry(i, "a", onepoint.DateOf(noon).AddDays(-i%9).String(), "coffee"))
		}
		save(t, db, rows...)
		for _, limit := range []int{1, 7, 57, 500} {
			got := readAll(t, db, tpp.TransactionFilter{Limit: limit})
			ids := map[string]bool{}
			for i, r := range got {
				ids[r.ID] = true
				if i > 0 && got[i-1].BookingDate.Before(r.BookingDate) {
					t.Fatalf("row %d is newer than the one before", i)
				}
			}
			if len(got) != 57 || len(ids) != 57 {
				t.Errorf("pages of %d: %d rows, %d different", limit, len(got), len(ids))
			}
		}
	})
}

func TestUndatedPendingRowKeepsItsPlaceWhenItChanges(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		db := openPlatform(t, url)
		save(t, db, entry(1, "a", "", ""))
		later := entry(1, "b", "", "")
		later.FirstSeen = noon.AddDate(0, 0, 8)
		save(t, db, later, entry(2, "a", "2026-11-05", ""), entry(3, "a", "2026-11-06", ""))
		got := readAll(t, db, tpp.TransactionFilter{Limit: 1})
		if len(got) != 3 || !got[2].FirstSeen.Equal(noon) {
			t.Errorf("pages of one gave %d rows; first seen %v", len(got), got[len(got)-1].FirstSeen)
		}
	})
}

func TestFilters(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		db := openPlatform(t, url)
		one := entry(1, "a", "2026-11-01", "Pret A Manger 100%_off")
		two := entry(2, "a", "2026-11-02", "RENT November")
		two.Counterparty.Name = "Landlord & Co"
		three := entry(3, "a", "2026-11-03", "Über ride")
		save(t, db, one, two, three)
		date := func(s string) onepoint.Date {
			d, err := onepoint.ParseDate(s)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		tests := []struct {
			name string
			f    tpp.TransactionFilter
			want []string
		}{
			{"everything", tpp.TransactionFilter{}, []string{"txn_000003", "txn_000002", "txn_000001"}},
			{"a word whatever its case", tpp.TransactionFilter{Text: "pret"}, []string{"txn_000001"}},
			{"every word must occur", tpp.TransactionFilter{Text: "landlord rent"}, []string{"txn_000002"}},
			{"words of two rows", tpp.TransactionFilter{Text: "pret rent"}, nil},
			{"letters beyond ASCII", tpp.TransactionFilter{Text: "ÜBER"}, []string{"txn_000003"}},
			{"a per cent sign is a character", tpp.TransactionFilter{Text: "0%_o"}, []string{"txn_000001"}},
			{"and no wildcard", tpp.TransactionFilter{Text: "r%t"}, nil},
			{"from a day on", tpp.TransactionFilter{From: date("2026-11-02")}, []string{"txn_000003", "txn_000002"}},
			{"up to a day", tpp.TransactionFilter{To: date("2026-11-02")}, []string{"txn_000002", "txn_000001"}},
			{"of another account", tpp.TransactionFilter{Account: "acc_2"}, nil},
		}
		for _, tt := range tests {
			tt.f.Limit = 10
			var got []string
			for _, r := range readAll(t, db, tt.f) {
				got = append(got, r.ID)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
		}
	})
}

func TestBadPagesAreRefused(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		db := openPlatform(t, url)
		save(t, db, entry(1, "a", "2026-11-01", ""))
		for _, f := range []tpp.TransactionFilter{{Limit: 0}, {Limit: -1}, {Limit: 1, Cursor: "!"}, {Limit: 1, Cursor: "YWJj"}, {Limit: 1, Cursor: "MjAyNnxpZA"}} {
			if _, _, err := db.Transactions(t.Context(), ours, f); onepoint.CodeOf(err) != onepoint.CodeInvalid {
				t.Errorf("%+v: %v", f, err)
			}
		}
	})
}

func TestNULCharactersDoNotStopAnAccount(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		db := openPlatform(t, url)
		x := entry(1, "a", "2026-11-01", "x\x00y")
		x.Counterparty.Name = "a\x00b"
		save(t, db, x)
		if got := readAll(t, db, tpp.TransactionFilter{Limit: 10, Text: "xy"}); len(got) != 1 || got[0].Information != "xy" {
			t.Errorf("got %+v", got)
		}
	})
}

// Any sequence of batches leaves one row per key, as it came last, under the
// first id.
func TestBatchesLeaveOneRowPerKey(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		db := openPlatform(t, url)
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			account := fmt.Sprintf("acc_p%d", n)
			addAccount(t, db, account)
			ids, last := map[string]string{}, map[string]string{}
			serial := 0
			for range rapid.IntRange(1, 6).Draw(rt, "batches") {
				var rows []tpp.Transaction
				for range rapid.IntRange(0, 12).Draw(rt, "rows") {
					serial++
					x := entry(rapid.IntRange(0, 9).Draw(rt, "key"), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "digest"), "2026-11-01", "")
					x.ID = fmt.Sprintf("txn_%s_%d", account, serial)
					rows = append(rows, x)
					last[x.Key] = x.Digest
				}
				inBatch := map[string]string{}
				for _, x := range rows {
					inBatch[x.Key] = x.ID
				}
				for k, id := range inBatch {
					if _, ok := ids[k]; !ok {
						ids[k] = id
					}
				}
				c, err := db.SaveTransactions(context.Background(), ours, account, rows, nil)
				if err != nil {
					rt.Fatal(err)
				}
				again, err := db.SaveTransactions(context.Background(), ours, account, rows[len(rows):], nil)
				if err != nil || again.Added+again.Updated != 0 || c.Seen != len(rows) {
					rt.Fatalf("%+v, %+v, %v", c, again, err)
				}
			}
			got := readAll(t, db, tpp.TransactionFilter{Account: account, Limit: 100})
			if len(got) != len(ids) {
				rt.Fatalf("%d rows for %d keys", len(got), len(ids))
			}
			for _, r := range got {
				if r.ID != ids[r.Key] || r.Digest != last[r.Key] {
					rt.Fatalf("key %s: id %s digest %s, want %s %s", r.Key, r.ID, r.Digest, ids[r.Key], last[r.Key])
				}
			}
		})
	})
}

func TestEventsAreNumberedWithoutGaps(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		db := openPlatform(t, url)
		const writers, each = 8, 10
		var group sync.WaitGroup
		for range writers {
			group.Go(func() {
				for range each {
					err := db.AppendEvents(context.Background(), ours,
						onepoint.Event{Type: onepoint.EventSyncProgress, Subject: "a"}, onepoint.Event{Type: onepoint.EventSyncProgress, Subject: "b"})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		events, err := db.Events(t.Context(), ours, 0, 1000)
		if err != nil || len(events) != writers*each*2 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		for i, e := range events {
			if e.Seq != int64(i+1) {
				t.Fatalf("event %d has number %d", i, e.Seq)
			}
		}
		if last, err := db.LastEvent(t.Context(), ours); err != nil || last != int64(len(events)) {
			t.Errorf("last %d, %v", last, err)
		}
	})
}

func TestAnotherWorkspaceSeesNothing(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		ctx := t.Context()
		db := openPlatform(t, url)
		save(t, db, entry(1, "a", "2026-11-01", ""))
		err := db.CreateConnection(ctx, tpp.Connection{Workspace: ours, ID: "con_1", Bank: "bank", Created: noon, Updated: noon})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Connection(ctx, theirs, "con_1"); onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("connection: %v", err)
		}
		if _, err := db.Account(ctx, theirs, acct); onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("account: %v", err)
		}
		_, err = db.UpdateConnection(ctx, theirs, "con_1", func(*tpp.Connection) ([]onepoint.Event, error) { return nil, nil })
		if onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("update: %v", err)
		}
		rows, _, err := db.Transactions(ctx, theirs, tpp.TransactionFilter{Account: acct, Limit: 10})
		if err != nil || len(rows) != 0 {
			t.Errorf("transactions: %d, %v", len(rows), err)
		}
		if accounts, err := db.Accounts(ctx, theirs); err != nil || len(accounts) != 0 {
			t.Errorf("accounts: %d, %v", len(accounts), err)
		}
	})
}

func TestOpeningAgainKeepsEverything(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		db := openPlatform(t, url)
		save(t, db, entry(1, "a", "2026-11-01", ""))
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		again := openPlatform(t, url)
		if got := readAll(t, again, tpp.TransactionFilter{Limit: 10}); len(got) != 1 {
			t.Errorf("%d rows after opening again", len(got))
		}
	})
}

func BenchmarkSaveTransactions(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		url := "sqlite:" + b.TempDir() + "/bench.db"
		if engine == "postgres" {
			url = pgtest.URL(b)
		}
		db := openPlatform(b, url)
		const rows, batch = 20_000, 500
		for _, pass := range []string{"new", "unchanged"} {
			b.Run(engine+"/"+pass, func(b *testing.B) {
				n := 0
				for b.Loop() {
					account := acct
					if pass == "new" {
						n++
						account = fmt.Sprintf("acc_%s_%d_%d", engine, b.N, n)
						addAccount(b, db, account)
					}
					for at := 0; at < rows; at += batch {
						var page []tpp.Transaction
						for i := at; i < at+batch; i++ {
							x := entry(i, "a", "2026-11-05", "CARD PAYMENT TO A COFFEE SHOP REF 123")
							x.ID = fmt.Sprintf("txn_%s_%d", account, i)
							page = append(page, x)
						}
						if _, err := db.SaveTransactions(context.Background(), ours, account, page, nil); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
			})
			if pass == "new" { // the unchanged pass reads an account that is there
				for at := 0; at < rows; at += batch {
					var page []tpp.Transaction
					for i := at; i < at+batch; i++ {
						page = append(page, entry(i, "a", "2026-11-05", "CARD PAYMENT TO A COFFEE SHOP REF 123"))
					}
					save(b, db, page...)
				}
			}
		}
	}
}
