package fapi

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
)

// registrationLife bounds how far ahead a registration request may expire.
const registrationLife = time.Hour

// Sign makes the compact JWS that registers a client.
func (r RegistrationRequest) Sign(key SigningKey) (string, error) { return SignJWT(key, "JWT", r) }

// Signed is the JWT that the directory issues.
func (s SoftwareStatement) Signed(key SigningKey) (string, error) { return SignJWT(key, "JWT", s) }

var softwareID = regexp.MustCompile(`^[0-9a-zA-Z]{1,22}$`)

// ParseRegistrationRequest verifies a registration JWT with the software's keys
// and the rules of its claims table (UK Open Banking DCR 3.3). The caller checks
// the audience and compares with the software statement. Errors: an
// [OAuthError] with invalid_client_metadata or invalid_redirect_uri for the
// metadata, else those of [VerifyJWT].
func ParseRegistrationRequest(token string, keys jwk.Set, now time.Time) (RegistrationRequest, error) {
	var wire struct {
		RegistrationRequest
		Audience stringOrList `json:"aud"`
		IssuedAt numericDate  `json:"iat"`
		Expires  numericDate  `json:"exp"`
	}
	if err := VerifyJWT(token, keys, Check{Now: now, MaxLifetime: registrationLife, RequireID: true}, &wire); err != nil {
		return RegistrationRequest{}, err
	}
	r := wire.RegistrationRequest
	r.IssuedAt, r.Expires = int64(wire.IssuedAt), int64(wire.Expires)
	if len(wire.Audience) == 1 {
		r.Audience = wire.Audience[0]
	}
	return r, r.metadata(wire.IssuedAt != 0)
}

func (r RegistrationRequest) metadata(issued bool) error {
	bad := func(msg string) error {
		return &OAuthError{Code: "invalid_client_metadata", Description: msg, Status: 400}
	}
	switch {
	case !issued:
		return bad("iat is missing")
	case !softwareID.MatchString(r.Issuer):
		return bad("iss must be the software_id")
	case r.Audience == "":
		return bad("aud must be one string")
	case r.SoftwareID != "" && r.SoftwareID != r.Issuer:
		return bad("software_id must equal iss")
	case r.SoftwareStatement == "":
		return bad("software_statement is missing")
	case len(r.RedirectURIs) == 0:
		return &OAuthError{Code: "invalid_redirect_uri", Description: "redirect_uris is missing", Status: 400}
	case !slices.Contains([]string{"private_key_jwt", "tls_client_auth", "client_secret_basic"}, r.TokenAuthMethod):
		return bad("token_endpoint_auth_method must be private_key_jwt, tls_client_auth or client_secret_basic")
	case r.TokenAuthMethod == "tls_client_auth" && r.TLSClientAuthSubjectDN == "":
		return bad("tls_client_auth_subject_dn is required with tls_client_auth")
	case len(r.TLSClientAuthSubjectDN) > 512:
		return bad("tls_client_auth_subject_dn is longer than 512")
	case !slices.Contains(r.GrantTypes, "client_credentials") || !slices.Contains(r.GrantTypes, "authorization_code"):
		return bad("grant_types must hold authorization_code and client_credentials")
	case !subset(r.GrantTypes, "client_credentials", "authorization_code", "refresh_token"):
		return bad("grant_types holds one that is not supported")
	case !subset(r.ResponseTypes, "code", "code id_token"):
		return bad("response_types may be code and code id_token")
	case r.Scope == "" || len(r.Scope) > 256 || !subset(strings.Fields(r.Scope), "openid", "accounts", "payments", "fundsconfirmations"):
		return bad("scope may hold openid, accounts, payments and fundsconfirmations")
	case !slices.Contains([]string{"web", "mobile", "native"}, r.ApplicationType):
		return bad("application_type must be web, mobile or native")
	}
	return r.algorithms()
}

// algorithms checks what is signed with what: PS256 or ES256 by the client,
// PS256 by the bank (FAPI 1 Advanced section 8.6).
func (r RegistrationRequest) algorithms() error {
	bad := func(msg string) error {
		return &OAuthError{Code: "invalid_client_metadata", Description: msg, Status: 400}
	}
	switch {
	case r.TokenAuthMethod == "private_key_jwt" && r.TokenAuthSigningAlg != "" && !slices.Contains(fapiAlgs, r.TokenAuthSigningAlg):
		return bad("token_endpoint_auth_signing_alg must be PS256 or ES256")
	case r.IDTokenSigningAlg != "PS256":
		return bad("id_token_signed_response_alg must be PS256")
	case !slices.Contains(fapiAlgs, r.RequestObjectSigningAlg):
		return bad("request_object_signing_alg must be PS256 or ES256")
	case r.AuthorizationSigningAlg != "" && r.AuthorizationSigningAlg != "PS256":
		return bad("authorization_signed_response_alg must be PS256")
	}
	return nil
}

func subset(have []string, allowed ...string) bool {
	return !slices.ContainsFunc(have, func(s string) bool { return !slices.Contains(allowed, s) })
}

// ParseSoftwareStatement verifies a software statement assertion: the
// directory's signature, its issuer, an organisation in good standing, and an
// age of at most maxAge. UK statements carry no exp; one that has it must not
// have passed. Errors: invalid_software_statement, unapproved_software_statement.
func ParseSoftwareStatement(token string, keys jwk.Set, issuer string, now time.Time, maxAge time.Duration) (SoftwareStatement, error) {
	invalid := func(msg string) (SoftwareStatement, error) {
		return SoftwareStatement{}, &OAuthError{Code: "invalid_software_statement", Description: msg, Status: 400}
	}
	var s SoftwareStatement
	if err := VerifyJWT(token, keys, Check{Issuer: issuer, Now: now, RequireID: true}, &s); err != nil {
		return invalid("software_statement: " + onepoint.MessageOf(err))
	}
	switch {
	case s.IssuedAt == 0:
		return invalid("software_statement: iat is missing")
	case now.Sub(time.Unix(s.IssuedAt, 0)) > maxAge:
		return invalid("software_statement: issued too long ago; fetch a new one from the directory")
	case !softwareID.MatchString(s.SoftwareID):
		return invalid("software_statement: software_id is missing or malformed")
	case s.OrgID == "" || s.JWKSEndpoint == "" || len(s.RedirectURIs) == 0:
		return invalid("software_statement: org_id, software_jwks_endpoint or software_redirect_uris is missing")
	case !strings.EqualFold(s.OrgStatus, "Active"):
		return SoftwareStatement{}, &OAuthError{
			Code: "unapproved_software_statement", Status: 400,
			Description: "software_statement: the organisation is not active at the directory",
		}
	}
	return s, nil
}
