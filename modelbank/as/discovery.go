package as

import (
	"net/http"

	"github.com/onepointledger/onepoint/fapi"
)

func (s *Server) url(path string) string { return s.Issuer + path }

// metadata is the discovery document (OpenID Connect Discovery 1.0 section 3,
// RFC 8414): what this server does as it is configured, and no more.
func (s *Server) metadata() fapi.Metadata {
	m := fapi.Metadata{
		Issuer: s.Issuer, AuthorizationEndpoint: s.url("/as/authorize"), TokenEndpoint: s.url("/as/token"),
		PAREndpoint: s.url("/as/par"), RevocationEndpoint: s.url("/as/revoke"), IntrospectionEndpoint: s.url("/as/introspect"),
		RegistrationEndpoint: s.url("/as/register"), JWKSURI: s.url("/as/jwks"),
		Scopes:        []string{"openid", "accounts", "payments", "fundsconfirmations"},
		Claims:        []string{"openbanking_intent_id", "acr", "auth_time"},
		ACRValues:     []string{fapi.ACRSCA, fapi.ACRCA},
		ResponseTypes: []string{"code", "code id_token"}, ResponseModes: responseModes(),
		GrantTypes:   grantTypes(),
		SubjectTypes: []string{"public"}, TokenAuthMethods: []string{"private_key_jwt", "tls_client_auth"},
		TokenAuthSigningAlgs: []string{"PS256", "ES256"}, IDTokenSigningAlgs: []string{"PS256"},
		RequestObjectSigningAlgs: []string{"PS256", "ES256"}, AuthorizationSigningAlgs: []string{"PS256"},
		CodeChallengeMethods: []string{"S256"}, PromptValues: prompts(), ClaimsParameterSupported: true,
		RequestParameterSupported: true, RequireSignedRequestObject: true,
		CertificateBoundAccessTokens: true, AuthorizationResponseIssParam: true,
	}
	if s.SecretClients {
		m.TokenAuthMethods = append(m.TokenAuthMethods, "client_secret_basic")
	}
	if s.FAPI2 {
		m.ResponseTypes, m.ResponseModes = []string{"code"}, []string{"query", "jwt", "query.jwt", "fragment", "fragment.jwt"}
		m.RequirePushedAuthorization, m.RequestParameterSupported = true, false
	}
	return m
}

func (s *Server) discovery(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=300")
	if err := answer(w, http.StatusOK, s.metadata()); err != nil {
		s.Log.ErrorContext(r.Context(), "encode metadata", "error", err)
	}
}
