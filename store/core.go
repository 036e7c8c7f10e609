package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
)

var _ core.Store = (*Bank)(nil)

// CustomerByLogin implements [core.Logins].
func (b *Bank) CustomerByLogin(ctx context.Context, login string) (core.Customer, error) {
	var c core.Customer
	var locked int64
	err := b.read.QueryRowContext(ctx, `SELECT id, login, name, password_hash, locked_until FROM customers WHERE login = $1`, login).
		Scan(&c.ID, &c.Login, &c.Name, &c.PasswordHash, &locked)
	c.LockedUntil = fromMicros(locked)
	return c, failed("find customer", err)
}

// LoginFailed implements [core.Logins].
func (b *Bank) LoginFailed(ctx context.Context, customer string, limit int, until time.Time) error {
	_, err := b.write.ExecContext(ctx, `UPDATE customers SET
		locked_until = CASE WHEN failures + 1 >= $2 THEN CAST($3 AS BIGINT) ELSE locked_until END,
		failures = CASE WHEN failures + 1 >= $2 THEN 0 ELSE failures + 1 END
		WHERE id = $1`, customer, int64(limit), micros(until))
	return failed("count failed login", err)
}

// LoginSucceeded implements [core.Logins].
func (b *Bank) LoginSucceeded(ctx context.Context, customer string) error {
	_, err := b.write.ExecContext(ctx, `UPDATE customers SET failures = 0, locked_until = 0 WHERE id = $1 AND (failures > 0 OR locked_until > 0)`, customer)
	return failed("forget failed logins", err)
}

const selectAccounts = `SELECT a.id, a.currency, a.type, a.usage, a.product, a.nickname, a.holder, a.opened, a.closed, a.credit_limit,
	p.booked, p.pending_in, p.pending_out, p.seq, p.last_booked
	FROM accounts a JOIN positions p ON p.account_id = a.id`

func scanAccount(scan func(...any) error) (core.Account, error) {
	var a core.Account
	var opened string
	var last int64
	p := &a.Position
	err := scan(&a.ID, &a.Currency, &a.Type, &a.Usage, &a.Product, &a.Nickname, &a.Holder, &opened, &a.Closed, &a.CreditLimit,
		&p.Booked, &p.PendingIn, &p.PendingOut, &p.Seq, &last)
	if err != nil {
		return a, err
	}
	p.Account, p.Currency, p.Closed, p.LastBooked = a.ID, a.Currency, a.Closed, fromMicros(last)
	p.CreditLimit = a.CreditLimit
	return a, a.Opened.UnmarshalText([]byte(opened))
}

// Account implements [core.Accounts].
func (b *Bank) Account(ctx context.Context, id string) (core.Account, error) {
	const op = "read account"
	a, err := scanAccount(b.read.QueryRowContext(ctx, selectAccounts+` WHERE a.id = $1`, id).Scan)
	if err != nil {
		return core.Account{}, failed(op, err)
	}
	accounts := []core.Account{a}
	if err := b.identify(ctx, accounts); err != nil {
		return core.Account{}, failed(op, err)
	}
	return accounts[0], nil
}

// AccountByIdentifier implements [core.Accounts].
func (b *Bank) AccountByIdentifier(ctx context.Context, id onepoint.Identifier) (core.Account, error) {
	var account string
	err := b.read.QueryRowContext(ctx, `SELECT account_id FROM account_identifiers WHERE value = $1 AND scheme = $2 ORDER BY account_id LIMIT 1`,
		id.Value, string(id.Scheme)).Scan(&account)
	if err != nil {
		return core.Account{}, failed("find account", err)
	}
	return b.Account(ctx, account)
}

// CustomerAccounts implements [core.Accounts].
func (b *Bank) CustomerAccounts(ctx context.Context, customer string) ([]core.Account, error) {
	const op = "list accounts of customer"
	rows, err := b.read.QueryContext(ctx, selectAccounts+` JOIN account_holders h ON h.account_id = a.id
		WHERE h.customer_id = $1 ORDER BY h.position, a.id`, customer)
	if err != nil {
		return nil, failed(op, err)
	}
	defer rows.Close()
	var accounts []core.Account
	for rows.Next() {
		a, err := scanAccount(rows.Scan)
		if err != nil {
			return nil, failed(op, err)
		}
		accounts = append(accounts, a)
	}
	if err := rows.Err(); err != nil {
		return nil, failed(op, err)
	}
	return accounts, failed(op, b.identify(ctx, accounts))
}

