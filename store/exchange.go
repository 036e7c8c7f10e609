package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/onepointledger/onepoint"
)

// keptExchanges bounds the transcript of one registration; the oldest go first.
const keptExchanges = 200

// AddExchange appends to the transcript of a registration.
func (p *Platform) AddExchange(ctx context.Context, workspace, bank, step string, e onepoint.Trace) error {
	encoded, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode exchange: %w", err)
	}
	return p.tx(ctx, func(tx *sql.Tx) error {
		var last int64
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(seq), 0) FROM exchanges WHERE workspace = $1 AND bank = $2`, workspace, bank).Scan(&last); err != nil {
			return failed("number exchange", err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO exchanges (workspace, bank, seq, step, exchange) VALUES ($1, $2, $3, $4, $5)`,
			workspace, bank, last+1, step, string(encoded))
		if err != nil {
			return failed("write exchange", err)
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM exchanges WHERE workspace = $1 AND bank = $2 AND seq <= $3`, workspace, bank, last+1-keptExchanges)
		return failed("forget old exchanges", err)
	})
}

// Exchanges returns the transcript of a registration, oldest first.
func (p *Platform) Exchanges(ctx context.Context, workspace, bank string) ([]onepoint.Trace, error) {
	rows, err := p.read.QueryContext(ctx,
		`SELECT seq, step, exchange FROM exchanges WHERE workspace = $1 AND bank = $2 ORDER BY seq`, workspace, bank)
	if err != nil {
		return nil, failed("read exchanges", err)
	}
	defer rows.Close()
	var out []onepoint.Trace
	for rows.Next() {
		var e onepoint.Trace
		var encoded string
		var seq int64
		var step string
		if err := rows.Scan(&seq, &step, &encoded); err != nil {
			return nil, failed("read exchanges", err)
		}
		if err := json.Unmarshal([]byte(encoded), &e); err != nil {
			return nil, fmt.Errorf("decode exchange: %w", err)
		}
		e.Seq, e.Step = seq, step
		out = append(out, e)
	}
	return out, failed("read exchanges", rows.Err())
}
