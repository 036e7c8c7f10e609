package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

var _ tpp.Books = (*Platform)(nil)

const ledgerAccountColumns = `SELECT workspace, id, bank, identity_key, connection, resource_id, detail, created, updated FROM accounts `

func scanLedgerAccount(row interface{ Scan(...any) error }) (tpp.Account, error) {
	var a tpp.Account
	var text string
	var created, updated int64
	err := row.Scan(&a.Workspace, &a.ID, &a.Bank, &a.Identity, &a.Connection, &a.ResourceID, &text, &created, &updated)
	if err != nil {
		return a, err
	}
	a.Created, a.Updated = fromMicros(created), fromMicros(updated)
	return a, json.Unmarshal([]byte(text), &a.Account)
}

// Accounts implements tpp.Books.
func (p *Platform) Accounts(ctx context.Context, workspace string) ([]tpp.Account, error) {
	return collect(ctx, p.DB, "list accounts", scanLedgerAccount, ledgerAccountColumns+`WHERE workspace = $1 ORDER BY bank, created, id`, workspace)
}

// Account implements tpp.Books.
func (p *Platform) Account(ctx context.Context, workspace, id string) (tpp.Account, error) {
	a, err := scanLedgerAccount(p.read.QueryRowContext(ctx, ledgerAccountColumns+`WHERE workspace = $1 AND id = $2`, workspace, id))
	return a, failed("find account", err)
}

func scanLedgerBalance(row interface{ Scan(...any) error }) (tpp.Balance, error) {
	var b tpp.Balance
	var amount, currency, lines string
	var at, fetched int64
	if err := row.Scan(&b.AccountID, &b.Type, &amount, &currency, &at, &lines, &fetched); err != nil {
		return b, err
	}
	money, err := onepoint.ParseMoney(amount, onepoint.Currency(currency))
	b.Amount, b.At, b.Fetched = money, fromMicros(at), fromMicros(fetched)
	return b, errors.Join(err, json.Unmarshal([]byte(lines), &b.CreditLines))
}

// Balances implements tpp.Books.
func (p *Platform) Balances(ctx context.Context, workspace, account string) ([]tpp.Balance, error) {
	return collect(ctx, p.DB, "list balances", scanLedgerBalance,
		`SELECT account, type, amount, currency, at, credit_lines, fetched FROM balances
		 WHERE workspace = $1 AND ($2 = '' OR account = $2) ORDER BY account, type`, workspace, account)
}

// Transactions implements tpp.Books.
func (p *Platform) Transactions(ctx context.Context, workspace string, f tpp.TransactionFilter) ([]tpp.Transaction, string, error) {
	if f.Limit <= 0 {
		return nil, "", onepoint.Missing("list transactions", "limit", "must be positive")
	}
	var q strings.Builder
	args := []any{workspace}
	q.WriteString(`SELECT ` + transactionFields + ` FROM transactions WHERE workspace = $1`)
	and := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		q.WriteString(" AND " + condition)
	}
	if f.Account != "" {
		and("account = ?", f.Account)
	}
	if !f.From.IsZero() {
		and("sort_date >= ?", f.From.String())
	}
	if !f.To.IsZero() {
		and("sort_date <= ?", f.To.String())
	}
	for _, word := range strings.Fields(strings.ToLower(f.Text)) {
		and(`search LIKE ? ESCAPE '\'`, "%"+likeEscape.Replace(word)+"%")
	}
	if f.Cursor != "" {
		date, id, err := openCursor(f.Cursor)
		if err != nil {
			return nil, "", err
		}
		and("(sort_date, id) < (?, ?)", date, id)
	}
	fmt.Fprintf(&q, ` ORDER BY sort_date DESC, id DESC LIMIT %d`, f.Limit+1)
	rows, err := collect(ctx, p.DB, "list transactions", scanTransaction, q.String(), args...)
	if err != nil || len(rows) <= f.Limit {
		return rows, "", err
	}
	rows = rows[:f.Limit]
	last := rows[len(rows)-1]
	return rows, base64.RawURLEncoding.EncodeToString([]byte(sortDate(last) + "|" + last.ID)), nil
}

var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func openCursor(cursor string) (date, id string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	date, id, ok := strings.Cut(string(raw), "|")
	if err != nil || !ok || id == "" {
		return "", "", onepoint.Missing("list transactions", "cursor", "is not one that this list gave out")
	}
	if _, err := onepoint.ParseDate(date); err != nil {
		return "", "", onepoint.Missing("list transactions", "cursor", "is not one that this list gave out")
	}
	return date, id, nil
}
