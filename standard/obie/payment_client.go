package obie

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

// PayerConfig is what paying at one bank needs besides what reading needs.
type PayerConfig struct {
	Payments string // base of the payment API; empty: the account API's, with pisp for aisp
	Funds    string // base of the funds-confirmation API; empty: the same with cbpii
	Sign     PaymentSigner
	// BankKeys are the bank's published keys, fetched again when fresh. Nil: the
	// signatures of its answers are not checked.
	BankKeys func(ctx context.Context, fresh bool) (jwk.Set, error)
}

// PayerClient is a [Client] that also pays and asks for funds: it implements
// [onepoint.Payer] and [onepoint.FundsConfirmer]. It is safe for concurrent use.
type PayerClient struct {
	*Client
	PayerConfig
	four bool

	// The standard has no way from a consent to its payment. A payment whose id is
	// not known here, after a restart, is found by repeating its POST, once.
	mu  sync.Mutex
	ids map[string]string // payment by consent
}

var (
	_ onepoint.Connector      = (*PayerClient)(nil)
	_ onepoint.Payer          = (*PayerClient)(nil)
	_ onepoint.FundsConfirmer = (*PayerClient)(nil)
)

// maxKnown is how many payments are remembered.
const maxKnown = 10_000

// NewPayerClient adds paying to a client; it does no I/O. It speaks the
// client's version. CodeInvalid for a signing key that is not PS256.
func NewPayerClient(c *Client, p PayerConfig) (*PayerClient, error) {
	if p.Sign.Key == nil || p.Sign.Key().Alg != "PS256" {
		return nil, onepoint.Missing("open the bank", "sign", "messages are signed with PS256")
	}
	base := strings.TrimSuffix(c.Resource, "/aisp")
	if p.Payments == "" {
		p.Payments = base + "/pisp"
	}
	if p.Funds == "" {
		p.Funds = base + "/cbpii"
	}
	return &PayerClient{Client: c, PayerConfig: p, four: !c.codec.legacy, ids: map[string]string{}}, nil
}

// Authorize implements [onepoint.Connector] for every purpose.
func (c *PayerClient) Authorize(ctx context.Context, in onepoint.Intent) (onepoint.Authorization, error) {
	var scope string
	var lodge func() (string, error)
	switch p := in.Purpose.(type) {
	case onepoint.Payment:
		scope, lodge = "payments", func() (string, error) { return c.lodgePayment(ctx, p) }
	case onepoint.Funds:
		scope, lodge = "fundsconfirmations", func() (string, error) { return c.lodgeFunds(ctx, p) }
	default:
		return c.Client.Authorize(ctx, in)
	}
	consent := in.ConsentID
	if consent == "" {
		var err error
		if consent, err = lodge(); err != nil {
			return onepoint.Authorization{}, err
		}
	}
	redirect, err := c.OAuth.AuthorizeURL(ctx, fapi.RequestObject{
		ResponseType: c.ResponseType, RedirectURI: in.RedirectURI, Scope: "openid " + scope, State: in.State, Nonce: in.Nonce,
		CodeChallenge: fapi.Challenge(in.Verifier.Reveal()), CodeChallengeMethod: "S256",
		Claims: fapi.RequestClaims{IDToken: fapi.IDTokenClaims{
			IntentID: fapi.RequestedClaim{Essential: true, Value: consent},
			ACR:      fapi.RequestedClaim{Essential: true, Values: []string{fapi.ACRSCA}},
		}},
	})
	if err != nil {
		return onepoint.Authorization{}, err
	}
	return onepoint.Authorization{Phase: onepoint.PhaseAwaitingUser, ConsentID: consent, Redirect: redirect}, nil
}

// kindFor is the kind of payment that carries a scheme.
func kindFor(s onepoint.PaymentScheme) (PaymentKind, error) {
	name := ""
	switch s {
	case onepoint.SchemeDomestic, onepoint.SchemeBookTransfer:
		name = DomesticPayment
	case onepoint.SchemeInternational, onepoint.SchemeSEPA, onepoint.SchemeSEPAInstant:
		name = InternationalPayment
	}
	k, ok := kindOf(name)
	if !ok {
		return k, onepoint.Missing("order the payment", "scheme", "UK Open Banking makes domestic and international payments")
	}
	return k, nil
}