// identify fills in the identifiers of the accounts.
func (b *Bank) identify(ctx context.Context, accounts []core.Account) error {
	if len(accounts) == 0 {
		return nil
	}
	ids, byID := make([]any, len(accounts)), make(map[string]*core.Account, len(accounts))
	for i := range accounts {
		ids[i], byID[accounts[i].ID] = accounts[i].ID, &accounts[i]
	}
	rows, err := b.read.QueryContext(ctx, `SELECT account_id, scheme, value, secondary FROM account_identifiers
		WHERE account_id IN (`+placeholders(1, len(ids))+`) ORDER BY account_id, position`, ids...)
	if err != nil {
		return fmt.Errorf("read identifiers: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var account string
		var id onepoint.Identifier
		if err := rows.Scan(&account, &id.Scheme, &id.Value, &id.Secondary); err != nil {
			return fmt.Errorf("read identifiers: %w", err)
		}
		a := byID[account]
		a.Identifiers = append(a.Identifiers, id)
	}
	return rows.Err()
}

const entryColumns = `account_id, booked_at, seq, movement_id, leg, currency, amount, balance_after, status,
	value_date, information, bank_code, proprietary_code, detail`

// entryDetail is what an entry shows and nothing searches for.
type entryDetail struct {
	Reference    string                `json:"reference,omitempty"`
	Counterparty onepoint.Counterparty `json:"counterparty,omitzero"`
	Merchant     onepoint.Merchant     `json:"merchant,omitzero"`
	Exchange     *onepoint.Exchange    `json:"exchange,omitempty"`
}

func scanEntry(scan func(...any) error) (core.Entry, error) {
	var e core.Entry
	var bookedAt, amount, after int64
	var currency onepoint.Currency
	var valueDate, detail string
	err := scan(&e.Account, &bookedAt, &e.Seq, &e.Movement, &e.Leg, &currency, &amount, &after, &e.Status,
		&valueDate, &e.Information, &e.BankCode, &e.ProprietaryCode, &detail)
	if err != nil {
		return e, err
	}
	e.BookedAt, e.Amount = time.UnixMicro(bookedAt).UTC(), onepoint.MinorMoney(amount, currency)
	if e.Status == onepoint.StatusBooked {
		e.BalanceAfter = onepoint.MinorMoney(after, currency)
	}
	if detail != "" {
		var d entryDetail
		if err := json.Unmarshal([]byte(detail), &d); err != nil {
			return e, fmt.Errorf("decode entry detail: %w", err)
		}
		e.Reference, e.Counterparty, e.Merchant, e.Exchange = d.Reference, d.Counterparty, d.Merchant, d.Exchange
	}
	return e, e.ValueDate.UnmarshalText([]byte(valueDate))
}

// Entries implements [core.Books]: one range of the primary key.
func (b *Bank) Entries(ctx context.Context, account string, r core.Range) ([]core.Entry, error) {
	where, args := entriesWhere(account, r)
	order := " ORDER BY booked_at DESC, seq DESC"
	if r.Back {
		order = " ORDER BY booked_at, seq"
	}
	q := `SELECT ` + entryColumns + ` FROM entries WHERE ` + where + order
	if r.Limit > 0 {
		args = append(args, int64(r.Limit))
		q += fmt.Sprintf(" LIMIT $%d", len(args))
	}
	rows, err := b.read.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, failed("read entries", err)
	}
	entries, err := scanEntries(rows)
	if r.Back {
		slices.Reverse(entries)
	}
	return entries, err
}

