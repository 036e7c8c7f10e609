package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/onepointledger/onepoint/modelbank/core"
)

// Months implements [core.Statements].
func (b *Bank) Months(ctx context.Context, accounts []string) ([]core.Month, error) {
	const op = "read statements"
	if len(accounts) == 0 {
		return nil, nil
	}
	rows, err := b.read.QueryContext(ctx, `SELECT s.account_id, a.currency, s.started, s.ended, s.opening, s.closing, s.credits, s.debits, s.fees, s.interest
		FROM statements s JOIN accounts a ON a.id = s.account_id
		WHERE s.account_id IN (`+placeholders(1, len(accounts))+`) ORDER BY s.account_id, s.started`, anyOf(accounts)...)
	if err != nil {
		return nil, failed(op, err)
	}
	defer rows.Close()
	var months []core.Month
	for rows.Next() {
		var m core.Month
		var started, ended int64
		if err := rows.Scan(&m.Account, &m.Currency, &started, &ended, &m.Opening, &m.Closing, &m.Credits, &m.Debits, &m.Fees, &m.Interest); err != nil {
			return nil, failed(op, err)
		}
		m.Start, m.End = time.UnixMicro(started).UTC(), time.UnixMicro(ended).UTC()
		months = append(months, m)
	}
	return months, failed(op, rows.Err())
}

// SumUp implements [core.Statements].
func (b *Bank) SumUp(ctx context.Context, account string, fn func(first time.Time) []time.Time) error {
	return b.tx(ctx, func(tx *sql.Tx) error {
		var first, done, opening int64
		err := tx.QueryRowContext(ctx, `SELECT booked_at FROM entries WHERE account_id = $1 AND status = 'booked' ORDER BY booked_at LIMIT 1`, account).Scan(&first)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return failed("find first entry", err)
		}
		err = tx.QueryRowContext(ctx, `SELECT ended, closing FROM statements WHERE account_id = $1 ORDER BY started DESC LIMIT 1`, account).Scan(&done, &opening)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return failed("find last statement", err)
		}
		bounds := fn(time.UnixMicro(first))
		for i := 1; i < len(bounds); i++ {
			from, to := bounds[i-1].UnixMicro(), bounds[i].UnixMicro()
			if from < done {
				continue
			}
			if opening, err = sumUpMonth(ctx, tx, account, from, to, opening); err != nil {
				return failed("write statement", err)
			}
		}
		return nil
	})
}

// sumUpMonth writes one month and returns its closing balance. Fees and interest
// are told by the ISO 20022 codes of their entries.
func sumUpMonth(ctx context.Context, tx *sql.Tx, account string, from, to, opening int64) (closing int64, err error) {
	var credits, debits, fees, interest int64
	err = tx.QueryRowContext(ctx, `SELECT
		CAST(COALESCE(SUM(CASE WHEN amount >= 0 THEN amount ELSE 0 END), 0) AS BIGINT),
		CAST(COALESCE(SUM(CASE WHEN amount < 0 THEN amount ELSE 0 END), 0) AS BIGINT),
		CAST(COALESCE(SUM(CASE WHEN bank_code = 'ACMT-MDOP-CHRG' THEN amount ELSE 0 END), 0) AS BIGINT),
		CAST(COALESCE(SUM(CASE WHEN bank_code = 'ACMT-MCOP-INTR' THEN amount ELSE 0 END), 0) AS BIGINT)
		FROM entries WHERE account_id = $1 AND booked_at >= $2 AND booked_at < $3 AND status = 'booked'`, account, from, to).
		Scan(&credits, &debits, &fees, &interest)
	if err != nil {
		return 0, err
	}
	closing = opening + credits + debits
	_, err = tx.ExecContext(ctx, `INSERT INTO statements (account_id, started, ended, opening, closing, credits, debits, fees, interest)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`, account, from, to, opening, closing, credits, debits, fees, interest)
	return closing, err
}
