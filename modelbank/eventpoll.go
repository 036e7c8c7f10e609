package modelbank

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

// PollEvents implements [obie.EventBank]. An event is given again until it is
// acknowledged: a TPP that dies before it has stored one loses nothing.
func (s *Events) PollEvents(ctx context.Context, tpp onepoint.TPP, p obie.EventPoll) (obie.EventBatch, error) {
	const op = "poll events"
	if len(p.Ack) > 0 || len(p.Errors) > 0 {
		if err := s.Outbox.SettleEvents(ctx, tpp.ClientID, p.Ack, p.Errors, s.Now()); err != nil {
			return obie.EventBatch{}, onepoint.E("", op, "", err)
		}
		for id, fault := range p.Errors {
			s.Log.WarnContext(ctx, "event refused by its TPP", "client", tpp.ClientID, "event", id, "fault", fault.Code)
		}
	}
	limit := p.Max
	if limit < 0 || limit > mostEvents {
		limit = mostEvents
	}
	found, err := s.look(ctx, tpp.ClientID, p, limit)
	if err != nil {
		return obie.EventBatch{}, onepoint.E("", op, "", err)
	}
	batch := obie.EventBatch{Sets: map[string]string{}, More: len(found) > limit}
	for _, n := range found[:min(limit, len(found))] {
		if batch.Sets[n.ID], err = s.sign(n); err != nil {
			return obie.EventBatch{}, onepoint.E("", op, "", err)
		}
	}
	return batch, nil
}

// look finds one more than asked for, to know whether there are more; it waits
// for the first where the TPP lets it.
func (s *Events) look(ctx context.Context, clientID string, p obie.EventPoll, limit int) ([]Notification, error) {
	found, err := s.Outbox.WaitingEvents(ctx, clientID, p.Scopes, limit+1)
	if err != nil || len(found) > 0 || limit == 0 || !p.Wait {
		return found, err
	}
	select {
	case s.waiting <- struct{}{}:
		defer func() { <-s.waiting }()
	default:
		return nil, nil // enough wait already
	}
	end := time.NewTimer(s.LongPoll)
	defer end.Stop()
	again := time.NewTicker(pollPause)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-end.C:
			return nil, nil
		case <-again.C:
		}
		if found, err = s.Outbox.WaitingEvents(ctx, clientID, p.Scopes, limit+1); err != nil || len(found) > 0 {
			return found, err
		}
	}
}

// sign makes the token anew each time: it is fresh, and signed by the key of the
// day. Its id stays.
func (s *Events) sign(n Notification) (string, error) { return signEvent(s.Issuer, n, s.Now()) }

func signEvent(i obie.EventIssuer, n Notification, now time.Time) (string, error) {
	sub := obie.EventSubscription{Version: n.Version}
	return i.Sign(obie.SecurityEvent{ID: n.ID, Type: n.Type, Resource: n.Resource, Txn: n.Txn, At: n.At, Issued: now}, n.ClientID, sub.Path())
}
