package as

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
)

type keySet = jwk.Set

// register registers a client (UK Open Banking DCR 3.3, RFC 7591). The same
// software of the same organisation gets the client it has.
func (s *Server) register(w http.ResponseWriter, r *http.Request) error {
	request, statement, err := s.registration(r)
	if err != nil {
		return err
	}
	client, err := s.Store.ClientOfSoftware(r.Context(), statement.OrgID, statement.SoftwareID)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		client, err = Client{ID: s.NewID("cli"), Created: s.Now()}, nil
	}
	if err != nil {
		return err
	}
	return s.keep(w, r, client, request, statement, http.StatusCreated)
}

func (s *Server) keep(w http.ResponseWriter, r *http.Request, c Client, request fapi.RegistrationRequest, statement fapi.SoftwareStatement, status int) error {
	c.OrgID, c.SoftwareID, c.Name = statement.OrgID, statement.SoftwareID, statement.SoftwareName
	c.Metadata, c.Statement = request.ClientMetadata, statement
	if len(c.Metadata.ResponseTypes) == 0 {
		c.Metadata.ResponseTypes = []string{"code id_token"}
		if s.FAPI2 {
			c.Metadata.ResponseTypes = []string{"code"}
		}
	}
	secret := newSecret(&c, status == http.StatusCreated)
	if err := s.Store.PutClient(r.Context(), c); err != nil {
		return err
	}
	if status == http.StatusCreated {
		w.Header().Set("Location", s.url("/as/register/"+c.ID))
	}
	s.Log.InfoContext(r.Context(), "client registered", "client", c.ID, "organisation", c.OrgID, "software", c.SoftwareID)
	return answerClient(w, c, secret, status)
}

// newSecret gives a client that authenticates with a secret a new one, which is
// told once and kept hashed. A client that has one keeps it, unless it registers
// anew: its first answer may have been lost.
func newSecret(c *Client, anew bool) string {
	switch {
	case c.Metadata.TokenAuthMethod != "client_secret_basic":
		c.SecretHash = nil
		return ""
	case len(c.SecretHash) > 0 && !anew:
		return ""
	}
	var b [27]byte // 36 characters, the most that the standard allows
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand does not fail on any supported system
	}
	secret := base64.RawURLEncoding.EncodeToString(b[:])
	c.SecretHash = hash(secret)
	return secret
}

// registration reads and judges a registration request: certificate, software
// statement, request, and that the three fit.
func (s *Server) registration(r *http.Request) (fapi.RegistrationRequest, fapi.SoftwareStatement, error) {
	var request fapi.RegistrationRequest
	var statement fapi.SoftwareStatement
	cert, _, err := s.certificate(r)
	if err != nil {
		return request, statement, err
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/jose" && media != "application/jwt" {
		return request, statement, badRequest("the body must be application/jose")
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return request, statement, badRequest("the body is too large or broke off")
	}
	token := strings.TrimSpace(string(body))
	var claimed struct {
		Statement string `json:"software_statement"`
	}
	if err := fapi.DecodeUnverified(token, &claimed); err != nil {
		return request, statement, badRequest(onepoint.MessageOf(err))
	}
	if statement, err = s.statement(r.Context(), claimed.Statement, cert); err != nil {
		return request, statement, err
	}
	err = s.withKeys(r.Context(), statement.JWKSEndpoint, func(keys keySet) error {
		request, err = fapi.ParseRegistrationRequest(token, keys, s.Now())
		return err
	})
	switch onepoint.CodeOf(err) {
	case onepoint.CodeInvalid, onepoint.CodeSignatureInvalid:
		return request, statement, oauth(http.StatusBadRequest, "invalid_client_metadata", onepoint.MessageOf(err))
	}
	if err != nil {
		return request, statement, err
	}
	return request, statement, s.fits(request, statement, cert)
}

// statement verifies a software statement and that it is the caller's.
func (s *Server) statement(ctx context.Context, token string, cert eidas.Certificate) (fapi.SoftwareStatement, error) {
	invalid := func(msg string) (fapi.SoftwareStatement, error) {
		return fapi.SoftwareStatement{}, oauth(http.StatusBadRequest, "invalid_software_statement", msg)
	}
	var claimed struct {
		Issuer string `json:"iss"`
	}
	if err := fapi.DecodeUnverified(token, &claimed); err != nil {
		return invalid("software_statement: " + onepoint.MessageOf(err))
	}
	at := slices.IndexFunc(s.Directories, func(d TrustedDirectory) bool { return d.Issuer == claimed.Issuer })
	if at < 0 {
		return invalid("software_statement: its issuer is not a directory this bank trusts")
	}
	directory := s.Directories[at]
	var statement fapi.SoftwareStatement
	var failure error
	err := s.withKeys(ctx, directory.JWKSURL, func(keys keySet) error {
		statement, failure = fapi.ParseSoftwareStatement(token, keys, directory.Issuer, s.Now(), s.StatementMaxAge)
		return nil
	})
	switch {
	case err != nil:
		return statement, err
	case failure != nil:
		return statement, failure
	case statement.OrgID != cert.Identifier:
		return invalid("software_statement: it belongs to another organisation than the client certificate")
	case !sameHost(statement.JWKSEndpoint, directory.JWKSURL):
		return invalid("software_statement: its keys are not published by the directory")
	}
	return statement, s.approved(ctx, statement)
}

