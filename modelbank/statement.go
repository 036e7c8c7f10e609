package modelbank

import (
	"context"
	"slices"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// Statements returns the statements of one chosen account, or of all, that lie
// wholly within the limits of the consent.
func (b *Bank) Statements(ctx context.Context, c onepoint.Consent, account string, q onepoint.StatementQuery) ([]onepoint.Statement, error) {
	const op = "read statements"
	c, of, err := b.reads(ctx, op, c, account, onepoint.ReadStatementsBasic, onepoint.ReadStatementsDetail)
	if err != nil {
		return nil, err
	}
	list, err := b.within(ctx, op, c, of)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(s onepoint.Statement) bool {
		return !q.From.IsZero() && onepoint.DateOf(s.Start).Before(q.From) || !q.To.IsZero() && q.To.Before(onepoint.DateOf(s.End))
	})
	for i, s := range list {
		list[i] = showStatement(c, s)
	}
	return list, nil
}

// Statement returns one. CodeNotFound when the account has none of that id, and
// when it lies outside the limits of the consent.
func (b *Bank) Statement(ctx context.Context, c onepoint.Consent, account, id string) (onepoint.Statement, error) {
	const op = "read statement"
	c, err := b.use(ctx, op, c, onepoint.ReadStatementsBasic, onepoint.ReadStatementsDetail)
	if err != nil {
		return onepoint.Statement{}, err
	}
	s, err := b.statement(ctx, op, c, account, id)
	return showStatement(c, s), err
}

// StatementTransactions returns one page of what was booked in a statement's
// period, as [Bank.Transactions] shows it. It needs the permissions for
// transactions and for statements.
func (b *Bank) StatementTransactions(ctx context.Context, c onepoint.Consent, account, id string, q onepoint.TransactionQuery) (onepoint.TransactionPage, error) {
	const op = "read transactions of statement"
	c, err := b.use(ctx, op, c, onepoint.ReadTransactionsBasic, onepoint.ReadTransactionsDetail)
	if err != nil {
		return onepoint.TransactionPage{}, err
	}
	if !c.Allows(onepoint.ReadStatementsBasic, onepoint.ReadStatementsDetail) {
		return onepoint.TransactionPage{}, onepoint.E(onepoint.CodeForbidden, op, "the user did not consent to this: the permission is missing", nil)
	}
	s, err := b.statement(ctx, op, c, account, id)
	if err != nil {
		return onepoint.TransactionPage{}, err
	}
	page, err := b.core.StatementEntries(ctx, s, core.Query{TransactionQuery: q, Direction: direction(c)}.Within(c.Access.From, c.Access.To))
	if err != nil {
		return onepoint.TransactionPage{}, onepoint.E("", op, "", err)
	}
	for i, t := range page.Transactions {
		page.Transactions[i] = showTransaction(c, t)
	}
	return page, nil
}

// StatementFile returns a statement to keep; media is [core.MediaPDF] or
// [core.MediaText]. It needs ReadStatementsDetail: the file holds what the
// customer's own copy holds, except that a card's number may be masked.
func (b *Bank) StatementFile(ctx context.Context, c onepoint.Consent, account, id, media string) (onepoint.Document, error) {
	const op = "read file of statement"
	c, err := b.use(ctx, op, c, onepoint.ReadStatementsDetail)
	if err != nil {
		return onepoint.Document{}, err
	}
	s, err := b.statement(ctx, op, c, account, id)
	if err != nil {
		return onepoint.Document{}, err
	}
	held, err := b.core.Accounts(ctx, c.Customer)
	if err != nil {
		return onepoint.Document{}, onepoint.E("", op, "", err)
	}
	for _, a := range held {
		if a.ID == account {
			d, err := b.core.StatementFile(ctx, showAccount(c, a), s, media)
			if err != nil {
				return d, onepoint.E("", op, "", err)
			}
			return d, nil
		}
	}
	return onepoint.Document{}, onepoint.E(onepoint.CodeForbidden, op, "the account is no longer the customer's", nil)
}

func (b *Bank) statement(ctx context.Context, op string, c onepoint.Consent, account, id string) (onepoint.Statement, error) {
	if err := chosen(op, c, account); err != nil {
		return onepoint.Statement{}, err
	}
	list, err := b.within(ctx, op, c, []string{account})
	if err != nil {
		return onepoint.Statement{}, err
	}
	for _, s := range list {
		if s.ID == id {
			return s, nil
		}
	}
	return onepoint.Statement{}, onepoint.E(onepoint.CodeNotFound, op, "the account has no such statement", nil)
}

// within are the statements that the consent's limits hold wholly.
func (b *Bank) within(ctx context.Context, op string, c onepoint.Consent, accounts []string) ([]onepoint.Statement, error) {
	list, err := b.core.Statements(ctx, accounts)
	if err != nil {
		return nil, onepoint.E("", op, "", err)
	}
	from, to := c.Access.From, c.Access.To
	return slices.DeleteFunc(slices.Clone(list), func(s onepoint.Statement) bool {
		return !from.IsZero() && s.Start.Before(from) || !to.IsZero() && s.End.After(to)
	}), nil
}
