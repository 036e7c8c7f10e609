package op

import (
	"context"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

// client is a registered provider's software.
type client struct {
	ID             string    `json:"id"`
	SecretHash     string    `json:"secretHash"`
	TPP            string    `json:"tpp"` // of the generator
	Name           string    `json:"name"`
	SoftwareID     string    `json:"softwareId"`
	OrganisationID string    `json:"organisationId"`
	RedirectURIs   []string  `json:"redirectUris"`
	Roles          []string  `json:"roles"`
	JWKSEndpoint   string    `json:"jwksEndpoint"`
	Thumbprint     string    `json:"thumbprint"` // of the QWAC
	Issued         time.Time `json:"issued"`
}

func (c client) tpp() onepoint.TPP {
	return onepoint.TPP{ClientID: "op:" + c.ID, OrganisationID: c.OrganisationID, Name: c.Name}
}

func (c client) role(name string) bool { return slices.Contains(c.Roles, name) }

// What a registration token must satisfy (OP's published pre-flight checks).
const (
	registrationAge    = 600 * time.Second
	registrationLeeway = 120 * time.Second
)

var registrationAlgs = []string{"RS256", "PS256", "ES256"}

type registrationClaims struct {
	RedirectURIs []string `json:"redirect_uris"`
	GrantTypes   []string `json:"grant_types"`
	Statement    string   `json:"software_statement"`
	IssuedAt     int64    `json:"iat"`
	Audience     any      `json:"aud"`
}

type statementClaims struct {
	Issuer       string   `json:"iss"`
	SoftwareID   string   `json:"software_client_id"`
	Roles        []string `json:"software_roles"`
	JWKS         string   `json:"software_jwks_endpoint"`
	Name         string   `json:"software_client_name"`
	RedirectURIs []string `json:"software_redirect_uris"`
	OrgName      string   `json:"org_name"`
	OrgID        string   `json:"org_id"`
}

func refusal(code, description string) error {
	return &fapi.OAuthError{Code: code, Description: description, Status: http.StatusBadRequest}
}

// certificate judges the connection's client certificate as the gateway does.
func (s *Server) certificate(r *http.Request) (eidas.Certificate, string, error) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return eidas.Certificate{}, "", &gatewayFault{http.StatusUnauthorized, "messaging.tls.NoClientCertificate"}
	}
	leaf := r.TLS.PeerCertificates[0]
	cert, err := eidas.Verify(leaf, r.TLS.PeerCertificates[1:], s.Roots, s.Now(), eidas.Want{Type: eidas.TypeWeb, Usage: eidas.UsageClient})
	if err != nil {
		s.Log.InfoContext(r.Context(), "client certificate refused", "cause", err)
		return cert, "", &gatewayFault{http.StatusUnauthorized, "messaging.tls.InvalidClientCertificate"}
	}
	if s.Revoked != nil {
		if err := s.Revoked(r.Context(), leaf, r.TLS.PeerCertificates[1:]); err != nil {
			s.Log.InfoContext(r.Context(), "client certificate refused", "cause", err)
			return cert, "", &gatewayFault{http.StatusUnauthorized, "messaging.tls.RevokedClientCertificate"}
		}
	}
	return cert, fapi.Thumbprint(leaf), nil
}

// register takes a registration JWT. The same software registered again by the
// same certificate is the same client, with a new secret: the first answer may
// have been lost.
func (s *Server) register(w http.ResponseWriter, r *http.Request) error {
	if err := s.portalKey(r); err != nil {
		return err
	}
	cert, thumbprint, err := s.certificate(r)
	if err != nil {
		return err
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/jwt" {
		return &apiError{http.StatusUnsupportedMediaType, "VALIDATION", "The content type must be application/jwt", nil}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return refusal("invalid_client_metadata", "the body cannot be read")
	}
	claims, statement, err := s.registration(r.Context(), strings.TrimSpace(string(body)), cert)
	if err != nil {
		return err
	}
	c, secret, err := s.keepClient(r.Context(), claims, statement, cert, thumbprint)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, map[string]any{
		"client_id": c.ID, "client_id_issued_at": c.Issued.Unix(), "client_secret": secret, "client_secret_expires_at": 0,
		"api_key": s.APIKey.Reveal(), "client_name": c.Name, "redirect_uris": c.RedirectURIs,
		"grant_types": []string{"client_credentials", "authorization_code", "refresh_token"}, "software_id": c.SoftwareID,
		"scope": scopesOf(c.Roles), "jwks_endpoint": c.JWKSEndpoint, "software_roles": c.Roles,
	})
}

func scopesOf(roles []string) string {
	scopes := []string{"openid"}
	for _, pair := range [][2]string{{"AIS", "accounts"}, {"PIS", "payments"}, {"CBPII", "fundsconfirmations"}} {
		if slices.Contains(roles, pair[0]) {
			scopes = append(scopes, pair[1])
		}
	}
	return strings.Join(scopes, " ")
}

