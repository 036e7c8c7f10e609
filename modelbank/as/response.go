package as

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

// responseLife is how long a signed authorization response is good for (JARM
// section 2.1 recommends at most 10 minutes).
const responseLife = 5 * time.Minute

// mode is where the answer goes when the request does not say.
func mode(responseType string) string {
	if responseType == "code" {
		return "query"
	}
	return "fragment"
}

// resolveMode is the response mode of a request: its own, the default of the
// response type, or of JARM when it asks for "jwt". An ID token never goes into
// a query (OAuth 2.0 Multiple Response Type Encoding Practices section 5).
func resolveMode(responseType, asked string) (string, error) {
	switch {
	case asked == "":
		return mode(responseType), nil
	case asked == "jwt":
		return mode(responseType) + ".jwt", nil
	case !slices.Contains(responseModes(), asked):
		return "", badRequest("response_mode must be query, fragment, jwt, query.jwt or fragment.jwt")
	case responseType != "code" && strings.HasPrefix(asked, "query"):
		return "", badRequest("response_mode query does not fit response_type " + responseType)
	}
	return asked, nil
}

func responseModes() []string {
	return []string{"query", "fragment", "jwt", "query.jwt", "fragment.jwt"}
}

// back sends the user back to the TPP with parameters, the state and the issuer
// (RFC 9207); signed as one parameter when the request asked so (JARM).
func (s *Server) back(w http.ResponseWriter, r *http.Request, a authorization, params url.Values) error {
	if a.State != "" {
		params.Set("state", a.State)
	}
	params.Set("iss", s.Issuer)
	where, signed := strings.CutSuffix(a.mode(), ".jwt")
	if signed {
		token, err := s.signedResponse(a.ClientID, params)
		if err != nil {
			return err
		}
		params = url.Values{"response": {token}}
	}
	sep := "#"
	if where == "query" {
		sep = "?"
		if strings.Contains(a.RedirectURI, "?") {
			sep = "&"
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, a.RedirectURI+sep+params.Encode(), http.StatusSeeOther)
	return nil
}

// signedResponse is an authorization response as a JWT (JARM section 2.1).
func (s *Server) signedResponse(client string, params url.Values) (string, error) {
	now := s.Now()
	claims := map[string]any{"aud": client, "iat": now.Unix(), "exp": now.Add(responseLife).Unix()}
	for name := range params {
		claims[name] = params.Get(name)
	}
	return fapi.SignJWT(s.SigningKey(), "JWT", claims)
}

// redirectError is the form of an error that goes back to the TPP: its code is
// one of RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6 and RFC 9101.
func redirectError(err error) url.Values {
	e := fapi.AsOAuthError(err)
	code := e.Code
	switch code {
	case "invalid_request", "unauthorized_client", "access_denied", "unsupported_response_type", "invalid_scope",
		"temporarily_unavailable", "login_required", "unmet_authentication_requirements", "invalid_request_object", "invalid_request_uri":
	case "invalid_client":
		code = "unauthorized_client"
	default:
		code = "server_error"
		if onepoint.CodeOf(err) == onepoint.CodeUnavailable {
			code = "temporarily_unavailable"
		}
	}
	return url.Values{"error": {code}, "error_description": {e.Description}}
}
