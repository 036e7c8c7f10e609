package modelbank

import (
	"context"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

// prefixes of the ids of consents, which tell the journey what it is about.
const (
	paymentPrefix = "pcn"
	vrpPrefix     = "vcn"
	fundsPrefix   = "fcn"
)

func prefixOf(kind string) string {
	switch kind {
	case obie.DomesticVRP:
		return vrpPrefix
	case obie.FundsConfirmation:
		return fundsPrefix
	}
	return paymentPrefix
}

// LodgePayment implements [obie.PaymentBank].
func (p *Payments) LodgePayment(ctx context.Context, tpp onepoint.TPP, c obie.PaymentConsent, key obie.Idempotency) (obie.PaymentConsent, error) {
	const op = "lodge payment consent"
	now := p.instant()
	if known, ok, err := p.repeated(ctx, tpp, key, now); err != nil || ok {
		if err != nil {
			return obie.PaymentConsent{}, err
		}
		return p.PaymentConsent(ctx, tpp, c.Kind, known.Resource)
	}
	c.ID, c.TPP, c.State = p.NewID(prefixOf(c.Kind)), tpp, obie.AwaitingAuthorisation
	c.Created, c.Updated = now, now
	if c.Kind == obie.FilePayment {
		c.State = obie.AwaitingUpload
	}
	if err := p.accept(&c, now); err != nil {
		return obie.PaymentConsent{}, err
	}
	err := p.Store.CreatePaymentConsent(ctx, c, PaymentKey{ClientID: tpp.ClientID, Idempotency: key, Resource: c.ID, Used: now}, now.Add(-keyLife))
	if onepoint.CodeOf(err) == onepoint.CodeConflict && key.Key != "" { // the same request came between
		known, ok, again := p.repeated(ctx, tpp, key, now)
		if again != nil || !ok {
			return obie.PaymentConsent{}, onepoint.E("", op, "", again)
		}
		return p.PaymentConsent(ctx, tpp, c.Kind, known.Resource)
	}
	if err != nil {
		return obie.PaymentConsent{}, onepoint.E("", op, "", err)
	}
	p.Log.InfoContext(ctx, "payment consent lodged", "consent", c.ID, "kind", c.Kind, "client", tpp.ClientID)
	return c, nil
}

// repeated finds the first use of a key. Another body under the same key is
// refused: the resource of the first must not change.
func (p *Payments) repeated(ctx context.Context, tpp onepoint.TPP, key obie.Idempotency, now time.Time) (PaymentKey, bool, error) {
	if key.Key == "" {
		return PaymentKey{}, false, nil
	}
	known, err := p.Store.PaymentKey(ctx, tpp.ClientID, key, now.Add(-keyLife))
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return known, false, nil
	}
	if err != nil {
		return known, false, onepoint.E("", "find idempotency key", "", err)
	}
	return known, true, sameBody(known, key)
}

func sameBody(known PaymentKey, key obie.Idempotency) error {
	if known.Digest != key.Digest {
		return obie.Breach(obie.CodeHeaderInvalid, "x-idempotency-key", "the key was used for another request in the last 24 hours")
	}
	return nil
}

// accept applies the bank's own rules to a new consent, and adds what the bank
// promises: charges, rate, cut-off.
func (p *Payments) accept(c *obie.PaymentConsent, now time.Time) error {
	const path = "Data.Initiation."
	i := &c.Instruction
	if d := i.Debtor; d.Value != "" && !slices.Contains([]onepoint.IdentifierScheme{onepoint.SchemeSortCode, onepoint.SchemeIBAN, onepoint.SchemePAN, onepoint.SchemeBBAN}, d.Scheme) {
		return obie.Breach(obie.CodeUnsupportedScheme, path+"DebtorAccount.SchemeName", "the bank has no accounts that are named so")
	}
	switch c.Kind {
	case obie.FundsConfirmation:
		if !c.Expires.IsZero() && !now.Before(c.Expires) {
			return obie.Breach(obie.CodeFieldInvalid, "Data.ExpirationDateTime", "the consent would have expired already")
		}
		return nil
	case obie.DomesticVRP:
		return acceptVRP(c, now)
	case obie.FilePayment:
		return p.acceptFile(c, now)
	}
	if err := acceptCreditor(i); err != nil {
		return err
	}
	if i.Order != nil && midnight(i.Order.First.In(p.Zone)).Before(midnight(now.In(p.Zone))) {
		return obie.Breach(obie.CodeFieldInvalid, path+"FirstPaymentDateTime", "the first payment lies in the past")
	}
	if scheduled(c.Kind) && !i.Execute.After(now) {
		return obie.Breach(obie.CodeFieldInvalid, path+"RequestedExecutionDateTime", "the date lies in the past")
	}
	if err := p.price(c, now); err != nil {
		return err
	}
	return p.cutOff(c, now)
}

