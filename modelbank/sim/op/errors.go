package op

import (
	"errors"
	"net/http"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// apiError is the error body of OP's resource APIs.
type apiError struct {
	status     int
	Type       string
	Message    string
	Violations []violation
}

type violation struct {
	Type     string `json:"type"`
	Path     string `json:"path,omitempty"`
	Message  string `json:"message,omitempty"`
	Location string `json:"location,omitempty"`
}

// Error names it for the log.
func (e *apiError) Error() string { return e.Type + ": " + e.Message }

// gatewayFault is what the gateway in front of the APIs answers.
type gatewayFault struct {
	status int
	code   string
}

// Error names it for the log.
func (f *gatewayFault) Error() string { return "gateway: " + f.code }

func invalid(kind, path, message string) error {
	return &apiError{http.StatusBadRequest, "VALIDATION", message, []violation{{Type: kind, Path: path, Message: message, Location: "BODY"}}}
}

func business(kind, message string) error {
	return &apiError{http.StatusUnprocessableEntity, "BUSINESS", message, []violation{{Type: kind, Message: message}}}
}

func denied(status int, message string) error {
	return &apiError{status, "SECURITY", message, nil}
}

func (s *Server) writeError(w http.ResponseWriter, err error) {
	var api *apiError
	var fault *gatewayFault
	var oauth *fapi.OAuthError
	switch {
	case errors.As(err, &fault):
		writeJSON(w, fault.status, map[string]any{ //nolint:errcheck // the reader has gone
			"fault": map[string]any{"faultstring": http.StatusText(fault.status), "detail": map[string]string{"errorcode": fault.code}},
		})
		return
	case errors.As(err, &oauth):
		status := oauth.Status
		if status == 0 {
			status = http.StatusBadRequest
		}
		writeJSON(w, status, oauth) //nolint:errcheck // the reader has gone
		return
	case !errors.As(err, &api):
		api = s.translate(err)
	}
	body := map[string]any{"id": s.NewID("err"), "type": api.Type, "message": api.Message}
	if len(api.Violations) > 0 {
		body["violations"] = api.Violations
	}
	if api.Type == "SECURITY" {
		body["errors"] = []map[string]string{{"type": api.Type, "message": api.Message}}
	}
	writeJSON(w, api.status, body) //nolint:errcheck // the reader has gone
}

func (s *Server) translate(err error) *apiError {
	msg := onepoint.MessageOf(err)
	switch onepoint.CodeOf(err) {
	case onepoint.CodeInvalid:
		return &apiError{http.StatusBadRequest, "VALIDATION", msg, []violation{{Type: "InvalidValue", Message: msg}}}
	case onepoint.CodeNotFound:
		return &apiError{http.StatusNotFound, "VALIDATION", "No such resource", nil}
	case onepoint.CodeConsentExpired:
		return &apiError{http.StatusForbidden, "SECURITY", "Authorization is expired", nil}
	case onepoint.CodeConsentInvalid:
		return &apiError{http.StatusForbidden, "SECURITY", "Authorization is not in force", nil}
	case onepoint.CodeForbidden:
		return &apiError{http.StatusForbidden, "SECURITY", "Access is denied", nil}
	case onepoint.CodeConflict:
		if errors.Is(err, core.ErrFunds) {
			return &apiError{http.StatusUnprocessableEntity, "BUSINESS", "Insufficient funds", []violation{{Type: "InsufficientFunds"}}}
		}
		return &apiError{http.StatusUnprocessableEntity, "BUSINESS", msg, []violation{{Type: "IllegalState", Message: msg}}}
	}
	s.Log.Error("unexpected error", "error", err)
	return &apiError{http.StatusInternalServerError, "TECHNICAL", "Internal error", nil}
}
