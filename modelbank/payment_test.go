package modelbank_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/standard/obie"
)

// till is a bank with one customer, Paula, who has two accounts of 1,000 pounds,
// and another, Pete, who shares the first.
type till struct {
	*bench
	pay *modelbank.Payments
}

const (
	paula      = "cus_paula"
	pete       = "cus_pete"
	payAccount = "acc_pay_0"
	sideOne    = "acc_pay_1"
)

func payer() onepoint.TPP { return onepoint.TPP{ClientID: "cli_1", Name: "Payer App"} }

func newTill(tb testing.TB, url string, change ...func(*modelbank.PaymentsConfig)) *till {
	tb.Helper()
	t := &till{bench: newBench(tb, url)}
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		tb.Fatal(err)
	}
	batch := core.Batch{Customers: []core.Customer{
		{ID: paula, Login: "paula", Name: "Paula", PasswordHash: "none"}, {ID: pete, Login: "pete", Name: "Pete", PasswordHash: "none"},
	}}
	for i := range 2 {
		a := core.Account{Account: onepoint.Account{
			ID: fmt.Sprintf("acc_pay_%d", i), Currency: "GBP", Type: onepoint.AccountCurrent, Holder: "Paula P",
			Identifiers: []onepoint.Identifier{{Scheme: onepoint.SchemeSortCode, Value: fmt.Sprintf("0499010000000%d", i)}},
		}, Holders: []string{paula}}
		if i == 0 {
			a.Holders = append(a.Holders, pete)
		}
		batch.Accounts = append(batch.Accounts, a)
		batch.Movements = append(batch.Movements, core.Movement{ID: fmt.Sprintf("mov_open_%d", i), At: noon(), Legs: []core.Leg{
			{Account: a.ID, Amount: onepoint.MustMoney("1000.00", "GBP")},
			{Account: core.Internal(core.Cash, "GBP"), Amount: onepoint.MustMoney("-1000.00", "GBP")},
		}})
	}
	if ok, err := t.store.Load(context.Background(), "till", noon(), batch); err != nil || !ok {
		tb.Fatal(ok, err)
	}
	c := modelbank.PaymentsConfig{Core: t.core, Store: t.store, Zone: zone, Now: t.now, NewID: onepoint.NewIDs(t.now)}
	for _, f := range change {
		f(&c)
	}
	t.pay = modelbank.NewPayments(c)
	return t
}

func (t *till) booked(tb testing.TB, account string) int64 {
	tb.Helper()
	a, err := t.store.Account(context.Background(), account)
	if err != nil {
		tb.Fatal(err)
	}
	return a.Position.Booked
}

// paid is what the movements of a payment took from an account.
func (t *till) paid(tb testing.TB, account, order string) (sum int64) {
	tb.Helper()
	entries, err := t.store.Entries(context.Background(), account, core.Range{})
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range entries {
		if order != "" && strings.HasPrefix(e.Movement, order+".") {
			minor, err := e.Amount.Minor()
			if err != nil {
				tb.Fatal(err)
			}
			sum -= minor
		}
	}
	return sum
}

// domestic is a consent of one payment to somebody at another bank.
func domestic(kind, amount string) obie.PaymentConsent {
	return obie.PaymentConsent{
		Kind: kind, Version: "v4.0", Initiation: json.RawMessage(`{"InstructedAmount":{"Amount":"` + amount + `","Currency":"GBP"},"N":1.0}`),
		Risk: json.RawMessage(`{}`), Instruction: obie.Instruction{
			Amount: onepoint.MustMoney(amount, "GBP"), Creditor: onepoint.Counterparty{
				Name:       "Acme",
				Identifier: onepoint.Identifier{Scheme: onepoint.SchemeSortCode, Value: "12345612345678"},
			},
		},
	}
}

// given lodges and authorises a consent.
func (t *till) given(tb testing.TB, c obie.PaymentConsent) obie.PaymentConsent {
	tb.Helper()
	c, err := t.pay.LodgePayment(context.Background(), payer(), c, obie.Idempotency{})
	if err != nil {
		tb.Fatal(err)
	}
	if err := t.pay.Approve(context.Background(), c.ID, paula, []string{payAccount}); err != nil {
		tb.Fatal(err)
	}
	return c
}

