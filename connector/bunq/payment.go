package bunq

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/onepointledger/onepoint"
)

const (
	issuerPath     = "/payment-service-provider-issuer-transaction"
	issuerKind     = "PaymentServiceProviderIssuerTransaction"
	scopePayment   = "payment"
	maxDescription = 140
)

type wireIssuer struct {
	UUID         string    `json:"public_uuid"`
	Status       string    `json:"status"`
	Amount       wireMoney `json:"amount"`
	Counterparty wireAlias `json:"counterparty_alias"`
}

// newIssuer is the order as bunq wants it.
type newIssuer struct {
	Counterparty wireAlias `json:"counterparty_alias"`
	Amount       wireMoney `json:"amount"`
	Description  string    `json:"description"`
	Redirect     string    `json:"url_redirect"`
}

// orderOf checks what bunq would refuse.
func orderOf(p onepoint.Payment) (newIssuer, error) {
	const op = opIssue
	text := p.Information
	if text == "" {
		text = p.Reference
	}
	minor, err := p.Amount.Minor()
	switch {
	case err != nil || minor <= 0:
		return newIssuer{}, onepoint.Missing(op, "amount", "must be positive and in whole minor units")
	case p.Creditor.Name == "":
		return newIssuer{}, onepoint.Missing(op, "creditor.name", "is needed")
	case p.Creditor.Identifier.Scheme != onepoint.SchemeIBAN || p.Creditor.Identifier.Value == "":
		return newIssuer{}, onepoint.Missing(op, "creditor.identifier", "must be an IBAN")
	case len([]rune(text)) > maxDescription:
		return newIssuer{}, onepoint.Missing(op, "information", "may be 140 characters long at bunq")
	}
	return newIssuer{
		Counterparty: wireAlias{"IBAN", p.Creditor.Identifier.Value, p.Creditor.Name},
		Amount:       wireMoney{p.Amount.Decimal(), string(p.Amount.Currency)}, Description: text,
	}, nil
}

// lodgePayment creates the transaction, or takes the one that waits for its user
// already, and sends the user to bunq's page.
func (c *Connector) lodgePayment(ctx context.Context, in onepoint.Intent, p onepoint.Payment) (onepoint.Authorization, error) {
	order, err := orderOf(p)
	if err != nil {
		return onepoint.Authorization{}, err
	}
	if order.Redirect, err = withState(in.RedirectURI, in.State); err != nil {
		return onepoint.Authorization{}, err
	}
	id := in.ConsentID
	t, err := c.issuer(ctx, id, p)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return onepoint.Authorization{}, err
	}
	if statusOf(t.Status) != onepoint.PaymentAwaiting {
		if id, t, err = c.newIssuer(ctx, order, p); err != nil {
			return onepoint.Authorization{}, err
		}
	}
	return c.sendToPay(id, t)
}

func (c *Connector) newIssuer(ctx context.Context, order newIssuer, p onepoint.Payment) (string, wireIssuer, error) {
	e, err := c.asPSP(ctx, request{op: opIssue, method: http.MethodPost, path: issuerPath, body: order})
	if err != nil {
		return "", wireIssuer{}, err
	}
	id, err := e.id()
	if err != nil {
		return "", wireIssuer{}, err
	}
	t, err := c.issuer(ctx, id, p)
	return id, t, err
}

func (c *Connector) sendToPay(id string, t wireIssuer) (onepoint.Authorization, error) {
	u, err := url.Parse(c.env.Profile.Endpoints.Payments)
	if err != nil || u.Scheme != "https" || t.UUID == "" {
		return onepoint.Authorization{}, onepoint.E(onepoint.CodeProtocol, "ask for a payment", "bunq's page for the payment is not known", err)
	}
	u.RawQuery = url.Values{"transactionId": {t.UUID}}.Encode()
	return onepoint.Authorization{Phase: onepoint.PhaseAwaitingUser, ConsentID: id, Redirect: u.String()}, nil
}

// withState is our address with the state in it: bunq sends the user there and
// adds nothing.
func withState(address, state string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", onepoint.Missing("ask for a payment", "redirectUri", "must be an address")
	}
	q := u.Query()
	q.Set("state", state)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// issuer reads a transaction and checks that it is the payment: what bunq holds
