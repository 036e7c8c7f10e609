package saltedge

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
)

// ukError is the error body of the UK registration service.
type ukError struct {
	status  int
	Class   string `json:"error_class"`
	Message string `json:"error_message"`
}

// Error names it for the log.
func (e *ukError) Error() string { return e.Class + ": " + e.Message }

// The classes, with the statuses that the service gives them: a missing claim
// is 401, a wrong one 406.

func wrongFormat(format string, args ...any) error {
	return &ukError{http.StatusBadRequest, "RequestFormatInvalid", fmt.Sprintf(format, args...)}
}

func wrongFields(format string, args ...any) error {
	return &ukError{http.StatusUnauthorized, "WrongRequiredFields", fmt.Sprintf(format, args...)}
}

func accessDenied(format string, args ...any) error {
	return &ukError{http.StatusUnauthorized, "AccessDenied", fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &ukError{http.StatusNotFound, "NotFound", fmt.Sprintf(format, args...)}
}

func wrongValue(format string, args ...any) error {
	return &ukError{http.StatusNotAcceptable, "Invalid", fmt.Sprintf(format, args...)}
}

// ukClient is one software, by its id.
type ukClient struct {
	SoftwareID   string
	Organisation string
	Name         string
	Secret       string
	Issued       time.Time
	Roles        []string
	JWKS         string
	Metadata     ukMetadata
	Certificates []heldCertificate
}

// ukToken is an access token, kept by its hash.
type ukToken struct {
	Client  string
	Expires time.Time
}

func (s *Server) ukRoutes(mux *http.ServeMux) {
	// The documentation and the discovery document spell the path differently.
	for _, base := range []string{"/api/open-banking/v3.1", "/api/open_banking/v3.2"} {
		mux.HandleFunc("POST "+s.root+base+"/tpp/register", s.ukAnswering(s.ukRegister))
		mux.HandleFunc("POST "+s.root+base+"/tpp/certificates", s.ukAnswering(s.ukCertificate))
	}
	mux.HandleFunc("GET "+s.root+"/.well-known/openid-configuration/"+provider, s.ukAnswering(s.ukDiscovery))
	mux.HandleFunc("GET "+s.root+"/oidc/"+provider+"/jwks", s.ukAnswering(func(*http.Request, []byte) (any, error) {
		return map[string][]string{"keys": {}}, nil // it signs nothing so far
	}))
	mux.HandleFunc("POST "+s.root+"/api/oidc/"+provider+"/tokens", s.ukAnswering(s.ukTokens))
}

// ukAnswering writes what a handler returns, always with 200, or its error.
func (s *Server) ukAnswering(h func(r *http.Request, body []byte) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var answer any
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			err = wrongFormat("the body is too large or broke off")
		} else {
			answer, err = h(r, body)
		}
		if err == nil {
			reply(w, http.StatusOK, answer)
			return
		}
		var refused *ukError
		if !errors.As(err, &refused) {
			refused = s.ukTranslate(err)
		}
		s.Log.InfoContext(r.Context(), "saltedge UK refused", "path", r.URL.Path, "class", refused.Class, "cause", err)
		reply(w, refused.status, refused)
	}
}

// ukTranslate is what an error of ours looks like here.
func (s *Server) ukTranslate(err error) *ukError {
	switch onepoint.CodeOf(err) {
	case onepoint.CodeUnavailable:
		return &ukError{http.StatusServiceUnavailable, "ServiceUnavailable", onepoint.MessageOf(err)}
	case onepoint.CodeNotFound:
		return &ukError{http.StatusNotFound, "NotFound", onepoint.MessageOf(err)}
	}
	return &ukError{http.StatusInternalServerError, "InternalServerError", onepoint.MessageOf(err)}
}

// ukDiscovery describes the authorization server of the bank.
func (s *Server) ukDiscovery(*http.Request, []byte) (any, error) {
	return map[string]any{
		"issuer": s.Base, "authorization_endpoint": s.Base + "/connector/" + provider + "/authorize",
		"token_endpoint": s.tokenURL(), "registration_endpoint": s.Base + "/api/open_banking/v3.2/tpp/register",
		"jwks_uri": s.Base + "/oidc/" + provider + "/jwks", "scopes_supported": []string{"openid", "accounts"},
		"response_types_supported": []string{"code"}, "grant_types_supported": ukGrants(),
		"token_endpoint_auth_methods_supported":       []string{"client_secret_basic", "private_key_jwt"},
		"request_object_signing_alg_values_supported": ukAlgs(),
	}, nil
}

func (s *Server) tokenURL() string { return s.Base + "/api/oidc/" + provider + "/tokens" }

func ukGrants() []string {
	return []string{"client_credentials", "authorization_code", "refresh_token"}
}

// ukAlgs are the only algorithms: nothing symmetric, nothing unsigned.
func ukAlgs() []string { return []string{"RS256", "PS256"} }
