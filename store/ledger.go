package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

var _ tpp.Ledger = (*Platform)(nil)

// SaveAccounts implements tpp.Ledger.
func (p *Platform) SaveAccounts(ctx context.Context, accounts []tpp.Account) ([]tpp.Account, error) {
	saved := make([]tpp.Account, 0, len(accounts))
	err := p.tx(ctx, func(tx *sql.Tx) error {
		saved = saved[:0]
		for _, a := range accounts {
			detail, err := json.Marshal(a.Account)
			if err != nil {
				return fmt.Errorf("encode account: %w", err)
			}
			var created int64
			err = tx.QueryRowContext(ctx,
				`INSERT INTO accounts (workspace, id, bank, identity_key, connection, resource_id, detail, created, updated)
				 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
				 ON CONFLICT (workspace, bank, identity_key) DO UPDATE SET connection = excluded.connection,
				 resource_id = excluded.resource_id, detail = excluded.detail, updated = excluded.updated
				 RETURNING id, created`,
				a.Workspace, a.ID, a.Bank, a.Identity, a.Connection, a.ResourceID, string(detail), micros(a.Created), micros(a.Updated)).
				Scan(&a.ID, &created)
			if err != nil {
				return failed("save account", err)
			}
			a.Created = fromMicros(created)
			saved = append(saved, a)
		}
		return nil
	})
	return saved, err
}

// SaveBalances implements tpp.Ledger.
func (p *Platform) SaveBalances(ctx context.Context, workspace, account string, balances []tpp.Balance) error {
	return p.tx(ctx, func(tx *sql.Tx) error {
		for _, b := range balances {
			lines, err := json.Marshal(b.CreditLines)
			if err != nil {
				return fmt.Errorf("encode credit lines: %w", err)
			}
			_, err = tx.ExecContext(ctx,
				`INSERT INTO balances (workspace, account, type, amount, currency, at, credit_lines, fetched) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
				 ON CONFLICT (workspace, account, type) DO UPDATE SET amount = excluded.amount, currency = excluded.currency,
				 at = excluded.at, credit_lines = excluded.credit_lines, fetched = excluded.fetched`,
				workspace, account, string(b.Type), b.Amount.Decimal(), string(b.Amount.Currency), micros(b.At), string(lines), micros(b.Fetched))
			if err != nil {
				return failed("save balance", err)
			}
		}
		return nil
	})
}

const (
	transactionFields = `workspace, account, match_key, id, digest, status, sort_date, booking_date, amount, currency, search, detail, raw, first_seen, updated`
	transactionWidth  = 15
	rowsPerInsert     = 100 // parameters stay well below every driver's limit
)

// detail is what a row keeps of a transaction besides its columns.
type detail struct {
	ID              string
	Reference       string
	ValueDate       onepoint.Date
	BookedAt        time.Time `json:",omitzero"`
	Information     string
	Counterparty    onepoint.Counterparty
	Merchant        onepoint.Merchant
	Exchange        *onepoint.Exchange `json:",omitempty"`
	BankCode        string             `json:",omitempty"`
	ProprietaryCode string             `json:",omitempty"`
	BalanceAfter    *onepoint.Balance  `json:",omitempty"`
}

// withoutNUL drops NUL characters, which PostgreSQL cannot hold in text: a bank
// that sends one must not keep an account from being read. JSON has them escaped.
func withoutNUL(s string) string { return strings.ReplaceAll(s, "\x00", "") }

// sortDate is by which day a row is listed: booked, else value, else first seen.
func sortDate(t tpp.Transaction) string {
	switch {
	case !t.BookingDate.IsZero():
		return t.BookingDate.String()
	case !t.ValueDate.IsZero():
		return t.ValueDate.String()
	}
	return onepoint.DateOf(t.FirstSeen.UTC()).String()
}

