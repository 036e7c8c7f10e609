package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/onepointledger/onepoint"
)

// lodgePayment creates the payment and returns its authorization's id.
func (c *Client) lodgePayment(ctx context.Context, in onepoint.Intent, p onepoint.Payment) (string, error) {
	const op = "order the payment"
	body, kind, err := paymentBody(p)
	if err != nil {
		return "", err
	}
	token, err := c.clientToken(ctx, "payments")
	if err != nil {
		return "", err
	}
	var answer struct {
		AuthorizationID string `json:"authorizationId"`
		PaymentID       string `json:"paymentId"`
	}
	err = c.call(ctx, request{
		op: op, method: http.MethodPost, url: c.Profile.Endpoints.Payments + "/" + kind, token: token, psu: in.PSU, body: body, sign: true,
		header: map[string]string{"x-idempotency-key": p.ID},
	}, &answer)
	return named(answer.AuthorizationID, err)
}

func paymentBody(p onepoint.Payment) (body map[string]any, kind string, err error) {
	const op = "order the payment"
	if p.ID == "" || p.Creditor.Name == "" || p.Creditor.Identifier.Value == "" {
		return nil, "", onepoint.Missing(op, "creditor", "a name and an account are needed")
	}
	text := map[string]any{}
	switch {
	case p.Information != "" && p.Reference != "":
		return nil, "", onepoint.Missing(op, "information", "OP takes a text or a reference, not both")
	case p.Reference != "":
		text["reference"] = p.Reference
	default:
		text["message"] = p.Information
	}
	if p.Debtor.Value != "" {
		text["payer"] = map[string]string{"iban": p.Debtor.Value}
	}
	switch p.Scheme {
	case onepoint.SchemeInternational:
		text["amount"], text["currency"] = p.Amount.Decimal(), string(p.Amount.Currency)
		text["detailsOfCharges"], text["paymentOrder"] = "SHA", "NORM"
		text["payee"] = map[string]any{
			"name":                 p.Creditor.Name,
			"bankAccount":          map[string]string{"id": p.Creditor.Identifier.Value, "schemeName": string(p.Creditor.Identifier.Scheme)},
			"financialInstitution": map[string]string{"bic": p.Creditor.Agent},
		}
		return text, "foreign-payments", nil
	case onepoint.SchemeSEPA, onepoint.SchemeSEPAInstant, onepoint.SchemeBookTransfer:
		if p.Amount.Currency != "EUR" || p.Creditor.Identifier.Scheme != onepoint.SchemeIBAN {
			return nil, "", onepoint.Missing(op, "amount", "a SEPA payment is in euro and to an IBAN")
		}
		text["amountEUR"], text["count"] = p.Amount.Decimal(), 1
		text["payee"] = map[string]any{"name": p.Creditor.Name, "iban": p.Creditor.Identifier.Value}
		return text, "sepa-payments", nil
	}
	return nil, "", onepoint.Missing(op, "scheme", "OP makes SEPA and international payments")
}

// ordered is a payment as OP holds it.
type ordered struct {
	ID          string `json:"paymentId"`
	Type        string `json:"paymentType"`
	Status      string `json:"status"`
	Submissions []struct {
		ID     string `json:"submissionId"`
		Status string `json:"status"`
	} `json:"submissions"`
}

func (o ordered) path() string {
	kind := "/sepa-payments/"
	if o.Type == "ForeignPayment" {
		kind = "/foreign-payments/"
	}
	return kind + url.PathEscape(o.ID)
}

// find returns the one payment of an authorization.
func (c *Client) find(ctx context.Context, g onepoint.Grant, token string) (ordered, error) {
	const op = "read the payment"
	var all []ordered
	err := c.call(ctx, request{
		op: op, method: http.MethodGet, token: token, sign: true,
		url: c.Profile.Endpoints.Payments + "/authorizations/" + url.PathEscape(g.ConsentID) + "/payments",
	}, &all)
	if err != nil {
		return ordered{}, err
	}
	if len(all) != 1 || all[0].ID == "" {
		return ordered{}, onepoint.E(onepoint.CodeProtocol, op, fmt.Sprintf("OP shows %d payments where there is one", len(all)), nil)
	}
	return all[0], nil
}

