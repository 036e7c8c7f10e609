package tpp

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/onepointledger/onepoint"
)

// EventBankEvent is a platform event: a bank told of something. Its subject is
// the connection or the payment, or, where there is none, the bank's own id.
const EventBankEvent onepoint.EventType = "bank.event"

// BankEventKind says what a bank's event tells.
type BankEventKind string

// The kinds.
const (
	BankConsentRevoked  BankEventKind = "consent_revoked"
	BankAccountsChanged BankEventKind = "accounts_changed" // of a consent
	BankResourceChanged BankEventKind = "resource_changed"
)

// BankEvent is one event of a bank, verified.
type BankEvent struct {
	Workspace    string
	Bank         string
	ID           string // unique at the bank: jti
	Kind         BankEventKind
	ResourceType string // the bank's word
	ResourceID   string
	At           time.Time
	Received     time.Time
}

// BankEventStore keeps which events were taken. TakeBankEvent is one
// transaction: the id, what fn changes, and the events fn returns commit
// together, or, when the id is known, nothing does and fresh is false. fn gets
// the connection with the consent that the event is about, or nil.
type BankEventStore interface {
	TakeBankEvent(ctx context.Context, e BankEvent, fn func(*Connection) ([]onepoint.Event, error)) (fresh bool, err error)
	// PaymentOfBank finds a payment by the bank's id. CodeNotFound.
	PaymentOfBank(ctx context.Context, workspace, bank, bankID string) (Payment, error)
	// PruneBankEvents forgets ids received before.
	PruneBankEvents(ctx context.Context, before time.Time) error
}

// BankEventSource is one bank that tells events, as a registered client. It
// verifies: errors of Verify are [onepoint.CodeSignatureInvalid] and
// [onepoint.CodeInvalid] for a token that will never be believed, anything else
// when it cannot be judged now.
type BankEventSource interface {
	Verify(ctx context.Context, token string) (BankEvent, error)
	Poll(ctx context.Context, p BankEventPoll) (BankEventBatch, error)
}

// BankEventPoll acknowledges events and asks for more.
type BankEventPoll struct {
	Max      int // 0 only acknowledges
	Wait     bool
	Accepted []string
	Refused  map[string]string // ids that cannot be believed, with why
}

// BankEventBatch is what a poll gave: tokens by id.
type BankEventBatch struct {
	Tokens map[string]string
	More   bool
}

// BankEvents takes events from banks, pushed or polled.
type BankEvents struct {
	Store  BankEventStore
	Source func(ctx context.Context, workspace, bank string) (BankEventSource, error) // CodeNotFound, CodeConflict
	Now    onepoint.Clock
	Log    *slog.Logger
}

// Receive takes a token that a bank pushed. nil means that it is stored, now or
// before: the bank need not send it again.
func (b *BankEvents) Receive(ctx context.Context, workspace, bank, token string) error {
	source, err := b.Source(ctx, workspace, bank)
	if err != nil {
		return err
	}
	e, err := source.Verify(ctx, token)
	if err != nil {
		return err
	}
	return b.take(ctx, workspace, bank, e)
}

// take stores an event with its effect.
func (b *BankEvents) take(ctx context.Context, workspace, bank string, e BankEvent) error {
	e.Workspace, e.Bank, e.Received = workspace, bank, b.Now()
	var payment Payment
	var err error
	if payment, err = b.Store.PaymentOfBank(ctx, workspace, bank, e.ResourceID); err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return onepoint.E("", "take event", "", err)
	}
	fresh, err := b.Store.TakeBankEvent(ctx, e, func(c *Connection) ([]onepoint.Event, error) { return e.effect(c, payment), nil })
	if err != nil {
		return onepoint.E("", "take event", "", err)
	}
	b.Log.InfoContext(ctx, "event of a bank", "bank", bank, "event", e.ID, "kind", e.Kind, "resource", e.ResourceType, "fresh", fresh)
	return nil
}

// effect is what an event changes here. An event only points: where it may be
// older than what we know, the bank is asked.
func (e BankEvent) effect(c *Connection, p Payment) []onepoint.Event {
	subject := e.ResourceID
	switch {
	case c != nil:
		subject = c.ID
	case p.ID != "":
		subject = p.ID
	}
	told := []onepoint.Event{e.told(subject)}
	if c == nil || c.Status != ConnectionActive {
		return told
	}
	renewed := c.Updated.After(e.At.Add(time.Second)) // toe is in whole seconds
	switch {
	case e.Kind == BankConsentRevoked && !renewed:
		c.Status, c.Message, c.Updated = ConnectionNeedsReauth, "the permission was withdrawn at the bank; connect the bank again", e.Received
		return append(told, event(onepoint.EventConnectionChanged, *c))
	case c.Purpose != PurposeFunds:
		return append(told, event(onepoint.EventSyncRequested, *c))
	}
	return told
}

func (e BankEvent) told(subject string) onepoint.Event {
	data, err := json.Marshal(map[string]string{"bank": e.Bank, "kind": string(e.Kind), "resource": e.ResourceType})
	if err != nil {
		panic(err) // three strings always encode
	}
	return onepoint.Event{Type: EventBankEvent, Subject: subject, Data: data}
}
