package modelbank

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

// Submit implements [obie.PaymentBank]. Everything that decides is in one
// transaction that holds the consent; the money moves after it, once for each
// execution, and Run carries on what is left if this process ends in between.
func (p *Payments) Submit(ctx context.Context, tpp onepoint.TPP, s obie.PaymentSubmission) (obie.PaymentOrder, error) {
	const op = "submit payment"
	now := p.instant()
	var made Order
	var repeat bool
	_, err := p.Store.ChangePaymentConsent(ctx, s.ConsentID, func(tx PaymentTx, c *obie.PaymentConsent) error {
		var err error
		if made, repeat, err = p.earlier(tx, tpp, s, now); err != nil || repeat {
			return err
		}
		if err := p.mayPay(tx, tpp, c, s, now); err != nil {
			return err
		}
		made, err = p.order(c, s, now)
		if err != nil {
			return err
		}
		if err := tx.PutOrder(made); err != nil {
			return err
		}
		return tx.PutKey(PaymentKey{ClientID: tpp.ClientID, Idempotency: s.Idempotency, Resource: made.ID, Used: now}, now.Add(-keyLife))
	})
	if err != nil {
		return obie.PaymentOrder{}, onepoint.E("", op, "", err)
	}
	p.Log.InfoContext(ctx, "payment submitted", "payment", made.ID, "consent", s.ConsentID, "kind", s.Kind, "repeated", repeat)
	if repeat {
		return made.PaymentOrder, nil
	}
	done, err := p.carryOut(ctx, made.ID)
	if err != nil { // it is lodged: Run tries again
		p.Log.WarnContext(ctx, "payment not carried out yet", "payment", made.ID, "cause", err)
		return made.PaymentOrder, nil
	}
	if done.State == obie.OrderRejected || done.State == obie.InitiationFailed {
		return done.PaymentOrder, nil
	}
	return made.PaymentOrder, nil
}

// earlier finds the payment of the first request with this key.
func (p *Payments) earlier(tx PaymentTx, tpp onepoint.TPP, s obie.PaymentSubmission, now time.Time) (Order, bool, error) {
	known, ok, err := tx.Key(tpp.ClientID, s.Idempotency, now.Add(-keyLife))
	if err != nil || !ok {
		return Order{}, false, err
	}
	if err := sameBody(known, s.Idempotency); err != nil {
		return Order{}, false, err
	}
	o, err := tx.Order(known.Resource)
	return o, true, err
}

// mayPay judges the submission against its consent, and consumes the consent.
func (p *Payments) mayPay(tx PaymentTx, tpp onepoint.TPP, c *obie.PaymentConsent, s obie.PaymentSubmission, now time.Time) error {
	if err := belongs(c, tpp, s.Kind, "submit payment"); err != nil {
		return err
	}
	if err := payable(c, now); err != nil {
		return err
	}
	if s.Kind == obie.DomesticVRP {
		if err := matchVRP(c, s); err != nil {
			return err
		}
		if err := withinLimits(c, s, now, p.Zone, tx.Spent); err != nil {
			return err
		}
		c.PSUSawPayments++
		return nil
	}
	if err := match(c.Initiation, s.Initiation, c.Risk, s.Risk); err != nil {
		return err
	}
	if c.Quote != nil && !c.Quote.Expires.IsZero() && !now.Before(c.Quote.Expires) {
		return obie.Breach(obie.CodeInvalidConsentStatus, "Data.ExchangeRateInformation.ExpirationDateTime", "the exchange rate of the consent has expired")
	}
	if err := p.late(c, now); err != nil {
		return err
	}
	if scheduled(c.Kind) && !c.Instruction.Execute.After(now) {
		return obie.Breach(obie.CodeFieldInvalid, "Data.Initiation.RequestedExecutionDateTime", "the date has passed")
	}
	c.PSUSawPayments++
	return moveConsent(c, obie.Consumed, now)
}

// payable refuses what is not authorised now.
func payable(c *obie.PaymentConsent, now time.Time) error {
	if state := consentAt(c, now); state != obie.Authorised {
		return obie.Breach(obie.CodeInvalidConsentStatus, "", "the consent is "+string(state)+", not authorised")
	}
	return nil
}

// match holds the rule that a payment is its consent's: field by field.
func match(initiation, asked, risk, told []byte) error {
	path := obie.DiffJSON("Data.Initiation", initiation, asked)
	if path == "" && (len(risk) > 0 || len(told) > 0) {
		path = obie.DiffJSON("Risk", risk, told)
	}
	if path != "" {
		return obie.Breach(obie.CodeConsentMismatch, path, "the payment is not the one that the user agreed to")
	}
	return nil
}

