package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/onepointledger/onepoint/modelbank/as"
)

// SigningKeys implements as.KeyNames.
func (b *Bank) SigningKeys(ctx context.Context) ([]as.KeyName, error) {
	rows, err := b.read.QueryContext(ctx, `SELECT name, created, until FROM as_keys ORDER BY created DESC, name DESC`)
	if err != nil {
		return nil, failed("list signing keys", err)
	}
	defer rows.Close()
	var keys []as.KeyName
	for rows.Next() {
		var k as.KeyName
		var created, until int64
		if err := rows.Scan(&k.Name, &created, &until); err != nil {
			return nil, failed("list signing keys", err)
		}
		k.Created, k.Until = fromMicros(created), fromMicros(until)
		keys = append(keys, k)
	}
	return keys, failed("list signing keys", rows.Err())
}

// RotateKey implements as.KeyNames.
func (b *Bank) RotateKey(ctx context.Context, next as.KeyName, until time.Time) error {
	return b.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE as_keys SET until = $1 WHERE until = 0`, micros(until)); err != nil {
			return failed("end signing keys", err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO as_keys (name, created, until) VALUES ($1, $2, 0)`, next.Name, micros(next.Created))
		return failed("add signing key", err)
	})
}
