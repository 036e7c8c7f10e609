package as

import (
	"context"
	"time"
)

// SessionKind says what a session is.
type SessionKind string

// The kinds of sessions.
const (
	SessionVisit        SessionKind = "visit"        // a customer at the bank's own pages
	SessionDevice       SessionKind = "device"       // a phone that a customer enrolled
	SessionConfirmation SessionKind = "confirmation" // what waits for a customer's phone
)

// Session is something of a customer's that no TPP began. It is found by a
// random handle of which only the hash is stored.
type Session struct {
	Kind     SessionKind
	Hash     []byte // SHA-256 of the handle
	Customer string // empty before the login
	Data     []byte // JSON of the kind's own
	Spent    bool
	Expires  time.Time
}

// Factor is where a customer's second factor stands.
type Factor struct {
	Customer    string
	Secret      string    // base32; empty: none of their own
	Failures    int       // wrong codes in a row
	LockedUntil time.Time // zero when not locked
	Strong      time.Time // when it last succeeded; zero: never
}

// Sessions stores sessions and second factors.
type Sessions interface {
	// PutSession writes a session, new or known.
	PutSession(ctx context.Context, s Session) error
	// Session finds one, spent or not, expired or not. CodeNotFound.
	Session(ctx context.Context, k SessionKind, hash []byte) (Session, error)
	// SessionsOf lists a customer's that are neither spent nor expired.
	SessionsOf(ctx context.Context, k SessionKind, customer string, now time.Time) ([]Session, error)
	// SpendSession marks a session spent. CodeConflict when it was before.
	SpendSession(ctx context.Context, k SessionKind, hash []byte) error

	// Factor returns a customer's. One that was never used is the zero Factor.
	Factor(ctx context.Context, customer string) (Factor, error)
	// TryFactor counts a try before it is judged, so that tries at once count too.
	// The try that makes most of them locks until a time. CodeRateLimited while it
	// is locked.
	TryFactor(ctx context.Context, customer string, most int, now, until time.Time) error
	// FactorPassed forgets the failures and remembers when it succeeded.
	FactorPassed(ctx context.Context, customer string, at time.Time) error
}
