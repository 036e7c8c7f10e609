package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/standard/obie"
)

var _ modelbank.EventSubscriptions = (*Bank)(nil)

// CreateEventSubscription implements [modelbank.EventSubscriptions].
func (b *Bank) CreateEventSubscription(ctx context.Context, clientID string, s obie.EventSubscription, now time.Time) error {
	types, err := eventTypesText(s)
	if err != nil {
		return err
	}
	return b.tx(ctx, func(tx *sql.Tx) error {
		if s.Kind == obie.EventSubscriptionKind {
			_, err := tx.ExecContext(ctx, `DELETE FROM event_subscriptions WHERE client_id = $1 AND kind = $2`, clientID, obie.CallbackURLKind)
			if err != nil {
				return failed("supersede callback address", err)
			}
		}
		_, err := tx.ExecContext(ctx,
			`INSERT INTO event_subscriptions (id, client_id, kind, callback_url, version, event_types, created, updated) VALUES `+tuples(1, 8),
			s.ID, clientID, s.Kind, s.CallbackURL, s.Version, types, micros(now), micros(now))
		return failed("write event subscription", err)
	})
}

func eventTypesText(s obie.EventSubscription) (string, error) {
	types, err := json.Marshal(s.EventTypes)
	if err != nil {
		return "", fmt.Errorf("encode event types: %w", err)
	}
	return string(types), nil
}

// EventSubscriptions implements [modelbank.EventSubscriptions].
func (b *Bank) EventSubscriptions(ctx context.Context, clientID, kind string) ([]obie.EventSubscription, error) {
	return collect(ctx, b.DB, "list event subscriptions", scanSubscription, subscriptionColumns+`WHERE client_id = $1 AND kind = $2`, clientID, kind)
}

// EventSubscriber implements [modelbank.EventSubscriptions].
func (b *Bank) EventSubscriber(ctx context.Context, kind, id string) (string, error) {
	var client string
	err := b.read.QueryRowContext(ctx, `SELECT client_id FROM event_subscriptions WHERE id = $1 AND kind = $2`, id, kind).Scan(&client)
	return client, failed("find event subscription", err)
}