func transactionValues(t tpp.Transaction) ([]any, error) {
	d, err := json.Marshal(detail{
		t.Transaction.ID, t.Reference, t.ValueDate, t.BookedAt, t.Information, t.Counterparty, t.Merchant, t.Exchange,
		t.BankCode, t.ProprietaryCode, t.BalanceAfter,
	})
	if err != nil {
		return nil, fmt.Errorf("encode transaction: %w", err)
	}
	search := strings.ToLower(strings.Join([]string{t.Information, t.Counterparty.Name, t.Merchant.Name, t.Reference}, " "))
	return []any{
		t.Workspace, t.AccountID, t.Key, t.ID, t.Digest, string(t.Status), sortDate(t), t.BookingDate.String(),
		t.Amount.Decimal(), string(t.Amount.Currency), withoutNUL(search), strings.ReplaceAll(string(d), `\u0000`, ""), t.Raw, micros(t.FirstSeen), micros(t.Updated),
	}, nil
}

// known is what a batch needs of the rows that are there.
type known struct {
	digest, status string
	firstSeen      int64
}

// SaveTransactions implements tpp.Ledger.
func (p *Platform) SaveTransactions(ctx context.Context, workspace, account string, rows []tpp.Transaction, events func(tpp.Change) []onepoint.Event) (tpp.Change, error) {
	var change tpp.Change
	err := p.tx(ctx, func(tx *sql.Tx) error {
		change = tpp.Change{Seen: len(rows)}
		have, err := knownRows(ctx, tx, workspace, account, rows)
		if err != nil {
			return err
		}
		var fresh []tpp.Transaction
		for _, t := range lastOfEach(rows) {
			t.Workspace, t.AccountID = workspace, account
			k, ok := have[t.Key]
			switch {
			case !ok:
				fresh = append(fresh, t)
				change.Added++
			case k.digest != t.Digest || k.status != string(t.Status):
				t.FirstSeen = fromMicros(k.firstSeen)
				if err := rewrite(ctx, tx, t); err != nil {
					return err
				}
				change.Updated++
			}
		}
		if err := insertRows(ctx, tx, fresh); err != nil {
			return err
		}
		if events == nil {
			return nil
		}
		return p.record(ctx, tx, workspace, events(change))
	})
	if err == nil {
		p.grown(ctx, change.Added)
	}
	return change, err
}

// grown has PostgreSQL look at the table again whenever it may have doubled
// since: a first import outruns its own statistics, and without them every batch
// is looked up by reading the whole account.
func (p *Platform) grown(ctx context.Context, added int) {
	if p.dialect != Postgres {
		return
	}
	now := p.added.Add(int64(added))
	at := max(p.analysed.Load(), 1000)
	if now < 2*at || !p.analysed.CompareAndSwap(p.analysed.Load(), now) {
		return
	}
	if _, err := p.write.ExecContext(ctx, `ANALYZE transactions`); err != nil {
		p.log.WarnContext(ctx, "analyse transactions", "error", err) // slower, not wrong
	}
}

// lastOfEach keeps, of rows with one key, the last.
func lastOfEach(rows []tpp.Transaction) []tpp.Transaction {
	at := make(map[string]int, len(rows))
	kept := make([]tpp.Transaction, 0, len(rows))
	for _, t := range rows {
		if i, ok := at[t.Key]; ok {
			kept[i] = t
			continue
		}
		at[t.Key] = len(kept)
		kept = append(kept, t)
	}
	return kept
}

func knownRows(ctx context.Context, tx *sql.Tx, workspace, account string, rows []tpp.Transaction) (map[string]known, error) {
	have := make(map[string]known, len(rows))
	for len(rows) > 0 {
		n := min(len(rows), 500)
		args := make([]any, 0, n+2)
		args = append(args, workspace, account)
		for _, t := range rows[:n] {
			args = append(args, t.Key)
		}
		rows = rows[n:]
		if err := scanKnown(ctx, tx, have, args); err != nil {
			return nil, failed("find known transactions", err)
		}
	}
	return have, nil
}

