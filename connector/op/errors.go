package op

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

// refusal is every form in which OP says no: the resource APIs' own, OAuth's, and
// the gateway's.
type refusal struct {
	Type       string `json:"type"`
	Message    string `json:"message"`
	Violations []struct {
		Type    string `json:"type"`
		Path    string `json:"path"`
		Message string `json:"message"`
	} `json:"violations"`
	Errors []struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	} `json:"errors"`
	Fault struct {
		Text   string `json:"faultstring"`
		Detail struct {
			Code string `json:"errorcode"`
		} `json:"detail"`
	} `json:"fault"`
	OAuth       string `json:"error"`
	Description string `json:"error_description"`
}

// says is what OP said, in one line.
func (r refusal) says() string {
	var words []string
	add := func(parts ...string) {
		if s := strings.TrimSpace(strings.Join(parts, " ")); s != "" {
			words = append(words, s)
		}
	}
	add(r.OAuth, r.Description)
	add(r.Message)
	for _, v := range r.Violations {
		add(v.Type, v.Path)
	}
	if r.Message == "" {
		for _, e := range r.Errors {
			add(e.Message)
		}
	}
	add(r.Fault.Detail.Code)
	text := strings.Join(words, "; ")
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	return text
}

func (r refusal) message() string {
	if r.Message == "" && len(r.Errors) > 0 {
		return r.Errors[0].Message
	}
	return r.Message
}

// saidNo is the cause of an error that is OP's own answer.
type saidNo struct {
	status     int
	violations []string // their types
}

// Error names the status for the log.
func (e *saidNo) Error() string { return fmt.Sprintf("status %d", e.status) }

// refused turns an answer of status 300 and above into an error of ours.
func refused(op string, got received, now time.Time) error {
	var r refusal
	if json.Unmarshal(got.body, &r) != nil {
		r = refusal{} // an HTML page or nothing: the status must do
	}
	cause := &saidNo{status: got.status}
	for _, v := range r.Violations {
		cause.violations = append(cause.violations, v.Type)
	}
	wait := fapi.RetryAfter(got.header, now)
	switch {
	case got.status == http.StatusTooManyRequests:
		e := onepoint.E(onepoint.CodeRateLimited, op, "OP asks to wait", cause)
		e.Retry = wait
		return e
	case got.status == http.StatusServiceUnavailable && wait == 0:
		return onepoint.E(onepoint.CodeUnavailable, op, "OP has trouble of its own", errBusy)
	case got.status >= 500:
		e := onepoint.E(onepoint.CodeUnavailable, op, "OP has trouble of its own", cause)
		e.Retry = wait
		return e
	}
	code := codeOf(got.status, r)
	msg := "OP refused"
	if said := r.says(); said != "" {
		msg += ": " + said
	} else {
		msg += fmt.Sprintf(" with status %d and no reason", got.status)
	}
	if code == onepoint.CodeConsentExpired || code == onepoint.CodeConsentInvalid {
		msg = "OP's permission has ended; connect the bank again"
	}
	return onepoint.E(code, op, msg, cause)
}

func codeOf(status int, r refusal) onepoint.Code {
	fault := r.Fault.Detail.Code
	switch {
	case strings.Contains(fault, "ApiKey"):
		return onepoint.CodeUnauthenticated
	case strings.Contains(fault, "ClientCertificate"):
		return onepoint.CodeCertificateInvalid
	case strings.Contains(fault, "access_token"):
		return onepoint.CodeTokenInvalid
	case strings.Contains(fault, "InsufficientScope"):
		return onepoint.CodeForbidden
	case r.OAuth == "invalid_grant":
		return onepoint.CodeConsentExpired
	case r.OAuth == "invalid_client":
		return onepoint.CodeUnauthenticated
	case r.OAuth == "invalid_software_statement":
		return onepoint.CodeSignatureInvalid
	case r.OAuth != "":
		return onepoint.CodeInvalid
	case strings.Contains(r.message(), "x-jws-signature"):
		return onepoint.CodeSignatureInvalid
	case strings.HasPrefix(r.message(), "Authorization ") && status == http.StatusForbidden:
		if strings.Contains(r.message(), "expired") {
			return onepoint.CodeConsentExpired
		}
		return onepoint.CodeConsentInvalid
	}
	switch status {
	case http.StatusUnauthorized:
		return onepoint.CodeTokenInvalid
	case http.StatusForbidden:
		return onepoint.CodeForbidden
	case http.StatusNotFound:
		return onepoint.CodeNotFound
	case http.StatusUnprocessableEntity, http.StatusConflict:
		return onepoint.CodeConflict
	case http.StatusBadRequest, http.StatusUnsupportedMediaType:
		return onepoint.CodeInvalid
	}
	return onepoint.CodeProtocol
}
