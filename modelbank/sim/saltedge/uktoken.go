package saltedge

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

const (
	tokenLife     = time.Hour
	assertionLife = 10 * time.Minute
)

type tokenBody struct {
	Provider      string `json:"provider_code"`
	GrantType     string `json:"grant_type"`
	AssertionType string `json:"client_assertion_type"`
	Assertion     string `json:"client_assertion"`
	RedirectURI   string `json:"redirect_uri"`
	ClientID      string `json:"client_id"`
}

// ukTokens gives a token to the client itself. The body is JSON, not a form.
func (s *Server) ukTokens(r *http.Request, body []byte) (any, error) {
	var in tokenBody
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, wrongFormat("the body is not JSON")
	}
	if in.GrantType == "" {
		return nil, wrongFields("grant_type is missing")
	}
	if in.GrantType != "client_credentials" {
		return nil, wrongValue("grant_type must be client_credentials")
	}
	c, err := s.authenticated(r, in)
	if err != nil {
		return nil, err
	}
	if in.RedirectURI != "" && !slices.Contains(c.Metadata.RedirectURIs, in.RedirectURI) {
		return nil, wrongValue("redirect_uri is not registered")
	}
	token := sim.Random()
	sum := sha256.Sum256([]byte(token))
	if err := s.tokens.Add(r.Context(), hex.EncodeToString(sum[:]), c.SoftwareID, ukToken{c.SoftwareID, s.Now().Add(tokenLife)}); err != nil {
		return nil, err
	}
	return fapi.TokenResponse{AccessToken: token, TokenType: "bearer", ExpiresIn: int(tokenLife / time.Second), Scope: c.Metadata.Scope}, nil
}

// authenticated finds the client behind a request: by its assertion, or by its
// secret.
func (s *Server) authenticated(r *http.Request, in tokenBody) (ukClient, error) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id = in.ClientID
	}
	denied := accessDenied("the client is not known, or not authenticated")
	c, err := s.clients.Get(r.Context(), id)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return c, denied
	}
	if err != nil {
		return c, err
	}
	if basic {
		if c.Metadata.AuthMethod != "client_secret_basic" || subtle.ConstantTimeCompare([]byte(secret), []byte(c.Secret)) != 1 {
			return c, denied
		}
		return c, nil
	}
	if c.Metadata.AuthMethod != "private_key_jwt" || in.AssertionType != fapi.AssertionType || in.Assertion == "" {
		return c, denied
	}
	return c, s.asserted(r.Context(), c, in.Assertion)
}

// asserted verifies a client assertion, which counts once.
func (s *Server) asserted(ctx context.Context, c ukClient, token string) error {
	var claims struct {
		Subject string `json:"sub"`
		ID      string `json:"jti"`
	}
	check := fapi.Check{
		Issuer: c.SoftwareID, Audience: []string{s.tokenURL()}, Now: s.Now(), MaxLifetime: assertionLife, RequireID: true, Algs: ukAlgs(),
	}
	err := s.verifyBy(ctx, c.JWKS, token, check, &claims)
	switch onepoint.CodeOf(err) {
	case "":
	case onepoint.CodeSignatureInvalid, onepoint.CodeInvalid:
		return accessDenied("client_assertion: %s", onepoint.MessageOf(err))
	default:
		return err
	}
	if claims.Subject != c.SoftwareID {
		return accessDenied("client_assertion: sub is not the client")
	}
	err = s.used.Add(ctx, c.SoftwareID+":"+claims.ID, c.SoftwareID, s.Now().Add(assertionLife))
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		return accessDenied("client_assertion was used before")
	}
	return err
}
