package berlin

import (
	"context"
	"net/http"
	"net/url"

	"github.com/onepointledger/onepoint"
)

// maxEndToEnd is the length of an end-to-end id (ISO 20022 Max35Text).
const maxEndToEnd = 35

// product is the payment product of a scheme.
func (c *Client) product(s onepoint.PaymentScheme) (string, error) {
	if p := c.Quirks.Products[s]; p != "" {
		return p, nil
	}
	switch s {
	case onepoint.SchemeSEPA:
		return "sepa-credit-transfers", nil
	case onepoint.SchemeSEPAInstant:
		return "instant-sepa-credit-transfers", nil
	case onepoint.SchemeInternational:
		return "cross-border-credit-transfers", nil
	}
	return "", onepoint.Missing("order a payment", "scheme", "is not one that this bank offers")
}

// order is a payment as the wire has it.
func (c *Client) order(p onepoint.Payment) (PaymentOrder, string, error) {
	const op = "order a payment"
	product, err := c.product(p.Scheme)
	if err != nil {
		return PaymentOrder{}, "", err
	}
	if minor, err := p.Amount.Minor(); err != nil || minor <= 0 {
		return PaymentOrder{}, "", onepoint.Missing(op, "amount", "must be positive and in whole minor units")
	}
	if p.ID == "" || p.Creditor.Name == "" || p.Creditor.Identifier.Value == "" {
		return PaymentOrder{}, "", onepoint.Missing(op, "creditor", "needs a name and an account, and the payment an id")
	}
	o := PaymentOrder{
		EndToEndID: p.ID, Amount: AmountOf(p.Amount), CreditorAccount: ReferenceOf(p.Creditor.Identifier),
		CreditorAgent: p.Creditor.Agent, CreditorName: p.Creditor.Name, Unstructured: p.Information, Structured: Structured{p.Reference},
	}
	if len(o.EndToEndID) > maxEndToEnd {
		o.EndToEndID = o.EndToEndID[:maxEndToEnd]
	}
	if p.Debtor.Value != "" {
		debtor := ReferenceOf(p.Debtor)
		o.Debtor = &debtor
	}
	return o, product, nil
}

// Submit implements onepoint.Payer. The bank pays when its user has agreed, so
// there is nothing left to give: it tells how the payment stands.
func (c *Client) Submit(ctx context.Context, g onepoint.Grant, p onepoint.Payment) (onepoint.PaymentState, error) {
	return c.PaymentState(ctx, g, p)
}

// PaymentState implements onepoint.Payer.
func (c *Client) PaymentState(ctx context.Context, g onepoint.Grant, p onepoint.Payment) (onepoint.PaymentState, error) {
	const op = "ask how the payment stands"
	product, err := c.product(p.Scheme)
	if err != nil {
		return onepoint.PaymentState{}, err
	}
	var answer PaymentStatus
	address := c.Base + "/payments/" + product + "/" + url.PathEscape(g.ConsentID) + "/status"
	if err := c.do(ctx, call{op: op, method: http.MethodGet, address: address, answer: &answer}); err != nil {
		return onepoint.PaymentState{}, err
	}
	if answer.Status == "" {
		return onepoint.PaymentState{}, broken("a payment without status", nil)
	}
	return onepoint.PaymentState{
		ID: g.ConsentID, Status: PaymentStatusFromWire(answer.Status), BankCode: answer.Status, Reason: answer.Reason,
	}, nil
}

// paymentPhase tells from the payment's state what its user decided.
func (c *Client) paymentPhase(ctx context.Context, id string, p onepoint.Payment) (onepoint.Phase, string, error) {
	state, err := c.PaymentState(ctx, onepoint.Grant{ConsentID: id}, p)
	if err != nil {
		return "", "", err
	}
	switch state.Status {
	case onepoint.PaymentAwaiting:
		return "", "", onepoint.E(onepoint.CodeConflict, "ask how the payment stands", "the bank still waits for its user; finish there, or start again", nil)
	case onepoint.PaymentRejected, onepoint.PaymentCancelled:
		reason := state.Reason
		if reason == "" {
			reason = "the payment was refused at the bank"
		}
		return onepoint.PhaseRefused, reason, nil
	}
	return onepoint.PhaseAuthorised, "", nil
}
