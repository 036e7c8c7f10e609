package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

var _ tpp.Registrations = (*Platform)(nil)

const registrationColumns = `SELECT workspace, bank, status, progress, step, message, needs, updated FROM registrations `

func scanRegistration(row interface{ Scan(...any) error }) (tpp.Registration, error) {
	var r tpp.Registration
	var progress, needs string
	var updated int64
	if err := row.Scan(&r.Workspace, &r.Bank, &r.Status, &progress, &r.Step, &r.Message, &needs, &updated); err != nil {
		return r, err
	}
	r.Updated = fromMicros(updated)
	return r, errors.Join(json.Unmarshal([]byte(progress), &r.Progress), json.Unmarshal([]byte(needs), &r.Needs))
}

// Registration implements tpp.Registrations.
func (p *Platform) Registration(ctx context.Context, workspace, bank string) (tpp.Registration, error) {
	r, err := scanRegistration(p.read.QueryRowContext(ctx, registrationColumns+`WHERE workspace = $1 AND bank = $2`, workspace, bank))
	return r, failed("find registration", err)
}

// Registrations implements tpp.Registrations.
func (p *Platform) Registrations(ctx context.Context, workspace string) ([]tpp.Registration, error) {
	return collect(ctx, p.DB, "list registrations", scanRegistration, registrationColumns+`WHERE workspace = $1 ORDER BY bank`, workspace)
}

// UpdateRegistration implements tpp.Registrations.
func (p *Platform) UpdateRegistration(ctx context.Context, workspace, bank string, fn func(*tpp.Registration) ([]onepoint.Event, error)) (tpp.Registration, error) {
	var r tpp.Registration
	err := p.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx,
			`INSERT INTO registrations (workspace, bank, status, progress, step, message, needs, updated)
			 VALUES ($1, $2, $3, '{}', '', '', '[]', 0) ON CONFLICT (workspace, bank) DO NOTHING`,
			workspace, bank, string(tpp.RegistrationNone))
		if err != nil {
			return failed("open registration", err)
		}
		r, err = scanRegistration(tx.QueryRowContext(ctx, registrationColumns+`WHERE workspace = $1 AND bank = $2`+p.forUpdate(), workspace, bank))
		if err != nil {
			return failed("read registration", err)
		}
		events, err := fn(&r)
		if err != nil {
			return err
		}
		progress, err1 := json.Marshal(r.Progress)
		needs, err2 := json.Marshal(r.Needs)
		if err := errors.Join(err1, err2); err != nil {
			return fmt.Errorf("encode registration: %w", err)
		}
		_, err = tx.ExecContext(ctx,
			`UPDATE registrations SET status = $1, progress = $2, step = $3, message = $4, needs = $5, updated = $6 WHERE workspace = $7 AND bank = $8`,
			string(r.Status), string(progress), r.Step, r.Message, string(needs), micros(r.Updated), workspace, bank)
		if err != nil {
			return failed("save registration", err)
		}
		return p.record(ctx, tx, workspace, events)
	})
	return r, err
}
