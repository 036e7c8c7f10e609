package op

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

// request is an authorization request on its way through the pages.
type request struct {
	Client        string `json:"client"`
	RedirectURI   string `json:"redirectUri"`
	ResponseType  string `json:"responseType"`
	Scope         string `json:"scope"`
	State         string `json:"state"`
	Nonce         string `json:"nonce"`
	Authorization string `json:"authorization"`
}

type requestClaims struct {
	Issuer       string `json:"iss"`
	ClientID     string `json:"client_id"`
	ResponseType string `json:"response_type"`
	RedirectURI  string `json:"redirect_uri"`
	Scope        string `json:"scope"`
	State        string `json:"state"`
	Nonce        string `json:"nonce"`
	Claims       struct {
		UserInfo authorizationClaim `json:"userinfo"`
		IDToken  authorizationClaim `json:"id_token"`
	} `json:"claims"`
}

type authorizationClaim struct {
	AuthorizationID struct {
		Value string `json:"value"`
	} `json:"authorizationId"`
}

const requestAge = 15 * time.Minute

// authorize begins the customer's journey. What cannot be trusted is shown as a
// page: the address to return to is not known then.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	req, c, err := s.readRequest(r.Context(), r.URL.Query())
	if err != nil {
		s.pages.Fail(w, r, nil, err)
		return
	}
	v, err := s.visitFor(r.Context(), c, req)
	if err != nil {
		http.Redirect(w, r, s.back(req, url.Values{"error": {"invalid_request"}, "error_description": {onepoint.MessageOf(err)}}), http.StatusSeeOther)
		return
	}
	if err := s.pages.Begin(w, r, v); err != nil {
		s.pages.Fail(w, r, nil, err)
	}
}

func (s *Server) readRequest(ctx context.Context, q url.Values) (request, client, error) {
	bad := func(msg string) (request, client, error) {
		return request{}, client{}, onepoint.E(onepoint.CodeInvalid, "authorize", msg, nil)
	}
	c, err := s.clients.Get(ctx, q.Get("client_id"))
	if err != nil {
		return bad("the application is not registered here")
	}
	if !slices.Contains(c.RedirectURIs, q.Get("redirect_uri")) {
		return bad("the application asks to return to an address that it did not register")
	}
	keys, err := s.publishedKeys(ctx, c.JWKSEndpoint)
	if err != nil {
		return bad("the application's keys are not published")
	}
	var claims requestClaims
	check := fapi.Check{
		Issuer: c.ID, Audience: []string{"https://mtls.apis.op.fi", s.url("/mtls"), s.Base}, Now: s.Now(),
		Leeway: registrationLeeway, MaxLifetime: requestAge, Algs: registrationAlgs,
	}
	if err := fapi.VerifyJWT(q.Get("request"), keys, check, &claims); err != nil {
		return bad("the application's request is not signed as it should be: " + onepoint.MessageOf(err))
	}
	for name, inside := range map[string]string{
		"client_id": claims.ClientID, "redirect_uri": claims.RedirectURI, "scope": claims.Scope, "state": claims.State,
		"response_type": claims.ResponseType, "nonce": claims.Nonce,
	} {
		if inside != q.Get(name) {
			return bad("the application's request differs from its signed part in " + name)
		}
	}
	authorization := claims.Claims.IDToken.AuthorizationID.Value
	scope, ok := strings.CutPrefix(claims.Scope, "openid ")
	switch {
	case !ok || userScopes[scope] == "" || !c.role(userScopes[scope]):
		return bad("the application asks for a scope that it did not register")
	case authorization == "" || authorization != claims.Claims.UserInfo.AuthorizationID.Value:
		return bad("the application's request names no authorization")
	case claims.ResponseType != "code" && claims.ResponseType != "code id_token":
		return bad("the application asks for another response_type than code or code id_token")
	case claims.State == "" || claims.Nonce == "":
		return bad("the application's request lacks state or nonce")
	}
	return request{
		Client: c.ID, RedirectURI: claims.RedirectURI, ResponseType: claims.ResponseType, Scope: scope,
		State: claims.State, Nonce: claims.Nonce, Authorization: authorization,
	}, c, nil
}

