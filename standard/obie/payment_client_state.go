package obie

import (
	"context"
	"net/http"
	"net/url"

	"github.com/onepointledger/onepoint"
)

// wirePayment is what is read of any payment's answer.
type wirePayment struct {
	Data struct {
		DomesticPaymentID      string `json:"DomesticPaymentId"`
		InternationalPaymentID string `json:"InternationalPaymentId"`
		Status                 string `json:"Status"`
		StatusReason           any    `json:"StatusReason"`
	} `json:"Data"`
}

func (w wirePayment) id() string { return w.Data.DomesticPaymentID + w.Data.InternationalPaymentID }

// Submit implements [onepoint.Payer]. The payment's id is the idempotency key.
func (c *PayerClient) Submit(ctx context.Context, g onepoint.Grant, p onepoint.Payment) (onepoint.PaymentState, error) {
	const op = "submit the payment"
	k, in, err := c.initiation(p)
	if err != nil {
		return onepoint.PaymentState{}, err
	}
	var answer wirePayment
	err = c.send(ctx, outgoing{
		op: op, method: http.MethodPost, address: c.Payments + "/" + k.Name + "s", token: g.AccessToken, key: p.ID, signed: true,
		body: map[string]any{"Data": map[string]any{"ConsentId": g.ConsentID, "Initiation": in}, "Risk": map[string]any{}},
	}, &answer)
	if code := onepoint.CodeOf(err); code == onepoint.CodeConsentInvalid || code == onepoint.CodeConsentExpired {
		return onepoint.PaymentState{}, onepoint.E(onepoint.CodeConflict, op, "the bank does not take the payment any more: order it again", err)
	}
	if err != nil {
		return onepoint.PaymentState{}, err
	}
	c.remember(g.ConsentID, answer.id())
	return answer.state(op)
}

func (c *PayerClient) remember(consent, payment string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ids) >= maxKnown {
		clear(c.ids)
	}
	c.ids[consent] = payment
}

// PaymentState implements [onepoint.Payer]: of the payment, when it is known
// here, else of its consent. A consent that was consumed has a payment, which the
// same POST finds while the bank remembers its key, for a day.
func (c *PayerClient) PaymentState(ctx context.Context, g onepoint.Grant, p onepoint.Payment) (onepoint.PaymentState, error) {
	const op = "ask for the payment"
	k, err := kindFor(p.Scheme)
	if err != nil {
		return onepoint.PaymentState{}, err
	}
	token, err := c.OAuth.ClientCredentials(ctx, "payments")
	if err != nil {
		return onepoint.PaymentState{}, err
	}
	ask := outgoing{op: op, method: http.MethodGet, token: token.AccessToken, signed: true}
	c.mu.Lock()
	id := c.ids[g.ConsentID]
	c.mu.Unlock()
	if id != "" {
		var answer wirePayment
		ask.address = c.Payments + "/" + k.Name + "s/" + url.PathEscape(id)
		if err := c.send(ctx, ask, &answer); err != nil {
			return onepoint.PaymentState{}, err
		}
		return answer.state(op)
	}
	var consent wirePayment
	ask.address = c.Payments + "/" + k.Name + "-consents/" + url.PathEscape(g.ConsentID)
	if err := c.send(ctx, ask, &consent); err != nil {
		return onepoint.PaymentState{}, err
	}
	return c.fromConsent(ctx, g, p, consent.Data.Status)
}

// fromConsent is how a payment stands by the state of its consent.
func (c *PayerClient) fromConsent(ctx context.Context, g onepoint.Grant, p onepoint.Payment, status string) (onepoint.PaymentState, error) {
	s := onepoint.PaymentState{BankCode: status}
	switch status {
	case "AWAU", "AwaitingAuthorisation":
		s.Status = onepoint.PaymentAwaiting
	case "AUTH", "Authorised":
		s.Status = onepoint.PaymentReady
	case "RJCT", "Rejected":
		s.Status, s.Reason = onepoint.PaymentRejected, "you did not agree at the bank"
	case "COND", "Consumed":
		found, err := c.Submit(ctx, g, p)
		if err == nil || onepoint.CodeOf(err) == onepoint.CodeUnavailable {
			return found, err
		}
		s.Status = onepoint.PaymentPending // it was taken; the bank does not say more
	default:
		return s, onepoint.E(onepoint.CodeProtocol, "ask for the payment", "the bank sent a state of a consent that makes no sense", nil)
	}
	return s, nil
}

// state translates the Status of a payment of either version.
func (w wirePayment) state(op string) (onepoint.PaymentState, error) {
	s := onepoint.PaymentState{ID: w.id(), BankCode: w.Data.Status}
	if s.ID == "" {
		return s, onepoint.E(onepoint.CodeProtocol, op, "the bank's answer holds no payment id", nil)
	}
	switch w.Data.Status {
	case "RCVD", "PDNG", "PATC", "Pending":
		s.Status = onepoint.PaymentPending
	case "ACTC", "ACCP", "ACFC", "ACSP", "ACWC", "ACWP", "AcceptedSettlementInProcess", "AcceptedWithoutPosting":
		s.Status = onepoint.PaymentAccepted
	case "ACSC", "ACCC", "AcceptedSettlementCompleted", "AcceptedCreditSettlementCompleted":
		s.Status = onepoint.PaymentCompleted
	case "RJCT", "BLCK", "Rejected":
		s.Status, s.Reason = onepoint.PaymentRejected, w.reason()
	case "CANC":
		s.Status = onepoint.PaymentCancelled
	default:
		return s, onepoint.E(onepoint.CodeProtocol, op, "the bank sent a state of a payment that makes no sense", nil)
	}
	return s, nil
}

// reason is why a payment was rejected, for the user.
func (w wirePayment) reason() string {
	if list, ok := w.Data.StatusReason.([]any); ok && len(list) > 0 {
		if text := textAt(list[0], "StatusReasonDescription"); text != "" {
			return clip(text, 200)
		}
	}
	return "the bank rejected the payment"
}
