package berlin

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/onepointledger/onepoint"
)

type errorRow struct {
	code   onepoint.Code
	status int
	wire   string
}

// errorTable is the edge between our codes and tppMessages (implementation
// guidelines 1.3, section 14.11). A server takes the first row of a code; a
// client the first row of a wire code.
func errorTable() []errorRow { return append(writtenErrors(), readErrors()...) }

// writtenErrors has one row for each code of ours.
func writtenErrors() []errorRow {
	const bad, unauthorised, forbidden = http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden
	return []errorRow{
		{onepoint.CodeInvalid, bad, "FORMAT_ERROR"},
		{onepoint.CodeUnauthenticated, unauthorised, "PSU_CREDENTIALS_INVALID"},
		{onepoint.CodeForbidden, forbidden, "SERVICE_BLOCKED"},
		{onepoint.CodeNotFound, http.StatusNotFound, "RESOURCE_UNKNOWN"},
		{onepoint.CodeConflict, http.StatusConflict, "STATUS_INVALID"},
		{onepoint.CodeConsentInvalid, unauthorised, "CONSENT_INVALID"},
		{onepoint.CodeConsentExpired, unauthorised, "CONSENT_EXPIRED"},
		{onepoint.CodeTokenInvalid, unauthorised, "TOKEN_INVALID"},
		{onepoint.CodeCertificateInvalid, unauthorised, "CERTIFICATE_INVALID"},
		{onepoint.CodeSignatureInvalid, unauthorised, "SIGNATURE_INVALID"},
		{onepoint.CodeRateLimited, http.StatusTooManyRequests, "ACCESS_EXCEEDED"},
		{onepoint.CodeUnavailable, http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE"},
		{onepoint.CodeInternal, http.StatusInternalServerError, "INTERNAL_SERVER_ERROR"},
	}
}

// readErrors are the other words for them.
func readErrors() []errorRow {
	const bad, unauthorised, forbidden = http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden
	return []errorRow{
		{onepoint.CodeConsentInvalid, forbidden, "CONSENT_UNKNOWN"},
		{onepoint.CodeConsentExpired, bad, "RESOURCE_EXPIRED"},
		{onepoint.CodeCertificateInvalid, unauthorised, "CERTIFICATE_EXPIRED"},
		{onepoint.CodeCertificateInvalid, unauthorised, "CERTIFICATE_BLOCKED"},
		{onepoint.CodeCertificateInvalid, unauthorised, "CERTIFICATE_REVOKED"},
		{onepoint.CodeCertificateInvalid, unauthorised, "CERTIFICATE_REVOKE"}, // so in one published enumeration
		{onepoint.CodeCertificateInvalid, unauthorised, "CERTIFICATE_MISSING"},
		{onepoint.CodeCertificateInvalid, unauthorised, "ROLE_INVALID"},
		{onepoint.CodeSignatureInvalid, unauthorised, "SIGNATURE_MISSING"},
		{onepoint.CodeTokenInvalid, unauthorised, "TOKEN_UNKNOWN"},
		{onepoint.CodeTokenInvalid, unauthorised, "TOKEN_EXPIRED"},
		{onepoint.CodeUnauthenticated, unauthorised, "CORPORATE_ID_INVALID"},
		{onepoint.CodeForbidden, forbidden, "PRODUCT_INVALID"},
		{onepoint.CodeNotFound, http.StatusNotFound, "PRODUCT_UNKNOWN"},
		{onepoint.CodeForbidden, http.StatusMethodNotAllowed, "SERVICE_INVALID"},
		{onepoint.CodeConflict, http.StatusMethodNotAllowed, "CANCELLATION_INVALID"},
		{onepoint.CodeConflict, bad, "PAYMENT_FAILED"},
		{onepoint.CodeForbidden, bad, "RESOURCE_BLOCKED"},
		{onepoint.CodeInvalid, bad, "PARAMETER_NOT_CONSISTENT"},
		{onepoint.CodeInvalid, bad, "PARAMETER_NOT_SUPPORTED"},
		{onepoint.CodeInvalid, bad, "TIMESTAMP_INVALID"},
		{onepoint.CodeInvalid, bad, "PERIOD_INVALID"},
		{onepoint.CodeInvalid, bad, "EXECUTION_DATE_INVALID"},
		{onepoint.CodeInvalid, bad, "SESSIONS_NOT_SUPPORTED"},
		{onepoint.CodeInvalid, bad, "CARD_INVALID"},
		{onepoint.CodeForbidden, bad, "NO_PIIS_ACTIVATION"},
		{onepoint.CodeInvalid, http.StatusNotAcceptable, "REQUESTED_FORMATS_INVALID"},
	}
}

// Refusal is an error that names its wire code itself.
type Refusal struct {
	Status int
	Code   string // of the tppMessage; may be empty
	Text   string
}

// Error implements error.
func (r *Refusal) Error() string {
	return fmt.Sprintf("status %d: %s: %s", r.Status, r.Code, r.Text)
}

// RefusalOf is the wire form of an error of ours.
func RefusalOf(err error) *Refusal {
	code := onepoint.CodeOf(err)
	for _, row := range errorTable() {
		if row.code == code {
			return &Refusal{row.status, row.wire, onepoint.MessageOf(err)}
		}
	}
	return &Refusal{http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", onepoint.MessageOf(err)}
}

// Write sends the refusal as an error body.
func (r *Refusal) Write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.Status)
	json.NewEncoder(w).Encode(Messages{[]Message{{Category: "ERROR", Code: r.Code, Text: r.Text}}}) //nolint:errcheck // the reader has gone
}

// fromAnswer is our form of an error that a bank answered: the code by its
// message where it has one, else by the status.
func fromAnswer(op string, status int, body []byte) *onepoint.Error {
	r := readRefusal(status, body)
	code := codeOfStatus(status)
	if status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
		for _, row := range errorTable() {
			if r.Code != "" && row.wire == r.Code {
				code = row.code
				break
			}
		}
	}
	return onepoint.E(code, op, message(code, r), r)
}

// readRefusal reads a tppMessage, or a problem (RFC 7807), the guidelines'
// other form.
func readRefusal(status int, body []byte) *Refusal {
	var both struct {
		Messages
		Code   string `json:"code"`
		Detail string `json:"detail"`
	}
	if json.Unmarshal(body, &both) != nil {
		return &Refusal{Status: status}
	}
	for _, m := range both.Messages.Messages {
		if m.Category == "" || m.Category == "ERROR" {
			return &Refusal{status, m.Code, clip(m.Text)}
		}
	}
	return &Refusal{status, both.Code, clip(both.Detail)}
}

func codeOfStatus(status int) onepoint.Code {
	switch {
	case status >= http.StatusInternalServerError, status == http.StatusRequestTimeout:
		return onepoint.CodeUnavailable
	case status == http.StatusTooManyRequests:
		return onepoint.CodeRateLimited
	case status == http.StatusUnauthorized:
		return onepoint.CodeTokenInvalid
	case status == http.StatusForbidden:
		return onepoint.CodeForbidden
	case status == http.StatusNotFound:
		return onepoint.CodeNotFound
	case status == http.StatusConflict:
		return onepoint.CodeConflict
	case status == http.StatusBadRequest:
		return onepoint.CodeInvalid
	}
	return onepoint.CodeProtocol
}

func clip(s string) string {
	if len(s) > 200 {
		return s[:200]
	}
	return s
}
