package store

import (
	"context"

	"github.com/onepointledger/onepoint/modelbank"
)

// mostConnected bounds a customer's page of connected apps.
const mostConnected = 200

// ConsentsOf implements [modelbank.Consents].
func (b *Bank) ConsentsOf(ctx context.Context, customer string) ([]modelbank.Lodged, error) {
	rows, err := b.read.QueryContext(ctx, `SELECT `+consentColumns+` FROM consents WHERE customer_id = $1 AND customer_id <> ''
		ORDER BY created DESC, id DESC LIMIT $2`, customer, mostConnected)
	if err != nil {
		return nil, failed("list consents", err)
	}
	defer rows.Close()
	var list []modelbank.Lodged
	for rows.Next() {
		c, err := scanConsent(rows)
		if err != nil {
			return nil, failed("list consents", err)
		}
		list = append(list, c)
	}
	return list, failed("list consents", rows.Err())
}
