package tpp_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/store"
	"github.com/onepointledger/onepoint/tpp"
	"github.com/onepointledger/onepoint/vault"
)

// payingBank is a bank that makes payments. It keeps idempotency as a bank does,
// and may break off before or after it has acted.
type payingBank struct {
	mu       sync.Mutex
	lodged   map[string]int // by our id: how often a new payment came into being
	executed map[string]int
	status   map[string]onepoint.PaymentStatus
	breakOff func(call string, after bool) error
	refuse   bool
	slow     int // this many answers say pending
}

func newPayingBank() *payingBank {
	return &payingBank{lodged: map[string]int{}, executed: map[string]int{}, status: map[string]onepoint.PaymentStatus{}}
}

// act does the work between two chances to break off.
func (b *payingBank) act(call string, work func()) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, after := range []bool{false, true} {
		if b.breakOff != nil {
			if err := b.breakOff(call, after); err != nil {
				return err
			}
		}
		if !after {
			work()
		}
	}
	return nil
}

func (b *payingBank) Authorize(_ context.Context, in onepoint.Intent) (onepoint.Authorization, error) {
	p := in.Purpose.(onepoint.Payment)
	err := b.act("authorize", func() {
		if b.status[p.ID] == "" {
			b.lodged[p.ID]++
			b.status[p.ID] = onepoint.PaymentReady
		}
	})
	return onepoint.Authorization{Phase: onepoint.PhaseAwaitingUser, ConsentID: "at-bank-" + p.ID, Redirect: "https://bank.example/?state=" + in.State}, err
}

func (b *payingBank) Resume(_ context.Context, in onepoint.Intent, _ onepoint.Callback) (onepoint.Authorization, error) {
	if b.refuse {
		return onepoint.Authorization{Phase: onepoint.PhaseRefused, Reason: "you did not agree at the bank"}, nil
	}
	return onepoint.Authorization{Phase: onepoint.PhaseAuthorised, ConsentID: in.ConsentID, Grant: onepoint.Grant{ConsentID: in.ConsentID, AccessToken: "t"}}, nil
}

func (b *payingBank) state(p onepoint.Payment) onepoint.PaymentState {
	s := b.status[p.ID]
	if s == onepoint.PaymentCompleted && b.slow > 0 {
		b.slow--
		s = onepoint.PaymentPending
	}
	return onepoint.PaymentState{ID: "at-bank-" + p.ID, Status: s, BankCode: string(s)}
}

func (b *payingBank) Submit(_ context.Context, _ onepoint.Grant, p onepoint.Payment) (s onepoint.PaymentState, err error) {
	err = b.act("submit", func() {
		if b.status[p.ID] == onepoint.PaymentReady {
			b.executed[p.ID]++
			b.status[p.ID] = onepoint.PaymentCompleted
		}
		s = b.state(p)
	})
	return s, err
}

func (b *payingBank) PaymentState(_ context.Context, _ onepoint.Grant, p onepoint.Payment) (s onepoint.PaymentState, err error) {
	err = b.act("state", func() { s = b.state(p) })
	return s, err
}

// payRig is the payment use case over a real store and vault.
type payRig struct {
	*tpp.Paying
	db    *store.Platform
	bank  *payingBank
	clock time.Time
}

func (r *payRig) Bank(id string) (tpp.BankFacts, error) {
	if id != bankID {
		return tpp.BankFacts{}, onepoint.E(onepoint.CodeNotFound, "find bank", "there is no such bank", nil)
	}
	return tpp.BankFacts{Name: "Test Bank"}, nil
}

func (r *payRig) Connector(context.Context, string, string) (onepoint.Connector, error) {
	return r.bank, nil
}

func (r *payRig) Onboarder(context.Context, string, string) (onepoint.Onboarder, error) {
	return nil, errors.New("not here")
}

func (r *payRig) Record(context.Context, string, string, string, map[string]string) error { return nil }

func newPayRig(t *testing.T, database string) *payRig {
	t.Helper()
	r := &payRig{bank: newPayingBank(), clock: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	now := func() time.Time { return r.clock }
	var err error
	if r.db, err = store.OpenPlatform(t.Context(), database, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.db.Close() })
	keys, err := vault.Open(t.Context(), vault.Config{Store: r.db, KeyFile: t.TempDir() + "/vault.key", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.db.FirstWorkspace(t.Context(), firstWorkspace(r.clock)); err != nil {
		t.Fatal(err)
	}
	r.Paying = &tpp.Paying{
		Store: r.db, Banks: r, Sealer: keys, Audit: r, RedirectURI: "http://127.0.0.1:8080/callback", Now: now,
		NewID: onepoint.NewIDs(now), Log: slog.New(slog.DiscardHandler),
	}
	return r
}

func onBothPaying(t *testing.T, fn func(t *testing.T, r *payRig)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, newPayRig(t, "sqlite:"+t.TempDir()+"/p.db")) })
	t.Run("postgres", func(t *testing.T) { fn(t, newPayRig(t, pgtest.URL(t))) })
}

