package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/onepointledger/onepoint/modelbank"
)

var _ modelbank.Consents = (*Bank)(nil)

const consentColumns = `id, client_id, organisation_id, tpp_name, status, permissions, expires, booked_from, booked_to, customer_id, accounts, created, updated, deleted, version`

// CreateConsent implements [modelbank.Consents].
func (b *Bank) CreateConsent(ctx context.Context, c modelbank.Lodged) error {
	values, err := consentValues(c)
	if err != nil {
		return err
	}
	_, err = b.write.ExecContext(ctx, `INSERT INTO consents (`+consentColumns+`) VALUES (`+placeholders(1, len(values))+`)`, values...)
	return failed("write consent", err)
}

// LodgedConsent implements [modelbank.Consents].
func (b *Bank) LodgedConsent(ctx context.Context, id string) (modelbank.Lodged, error) {
	c, err := scanConsent(b.read.QueryRowContext(ctx, `SELECT `+consentColumns+` FROM consents WHERE id = $1`, id))
	return c, failed("read consent", err)
}

// UpdateConsent implements [modelbank.Consents].
func (b *Bank) UpdateConsent(ctx context.Context, id string, fn func(*modelbank.Lodged) error) (modelbank.Lodged, error) {
	var c modelbank.Lodged
	err := b.tx(ctx, func(tx *sql.Tx) (err error) {
		c, err = scanConsent(tx.QueryRowContext(ctx, `SELECT `+consentColumns+` FROM consents WHERE id = $1`+b.forUpdate(), id))
		if err != nil {
			return failed("read consent", err)
		}
		before := c
		if err := fn(&c); err != nil {
			return err
		}
		accounts, err := json.Marshal(c.Accounts)
		if err != nil {
			return fmt.Errorf("encode accounts of consent: %w", err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE consents SET status = $2, customer_id = $3, accounts = $4, updated = $5, deleted = $6 WHERE id = $1`,
			id, string(c.Status), c.Customer, string(accounts), micros(c.Updated), micros(c.Deleted))
		if err != nil {
			return failed("write consent", err)
		}
		return b.PublishIn(ctx, tx, modelbank.ConsentEvents(before, c)...)
	})
	return c, err
}

func consentValues(c modelbank.Lodged) ([]any, error) {
	permissions, err := json.Marshal(c.Access.Permissions)
	if err != nil {
		return nil, fmt.Errorf("encode permissions of consent: %w", err)
	}
	accounts, err := json.Marshal(c.Accounts)
	if err != nil {
		return nil, fmt.Errorf("encode accounts of consent: %w", err)
	}
	return []any{
		c.ID, c.TPP.ClientID, c.TPP.OrganisationID, c.TPP.Name, string(c.Status), string(permissions),
		micros(c.Access.Expires), micros(c.Access.From), micros(c.Access.To), c.Customer, string(accounts),
		micros(c.Created), micros(c.Updated), micros(c.Deleted), c.Access.Version,
	}, nil
}

func scanConsent(row interface{ Scan(...any) error }) (modelbank.Lodged, error) {
	var c modelbank.Lodged
	var permissions, accounts string
	var expires, from, to, created, updated, deleted int64
	err := row.Scan(&c.ID, &c.TPP.ClientID, &c.TPP.OrganisationID, &c.TPP.Name, &c.Status, &permissions,
		&expires, &from, &to, &c.Customer, &accounts, &created, &updated, &deleted, &c.Access.Version)
	if err != nil {
		return c, err
	}
	c.Access.Expires, c.Access.From, c.Access.To = fromMicros(expires), fromMicros(from), fromMicros(to)
	c.Created, c.Updated, c.Deleted = fromMicros(created), fromMicros(updated), fromMicros(deleted)
	if err := json.Unmarshal([]byte(permissions), &c.Access.Permissions); err != nil {
		return c, fmt.Errorf("decode permissions of consent: %w", err)
	}
	if err := json.Unmarshal([]byte(accounts), &c.Accounts); err != nil {
		return c, fmt.Errorf("decode accounts of consent: %w", err)
	}
	return c, nil
}
