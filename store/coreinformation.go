package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// The kinds of account information.
const (
	kindBeneficiary   = "beneficiary"
	kindDirectDebit   = "direct_debit"
	kindStandingOrder = "standing_order"
	kindScheduled     = "scheduled_payment"
	kindOffer         = "offer"
)

// Beneficiaries implements [core.Information].
func (b *Bank) Beneficiaries(ctx context.Context, accounts []string) ([]onepoint.Beneficiary, error) {
	return information[onepoint.Beneficiary](ctx, b, kindBeneficiary, accounts)
}

// DirectDebits implements [core.Information].
func (b *Bank) DirectDebits(ctx context.Context, accounts []string) ([]onepoint.DirectDebit, error) {
	return information[onepoint.DirectDebit](ctx, b, kindDirectDebit, accounts)
}

// StandingOrders implements [core.Information].
func (b *Bank) StandingOrders(ctx context.Context, accounts []string) ([]onepoint.StandingOrder, error) {
	return information[onepoint.StandingOrder](ctx, b, kindStandingOrder, accounts)
}

// ScheduledPayments implements [core.Information].
func (b *Bank) ScheduledPayments(ctx context.Context, accounts []string) ([]onepoint.ScheduledPayment, error) {
	return information[onepoint.ScheduledPayment](ctx, b, kindScheduled, accounts)
}

// Offers implements [core.Information].
func (b *Bank) Offers(ctx context.Context, accounts []string) ([]onepoint.Offer, error) {
	return information[onepoint.Offer](ctx, b, kindOffer, accounts)
}

// information reads all of one kind, account by account: a range of the primary
// key for each.
func information[T any](ctx context.Context, b *Bank, kind string, accounts []string) ([]T, error) {
	const op = "read account information"
	if len(accounts) == 0 {
		return nil, nil
	}
	rows, err := b.read.QueryContext(ctx, `SELECT account_id, document FROM account_information
		WHERE kind = $1 AND account_id IN (`+placeholders(2, len(accounts))+`) ORDER BY account_id, position`, append([]any{kind}, anyOf(accounts)...)...)
	if err != nil {
		return nil, failed(op, err)
	}
	defer rows.Close()
	byAccount := map[string][]T{}
	for rows.Next() {
		var account, document string
		if err := rows.Scan(&account, &document); err != nil {
			return nil, failed(op, err)
		}
		var one T
		if err := json.Unmarshal([]byte(document), &one); err != nil {
			return nil, fmt.Errorf("decode account information: %w", err)
		}
		byAccount[account] = append(byAccount[account], one)
	}
	var list []T
	for _, a := range accounts {
		list = append(list, byAccount[a]...)
	}
	return list, failed(op, rows.Err())
}

func anyOf(ids []string) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

// Party implements [core.Information].
func (b *Bank) Party(ctx context.Context, customer string) (onepoint.Party, error) {
	var id, name string
	var document sql.NullString
	err := b.read.QueryRowContext(ctx, `SELECT c.id, c.name, p.document FROM customers c LEFT JOIN parties p ON p.customer_id = c.id
		WHERE c.id = $1`, customer).Scan(&id, &name, &document)
	if err != nil {
		return onepoint.Party{}, failed("read party", err)
	}
	return decodeParty(id, name, document)
}

// Holders implements [core.Information].
func (b *Bank) Holders(ctx context.Context, account string) ([]onepoint.Party, error) {
	const op = "read holders of account"
	rows, err := b.read.QueryContext(ctx, `SELECT c.id, c.name, p.document FROM account_holders h
		JOIN customers c ON c.id = h.customer_id LEFT JOIN parties p ON p.customer_id = c.id
		WHERE h.account_id = $1 ORDER BY h.position, c.id`, account)
	if err != nil {
		return nil, failed(op, err)
	}
	defer rows.Close()
	var list []onepoint.Party
	for rows.Next() {
		var id, name string
		var document sql.NullString
		if err := rows.Scan(&id, &name, &document); err != nil {
			return nil, failed(op, err)
		}
		p, err := decodeParty(id, name, document)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, failed(op, rows.Err())
}

// decodeParty is a customer of whom no more than the name may be kept.
func decodeParty(id, name string, document sql.NullString) (onepoint.Party, error) {
	p := onepoint.Party{Type: onepoint.PartySole, Name: name}
	if document.Valid {
		if err := json.Unmarshal([]byte(document.String), &p); err != nil {
			return p, fmt.Errorf("decode party: %w", err)
		}
	}
	p.ID = id
	return p, nil
}

func insertInformation(ctx context.Context, tx *sql.Tx, batch core.Batch) error {
	k := &informationWriter{bulk: newBulk(ctx, tx, "account_information", "account_id, kind, position, id, document", "")}
	for _, v := range batch.Beneficiaries {
		k.put(v.Account, kindBeneficiary, v.ID, v)
	}
	for _, v := range batch.DirectDebits {
		k.put(v.Account, kindDirectDebit, v.ID, v)
	}
	for _, v := range batch.StandingOrders {
		k.put(v.Account, kindStandingOrder, v.ID, v)
	}
	for _, v := range batch.ScheduledPayments {
		k.put(v.Account, kindScheduled, v.ID, v)
	}
	for _, v := range batch.Offers {
		k.put(v.Account, kindOffer, v.ID, v)
	}
	if k.err != nil {
		return k.err
	}
	if err := k.bulk.flush(); err != nil {
		return err
	}
	parties := newBulk(ctx, tx, "parties", "customer_id, document", "")
	for _, p := range batch.Parties {
		document, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("encode party: %w", err)
		}
		if err := parties.add(p.ID, string(document)); err != nil {
			return err
		}
	}
	return parties.flush()
}

// informationWriter counts positions and keeps the first error.
type informationWriter struct {
	bulk *bulk
	n    int64
	err  error
}

func (w *informationWriter) put(account, kind, id string, v any) {
	document, err := json.Marshal(v)
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("encode account information: %w", err)
	}
	if w.err == nil {
		w.n++
		w.err = w.bulk.add(account, kind, w.n, id, string(document))
	}
}
