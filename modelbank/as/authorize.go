package as

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
)

// requestURIPrefix is that of RFC 9126 section 2.2.
const requestURIPrefix = "urn:ietf:params:oauth:request_uri:"

// authorization is one authorization request after every check.
type authorization struct {
	ClientID      string `json:"clientId"`
	ResponseType  string `json:"responseType"`
	RedirectURI   string `json:"redirectUri"`
	Scope         string `json:"scope"`
	State         string `json:"state"`
	Nonce         string `json:"nonce,omitempty"`
	CodeChallenge string `json:"codeChallenge,omitempty"`
	ConsentID     string `json:"consentId"`

	ResponseMode string   `json:"responseMode,omitempty"`
	ACR          []string `json:"acr,omitempty"` // authentication contexts that will do; none: any
	ACREssential bool     `json:"acrEssential,omitempty"`
}

// mode is where the answer goes. A request that failed before its mode was
// known is answered as its response type says.
func (a authorization) mode() string {
	if a.ResponseMode == "" {
		return mode(a.ResponseType)
	}
	return a.ResponseMode
}

// purpose is the scope besides openid.
func (a authorization) purpose() string {
	one, err := oneScope(a.Scope)
	if err != nil {
		return ""
	}
	return one
}

// push takes a pushed authorization request (RFC 9126): a signed request object
// of the authenticated client.
func (s *Server) push(w http.ResponseWriter, r *http.Request) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	c, err := s.authenticate(r, f)
	if err != nil {
		return err
	}
	switch {
	case f.Get("request_uri") != "":
		return badRequest("request_uri cannot be pushed")
	case f.Get("request") == "":
		return oauth(http.StatusBadRequest, "invalid_request_object", "a signed request object is required")
	}
	a, _, err := s.requested(r.Context(), c.Client, f.Get("request"))
	if err != nil {
		return err
	}
	if a.CodeChallenge == "" {
		return badRequest("a pushed request needs PKCE: code_challenge with method S256")
	}
	if err := rolesFit(a.Scope, c.Statement.Roles, c.cert, "invalid_scope"); err != nil {
		return err
	}
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	uri, h := handle(requestURIPrefix)
	err = s.Store.PutRecords(r.Context(), Record{
		Kind: KindRequest, Hash: h, ClientID: c.ID, ConsentID: a.ConsentID, Data: data, Expires: s.Now().Add(requestLife),
	})
	if err != nil {
		return err
	}
	return answer(w, http.StatusCreated, map[string]any{"request_uri": uri, "expires_in": int(requestLife / time.Second)})
}

// requested verifies a request object and judges what it asks for. The bool says
// whether the redirect URI is the client's, so that an error may go there.
func (s *Server) requested(ctx context.Context, c Client, token string) (authorization, bool, error) {
	var o fapi.RequestObject
	err := s.withKeys(ctx, c.Statement.JWKSEndpoint, func(keys keySet) error {
		var err error
		o, err = fapi.ParseRequestObject(token, c.ID, keys, s.Issuer, s.Now())
		return err
	})
	if code := onepoint.CodeOf(err); code == onepoint.CodeInvalid || code == onepoint.CodeSignatureInvalid {
		return authorization{}, false, oauth(http.StatusBadRequest, "invalid_request_object", "request: "+onepoint.MessageOf(err))
	}
	if err != nil {
		return authorization{}, false, err
	}
	a := authorization{
		ClientID: c.ID, ResponseType: o.ResponseType, RedirectURI: o.RedirectURI, Scope: o.Scope, State: o.State,
		Nonce: o.Nonce, CodeChallenge: o.CodeChallenge, ConsentID: o.Claims.IDToken.IntentID.Value,
	}
	if !slices.Contains(c.Metadata.RedirectURIs, o.RedirectURI) {
		return a, false, badRequest("redirect_uri is not registered for this client")
	}
	if a.ResponseMode, err = resolveMode(o.ResponseType, o.ResponseMode); err != nil {
		return a, true, err
	}
	if a.ACR, a.ACREssential, err = wantedACR(o); err != nil {
		return a, true, err
	}
	if err := s.judge(c, o); err != nil {
		return a, true, err
	}
	err = s.Store.UseNonce(ctx, "request|"+c.ID, o.ID, s.Now(), time.Unix(o.Expires, 0).Add(time.Minute))
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		return a, true, oauth(http.StatusBadRequest, "invalid_request_object", "request: its jti was used before")
	}
	if err != nil {
		return a, true, err
	}
	return a, true, s.intended(ctx, c, a)
}

