package op

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

const (
	maxAuthentication = 86400 // seconds; OP wants max_age
	requestLife       = 5 * time.Minute
	longestConsent    = 90 * 24 * time.Hour
	acrSCA            = "urn:openbanking:psd2:sca"
)

// Authorize implements [onepoint.Connector].
func (c *Client) Authorize(ctx context.Context, in onepoint.Intent) (onepoint.Authorization, error) {
	scope, id, err := c.lodge(ctx, in)
	if err != nil {
		return onepoint.Authorization{}, err
	}
	redirect, err := c.authorizeURL(in, scope, id)
	if err != nil {
		return onepoint.Authorization{}, err
	}
	return onepoint.Authorization{Phase: onepoint.PhaseAwaitingUser, ConsentID: id, Redirect: redirect}, nil
}

// lodge creates what the user will authorise and returns its scope and id.
func (c *Client) lodge(ctx context.Context, in onepoint.Intent) (scope, id string, err error) {
	switch p := in.Purpose.(type) {
	case onepoint.Access:
		id, err = c.lodgeAccess(ctx, in, p)
		return "accounts", id, err
	case onepoint.Payment:
		id, err = c.lodgePayment(ctx, in, p)
		return "payments", id, err
	case onepoint.Funds:
		id, err = c.lodgeFunds(ctx, in, p)
		return "fundsconfirmations", id, err
	}
	return "", "", onepoint.E(onepoint.CodeInvalid, "ask OP", "OP offers nothing of this kind", nil)
}

func (c *Client) lodgeAccess(ctx context.Context, in onepoint.Intent, p onepoint.Access) (string, error) {
	if in.ConsentID != "" {
		return in.ConsentID, nil
	}
	token, err := c.clientToken(ctx, "accounts")
	if err != nil {
		return "", err
	}
	latest := c.Now().Add(longestConsent)
	expires := p.Expires
	if expires.IsZero() || expires.After(latest) {
		expires = latest
	}
	var answer struct {
		ID string `json:"authorizationId"`
	}
	err = c.call(ctx, request{
		op: "ask for consent", method: http.MethodPost, url: c.Profile.Endpoints.Resource + "/authorizations", token: token, psu: in.PSU,
		body: map[string]string{"expires": expires.UTC().Format(time.RFC3339)},
	}, &answer)
	return named(answer.ID, err)
}

func named(id string, err error) (string, error) {
	if err == nil && id == "" {
		err = onepoint.E(onepoint.CodeProtocol, "ask OP", "OP's answer names no authorization", nil)
	}
	return id, err
}

// authorizeURL is the hybrid flow's address with its signed request.
func (c *Client) authorizeURL(in onepoint.Intent, scope, id string) (string, error) {
	now, client := c.Now(), c.Env.Client.ID
	essential := map[string]any{"authorizationId": map[string]any{"value": id, "essential": true}}
	idToken := map[string]any{
		"authorizationId": essential["authorizationId"], "acr": map[string]any{"essential": true, "values": []string{acrSCA}},
	}
	claims := map[string]any{
		"aud": c.Profile.Security.Audience, "iss": client, "client_id": client, "response_type": c.Profile.Security.ResponseType,
		"redirect_uri": in.RedirectURI, "scope": "openid " + scope, "state": in.State, "nonce": in.Nonce, "max_age": maxAuthentication,
		"iat": now.Unix(), "exp": now.Add(requestLife).Unix(), "jti": c.NewID("jti"),
		"claims": map[string]any{"userinfo": essential, "id_token": idToken},
	}
	signed, err := fapi.SignJWT(c.key(), "JWT", claims)
	if err != nil {
		return "", err
	}
	q := url.Values{
		"response_type": {c.Profile.Security.ResponseType}, "client_id": {client}, "scope": {"openid " + scope},
		"state": {in.State}, "nonce": {in.Nonce}, "redirect_uri": {in.RedirectURI}, "request": {signed},
	}
	return c.Profile.Endpoints.Authorize + "?" + q.Encode(), nil
}

// Resume implements [onepoint.Connector].
func (c *Client) Resume(ctx context.Context, in onepoint.Intent, cb onepoint.Callback) (onepoint.Authorization, error) {
	code, reason, err := c.verify(ctx, in, cb.Params)
	if err != nil {
		return onepoint.Authorization{}, err
	}
	if reason != "" {
		return onepoint.Authorization{Phase: onepoint.PhaseRefused, ConsentID: in.ConsentID, Reason: reason}, nil
	}
	t, err := c.fetch(ctx, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {in.RedirectURI}})
	if onepoint.CodeOf(err) == onepoint.CodeConsentExpired {
		err = onepoint.E(onepoint.CodeConflict, "exchange the code", "OP's answer was used before or is too old; start again", err)
	}
	if err != nil {
		return onepoint.Authorization{}, err
	}
	want := idToken{Nonce: in.Nonce, AuthorizationID: in.ConsentID, TokenHash: fapi.HalfHash(t.AccessToken)}
	if t.IDToken != "" {
		if err := c.verifyIDToken(ctx, t.IDToken, want); err != nil {
			return onepoint.Authorization{}, err
		}
	}
	return onepoint.Authorization{Phase: onepoint.PhaseAuthorised, ConsentID: in.ConsentID, Grant: c.grant(t, in.ConsentID, "")}, nil
}

