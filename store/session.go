package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/as"
)

// PutSession implements as.Sessions.
func (b *Bank) PutSession(ctx context.Context, s as.Session) error {
	_, err := b.write.ExecContext(ctx, `INSERT INTO as_sessions (kind, hash, customer_id, data, spent, expires) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (kind, hash) DO UPDATE SET customer_id = excluded.customer_id, data = excluded.data, expires = excluded.expires`,
		string(s.Kind), s.Hash, s.Customer, s.Data, s.Spent, micros(s.Expires))
	return failed("write "+string(s.Kind), err)
}

const sessionFields = `kind, hash, customer_id, data, spent, expires`

func scanSession(scan func(...any) error) (as.Session, error) {
	var s as.Session
	var expires int64
	err := scan(&s.Kind, &s.Hash, &s.Customer, &s.Data, &s.Spent, &expires)
	s.Expires = fromMicros(expires)
	return s, err
}

// Session implements as.Sessions.
func (b *Bank) Session(ctx context.Context, k as.SessionKind, hash []byte) (as.Session, error) {
	s, err := scanSession(b.read.QueryRowContext(ctx, `SELECT `+sessionFields+` FROM as_sessions WHERE kind = $1 AND hash = $2`, string(k), hash).Scan)
	return s, failed("find "+string(k), err)
}

// SessionsOf implements as.Sessions.
func (b *Bank) SessionsOf(ctx context.Context, k as.SessionKind, customer string, now time.Time) ([]as.Session, error) {
	rows, err := b.read.QueryContext(ctx, `SELECT `+sessionFields+` FROM as_sessions
		WHERE customer_id = $1 AND customer_id <> '' AND kind = $2 AND spent = FALSE AND expires > $3 ORDER BY expires`, customer, string(k), micros(now))
	if err != nil {
		return nil, failed("list "+string(k), err)
	}
	defer rows.Close()
	var list []as.Session
	for rows.Next() {
		s, err := scanSession(rows.Scan)
		if err != nil {
			return nil, failed("list "+string(k), err)
		}
		list = append(list, s)
	}
	return list, failed("list "+string(k), rows.Err())
}

// SpendSession implements as.Sessions.
func (b *Bank) SpendSession(ctx context.Context, k as.SessionKind, hash []byte) error {
	res, err := b.write.ExecContext(ctx, `UPDATE as_sessions SET spent = TRUE WHERE kind = $1 AND hash = $2 AND spent = FALSE`, string(k), hash)
	if err != nil {
		return failed("spend "+string(k), err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return onepoint.E(onepoint.CodeConflict, "spend "+string(k), "it was used before", err)
	}
	return nil
}

// Factor implements as.Sessions.
func (b *Bank) Factor(ctx context.Context, customer string) (as.Factor, error) {
	f := as.Factor{Customer: customer}
	var locked, strong int64
	err := b.read.QueryRowContext(ctx, `SELECT secret, failures, locked_until, strong FROM as_factors WHERE customer_id = $1`, customer).
		Scan(&f.Secret, &f.Failures, &locked, &strong)
	if errors.Is(err, sql.ErrNoRows) {
		return f, nil
	}
	f.LockedUntil, f.Strong = fromMicros(locked), fromMicros(strong)
	return f, failed("find second factor", err)
}

// TryFactor implements as.Sessions: one conditional write, so that tries at once
// cannot pass the limit together.
func (b *Bank) TryFactor(ctx context.Context, customer string, most int, now, until time.Time) error {
	res, err := b.write.ExecContext(ctx, `INSERT INTO as_factors (customer_id, secret, failures, locked_until, strong) VALUES ($1, '', 1, 0, 0)
		ON CONFLICT (customer_id) DO UPDATE SET
		locked_until = CASE WHEN as_factors.failures + 1 >= $2 THEN CAST($3 AS BIGINT) ELSE 0 END,
		failures = CASE WHEN as_factors.failures + 1 >= $2 THEN 0 ELSE as_factors.failures + 1 END
		WHERE as_factors.locked_until <= $4`, customer, most, micros(until), micros(now))
	if err != nil {
		return failed("count a try", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return onepoint.E(onepoint.CodeRateLimited, "count a try", "too many wrong codes: wait a few minutes and try again", err)
	}
	return nil
}

// FactorPassed implements as.Sessions.
func (b *Bank) FactorPassed(ctx context.Context, customer string, at time.Time) error {
	_, err := b.write.ExecContext(ctx, `INSERT INTO as_factors (customer_id, secret, failures, locked_until, strong) VALUES ($1, '', 0, 0, $2)
		ON CONFLICT (customer_id) DO UPDATE SET failures = 0, locked_until = 0, strong = excluded.strong`, customer, micros(at))
	return failed("record the second factor", err)
}
