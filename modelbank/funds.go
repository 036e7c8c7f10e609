package modelbank

import (
	"context"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

// maxReferences is how many references of a CBPII consent are remembered.
const maxReferences = 1000

// FundsFor implements [obie.PaymentBank]. The reference of a CBPII question may
// be used once (U013).
func (p *Payments) FundsFor(ctx context.Context, tpp onepoint.TPP, q obie.FundsQuestion) (bool, time.Time, error) {
	const op = "confirm funds"
	now := p.instant()
	c, err := p.Store.PaymentConsent(ctx, q.ConsentID)
	if err != nil {
		return false, now, onepoint.E("", op, "", err)
	}
	if err := belongs(&c, tpp, q.Kind, op); err != nil {
		return false, now, err
	}
	if err := payable(&c, now); err != nil {
		return false, now, err
	}
	amount := q.Amount
	if amount.IsZero() {
		if amount, err = debitOf(c.Instruction.Amount, c.Quote); err != nil {
			return false, now, err
		}
	}
	if amount.Currency != homeCurrency {
		return false, now, obie.Breach(obie.CodeUnsupportedCurrency, "Data.InstructedAmount.Currency", "the account is kept in pounds")
	}
	if q.Kind == obie.FundsConfirmation {
		if err := p.useReference(ctx, q); err != nil {
			return false, now, err
		}
	}
	minor, err := amount.Minor()
	if err != nil {
		return false, now, onepoint.E("", op, "", err)
	}
	ok, err := p.Core.HasFunds(ctx, c.Account, onepoint.MinorMoney(minor+costs(c.Charges), amount.Currency))
	if err != nil {
		return false, now, onepoint.E("", op, "", err)
	}
	return ok, now, nil
}

func (p *Payments) useReference(ctx context.Context, q obie.FundsQuestion) error {
	_, err := p.Store.ChangePaymentConsent(ctx, q.ConsentID, func(_ PaymentTx, c *obie.PaymentConsent) error {
		if slices.Contains(c.References, q.Reference) {
			return obie.Breach(obie.CodeDuplicateReference, "Data.Reference", "the reference was used before")
		}
		c.References = append(c.References, q.Reference)
		if n := len(c.References); n > maxReferences {
			c.References = slices.Clone(c.References[n-maxReferences:])
		}
		return nil
	})
	if err != nil {
		return onepoint.E("", "confirm funds", "", err)
	}
	return nil
}
