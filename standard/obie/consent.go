package obie

import (
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

const (
	scopeAccounts = "accounts"
	grantClient   = "client_credentials" // the TPP for itself
	grantUser     = "authorization_code" // the TPP for a user who consented
)

// consent is the consent behind a token of the user's, as it stands now.
func (a *api) consent(r *http.Request) (onepoint.Consent, error) {
	info, err := a.authorised(r, grantUser, scopeAccounts)
	if err != nil {
		return onepoint.Consent{}, err
	}
	const op = "read consent"
	c, err := a.consentOf(r, info, info.ConsentID)
	switch {
	case onepoint.CodeOf(err) == onepoint.CodeNotFound: // deleted, and its token not yet ended
		return c, onepoint.E(onepoint.CodeConsentInvalid, op, "the consent has ended: the user must consent anew", err)
	case err != nil:
		return c, err
	case c.Status == onepoint.ConsentExpired:
		return c, onepoint.E(onepoint.CodeConsentExpired, op, "the consent has expired: the user must consent again", nil)
	case c.Status != onepoint.ConsentAuthorised: // a list over no accounts would ask the bank for none
		return c, onepoint.E(onepoint.CodeConsentInvalid, op, "the consent is not authorised: the user must consent", nil)
	}
	return c, nil
}

// consentOf reads a consent that this version may use.
func (a *api) consentOf(r *http.Request, info fapi.TokenInfo, id string) (onepoint.Consent, error) {
	c, err := a.Bank.Consent(r.Context(), tppOf(info), id)
	if err == nil && !a.codec.serves(c.Access.Version) {
		return c, onepoint.E(onepoint.CodeForbidden, "read consent", "the consent was asked through a newer version of this API", nil)
	}
	return c, err
}

func (a *api) lodge(r *http.Request) (int, any, error) {
	info, err := a.authorised(r, grantClient, scopeAccounts)
	if err != nil {
		return 0, nil, err
	}
	body, err := jsonBody(r)
	if err != nil {
		return 0, nil, err
	}
	access, err := a.codec.readConsentRequest(body)
	if err != nil {
		return 0, nil, err
	}
	consent, err := a.Bank.Lodge(r.Context(), tppOf(info), access)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, a.codec.consentToWire(consent, a.BaseURL+r.URL.Path+"/"+consent.ID), nil
}

// jsonBody reads a request's body, which must be JSON.
func jsonBody(r *http.Request) ([]byte, error) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/json" {
		return nil, &refusal{status: http.StatusUnsupportedMediaType, msg: "the body must be application/json", path: "Content-Type"}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, "U010", "the body is too large or broke off", ""}
	}
	return body, nil
}

// readConsentRequest reads OBReadConsent1. What the permissions may be, the bank
// decides.
func (c codec) readConsentRequest(body []byte) (onepoint.Access, error) {
	var w wireConsentRequest
	if err := decodeStrict(body, &w); err != nil {
		return onepoint.Access{}, err
	}
	switch {
	case w.Data == nil:
		return onepoint.Access{}, fieldMissing("Data")
	case w.Data.Permissions == nil:
		return onepoint.Access{}, fieldMissing("Data.Permissions")
	case w.Risk == nil:
		return onepoint.Access{}, fieldMissing("Risk")
	}
	a := onepoint.Access{Version: c.name}
	for _, p := range w.Data.Permissions {
		a.Permissions = append(a.Permissions, onepoint.Permission(p))
	}
	for _, d := range []struct {
		path, text string
		to         *time.Time
	}{
		{"Data.ExpirationDateTime", w.Data.ExpirationDateTime, &a.Expires},
		{"Data.TransactionFromDateTime", w.Data.TransactionFromDateTime, &a.From},
		{"Data.TransactionToDateTime", w.Data.TransactionToDateTime, &a.To},
	} {
		t, err := c.instant(d.text)
		if err != nil {
			return a, &refusal{http.StatusBadRequest, "U003", "the field is no ISO 8601 date and time", d.path}
		}
		*d.to = t
	}
	return a, nil
}

func (a *api) readConsent(r *http.Request) (int, any, error) {
	info, err := a.authorised(r, grantClient, scopeAccounts)
	if err != nil {
		return 0, nil, err
	}
	consent, err := a.consentOf(r, info, r.PathValue("consent"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, a.codec.consentToWire(consent, a.BaseURL+r.URL.Path), nil
}

func (a *api) deleteConsent(r *http.Request) (int, any, error) {
	info, err := a.authorised(r, grantClient, scopeAccounts)
	if err != nil {
		return 0, nil, err
	}
	id := r.PathValue("consent")
	if _, err := a.consentOf(r, info, id); err != nil {
		return 0, nil, err
	}
	if err := a.Bank.Revoke(r.Context(), tppOf(info), id); err != nil {
		return 0, nil, err
	}
	return http.StatusNoContent, nil, nil
}
