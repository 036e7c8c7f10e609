package core

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
)

// Information keeps what belongs to accounts beside their books. Each read is of
// the accounts given, in their order.
type Information interface {
	Beneficiaries(ctx context.Context, accounts []string) ([]onepoint.Beneficiary, error)
	DirectDebits(ctx context.Context, accounts []string) ([]onepoint.DirectDebit, error)
	StandingOrders(ctx context.Context, accounts []string) ([]onepoint.StandingOrder, error)
	ScheduledPayments(ctx context.Context, accounts []string) ([]onepoint.ScheduledPayment, error)
	Offers(ctx context.Context, accounts []string) ([]onepoint.Offer, error)
	// Party returns who a customer is. CodeNotFound.
	Party(ctx context.Context, customer string) (onepoint.Party, error)
	// Holders returns who holds an account, in the order in which they became one.
	Holders(ctx context.Context, account string) ([]onepoint.Party, error)
}

// Beneficiaries returns the payees that are kept with the accounts.
func (c *Core) Beneficiaries(ctx context.Context, accounts []string) ([]onepoint.Beneficiary, error) {
	list, err := c.store.Beneficiaries(ctx, accounts)
	return list, wrapped("list beneficiaries", err)
}

// DirectDebits returns the mandates on the accounts.
func (c *Core) DirectDebits(ctx context.Context, accounts []string) ([]onepoint.DirectDebit, error) {
	list, err := c.store.DirectDebits(ctx, accounts)
	return list, wrapped("list direct debits", err)
}

// StandingOrders returns the standing orders of the accounts, with the day on
// which each falls due next.
func (c *Core) StandingOrders(ctx context.Context, accounts []string) ([]onepoint.StandingOrder, error) {
	list, err := c.store.StandingOrders(ctx, accounts)
	if err != nil {
		return nil, onepoint.E("", "list standing orders", "", err)
	}
	today := onepoint.DateOf(c.now().In(c.zone))
	for i := range list {
		list[i].Next, list[i].NextAmount = c.nextOf(list[i], today)
	}
	return list, nil
}

// nextOf is when and with what a standing order pays next, if it does.
func (c *Core) nextOf(o onepoint.StandingOrder, today onepoint.Date) (time.Time, onepoint.Money) {
	if o.Status != onepoint.ArrangementActive {
		return time.Time{}, onepoint.Money{}
	}
	next := o.Frequency.Next(onepoint.DateOf(o.First.In(c.zone)), today)
	if next.IsZero() || !o.Final.IsZero() && next.Time(c.zone).After(o.Final) {
		return time.Time{}, onepoint.Money{}
	}
	return next.Time(c.zone), o.NextAmount
}

// ScheduledPayments returns the payments of the accounts that still wait for
// their day.
func (c *Core) ScheduledPayments(ctx context.Context, accounts []string) ([]onepoint.ScheduledPayment, error) {
	list, err := c.store.ScheduledPayments(ctx, accounts)
	if err != nil {
		return nil, onepoint.E("", "list scheduled payments", "", err)
	}
	waiting, now := list[:0], c.now()
	for _, p := range list {
		if p.At.After(now) {
			waiting = append(waiting, p)
		}
	}
	return waiting, nil
}

// Offers returns what the bank offers the holders of the accounts now.
func (c *Core) Offers(ctx context.Context, accounts []string) ([]onepoint.Offer, error) {
	list, err := c.store.Offers(ctx, accounts)
	if err != nil {
		return nil, onepoint.E("", "list offers", "", err)
	}
	open, now := list[:0], c.now()
	for _, o := range list {
		if o.End.IsZero() || o.End.After(now) {
			open = append(open, o)
		}
	}
	return open, nil
}

// Party returns who a customer is. CodeNotFound.
func (c *Core) Party(ctx context.Context, customer string) (onepoint.Party, error) {
	p, err := c.store.Party(ctx, customer)
	return p, wrapped("read party", err)
}

// Holders returns who holds an account: with more than one, each is joint.
func (c *Core) Holders(ctx context.Context, account string) ([]onepoint.Party, error) {
	list, err := c.store.Holders(ctx, account)
	if err != nil {
		return nil, onepoint.E("", "list parties", "", err)
	}
	if len(list) > 1 {
		for i := range list {
			list[i].Type = onepoint.PartyJoint
		}
	}
	return list, nil
}

// wrapped keeps nil as nil, which a typed nil pointer would not.
func wrapped(op string, err error) error {
	if err == nil {
		return nil
	}
	return onepoint.E("", op, "", err)
}