func (s *Server) judge(c Client, o fapi.RequestObject) error {
	if _, err := oneScope(o.Scope); err != nil {
		return err
	}
	if err := judgePrompt(o); err != nil {
		return err
	}
	scopes := strings.Fields(o.Scope)
	switch {
	case s.FAPI2 && o.ResponseType != "code":
		return oauth(http.StatusBadRequest, "unsupported_response_type", "this bank answers with response_type code only")
	case !slices.Contains(c.Metadata.ResponseTypes, o.ResponseType):
		return oauth(http.StatusBadRequest, "unsupported_response_type", "response_type is not registered for this client")
	case slices.ContainsFunc(scopes, func(one string) bool { return !slices.Contains(strings.Fields(c.Metadata.Scope), one) }):
		return oauth(http.StatusBadRequest, "invalid_scope", "scope holds one that the client may not ask for")
	case o.State == "":
		return badRequest("state is required")
	case o.Nonce == "" && o.ResponseType != "code":
		return badRequest("nonce is required")
	case o.CodeChallenge == "" && o.ResponseType == "code":
		return badRequest("PKCE is required: code_challenge with method S256")
	case o.CodeChallenge != "" && o.CodeChallengeMethod != "S256":
		return badRequest("code_challenge_method must be S256")
	case o.CodeChallenge != "" && len(o.CodeChallenge) != 43:
		return badRequest("code_challenge must be 43 characters of base64url")
	case o.Claims.IDToken.IntentID.Value == "":
		return badRequest("claims.id_token.openbanking_intent_id is required")
	}
	return nil
}

// intended checks the consent that is to be authorised.
func (s *Server) intended(ctx context.Context, c Client, a authorization) error {
	intent, err := s.Journey.Intent(ctx, c.ID, a.ConsentID)
	switch onepoint.CodeOf(err) {
	case "":
		if scopeOf(intent.kind()) != a.purpose() {
			return oauth(http.StatusBadRequest, "invalid_scope", "openbanking_intent_id needs the scope "+scopeOf(intent.kind()))
		}
		return nil
	case onepoint.CodeNotFound, onepoint.CodeForbidden:
		return badRequest("openbanking_intent_id names no consent of this client")
	case onepoint.CodeConflict, onepoint.CodeConsentExpired, onepoint.CodeConsentInvalid:
		return badRequest("openbanking_intent_id: " + onepoint.MessageOf(err))
	}
	return err
}

// authorize is where the user's browser arrives. What cannot be trusted ends on
// a page of the bank's; errors of a request that can go back to the TPP.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	client, err := s.Store.Client(ctx, q.Get("client_id"))
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return badRequest("the application is not registered at this bank")
	}
	if err != nil {
		return err
	}
	var a authorization
	var mayReturn bool
	switch {
	case q.Get("request_uri") != "" && q.Get("request") != "":
		err = badRequest("request and request_uri exclude each other")
	case q.Get("request_uri") != "":
		a, err = s.pushed(ctx, client, q.Get("request_uri"))
	case s.FAPI2 || client.Metadata.RequirePushed:
		err = badRequest("the application must push its request first")
	case q.Get("request") != "":
		a, mayReturn, err = s.requested(ctx, client, q.Get("request"))
	default:
		err = badRequest("the application sent no signed request")
	}
	if err != nil {
		if mayReturn && onepoint.CodeOf(err) != onepoint.CodeUnavailable {
			return s.back(w, r, a, redirectError(err))
		}
		return err
	}
	return s.beginInteraction(w, r, interaction{Request: a})
}

// pushed takes a pushed request up, once.
func (s *Server) pushed(ctx context.Context, c Client, uri string) (authorization, error) {
	var a authorization
	unknown := oauth(http.StatusBadRequest, "invalid_request_uri", "the request of the application is unknown, was used before or has expired; start again there")
	record, err := s.Store.Record(ctx, KindRequest, hash(uri))
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return a, unknown
	}
	if err != nil {
		return a, err
	}
	if record.ClientID != c.ID || record.Spent || !s.Now().Before(record.Expires) {
		return a, unknown
	}
	if err := s.Store.Spend(ctx, KindRequest, record.Hash); err != nil {
		if onepoint.CodeOf(err) == onepoint.CodeConflict {
			return a, unknown
		}
		return a, err
	}
	return a, json.Unmarshal(record.Data, &a)
}

// grantCode ends the journey well: a code, and with the hybrid flow an ID token
// over it.
func (s *Server) grantCode(ctx context.Context, i interaction) (url.Values, error) {
	a := i.Request
	code, h := handle("ac_")
	now := s.Now()
	data, err := json.Marshal(issued{RedirectURI: a.RedirectURI, CodeChallenge: a.CodeChallenge, Nonce: a.Nonce, AuthTime: i.AuthTime, ACR: i.acr()})
	if err != nil {
		return nil, err
	}
	params := url.Values{"code": {code}}
	if a.ResponseType == "code id_token" {
		id, err := s.idToken(idClaims{
			client: a.ClientID, consent: a.ConsentID, nonce: a.Nonce, code: code, state: a.State, authTime: i.AuthTime, acr: i.acr(),
		})
		if err != nil {
			return nil, err
		}
		params.Set("id_token", id)
	}
	return params, s.Store.Spend(ctx, KindInteraction, i.hash, Record{
		Kind: KindCode, Hash: h, ClientID: a.ClientID, ConsentID: a.ConsentID, Family: s.NewID("fam"),
		GrantType: "authorization_code", Scope: a.Scope, Subject: i.Customer.ID, Data: data, Expires: now.Add(codeLife),
	})
}
