package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

var _ tpp.Payments = (*Platform)(nil)

const paymentFields = `workspace, id, bank, idempotency_key, status, detail, bank_id, bank_code, message, created_by, redirect,
	state_hash, journey, grant_sealed, created, updated`

// paymentDetail is what no query looks into.
type paymentDetail struct {
	Order     onepoint.Payment `json:"order"`
	Submitted bool             `json:"submitted,omitempty"`
}

func scanPayment(row interface{ Scan(...any) error }) (tpp.Payment, error) {
	var p tpp.Payment
	var detail string
	var created, updated int64
	err := row.Scan(&p.Workspace, &p.ID, &p.Bank, &p.Key, &p.Status, &detail, &p.BankID, &p.BankCode, &p.Message, &p.CreatedBy,
		&p.Redirect, &p.StateHash, &p.Journey, &p.Grant, &created, &updated)
	if err != nil {
		return p, err
	}
	var d paymentDetail
	if err := json.Unmarshal([]byte(detail), &d); err != nil {
		return p, fmt.Errorf("decode payment: %w", err)
	}
	p.Order, p.Submitted, p.Created, p.Updated = d.Order, d.Submitted, fromMicros(created), fromMicros(updated)
	return p, nil
}

func paymentValues(p tpp.Payment) ([]any, error) {
	detail, err := json.Marshal(paymentDetail{p.Order, p.Submitted})
	if err != nil {
		return nil, fmt.Errorf("encode payment: %w", err)
	}
	return []any{
		p.Workspace, p.ID, p.Bank, p.Key, string(p.Status), string(detail), p.BankID, p.BankCode, p.Message, p.CreatedBy, p.Redirect,
		p.StateHash, p.Journey, p.Grant, micros(p.Created), micros(p.Updated),
	}, nil
}

// CreatePayment implements tpp.Payments.
func (p *Platform) CreatePayment(ctx context.Context, row tpp.Payment, events ...onepoint.Event) (tpp.Payment, bool, error) {
	values, err := paymentValues(row)
	if err != nil {
		return tpp.Payment{}, false, err
	}
	stored, created := row, false
	err = p.tx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `INSERT INTO payments (`+paymentFields+`) VALUES `+tuples(1, len(values))+
			` ON CONFLICT (workspace, idempotency_key) DO NOTHING`, values...)
		if err != nil {
			return failed("create payment", err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return failed("create payment", err)
		}
		if created = n == 1; created {
			return p.record(ctx, tx, row.Workspace, events)
		}
		stored, err = scanPayment(tx.QueryRowContext(ctx, `SELECT `+paymentFields+` FROM payments WHERE workspace = $1 AND idempotency_key = $2`, row.Workspace, row.Key))
		return failed("find payment", err)
	})
	return stored, created, err
}

// Payment implements tpp.Payments.
func (p *Platform) Payment(ctx context.Context, workspace, id string) (tpp.Payment, error) {
	row, err := scanPayment(p.read.QueryRowContext(ctx, `SELECT `+paymentFields+` FROM payments WHERE workspace = $1 AND id = $2`, workspace, id))
	return row, failed("find payment", err)
}

// PaymentByState implements tpp.Payments.
func (p *Platform) PaymentByState(ctx context.Context, stateHash []byte) (tpp.Payment, error) {
	row, err := scanPayment(p.read.QueryRowContext(ctx, `SELECT `+paymentFields+` FROM payments WHERE state_hash = $1`, stateHash))
	return row, failed("find payment by state", err)
}

// Payments implements tpp.Payments.
func (p *Platform) Payments(ctx context.Context, workspace string) ([]tpp.Payment, error) {
	return collect(ctx, p.DB, "list payments", scanPayment,
		`SELECT `+paymentFields+` FROM payments WHERE workspace = $1 ORDER BY created DESC, id DESC LIMIT 500`, workspace)
}

// UpdatePayment implements tpp.Payments.
func (p *Platform) UpdatePayment(ctx context.Context, workspace, id string, fn func(*tpp.Payment) ([]onepoint.Event, error)) (tpp.Payment, error) {
	var row tpp.Payment
	err := p.tx(ctx, func(tx *sql.Tx) error {
		var err error
		row, err = scanPayment(tx.QueryRowContext(ctx, `SELECT `+paymentFields+` FROM payments WHERE workspace = $1 AND id = $2`+p.forUpdate(), workspace, id))
		if err != nil {
			return failed("read payment", err)
		}
		events, err := fn(&row)
		if err != nil {
			return err
		}
		v, err := paymentValues(row)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx,
			`UPDATE payments SET bank = $3, idempotency_key = $4, status = $5, detail = $6, bank_id = $7, bank_code = $8, message = $9,
			 created_by = $10, redirect = $11, state_hash = $12, journey = $13, grant_sealed = $14, created = $15, updated = $16
			 WHERE workspace = $1 AND id = $2`, v...)
		if err != nil {
			return failed("save payment", err)
		}
		return p.record(ctx, tx, workspace, events)
	})
	return row, err
}
