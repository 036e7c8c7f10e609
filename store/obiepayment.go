package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/standard/obie"
)

var _ modelbank.PaymentStore = (*Bank)(nil)

// queryer is a pool or a transaction.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// CreatePaymentConsent implements [modelbank.PaymentStore].
func (b *Bank) CreatePaymentConsent(ctx context.Context, c obie.PaymentConsent, k modelbank.PaymentKey, after time.Time) error {
	const op = "write payment consent"
	document, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return b.tx(ctx, func(tx *sql.Tx) error {
		if k.Key != "" {
			if err := putPaymentKey(ctx, tx, k, after); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO payment_consents (id, kind, client_id, customer, state, created, document) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			c.ID, c.Kind, c.TPP.ClientID, c.Customer, string(c.State), micros(c.Created), string(document))
		return failed(op, err)
	})
}

// PaymentConsent implements [modelbank.PaymentStore].
func (b *Bank) PaymentConsent(ctx context.Context, id string) (obie.PaymentConsent, error) {
	return readDocument[obie.PaymentConsent](ctx, b.read, "read payment consent", `SELECT document FROM payment_consents WHERE id = $1`, id)
}

// PaymentOrder implements [modelbank.PaymentStore].
func (b *Bank) PaymentOrder(ctx context.Context, id string) (modelbank.Order, error) {
	return readDocument[modelbank.Order](ctx, b.read, "read payment", `SELECT document FROM payment_orders WHERE id = $1`, id)
}

func readDocument[T any](ctx context.Context, q queryer, op, query, id string) (T, error) {
	var t T
	var document string
	if err := q.QueryRowContext(ctx, query, id).Scan(&document); err != nil {
		return t, failed(op, err)
	}
	if err := json.Unmarshal([]byte(document), &t); err != nil {
		return t, fmt.Errorf("%s: %w", op, err)
	}
	return t, nil
}

// PaymentKey implements [modelbank.PaymentStore].
func (b *Bank) PaymentKey(ctx context.Context, clientID string, i obie.Idempotency, after time.Time) (modelbank.PaymentKey, error) {
	return readPaymentKey(ctx, b.read, clientID, i, after)
}

func readPaymentKey(ctx context.Context, q queryer, clientID string, i obie.Idempotency, after time.Time) (modelbank.PaymentKey, error) {
	k := modelbank.PaymentKey{ClientID: clientID, Idempotency: obie.Idempotency{Endpoint: i.Endpoint, Key: i.Key}}
	var used int64
	err := q.QueryRowContext(ctx, `SELECT digest, resource, used FROM payment_keys WHERE client_id = $1 AND endpoint = $2 AND key = $3 AND used > $4`,
		clientID, i.Endpoint, i.Key, micros(after)).Scan(&k.Digest, &k.Resource, &used)
	k.Used = fromMicros(used)
	return k, failed("find idempotency key", err)
}

func putPaymentKey(ctx context.Context, tx *sql.Tx, k modelbank.PaymentKey, after time.Time) error {
	const op = "write idempotency key"
	done, err := tx.ExecContext(ctx, `INSERT INTO payment_keys (client_id, endpoint, key, digest, resource, used) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (client_id, endpoint, key) DO UPDATE SET digest = excluded.digest, resource = excluded.resource, used = excluded.used
		WHERE payment_keys.used <= $7`, k.ClientID, k.Endpoint, k.Key, k.Digest, k.Resource, micros(k.Used), micros(after))
	if err != nil {
		return failed(op, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return onepoint.E(onepoint.CodeConflict, op, "the key was used before", err)
	}
	return nil
}

// ChangePaymentConsent implements [modelbank.PaymentStore].
func (b *Bank) ChangePaymentConsent(ctx context.Context, id string, fn func(modelbank.PaymentTx, *obie.PaymentConsent) error) (obie.PaymentConsent, error) {
	const op = "change payment consent"
	var c obie.PaymentConsent
	err := b.tx(ctx, func(tx *sql.Tx) (err error) {
		c, err = readDocument[obie.PaymentConsent](ctx, tx, op, `SELECT document FROM payment_consents WHERE id = $1`+b.forUpdate(), id)
		if err != nil {
			return err
		}
		if err := fn(&paymentTx{ctx, tx, id}, &c); err != nil {
			return err
		}
		document, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE payment_consents SET state = $2, customer = $3, document = $4 WHERE id = $1`,
			id, string(c.State), c.Customer, string(document))
		return failed(op, err)
	})
	return c, err
}

// ChangePaymentOrder implements [modelbank.PaymentStore].
func (b *Bank) ChangePaymentOrder(ctx context.Context, id string, fn func(*modelbank.Order) error) (modelbank.Order, error) {
	const op = "change payment"
	var o modelbank.Order
	err := b.tx(ctx, func(tx *sql.Tx) (err error) {
		o, err = readDocument[modelbank.Order](ctx, tx, op, `SELECT document FROM payment_orders WHERE id = $1`+b.forUpdate(), id)
		if err != nil {
			return err
		}
		if err := fn(&o); err != nil {
			return err
		}
		document, err := json.Marshal(o)
		if err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE payment_orders SET state = $2, due = $3, document = $4 WHERE id = $1`, id, string(o.State), micros(o.Due), string(document))
		return failed(op, err)
	})
	return o, err
}

