package core_test

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/store"
)

// clock is a time that tests move.
type clock struct{ micros atomic.Int64 }

func newClock(t time.Time) *clock {
	c := &clock{}
	c.micros.Store(t.UnixMicro())
	return c
}

func (c *clock) Now() time.Time          { return time.UnixMicro(c.micros.Load()).UTC() }
func (c *clock) Advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

// noon is the instant at which the tests' clocks start.
func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

func today() onepoint.Date { return onepoint.DateOf(noon()) }

func london(tb testing.TB) *time.Location {
	tb.Helper()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		tb.Fatalf("load zone: %v", err)
	}
	return zone
}

func openSQLite(tb testing.TB) *store.Bank {
	tb.Helper()
	return openBank(tb, "sqlite:"+filepath.Join(tb.TempDir(), "bank.db"))
}

func openBank(tb testing.TB, url string) *store.Bank {
	tb.Helper()
	bank, err := store.OpenBank(context.Background(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatalf("open bank: %v", err)
	}
	tb.Cleanup(func() {
		if err := bank.Close(); err != nil {
			tb.Errorf("close bank: %v", err)
		}
	})
	return bank
}

func newCore(tb testing.TB, bank core.Store, c *clock) *core.Core {
	tb.Helper()
	return core.New(core.Config{
		Store: bank, Now: c.Now, NewID: onepoint.NewIDs(c.Now), Zone: london(tb), Log: slog.New(slog.DiscardHandler),
	})
}

// berkaDir finds the data set: in $ONEPOINT_SHARED, or in ../shared beside the
// module.
func berkaDir(tb testing.TB) fs.FS {
	tb.Helper()
	shared := os.Getenv("ONEPOINT_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(shared, "data", "berka")
	if _, err := os.Stat(filepath.Join(dir, "trans.asc")); err != nil {
		tb.Skipf("REFERENCE DATA ABSENT: no trans.asc in %s; set ONEPOINT_SHARED to the directory that holds data/berka", dir)
	}
	return os.DirFS(dir)
}

// accounts puts empty accounts into the books and returns their ids.
func accounts(tb testing.TB, bank *store.Bank, name string, currencies ...onepoint.Currency) []string {
	tb.Helper()
	batch := core.Batch{Customers: []core.Customer{{ID: "cus_" + name, Login: name, Name: name, PasswordHash: "none"}}}
	var ids []string
	for i, c := range currencies {
		id := fmt.Sprintf("acc_%s_%d", name, i)
		ids = append(ids, id)
		batch.Accounts = append(batch.Accounts, core.Account{
			Account: onepoint.Account{ID: id, Currency: c, Type: onepoint.AccountCurrent, Usage: onepoint.UsagePersonal},
			Holders: []string{"cus_" + name},
		})
	}
	if loaded, err := bank.Load(context.Background(), name, noon(), batch); err != nil || !loaded {
		tb.Fatalf("load accounts: %v, %v", loaded, err)
	}
	return ids
}