// matchVRP does the same for a VRP payment, which may name the creditor that the
// consent left open, and no other than the one it names.
func matchVRP(c *obie.PaymentConsent, s obie.PaymentSubmission) error {
	agreed := obie.MemberJSON(c.Initiation, "CreditorAccount")
	initiation, asked := c.Initiation, s.Initiation
	if agreed == nil {
		initiation, asked = obie.Without(initiation, "CreditorPostalAddress"), obie.Without(asked, "CreditorAccount", "CreditorPostalAddress")
		agreed = obie.MemberJSON(s.Initiation, "CreditorAccount")
	}
	if err := match(initiation, asked, c.Risk, s.Risk); err != nil {
		return err
	}
	if agreed == nil {
		return nil
	}
	if path := obie.DiffJSON("Data.Instruction.CreditorAccount", agreed, obie.MemberJSON(s.Detail, "CreditorAccount")); path != "" {
		return obie.Breach(obie.CodeConsentMismatch, path, "the user agreed to another creditor")
	}
	return nil
}

// order makes the payment of a consent.
func (p *Payments) order(c *obie.PaymentConsent, s obie.PaymentSubmission, now time.Time) (Order, error) {
	o := Order{PaymentOrder: obie.PaymentOrder{
		ID: p.NewID("pay"), Kind: c.Kind, ConsentID: c.ID, TPP: c.TPP, Version: s.Version, State: p.First, Created: now, Updated: now,
		Initiation: s.Initiation, Risk: s.Risk, Detail: s.Detail, VRPType: s.VRPType, Method: s.Method, Interaction: s.Interaction,
		Instruction: c.Instruction, Account: c.Account, Debtor: c.Debtor, Refund: c.ReadRefund == "Yes", Charges: c.Charges, Quote: c.Quote, Due: now,
	}}
	switch {
	case c.Kind == obie.DomesticVRP:
		o.Instruction = s.Instruction
		if err := acceptCreditor(&o.Instruction); err != nil {
			return o, err
		}
	case international(c.Kind) || c.Kind == obie.FilePayment: // RCVD is not among their states
		o.State = obie.Pending
	}
	if c.Kind != obie.FilePayment {
		var err error
		if o.Debit, err = debitOf(o.Instruction.Amount, o.Quote); err != nil {
			return o, err
		}
	}
	o.Due = p.firstDue(&o, c, now)
	if n := p.Authorisers(c.Account); n > 1 && c.Kind != obie.DomesticVRP && c.Kind != obie.FilePayment {
		o.State, o.Due = obie.AwaitingFurther, now.Add(multiLife)
		o.Multi = &obie.MultiAuth{State: "AWAF", Required: n, By: []string{c.Customer}, Updated: now, Expires: now.Add(multiLife)}
	}
	return o, nil
}

// firstDue is when the first money is to move.
func (p *Payments) firstDue(o *Order, c *obie.PaymentConsent, now time.Time) time.Time {
	switch i := o.Instruction; {
	case !c.CutOff.IsZero() && now.After(c.CutOff):
		return p.nextOpening(now)
	case i.Order != nil && i.Order.First.After(now):
		return i.Order.First
	case i.Execute.After(now):
		return i.Execute
	}
	return now
}

// DeletePaymentConsent implements [obie.PaymentBank].
func (p *Payments) DeletePaymentConsent(ctx context.Context, tpp onepoint.TPP, kind, id string) error {
	const op = "delete payment consent"
	now := p.instant()
	_, err := p.Store.ChangePaymentConsent(ctx, id, func(_ PaymentTx, c *obie.PaymentConsent) error {
		if err := belongs(c, tpp, kind, op); err != nil {
			return err
		}
		c.Deleted = now
		if c.State == obie.AwaitingAuthorisation || c.State == obie.Authorised {
			return moveConsent(c, obie.Cancelled, now)
		}
		return nil
	})
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	p.Log.InfoContext(ctx, "payment consent deleted", "consent", id, "client", tpp.ClientID)
	if err := p.OnRevoke(ctx, id); err != nil {
		return onepoint.E("", op, "", err)
	}
	return nil
}

// Migrate implements [obie.PaymentBank].
func (p *Payments) Migrate(ctx context.Context, tpp onepoint.TPP, id string, change func(obie.PaymentConsent) (obie.PaymentConsent, error)) (obie.PaymentConsent, error) {
	const op = "migrate consent"
	out, err := p.Store.ChangePaymentConsent(ctx, id, func(_ PaymentTx, c *obie.PaymentConsent) error {
		if err := belongs(c, tpp, obie.DomesticVRP, op); err != nil {
			return err
		}
		changed, err := change(*c)
		if err != nil {
			return err
		}
		if !sameTerms(c, &changed) {
			return obie.Breach(obie.CodeConsentMismatch, "Data", "a migration cannot change what the user agreed to")
		}
		c.Initiation, c.Risk, c.Control, c.Version, c.ReadRefund = changed.Initiation, changed.Risk, changed.Control, changed.Version, changed.ReadRefund
		return nil
	})
	if err != nil {
		return out, onepoint.E("", op, "", err)
	}
	out.State = consentAt(&out, p.Now())
	return out, nil
}
