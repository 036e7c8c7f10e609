package core

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
)

// Position is where an account stands, in minor units of its currency.
type Position struct {
	Account    string
	Currency   onepoint.Currency
	Closed     bool
	Booked     int64     // sum of booked entries
	PendingIn  int64     // sum of pending credits
	PendingOut int64     // sum of pending debits, zero or negative
	Seq        int64     // of the last entry
	LastBooked time.Time // of the last booked entry

	CreditLimit int64 // arranged overdraft or card limit
}

// available is what may leave the account now.
func (p *Position) available() int64 { return p.Booked + p.PendingOut + p.CreditLimit }

// Positions holds the positions that a posting may change, by account id.
type Positions map[string]*Position

// No balance of real money comes near; keeps every sum of two inside an int64.
const maxMinor = 1 << 61

// Apply posts movements to positions and returns their entries. It changes the
// positions and not the movements. An entry is never booked earlier than the one
// before it on its account: it takes that one's instant instead. Errors:
// CodeInvalid for legs that do not balance or are in another currency than the
// account, CodeNotFound for an account without a position, CodeConflict for a
// closed one.
func Apply(pos Positions, movements []Movement) ([]Entry, error) {
	entries := make([]Entry, 0, 2*len(movements))
	for _, m := range movements {
		if err := m.validate(); err != nil {
			return nil, err
		}
		for i, leg := range m.Legs {
			p := pos[leg.Account]
			switch {
			case p == nil:
				return nil, onepoint.E(onepoint.CodeNotFound, "post movement", "there is no such account", nil)
			case p.Closed:
				return nil, onepoint.E(onepoint.CodeConflict, "post movement", "the account is closed", nil)
			case p.Currency != leg.Amount.Currency:
				return nil, onepoint.Missing("post movement", "Legs", "the amount is not in the account's currency")
			}
			e := Entry{
				Movement: m.ID, Leg: i + 1, Account: leg.Account, BookedAt: m.At.Truncate(time.Microsecond),
				Status: onepoint.StatusPending, Amount: leg.Amount, Statement: leg.Statement,
			}
			if err := p.enter(&e, m.Pending); err != nil {
				return nil, err
			}
			entries = append(entries, e)
		}
		if p := pos[m.Covered]; p != nil && p.available() < 0 {
			return nil, onepoint.E(onepoint.CodeConflict, "post movement", "the account has not enough funds", ErrFunds)
		}
	}
	return entries, nil
}

// enter gives the entry its place and moves the sums by its amount.
func (p *Position) enter(e *Entry, pending bool) error {
	minor, err := e.Amount.Minor()
	if err != nil {
		return onepoint.E("", "post entry", "", err)
	}
	p.Seq++
	e.Seq = p.Seq
	if pending {
		return p.hold(minor)
	}
	if p.Booked, err = bounded(p.Booked + minor); err != nil {
		return err
	}
	if e.BookedAt.Before(p.LastBooked) {
		e.BookedAt = p.LastBooked
	}
	p.LastBooked = e.BookedAt
	e.Status = onepoint.StatusBooked
	e.BalanceAfter = onepoint.MinorMoney(p.Booked, p.Currency)
	return nil
}

// hold adds to the pending sums; a negative of what was held takes it back out.
func (p *Position) hold(minor int64) (err error) {
	if minor < 0 {
		p.PendingOut, err = bounded(p.PendingOut + minor)
	} else {
		p.PendingIn, err = bounded(p.PendingIn + minor)
	}
	return err
}

func (p *Position) unhold(e Entry) error {
	minor, err := e.Amount.Minor()
	if err != nil {
		return onepoint.E("", "resolve entry", "", err)
	}
	if minor < 0 {
		p.PendingOut -= minor
	} else {
		p.PendingIn -= minor
	}
	return nil
}

func bounded(minor int64) (int64, error) {
	if minor >= maxMinor || minor <= -maxMinor {
		return 0, onepoint.E(onepoint.CodeInvalid, "post entry", "the balance would be larger than the books can hold", nil)
	}
	return minor, nil
}

// Settle books pending entries at the instant given: they keep their id and move
// to the top of the statement. CodeConflict when they are not pending.
func Settle(at time.Time) func(Positions, []Entry) ([]Entry, error) {
	return func(pos Positions, entries []Entry) ([]Entry, error) {
		return resolve(pos, entries, func(p *Position, e *Entry) error {
			e.BookedAt = at.Truncate(time.Microsecond)
			return p.enter(e, false)
		})
	}
}

// Release ends pending entries without booking them. CodeConflict when they are
// not pending.
func Release(pos Positions, entries []Entry) ([]Entry, error) {
	return resolve(pos, entries, func(_ *Position, e *Entry) error {
		e.Status = statusReleased
		return nil
	})
}

func resolve(pos Positions, entries []Entry, end func(*Position, *Entry) error) ([]Entry, error) {
	out := make([]Entry, 0, len(entries))
	for _, e := range entries {
		p := pos[e.Account]
		if p == nil || e.Status != onepoint.StatusPending {
			return nil, onepoint.E(onepoint.CodeConflict, "resolve movement", "the movement is not pending", nil)
		}
		if err := p.unhold(e); err != nil {
			return nil, err
		}
		if err := end(p, &e); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// Post puts one movement into the books and returns its entries. Errors are
// those of [Apply], and CodeConflict for a movement id that was posted before.
func (c *Core) Post(ctx context.Context, m Movement) ([]Entry, error) {
	if m.ID == "" {
		m.ID = c.newID("mov")
	}
	if m.At.IsZero() {
		m.At = c.now()
	}
	if err := m.validate(); err != nil {
		return nil, err
	}
	entries, err := c.store.Post(ctx, []Movement{m})
	if err != nil {
		return nil, onepoint.E("", "post movement", "", err)
	}
	return entries, nil
}

// Book books a pending movement now. CodeNotFound for an unknown one,
// CodeConflict for one that is not pending.
func (c *Core) Book(ctx context.Context, movement string) ([]Entry, error) {
	entries, err := c.store.Resolve(ctx, movement, Settle(c.now()))
	if err != nil {
		return nil, onepoint.E("", "book pending movement", "", err)
	}
	return entries, nil
}

// Release ends a pending movement that will never be booked; the errors are
// those of Book.
func (c *Core) Release(ctx context.Context, movement string) error {
	if _, err := c.store.Resolve(ctx, movement, Release); err != nil {
		return onepoint.E("", "release pending movement", "", err)
	}
	return nil
}
