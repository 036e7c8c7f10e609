package saltedge

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint/fapi"
)

// ukMetadata is what a client registers and is answered with.
type ukMetadata struct {
	AuthMethod      string   `json:"token_endpoint_auth_method,omitempty"`
	AuthAlg         string   `json:"token_endpoint_auth_signing_alg,omitempty"`
	GrantTypes      []string `json:"grant_types"`
	ResponseTypes   []string `json:"response_types,omitempty"`
	Statement       string   `json:"software_statement"`
	SoftwareID      string   `json:"software_id,omitempty"`
	RedirectURIs    []string `json:"redirect_uris"`
	Scope           string   `json:"scope,omitempty"`
	ApplicationType string   `json:"application_type,omitempty"`
	RequestAlg      string   `json:"request_object_signing_alg,omitempty"`
}

// ukRequest is the payload of the registration JWT.
type ukRequest struct {
	Issuer   string  `json:"iss"`
	IssuedAt float64 `json:"iat"`
	Expires  float64 `json:"exp"`
	Audience string  `json:"aud"`
	ukMetadata
}

var base62Form = regexp.MustCompile(`^[0-9a-zA-Z]{1,22}$`)

// decodeRequest takes the JWT apart and looks at its form alone.
func decodeRequest(token string) (ukRequest, error) {
	var r ukRequest
	if err := fapi.DecodeUnverified(token, &r); err != nil {
		return r, wrongFormat("the body is no JWT of the kind that is expected: %s", clipped(err))
	}
	for _, claim := range []struct {
		name    string
		missing bool
	}{
		{"iss", r.Issuer == ""},
		{"iat", r.IssuedAt == 0},
		{"exp", r.Expires == 0},
		{"aud", r.Audience == ""},
		{"grant_types", len(r.GrantTypes) == 0},
		{"software_statement", r.Statement == ""},
		{"redirect_uris", len(r.RedirectURIs) == 0},
	} {
		if claim.missing {
			return r, wrongFields("%s is missing", claim.name)
		}
	}
	if !base62Form.MatchString(r.Issuer) {
		return r, wrongFormat("iss must be a base62 GUID")
	}
	return r, nil
}

func clipped(err error) string {
	text := err.Error()
	if len(text) > 120 {
		text = text[:120]
	}
	return text
}

// checkValues is the table of claims, and its defaults.
func (r *ukRequest) checkValues(now time.Time, audiences []string) error {
	one := func(value *string, otherwise string, allowed ...string) bool {
		if *value == "" {
			*value = otherwise
		}
		return slices.Contains(allowed, *value)
	}
	if r.ResponseTypes == nil {
		r.ResponseTypes = []string{"code"}
	}
	switch {
	case int64(r.Expires) <= now.Unix():
		return wrongValue("exp must be greater than %d", now.Unix())
	case int64(r.IssuedAt) > now.Add(2*time.Minute).Unix():
		return wrongValue("iat lies in the future")
	case !slices.Contains(audiences, r.Audience):
		return wrongValue("aud is not this ASPSP")
	case !one(&r.AuthMethod, "client_secret_basic", "client_secret_basic", "private_key_jwt"):
		return wrongValue("token_endpoint_auth_method must be client_secret_basic or private_key_jwt")
	case !one(&r.AuthAlg, "PS256", ukAlgs()...):
		return wrongValue("token_endpoint_auth_signing_alg must be PS256 or RS256")
	case !one(&r.RequestAlg, "PS256", ukAlgs()...):
		return wrongValue("request_object_signing_alg must be RS256 or PS256")
	case !subset(r.GrantTypes, ukGrants()):
		return wrongValue("grant_types may be %s", strings.Join(ukGrants(), ", "))
	case !subset(r.ResponseTypes, []string{"code"}):
		return wrongValue("response_types may be code")
	case !one(&r.Scope, "openid", r.Scope) || !subset(strings.Fields(r.Scope), []string{"openid", "accounts", "payments", "fundsconfirmations"}):
		return wrongValue("scope may hold openid, accounts, payments, fundsconfirmations")
	case !one(&r.ApplicationType, "web", "web", "mobile"):
		return wrongValue("application_type must be web or mobile")
	}
	return nil
}

// checkStatement holds the request against its software statement.
func (r ukRequest) checkStatement(st fapi.SoftwareStatement, redirectAllowed func(string) bool) error {
	switch {
	case r.Issuer != st.SoftwareID:
		return wrongValue("iss is not the software_id of the software statement")
	case r.SoftwareID != "" && r.SoftwareID != st.SoftwareID:
		return wrongValue("software_id is not the one of the software statement")
	case !subset(r.RedirectURIs, st.RedirectURIs):
		return wrongValue("redirect_uris must be among software_redirect_uris")
	case slices.ContainsFunc(r.RedirectURIs, func(u string) bool { return !redirectAllowed(u) }):
		return wrongValue("redirect_uris must be https")
	}
	for scope, role := range map[string]string{"accounts": "AISP", "payments": "PISP", "fundsconfirmations": "CBPII"} {
		if slices.Contains(strings.Fields(r.Scope), scope) && !slices.Contains(st.Roles, role) {
			return accessDenied("the software statement lacks the role %s that scope %s needs", role, scope)
		}
	}
	return nil
}

func subset(part, whole []string) bool {
	return !slices.ContainsFunc(part, func(s string) bool { return !slices.Contains(whole, s) })
}
