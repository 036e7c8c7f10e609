package as

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

// token is the token endpoint (RFC 6749 section 3.2).
func (s *Server) token(w http.ResponseWriter, r *http.Request) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	c, err := s.authenticate(r, f)
	if err != nil {
		return err
	}
	grant := f.Get("grant_type")
	if slices.Contains(grantTypes(), grant) && !slices.Contains(c.Metadata.GrantTypes, grant) {
		return oauth(http.StatusBadRequest, "unauthorized_client", "the client did not register this grant_type")
	}
	var t fapi.TokenResponse
	switch grant {
	case "client_credentials":
		t, err = s.clientCredentials(r, c, f)
	case "authorization_code":
		t, err = s.exchange(r, c, f)
	case "refresh_token":
		t, err = s.refresh(r, c, f)
	default:
		err = oauth(http.StatusBadRequest, "unsupported_grant_type", "grant_type must be client_credentials, authorization_code or refresh_token")
	}
	if onepoint.CodeOf(err) == onepoint.CodeNotFound { // deleted while it asked
		return invalidClient("the client is unknown")
	}
	if err != nil {
		return err
	}
	w.Header().Set("Pragma", "no-cache")
	return answer(w, http.StatusOK, t)
}

func grantTypes() []string {
	return []string{"authorization_code", "refresh_token", "client_credentials"}
}

func (s *Server) clientCredentials(r *http.Request, c caller, f url.Values) (fapi.TokenResponse, error) {
	scope := f.Get("scope")
	for _, one := range strings.Fields(scope) {
		if one == "openid" || !slices.Contains(strings.Fields(c.Metadata.Scope), one) {
			return fapi.TokenResponse{}, oauth(http.StatusBadRequest, "invalid_scope", "the client may not ask for this scope")
		}
	}
	if err := rolesFit(scope, c.Statement.Roles, c.cert, "invalid_scope"); err != nil {
		return fapi.TokenResponse{}, err
	}
	token, access := s.access(c, Record{GrantType: "client_credentials", Scope: scope})
	if err := s.Store.PutRecords(r.Context(), access); err != nil {
		return fapi.TokenResponse{}, err
	}
	return bearer(token, "", scope), nil
}

// access makes an access token of what an authorization stands for, bound to
// the caller's certificate.
func (s *Server) access(c caller, of Record) (string, Record) {
	token, h := handle("at_")
	of.Kind, of.Hash, of.ClientID, of.Thumbprint = KindAccess, h, c.ID, c.thumbprint
	of.Data, of.Spent, of.Expires = nil, false, s.Now().Add(accessLife)
	return token, of
}

func (s *Server) refreshToken(c caller, of Record) (string, Record) {
	token, h := handle("rt_")
	of.Kind, of.Hash, of.ClientID, of.Thumbprint = KindRefresh, h, c.ID, ""
	of.Data, of.Spent, of.Expires = nil, false, s.Now().Add(refreshLife)
	return token, of
}

func bearer(access, refresh, scope string) fapi.TokenResponse {
	return fapi.TokenResponse{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int(accessLife / time.Second), RefreshToken: refresh, Scope: scope,
	}
}

// issued is what a code remembers of its authorization request.
type issued struct {
	RedirectURI   string `json:"redirectUri"`
	CodeChallenge string `json:"codeChallenge,omitempty"`
	Nonce         string `json:"nonce,omitempty"`
	AuthTime      int64  `json:"authTime"`
	ACR           string `json:"acr"`
}

// exchange turns a code into tokens, once. A code that comes twice ends what
// came of its first use (RFC 6749 section 4.1.2).
func (s *Server) exchange(r *http.Request, c caller, f url.Values) (fapi.TokenResponse, error) {
	ctx := r.Context()
	none := fapi.TokenResponse{}
	code, err := s.Store.Record(ctx, KindCode, hash(f.Get("code")))
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return none, invalidGrant("the code is unknown")
	}
	if err != nil {
		return none, err
	}
	if code.ClientID != c.ID {
		return none, invalidGrant("the code was issued to another client")
	}
	if code.Spent {
		return none, s.replayed(r, code, "the code was used before")
	}
	if err := s.checkCode(code, f); err != nil {
		return none, err
	}
	if err := rolesFit(code.Scope, c.Statement.Roles, c.cert, "invalid_grant"); err != nil {
		return none, err
	}
	return s.redeem(r, c, code)
}

// redeem spends a code for the tokens that come of it, in one transaction.
func (s *Server) redeem(r *http.Request, c caller, code Record) (fapi.TokenResponse, error) {
	none := fapi.TokenResponse{}
	token, access := s.access(c, grantOf(code, "authorization_code"))
	follow, renewal := []Record{access}, ""
	if slices.Contains(c.Metadata.GrantTypes, "refresh_token") {
		var refresh Record
		renewal, refresh = s.refreshToken(c, grantOf(code, "authorization_code"))
		follow = append(follow, refresh)
	}
	err := s.Store.Spend(r.Context(), KindCode, code.Hash, follow...)
	if onepoint.CodeOf(err) == onepoint.CodeConflict { // the other use came between
		return none, s.replayed(r, code, "the code was used before")
	}
	if err != nil {
		return none, err
	}
	t := bearer(token, renewal, code.Scope)
	var i issued
	if err := json.Unmarshal(code.Data, &i); err != nil {
		return none, err
	}
	t.IDToken, err = s.idToken(idClaims{client: c.ID, consent: code.ConsentID, nonce: i.Nonce, token: token, authTime: i.AuthTime, acr: i.ACR})
	return t, err
}

