package modelbank_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/standard/obie"
)

// sweeping is a VRP consent with the limits.
func sweeping(most string, limits ...obie.VRPPeriod) obie.PaymentConsent {
	return obie.PaymentConsent{
		Kind: obie.DomesticVRP, Version: "v4.0", Initiation: json.RawMessage(`{}`), Risk: json.RawMessage(`{}`), Control: json.RawMessage(`{}`),
		Limits: obie.VRPLimits{
			Individual: onepoint.MustMoney(most, "GBP"), Periodic: limits, Types: []string{"UK.OBIE.VRPType.Sweeping"}, Methods: []string{"UK.OBIE.SCANotRequired"},
			Interactions: []string{"OffSession"},
		},
	}
}

func limit(period, alignment, amount string) obie.VRPPeriod {
	return obie.VRPPeriod{Type: period, Alignment: alignment, Amount: onepoint.MustMoney(amount, "GBP")}
}

func sweep(c obie.PaymentConsent, amount onepoint.Money, key string) obie.PaymentSubmission {
	s := submission(c, key)
	s.Detail, s.VRPType, s.Method = json.RawMessage(`{}`), "UK.OBIE.VRPType.Sweeping", "UK.OBIE.SCANotRequired"
	s.Instruction = domestic(obie.DomesticPayment, "1.00").Instruction
	s.Instruction.Amount = amount
	return s
}

func TestVRPLimitsHoldUnderConcurrency(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		b := newTill(t, url)
		c := b.given(t, sweeping("10.00", limit("Day", "Calendar", "1000.00"), limit("Month", "Consent", "70.00")))
		var wg sync.WaitGroup
		var mu sync.Mutex
		accepted := 0
		for i := range 50 {
			wg.Go(func() {
				_, err := b.pay.Submit(context.Background(), payer(), sweep(c, onepoint.MustMoney("10.00", "GBP"), fmt.Sprint("k", i)))
				if err == nil {
					mu.Lock()
					accepted++
					mu.Unlock()
				} else if ruleCode(err) != obie.CodeControlParameters {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if accepted != 7 || b.booked(t, payAccount) != 930_00 {
			t.Errorf("%d accepted, %d left", accepted, b.booked(t, payAccount))
		}
	})
}

func TestVRPPeriodsEndAtMidnightInLondon(t *testing.T) {
	for name, start := range map[string]time.Time{
		"winter":     time.Date(2027, 1, 31, 23, 59, 59, 999_000_000, time.UTC),
		"summer":     time.Date(2027, 6, 30, 22, 59, 59, 999_000_000, time.UTC), // 23:59:59.999 in London
		"clocks on":  time.Date(2027, 3, 28, 22, 59, 59, 999_000_000, time.UTC), // the day that has 23 hours
		"clocks off": time.Date(2027, 10, 31, 23, 59, 59, 999_000_000, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			b := newTill(t, "sqlite:"+t.TempDir()+"/bank.db")
			b.micros.Store(start.UnixMicro())
			for _, l := range []obie.VRPPeriod{limit("Day", "Calendar", "10.00"), limit("Day", "Consent", "10.00")} {
				b.micros.Store(start.UnixMicro())
				c := b.given(t, sweeping("10.00", l))
				ten := onepoint.MustMoney("10.00", "GBP")
				pay := func(key string) string {
					_, err := b.pay.Submit(context.Background(), payer(), sweep(c, ten, key))
					return ruleCode(err)
				}
				if got := pay("1" + l.Alignment); got != "" {
					t.Errorf("first: %s", got)
				}
				if got := pay("2" + l.Alignment); got != obie.CodeControlParameters {
					t.Errorf("second of the same day: %s", got)
				}
				b.advance(time.Millisecond)
				if got := pay("3" + l.Alignment); got != "" {
					t.Errorf("first of the next day: %s", got)
				}
				b.advance(22*time.Hour + 59*time.Minute)
				if got := pay("4" + l.Alignment); got != obie.CodeControlParameters {
					t.Errorf("second of the next day: %s", got)
				}
			}
		})
	}
}

func TestVRPControlParameters(t *testing.T) {
	b := newTill(t, "sqlite:"+t.TempDir()+"/bank.db")
	consent := sweeping("10.00", limit("Year", "Consent", "15.00"))
	consent.Limits.ValidFrom, consent.Limits.ValidTo = b.now().Add(time.Hour), b.now().Add(48*time.Hour)
	c := b.given(t, consent)
	pay := func(amount string, change func(*obie.PaymentSubmission)) string {
		s := sweep(c, onepoint.MustMoney(amount, "GBP"), onepoint.NewIDs(time.Now)("k"))
		if change != nil {
			change(&s)
		}
		_, err := b.pay.Submit(context.Background(), payer(), s)
		var r *obie.Rule
		if errors.As(err, &r) && r.Path != "" {
			return r.Path
		}
		return ruleCode(err)
	}
	const path = "Data.ControlParameters."
	check := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, not %q", what, got, want)
		}
	}
	check("too early", pay("1.00", nil), path+"ValidFromDateTime")
	b.advance(time.Hour)
	check("from the first instant", pay("5.00", nil), "")
	check("too much", pay("10.01", nil), path+"MaximumIndividualAmount")
	check("type", pay("1.00", func(s *obie.PaymentSubmission) { s.VRPType = "UK.OBIE.VRPType.Other" }), path+"VRPType")
	check("method", pay("1.00", func(s *obie.PaymentSubmission) { s.Method = "UK.OBIE.SCA" }), path+"PSUAuthenticationMethods")
	check("interaction", pay("1.00", func(s *obie.PaymentSubmission) { s.Interaction = "InSession" }), path+"PSUInteractionTypes")
	check("up to the limit", pay("10.00", nil), "")
	check("a penny over", pay("0.01", nil), path+"PeriodicLimits[0].Amount")
	b.advance(47 * time.Hour)
	check("at the end", pay("0.01", nil), obie.CodeInvalidConsentStatus)
}

