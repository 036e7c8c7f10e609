package op

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

// token is an access or a refresh token, kept under its hash.
type token struct {
	Kind          string    `json:"kind"` // "access" or "refresh"
	Client        string    `json:"client"`
	Scope         string    `json:"scope"` // accounts, payments or fundsconfirmations
	Authorization string    `json:"authorization"`
	Customer      string    `json:"customer"`
	Thumbprint    string    `json:"thumbprint"`
	Expires       time.Time `json:"expires"`
}

// code is an authorization code, kept under its hash. A used one is kept until it
// expires, to tell replay from nonsense.
type code struct {
	Client        string    `json:"client"`
	RedirectURI   string    `json:"redirectUri"`
	Scope         string    `json:"scope"`
	Authorization string    `json:"authorization"`
	Customer      string    `json:"customer"`
	Nonce         string    `json:"nonce"`
	Expires       time.Time `json:"expires"`
	Used          bool      `json:"used"`
}

var userScopes = map[string]string{"accounts": "AIS", "payments": "PIS", "fundsconfirmations": "CBPII"}

// token is the token endpoint. Client authentication is in the form, and the
// certificate must be the registered one.
func (s *Server) token(w http.ResponseWriter, r *http.Request) error {
	_, thumbprint, err := s.certificate(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return refusal("invalid_request", "the form is malformed")
	}
	f := r.PostForm
	for name := range f {
		if len(f[name]) > 1 {
			return refusal("invalid_request", name+" comes twice")
		}
	}
	c, err := s.clients.Get(r.Context(), f.Get("client_id"))
	if err != nil || subtle.ConstantTimeCompare([]byte(hash(f.Get("client_secret"))), []byte(c.SecretHash)) != 1 {
		return &fapi.OAuthError{Code: "invalid_client", Description: "client_id or client_secret is wrong", Status: http.StatusUnauthorized}
	}
	if c.Thumbprint != thumbprint {
		return &fapi.OAuthError{Code: "invalid_client", Description: "the certificate is not the one of the registration", Status: http.StatusUnauthorized}
	}
	switch f.Get("grant_type") {
	case "client_credentials":
		return s.clientCredentials(w, r, c, f)
	case "authorization_code":
		return s.exchange(w, r, c, f)
	case "refresh_token":
		return s.refresh(w, r, c, f)
	}
	return refusal("unsupported_grant_type", "grant_type may be client_credentials, authorization_code or refresh_token")
}

func (s *Server) clientCredentials(w http.ResponseWriter, r *http.Request, c client, f url.Values) error {
	scope := f.Get("scope")
	role, ok := userScopes[scope]
	if !ok || !c.role(role) {
		// The one error that the sandbox sends with status 200.
		return &fapi.OAuthError{Code: "invalid_scope", Description: "scope must be exactly one of those registered", Status: http.StatusOK}
	}
	access, err := s.issue(r.Context(), token{Kind: "access", Client: c.ID, Scope: scope, Thumbprint: c.Thumbprint, Expires: s.Now().Add(clientTokenLife)})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(clientTokenLife / time.Second), "scope": scope,
	})
}

func (s *Server) issue(ctx context.Context, t token) (string, error) {
	handle := sim.Random()
	return handle, s.tokens.Add(ctx, hash(handle), t.Authorization, t)
}

func (s *Server) exchange(w http.ResponseWriter, r *http.Request, c client, f url.Values) error {
	ctx := r.Context()
	got, err := s.codes.Update(ctx, hash(f.Get("code")), func(have *code) error {
		switch {
		case have.Client != c.ID || have.RedirectURI != f.Get("redirect_uri"):
			return refusal("invalid_grant", "the code belongs to another client or redirect_uri")
		case have.Used:
			return refusal("invalid_grant", "the code was used before")
		case !s.Now().Before(have.Expires):
			return refusal("invalid_grant", "the code has expired")
		}
		have.Used = true
		return nil
	})
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return refusal("invalid_grant", "the code is unknown")
	}
	if err != nil {
		return err
	}
	return s.userTokens(w, r, c, token{Scope: got.Scope, Authorization: got.Authorization, Customer: got.Customer}, got.Nonce, refreshLife)
}

