package berlin

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/url"

	"github.com/onepointledger/onepoint"
)

// Resume implements onepoint.Connector. The bank sends nothing back but its
// user: the state says whose journey it was, and the bank itself how it ended.
// [onepoint.CodeConflict] when the bank still waits for its user.
func (c *Client) Resume(ctx context.Context, in onepoint.Intent, cb onepoint.Callback) (onepoint.Authorization, error) {
	const op = "check the bank's answer"
	for name := range cb.Params {
		if len(cb.Params[name]) != 1 {
			return onepoint.Authorization{}, onepoint.E(onepoint.CodeProtocol, op, "the bank's answer does not fit the request: "+name+" comes twice", nil)
		}
	}
	if in.State == "" || subtle.ConstantTimeCompare([]byte(cb.Params.Get("state")), []byte(in.State)) != 1 {
		return onepoint.Authorization{}, onepoint.E(onepoint.CodeProtocol, op, "the bank's answer does not fit the request: its state is another", nil)
	}
	if in.ConsentID == "" {
		return onepoint.Authorization{}, onepoint.E(onepoint.CodeProtocol, op, "the journey has no consent", nil)
	}
	var phase onepoint.Phase
	var reason string
	var err error
	switch p := in.Purpose.(type) {
	case onepoint.Payment:
		phase, reason, err = c.paymentPhase(ctx, in.ConsentID, p)
	case onepoint.Funds:
		phase, reason, err = c.consentPhase(ctx, c.fundsConsents(), in.ConsentID)
	default:
		phase, reason, err = c.consentPhase(ctx, c.Base+"/consents", in.ConsentID)
	}
	switch onepoint.CodeOf(err) {
	case "":
	case onepoint.CodeNotFound, onepoint.CodeForbidden, onepoint.CodeConsentInvalid:
		return onepoint.Authorization{}, onepoint.E(onepoint.CodeProtocol, op, "the bank does not know what its user decided about", err)
	default:
		return onepoint.Authorization{}, err
	}
	a := onepoint.Authorization{Phase: phase, ConsentID: in.ConsentID, Reason: reason}
	if phase == onepoint.PhaseAuthorised {
		a.Grant = onepoint.Grant{ConsentID: in.ConsentID}
	}
	return a, nil
}

// consentPhase asks how a consent stands.
func (c *Client) consentPhase(ctx context.Context, consents, id string) (onepoint.Phase, string, error) {
	const op = "ask how the consent stands"
	var answer ConsentStatus
	err := c.do(ctx, call{op: op, method: http.MethodGet, address: consents + "/" + url.PathEscape(id) + "/status", answer: &answer})
	if err != nil {
		return "", "", err
	}
	switch answer.Status {
	case ConsentValid:
		return onepoint.PhaseAuthorised, "", nil
	case ConsentRejected:
		return onepoint.PhaseRefused, "you did not agree to share at the bank", nil
	case ConsentRevoked, ConsentTerminated:
		return onepoint.PhaseRefused, "the consent was ended", nil
	case ConsentExpired:
		return onepoint.PhaseRefused, "the consent has expired", nil
	case ConsentReceived, ConsentAccepted, ConsentPartial:
		return "", "", onepoint.E(onepoint.CodeConflict, op, "the bank still waits for its user; finish there, or start again", nil)
	}
	return "", "", onepoint.E(onepoint.CodeProtocol, op, "the bank answers with a status that is not known", nil)
}

// Revoke implements onepoint.Revoker: it deletes the consent.
func (c *Client) Revoke(ctx context.Context, g onepoint.Grant) error {
	err := c.do(ctx, call{op: "delete the consent", method: http.MethodDelete, address: c.Base + "/consents/" + url.PathEscape(g.ConsentID)})
	switch onepoint.CodeOf(err) {
	case onepoint.CodeNotFound, onepoint.CodeConsentInvalid, onepoint.CodeConsentExpired: // gone already
		return nil
	}
	return err
}
