package fapi

import (
	"encoding/json"
	"net/http"

	"github.com/onepointledger/onepoint"
)

// OAuthError is an error of an OAuth endpoint (RFC 6749 section 5.2, RFC 7591
// section 3.2.2).
type OAuthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
	Status      int    `json:"-"`
}

// Error names the code and what the server said of it.
func (e *OAuthError) Error() string { return "oauth: " + e.Code + ": " + e.Description }

// oauthErrors is the edge between our codes and OAuth's. A server reads it from
// our code to the first row; a client from OAuth's code to our code.
var oauthErrors = []struct {
	code   onepoint.Code
	oauth  string
	status int
}{
	{onepoint.CodeInvalid, "invalid_request", http.StatusBadRequest},
	{onepoint.CodeUnauthenticated, "invalid_client", http.StatusUnauthorized},
	{onepoint.CodeSignatureInvalid, "invalid_client", http.StatusUnauthorized},
	{onepoint.CodeCertificateInvalid, "invalid_client", http.StatusUnauthorized},
	{onepoint.CodeForbidden, "unauthorized_client", http.StatusBadRequest},
	{onepoint.CodeConsentExpired, "invalid_grant", http.StatusBadRequest},
	{onepoint.CodeTokenInvalid, "invalid_token", http.StatusUnauthorized},
	{onepoint.CodeUnavailable, "temporarily_unavailable", http.StatusServiceUnavailable},
	{onepoint.CodeInternal, "server_error", http.StatusInternalServerError},
	{onepoint.CodeInvalid, "invalid_scope", http.StatusBadRequest},
	{onepoint.CodeInvalid, "invalid_request_object", http.StatusBadRequest},
	{onepoint.CodeInvalid, "invalid_request_uri", http.StatusBadRequest},
	{onepoint.CodeInvalid, "unsupported_grant_type", http.StatusBadRequest},
	{onepoint.CodeInvalid, "unsupported_response_type", http.StatusBadRequest},
	{onepoint.CodeInvalid, "invalid_client_metadata", http.StatusBadRequest},
	{onepoint.CodeInvalid, "invalid_redirect_uri", http.StatusBadRequest},
	{onepoint.CodeSignatureInvalid, "invalid_software_statement", http.StatusBadRequest},
	{onepoint.CodeForbidden, "unapproved_software_statement", http.StatusBadRequest},
}

// AsOAuthError gives the OAuth form of an error of ours: its code by the table,
// and the message, which carries no secret.
func AsOAuthError(err error) *OAuthError {
	if e, ok := err.(*OAuthError); ok { //nolint:errorlint // only the error itself is already in this form
		return e
	}
	code := onepoint.CodeOf(err)
	for _, row := range oauthErrors {
		if row.code == code {
			return &OAuthError{row.oauth, onepoint.MessageOf(err), row.status}
		}
	}
	return &OAuthError{"server_error", onepoint.MessageOf(err), http.StatusInternalServerError}
}

// FromOAuthError gives our form of an error that a server sent, with its own
// words kept for the user.
func FromOAuthError(op string, e *OAuthError) error {
	for _, row := range oauthErrors {
		if row.oauth == e.Code {
			return onepoint.E(row.code, op, "the bank refused: "+describe(e), e)
		}
	}
	return onepoint.E(onepoint.CodeProtocol, op, "the bank refused with an unknown error: "+describe(e), e)
}

func describe(e *OAuthError) string {
	text := e.Code
	if e.Description != "" {
		text += " (" + e.Description + ")"
	}
	if len(text) > 300 {
		text = text[:300] + "…"
	}
	return text
}

// Write sends the error as an OAuth endpoint does.
func (e *OAuthError) Write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(e.Status)
	json.NewEncoder(w).Encode(e) //nolint:errcheck // the reader has gone
}