// userTokens answers with an access token, a refresh token and an ID token. The
// lifetime of a renewal is a string, as it may be at OP.
func (s *Server) userTokens(w http.ResponseWriter, r *http.Request, c client, t token, nonce string, refreshFor time.Duration) error {
	t.Kind, t.Client, t.Thumbprint, t.Expires = "access", c.ID, c.Thumbprint, s.Now().Add(userTokenLife)
	access, err := s.issue(r.Context(), t)
	if err != nil {
		return err
	}
	t.Kind, t.Expires = "refresh", s.Now().Add(refreshFor)
	refresh, err := s.issue(r.Context(), t)
	if err != nil {
		return err
	}
	answer := map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": strconv.Itoa(int(userTokenLife / time.Second)),
		"scope": "openid " + t.Scope, "refresh_token": refresh,
	}
	if nonce != "" {
		id, err := s.idToken(c, t.Authorization, t.Customer, map[string]any{
			"nonce": nonce, "at_hash": fapi.HalfHash(access), "rt_hash": fapi.HalfHash(refresh),
		})
		if err != nil {
			return err
		}
		answer["id_token"] = id
		answer["expires_in"] = int(userTokenLife / time.Second)
	}
	return writeJSON(w, http.StatusOK, answer)
}

func (s *Server) refresh(w http.ResponseWriter, r *http.Request, c client, f url.Values) error {
	old, err := s.tokens.Get(r.Context(), hash(f.Get("refresh_token")))
	switch {
	case onepoint.CodeOf(err) == onepoint.CodeNotFound:
		return refusal("invalid_grant", "the refresh token is unknown or was revoked")
	case err != nil:
		return err
	case old.Kind != "refresh" || old.Client != c.ID:
		return refusal("invalid_grant", "the refresh token belongs to another client")
	case !s.Now().Before(old.Expires):
		return refusal("invalid_grant", "the refresh token has expired")
	}
	if err := s.inForce(r.Context(), c, old); err != nil {
		return refusal("invalid_grant", "the authorization is not in force")
	}
	return s.userTokens(w, r, c, old, "", old.Expires.Sub(s.Now()))
}

// inForce reports an authorization that has ended.
func (s *Server) inForce(ctx context.Context, c client, t token) error {
	switch t.Scope {
	case "accounts":
		consent, err := s.Bank.Consent(ctx, c.tpp(), t.Authorization)
		if err != nil {
			return denied(http.StatusForbidden, "Authorization is revoked")
		}
		switch consent.Status {
		case onepoint.ConsentAuthorised:
			return nil
		case onepoint.ConsentExpired:
			return denied(http.StatusForbidden, "Authorization is expired")
		}
		return denied(http.StatusForbidden, "Authorization is not authorized")
	case "payments":
		o, err := s.orders.Get(ctx, t.Authorization)
		if err != nil || o.Status != "Authorized" && o.Status != "Completed" {
			return denied(http.StatusForbidden, "Authorization is not authorized")
		}
	case "fundsconfirmations":
		f, err := s.funds.Get(ctx, t.Authorization)
		if err != nil || f.Status != "Authorized" || !s.Now().Before(f.Expires) {
			return denied(http.StatusForbidden, "Authorization is not authorized")
		}
	}
	return nil
}

// caller is who makes a resource call.
type caller struct {
	client client
	token  token
}

// call checks a resource call: certificate, portal key, bearer token, scope. user
// says whether the token must be a customer's.
func (s *Server) call(r *http.Request, scope string, user bool) (caller, error) {
	_, thumbprint, err := s.certificate(r)
	if err != nil {
		return caller{}, err
	}
	if err := s.portalKey(r); err != nil {
		return caller{}, err
	}
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	t, err := s.tokens.Get(r.Context(), hash(bearer))
	if !ok || err != nil || t.Kind != "access" {
		return caller{}, &gatewayFault{http.StatusUnauthorized, "keymanagement.service.invalid_access_token"}
	}
	if !s.Now().Before(t.Expires) {
		return caller{}, &gatewayFault{http.StatusUnauthorized, "keymanagement.service.access_token_expired"}
	}
	if t.Thumbprint != thumbprint {
		return caller{}, &gatewayFault{http.StatusUnauthorized, "keymanagement.service.invalid_access_token"}
	}
	c, err := s.clients.Get(r.Context(), t.Client)
	if err != nil {
		return caller{}, &gatewayFault{http.StatusUnauthorized, "keymanagement.service.invalid_access_token"}
	}
	if t.Scope != scope || !slices.Contains(c.Roles, userScopes[scope]) || user != (t.Customer != "") {
		return caller{}, &gatewayFault{http.StatusForbidden, "steps.oauth.v2.InsufficientScope"}
	}
	if user {
		if err := s.inForce(r.Context(), c, t); err != nil {
			return caller{}, err
		}
	}
	return caller{c, t}, nil
}
