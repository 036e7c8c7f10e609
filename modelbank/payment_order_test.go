package modelbank_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/standard/obie"
)

func standing(first time.Time, number int) obie.PaymentConsent {
	c := domestic(obie.DomesticStandingOrder, "10.00")
	c.Instruction.Order = &obie.StandingOrder{
		Frequency: "MNTH", First: first, Number: number, Recurring: onepoint.MustMoney("20.00", "GBP"), Last: onepoint.MustMoney("5.00", "GBP"),
	}
	return c
}

func TestStandingOrderPaysEachMonthOnce(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		b := newTill(t, url)
		ctx := context.Background()
		c := b.given(t, standing(b.now().Add(24*time.Hour), 4))
		o, err := b.pay.Submit(ctx, payer(), submission(c, "k"))
		if err != nil {
			t.Fatal(err)
		}
		if now, err := b.pay.PaymentOrder(ctx, payer(), c.Kind, o.ID); err != nil || now.State != obie.InitiationCompleted {
			t.Fatalf("%+v %v", now, err)
		}
		want := []int64{1000_00, 970_00, 950_00, 945_00, 945_00} // the first run finds two due
		for month, left := range want {
			if got := b.booked(t, payAccount); got != left {
				t.Errorf("month %d: %d left, not %d", month, got, left)
			}
			b.advance(31 * 24 * time.Hour)
			var wg sync.WaitGroup
			for range 5 { // any number of runs at once
				wg.Go(func() {
					if err := b.pay.Run(ctx, b.now()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		if now, err := b.pay.PaymentOrder(ctx, payer(), c.Kind, o.ID); err != nil || len(now.Executions) != 4 || !now.Due.IsZero() {
			t.Errorf("%+v %v", now, err)
		}
	})
}

// breaking is a core that fails before or after it has moved money.
type breaking struct {
	modelbank.PaymentCore
	before, after error
}

func (b *breaking) Transfer(ctx context.Context, t core.Transfer) error {
	if b.before != nil {
		return b.before
	}
	if err := b.PaymentCore.Transfer(ctx, t); err != nil {
		return err
	}
	return b.after
}

func TestAPaymentThatBrokeOffIsCarriedOnOnce(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprint("after the money moved: ", after), func(t *testing.T) {
			broken := &breaking{}
			b := newTill(t, "sqlite:"+t.TempDir()+"/bank.db", func(c *modelbank.PaymentsConfig) { broken.PaymentCore, c.Core = c.Core, broken })
			failure := onepoint.E(onepoint.CodeUnavailable, "move money", "the books are closed", nil)
			if after {
				broken.after = failure
			} else {
				broken.before = failure
			}
			ctx := context.Background()
			c := b.given(t, domestic(obie.DomesticPayment, "1000.00")) // all there is
			o, err := b.pay.Submit(ctx, payer(), submission(c, "k"))
			if err != nil || o.State != obie.Pending {
				t.Fatal(o.State, err)
			}
			broken.before, broken.after = nil, nil
			if err := b.pay.Run(ctx, b.now()); err != nil { // the claim still holds
				t.Fatal(err)
			}
			b.advance(time.Minute)
			for range 2 {
				if err := b.pay.Run(ctx, b.now()); err != nil {
					t.Fatal(err)
				}
			}
			now, err := b.pay.PaymentOrder(ctx, payer(), c.Kind, o.ID)
			if err != nil || now.State != obie.SettlementCompleted || b.booked(t, payAccount) != 0 {
				t.Errorf("%+v %v, %d left", now, err, b.booked(t, payAccount))
			}
		})
	}
}

func TestCutOff(t *testing.T) {
	for _, strategy := range []modelbank.CutOff{modelbank.RejectAfterCutOff, modelbank.LaterAfterCutOff} {
		b := newTill(t, "sqlite:"+t.TempDir()+"/bank.db", func(c *modelbank.PaymentsConfig) { c.AfterCutOff = strategy })
		b.micros.Store(time.Date(2026, 11, 20, 16, 59, 0, 0, time.UTC).UnixMicro()) // a Friday
		consent := domestic(obie.DomesticPayment, "10.00")
		consent.Instruction.LocalInstrument = "UK.OBIE.CHAPS"
		c := b.given(t, consent)
		b.advance(2 * time.Minute)
		ctx := context.Background()
		o, err := b.pay.Submit(ctx, payer(), submission(c, "k"))
		if strategy == modelbank.RejectAfterCutOff {
			if ruleCode(err) != obie.CodeAfterCutOff {
				t.Error(err)
			}
			if _, err := b.pay.LodgePayment(ctx, payer(), consent, obie.Idempotency{}); ruleCode(err) != obie.CodeAfterCutOff {
				t.Error(err)
			}
			continue
		}
		if err != nil || b.booked(t, payAccount) != 1000_00 {
			t.Fatal(o, err)
		}
		b.micros.Store(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC).UnixMicro())
		if err := b.pay.Run(ctx, b.now()); err != nil || b.booked(t, payAccount) != 970_00 { // with the charge
			t.Error(err, b.booked(t, payAccount))
		}
	}
}

