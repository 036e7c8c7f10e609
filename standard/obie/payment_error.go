package obie

import (
	"errors"
	"net/http"

	"github.com/onepointledger/onepoint"
)

// The error codes of v4.0 (OBExternalStatusReason1Code), which name an error in
// every version here; v3.1.11 has its own words for them.
const (
	CodeUnexpectedError      = "U000"
	CodeFieldExpected        = "U001"
	codeInvalid              = "U002"
	codeInvalidDate          = "U003"
	codeMissing              = "U004"
	codeUnexpected           = "U005"
	codeHeaderInvalid        = "U006"
	codeHeaderMissing        = "U007"
	CodeConsentMismatch      = "U008"
	CodeInvalidConsentStatus = "U009"
	codeFormat               = "U010"
	CodeNotFound             = "U011"
	CodeAfterCutOff          = "U012"
	CodeDuplicateReference   = "U013"
	CodeControlParameters    = "U014"
	codeSignatureInvalid     = "U015"
	codeSignatureClaim       = "U016"
	codeSignatureMissing     = "U017" // a claim of it
	codeSignatureMalformed   = "U018"
	codeSignatureAbsent      = "U019"
	codeSignatureUnexpected  = "U020"
	CodeAccountIdentifier    = "U021"
	CodeUnsupportedCurrency  = "U023"
	CodeUnsupportedFrequency = "U025"
	CodeLocalInstrument      = "U026"
	CodeUnsupportedScheme    = "U027"
	CodeReauthenticate       = "U028"
	CodeAlreadyExists        = "U029"
	CodeFieldInvalid         = codeInvalid
	CodeFieldUnexpected      = codeUnexpected
	CodeHeaderInvalid        = codeHeaderInvalid
)

// Rule is a rule of the standard that a request broke: one entry of the error
// body's Errors. Code is the one of v4.0; Status the HTTP status; Path the field,
// as the standard writes it, or "".
type Rule struct {
	Status int
	Code   string
	Path   string
	Msg    string
}

// Error implements error.
func (r *Rule) Error() string { return r.Code + " " + r.Path + ": " + r.Msg }

// Breach is an [onepoint.Error] that carries the [Rule] a request broke: what a
// [PaymentBank] returns where the standard has a code of its own. The status is
// 409 for U029, 403 for U028, and 400 for every other code.
func Breach(code, path, msg string) *onepoint.Error {
	of := onepoint.CodeInvalid
	switch code {
	case CodeInvalidConsentStatus, CodeAlreadyExists, CodeControlParameters, CodeAfterCutOff:
		of = onepoint.CodeConflict
	case CodeNotFound:
		of = onepoint.CodeNotFound
	case CodeReauthenticate:
		of = onepoint.CodeConsentExpired
	}
	return onepoint.E(of, "judge the request", msg, breach(code, path, msg))
}

func breach(code, path, msg string) *Rule {
	status := http.StatusBadRequest
	switch code {
	case CodeAlreadyExists:
		status = http.StatusConflict
	case CodeReauthenticate:
		status = http.StatusForbidden
	}
	return &Rule{status, code, path, msg}
}

func invalid(path, msg string) error { return breach(codeInvalid, path, msg) }
func missing(path string) error      { return breach(codeMissing, path, "the field is missing") }

// ruleOf is the rule behind an error of the bank's.
func ruleOf(err error) *Rule {
	var r *Rule
	if errors.As(err, &r) {
		return r
	}
	msg := onepoint.MessageOf(err)
	switch onepoint.CodeOf(err) {
	case onepoint.CodeInvalid:
		return &Rule{http.StatusBadRequest, codeInvalid, "", msg}
	case onepoint.CodeNotFound:
		return &Rule{http.StatusBadRequest, CodeNotFound, "", msg}
	case onepoint.CodeForbidden:
		return &Rule{http.StatusForbidden, CodeConsentMismatch, "", msg}
	case onepoint.CodeConsentExpired, onepoint.CodeConsentInvalid, onepoint.CodeConflict:
		return &Rule{http.StatusBadRequest, CodeInvalidConsentStatus, "", msg}
	case onepoint.CodeSignatureInvalid:
		return &Rule{http.StatusBadRequest, codeSignatureInvalid, "", msg}
	case onepoint.CodeTokenInvalid, onepoint.CodeCertificateInvalid:
		return &Rule{Status: http.StatusUnauthorized, Msg: msg}
	case onepoint.CodeRateLimited:
		return &Rule{Status: http.StatusTooManyRequests, Msg: msg}
	case onepoint.CodeUnavailable:
		return &Rule{http.StatusServiceUnavailable, CodeUnexpectedError, "", msg}
	}
	return &Rule{http.StatusInternalServerError, CodeUnexpectedError, "", msg}
}

// v3Code is the word of v3.1.11 for a code of v4.0.
func v3Code(code string) string {
	for _, row := range errorTable() {
		if row.v4 == code {
			return row.v3
		}
	}
	return "UK.OBIE.UnexpectedError"
}