func TestVRPRejectedPaymentsTakeNothingOfTheLimit(t *testing.T) {
	b := newTill(t, "sqlite:"+t.TempDir()+"/bank.db")
	c := b.given(t, sweeping("2000.00", limit("Day", "Calendar", "2000.00")))
	o, err := b.pay.Submit(context.Background(), payer(), sweep(c, onepoint.MustMoney("1500.00", "GBP"), "1"))
	if err != nil || o.State != obie.OrderRejected {
		t.Fatal(o.State, err)
	}
	if o, err = b.pay.Submit(context.Background(), payer(), sweep(c, onepoint.MustMoney("1000.00", "GBP"), "2")); err != nil || o.State == obie.OrderRejected {
		t.Error(o.State, err)
	}
}

// TestVRPNeverTakesMoreThanAllowed compares what was paid with a model that is
// slow and plain: the sum over every day that the consent has seen.
func TestVRPNeverTakesMoreThanAllowed(t *testing.T) {
	b := newTill(t, "sqlite:"+t.TempDir()+"/bank.db")
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		b.micros.Store(time.Date(2027, 3, 25, 12, 0, 0, 0, time.UTC).UnixMicro())
		c := b.given(t, sweeping("9.00", limit("Day", "Calendar", "12.00"), limit("Week", "Consent", "30.00")))
		byDay := map[string]int64{}
		var byWeek [60]int64
		start := time.Date(2027, 3, 25, 0, 0, 0, 0, zone)
		first := true
		for i := range rapid.IntRange(1, 25).Draw(rt, "payments") {
			b.advance(time.Duration(rapid.IntRange(0, 40*3600).Draw(rt, "seconds")) * time.Second)
			pence := rapid.Int64Range(1, 1000).Draw(rt, "pence")
			now := b.now().In(zone)
			week := 0
			for !now.Before(start.AddDate(0, 0, 7*(week+1))) {
				week++
			}
			day := now.Format(time.DateOnly)
			fits := pence <= 900 && byDay[day]+pence <= 1200 && byWeek[week]+pence <= 3000
			o, err := b.pay.Submit(context.Background(), payer(), sweep(c, onepoint.MinorMoney(pence, "GBP"), fmt.Sprint(c.ID, i)))
			if first && err == nil && o.State == obie.OrderRejected { // the account is empty: start anew
				return
			}
			if (err == nil) != fits {
				rt.Fatalf("payment of %d on %s: %v", pence, day, err)
			}
			if err == nil && o.State != obie.OrderRejected {
				byDay[day] += pence
				byWeek[week] += pence
			}
		}
	})
}