// initiation is a payment as the bank is told of it: the same bytes each time.
func (c *PayerClient) initiation(p onepoint.Payment) (PaymentKind, map[string]any, error) {
	const op = "order the payment"
	k, err := kindFor(p.Scheme)
	if err != nil {
		return k, nil, err
	}
	in := map[string]any{
		"InstructionIdentification": p.ID, "EndToEndIdentification": p.ID,
		"InstructedAmount": map[string]any{"Amount": p.Amount.Decimal(), "Currency": string(p.Amount.Currency)},
		"CreditorAccount":  debtorBody(&AccountName{Identifier: p.Creditor.Identifier, Name: p.Creditor.Name}, 350),
	}
	if p.Debtor.Value != "" {
		in["DebtorAccount"] = identifierToWire(p.Debtor, "")
	}
	if text := c.remittance(p); len(text) > 0 {
		in["RemittanceInformation"] = text
	}
	if k.International {
		in["CurrencyOfTransfer"] = string(p.Amount.Currency)
		if p.Creditor.Agent != "" {
			in["CreditorAgent"] = map[string]any{"SchemeName": agentScheme, "Identification": p.Creditor.Agent}
		}
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return k, nil, fmt.Errorf("%s: %w", op, err)
	}
	doc, err := parseJSON(raw)
	if err == nil {
		err = k.initiationShape(c.four).check("", doc)
	}
	if err != nil { // before the bank says it
		rule := ruleOf(err)
		return k, nil, onepoint.Missing(op, rule.Path, rule.Msg)
	}
	return k, in, nil
}

func (c *PayerClient) remittance(p onepoint.Payment) map[string]any {
	text := map[string]any{}
	if p.Information != "" {
		text["Unstructured"] = p.Information
		if c.four {
			text["Unstructured"] = []string{p.Information}
		}
	}
	if p.Reference != "" {
		text["Reference"] = p.Reference
		if c.four {
			delete(text, "Reference")
			text["Structured"] = []any{map[string]any{"CreditorReferenceInformation": map[string]any{"Reference": p.Reference}}}
		}
	}
	return text
}

func (c *PayerClient) lodgePayment(ctx context.Context, p onepoint.Payment) (string, error) {
	k, in, err := c.initiation(p)
	if err != nil {
		return "", err
	}
	body := map[string]any{"Data": map[string]any{"Initiation": in}, "Risk": map[string]any{}}
	return c.lodge(ctx, lodging{"payments", c.Payments + "/" + k.Name + "-consents", "c-" + p.ID, body, true})
}

func (c *PayerClient) lodgeFunds(ctx context.Context, f onepoint.Funds) (string, error) {
	if f.Account.Value == "" {
		return "", onepoint.Missing("ask for funds", "account", "is needed")
	}
	account := identifierToWire(f.Account, "")
	return c.lodge(ctx, lodging{"fundsconfirmations", c.Funds + "/funds-confirmation-consents", "", map[string]any{"Data": map[string]any{"DebtorAccount": account}}, false})
}

// lodging is a consent to be made.
type lodging struct {
	scope, address, key string
	body                any
	signed              bool
}

func (c *PayerClient) lodge(ctx context.Context, l lodging) (string, error) {
	const op = "lodge the consent"
	token, err := c.OAuth.ClientCredentials(ctx, l.scope)
	if err != nil {
		return "", err
	}
	var answer struct {
		Data struct {
			ConsentID string `json:"ConsentId"`
		}
	}
	err = c.send(ctx, outgoing{op: op, method: http.MethodPost, address: l.address, token: token.AccessToken, key: l.key, body: l.body, signed: l.signed}, &answer)
	if err != nil {
		return "", err
	}
	if answer.Data.ConsentID == "" {
		return "", onepoint.E(onepoint.CodeProtocol, op, "the bank's answer holds no consent id", nil)
	}
	return answer.Data.ConsentID, nil
}