// approved asks the directory whether it still vouches for what it signed.
func (s *Server) approved(ctx context.Context, statement fapi.SoftwareStatement) error {
	if s.Standing == nil {
		return nil
	}
	err := s.Standing(ctx, statement.OrgID, statement.SoftwareID)
	if onepoint.CodeOf(err) == onepoint.CodeForbidden {
		return oauth(http.StatusBadRequest, "unapproved_software_statement", "the directory: "+onepoint.MessageOf(err))
	}
	return err
}

// sameHost keeps key sets on the directory's own host: a statement must not
// send the bank to addresses of its subject's choice.
func sameHost(a, b string) bool {
	u, err1 := url.Parse(a)
	v, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && u.Scheme == "https" && u.Scheme == v.Scheme && u.Host == v.Host && u.User == nil
}

func (s *Server) fits(request fapi.RegistrationRequest, statement fapi.SoftwareStatement, cert eidas.Certificate) error {
	if request.Audience != s.Issuer && request.Audience != s.OrganisationID {
		return oauth(http.StatusBadRequest, "invalid_client_metadata", "aud must be the issuer or the organisation id of this bank")
	}
	if request.Issuer != statement.SoftwareID {
		return oauth(http.StatusBadRequest, "invalid_client_metadata", "iss must be the software_id of the software statement")
	}
	if err := rolesFit(request.Scope, statement.Roles, cert, "unapproved_software_statement"); err != nil {
		return err
	}
	switch {
	case request.TokenAuthMethod == "client_secret_basic" && !s.SecretClients:
		return oauth(http.StatusBadRequest, "invalid_client_metadata", "token_endpoint_auth_method client_secret_basic is not offered here")
	case s.FAPI2 && slices.ContainsFunc(request.ResponseTypes, func(t string) bool { return t != "code" }):
		return oauth(http.StatusBadRequest, "invalid_client_metadata", "response_types may be code only")
	}
	for _, uri := range request.RedirectURIs {
		if !slices.Contains(statement.RedirectURIs, uri) {
			return oauth(http.StatusBadRequest, "invalid_redirect_uri", "a redirect URI is not in the software statement")
		}
		if !s.redirectAllowed(uri) {
			return oauth(http.StatusBadRequest, "invalid_redirect_uri", "redirect URIs must be https, without fragment, at most 256 characters")
		}
	}
	return nil
}

func (s *Server) redirectAllowed(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || len(uri) > 256 || u.Host == "" || u.Fragment != "" || strings.Contains(uri, "#") || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	loopback := ip != nil && ip.IsLoopback()
	if loopback || u.Hostname() == "localhost" {
		return loopback && s.AllowLoopbackRedirects
	}
	return u.Scheme == "https"
}

func answerClient(w http.ResponseWriter, c Client, secret string, status int) error {
	response := fapi.RegistrationResponse{ClientID: c.ID, ClientIDIssuedAt: c.Created.Unix(), ClientSecret: secret, ClientMetadata: c.Metadata}
	if secret != "" {
		response.SecretExpiresAt = new(int64)
	}
	// The statement's claims stand at the top level too (UK Open Banking DCR 3.3).
	all := map[string]json.RawMessage{}
	for _, part := range []any{c.Statement, response} {
		b, err := json.Marshal(part)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(b, &all); err != nil {
			return err
		}
	}
	for _, name := range []string{"iss", "iat", "exp", "jti"} {
		delete(all, name)
	}
	return answer(w, status, all)
}

func answer(w http.ResponseWriter, status int, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(b)
	return nil
}

// managed finds the client that manages its own registration. An unknown one,
// or another's, is 401, and the token that asked is ended.
func (s *Server) managed(r *http.Request) (Client, error) {
	refused := oauth(http.StatusUnauthorized, "invalid_token", "the access token does not open this registration")
	cert, _, err := s.certificate(r)
	if err != nil {
		return Client{}, err
	}
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || bearer == "" {
		return Client{}, refused
	}
	info, err := s.CheckToken(r.Context(), bearer, r.TLS.PeerCertificates[0])
	if err != nil {
		return Client{}, refused
	}
	if info.GrantType != "client_credentials" {
		return Client{}, oauth(http.StatusForbidden, "insufficient_scope", "use a client_credentials token")
	}
	if info.ClientID != r.PathValue("client") {
		if err := s.Store.EndAccess(r.Context(), hash(bearer)); err != nil {
			return Client{}, err
		}
		return Client{}, refused
	}
	if cert.Identifier != info.OrganisationID {
		return Client{}, refused
	}
	return s.Store.Client(r.Context(), info.ClientID)
}

func (s *Server) readClient(w http.ResponseWriter, r *http.Request) error {
	c, err := s.managed(r)
	if err != nil {
		return err
	}
	return answerClient(w, c, "", http.StatusOK)
}

func (s *Server) updateClient(w http.ResponseWriter, r *http.Request) error {
	c, err := s.managed(r)
	if err != nil {
		return err
	}
	request, statement, err := s.registration(r)
	if err != nil {
		return err
	}
	if statement.SoftwareID != c.SoftwareID || statement.OrgID != c.OrgID {
		return oauth(http.StatusBadRequest, "invalid_software_statement", "the software statement is for another software")
	}
	return s.keep(w, r, c, request, statement, http.StatusOK)
}

func (s *Server) deleteClient(w http.ResponseWriter, r *http.Request) error {
	c, err := s.managed(r)
	if err != nil {
		return err
	}
	if err := s.Store.DeleteClient(r.Context(), c.ID); err != nil {
		return err
	}
	s.Log.InfoContext(r.Context(), "client deleted", "client", c.ID)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