func submission(c obie.PaymentConsent, key string) obie.PaymentSubmission {
	return obie.PaymentSubmission{
		Kind: c.Kind, ConsentID: c.ID, Version: "v4.0", Initiation: c.Initiation, Risk: c.Risk, Instruction: c.Instruction,
		Idempotency: obie.Idempotency{Endpoint: c.Kind + "s", Key: key, Digest: "d"},
	}
}

func ruleCode(err error) string {
	var r *obie.Rule
	if errors.As(err, &r) {
		return r.Code
	}
	return string(onepoint.CodeOf(err))
}

func TestPaymentIsMadeOnce(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		b := newTill(t, url)
		clearing := b.booked(t, core.Internal(core.ClearingFPS, "GBP"))
		c := b.given(t, domestic(obie.DomesticPayment, "100.00"))
		var wg sync.WaitGroup
		ids := make([]string, 20)
		for i := range ids {
			wg.Go(func() {
				key := "same"
				if i%2 == 1 {
					key = fmt.Sprint("other", i)
				}
				if o, err := b.pay.Submit(context.Background(), payer(), submission(c, key)); err == nil {
					ids[i] = o.ID
				} else if code := ruleCode(err); code != obie.CodeInvalidConsentStatus {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		made := map[string]bool{}
		for _, id := range ids {
			if id != "" {
				made[id] = true
			}
		}
		if len(made) != 1 || b.booked(t, payAccount) != 900_00 {
			t.Errorf("%d payments, %d left", len(made), b.booked(t, payAccount))
		}
		for id := range made {
			o, err := b.pay.PaymentOrder(context.Background(), payer(), obie.DomesticPayment, id)
			if err != nil || o.State != obie.SettlementCompleted || len(o.Executions) != 1 {
				t.Errorf("%+v, %v", o, err)
			}
		}
		if got := b.booked(t, core.Internal(core.ClearingFPS, "GBP")); got != clearing+100_00 {
			t.Errorf("clearing has %d", got)
		}
	})
}

func TestIdempotencyKeyLastsADay(t *testing.T) {
	b := newTill(t, "sqlite:"+t.TempDir()+"/bank.db")
	c := b.given(t, domestic(obie.DomesticPayment, "1.00"))
	first, err := b.pay.Submit(context.Background(), payer(), submission(c, "k"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.pay.Submit(context.Background(), payer(), submission(c, "k"))
	if err != nil || again.ID != first.ID || again.State != obie.SettlementCompleted {
		t.Errorf("%v %v", again, err)
	}
	other := submission(c, "k")
	other.Idempotency.Digest = "another"
	if _, err := b.pay.Submit(context.Background(), payer(), other); ruleCode(err) != obie.CodeHeaderInvalid {
		t.Error(err)
	}
	b.advance(24*time.Hour + time.Second)
	if _, err := b.pay.Submit(context.Background(), payer(), submission(c, "k")); ruleCode(err) != obie.CodeInvalidConsentStatus {
		t.Error(err)
	}
	next := b.given(t, domestic(obie.DomesticPayment, "2.00"))
	if o, err := b.pay.Submit(context.Background(), payer(), submission(next, "k")); err != nil || o.ID == first.ID {
		t.Error(o, err)
	}
}

func TestLackOfFundsRejectsThePayment(t *testing.T) {
	b := newTill(t, "sqlite:"+t.TempDir()+"/bank.db")
	c := b.given(t, domestic(obie.DomesticPayment, "1000.01"))
	ok, _, err := b.pay.FundsFor(context.Background(), payer(), obie.FundsQuestion{Kind: c.Kind, ConsentID: c.ID})
	if ok || err != nil {
		t.Error(ok, err)
	}
	o, err := b.pay.Submit(context.Background(), payer(), submission(c, "k"))
	if err != nil || o.State != obie.OrderRejected || o.Reason != "AM04" || b.booked(t, payAccount) != 1000_00 {
		t.Errorf("%+v %v", o, err)
	}
}

func TestAFailedPostConsumesNothing(t *testing.T) {
	b := newTill(t, "sqlite:"+t.TempDir()+"/bank.db")
	c := b.given(t, domestic(obie.DomesticPayment, "5.00"))
	wrong := submission(c, "k")
	wrong.Initiation = json.RawMessage(`{"InstructedAmount":{"Amount":"6.00","Currency":"GBP"},"N":1}`)
	if _, err := b.pay.Submit(context.Background(), payer(), wrong); ruleCode(err) != obie.CodeConsentMismatch {
		t.Error(err)
	}
	right := submission(c, "k")
	right.Initiation = json.RawMessage(`{"N":1.00,"InstructedAmount":{"Currency":"GBP","Amount":"5.00"}}`)
	if _, err := b.pay.Submit(context.Background(), payer(), right); err != nil {
		t.Error(err)
	}
}

// TestPaymentStates calls everything in any order: no state changes but along an
// edge of the standard's, and no money is made or lost.
func TestPaymentStates(t *testing.T) {
	b := newTill(t, "sqlite:"+t.TempDir()+"/bank.db", func(c *modelbank.PaymentsConfig) {
		c.Authorisers = func(a string) int { return map[string]int{payAccount: 2}[a] }
	})
	edges := map[string]bool{
		"AWAU>AUTH": true, "AWAU>RJCT": true, "AUTH>COND": true,
		"PATC>PDNG": true, "PATC>ACSC": true, "PATC>RJCT": true, "PDNG>ACSC": true, "PDNG>RJCT": true, "PDNG>ACTC": true, "ACTC>ACSC": true, "ACTC>RJCT": true,
		"PATC>ACTC": true,
	}
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]string{obie.DomesticPayment, obie.DomesticScheduledPayment}).Draw(rt, "kind")
		d := domestic(kind, "3.00")
		if kind == obie.DomesticScheduledPayment {
			d.Instruction.Execute = b.now().Add(48 * time.Hour)
		}
		ctx := context.Background()
		c, err := b.pay.LodgePayment(ctx, payer(), d, obie.Idempotency{})
		if err != nil {
			rt.Fatal(err)
		}
		consent, order, id := "AWAU", "", ""
		look := func() {
			now, err := b.pay.PaymentConsent(ctx, payer(), kind, c.ID)
			if err != nil {
				rt.Fatal(err)
			}
			if s := string(now.State); s != consent && !edges[consent+">"+s] {
				rt.Fatalf("consent %s>%s", consent, s)
			}
			consent = string(now.State)
			if id == "" {
				return
			}
			o, err := b.pay.PaymentOrder(ctx, payer(), kind, id)
			if err != nil {
				rt.Fatal(err)
			}
			if s := string(o.State); order != "" && s != order && !edges[order+">"+s] {
				rt.Fatalf("payment %s>%s", order, s)
			}
			order = string(o.State)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"approve": func(rt *rapid.T) {
				_ = b.pay.Approve(ctx, c.ID, paula, []string{rapid.SampledFrom([]string{payAccount, sideOne, "acc_none"}).Draw(rt, "account")})
			},
			"reject": func(*rapid.T) { _ = b.pay.Reject(ctx, c.ID) },
			"submit": func(rt *rapid.T) {
				var wg sync.WaitGroup
				var mu sync.Mutex
				for i := range 3 {
					wg.Go(func() {
						if o, err := b.pay.Submit(ctx, payer(), submission(c, fmt.Sprint(c.ID, i%2))); err == nil {
							mu.Lock()
							defer mu.Unlock()
							if id != "" && id != o.ID {
								t.Error("two payments of one consent")
							}
							id = o.ID
						}
					})
				}
				wg.Wait()
			},
			"further": func(*rapid.T) { _, _ = b.pay.AuthoriseFurther(ctx, pete, id) },
			"refuse":  func(*rapid.T) { _, _ = b.pay.RefuseFurther(ctx, pete, id) },
			"later": func(rt *rapid.T) {
				b.advance(time.Duration(rapid.IntRange(1, 80).Draw(rt, "hours")) * time.Hour)
				if err := b.pay.Run(ctx, b.now()); err != nil {
					rt.Fatal(err)
				}
			},
			"": func(*rapid.T) { look() },
		})
		look()
		paid := b.paid(t, payAccount, id) + b.paid(t, sideOne, id)
		if want := map[bool]int64{true: 3_00}[order == "ACSC"]; paid != want {
			rt.Fatalf("the payment is %q and %d was paid", order, paid)
		}
	})
}
