package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// Load implements [core.Books].
func (b *Bank) Load(ctx context.Context, name string, at time.Time, batch core.Batch) (loaded bool, err error) {
	err = b.tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO loads (name, at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, micros(at))
		if err != nil {
			return failed("note load", err)
		}
		n, err := res.RowsAffected()
		if loaded = n == 1; err != nil || !loaded {
			return failed("note load", err)
		}
		if err := insertCustomers(ctx, tx, batch.Customers); err != nil {
			return failed("write customers", err)
		}
		if err := insertAccounts(ctx, tx, batch.Accounts, ""); err != nil {
			return failed("write accounts", err)
		}
		if err := insertInformation(ctx, tx, batch); err != nil {
			return failed("write account information", err)
		}
		_, err = b.post(ctx, tx, batch.Movements)
		return err
	})
	return loaded && err == nil, err
}

// bulk collects rows of one table and writes them many at a time.
type bulk struct {
	ctx    context.Context
	tx     *sql.Tx
	insert string // up to the column list
	suffix string
	cols   int
	full   *sql.Stmt // for a full chunk
	args   []any
}

// bulkRows is how many rows one statement writes: more gains nothing, and
// 14 columns of them stay below SQLite's and PostgreSQL's limits of parameters.
const bulkRows = 100

func newBulk(ctx context.Context, tx *sql.Tx, table, columns, suffix string) *bulk {
	return &bulk{ctx: ctx, tx: tx, insert: "INSERT INTO " + table + " (" + columns + ") VALUES ", suffix: suffix, cols: strings.Count(columns, ",") + 1}
}

func (k *bulk) statement(rows int) string {
	var s strings.Builder
	s.WriteString(k.insert)
	for i := range rows {
		if i > 0 {
			s.WriteByte(',')
		}
		s.WriteByte('(')
		s.WriteString(placeholders(1+i*k.cols, k.cols))
		s.WriteByte(')')
	}
	s.WriteString(k.suffix)
	return s.String()
}

func (k *bulk) add(values ...any) error {
	k.args = append(k.args, values...)
	if len(k.args) < bulkRows*k.cols {
		return nil
	}
	if k.full == nil {
		stmt, err := k.tx.PrepareContext(k.ctx, k.statement(bulkRows))
		if err != nil {
			return err
		}
		k.full = stmt
	}
	_, err := k.full.ExecContext(k.ctx, k.args...)
	k.args = k.args[:0]
	return err
}

// flush writes what is left.
func (k *bulk) flush() error {
	if k.full != nil {
		defer k.full.Close() //nolint:errcheck // ends with its transaction
	}
	if len(k.args) == 0 {
		return nil
	}
	_, err := k.tx.ExecContext(k.ctx, k.statement(len(k.args)/k.cols), k.args...)
	return err
}

func insertCustomers(ctx context.Context, tx *sql.Tx, customers []core.Customer) error {
	k := newBulk(ctx, tx, "customers", "id, login, name, password_hash", "")
	for _, c := range customers {
		if err := k.add(c.ID, c.Login, c.Name, c.PasswordHash); err != nil {
			return err
		}
	}
	return k.flush()
}

func insertAccounts(ctx context.Context, tx *sql.Tx, accounts []core.Account, suffix string) error {
	rows := newBulk(ctx, tx, "accounts", "id, currency, type, usage, product, nickname, holder, opened, closed, credit_limit", suffix)
	positions := newBulk(ctx, tx, "positions", "account_id, booked, pending_in, pending_out, seq, last_booked", suffix)
	identifiers := newBulk(ctx, tx, "account_identifiers", "account_id, position, scheme, value, secondary", suffix)
	holders := newBulk(ctx, tx, "account_holders", "customer_id, position, account_id", suffix)
	for _, a := range accounts {
		if err := rows.add(a.ID, string(a.Currency), string(a.Type), string(a.Usage), a.Product, a.Nickname, a.Holder, a.Opened.String(), a.Closed, a.CreditLimit); err != nil {
			return err
		}
	}
	if err := rows.flush(); err != nil {
		return err
	}
	for n, a := range accounts {
		if err := positions.add(a.ID, int64(0), int64(0), int64(0), int64(0), int64(0)); err != nil {
			return err
		}
		for i, id := range a.Identifiers {
			if err := identifiers.add(a.ID, int64(i), string(id.Scheme), id.Value, id.Secondary); err != nil {
				return err
			}
		}
		for _, customer := range a.Holders {
			if err := holders.add(customer, int64(n), a.ID); err != nil {
				return err
			}
		}
	}
	for _, k := range []*bulk{positions, identifiers, holders} {
		if err := k.flush(); err != nil {
			return err
		}
	}
	return nil
}

func insertMovements(ctx context.Context, tx *sql.Tx, movements []core.Movement) error {
	k := newBulk(ctx, tx, "movements", "id, at, status", "")
	for _, m := range movements {
		status := onepoint.StatusBooked
		if m.Pending {
			status = onepoint.StatusPending
		}
		if err := k.add(m.ID, m.At.UnixMicro(), string(status)); err != nil {
			return err
		}
	}
	return k.flush()
}

func insertEntries(ctx context.Context, tx *sql.Tx, entries []core.Entry) error {
	k := newBulk(ctx, tx, "entries", entryColumns, "")
	for _, e := range entries {
		amount, err := minorOf(e.Amount)
		if err != nil {
			return err
		}
		after, err := minorOf(e.BalanceAfter)
		if err != nil {
			return err
		}
		detail, err := encodeDetail(e)
		if err != nil {
			return err
		}
		if err := k.add(e.Account, e.BookedAt.UnixMicro(), e.Seq, e.Movement, int64(e.Leg), string(e.Amount.Currency), amount, after, string(e.Status),
			e.ValueDate.String(), e.Information, e.BankCode, e.ProprietaryCode, detail); err != nil {
			return err
		}
	}
	return k.flush()
}

func encodeDetail(e core.Entry) (string, error) {
	d := entryDetail{Reference: e.Reference, Counterparty: e.Counterparty, Merchant: e.Merchant, Exchange: e.Exchange}
	if d == (entryDetail{}) {
		return "", nil
	}
	b, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("encode entry detail: %w", err)
	}
	return string(b), nil
}

// minorOf counts minor units; no money at all is 0.
func minorOf(m onepoint.Money) (int64, error) {
	if m.Currency == "" {
		return 0, nil
	}
	return m.Minor()
}
