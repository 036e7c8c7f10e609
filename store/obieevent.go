package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/standard/obie"
)

var _ modelbank.EventOutbox = (*Bank)(nil)

const (
	notificationColumns = `SELECT n.jti, n.client_id, n.type, n.resource_type, n.resource_id, n.txn, n.at, n.state, n.attempts, s.callback_url, s.version
		FROM event_notifications n JOIN event_subscriptions s ON s.client_id = n.client_id `
	mostSettled = 500 // ids of one statement
)

func scanNotification(row interface{ Scan(...any) error }) (modelbank.Notification, error) {
	var n modelbank.Notification
	var at int64
	err := row.Scan(&n.ID, &n.ClientID, &n.Type, &n.Resource.Type, &n.Resource.ID, &n.Txn, &at, &n.State, &n.Attempts, &n.CallbackURL, &n.Version)
	n.At = fromMicros(at)
	return n, err
}

// PublishEvents implements [modelbank.EventOutbox].
func (b *Bank) PublishEvents(ctx context.Context, events ...modelbank.Event) error {
	if len(events) == 0 {
		return nil
	}
	return b.tx(ctx, func(tx *sql.Tx) error { return b.PublishIn(ctx, tx, events...) })
}

// PublishIn writes events in the transaction of the row they tell of, so that
// both are there or neither. A TPP that did not subscribe gets nothing.
func (b *Bank) PublishIn(ctx context.Context, tx *sql.Tx, events ...modelbank.Event) error {
	for _, e := range events {
		s, err := scanSubscription(tx.QueryRowContext(ctx, subscriptionColumns+`WHERE client_id = $1`+b.forShare(), e.ClientID))
		if errors.Is(err, sql.ErrNoRows) || err == nil && !s.Wants(e.Type) {
			continue
		}
		if err != nil {
			return failed("find event subscription", err)
		}
		if e = e.Named(); e.At.IsZero() {
			e.At = time.Now()
		}
		due := int64(0)
		if s.CallbackURL != "" {
			due = 1 // at once, whatever clock the event was told by
		}
		_, err = tx.ExecContext(ctx,
			`INSERT INTO event_notifications (jti, client_id, type, scope, resource_type, resource_id, txn, at, state, attempts, due, ended, fault, fault_description)
			 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, 0, '', '') ON CONFLICT (jti) DO NOTHING`,
			e.ID, e.ClientID, string(e.Type), e.Resource.Scope(), e.Resource.Type, e.Resource.ID, e.Txn, micros(e.At), string(modelbank.EventWaiting), due)
		if err != nil {
			return failed("write event", err)
		}
	}
	return nil
}

// forShare keeps the row that a SELECT finds as it is until the transaction ends:
// a subscription that ends meanwhile ends after, and drops this event as well.
func (b *Bank) forShare() string {
	if b.dialect == Postgres {
		return " FOR SHARE"
	}
	return ""
}

// WaitingEvents implements [modelbank.EventOutbox].
func (b *Bank) WaitingEvents(ctx context.Context, clientID string, scopes []string, limit int) ([]modelbank.Notification, error) {
	if len(scopes) == 0 {
		return nil, nil
	}
	args := []any{clientID, limit}
	for _, s := range scopes {
		args = append(args, s)
	}
	return collect(ctx, b.DB, "read events", scanNotification, notificationColumns+
		`WHERE n.client_id = $1 AND n.state = 'waiting' AND n.scope IN (`+placeholders(3, len(scopes))+`) ORDER BY n.at, n.jti LIMIT $2`, args...)
}

// SettleEvents implements [modelbank.EventOutbox].
func (b *Bank) SettleEvents(ctx context.Context, clientID string, acked []string, faults map[string]obie.EventError, now time.Time) error {
	return b.tx(ctx, func(tx *sql.Tx) error {
		for ids := range slices.Chunk(acked, mostSettled) {
			args := []any{clientID, micros(now), string(modelbank.EventAcknowledged)}
			for _, id := range ids {
				args = append(args, id)
			}
			_, err := tx.ExecContext(ctx, `UPDATE event_notifications SET state = $3, due = 0, ended = $2
				WHERE client_id = $1 AND state = 'waiting' AND jti IN (`+placeholders(4, len(ids))+`)`, args...)
			if err != nil {
				return failed("acknowledge events", err)
			}
		}
		for id, f := range faults {
			_, err := tx.ExecContext(ctx, `UPDATE event_notifications SET state = $3, due = 0, ended = $2, fault = $5, fault_description = $6
				WHERE client_id = $1 AND state = 'waiting' AND jti = $4`, clientID, micros(now), string(modelbank.EventFailed), id, f.Code, f.Description)
			if err != nil {
				return failed("fail event", err)
			}
		}
		return nil
	})
}

const subscriptionColumns = `SELECT id, kind, callback_url, version, event_types FROM event_subscriptions `

func scanSubscription(row interface{ Scan(...any) error }) (obie.EventSubscription, error) {
	var s obie.EventSubscription
	var types string
	if err := row.Scan(&s.ID, &s.Kind, &s.CallbackURL, &s.Version, &types); err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(types), &s.EventTypes); err != nil {
		return s, fmt.Errorf("decode event types: %w", err)
	}
	return s, nil
}