// entriesWhere is the condition of a range with its parameters.
func entriesWhere(account string, r core.Range) (string, []any) {
	where, args := []string{"account_id = $1", "status <> 'released'"}, []any{account}
	and := func(cond string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			cond = strings.Replace(cond, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		where = append(where, cond)
	}
	if !r.From.IsZero() {
		and("booked_at >= ?", micros(r.From))
	}
	if !r.Before.IsZero() {
		and("booked_at < ?", micros(r.Before))
	}
	if r.After != (core.Place{}) {
		beyond := "(booked_at, seq) < (?, ?)"
		if r.Back {
			beyond = "(booked_at, seq) > (?, ?)"
		}
		and(beyond, r.After.BookedAt.UnixMicro(), r.After.Seq)
	}
	if r.Booked {
		and("status = 'booked'")
	}
	switch r.Direction {
	case core.Credits:
		and("amount >= 0")
	case core.Debits:
		and("amount < 0")
	}
	return strings.Join(where, " AND "), args
}

func scanEntries(rows *sql.Rows) ([]core.Entry, error) {
	defer rows.Close()
	var entries []core.Entry
	for rows.Next() {
		e, err := scanEntry(rows.Scan)
		if err != nil {
			return nil, failed("read entries", err)
		}
		entries = append(entries, e)
	}
	return entries, failed("read entries", rows.Err())
}

// Post implements [core.Books].
func (b *Bank) Post(ctx context.Context, movements []core.Movement) (entries []core.Entry, err error) {
	err = b.tx(ctx, func(tx *sql.Tx) error {
		entries, err = b.post(ctx, tx, movements)
		return err
	})
	return entries, err
}

func (b *Bank) post(ctx context.Context, tx *sql.Tx, movements []core.Movement) ([]core.Entry, error) {
	var ids []string
	for _, m := range movements {
		for _, leg := range m.Legs {
			ids = append(ids, leg.Account)
		}
	}
	pos, err := b.positions(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	entries, err := core.Apply(pos, movements)
	if err != nil {
		return nil, err
	}
	if err := insertMovements(ctx, tx, movements); err != nil {
		return nil, failed("write movements", err)
	}
	if err := insertEntries(ctx, tx, entries); err != nil {
		return nil, failed("write entries", err)
	}
	return entries, failed("write positions", updatePositions(ctx, tx, pos))
}

// positions locks the positions of the accounts in the order of their ids, so
// that two postings cannot wait for each other. Internal accounts that do not
// exist are made; other unknown ones are left out.
func (b *Bank) positions(ctx context.Context, tx *sql.Tx, ids []string) (core.Positions, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	pos := make(core.Positions, len(ids))
	if err := b.lockPositions(ctx, tx, ids, pos); err != nil {
		return nil, failed("lock positions", err)
	}
	var missing []core.Account
	var missingIDs []string
	for _, id := range ids {
		if a, ok := core.InternalAccount(id); ok && pos[id] == nil {
			missing, missingIDs = append(missing, a), append(missingIDs, id)
		}
	}
	if len(missing) == 0 {
		return pos, nil
	}
	if err := insertAccounts(ctx, tx, missing, " ON CONFLICT DO NOTHING"); err != nil {
		return nil, failed("make internal accounts", err)
	}
	return pos, failed("lock positions", b.lockPositions(ctx, tx, missingIDs, pos))
}

func (b *Bank) lockPositions(ctx context.Context, tx *sql.Tx, ids []string, into core.Positions) error {
	for chunk := range slices.Chunk(ids, 500) {
		if err := b.lockChunk(ctx, tx, chunk, into); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bank) lockChunk(ctx context.Context, tx *sql.Tx, ids []string, into core.Positions) error {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	of := ""
	if lock := b.forUpdate(); lock != "" {
		of = lock + " OF p"
	}
	rows, err := tx.QueryContext(ctx, `SELECT p.account_id, a.currency, a.closed, p.booked, p.pending_in, p.pending_out, p.seq, p.last_booked, a.credit_limit
		FROM positions p JOIN accounts a ON a.id = p.account_id
		WHERE p.account_id IN (`+placeholders(1, len(ids))+`) ORDER BY p.account_id`+of, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var p core.Position
		var last int64
		if err := rows.Scan(&p.Account, &p.Currency, &p.Closed, &p.Booked, &p.PendingIn, &p.PendingOut, &p.Seq, &last, &p.CreditLimit); err != nil {
			return err
		}
		p.LastBooked = fromMicros(last)
		into[p.Account] = &p
	}
	return rows.Err()
}

func updatePositions(ctx context.Context, tx *sql.Tx, pos core.Positions) error {
	stmt, err := tx.PrepareContext(ctx, `UPDATE positions SET booked = $2, pending_in = $3, pending_out = $4, seq = $5, last_booked = $6 WHERE account_id = $1`)
	if err != nil {
		return err
	}
	defer stmt.Close() //nolint:errcheck // ends with its transaction
	for _, p := range pos {
		if _, err := stmt.ExecContext(ctx, p.Account, p.Booked, p.PendingIn, p.PendingOut, p.Seq, micros(p.LastBooked)); err != nil {
			return err
		}
	}
	return nil
}

// Resolve implements [core.Books].
func (b *Bank) Resolve(ctx context.Context, movement string, fn func(core.Positions, []core.Entry) ([]core.Entry, error)) (changed []core.Entry, err error) {
	err = b.tx(ctx, func(tx *sql.Tx) error {
		changed, err = b.resolve(ctx, tx, movement, fn)
		return err
	})
	return changed, err
}

func (b *Bank) resolve(ctx context.Context, tx *sql.Tx, movement string, fn func(core.Positions, []core.Entry) ([]core.Entry, error)) ([]core.Entry, error) {
	const op = "resolve movement"
	var status string
	// The movement first: whoever resolves it too waits here, and then sees what became of it.
	err := tx.QueryRowContext(ctx, `SELECT status FROM movements WHERE id = $1`+b.forUpdate(), movement).Scan(&status)
	if err != nil {
		return nil, failed(op, err)
	}
	rows, err := tx.QueryContext(ctx, `SELECT `+entryColumns+` FROM entries WHERE movement_id = $1 ORDER BY leg`, movement)
	if err != nil {
		return nil, failed(op, err)
	}
	before, err := scanEntries(rows)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(before))
	for i, e := range before {
		ids[i] = e.Account
	}
	pos, err := b.positions(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	after, err := fn(pos, before)
	if err != nil {
		return nil, err
	}
	for _, e := range after {
		status = string(e.Status)
		minor, err := minorOf(e.BalanceAfter)
		if err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE entries SET booked_at = $3, seq = $4, status = $5, balance_after = $6 WHERE movement_id = $1 AND leg = $2`,
			e.Movement, int64(e.Leg), e.BookedAt.UnixMicro(), e.Seq, status, minor); err != nil {
			return nil, failed(op, err)
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE movements SET status = $2 WHERE id = $1`, movement, status); err != nil {
		return nil, failed(op, err)
	}
	return after, failed(op, updatePositions(ctx, tx, pos))
}