func scanKnown(ctx context.Context, tx *sql.Tx, have map[string]known, args []any) error {
	found, err := tx.QueryContext(ctx, `SELECT match_key, digest, status, first_seen FROM transactions
		WHERE workspace = $1 AND account = $2 AND match_key IN (`+placeholders(3, len(args)-2)+`)`, args...)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var key string
		var k known
		if err := found.Scan(&key, &k.digest, &k.status, &k.firstSeen); err != nil {
			return err
		}
		have[key] = k
	}
	return found.Err()
}

func insertRows(ctx context.Context, tx *sql.Tx, rows []tpp.Transaction) error {
	for len(rows) > 0 {
		n := min(len(rows), rowsPerInsert)
		args := make([]any, 0, n*transactionWidth)
		for _, t := range rows[:n] {
			v, err := transactionValues(t)
			if err != nil {
				return err
			}
			args = append(args, v...)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO transactions (`+transactionFields+`) VALUES `+tuples(n, transactionWidth), args...)
		if err != nil {
			return failed("add transactions", err)
		}
		rows = rows[n:]
	}
	return nil
}

// rewrite updates a row in place: its id and when it was first seen stay.
func rewrite(ctx context.Context, tx *sql.Tx, t tpp.Transaction) error {
	v, err := transactionValues(t)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx,
		`UPDATE transactions SET digest = $4, status = $5, sort_date = $6, booking_date = $7, amount = $8, currency = $9, search = $10,
		 detail = $11, raw = $12, updated = $13 WHERE workspace = $1 AND account = $2 AND match_key = $3`,
		v[0], v[1], v[2], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[14])
	return failed("update transaction", err)
}

// PendingKeys implements tpp.Ledger.
func (p *Platform) PendingKeys(ctx context.Context, workspace, account string, from onepoint.Date) ([]string, error) {
	scan := func(row interface{ Scan(...any) error }) (string, error) {
		var k string
		err := row.Scan(&k)
		return k, err
	}
	return collect(ctx, p.DB, "list pending transactions", scan,
		`SELECT match_key FROM transactions WHERE workspace = $1 AND account = $2 AND status = 'pending' AND (booking_date = '' OR booking_date >= $3)`,
		workspace, account, from.String())
}

// MarkVanished implements tpp.Ledger.
func (p *Platform) MarkVanished(ctx context.Context, workspace, account string, keys []string, at time.Time) error {
	return p.tx(ctx, func(tx *sql.Tx) error {
		for len(keys) > 0 {
			n := min(len(keys), 500)
			args := []any{workspace, account, micros(at)}
			for _, k := range keys[:n] {
				args = append(args, k)
			}
			_, err := tx.ExecContext(ctx, `UPDATE transactions SET status = 'vanished', updated = $3
				WHERE workspace = $1 AND account = $2 AND status = 'pending' AND match_key IN (`+placeholders(4, n)+`)`, args...)
			if err != nil {
				return failed("mark vanished transactions", err)
			}
			keys = keys[n:]
		}
		return nil
	})
}

func scanTransaction(row interface{ Scan(...any) error }) (tpp.Transaction, error) {
	var t tpp.Transaction
	var sort, booking, amount, currency, search, text string
	var first, updated int64
	err := row.Scan(&t.Workspace, &t.AccountID, &t.Key, &t.ID, &t.Digest, &t.Status, &sort, &booking, &amount, &currency, &search, &text, &t.Raw, &first, &updated)
	if err != nil {
		return t, err
	}
	var d detail
	money, err1 := onepoint.ParseMoney(amount, onepoint.Currency(currency))
	err = errors.Join(err1, json.Unmarshal([]byte(text), &d), t.BookingDate.UnmarshalText([]byte(booking)))
	t.Amount, t.FirstSeen, t.Updated = money, fromMicros(first), fromMicros(updated)
	t.Transaction.ID, t.Reference, t.ValueDate, t.BookedAt = d.ID, d.Reference, d.ValueDate, d.BookedAt
	t.Information, t.Counterparty, t.Merchant, t.Exchange = d.Information, d.Counterparty, d.Merchant, d.Exchange
	t.BankCode, t.ProprietaryCode, t.BalanceAfter = d.BankCode, d.ProprietaryCode, d.BalanceAfter
	return t, err
}