func broken(msg string, cause error) error {
	return onepoint.E(onepoint.CodeProtocol, "check OP's answer", "OP's answer does not fit the request: "+msg, cause)
}

// verify checks what came back and returns the code, or why the user refused.
func (c *Client) verify(ctx context.Context, in onepoint.Intent, p url.Values) (code, refusedWhy string, err error) {
	for name := range p {
		if len(p[name]) != 1 {
			return "", "", broken(name+" comes twice", nil)
		}
	}
	if iss := p.Get("iss"); iss != "" && iss != c.Profile.Endpoints.Issuer {
		return "", "", broken("it names another issuer", nil)
	}
	if in.State == "" || subtle.ConstantTimeCompare([]byte(p.Get("state")), []byte(in.State)) != 1 {
		return "", "", broken("its state is another", nil)
	}
	switch p.Get("error") {
	case "":
	case "access_denied":
		return "", "the user refused at OP", nil
	default:
		r := refusal{OAuth: p.Get("error"), Description: p.Get("error_description")}
		return "", "", onepoint.E(onepoint.CodeConflict, "check OP's answer", "OP could not finish: "+r.says(), nil)
	}
	if code = p.Get("code"); code == "" {
		return "", "", broken("it has no code", nil)
	}
	if c.Profile.Security.ResponseType != "code id_token" {
		return code, "", nil
	}
	return code, "", c.verifyIDToken(ctx, p.Get("id_token"), idToken{
		Nonce: in.Nonce, AuthorizationID: in.ConsentID, CodeHash: fapi.HalfHash(code), StateHash: fapi.HalfHash(in.State),
	})
}

type idToken struct {
	Nonce           string `json:"nonce"`
	AuthorizationID string `json:"authorizationId"`
	CodeHash        string `json:"c_hash"`
	StateHash       string `json:"s_hash"`
	TokenHash       string `json:"at_hash"`
	ACR             string `json:"acr"`
}

// verifyIDToken checks an ID token against every claim of want that is not empty.
func (c *Client) verifyIDToken(ctx context.Context, token string, want idToken) error {
	if strings.Count(token, ".") != 2 {
		return broken("the ID token is missing", nil)
	}
	check := fapi.Check{
		Issuer: c.Profile.Endpoints.Issuer, Audience: []string{c.Env.Client.ID}, Now: c.Now(), MaxLifetime: 24 * time.Hour,
		Algs: []string{"RS256", "PS256", "ES256"},
	}
	keys, err := c.keys.Keys(ctx, c.Profile.Endpoints.JWKS)
	if err != nil {
		return err
	}
	var got idToken
	err = fapi.VerifyJWT(token, keys, check, &got)
	if onepoint.CodeOf(err) == onepoint.CodeSignatureInvalid {
		if keys, err = c.keys.Fresh(ctx, c.Profile.Endpoints.JWKS); err == nil { // OP may have rotated its key
			err = fapi.VerifyJWT(token, keys, check, &got)
		}
	}
	if err != nil {
		return broken(onepoint.MessageOf(err), err)
	}
	for _, claim := range []struct{ name, got, want string }{
		{"nonce", got.Nonce, want.Nonce},
		{"authorizationId", got.AuthorizationID, want.AuthorizationID},
		{"c_hash", got.CodeHash, want.CodeHash},
		{"s_hash", got.StateHash, want.StateHash},
		{"at_hash", got.TokenHash, want.TokenHash},
	} {
		if claim.want != "" && claim.got != claim.want {
			return broken(claim.name+" is another", nil)
		}
	}
	return nil
}

// Revoke implements [onepoint.Revoker].
func (c *Client) Revoke(ctx context.Context, g onepoint.Grant) error {
	scope, base := "accounts", c.Profile.Endpoints.Resource
	switch {
	case strings.Contains(g.Scope, "payments"):
		scope, base = "payments", c.Profile.Endpoints.Payments
	case strings.Contains(g.Scope, "fundsconfirmations"):
		scope, base = "fundsconfirmations", c.Profile.Endpoints.Funds
	}
	token, err := c.clientToken(ctx, scope)
	if err != nil {
		return err
	}
	err = c.call(ctx, request{
		op: "revoke the consent", method: http.MethodDelete, url: base + "/authorizations/" + url.PathEscape(g.ConsentID), token: token,
	}, nil)
	if code := onepoint.CodeOf(err); code == onepoint.CodeNotFound {
		return nil // gone already
	}
	return err
}