func TestSeveralAuthorise(t *testing.T) {
	b := newTill(t, "sqlite:"+t.TempDir()+"/bank.db", func(c *modelbank.PaymentsConfig) { c.Authorisers = func(string) int { return 2 } })
	ctx := context.Background()
	single := domestic(obie.DomesticPayment, "1.00")
	single.Authorisation = []byte(`{"AuthorisationType":"Single"}`)
	c, err := b.pay.LodgePayment(ctx, payer(), single, obie.Idempotency{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.pay.Approve(ctx, c.ID, paula, []string{payAccount}); onepoint.CodeOf(err) != onepoint.CodeForbidden {
		t.Error(err)
	}
	c = b.given(t, domestic(obie.DomesticPayment, "1.00"))
	o, err := b.pay.Submit(ctx, payer(), submission(c, "k"))
	if err != nil || o.State != obie.AwaitingFurther || o.Multi.Required != 2 {
		t.Fatal(o, err)
	}
	if _, err := b.pay.AuthoriseFurther(ctx, "cus_nobody", o.ID); onepoint.CodeOf(err) != onepoint.CodeForbidden {
		t.Error(err)
	}
	if again, err := b.pay.AuthoriseFurther(ctx, paula, o.ID); err != nil || again.State != obie.AwaitingFurther {
		t.Error("one person counts twice", again.State, err)
	}
	if done, err := b.pay.AuthoriseFurther(ctx, pete, o.ID); err != nil || done.State != obie.SettlementCompleted || done.Multi.State != "AUTH" {
		t.Error(done, err)
	}
	c = b.given(t, domestic(obie.DomesticPayment, "2.00"))
	if o, err = b.pay.Submit(ctx, payer(), submission(c, "k2")); err != nil {
		t.Fatal(err)
	}
	b.advance(8 * 24 * time.Hour)
	if err := b.pay.Run(ctx, b.now()); err != nil {
		t.Fatal(err)
	}
	if now, err := b.pay.PaymentOrder(ctx, payer(), c.Kind, o.ID); err != nil || now.State != obie.OrderRejected || b.booked(t, payAccount) != 999_00 {
		t.Error(now, err)
	}
}

func TestVRPConsentIsWithdrawnAndGivenAgain(t *testing.T) {
	b := newTill(t, "sqlite:"+t.TempDir()+"/bank.db")
	ctx := context.Background()
	c := b.given(t, sweeping("10.00", limit("Day", "Calendar", "10.00")))
	if err := b.pay.Withdraw(ctx, pete, c.ID); onepoint.CodeOf(err) != onepoint.CodeNotFound {
		t.Error(err)
	}
	pay := func(key string) string {
		_, err := b.pay.Submit(ctx, payer(), sweep(c, onepoint.MustMoney("1.00", "GBP"), key))
		return ruleCode(err)
	}
	for range 2 {
		if err := b.pay.Withdraw(ctx, paula, c.ID); err != nil {
			t.Fatal(err)
		}
	}
	if got := pay("1"); got != obie.CodeInvalidConsentStatus {
		t.Error(got)
	}
	if err := b.pay.Approve(ctx, c.ID, pete, []string{payAccount}); onepoint.CodeOf(err) != onepoint.CodeForbidden {
		t.Error(err)
	}
	if err := b.pay.Approve(ctx, c.ID, paula, []string{payAccount}); err != nil {
		t.Fatal(err)
	}
	if got := pay("2"); got != "" {
		t.Error(got)
	}
	payment := b.given(t, domestic(obie.DomesticPayment, "1.00"))
	if err := b.pay.Withdraw(ctx, paula, payment.ID); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Error("a payment's consent was withdrawn", err)
	}
}