// paymentTx implements [modelbank.PaymentTx].
type paymentTx struct {
	ctx     context.Context // the transaction does not outlive it
	tx      *sql.Tx
	consent string
}

// Key implements [modelbank.PaymentTx].
func (t *paymentTx) Key(clientID string, i obie.Idempotency, after time.Time) (modelbank.PaymentKey, bool, error) {
	k, err := readPaymentKey(t.ctx, t.tx, clientID, i, after)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return k, false, nil
	}
	return k, err == nil, err
}

// PutKey implements [modelbank.PaymentTx].
func (t *paymentTx) PutKey(k modelbank.PaymentKey, after time.Time) error {
	return putPaymentKey(t.ctx, t.tx, k, after)
}

// Order implements [modelbank.PaymentTx].
func (t *paymentTx) Order(id string) (modelbank.Order, error) {
	return readDocument[modelbank.Order](t.ctx, t.tx, "read payment", `SELECT document FROM payment_orders WHERE id = $1`, id)
}

// PutOrder implements [modelbank.PaymentTx].
func (t *paymentTx) PutOrder(o modelbank.Order) error {
	const op = "write payment"
	document, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	debit, err := minorOf(o.Debit)
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(t.ctx, `INSERT INTO payment_orders (id, consent_id, state, debit, created, due, document) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		o.ID, t.consent, string(o.State), debit, micros(o.Created), micros(o.Due), string(document))
	return failed(op, err)
}

// Spent implements [modelbank.PaymentTx].
func (t *paymentTx) Spent(from, to time.Time) (int64, error) {
	var sum int64
	err := t.tx.QueryRowContext(t.ctx, `SELECT CAST(COALESCE(SUM(debit), 0) AS BIGINT) FROM payment_orders
		WHERE consent_id = $1 AND created >= $2 AND created < $3 AND state <> $4`, t.consent, micros(from), micros(to), string(obie.OrderRejected)).Scan(&sum)
	return sum, failed("sum payments", err)
}

// DuePayments implements [modelbank.PaymentStore].
func (b *Bank) DuePayments(ctx context.Context, now time.Time, limit int) ([]string, error) {
	const op = "find due payments"
	rows, err := b.read.QueryContext(ctx, `SELECT id FROM payment_orders WHERE due > 0 AND due <= $1 ORDER BY due, id LIMIT $2`, micros(now), int64(limit))
	if err != nil {
		return nil, failed(op, err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, failed(op, err)
		}
		ids = append(ids, id)
	}
	return ids, failed(op, rows.Err())
}

// PutPaymentFile implements [modelbank.PaymentStore].
func (b *Bank) PutPaymentFile(ctx context.Context, consent, media string, content []byte) error {
	_, err := b.write.ExecContext(ctx, `INSERT INTO payment_files (consent_id, media, content) VALUES ($1, $2, $3)
		ON CONFLICT (consent_id) DO UPDATE SET media = excluded.media, content = excluded.content`, consent, media, content)
	return failed("write payment file", err)
}

// PaymentFile implements [modelbank.PaymentStore].
func (b *Bank) PaymentFile(ctx context.Context, consent string) (media string, content []byte, err error) {
	err = b.read.QueryRowContext(ctx, `SELECT media, content FROM payment_files WHERE consent_id = $1`, consent).Scan(&media, &content)
	return media, content, failed("read payment file", err)
}

// CustomerPaymentConsents implements [modelbank.PaymentStore].
func (b *Bank) CustomerPaymentConsents(ctx context.Context, customer string, limit int) ([]obie.PaymentConsent, error) {
	const op = "list payment consents"
	rows, err := b.read.QueryContext(ctx, `SELECT document FROM payment_consents WHERE customer = $1 ORDER BY created DESC, id LIMIT $2`, customer, int64(limit))
	if err != nil {
		return nil, failed(op, err)
	}
	defer rows.Close()
	var all []obie.PaymentConsent
	for rows.Next() {
		var document string
		var c obie.PaymentConsent
		if err := rows.Scan(&document); err != nil {
			return nil, failed(op, err)
		}
		if err := json.Unmarshal([]byte(document), &c); err != nil {
			return nil, fmt.Errorf("%s: %w", op, err)
		}
		all = append(all, c)
	}
	return all, failed(op, rows.Err())
}