// Revoke implements [onepoint.Revoker]: a funds consent is deleted, an account
// consent too; a payment's consent ends with the payment.
func (c *PayerClient) Revoke(ctx context.Context, g onepoint.Grant) error {
	switch {
	case strings.Contains(g.Scope, "fundsconfirmations"):
		token, err := c.OAuth.ClientCredentials(ctx, "fundsconfirmations")
		if err != nil {
			return err
		}
		err = c.send(ctx, outgoing{
			op: "delete the consent", method: http.MethodDelete, token: token.AccessToken,
			address: c.Funds + "/funds-confirmation-consents/" + url.PathEscape(g.ConsentID),
		}, nil)
		if onepoint.CodeOf(err) == onepoint.CodeNotFound { // gone already
			return nil
		}
		return err
	case strings.Contains(g.Scope, "payments"):
		return nil
	}
	return c.Client.Revoke(ctx, g)
}

// ConfirmFunds implements [onepoint.FundsConfirmer].
func (c *PayerClient) ConfirmFunds(ctx context.Context, g onepoint.Grant, _ onepoint.Identifier, amount onepoint.Money) (bool, error) {
	const op = "confirm funds"
	var answer struct {
		Data struct{ FundsAvailable *bool }
	}
	w, _ := unsigned(amount)
	err := c.send(ctx, outgoing{
		op: op, method: http.MethodPost, address: c.Funds + "/funds-confirmations", token: g.AccessToken,
		body: map[string]any{"Data": map[string]any{"ConsentId": g.ConsentID, "Reference": c.NewID("ref"), "InstructedAmount": w}},
	}, &answer)
	if err != nil {
		return false, err
	}
	if answer.Data.FundsAvailable == nil {
		return false, onepoint.E(onepoint.CodeProtocol, op, "the bank's answer does not say whether the money is there", nil)
	}
	return *answer.Data.FundsAvailable, nil
}

// outgoing is one call to the payment APIs.
type outgoing struct {
	op, method, address, token, key string
	body                            any
	signed                          bool // the body is, and the answer must be
}

// send makes a call, signs what must be signed and checks what the bank signed.
func (c *PayerClient) send(ctx context.Context, m outgoing, answer any) error {
	var body []byte
	if m.body != nil {
		var err error
		if body, err = json.Marshal(m.body); err != nil {
			return fmt.Errorf("%s: %w", m.op, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, m.method, m.address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", m.op, err)
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set(interactionHeader, newUUID())
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if m.key != "" {
		req.Header.Set("x-idempotency-key", m.key)
	}
	if m.signed && body != nil {
		signature, err := c.Sign.Sign(body, "application/json", c.Now())
		if err != nil {
			return fmt.Errorf("%s: %w", m.op, err)
		}
		req.Header.Set(signatureHeader, signature)
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return onepoint.E(onepoint.CodeUnavailable, m.op, "the bank does not answer", err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return onepoint.E(onepoint.CodeUnavailable, m.op, "the bank's answer broke off", err)
	case len(content) > maxAnswer:
		return onepoint.E(onepoint.CodeProtocol, m.op, "the bank's answer is too large", nil)
	case resp.StatusCode >= 300:
		return c.refused(m.op, resp, content)
	case answer == nil:
		return nil
	}
	if err := c.checkAnswer(ctx, m, resp.Header.Get(signatureHeader), content); err != nil {
		return err
	}
	if err := json.Unmarshal(content, answer); err != nil {
		return onepoint.E(onepoint.CodeProtocol, m.op, "the bank's answer is malformed", err)
	}
	return nil
}

// checkAnswer verifies the bank's signature of an answer.
func (c *PayerClient) checkAnswer(ctx context.Context, m outgoing, signature string, content []byte) error {
	if !m.signed || c.BankKeys == nil {
		return nil
	}
	if err := verifyMessage(ctx, bankSigner{c.BankKeys}, "", signature, content, c.Now()); err != nil {
		return onepoint.E(onepoint.CodeProtocol, m.op, "the bank's signature of its answer does not hold", err)
	}
	return nil
}

// bankSigner is the bank as one who signs messages.
type bankSigner struct {
	keys func(ctx context.Context, fresh bool) (jwk.Set, error)
}

// MessageKeys implements [Signers].
func (b bankSigner) MessageKeys(ctx context.Context, _ string, fresh bool) (jwk.Set, []string, error) {
	keys, err := b.keys(ctx, fresh)
	return keys, nil, err
}