// visitFor says what the customer will see.
func (s *Server) visitFor(ctx context.Context, c client, req request) (sim.Visit, error) {
	data, err := json.Marshal(req)
	if err != nil {
		return sim.Visit{}, err
	}
	v := sim.Visit{TPP: c.Name, Data: data}
	switch req.Scope {
	case "accounts":
		return s.accessVisit(ctx, c, req, v)
	case "payments":
		return s.paymentVisit(ctx, c, req, v)
	}
	return s.fundsVisit(ctx, c, req, v)
}

func (s *Server) accessVisit(ctx context.Context, c client, req request, v sim.Visit) (sim.Visit, error) {
	consent, err := s.Bank.Consent(ctx, c.tpp(), req.Authorization)
	if err != nil || consent.Status != onepoint.ConsentAwaiting && consent.Status != onepoint.ConsentAuthorised {
		return v, onepoint.E(onepoint.CodeConflict, "authorize", "the authorization is unknown or has ended", nil)
	}
	until := "you end it"
	if !consent.Access.Expires.IsZero() {
		until = consent.Access.Expires.In(s.Zone).Format("2 January 2006")
	}
	v.Title, v.Choose = "Share your accounts", "many"
	v.Lines = []sim.Line{{Label: "See", Value: "Accounts, balances and transactions"}, {Label: "Until", Value: until}}
	return v, nil
}

// decided records the decision and sends the browser back: in the fragment when
// an ID token goes with the code.
func (s *Server) decided(ctx context.Context, v sim.Visit, d sim.Decision) (string, error) {
	var req request
	if err := json.Unmarshal(v.Data, &req); err != nil {
		return "", err
	}
	if !d.Approved {
		if err := s.reject(ctx, req); err != nil {
			return s.back(req, url.Values{"error": {"server_error"}, "error_description": {onepoint.MessageOf(err)}}), nil
		}
		return s.back(req, url.Values{"error": {"access_denied"}, "error_description": {"The user cancelled"}}), nil
	}
	if err := s.approve(ctx, req, d); err != nil {
		return s.back(req, url.Values{"error": {"server_error"}, "error_description": {onepoint.MessageOf(err)}}), nil
	}
	c, err := s.clients.Get(ctx, req.Client)
	if err != nil {
		return "", err
	}
	handle := sim.Random()
	err = s.codes.Add(ctx, hash(handle), req.Authorization, code{
		Client: req.Client, RedirectURI: req.RedirectURI, Scope: req.Scope, Authorization: req.Authorization,
		Customer: d.Customer, Nonce: req.Nonce, Expires: s.Now().Add(codeLife),
	})
	if err != nil {
		return "", err
	}
	answer := url.Values{"code": {handle}}
	if req.ResponseType == "code id_token" {
		id, err := s.idToken(c, req.Authorization, d.Customer, map[string]any{
			"nonce": req.Nonce, "c_hash": fapi.HalfHash(handle), "s_hash": fapi.HalfHash(req.State),
		})
		if err != nil {
			return "", err
		}
		answer.Set("id_token", id)
	}
	return s.back(req, answer), nil
}

func (s *Server) approve(ctx context.Context, req request, d sim.Decision) error {
	switch req.Scope {
	case "accounts":
		return s.Journey.Approve(ctx, req.Authorization, d.Customer, d.Accounts)
	case "payments":
		return s.approveOrder(ctx, req.Authorization, d)
	}
	return s.approveFunds(ctx, req.Authorization, d)
}

func (s *Server) reject(ctx context.Context, req request) error {
	switch req.Scope {
	case "accounts":
		return s.Journey.Reject(ctx, req.Authorization)
	case "payments":
		return s.endOrder(ctx, req.Authorization, "Rejected", "Unauthorized")
	}
	return s.endFunds(ctx, req.Authorization, "Rejected", "Unauthorized")
}

func (s *Server) back(req request, answer url.Values) string {
	answer.Set("state", req.State)
	separator := "?"
	if req.ResponseType == "code id_token" {
		separator = "#"
	} else if strings.Contains(req.RedirectURI, "?") {
		separator = "&"
	}
	return req.RedirectURI + separator + answer.Encode()
}

func (s *Server) idToken(c client, authorization, customer string, more map[string]any) (string, error) {
	now := s.Now()
	claims := map[string]any{
		"iss": s.url("/authorize"), "aud": c.ID, "sub": customer, "iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
		"acr": "urn:openbanking:psd2:sca", "authorizationId": authorization,
	}
	for name, value := range more {
		claims[name] = value
	}
	key := s.Key
	key.Alg = "RS256"
	return fapi.SignJWT(key, "JWT", claims)
}