func scheduled(kind string) bool {
	return kind == obie.DomesticScheduledPayment || kind == obie.InternationalScheduled
}

func international(kind string) bool {
	return kind == obie.InternationalPayment || kind == obie.InternationalScheduled || kind == obie.InternationalStandingOrder
}

// acceptCreditor checks what names the creditor by its scheme.
func acceptCreditor(i *obie.Instruction) error {
	const path = "Data.Initiation.CreditorAccount."
	c := i.Creditor.Identifier
	switch c.Scheme {
	case onepoint.SchemeSortCode:
		if len(c.Value) != 14 || !digits(c.Value) {
			return obie.Breach(obie.CodeFieldInvalid, path+"Identification", "a sort code and account number are 14 digits")
		}
	case onepoint.SchemeIBAN:
		if len(c.Value) < 15 || len(c.Value) > 34 {
			return obie.Breach(obie.CodeFieldInvalid, path+"Identification", "an IBAN has 15 to 34 characters")
		}
	case onepoint.SchemeBBAN, onepoint.SchemePAN:
	default:
		return obie.Breach(obie.CodeUnsupportedScheme, path+"SchemeName", "the bank cannot pay to accounts that are named so")
	}
	return nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func acceptVRP(c *obie.PaymentConsent, now time.Time) error {
	if c.Limits.Individual.Currency != homeCurrency {
		return obie.Breach(obie.CodeUnsupportedCurrency, "Data.ControlParameters.MaximumIndividualAmount.Currency", "the bank makes these payments in pounds")
	}
	if !c.Limits.ValidTo.IsZero() && !now.Before(c.Limits.ValidTo) {
		return obie.Breach(obie.CodeFieldInvalid, "Data.ControlParameters.ValidToDateTime", "the consent would have ended already")
	}
	if c.Instruction.Creditor.Identifier.Value != "" {
		return acceptCreditor(&c.Instruction)
	}
	return nil
}

// cutOff tells a CHAPS payment's cut-off and, by the bank's strategy, refuses a
// consent that comes after it.
func (p *Payments) cutOff(c *obie.PaymentConsent, now time.Time) error {
	if c.Instruction.LocalInstrument != chaps || c.Kind != obie.DomesticPayment {
		return nil
	}
	c.CutOff = p.cutOffOf(now)
	return p.late(c, now)
}

const chaps = "UK.OBIE.CHAPS"

// cutOffOf is the cut-off of the day.
func (p *Payments) cutOffOf(now time.Time) time.Time {
	day := now.In(p.Zone)
	return time.Date(day.Year(), day.Month(), day.Day(), p.CutOffHour, 0, 0, 0, p.Zone)
}

// late refuses what comes after the consent's cut-off, where that is the bank's
// strategy.
func (p *Payments) late(c *obie.PaymentConsent, now time.Time) error {
	if p.AfterCutOff == RejectAfterCutOff && !c.CutOff.IsZero() && now.After(c.CutOff) {
		return obie.Breach(obie.CodeAfterCutOff, "", "the bank's cut-off time has passed")
	}
	return nil
}

// nextOpening is eight o'clock on the next working day.
func (p *Payments) nextOpening(now time.Time) time.Time {
	day := now.In(p.Zone).AddDate(0, 0, 1)
	for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		day = day.AddDate(0, 0, 1)
	}
	return time.Date(day.Year(), day.Month(), day.Day(), 8, 0, 0, 0, p.Zone)
}
