package core_test

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank/core"
)

func bankOfToday(t *testing.T, url string) (*core.Core, *clock) {
	t.Helper()
	c := newClock(noon())
	bank := newCore(t, openBank(t, url), c)
	if err := bank.Seed(context.Background(), today()); err != nil {
		t.Fatal(err)
	}
	return bank, c
}

// Each statement is what its month's entries sum to, and one continues the other.
func TestStatementsAreWhatTheBooksSumTo(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		bank, clock := bankOfToday(t, url)
		for range 2 {
			for _, customer := range []string{"cus_alice", "cus_bob", "cus_carol"} {
				truth, err := bank.Truth(t.Context(), customer)
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range truth {
					list, err := bank.Statements(t.Context(), []string{a.Account.ID})
					if err != nil || len(list) < 18 {
						t.Fatalf("%s: %d statements, %v", a.Account.ID, len(list), err)
					}
					for i, s := range list {
						sumsUp(t, s, a)
						if i > 0 && !s.Closing.Equal(list[i-1].Opening) {
							t.Errorf("%s closes with %s, the next opens with %s", s.ID, s.Closing, list[i-1].Opening)
						}
					}
				}
			}
			clock.Advance(40 * 24 * time.Hour) // a month ends while the bank runs
		}
	})
}

func sumsUp(t *testing.T, s onepoint.Statement, a core.AccountTruth) {
	t.Helper()
	in, out := onepoint.MinorMoney(0, a.Account.Currency), onepoint.MinorMoney(0, a.Account.Currency)
	for _, tx := range a.Transactions {
		if tx.Status != onepoint.StatusBooked || tx.BookedAt.Before(s.Start) || tx.BookedAt.After(s.End.Add(time.Second-1)) {
			continue
		}
		sum := &in
		if tx.Amount.IsNegative() {
			sum = &out
		}
		next, err := sum.Add(tx.Amount)
		if err != nil {
			t.Fatal(err)
		}
		*sum = next
	}
	if !s.Credits.Equal(in) || !s.Debits.Equal(out.Abs()) {
		t.Errorf("%s: %s in and %s out, the books say %s and %s", s.ID, s.Credits, s.Debits, in, out)
	}
}

// Many readers at once sum a month up once.
func TestStatementsAreSummedUpOnce(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		bank, _ := bankOfToday(t, url)
		var group sync.WaitGroup
		counts := make([]int, 8)
		for i := range counts {
			group.Go(func() {
				list, err := bank.Statements(t.Context(), []string{"acc_alice_current", "acc_bob_gbp"})
				if err != nil {
					t.Error(err)
				}
				counts[i] = len(list)
			})
		}
		group.Wait()
		for _, n := range counts {
			if n != 36 {
				t.Errorf("%v statements, want 36 each", counts)
			}
		}
	})
}

// The mandates and orders of the demonstration customers are those behind what
// was booked.
func TestArrangementsMatchTheBooks(t *testing.T) {
	bank, clock := bankOfToday(t, "sqlite:"+t.TempDir()+"/bank.db")
	n := 0
	for _, customer := range []string{"cus_alice", "cus_bob", "cus_carol"} {
		truth, err := bank.Truth(t.Context(), customer)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range truth {
			ids := []string{a.Account.ID}
			booked := func(at time.Time, amount onepoint.Money) bool {
				for _, tx := range a.Transactions {
					if tx.BookedAt.Equal(at) && tx.Amount.Equal(amount.Neg()) {
						return true
					}
				}
				return false
			}
			orders, err := bank.StandingOrders(t.Context(), ids)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range orders {
				n++
				if !booked(o.First, o.FirstAmount) || !booked(o.Last, o.LastAmount) || !o.Next.After(clock.Now()) || o.Next.After(clock.Now().AddDate(0, 1, 3)) {
					t.Errorf("the order %+v is not what was booked", o)
				}
			}
			mandates, err := bank.DirectDebits(t.Context(), ids)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range mandates {
				n++
				if !booked(d.Previous, d.PreviousAmount) || d.Mandate == "" || d.Name == "" {
					t.Errorf("the mandate %+v is not what was booked", d)
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d were compared", n)
	}
}

func TestStatementFiles(t *testing.T) {
	bank, _ := bankOfToday(t, "sqlite:"+t.TempDir()+"/bank.db")
	list, err := bank.Statements(t.Context(), []string{"acc_alice_current"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := bank.Account(t.Context(), "acc_alice_current")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		text, err := bank.StatementFile(t.Context(), a, s, core.MediaText)
		if err != nil || !strings.Contains(string(text.Content), "Closing balance    "+fmt.Sprintf("%14s", s.Closing.Decimal())) {
			t.Fatalf("%s: %v\n%s", s.ID, err, text.Content)
		}
		file, err := bank.StatementFile(t.Context(), a, s, core.MediaPDF)
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, file.Content)
	}
	if _, err := bank.StatementFile(t.Context(), a, list[0], "image/png"); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("another form: %v", err)
	}
}

// wellFormed checks that every object of a PDF lies where its table says, and
// that streams are as long as they say.
func wellFormed(t *testing.T, pdf []byte) {
	t.Helper()
	start := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(pdf)
	if start == nil || !bytes.HasPrefix(pdf, []byte("%PDF-1.4\n")) {
		t.Fatalf("no PDF: %.40q", pdf)
	}
	at, err := strconv.Atoi(string(start[1]))
	if err != nil || !bytes.HasPrefix(pdf[at:], []byte("xref\n0 ")) {
		t.Fatalf("no table at %d", at)
	}
	for i, line := range regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllSubmatch(pdf[at:], -1) {
		offset, err := strconv.Atoi(string(line[1]))
		if err != nil || !bytes.HasPrefix(pdf[offset:], fmt.Appendf(nil, "%d 0 obj\n", i+1)) {
			t.Errorf("object %d is not at %d", i+1, offset)
		}
	}
	for _, m := range regexp.MustCompile(`(?s)/Length (\d+) >>\nstream\n(.*?)\nendstream`).FindAllSubmatch(pdf, -1) {
		if string(m[1]) != strconv.Itoa(len(m[2])) {
			t.Errorf("a stream says %s and is %d bytes", m[1], len(m[2]))
		}
	}
}