// Submit implements [onepoint.Payer].
func (c *Client) Submit(ctx context.Context, g onepoint.Grant, p onepoint.Payment) (onepoint.PaymentState, error) {
	o, err := c.find(ctx, g, g.AccessToken)
	if err != nil {
		return onepoint.PaymentState{}, err
	}
	var answer struct {
		Status string `json:"status"`
	}
	err = c.call(ctx, request{
		op: "submit the payment", method: http.MethodPut, token: g.AccessToken, sign: true,
		url:    c.Profile.Endpoints.Payments + o.path() + "/submissions/" + uuidFrom(p.ID),
		header: map[string]string{"x-idempotency-key": p.ID},
	}, &answer)
	var no *saidNo
	if errors.As(err, &no) {
		for _, kind := range no.violations {
			if kind == "InsufficientFunds" || kind == "PaymentFail" {
				return onepoint.PaymentState{ID: o.ID, Status: onepoint.PaymentRejected, BankCode: kind, Reason: onepoint.MessageOf(err)}, nil
			}
		}
	}
	if err != nil {
		return onepoint.PaymentState{}, err
	}
	return stateOf(o.ID, answer.Status)
}

// PaymentState implements [onepoint.Payer].
func (c *Client) PaymentState(ctx context.Context, g onepoint.Grant, _ onepoint.Payment) (onepoint.PaymentState, error) {
	token, err := c.clientToken(ctx, "payments")
	if err != nil {
		return onepoint.PaymentState{}, err
	}
	o, err := c.find(ctx, g, token)
	if err != nil {
		return onepoint.PaymentState{}, err
	}
	if len(o.Submissions) == 0 {
		return stateOf(o.ID, o.Status)
	}
	var answer struct {
		Status string `json:"status"`
	}
	err = c.call(ctx, request{
		op: "read the payment", method: http.MethodGet, token: token, sign: true,
		url: c.Profile.Endpoints.Payments + o.path() + "/submissions/" + url.PathEscape(o.Submissions[len(o.Submissions)-1].ID),
	}, &answer)
	if err != nil {
		return onepoint.PaymentState{}, err
	}
	return stateOf(o.ID, answer.Status)
}

// statuses are OP's words for authorizations, payments and submissions.
var statuses = map[string]onepoint.PaymentStatus{
	"Unauthorized": onepoint.PaymentAwaiting, "Authorizing": onepoint.PaymentAwaiting, "Authorized": onepoint.PaymentReady,
	"Pending": onepoint.PaymentPending, "Submitted": onepoint.PaymentAccepted, "Accepted": onepoint.PaymentAccepted,
	"Credited": onepoint.PaymentCompleted, "Completed": onepoint.PaymentAccepted, "Rejected": onepoint.PaymentRejected,
	"Error": onepoint.PaymentRejected, "Revoked": onepoint.PaymentCancelled, "PartiallyRevoked": onepoint.PaymentCancelled,
	"Cancelled": onepoint.PaymentCancelled, "SubmissionPending": onepoint.PaymentPending,
}

func stateOf(id, word string) (onepoint.PaymentState, error) {
	status, ok := statuses[word]
	if !ok {
		return onepoint.PaymentState{}, onepoint.E(onepoint.CodeProtocol, "read the payment", "OP names an unknown payment status", fmt.Errorf("status %.40q", word))
	}
	s := onepoint.PaymentState{ID: id, Status: status, BankCode: word}
	if status == onepoint.PaymentRejected {
		s.Reason = "OP rejected the payment"
	}
	return s, nil
}

// lodgeFunds creates the consent to ask about one account's funds.
func (c *Client) lodgeFunds(ctx context.Context, in onepoint.Intent, p onepoint.Funds) (string, error) {
	token, err := c.clientToken(ctx, "fundsconfirmations")
	if err != nil {
		return "", err
	}
	body := map[string]string{}
	if p.Account.Value != "" {
		body["iban"] = p.Account.Value
	}
	var answer struct {
		ID string `json:"authorizationId"`
	}
	err = c.call(ctx, request{
		op: "ask for consent", method: http.MethodPost, url: c.Profile.Endpoints.Funds + "/authorizations", token: token, psu: in.PSU, body: body,
	}, &answer)
	return named(answer.ID, err)
}

// ConfirmFunds implements [onepoint.FundsConfirmer], for euro.
func (c *Client) ConfirmFunds(ctx context.Context, g onepoint.Grant, _ onepoint.Identifier, amount onepoint.Money) (bool, error) {
	const op = "confirm funds"
	if amount.Currency != "EUR" {
		return false, onepoint.Missing(op, "amount", "OP confirms funds in euro only")
	}
	var answer struct {
		Available *bool `json:"fundsAvailable"`
	}
	err := c.call(ctx, request{
		op: op, method: http.MethodPost, url: c.Profile.Endpoints.Funds + "/funds-confirmations", token: g.AccessToken,
		body: map[string]string{"authorizationId": g.ConsentID, "amountEUR": amount.Decimal()},
	}, &answer)
	if err == nil && answer.Available == nil {
		err = onepoint.E(onepoint.CodeProtocol, op, "OP's answer does not say", nil)
	}
	return err == nil && *answer.Available, err
}
