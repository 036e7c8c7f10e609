package api

import (
	"cmp"
	"context"
	"slices"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

const (
	defaultLimit = 50
	maxLimit     = 500
)

func (a *API) accountResource(acc tpp.Account, balances []tpp.Balance) Account {
	out := Account{
		ID: acc.ID, Bank: acc.Bank, BankName: a.bankName(acc.Bank), Connection: acc.Connection,
		Name: cmp.Or(acc.Nickname, acc.Product, "Account"), Holder: acc.Holder, Type: string(acc.Type), Usage: string(acc.Usage),
		Product: acc.Product, Currency: string(acc.Currency), Identifiers: acc.Identifiers, Updated: acc.Updated.UTC(),
	}
	if out.Identifiers == nil {
		out.Identifiers = []onepoint.Identifier{}
	}
	out.Balance = toShow(acc.ID, balances)
	return out
}

// toShow picks the balance that people mean: what is booked, else what is
// available.
func toShow(account string, balances []tpp.Balance) *Balance {
	order := []onepoint.BalanceType{
		onepoint.BalanceInterimBooked, onepoint.BalanceClosingBooked, onepoint.BalanceExpected, onepoint.BalanceInterimAvailable,
		onepoint.BalanceOpeningBooked, onepoint.BalanceOther,
	}
	var best *tpp.Balance
	for i, b := range balances {
		if b.AccountID == account && (best == nil || slices.Index(order, b.Type) < slices.Index(order, best.Type)) {
			best = &balances[i]
		}
	}
	if best == nil {
		return nil
	}
	out := balanceResource(*best)
	return &out
}

func balanceResource(b tpp.Balance) Balance {
	return Balance{
		Account: b.AccountID, Type: string(b.Type), Amount: b.Amount, At: moment(b.At), CreditLines: b.CreditLines, Fetched: b.Fetched.UTC(),
	}
}

func (a *API) listAccounts(ctx context.Context, _ *none) (*body[list[Account]], error) {
	workspace := principal(ctx).Workspace
	accounts, err := a.Books.Accounts(ctx, workspace)
	if err != nil {
		return nil, err
	}
	balances, err := a.Books.Balances(ctx, workspace, "")
	if err != nil {
		return nil, err
	}
	out := list[Account]{Items: []Account{}}
	for _, acc := range accounts {
		out.Items = append(out.Items, a.accountResource(acc, balances))
	}
	return &body[list[Account]]{out}, nil
}

func (a *API) getAccount(ctx context.Context, in *idInput) (*body[Account], error) {
	workspace := principal(ctx).Workspace
	acc, err := a.Books.Account(ctx, workspace, in.ID)
	if err != nil {
		return nil, err
	}
	balances, err := a.Books.Balances(ctx, workspace, in.ID)
	return &body[Account]{a.accountResource(acc, balances)}, err
}

type balancesInput struct {
	Account string `query:"account" doc:"Only this account's"`
}

func (a *API) listBalances(ctx context.Context, in *balancesInput) (*body[list[Balance]], error) {
	balances, err := a.Books.Balances(ctx, principal(ctx).Workspace, in.Account)
	if err != nil {
		return nil, err
	}
	out := list[Balance]{Items: []Balance{}}
	for _, b := range balances {
		out.Items = append(out.Items, balanceResource(b))
	}
	return &body[list[Balance]]{out}, nil
}

// FilterInput selects transactions. It is exported so that the framework can
// fill it where it is embedded.
type FilterInput struct {
	Account string `query:"account" doc:"Only this account's"`
	From    string `query:"from" format:"date" doc:"Booked on or after"`
	To      string `query:"to" format:"date" doc:"Booked on or before"`
	Q       string `query:"q" maxLength:"200" doc:"Words that the text, counterparty or merchant must hold"`
}

func (in FilterInput) filter() (tpp.TransactionFilter, error) {
	f := tpp.TransactionFilter{Account: in.Account, Text: in.Q}
	for _, d := range []struct {
		name, text string
		to         *onepoint.Date
	}{{"from", in.From, &f.From}, {"to", in.To, &f.To}} {
		if d.text == "" {
			continue
		}
		date, err := onepoint.ParseDate(d.text)
		if err != nil {
			return f, onepoint.Missing("list transactions", d.name, "must be a date like 2026-03-31")
		}
		*d.to = date
	}
	return f, nil
}

type transactionsInput struct {
	FilterInput
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
	Cursor string `query:"cursor" maxLength:"200"`
}

func (a *API) listTransactions(ctx context.Context, in *transactionsInput) (*body[list[Transaction]], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	f.Limit, f.Cursor = min(cmp.Or(in.Limit, defaultLimit), maxLimit), in.Cursor
	rows, next, err := a.Books.Transactions(ctx, principal(ctx).Workspace, f)
	if err != nil {
		return nil, err
	}
	out := list[Transaction]{Items: make([]Transaction, 0, len(rows)), Next: next}
	for _, t := range rows {
		out.Items = append(out.Items, transactionResource(t))
	}
	return &body[list[Transaction]]{out}, nil
}

func transactionResource(t tpp.Transaction) Transaction {
	return Transaction{
		ID: t.ID, Account: t.AccountID, Status: string(t.Status), Amount: t.Amount, BookingDate: t.BookingDate.String(),
		ValueDate: t.ValueDate.String(), Information: t.Information, Counterparty: t.Counterparty, Merchant: t.Merchant,
		Exchange: t.Exchange, Reference: t.Reference, BankID: t.Transaction.ID, BankCode: t.BankCode,
		ProprietaryCode: t.ProprietaryCode, FirstSeen: t.FirstSeen.UTC(), Updated: t.Updated.UTC(),
	}
}
