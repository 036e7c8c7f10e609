package fapi

import "time"

// Metadata is an authorization server's discovery document (RFC 8414, OpenID
// Connect Discovery 1.0, RFC 9126, RFC 8705, RFC 9207).
type Metadata struct {
	Issuer                        string   `json:"issuer"`
	AuthorizationEndpoint         string   `json:"authorization_endpoint"`
	TokenEndpoint                 string   `json:"token_endpoint"`
	PAREndpoint                   string   `json:"pushed_authorization_request_endpoint,omitempty"`
	RevocationEndpoint            string   `json:"revocation_endpoint,omitempty"`
	IntrospectionEndpoint         string   `json:"introspection_endpoint,omitempty"`
	RegistrationEndpoint          string   `json:"registration_endpoint,omitempty"`
	JWKSURI                       string   `json:"jwks_uri"`
	Scopes                        []string `json:"scopes_supported,omitempty"`
	Claims                        []string `json:"claims_supported,omitempty"`
	ACRValues                     []string `json:"acr_values_supported,omitempty"`
	ResponseTypes                 []string `json:"response_types_supported"`
	ResponseModes                 []string `json:"response_modes_supported,omitempty"`
	GrantTypes                    []string `json:"grant_types_supported,omitempty"`
	SubjectTypes                  []string `json:"subject_types_supported,omitempty"`
	TokenAuthMethods              []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthSigningAlgs          []string `json:"token_endpoint_auth_signing_alg_values_supported,omitempty"`
	IDTokenSigningAlgs            []string `json:"id_token_signing_alg_values_supported,omitempty"`
	RequestObjectSigningAlgs      []string `json:"request_object_signing_alg_values_supported,omitempty"`
	AuthorizationSigningAlgs      []string `json:"authorization_signing_alg_values_supported,omitempty"` // JARM section 4
	PromptValues                  []string `json:"prompt_values_supported,omitempty"`
	ClaimsParameterSupported      bool     `json:"claims_parameter_supported,omitempty"`
	CodeChallengeMethods          []string `json:"code_challenge_methods_supported,omitempty"`
	RequestParameterSupported     bool     `json:"request_parameter_supported,omitempty"`
	RequirePushedAuthorization    bool     `json:"require_pushed_authorization_requests,omitempty"`
	CertificateBoundAccessTokens  bool     `json:"tls_client_certificate_bound_access_tokens,omitempty"`
	AuthorizationResponseIssParam bool     `json:"authorization_response_iss_parameter_supported,omitempty"`
	RequireSignedRequestObject    bool     `json:"require_signed_request_object,omitempty"`
}

// SoftwareStatement is the payload of a software statement assertion (UK Open
// Banking dynamic client registration 3.3, section on SSAs).
type SoftwareStatement struct {
	Issuer              string    `json:"iss"`
	IssuedAt            int64     `json:"iat"`
	Expires             int64     `json:"exp,omitempty"` // not in the UK standard; refused when past
	ID                  string    `json:"jti"`
	SoftwareID          string    `json:"software_id"`
	SoftwareClientID    string    `json:"software_client_id"`
	SoftwareName        string    `json:"software_client_name"`
	SoftwareDescription string    `json:"software_client_description,omitempty"`
	SoftwareVersion     string    `json:"software_version,omitempty"`
	Environment         string    `json:"software_environment,omitempty"`
	Mode                string    `json:"software_mode"` // Test or Live
	JWKSEndpoint        string    `json:"software_jwks_endpoint"`
	JWKSRevokedEndpoint string    `json:"software_jwks_revoked_endpoint,omitempty"`
	RedirectURIs        []string  `json:"software_redirect_uris"`
	Roles               []string  `json:"software_roles"` // AISP, PISP, CBPII
	Authority           Authority `json:"organisation_competent_authority_claims"`
	OrgStatus           string    `json:"org_status"` // Active, Revoked, Withdrawn
	OrgID               string    `json:"org_id"`
	OrgName             string    `json:"org_name"`
}

// Authority is what a national competent authority says of the organisation.
type Authority struct {
	AuthorityID    string `json:"authority_id"`
	RegistrationID string `json:"registration_id"`
	Status         string `json:"status"`
}

// ClientMetadata is what a client asks for when it registers and what the
// server answers with (RFC 7591, UK Open Banking DCR 3.3).
type ClientMetadata struct {
	RedirectURIs            []string `json:"redirect_uris"`
	TokenAuthMethod         string   `json:"token_endpoint_auth_method"`
	TokenAuthSigningAlg     string   `json:"token_endpoint_auth_signing_alg,omitempty"`
	TLSClientAuthSubjectDN  string   `json:"tls_client_auth_subject_dn,omitempty"`
	GrantTypes              []string `json:"grant_types"`
	ResponseTypes           []string `json:"response_types,omitempty"`
	Scope                   string   `json:"scope"`
	SoftwareID              string   `json:"software_id,omitempty"`
	SoftwareStatement       string   `json:"software_statement"`
	ApplicationType         string   `json:"application_type"`
	IDTokenSigningAlg       string   `json:"id_token_signed_response_alg"`
	RequestObjectSigningAlg string   `json:"request_object_signing_alg"`
	AuthorizationSigningAlg string   `json:"authorization_signed_response_alg,omitempty"`     // JARM section 3
	RequirePushed           bool     `json:"require_pushed_authorization_requests,omitempty"` // RFC 9126 section 6
}

// RegistrationRequest is the payload of the signed registration JWT.
type RegistrationRequest struct {
	Issuer   string `json:"iss"` // software_id of the software statement
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	Audience string `json:"aud"`
	ID       string `json:"jti"`
	ClientMetadata
}

// RegistrationResponse is what the server stored.
type RegistrationResponse struct {
	ClientID         string `json:"client_id"`
	ClientIDIssuedAt int64  `json:"client_id_issued_at"`
	ClientSecret     string `json:"client_secret,omitempty"`            // told once, with client_secret_basic
	SecretExpiresAt  *int64 `json:"client_secret_expires_at,omitempty"` // required beside a secret; 0 is never
	ClientMetadata
}

// TokenInfo is what a valid access token stands for: the answer of the
// authorization server to a resource server.
type TokenInfo struct {
	ClientID       string
	OrganisationID string // of the TPP the client belongs to
	ClientName     string
	GrantType      string // "authorization_code" or "client_credentials"
	Scopes         []string
	ConsentID      string // the intent that the user authorised; empty with client_credentials
	Subject        string // the customer; empty with client_credentials
	Thumbprint     string // x5t#S256 of the certificate it is bound to
	Expires        time.Time
}

// TokenResponse is the token endpoint's answer (RFC 6749 section 5.1).
type TokenResponse struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
}
