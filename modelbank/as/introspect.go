package as

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/onepointledger/onepoint"
)

// introspection is what a resource server learns of a token (RFC 7662 section
// 2.2, RFC 8705 section 3.2).
type introspection struct {
	Active       bool          `json:"active"`
	Scope        string        `json:"scope,omitempty"`
	ClientID     string        `json:"client_id,omitempty"`
	TokenType    string        `json:"token_type,omitempty"`
	Expires      int64         `json:"exp,omitempty"`
	Subject      string        `json:"sub,omitempty"`
	Issuer       string        `json:"iss,omitempty"`
	Confirmation *confirmation `json:"cnf,omitempty"`
	GrantType    string        `json:"grant_type,omitempty"`
	IntentID     string        `json:"openbanking_intent_id,omitempty"`
	Organisation string        `json:"org_id,omitempty"`
}

type confirmation struct {
	Thumbprint string `json:"x5t#S256"`
}

// introspect is the introspection endpoint, for the bank's resource servers. A
// token that is unknown, expired or revoked is inactive, and no more is said.
func (s *Server) introspect(w http.ResponseWriter, r *http.Request) error {
	if err := s.resourceServer(r); err != nil {
		return err
	}
	f, err := form(r)
	if err != nil {
		return err
	}
	token := f.Get("token")
	if token == "" {
		return badRequest("token is required")
	}
	info, err := s.Store.AccessToken(r.Context(), hash(token))
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return err
	}
	if err != nil || !s.Now().Before(info.Expires) {
		return answer(w, http.StatusOK, introspection{})
	}
	return answer(w, http.StatusOK, introspection{
		Active: true, Scope: strings.Join(info.Scopes, " "), ClientID: info.ClientID, TokenType: "Bearer",
		Expires: info.Expires.Unix(), Subject: info.Subject, Issuer: s.Issuer, Confirmation: &confirmation{info.Thumbprint},
		GrantType: info.GrantType, IntentID: info.ConsentID, Organisation: info.OrganisationID,
	})
}

// resourceServer checks that one of the bank's own asks: by the bank's own
// certificate, or by the secret that both were configured with.
func (s *Server) resourceServer(r *http.Request) error {
	_, secret, ok := r.BasicAuth()
	if ok && len(s.IntrospectionSecret) >= 32 && subtle.ConstantTimeCompare(hash(secret), hash(s.IntrospectionSecret)) == 1 {
		return nil
	}
	return s.ownCertificate(r)
}

// ownCertificate checks that the caller is the bank itself.
func (s *Server) ownCertificate(r *http.Request) error {
	cert, _, err := s.certificate(r)
	if err != nil {
		return err
	}
	if s.OrganisationID == "" || cert.Identifier != s.OrganisationID {
		return invalidClient("this is for the bank's own servers only")
	}
	return nil
}