// must be what the user was told. An empty id is none.
func (c *Connector) issuer(ctx context.Context, id string, p onepoint.Payment) (wireIssuer, error) {
	const op = opIssued
	var t wireIssuer
	if id == "" {
		return t, nil
	}
	if !isNumber(id) {
		return t, onepoint.E(onepoint.CodeNotFound, op, "bunq has no payment of this id", nil)
	}
	e, err := c.asPSP(ctx, request{op: op, method: http.MethodGet, path: issuerPath + "/" + id})
	if err != nil {
		return t, err
	}
	if err := e.get(issuerKind, &t); err != nil {
		return t, err
	}
	money, err := t.Amount.money()
	if err != nil {
		return t, err
	}
	if !money.Equal(p.Amount) || !sameIBAN(t.Counterparty.Value, p.Creditor.Identifier.Value) {
		return t, onepoint.E(onepoint.CodeProtocol, op, "bunq holds another payment under this id", nil)
	}
	return t, nil
}

func sameIBAN(a, b string) bool {
	return strings.EqualFold(strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", ""))
}

// statusOf is the table from bunq's words. A word that is not known is not final.
func statusOf(word string) onepoint.PaymentStatus {
	switch word {
	case "PENDING", "CREATED", "AWAITING":
		return onepoint.PaymentAwaiting
	case "ACCEPTED":
		return onepoint.PaymentAccepted
	case "COMPLETED", "SETTLED", "FINISHED":
		return onepoint.PaymentCompleted
	case "REJECTED", "FAILED":
		return onepoint.PaymentRejected
	case "CANCELLED", "REVOKED", "EXPIRED":
		return onepoint.PaymentCancelled
	}
	return onepoint.PaymentPending
}

func reasonOf(word string) string {
	switch word {
	case "REJECTED":
		return "it was refused at bunq"
	case "EXPIRED":
		return "it was not accepted at bunq in time"
	case "CANCELLED", "REVOKED":
		return "it was cancelled"
	case "FAILED":
		return "bunq could not carry it out"
	}
	return ""
}

// resumePayment asks what the user decided: what comes back with them says no
// more than which payment it was.
func (c *Connector) resumePayment(ctx context.Context, in onepoint.Intent, p onepoint.Payment) (onepoint.Authorization, error) {
	if !isNumber(in.ConsentID) {
		return onepoint.Authorization{}, foreign("it belongs to another payment")
	}
	t, err := c.issuer(ctx, in.ConsentID, p)
	if err != nil {
		return onepoint.Authorization{}, err
	}
	switch statusOf(t.Status) {
	case onepoint.PaymentAwaiting:
		return c.sendToPay(in.ConsentID, t)
	case onepoint.PaymentRejected, onepoint.PaymentCancelled:
		return onepoint.Authorization{Phase: onepoint.PhaseRefused, ConsentID: in.ConsentID, Reason: reasonOf(t.Status)}, nil
	}
	return onepoint.Authorization{
		Phase: onepoint.PhaseAuthorised, ConsentID: in.ConsentID, Grant: onepoint.Grant{ConsentID: in.ConsentID, Scope: scopePayment},
	}, nil
}

// Submit implements onepoint.Payer. At bunq the user's yes is the order: nothing
// is left to be given, so that no repetition can pay twice.
func (c *Connector) Submit(ctx context.Context, g onepoint.Grant, p onepoint.Payment) (onepoint.PaymentState, error) {
	return c.PaymentState(ctx, g, p)
}

// PaymentState implements onepoint.Payer.
func (c *Connector) PaymentState(ctx context.Context, g onepoint.Grant, p onepoint.Payment) (onepoint.PaymentState, error) {
	if g.ConsentID == "" {
		return onepoint.PaymentState{}, onepoint.Missing("read the payment", "consentId", "is needed")
	}
	t, err := c.issuer(ctx, g.ConsentID, p)
	if err != nil {
		return onepoint.PaymentState{}, err
	}
	return onepoint.PaymentState{ID: g.ConsentID, Status: statusOf(t.Status), BankCode: t.Status, Reason: reasonOf(t.Status)}, nil
}