func grantOf(r Record, grantType string) Record {
	return Record{ConsentID: r.ConsentID, Family: r.Family, GrantType: grantType, Scope: r.Scope, Subject: r.Subject}
}

func (s *Server) checkCode(code Record, f url.Values) error {
	var i issued
	if err := json.Unmarshal(code.Data, &i); err != nil {
		return err
	}
	switch {
	case !s.Now().Before(code.Expires):
		return invalidGrant("the code has expired")
	case f.Get("redirect_uri") != i.RedirectURI:
		return invalidGrant("redirect_uri is not the one of the authorization request")
	case i.CodeChallenge == "" && f.Get("code_verifier") != "":
		return invalidGrant("code_verifier was sent, but the authorization request had no code_challenge")
	case i.CodeChallenge != "" && subtle.ConstantTimeCompare([]byte(fapi.Challenge(f.Get("code_verifier"))), []byte(i.CodeChallenge)) != 1:
		return invalidGrant("code_verifier does not fit the code_challenge")
	}
	return nil
}

func (s *Server) replayed(r *http.Request, of Record, msg string) error {
	s.Log.WarnContext(r.Context(), "replay", "kind", string(of.Kind), "client", of.ClientID, "consent", of.ConsentID)
	if err := s.Store.EndFamily(r.Context(), of.Family); err != nil {
		return err
	}
	return invalidGrant(msg)
}

// refresh renews the access token and rotates the refresh token. One that comes
// twice has been stolen, or its thief has: everything of it ends.
func (s *Server) refresh(r *http.Request, c caller, f url.Values) (fapi.TokenResponse, error) {
	ctx := r.Context()
	none := fapi.TokenResponse{}
	old, err := s.Store.Record(ctx, KindRefresh, hash(f.Get("refresh_token")))
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return none, invalidGrant("the refresh token is unknown or was revoked")
	}
	if err != nil {
		return none, err
	}
	switch {
	case old.ClientID != c.ID:
		return none, invalidGrant("the refresh token was issued to another client")
	case old.Spent:
		return none, s.replayed(r, old, "the refresh token was used before")
	case !s.Now().Before(old.Expires):
		return none, invalidGrant("the refresh token has expired")
	}
	if err := rolesFit(old.Scope, c.Statement.Roles, c.cert, "invalid_grant"); err != nil {
		return none, err
	}
	if _, err := s.Journey.Intent(ctx, c.ID, old.ConsentID); err != nil {
		if onepoint.CodeOf(err) == onepoint.CodeInternal {
			return none, err
		}
		return none, invalidGrant("the consent has ended")
	}
	token, access := s.access(c, grantOf(old, old.GrantType))
	renewal, refresh := s.refreshToken(c, grantOf(old, old.GrantType))
	refresh.Expires = old.Expires // renewing does not lengthen the whole
	err = s.Store.Spend(ctx, KindRefresh, old.Hash, access, refresh)
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		return none, s.replayed(r, old, "the refresh token was used before")
	}
	return bearer(token, renewal, old.Scope), err
}

// revoke ends a token (RFC 7009). What is unknown is revoked already.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) error {
	f, err := form(r)
	if err != nil {
		return err
	}
	c, err := s.authenticate(r, f)
	if err != nil {
		return err
	}
	h := hash(f.Get("token"))
	for _, k := range []Kind{KindAccess, KindRefresh} {
		found, err := s.Store.Record(r.Context(), k, h)
		if onepoint.CodeOf(err) == onepoint.CodeNotFound || err == nil && found.ClientID != c.ID {
			continue
		}
		if err != nil {
			return err
		}
		if k == KindAccess {
			err = s.Store.EndAccess(r.Context(), h)
		} else {
			err = s.Store.EndFamily(r.Context(), found.Family)
		}
		if err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// idClaims are what an ID token says.
type idClaims struct {
	client, consent, nonce, code, state, token, acr string
	authTime                                        int64
}

func (s *Server) idToken(c idClaims) (string, error) {
	now := s.Now()
	claims := map[string]any{
		"iss": s.Issuer, "sub": c.consent, "aud": c.client, "iat": now.Unix(), "exp": now.Add(idTokenLife).Unix(),
		"auth_time": c.authTime, "acr": c.acr, "openbanking_intent_id": c.consent,
		"http://openbanking.org.uk/refresh_token_expires_at": now.Add(refreshLife).Unix(),
	}
	if c.nonce != "" {
		claims["nonce"] = c.nonce
	}
	if c.code != "" {
		claims["c_hash"] = fapi.HalfHash(c.code)
	}
	if c.state != "" {
		claims["s_hash"] = fapi.HalfHash(c.state)
	}
	if c.token != "" {
		claims["at_hash"] = fapi.HalfHash(c.token)
	}
	return fapi.SignJWT(s.SigningKey(), "JWT", claims)
}
