package core

import (
	"context"
	"errors"
	"slices"

	"github.com/onepointledger/onepoint"
)

// ErrFunds is the cause of a refusal for lack of money.
var ErrFunds = errors.New("insufficient funds")

// Transfer is a customer's order to pay.
type Transfer struct {
	ID          string // of the movement: the same order given twice is carried out once
	Debtor      string // account
	Amount      onepoint.Money
	Creditor    onepoint.Counterparty
	Information string
	Reference   string
	Clearing    InternalKind // the scheme that carries it out of the bank
}

// Transfer carries the order out at once: to the creditor's account when it is at
// this bank, else to the scheme's clearing account. An order given again is done
// already and no error. CodeConflict with [ErrFunds] when the available balance
// does not cover it, CodeInvalid for an amount that is not positive or not in the
// account's currency.
func (c *Core) Transfer(ctx context.Context, t Transfer) error {
	const op = "transfer money"
	if t.ID == "" {
		return onepoint.Missing(op, "ID", "is needed to do it once")
	}
	if minor, err := t.Amount.Minor(); err != nil || minor <= 0 {
		return onepoint.Missing(op, "Amount", "must be positive and in whole minor units")
	}
	debtor, err := c.store.Account(ctx, t.Debtor)
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	to, err := c.destination(ctx, t)
	if err != nil {
		return err
	}
	paid := Statement{Information: t.Information, Reference: t.Reference, Counterparty: t.Creditor, BankCode: "PMNT-ICDT-ESCT"}
	got := Statement{Information: t.Information, Reference: t.Reference, Counterparty: partyOf(debtor), BankCode: "PMNT-RCDT-ESCT"}
	_, err = c.Post(ctx, Movement{ID: t.ID, Covered: t.Debtor, Legs: []Leg{
		{Account: t.Debtor, Amount: t.Amount.Neg(), Statement: paid},
		{Account: to, Amount: t.Amount, Statement: got},
	}})
	// Cover is judged before the movement's id: an order that emptied the account
	// lacks funds when it is given again.
	if onepoint.CodeOf(err) == onepoint.CodeConflict && c.posted(ctx, t) {
		return nil
	}
	return err
}

func (c *Core) destination(ctx context.Context, t Transfer) (string, error) {
	own, err := c.store.AccountByIdentifier(ctx, t.Creditor.Identifier)
	switch {
	case err == nil && own.Currency == t.Amount.Currency && own.ID != t.Debtor && !own.Closed:
		return own.ID, nil
	case err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound:
		return "", onepoint.E("", "transfer money", "", err)
	}
	return Internal(t.Clearing, t.Amount.Currency), nil
}

// posted reports whether the order is in the books already. A transfer is told
// among the newest entries: orders are repeated soon or never.
func (c *Core) posted(ctx context.Context, t Transfer) bool {
	entries, err := c.store.Entries(ctx, t.Debtor, Range{Limit: 1000})
	return err == nil && slices.ContainsFunc(entries, func(e Entry) bool { return e.Movement == t.ID })
}

// HasFunds reports whether the account could pay the amount now. CodeNotFound,
// CodeInvalid for another currency.
func (c *Core) HasFunds(ctx context.Context, account string, amount onepoint.Money) (bool, error) {
	const op = "check funds"
	a, err := c.store.Account(ctx, account)
	if err != nil {
		return false, onepoint.E("", op, "", err)
	}
	minor, err := amount.Minor()
	if err != nil || a.Currency != amount.Currency {
		return false, onepoint.Missing(op, "amount", "must be in the account's currency")
	}
	return a.Position.available() >= minor, nil
}

// AccountByIdentifier finds a customer's account. CodeNotFound.
func (c *Core) AccountByIdentifier(ctx context.Context, id onepoint.Identifier) (onepoint.Account, error) {
	a, err := c.store.AccountByIdentifier(ctx, id)
	if err != nil {
		return onepoint.Account{}, onepoint.E("", "find account", "", err)
	}
	return a.Account, nil
}

func partyOf(a Account) onepoint.Counterparty {
	p := onepoint.Counterparty{Name: a.Holder}
	if len(a.Identifiers) > 0 {
		p.Identifier = a.Identifiers[0]
	}
	return p
}