// registration verifies both layers with the keys that the sandbox published for
// the provider, and what they say of each other.
func (s *Server) registration(ctx context.Context, body string, cert eidas.Certificate) (registrationClaims, statementClaims, error) {
	var claims registrationClaims
	var statement statementClaims
	fail := func(err error) (registrationClaims, statementClaims, error) { return claims, statement, err }
	if err := fapi.DecodeUnverified(body, &claims); err != nil {
		return fail(refusal("invalid_client_metadata", onepoint.MessageOf(err)))
	}
	if err := fapi.DecodeUnverified(claims.Statement, &statement); err != nil {
		return fail(refusal("invalid_software_statement", "software_statement is missing or malformed"))
	}
	keys, err := s.publishedKeys(ctx, statement.JWKS)
	if err != nil {
		return fail(err)
	}
	now := s.Now()
	check := fapi.Check{Issuer: statement.Issuer, Now: now, Leeway: registrationLeeway, Algs: registrationAlgs}
	if err := fapi.VerifyJWT(claims.Statement, keys, check, &statement); err != nil {
		return fail(refusal("invalid_software_statement", "software_statement: "+onepoint.MessageOf(err)))
	}
	check = fapi.Check{
		Audience: []string{"https://op.fi/", "https://mtls.apis.op.fi", s.url("/mtls/tpp-registration/register"), s.url("/mtls")},
		Now:      now, Leeway: registrationLeeway, Algs: registrationAlgs,
	}
	if err := fapi.VerifyJWT(body, keys, check, &claims); err != nil {
		return fail(refusal("invalid_client_metadata", onepoint.MessageOf(err)))
	}
	if age := now.Sub(time.Unix(claims.IssuedAt, 0)); age > registrationAge+registrationLeeway {
		return fail(refusal("invalid_client_metadata", "iat: the registration request is older than 600 s"))
	}
	return claims, statement, s.metadata(claims, statement, cert)
}

// publishedKeys are the keys of a provider of this sandbox; the address must be
// the sandbox's own.
func (s *Server) publishedKeys(ctx context.Context, endpoint string) (jwk.Set, error) {
	id, ok := strings.CutPrefix(endpoint, s.url("/jwks/"))
	id, rest, _ := strings.Cut(id, "/")
	if !ok || rest != "public-jwks.json" {
		return nil, refusal("invalid_software_statement", "software_jwks_endpoint is not one of this sandbox")
	}
	t, err := s.tpps.Get(ctx, id)
	if err != nil {
		return nil, refusal("invalid_software_statement", "software_jwks_endpoint holds no keys")
	}
	return fapi.ParseKeys(t.JWKS)
}

func (s *Server) metadata(c registrationClaims, st statementClaims, cert eidas.Certificate) error {
	switch {
	case st.SoftwareID == "" || st.Name == "":
		return refusal("invalid_software_statement", "software_client_id or software_client_name is missing")
	case !strings.Contains(st.JWKS, "/"+st.Issuer+"/"):
		return refusal("invalid_software_statement", "iss is not the provider of software_jwks_endpoint")
	case st.OrgID != strings.TrimPrefix(cert.Identifier, "PSD") && st.OrgID != cert.Identifier:
		return refusal("invalid_software_statement", "org_id is not the organizationIdentifier of the certificate")
	case len(st.Roles) == 0:
		return refusal("invalid_software_statement", "software_roles is empty")
	case len(c.RedirectURIs) == 0:
		return refusal("invalid_redirect_uri", "redirect_uris is missing")
	case !slices.Contains(c.GrantTypes, "client_credentials") || !slices.Contains(c.GrantTypes, "authorization_code"):
		return refusal("invalid_client_metadata", "grant_types must hold client_credentials and authorization_code")
	}
	for _, role := range st.Roles {
		if want, ok := opRoles[role]; !ok || !cert.Has(want) {
			return refusal("invalid_software_statement", "the certificate lacks the role "+role)
		}
	}
	for _, uri := range c.RedirectURIs {
		if !slices.Contains(st.RedirectURIs, uri) {
			return refusal("invalid_redirect_uri", "a redirect URI is not in the software statement")
		}
		if !s.acceptableRedirect(uri) {
			return refusal("invalid_redirect_uri", "redirect URIs must be https")
		}
	}
	return nil
}

func (s *Server) acceptableRedirect(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.Fragment != "" {
		return false
	}
	loopback := u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost"
	return u.Scheme == "https" || s.AllowLoopbackRedirects && u.Scheme == "http" && loopback
}

// keepClient gives the software its client. The id is reserved first, so that a
// crash on the way leaves no second client behind.
func (s *Server) keepClient(ctx context.Context, c registrationClaims, st statementClaims, cert eidas.Certificate, thumbprint string) (client, string, error) {
	id, err := s.reserve(ctx, st.SoftwareID)
	if err != nil {
		return client{}, "", err
	}
	secret := sim.Random()
	made := client{
		ID: id, SecretHash: hash(secret), TPP: st.Issuer, Name: st.Name, SoftwareID: st.SoftwareID,
		OrganisationID: cert.Identifier, RedirectURIs: c.RedirectURIs, Roles: st.Roles, JWKSEndpoint: st.JWKS,
		Thumbprint: thumbprint, Issued: s.Now().UTC(),
	}
	err = s.clients.Add(ctx, id, made.TPP, made)
	if onepoint.CodeOf(err) != onepoint.CodeConflict {
		return made, secret, err
	}
	known, err := s.clients.Update(ctx, id, func(have *client) error {
		if have.TPP != st.Issuer || have.Thumbprint != thumbprint {
			return refusal("invalid_software_statement", "software_client_id is registered by another provider")
		}
		have.SecretHash, have.RedirectURIs, have.Name, have.Roles = made.SecretHash, made.RedirectURIs, made.Name, made.Roles
		return nil
	})
	return known, secret, err
}

// reserve returns the client id of a software, a new one on the first call.
func (s *Server) reserve(ctx context.Context, softwareID string) (string, error) {
	id := s.NewID("op")
	err := s.software.Add(ctx, softwareID, "", id)
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		return s.software.Get(ctx, softwareID)
	}
	return id, err
}

// Clients counts the registrations of a provider.
func (s *Server) Clients(ctx context.Context, tppID string) (int, error) {
	all, err := s.clients.Of(ctx, tppID, 1000)
	return len(all), err
}
