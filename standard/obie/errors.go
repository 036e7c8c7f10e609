package obie

import (
	"net/http"

	"github.com/onepointledger/onepoint"
)

// errorTable is the edge between our codes and the standard's (obie error codes,
// OB_Internal_Codeset). The server takes the first row of a code; the client the
// first row of a wire code, and for answers without one the first of a status.
// A code of 4.0 names its row wherever both versions are meant.
func errorTable() []errorRow {
	return []errorRow{
		{onepoint.CodeInvalid, http.StatusBadRequest, "U002", "UK.OBIE.Field.Invalid"},
		{onepoint.CodeNotFound, http.StatusBadRequest, "U011", "UK.OBIE.Resource.NotFound"},
		{onepoint.CodeConsentExpired, http.StatusForbidden, "U028", "UK.OBIE.Reauthenticate"},
		{onepoint.CodeConsentInvalid, http.StatusForbidden, "U009", "UK.OBIE.Resource.InvalidConsentStatus"},
		{onepoint.CodeForbidden, http.StatusForbidden, "U008", "UK.OBIE.Resource.ConsentMismatch"},
		{onepoint.CodeConflict, http.StatusConflict, "U029", "UK.OBIE.Rules.ResourceAlreadyExists"},
		{onepoint.CodeSignatureInvalid, http.StatusBadRequest, "U015", "UK.OBIE.Signature.Invalid"},
		{onepoint.CodeTokenInvalid, http.StatusUnauthorized, "", ""},
		{onepoint.CodeCertificateInvalid, http.StatusUnauthorized, "", ""},
		{onepoint.CodeRateLimited, http.StatusTooManyRequests, "U000", "UK.OBIE.UnexpectedError"},
		{onepoint.CodeUnavailable, http.StatusServiceUnavailable, "U000", "UK.OBIE.UnexpectedError"},
		{onepoint.CodeInternal, http.StatusInternalServerError, "U000", "UK.OBIE.UnexpectedError"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U001", "UK.OBIE.Field.Expected"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U003", "UK.OBIE.Field.InvalidDate"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U004", "UK.OBIE.Field.Missing"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U005", "UK.OBIE.Field.Unexpected"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U006", "UK.OBIE.Header.Invalid"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U007", "UK.OBIE.Header.Missing"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U010", "UK.OBIE.Resource.InvalidFormat"},
		{onepoint.CodeConflict, http.StatusBadRequest, "U012", "UK.OBIE.Rules.AfterCutOffDateTime"},
		{onepoint.CodeConflict, http.StatusBadRequest, "U013", "UK.OBIE.Rules.DuplicateReference"},
		{onepoint.CodeConflict, http.StatusBadRequest, "U014", "UK.OBIE.Rules.FailsControlParameters"},
		{onepoint.CodeSignatureInvalid, http.StatusBadRequest, "U016", "UK.OBIE.Signature.InvalidClaim"},
		{onepoint.CodeSignatureInvalid, http.StatusBadRequest, "U017", "UK.OBIE.Signature.MissingClaim"},
		{onepoint.CodeSignatureInvalid, http.StatusBadRequest, "U018", "UK.OBIE.Signature.Malformed"},
		{onepoint.CodeSignatureInvalid, http.StatusBadRequest, "U019", "UK.OBIE.Signature.Missing"},
		{onepoint.CodeSignatureInvalid, http.StatusBadRequest, "U020", "UK.OBIE.Signature.Unexpected"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U021", "UK.OBIE.Unsupported.AccountIdentifier"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U022", "UK.OBIE.Unsupported.AccountSecondaryIdentifier"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U023", "UK.OBIE.Unsupported.Currency"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U024", "UK.OBIE.Unsupported.EventType"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U025", "UK.OBIE.Unsupported.Frequency"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U026", "UK.OBIE.Unsupported.LocalInstrument"},
		{onepoint.CodeInvalid, http.StatusBadRequest, "U027", "UK.OBIE.Unsupported.Scheme"},
	}
}

type errorRow struct {
	code   onepoint.Code
	status int
	v4, v3 string
}

// refusal is an error that names its wire code itself, where one code of ours
// has several in the standard.
type refusal struct {
	status int
	code   string // "" for an answer without body
	msg    string
	path   string
}

// Error implements error.
func (r *refusal) Error() string { return r.code + ": " + r.msg }

func fieldMissing(path string) error {
	return &refusal{http.StatusBadRequest, "U004", "the field is missing", path}
}

func fieldInvalid(path, msg string) error {
	return &refusal{http.StatusBadRequest, "U002", msg, path}
}

// errorCode is how the version writes a code of the table.
func (v version) errorCode(code string) string {
	for _, row := range errorTable() {
		if v.legacy && row.v4 == code {
			return row.v3
		}
	}
	return code
}

// fromAnswer is our form of an error that a bank answered.
func fromAnswer(op string, status int, body wireErrors) *onepoint.Error {
	for _, e := range body.Errors {
		for _, row := range errorTable() {
			if e.ErrorCode != "" && (e.ErrorCode == row.v4 || e.ErrorCode == row.v3) && (row.status == status || row.code != onepoint.CodeInternal) {
				if row.v4 == "U000" {
					break
				}
				return onepoint.E(row.code, op, message(row.code), &refusal{status, e.ErrorCode, clip(e.Message, 200), e.Path})
			}
		}
	}
	code := onepoint.CodeProtocol
	for _, row := range errorTable() {
		if row.status == status {
			code = row.code
			break
		}
	}
	switch {
	case status == http.StatusForbidden:
		code = onepoint.CodeForbidden
	case status == http.StatusNotFound:
		code = onepoint.CodeNotFound
	case status >= 500:
		code = onepoint.CodeUnavailable
	}
	return onepoint.E(code, op, message(code), &refusal{status: status, msg: "no known error code"})
}

// clip keeps at most so many characters.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// message is what the user reads of a bank's refusal.
func message(c onepoint.Code) string {
	switch c {
	case onepoint.CodeConsentExpired, onepoint.CodeConsentInvalid:
		return "the bank's permission has ended; connect the bank again"
	case onepoint.CodeForbidden:
		return "the bank says that this was not shared"
	case onepoint.CodeTokenInvalid:
		return "the bank does not accept the access"
	case onepoint.CodeRateLimited:
		return "the bank asks to wait"
	case onepoint.CodeUnavailable:
		return "the bank has trouble of its own; it will be tried again"
	case onepoint.CodeInvalid:
		return "the bank did not accept the request"
	case onepoint.CodeNotFound:
		return "the bank knows no such thing"
	}
	return "the bank answered in an unexpected way"
}
