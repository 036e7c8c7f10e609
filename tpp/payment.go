package tpp

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
)

// Payment is one payment from the wish to the money's arrival. Its ID is the
// idempotency key at the bank.
type Payment struct {
	Workspace string
	ID        string
	Bank      string // profile id
	Key       string // the caller's idempotency key
	Status    onepoint.PaymentStatus
	Order     onepoint.Payment
	BankID    string // the bank's id of what the user authorises
	BankCode  string // the bank's word for the status
	Message   string // why it was rejected, or what went wrong
	CreatedBy string // user id, or empty when an API key made it
	Redirect  string // where the user must go, while awaiting
	StateHash []byte // SHA-256 of the OAuth state; nil once used
	Journey   []byte // sealed
	Grant     []byte // sealed; nil before the user agreed and after the end
	Submitted bool   // the bank may have the order: ask before giving it again
	Created   time.Time
	Updated   time.Time
}

// Payments stores payments. UpdatePayment is one transaction: the row and the
// events that fn returns commit together; fn may run again on conflict.
type Payments interface {
	// CreatePayment stores a payment, or returns the one that has its key.
	CreatePayment(ctx context.Context, p Payment, events ...onepoint.Event) (stored Payment, created bool, err error)
	Payment(ctx context.Context, workspace, id string) (Payment, error)    // CodeNotFound
	PaymentByState(ctx context.Context, stateHash []byte) (Payment, error) // CodeNotFound
	Payments(ctx context.Context, workspace string) ([]Payment, error)     // newest first
	UpdatePayment(ctx context.Context, workspace, id string, fn func(*Payment) ([]onepoint.Event, error)) (Payment, error)
}
