package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

var _ tpp.BankEventStore = (*Platform)(nil)

// TakeBankEvent implements [tpp.BankEventStore].
func (p *Platform) TakeBankEvent(ctx context.Context, e tpp.BankEvent, fn func(*tpp.Connection) ([]onepoint.Event, error)) (fresh bool, err error) {
	err = p.tx(ctx, func(tx *sql.Tx) error {
		fresh = false // of a try before
		result, err := tx.ExecContext(ctx, `INSERT INTO bank_events (workspace, bank, id, kind, resource_type, resource_id, at, received)
			VALUES `+tuples(1, 8)+` ON CONFLICT (workspace, bank, id) DO NOTHING`,
			e.Workspace, e.Bank, e.ID, string(e.Kind), e.ResourceType, e.ResourceID, micros(e.At), micros(e.Received))
		if err != nil {
			return failed("write event", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return failed("write event", err)
		}
		fresh = true
		return p.applyBankEvent(ctx, tx, e, fn)
	})
	return fresh && err == nil, err
}

// applyBankEvent changes the connection that the event is about, if there is
// one, and writes what to tell of it.
func (p *Platform) applyBankEvent(ctx context.Context, tx *sql.Tx, e tpp.BankEvent, fn func(*tpp.Connection) ([]onepoint.Event, error)) error {
	var about *tpp.Connection
	c, err := scanConnection(tx.QueryRowContext(ctx,
		connectionColumns+`WHERE workspace = $1 AND bank = $2 AND consent_id = $3 ORDER BY created DESC, id DESC LIMIT 1`+p.forUpdate(),
		e.Workspace, e.Bank, e.ResourceID))
	switch {
	case err == nil:
		about = &c
	case !errors.Is(err, sql.ErrNoRows):
		return failed("find connection", err)
	}
	events, err := fn(about)
	if err != nil {
		return err
	}
	if about != nil {
		_, err = tx.ExecContext(ctx, `UPDATE connections SET status = $3, message = $4, updated = $5 WHERE workspace = $1 AND id = $2`,
			c.Workspace, c.ID, string(c.Status), c.Message, micros(c.Updated))
		if err != nil {
			return failed("save connection", err)
		}
	}
	return p.record(ctx, tx, e.Workspace, events)
}

// PaymentOfBank implements [tpp.BankEventStore].
func (p *Platform) PaymentOfBank(ctx context.Context, workspace, bank, bankID string) (tpp.Payment, error) {
	pay, err := scanPayment(p.read.QueryRowContext(ctx,
		`SELECT `+paymentFields+` FROM payments WHERE workspace = $1 AND bank = $2 AND bank_id = $3 AND bank_id <> ''`, workspace, bank, bankID))
	return pay, failed("find payment", err)
}

// PruneBankEvents implements [tpp.BankEventStore].
func (p *Platform) PruneBankEvents(ctx context.Context, before time.Time) error {
	_, err := p.write.ExecContext(ctx, `DELETE FROM bank_events WHERE received < $1`, micros(before))
	return failed("prune events of banks", err)
}
