package core

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
)

// Page sizes of a statement.
const (
	defaultPage = 100
	maxPage     = 1000
)

// Query asks for a page of an account's entries, newest first.
type Query struct {
	onepoint.TransactionQuery
	Direction  Direction
	BookedOnly bool // leave out what is pending
}

// Within narrows the query to entries booked from one instant to the other, both
// inclusive; a zero one does not narrow.
func (q Query) Within(from, to time.Time) Query {
	if from.After(q.Since) {
		q.Since = from
	}
	if !to.IsZero() && (q.Until.IsZero() || to.Before(q.Until)) {
		q.Until = to
	}
	return q
}

// Accounts returns the accounts of which the customer is a holder.
func (c *Core) Accounts(ctx context.Context, customer string) ([]onepoint.Account, error) {
	rows, err := c.store.CustomerAccounts(ctx, customer)
	if err != nil {
		return nil, onepoint.E("", "list accounts", "", err)
	}
	accounts := make([]onepoint.Account, len(rows))
	for i, r := range rows {
		accounts[i] = shown(r)
	}
	return accounts, nil
}

// Account returns one account; CodeNotFound when there is none.
func (c *Core) Account(ctx context.Context, id string) (onepoint.Account, error) {
	a, err := c.store.Account(ctx, id)
	if err != nil {
		return onepoint.Account{}, onepoint.E("", "read account", "", err)
	}
	return shown(a), nil
}

// shown is an account with what is the same for every one.
func shown(a Account) onepoint.Account {
	a.Servicer, a.Statements = bankBIC, onepoint.PeriodMonth
	return a.Account
}

// Balances returns what the account has: booked; available, which pending
// debits lower and an arranged credit line raises; and expected, once all that
// is pending is booked. CodeNotFound for an unknown account.
func (c *Core) Balances(ctx context.Context, account string) ([]onepoint.Balance, error) {
	a, err := c.store.Account(ctx, account)
	if err != nil {
		return nil, onepoint.E("", "read balances", "", err)
	}
	p, at := a.Position, c.now()
	balance := func(t onepoint.BalanceType, minor int64) onepoint.Balance {
		return onepoint.Balance{Type: t, Amount: onepoint.MinorMoney(minor, a.Currency), At: at}
	}
	available := balance(onepoint.BalanceInterimAvailable, p.Booked+p.PendingOut+a.CreditLimit)
	if a.CreditLimit > 0 {
		line := onepoint.CreditLine{Included: true, Amount: onepoint.MinorMoney(a.CreditLimit, a.Currency), Type: "Pre-Agreed"}
		if a.Type == onepoint.AccountCard {
			line.Type = "Credit"
		}
		available.CreditLines = []onepoint.CreditLine{line}
	}
	return []onepoint.Balance{
		balance(onepoint.BalanceInterimBooked, p.Booked),
		available,
		balance(onepoint.BalanceExpected, p.Booked+p.PendingOut+p.PendingIn),
	}, nil
}

// Entries returns one page of an account's statement, newest first. The cursor
// is a place in the statement, so what is booked while a reader pages shifts
// nothing. CodeInvalid for a cursor that this bank did not make.
func (c *Core) Entries(ctx context.Context, account string, q Query) (onepoint.TransactionPage, error) {
	after, back, err := parseCursor(q.Cursor)
	if err != nil {
		return onepoint.TransactionPage{}, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = defaultPage
	}
	limit = min(limit, maxPage)
	r := c.bounds(q)
	r.After, r.Back, r.Limit = after, back || q.Oldest, limit+1 // one more tells whether there is another page
	entries, err := c.store.Entries(ctx, account, r)
	if err == nil && back && len(entries) == 0 { // what was newer is no longer shown: begin again
		r.After, r.Back = Place{}, false
		entries, err = c.store.Entries(ctx, account, r)
	}
	if err != nil {
		return onepoint.TransactionPage{}, onepoint.E("", "read statement", "", err)
	}
	return c.page(entries, r, limit), nil
}

// page cuts the entry too many and says where the neighbours are.
func (c *Core) page(entries []Entry, r Range, limit int) onepoint.TransactionPage {
	more, n := len(entries) > limit, len(entries)
	var newer, older bool
	switch {
	case r.Back && more:
		entries, newer = entries[1:], true
	case more:
		entries, older = entries[:limit], true
	}
	if r.After != (Place{}) && n > 0 { // the reader comes from there
		newer, older = newer || !r.Back, older || r.Back
	}
	page := onepoint.TransactionPage{Transactions: c.transactions(entries)}
	if newer {
		page.Prev = cursorBefore(entries[0])
	}
	if older {
		page.Next = cursorAfter(entries[len(entries)-1])
	}
	return page
}

// bounds turns the civil dates and the instants of a query into one interval.
func (c *Core) bounds(q Query) Range {
	r := Range{From: q.Since, Direction: q.Direction, Booked: q.BookedOnly}
	if !q.Until.IsZero() {
		r.Before = q.Until.Truncate(time.Microsecond).Add(time.Microsecond)
	}
	if !q.From.IsZero() {
		if day := q.From.Time(c.zone); day.After(r.From) {
			r.From = day
		}
	}
	if !q.To.IsZero() {
		if next := q.To.AddDays(1).Time(c.zone); r.Before.IsZero() || next.Before(r.Before) {
			r.Before = next
		}
	}
	return r
}

func (c *Core) transactions(entries []Entry) []onepoint.Transaction {
	out := make([]onepoint.Transaction, len(entries))
	for i, e := range entries {
		out[i] = c.transaction(e)
	}
	return out
}

// transaction shows an entry as the bank's APIs do.
func (c *Core) transaction(e Entry) onepoint.Transaction {
	t := onepoint.Transaction{
		ID: e.ID(), Reference: e.Reference, Status: e.Status, Amount: e.Amount,
		BookingDate: onepoint.DateOf(e.BookedAt.In(c.zone)), ValueDate: e.ValueDate, BookedAt: e.BookedAt.In(c.zone),
		Information: e.Information, Counterparty: e.Counterparty, Merchant: e.Merchant, Exchange: e.Exchange,
		BankCode: e.BankCode, ProprietaryCode: e.ProprietaryCode,
	}
	if t.ValueDate.IsZero() {
		t.ValueDate = t.BookingDate
	}
	if e.Status == onepoint.StatusBooked {
		t.BalanceAfter = &onepoint.Balance{Type: onepoint.BalanceInterimBooked, Amount: e.BalanceAfter, At: t.BookedAt}
	}
	return t
}

// AccountTruth is everything the books hold about one account.
type AccountTruth struct {
	Account      onepoint.Account
	Balances     []onepoint.Balance
	Transactions []onepoint.Transaction // newest first
}

// Truth returns every account of a customer with every entry, straight from the
// books: no paging, no consent. Tests and measurements compare with it.
func (c *Core) Truth(ctx context.Context, customer string) ([]AccountTruth, error) {
	accounts, err := c.Accounts(ctx, customer)
	if err != nil {
		return nil, err
	}
	truth := make([]AccountTruth, len(accounts))
	for i, a := range accounts {
		entries, err := c.store.Entries(ctx, a.ID, Range{})
		if err != nil {
			return nil, onepoint.E("", "read books", "", err)
		}
		balances, err := c.Balances(ctx, a.ID)
		if err != nil {
			return nil, err
		}
		truth[i] = AccountTruth{Account: a, Balances: balances, Transactions: c.transactions(entries)}
	}
	return truth, nil
}