func payOrder() onepoint.Payment {
	return onepoint.Payment{
		Scheme: onepoint.SchemeSEPA, Amount: onepoint.MustMoney("12.50", "EUR"), Information: "Invoice 7",
		Creditor: onepoint.Counterparty{Name: "Nordlicht", Identifier: onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: "FI2112345600000785"}},
	}
}

func (r *payRig) request(key string) tpp.PayRequest {
	return tpp.PayRequest{Workspace: workspace, Bank: bankID, UserID: "usr_1", Key: key, Order: payOrder()}
}

func (r *payRig) back(t *testing.T, p tpp.Payment) tpp.CallbackRequest {
	t.Helper()
	u, err := url.Parse(p.Redirect)
	if err != nil {
		t.Fatal(err)
	}
	return tpp.CallbackRequest{Params: u.Query(), UserID: "usr_1"}
}

func TestPaymentIsPaidOnce(t *testing.T) {
	onBothPaying(t, func(t *testing.T, r *payRig) {
		ctx := t.Context()
		r.bank.slow = 2
		p, err := r.Pay(ctx, r.request("k1"))
		if err != nil || p.Status != onepoint.PaymentAwaiting || !strings.Contains(p.Redirect, "state=p.") {
			t.Fatalf("pay: %+v, %v", p, err)
		}
		again, err := r.Pay(ctx, r.request("k1"))
		if err != nil || again.ID != p.ID || again.Redirect != p.Redirect {
			t.Errorf("the same key again: %+v, %v", again, err)
		}
		back := r.back(t, p)
		if p, err = r.Callback(ctx, back); err != nil || p.Status != onepoint.PaymentReady {
			t.Fatalf("callback: %+v, %v", p, err)
		}
		if _, err := r.Callback(ctx, back); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("the same return again: %v", err)
		}
		for range 2 {
			var e *onepoint.Error
			if err := r.Run(ctx, workspace, p.ID); !errors.As(err, &e) || e.Code != onepoint.CodeUnavailable || e.Retry == 0 {
				t.Fatalf("the bank has not finished: %v", err)
			}
		}
		if err := r.Run(ctx, workspace, p.ID); err != nil {
			t.Fatal(err)
		}
		done, err := r.db.Payment(ctx, workspace, p.ID)
		if err != nil || done.Status != onepoint.PaymentCompleted || done.Grant != nil || done.Journey != nil {
			t.Errorf("at the end: %+v, %v", done, err)
		}
		if r.bank.executed[p.ID] != 1 || r.bank.lodged[p.ID] != 1 {
			t.Errorf("lodged %d times, executed %d times", r.bank.lodged[p.ID], r.bank.executed[p.ID])
		}
	})
}

func TestPaymentRefusals(t *testing.T) {
	onBothPaying(t, func(t *testing.T, r *payRig) {
		ctx := t.Context()
		p, err := r.Pay(ctx, r.request("k1"))
		if err != nil {
			t.Fatal(err)
		}
		other := r.request("k1")
		other.Order.Amount = onepoint.MustMoney("99.00", "EUR")
		if _, err := r.Pay(ctx, other); onepoint.CodeOf(err) != onepoint.CodeConflict {
			t.Errorf("a key used for another order: %v", err)
		}
		if _, err := r.Pay(ctx, r.request("")); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("no key: %v", err)
		}
		stranger := r.request("k2")
		stranger.Bank = "nowhere"
		if _, err := r.Pay(ctx, stranger); onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("an unknown bank: %v", err)
		}
		back := r.back(t, p)
		back.UserID = "usr_2"
		if _, err := r.Callback(ctx, back); onepoint.CodeOf(err) != onepoint.CodeForbidden {
			t.Errorf("another user: %v", err)
		}
		back.UserID = "usr_1"
		r.bank.refuse = true
		if p, err = r.Callback(ctx, back); err != nil || p.Status != onepoint.PaymentCancelled || p.Message == "" {
			t.Errorf("a user who refused: %+v, %v", p, err)
		}
		if err := r.Run(ctx, workspace, p.ID); err != nil || r.bank.executed[p.ID] != 0 {
			t.Errorf("a refused payment was run: %v", err)
		}
	})
}

