package bunq

import (
	"context"
	"net/http"

	"github.com/onepointledger/onepoint"
)

// ConfirmFunds implements onepoint.FundsConfirmer.
func (c *Connector) ConfirmFunds(ctx context.Context, g onepoint.Grant, account onepoint.Identifier, amount onepoint.Money) (bool, error) {
	const op = "confirm funds"
	if account.Scheme != onepoint.SchemeIBAN || account.Value == "" {
		return false, onepoint.Missing(op, "account", "must be an IBAN")
	}
	e, err := c.asUser(ctx, g, request{op: op, method: http.MethodPost, path: "/confirmation-of-funds", body: map[string]any{
		"pointer_iban": wireAlias{Type: "IBAN", Value: account.Value},
		"amount":       wireMoney{amount.Decimal(), string(amount.Currency)},
	}})
	if err != nil {
		return false, err
	}
	var said struct {
		Enough *bool `json:"has_sufficient_funds"`
	}
	if err := e.get("ConfirmationOfFunds", &said); err != nil {
		return false, err
	}
	if said.Enough == nil {
		return false, broken("the ConfirmationOfFunds", nil)
	}
	return *said.Enough, nil
}
