package core

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
)

// statementDelay is how long after its end a month is summed up: what was
// posted in its last moment is in the books by then.
const statementDelay = time.Hour

// Month is one month of an account's books that is over. Sums are signed, in
// minor units of the account's currency.
type Month struct {
	Account  string
	Currency onepoint.Currency
	Start    time.Time
	End      time.Time // the first instant after it
	Opening  int64
	Closing  int64
	Credits  int64
	Debits   int64
	Fees     int64
	Interest int64
}

// Statements keeps months that are over.
type Statements interface {
	// Months returns the months of the accounts that were summed up, oldest first.
	Months(ctx context.Context, accounts []string) ([]Month, error)
	// SumUp sums up the intervals between the bounds that fn makes of the instant of
	// the account's first booked entry, and keeps those that are not kept yet. It
	// does not call fn for an account without entries.
	SumUp(ctx context.Context, account string, fn func(first time.Time) []time.Time) error
}

// Statements returns a statement for each month of the accounts that is over,
// from their first entry on, newest first and account by account. They are
// summed up when they are first asked for, so a read costs no more for an account
// with a long history.
func (c *Core) Statements(ctx context.Context, accounts []string) ([]onepoint.Statement, error) {
	const op = "list statements"
	months, err := c.store.Months(ctx, accounts)
	if err != nil {
		return nil, onepoint.E("", op, "", err)
	}
	stale, err := c.catchUp(ctx, accounts, months)
	if err != nil {
		return nil, onepoint.E("", op, "", err)
	}
	if stale {
		if months, err = c.store.Months(ctx, accounts); err != nil {
			return nil, onepoint.E("", op, "", err)
		}
	}
	byAccount := map[string][]onepoint.Statement{}
	for i := len(months) - 1; i >= 0; i-- {
		m := months[i]
		byAccount[m.Account] = append(byAccount[m.Account], c.statement(m))
	}
	var list []onepoint.Statement
	for _, a := range accounts {
		list = append(list, byAccount[a]...)
	}
	return list, nil
}

// catchUp sums up months that have ended since an account was last looked at.
func (c *Core) catchUp(ctx context.Context, accounts []string, months []Month) (stale bool, err error) {
	current := c.monthOf(c.now().Add(-statementDelay))
	upTo := map[string]time.Time{}
	for _, m := range months {
		upTo[m.Account] = m.End
	}
	for _, a := range accounts {
		if upTo[a].Equal(current) {
			continue
		}
		stale = true
		if err := c.store.SumUp(ctx, a, func(first time.Time) []time.Time { return c.monthsFrom(first, current) }); err != nil {
			return stale, err
		}
	}
	return stale, nil
}

// monthOf is the first instant of the month of t, at the bank.
func (c *Core) monthOf(t time.Time) time.Time {
	t = t.In(c.zone)
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, c.zone)
}

// monthsFrom are the beginnings of months from that of first to current.
func (c *Core) monthsFrom(first, current time.Time) []time.Time {
	var bounds []time.Time
	for m := c.monthOf(first); !m.After(current); m = time.Date(m.Year(), m.Month()+1, 1, 0, 0, 0, 0, c.zone) {
		bounds = append(bounds, m)
	}
	return bounds
}

// statementID names a month of an account.
func statementID(account string, start time.Time) string { return account + start.Format(".200601") }

func (c *Core) statement(m Month) onepoint.Statement {
	money := func(minor int64) onepoint.Money { return onepoint.MinorMoney(minor, m.Currency) }
	start := m.Start.In(c.zone)
	return onepoint.Statement{
		ID: statementID(m.Account, start), Account: m.Account, Reference: start.Format("2006-01"), Type: onepoint.StatementRegular,
		Start: start, End: m.End.In(c.zone).Add(-time.Second), Created: m.End.In(c.zone).Add(statementDelay),
		Opening: money(m.Opening), Closing: money(m.Closing), Credits: money(m.Credits), Debits: money(-m.Debits),
		Fees: money(-m.Fees), Interest: money(m.Interest),
	}
}

// StatementEntries returns one page of what was booked in a statement's period,
// within the limits of q besides. CodeInvalid for a cursor that this bank did
// not make.
func (c *Core) StatementEntries(ctx context.Context, s onepoint.Statement, q Query) (onepoint.TransactionPage, error) {
	q.BookedOnly = true
	return c.Entries(ctx, s.Account, q.Within(s.Start, s.End.Add(time.Second-time.Microsecond)))
}
