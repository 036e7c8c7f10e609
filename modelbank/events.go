package modelbank

import (
	"context"
	"log/slog"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

const (
	mostEvents  = 100                    // of one answer to a poll
	longPolls   = 64                     // that wait at the same time; more are answered at once
	defaultWait = 10 * time.Second       // how long a poll waits for an event
	pollPause   = 200 * time.Millisecond // between looks for one
)

// EventsConfig is what the bank's events need.
type EventsConfig struct {
	Subscribers EventSubscriptions
	Outbox      EventOutbox
	Issuer      obie.EventIssuer
	// Sandbox lets callbacks be on private addresses, and on http where they are
	// loopback.
	Sandbox  bool
	LongPoll time.Duration // how long a poll may wait; 0 means 10 s
	Now      onepoint.Clock
	NewID    onepoint.IDs
	Log      *slog.Logger
}

// Events is the bank's desk for events: who wants them, and who fetches them. It
// implements [obie.EventBank] and is safe for concurrent use.
type Events struct {
	EventsConfig
	waiting chan struct{} // one for each poll that waits
}

var _ obie.EventBank = (*Events)(nil)

// NewEvents makes the desk.
func NewEvents(c EventsConfig) *Events {
	if c.LongPoll == 0 {
		c.LongPoll = defaultWait
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Events{EventsConfig: c, waiting: make(chan struct{}, longPolls)}
}

// Publish tells TPPs of events that commit with no row of the bank's own.
func (s *Events) Publish(ctx context.Context, events ...Event) error {
	for i := range events {
		if events[i].At.IsZero() {
			events[i].At = s.Now().UTC()
		}
	}
	if err := s.Outbox.PublishEvents(ctx, events...); err != nil {
		return onepoint.E("", "publish event", "", err)
	}
	return nil
}

// Subscribe implements [obie.EventBank].
func (s *Events) Subscribe(ctx context.Context, tpp onepoint.TPP, sub obie.EventSubscription) (obie.EventSubscription, error) {
	if err := callable(sub, s.Sandbox); err != nil {
		return sub, err
	}
	sub.ID = s.NewID("evs")
	if err := s.Subscribers.CreateEventSubscription(ctx, tpp.ClientID, sub, s.Now()); err != nil {
		if onepoint.CodeOf(err) == onepoint.CodeConflict {
			err = onepoint.E(onepoint.CodeConflict, "subscribe to events", "there is a subscription already: change it, or delete it first", err)
		}
		return sub, onepoint.E("", "subscribe to events", "", err)
	}
	s.Log.InfoContext(ctx, "events subscribed", "client", tpp.ClientID, "kind", sub.Kind, "subscription", sub.ID)
	return sub, nil
}

// Subscriptions implements [obie.EventBank].
func (s *Events) Subscriptions(ctx context.Context, tpp onepoint.TPP, kind string) ([]obie.EventSubscription, error) {
	subs, err := s.Subscribers.EventSubscriptions(ctx, tpp.ClientID, kind)
	if err != nil {
		return nil, onepoint.E("", "list event subscriptions", "", err)
	}
	return subs, nil
}

// ChangeSubscription implements [obie.EventBank].
func (s *Events) ChangeSubscription(ctx context.Context, tpp onepoint.TPP, sub obie.EventSubscription) (obie.EventSubscription, error) {
	const op = "change event subscription"
	if err := s.own(ctx, tpp, sub.Kind, sub.ID); err != nil {
		return sub, err
	}
	if err := callable(sub, s.Sandbox); err != nil {
		return sub, err
	}
	if err := s.Subscribers.ReplaceEventSubscription(ctx, sub, s.Now()); err != nil {
		return sub, onepoint.E("", op, "", err)
	}
	return sub, nil
}

// Unsubscribe implements [obie.EventBank].
func (s *Events) Unsubscribe(ctx context.Context, tpp onepoint.TPP, kind, id string) error {
	if err := s.own(ctx, tpp, kind, id); err != nil {
		return err
	}
	if err := s.Subscribers.DeleteEventSubscription(ctx, kind, id, s.Now()); err != nil {
		return onepoint.E("", "delete event subscription", "", err)
	}
	s.Log.InfoContext(ctx, "events unsubscribed", "client", tpp.ClientID, "kind", kind, "subscription", id)
	return nil
}

func (s *Events) own(ctx context.Context, tpp onepoint.TPP, kind, id string) error {
	const op = "find event subscription"
	client, err := s.Subscribers.EventSubscriber(ctx, kind, id)
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	if tpp.ClientID == "" || client != tpp.ClientID {
		return onepoint.E(onepoint.CodeForbidden, op, "the subscription is another TPP's", nil)
	}
	return nil
}
