package modelbank

import (
	"context"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

// AuthoriseFurther records one more customer's authorisation of a payment that
// needs several, and carries it out with the last. Repeating it is no error.
// CodeForbidden for a customer without the account, CodeConflict for a payment
// that awaits none.
func (p *Payments) AuthoriseFurther(ctx context.Context, customer, order string) (obie.PaymentOrder, error) {
	return p.further(ctx, customer, order, func(o *Order) error {
		now := p.instant()
		if slices.Contains(o.Multi.By, customer) {
			return nil
		}
		o.Multi.By, o.Multi.Updated = append(o.Multi.By, customer), now
		if len(o.Multi.By) < o.Multi.Required {
			return nil
		}
		o.Multi.State, o.Due = "AUTH", p.firstDue(o, &obie.PaymentConsent{}, now)
		to := p.First
		if international(o.Kind) {
			to = obie.Pending
		}
		return moveOrder(o, to, now)
	})
}

// RefuseFurther records that a customer refuses to authorise: the payment is
// rejected. The errors are those of AuthoriseFurther.
func (p *Payments) RefuseFurther(ctx context.Context, customer, order string) (obie.PaymentOrder, error) {
	return p.further(ctx, customer, order, func(o *Order) error {
		now := p.instant()
		o.Multi.State, o.Multi.Updated, o.Reason = "RJCT", now, reasonRefused
		o.Due = time.Time{}
		return moveOrder(o, obie.OrderRejected, now)
	})
}

func (p *Payments) further(ctx context.Context, customer, order string, fn func(*Order) error) (obie.PaymentOrder, error) {
	const op = "authorise payment further"
	o, err := p.Store.PaymentOrder(ctx, order)
	if err != nil {
		return obie.PaymentOrder{}, onepoint.E("", op, "", err)
	}
	held, err := p.Core.Accounts(ctx, customer)
	if err != nil {
		return obie.PaymentOrder{}, onepoint.E("", op, "", err)
	}
	if !slices.ContainsFunc(held, func(a onepoint.Account) bool { return a.ID == o.Account && !a.Closed }) {
		return obie.PaymentOrder{}, onepoint.E(onepoint.CodeForbidden, op, "the payment is not from an account of yours", nil)
	}
	_, err = p.Store.ChangePaymentOrder(ctx, order, func(o *Order) error {
		if o.State != obie.AwaitingFurther || !p.Now().Before(o.Multi.Expires) {
			return onepoint.E(onepoint.CodeConflict, op, "the payment awaits no authorisation", nil)
		}
		return fn(o)
	})
	if err != nil {
		return obie.PaymentOrder{}, onepoint.E("", op, "", err)
	}
	done, err := p.carryOut(ctx, order)
	return done.PaymentOrder, err
}
