package berlin

import (
	"context"
	"net/http"

	"github.com/onepointledger/onepoint"
)

// fundsConsents is where a user agrees to confirmations (confirmation of funds
// consents 2.0).
func (c *Client) fundsConsents() string { return c.Funds + "/consents/confirmation-of-funds" }

// ConfirmFunds implements onepoint.FundsConfirmer.
func (c *Client) ConfirmFunds(ctx context.Context, g onepoint.Grant, account onepoint.Identifier, amount onepoint.Money) (bool, error) {
	const op = "confirm funds"
	h := http.Header{}
	if g.ConsentID != "" {
		h.Set(consentHeader, g.ConsentID)
	}
	var answer FundsAnswer
	err := c.do(ctx, call{
		op: op, method: http.MethodPost, address: c.Base + "/funds-confirmations", header: h,
		body: FundsRequest{ReferenceOf(account), AmountOf(amount)}, answer: &answer,
	})
	if err != nil {
		return false, err
	}
	if answer.Available == nil {
		return false, onepoint.E(onepoint.CodeProtocol, op, "the bank's answer says neither yes nor no", nil)
	}
	return *answer.Available, nil
}