// ReplaceEventSubscription implements [modelbank.EventSubscriptions].
func (b *Bank) ReplaceEventSubscription(ctx context.Context, s obie.EventSubscription, now time.Time) error {
	types, err := eventTypesText(s)
	if err != nil {
		return err
	}
	return b.tx(ctx, func(tx *sql.Tx) error {
		var client string
		err := tx.QueryRowContext(ctx, `UPDATE event_subscriptions SET callback_url = $3, version = $4, event_types = $5, updated = $6
			WHERE id = $1 AND kind = $2 RETURNING client_id`, s.ID, s.Kind, s.CallbackURL, s.Version, types, micros(now)).Scan(&client)
		if err != nil || s.CallbackURL != "" {
			return failed("write event subscription", err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE event_notifications SET due = 0 WHERE client_id = $1 AND state = 'waiting'`, client)
		return failed("stop pushing events", err)
	})
}

// DeleteEventSubscription implements [modelbank.EventSubscriptions].
func (b *Bank) DeleteEventSubscription(ctx context.Context, kind, id string, now time.Time) error {
	return b.tx(ctx, func(tx *sql.Tx) error {
		var client string
		err := tx.QueryRowContext(ctx, `DELETE FROM event_subscriptions WHERE id = $1 AND kind = $2 RETURNING client_id`, id, kind).Scan(&client)
		if err != nil {
			return failed("delete event subscription", err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE event_notifications SET state = $2, due = 0, ended = $3 WHERE client_id = $1 AND state = 'waiting'`,
			client, string(modelbank.EventDropped), micros(now))
		return failed("drop events", err)
	})
}

var _ modelbank.EventDeliveries = (*Bank)(nil)

// ClaimEvents implements [modelbank.EventDeliveries].
func (b *Bank) ClaimEvents(ctx context.Context, now time.Time, lease time.Duration, busy []string, limit int) ([]modelbank.Notification, error) {
	var claimed []modelbank.Notification
	err := b.tx(ctx, func(tx *sql.Tx) error {
		var err error
		if claimed, err = b.dueEvents(ctx, tx, now, busy, limit); err != nil || len(claimed) == 0 {
			return err
		}
		args := []any{micros(now.Add(lease))}
		for i := range claimed {
			claimed[i].Attempts++
			args = append(args, claimed[i].ID)
		}
		_, err = tx.ExecContext(ctx, `UPDATE event_notifications SET attempts = attempts + 1, due = $1 WHERE jti IN (`+placeholders(2, len(claimed))+`)`, args...)
		return failed("claim events", err)
	})
	return claimed, err
}

// dueEvents locks the events to push: of each client the one that is due first.
func (b *Bank) dueEvents(ctx context.Context, tx *sql.Tx, now time.Time, busy []string, limit int) ([]modelbank.Notification, error) {
	args := []any{micros(now), limit}
	free := ``
	if len(busy) > 0 {
		free = `AND n.client_id NOT IN (` + placeholders(3, len(busy)) + `) `
		for _, c := range busy {
			args = append(args, c)
		}
	}
	lock := ``
	if b.dialect == Postgres {
		lock = ` FOR UPDATE OF n SKIP LOCKED`
	}
	rows, err := tx.QueryContext(ctx, notificationColumns+`WHERE n.due > 0 AND n.due <= $1 AND s.callback_url <> '' `+free+
		`AND NOT EXISTS (SELECT 1 FROM event_notifications o WHERE o.client_id = n.client_id AND o.due > 0 AND o.due <= $1
			AND (o.due < n.due OR o.due = n.due AND (o.at < n.at OR o.at = n.at AND o.jti < n.jti)))
		ORDER BY n.due, n.at, n.jti LIMIT $2`+lock, args...)
	if err != nil {
		return nil, failed("find events to push", err)
	}
	defer rows.Close()
	var due []modelbank.Notification
	for rows.Next() {
		n, err := scanNotification(rows)
		if err != nil {
			return nil, failed("find events to push", err)
		}
		due = append(due, n)
	}
	return due, failed("find events to push", rows.Err())
}

// RecordDelivery implements [modelbank.EventDeliveries].
func (b *Bank) RecordDelivery(ctx context.Context, d modelbank.Delivery, next time.Time) error {
	return b.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO event_deliveries (jti, attempt, at, took, status, fault) VALUES `+tuples(1, 6)+` ON CONFLICT (jti, attempt) DO NOTHING`,
			d.EventID, d.Attempt, micros(d.At), d.Took.Microseconds(), d.Status, d.Fault)
		if err != nil {
			return failed("log delivery", err)
		}
		if d.Fault == "" {
			_, err = tx.ExecContext(ctx, `UPDATE event_notifications SET state = $2, due = 0, ended = $3 WHERE jti = $1 AND state = 'waiting'`,
				d.EventID, string(modelbank.EventDelivered), micros(d.At.Add(d.Took)))
			return failed("record delivery", err)
		}
		// due is 0 when pushing was ended meanwhile; another attempt has its own outcome.
		_, err = tx.ExecContext(ctx, `UPDATE event_notifications SET due = $2 WHERE jti = $1 AND state = 'waiting' AND due > 0 AND attempts = $3`,
			d.EventID, micros(next), d.Attempt)
		return failed("record delivery", err)
	})
}

// Deliveries implements [modelbank.EventDeliveries].
func (b *Bank) Deliveries(ctx context.Context, clientID, eventID string) ([]modelbank.Delivery, error) {
	scan := func(row interface{ Scan(...any) error }) (modelbank.Delivery, error) {
		var d modelbank.Delivery
		var at, took int64
		err := row.Scan(&d.EventID, &d.Attempt, &at, &took, &d.Status, &d.Fault)
		d.At, d.Took = fromMicros(at), time.Duration(took)*time.Microsecond
		return d, err
	}
	return collect(ctx, b.DB, "read deliveries", scan, `SELECT d.jti, d.attempt, d.at, d.took, d.status, d.fault
		FROM event_deliveries d JOIN event_notifications n ON n.jti = d.jti WHERE n.client_id = $1 AND n.jti = $2 ORDER BY d.attempt`, clientID, eventID)
}

// PruneEvents implements [modelbank.EventDeliveries].
func (b *Bank) PruneEvents(ctx context.Context, before time.Time) error {
	_, err := b.write.ExecContext(ctx, `DELETE FROM event_notifications WHERE at < $1`, micros(before))
	return failed("prune events", err)
}

// EventState is how far an event of a TPP has come. CodeNotFound for
// an event that the TPP was not told of.
func (b *Bank) EventState(ctx context.Context, clientID, eventID string) (modelbank.EventState, error) {
	var state modelbank.EventState
	err := b.read.QueryRowContext(ctx, `SELECT state FROM event_notifications WHERE client_id = $1 AND jti = $2`, clientID, eventID).Scan(&state)
	if err != nil {
		return "", failed("find event", err)
	}
	return state, nil
}
