package modelbank

import (
	"context"
	"slices"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// Information is what the core banking system knows of accounts beside their
// books; package core implements it.
type Information interface {
	Beneficiaries(ctx context.Context, accounts []string) ([]onepoint.Beneficiary, error)
	DirectDebits(ctx context.Context, accounts []string) ([]onepoint.DirectDebit, error)
	StandingOrders(ctx context.Context, accounts []string) ([]onepoint.StandingOrder, error)
	ScheduledPayments(ctx context.Context, accounts []string) ([]onepoint.ScheduledPayment, error)
	Products(ctx context.Context, accounts []string) ([]onepoint.Product, error)
	Offers(ctx context.Context, accounts []string) ([]onepoint.Offer, error)
	Party(ctx context.Context, customer string) (onepoint.Party, error)
	Holders(ctx context.Context, account string) ([]onepoint.Party, error)
	Statements(ctx context.Context, accounts []string) ([]onepoint.Statement, error)
	StatementEntries(ctx context.Context, s onepoint.Statement, q core.Query) (onepoint.TransactionPage, error)
	StatementFile(ctx context.Context, a onepoint.Account, s onepoint.Statement, media string) (onepoint.Document, error)
}

// reads is one call for account information: which accounts it may be of.
// An empty account is every one that the user chose.
func (b *Bank) reads(ctx context.Context, op string, c onepoint.Consent, account string, needed ...onepoint.Permission) (onepoint.Consent, []string, error) {
	c, err := b.use(ctx, op, c, needed...)
	if err != nil {
		return c, nil, err
	}
	if account == "" {
		return c, c.Accounts, nil
	}
	if err := chosen(op, c, account); err != nil {
		return c, nil, err
	}
	return c, []string{account}, nil
}

// listed reads a list under a consent and shows each of it as the consent allows.
func listed[T any](ctx context.Context, op string, c onepoint.Consent, accounts []string,
	read func(context.Context, []string) ([]T, error), show func(onepoint.Consent, T) T,
) ([]T, error) {
	list, err := read(ctx, accounts)
	if err != nil {
		return nil, onepoint.E("", op, "", err)
	}
	list = slices.Clone(list)
	for i, v := range list {
		list[i] = show(c, v)
	}
	return list, nil
}

func whole[T any](_ onepoint.Consent, v T) T { return v }

// Beneficiaries returns the payees kept with one chosen account, or with all of
// them when account is empty. The errors are those of
// [onepoint.AccountSource], as for every method below.
func (b *Bank) Beneficiaries(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.Beneficiary, error) {
	const op = "read beneficiaries"
	c, of, err := b.reads(ctx, op, c, account, onepoint.ReadBeneficiariesBasic, onepoint.ReadBeneficiariesDetail)
	if err != nil {
		return nil, err
	}
	return listed(ctx, op, c, of, b.core.Beneficiaries, func(c onepoint.Consent, v onepoint.Beneficiary) onepoint.Beneficiary {
		v.Creditor = showCreditor(c, v.Creditor, onepoint.ReadBeneficiariesDetail)
		return v
	})
}

// DirectDebits returns the mandates on one chosen account, or on all.
func (b *Bank) DirectDebits(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.DirectDebit, error) {
	const op = "read direct debits"
	c, of, err := b.reads(ctx, op, c, account, onepoint.ReadDirectDebits)
	if err != nil {
		return nil, err
	}
	return listed(ctx, op, c, of, b.core.DirectDebits, whole)
}

// StandingOrders returns the standing orders of one chosen account, or of all.
func (b *Bank) StandingOrders(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.StandingOrder, error) {
	const op = "read standing orders"
	c, of, err := b.reads(ctx, op, c, account, onepoint.ReadStandingOrdersBasic, onepoint.ReadStandingOrdersDetail)
	if err != nil {
		return nil, err
	}
	return listed(ctx, op, c, of, b.core.StandingOrders, func(c onepoint.Consent, v onepoint.StandingOrder) onepoint.StandingOrder {
		v.Creditor = showCreditor(c, v.Creditor, onepoint.ReadStandingOrdersDetail)
		return v
	})
}

// ScheduledPayments returns the payments of one chosen account, or of all, that
// wait for their day.
func (b *Bank) ScheduledPayments(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.ScheduledPayment, error) {
	const op = "read scheduled payments"
	c, of, err := b.reads(ctx, op, c, account, onepoint.ReadScheduledPaymentsBasic, onepoint.ReadScheduledPaymentsDetail)
	if err != nil {
		return nil, err
	}
	return listed(ctx, op, c, of, b.core.ScheduledPayments, func(c onepoint.Consent, v onepoint.ScheduledPayment) onepoint.ScheduledPayment {
		v.Creditor = showCreditor(c, v.Creditor, onepoint.ReadScheduledPaymentsDetail)
		return v
	})
}

// Products returns the product behind one chosen account, or behind each.
func (b *Bank) Products(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.Product, error) {
	const op = "read products"
	c, of, err := b.reads(ctx, op, c, account, onepoint.ReadProducts)
	if err != nil {
		return nil, err
	}
	return listed(ctx, op, c, of, b.core.Products, whole)
}

// Offers returns what the bank offers on one chosen account, or on all.
func (b *Bank) Offers(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.Offer, error) {
	const op = "read offers"
	c, of, err := b.reads(ctx, op, c, account, onepoint.ReadOffers)
	if err != nil {
		return nil, err
	}
	return listed(ctx, op, c, of, b.core.Offers, whole)
}

// Party returns who gave the consent.
func (b *Bank) Party(ctx context.Context, c onepoint.Consent) (onepoint.Party, error) {
	const op = "read party"
	c, err := b.use(ctx, op, c, onepoint.ReadPartyPSU)
	if err != nil {
		return onepoint.Party{}, err
	}
	p, err := b.core.Party(ctx, c.Customer)
	if err != nil {
		return p, onepoint.E("", op, "", err)
	}
	return p, nil
}

// Parties returns who holds a chosen account; the one who gave the consent comes
// first.
func (b *Bank) Parties(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.Party, error) {
	const op = "read parties"
	c, err := b.use(ctx, op, c, onepoint.ReadParty)
	if err != nil {
		return nil, err
	}
	if err := chosen(op, c, account); err != nil {
		return nil, err
	}
	list, err := b.core.Holders(ctx, account)
	if err != nil {
		return nil, onepoint.E("", op, "", err)
	}
	slices.SortStableFunc(list, func(x, y onepoint.Party) int { return rank(c, x) - rank(c, y) })
	return list, nil
}

func rank(c onepoint.Consent, p onepoint.Party) int {
	if p.ID == c.Customer {
		return 0
	}
	return 1
}
