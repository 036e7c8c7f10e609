package bunq

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
)

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	State       string `json:"state"`
}

type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// token exchanges a code. bunq takes everything in the query string; the access
// token that it gives is an API key of the user's.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	q, ctx := r.URL.Query(), r.Context()
	if q.Get("grant_type") != "authorization_code" {
		tell(w, http.StatusBadRequest, oauthError{"unsupported_grant_type", "The grant_type must be authorization_code."})
		return
	}
	o, err := s.activeClient(ctx, q.Get("client_id"))
	if err != nil || subtle.ConstantTimeCompare([]byte(o.Secret), []byte(q.Get("client_secret"))) != 1 {
		tell(w, http.StatusUnauthorized, oauthError{"invalid_client", "The client credentials are incorrect."})
		return
	}
	invalid := oauthError{"invalid_grant", "The authorization code is invalid or expired."}
	row, err := s.codes.Take(ctx, digest(q.Get("code")))
	if err != nil || row.ClientID != o.ClientID || row.RedirectURI != q.Get("redirect_uri") || !s.now().Before(row.Expires) {
		if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
			s.Log.ErrorContext(ctx, "exchange code", "error", err)
		}
		tell(w, http.StatusBadRequest, invalid)
		return
	}
	_, access, err := s.newCredential(ctx, row.Grant, 0, time.Time{})
	if err != nil {
		s.Log.ErrorContext(ctx, "make access token", "error", err)
		tell(w, http.StatusInternalServerError, oauthError{"server_error", "Something went wrong."})
		return
	}
	tell(w, http.StatusOK, tokenAnswer{access, "bearer", row.State})
}

func tell(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(body)
}
