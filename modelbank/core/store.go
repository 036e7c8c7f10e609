package core

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
)

// Store keeps the bank's rows.
type Store interface {
	Logins
	Accounts
	Books
	Information
	Statements
}

// Logins keeps who can log in.
type Logins interface {
	CustomerByLogin(ctx context.Context, login string) (Customer, error) // CodeNotFound
	// LoginFailed counts one more failure; from limit on, it starts the count again
	// and locks the customer until the time given.
	LoginFailed(ctx context.Context, customer string, limit int, until time.Time) error
	// LoginSucceeded forgets the failures.
	LoginSucceeded(ctx context.Context, customer string) error
}

// Accounts keeps accounts with where they stand.
type Accounts interface {
	// CustomerAccounts returns the accounts of which the customer is a holder, in
	// the order in which they became one.
	CustomerAccounts(ctx context.Context, customer string) ([]Account, error)
	Account(ctx context.Context, id string) (Account, error) // CodeNotFound
	// AccountByIdentifier finds a customer's account. CodeNotFound.
	AccountByIdentifier(ctx context.Context, id onepoint.Identifier) (Account, error)
}

// Books keeps the journal. Each method is one transaction.
type Books interface {
	// Post locks the accounts of the movements, lets [Apply] work on their
	// positions, and writes the result. Internal accounts come into being with
	// their first entry. CodeNotFound for an unknown account, CodeConflict for a
	// movement id that exists.
	Post(ctx context.Context, movements []Movement) ([]Entry, error)
	// Resolve does the same for a movement's pending entries with fn, [Settle] or
	// [Release]. CodeNotFound for an unknown movement.
	Resolve(ctx context.Context, movement string, fn func(Positions, []Entry) ([]Entry, error)) ([]Entry, error)
	// Entries reads entries of one account that are not released, newest first.
	Entries(ctx context.Context, account string, r Range) ([]Entry, error)
	// Load writes everything in the batch, or nothing and false when a batch of
	// that name was loaded before.
	Load(ctx context.Context, name string, at time.Time, b Batch) (bool, error)
}

// Range says which entries of an account to read. Zero values do not limit.
type Range struct {
	From      time.Time // booked at or after
	Before    time.Time // booked before
	Direction Direction
	Booked    bool  // leave out what is pending
	After     Place // continue after this entry
	Back      bool  // the entries newer than After that are next to it; the oldest when After is zero
	Limit     int
}

// Place is an entry's place in the statement.
type Place struct {
	BookedAt time.Time
	Seq      int64
}

// Direction picks credits or debits; the zero value is both.
type Direction string

// The directions.
const (
	Credits Direction = "credits" // amounts of zero and more
	Debits  Direction = "debits"
)

// Batch is data to load as a whole: customers and accounts are new, movements
// are in the order in which they happened.
type Batch struct {
	Customers []Customer
	Accounts  []Account
	Movements []Movement

	Beneficiaries     []onepoint.Beneficiary
	DirectDebits      []onepoint.DirectDebit
	StandingOrders    []onepoint.StandingOrder
	ScheduledPayments []onepoint.ScheduledPayment
	Offers            []onepoint.Offer
	Parties           []onepoint.Party // by customer id
}
