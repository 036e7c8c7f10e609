package modelbank

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint/standard/obie"
)

// EventSubscriptions keeps where TPPs want their events. A client has one at
// most: a subscription takes the place of a callback URL.
type EventSubscriptions interface {
	// CreateEventSubscription stores one. CodeConflict when the client has one that
	// it does not supersede.
	CreateEventSubscription(ctx context.Context, clientID string, s obie.EventSubscription, now time.Time) error
	EventSubscriptions(ctx context.Context, clientID, kind string) ([]obie.EventSubscription, error)
	EventSubscriber(ctx context.Context, kind, id string) (clientID string, err error) // CodeNotFound
	// ReplaceEventSubscription changes one; without a callback URL nothing that
	// waits is pushed any more. CodeNotFound.
	ReplaceEventSubscription(ctx context.Context, s obie.EventSubscription, now time.Time) error
	// DeleteEventSubscription ends one and drops what waits. CodeNotFound.
	DeleteEventSubscription(ctx context.Context, kind, id string, now time.Time) error
}

// EventOutbox keeps events until their TPP has them.
type EventOutbox interface {
	// PublishEvents writes an event for its TPP, when that one wants such. An id that
	// is there already is written once.
	PublishEvents(ctx context.Context, events ...Event) error
	// WaitingEvents are the oldest events that a TPP does not have yet.
	WaitingEvents(ctx context.Context, clientID string, scopes []string, limit int) ([]Notification, error)
	// SettleEvents takes a TPP's word on events; ids that are not its own, or that
	// do not wait, change nothing.
	SettleEvents(ctx context.Context, clientID string, acked []string, faults map[string]obie.EventError, now time.Time) error
}

// EventDeliveries is the outbox as the one who pushes sees it.
type EventDeliveries interface {
	// ClaimEvents takes events that are due, one of each client and none of busy
	// ones. A claim counts as an attempt; when nothing is recorded until the lease
	// ends, the event is due again.
	ClaimEvents(ctx context.Context, now time.Time, lease time.Duration, busy []string, limit int) ([]Notification, error)
	// RecordDelivery logs an attempt; next is when to try again, zero for never.
	RecordDelivery(ctx context.Context, d Delivery, next time.Time) error
	// Deliveries are the attempts to push an event of a TPP.
	Deliveries(ctx context.Context, clientID, eventID string) ([]Delivery, error)
	// PruneEvents forgets events that happened before.
	PruneEvents(ctx context.Context, before time.Time) error
}