// Whatever breaks off, before or after the bank has acted, and however often: the
// money moves once, and the ledger ends knowing it.
func TestBrokenPaymentNeverPaysTwice(t *testing.T) {
	r := newPayRig(t, "sqlite:"+t.TempDir()+"/p.db")
	ctx, n := t.Context(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		faults := rapid.SliceOfN(rapid.SampledFrom([]string{"", "before", "after"}), 0, 12).Draw(rt, "faults")
		call := 0
		r.bank.breakOff = func(_ string, after bool) error {
			if !after {
				call++
			}
			if call > len(faults) || faults[call-1] == "" || (faults[call-1] == "after") != after {
				return nil
			}
			return onepoint.E(onepoint.CodeUnavailable, "call", "the line broke", nil)
		}
		r.bank.slow = rapid.IntRange(0, 3).Draw(rt, "slow")
		p := retried(rt, func() (tpp.Payment, error) { return r.Pay(ctx, r.request(fmt.Sprint("key-", n))) })
		p = retried(rt, func() (tpp.Payment, error) { return r.Callback(ctx, r.back(t, p)) })
		for range 50 {
			if err := r.Run(ctx, workspace, p.ID); err == nil {
				break
			} else if onepoint.CodeOf(err) != onepoint.CodeUnavailable {
				rt.Fatalf("run: %v", err)
			}
		}
		done, err := r.db.Payment(ctx, workspace, p.ID)
		if err != nil || done.Status != onepoint.PaymentCompleted {
			rt.Fatalf("ended as %s, %v", done.Status, err)
		}
		if r.bank.executed[p.ID] != 1 || r.bank.lodged[p.ID] != 1 {
			rt.Fatalf("lodged %d times, executed %d times", r.bank.lodged[p.ID], r.bank.executed[p.ID])
		}
	})
}

func retried(rt *rapid.T, call func() (tpp.Payment, error)) tpp.Payment {
	for range 30 {
		p, err := call()
		if err == nil {
			return p
		}
		if onepoint.CodeOf(err) != onepoint.CodeUnavailable {
			rt.Fatalf("got %v", err)
		}
	}
	rt.Fatal("never came through")
	return tpp.Payment{}
}

func TestCheckOrder(t *testing.T) {
	tests := []struct {
		name   string
		change func(o *onepoint.Payment)
		field  string // "" when the order is good
	}{
		{"a good order", func(*onepoint.Payment) {}, ""},
		{"no amount", func(o *onepoint.Payment) { o.Amount = onepoint.MustMoney("0", "EUR") }, "amount"},
		{"a negative amount", func(o *onepoint.Payment) { o.Amount = o.Amount.Neg() }, "amount"},
		{"a third decimal", func(o *onepoint.Payment) { o.Amount = onepoint.MustMoney("1.234", "EUR") }, "amount"},
		{"pounds by SEPA", func(o *onepoint.Payment) { o.Amount = onepoint.MustMoney("1.00", "GBP") }, "amount"},
		{"no name", func(o *onepoint.Payment) { o.Creditor.Name = "" }, "creditor.name"},
		{"a name of 71 letters", func(o *onepoint.Payment) { o.Creditor.Name = strings.Repeat("ä", 71) }, "creditor.name"},
		{"a line break in the name", func(o *onepoint.Payment) { o.Creditor.Name = "A\nB" }, "creditor.name"},
		{"a mistyped IBAN", func(o *onepoint.Payment) { o.Creditor.Identifier.Value = "FI2112345600000786" }, "creditor.identifier"},
		{"an IBAN with swapped digits", func(o *onepoint.Payment) { o.Creditor.Identifier.Value = "FI2121345600000785" }, "creditor.identifier"},
		{"no IBAN", func(o *onepoint.Payment) { o.Creditor.Identifier.Value = "" }, "creditor.identifier"},
		{"a mistyped debtor", func(o *onepoint.Payment) {
			o.Debtor = onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: "DE00"}
		}, "debtor"},
		{"a text of 141", func(o *onepoint.Payment) { o.Information = strings.Repeat("x", 141) }, "information"},
		{"an unknown scheme", func(o *onepoint.Payment) { o.Scheme = "pigeon" }, "scheme"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := payOrder()
			tt.change(&o)
			err := tpp.CheckOrder(o)
			var e *onepoint.Error
			switch {
			case tt.field == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.field != "" && (!errors.As(err, &e) || e.Code != onepoint.CodeInvalid || e.Fields[0].Name != tt.field):
				t.Errorf("got %v, want %s named", err, tt.field)
			}
		})
	}
}
