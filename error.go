package onepoint

import (
	"errors"
	"time"
)

// Code says what the caller of a failed operation can do about it. Each edge
// (the API's problem details, UK Open Banking errors, OAuth errors) has one
// table from codes to its own form.
type Code string

// The codes. Their meaning is the same on both sides of the wire.
const (
	CodeInvalid            Code = "invalid"             // the request is wrong; Fields says where
	CodeUnauthenticated    Code = "unauthenticated"     // nobody is signed in, or with wrong credentials
	CodeForbidden          Code = "forbidden"           // known, but not allowed
	CodeNotFound           Code = "not_found"           // no such thing, or not yours
	CodeConflict           Code = "conflict"            // the thing is in a state that does not allow it
	CodeConsentInvalid     Code = "consent_invalid"     // the consent is not, or not yet, authorised for this
	CodeConsentExpired     Code = "consent_expired"     // the user must consent again
	CodeTokenInvalid       Code = "token_invalid"       // the access token is missing, wrong, expired or not this client's
	CodeCertificateInvalid Code = "certificate_invalid" // the client certificate is missing, expired, untrusted or lacks a role
	CodeSignatureInvalid   Code = "signature_invalid"   // a signed message does not verify
	CodeRateLimited        Code = "rate_limited"        // too many calls; Retry says when
	CodeUnavailable        Code = "unavailable"         // the other side is down or busy; Retry may say when
	CodeProtocol           Code = "protocol"            // the other side broke its protocol
	CodeInputRequired      Code = "input_required"      // a human must answer Fields first
	CodeInternal           Code = "internal"            // our fault; the cause is in the log only
)

// Field names one thing that is wrong or wanted. Message carries no value the
// user sent: it may be personal data.
type Field struct {
	Name     string `json:"name"`               // a JSON path or parameter name
	Message  string `json:"message"`            // what is expected
	Secret   bool   `json:"secret,omitempty"`   // the answer goes to the vault and is shown never again
	Optional bool   `json:"optional,omitempty"` // it may be left out
}

// Error is the one error type that crosses packages. Msg is safe to show to the
// user and says what to do next; Err is the cause, for logs only.
type Error struct {
	Code   Code
	Op     string // what was being done: "register at bank"
	Msg    string
	Fields []Field
	Retry  time.Duration // how long to wait, when the other side said
	Err    error
}

// E makes an [Error]. An empty code takes the code of the cause, so that
// wrapping keeps what the caller can do.
func E(code Code, op, msg string, cause error) *Error {
	e := &Error{Code: code, Op: op, Msg: msg, Err: cause}
	var inner *Error
	if errors.As(cause, &inner) {
		if e.Code == "" {
			e.Code = inner.Code
		}
		if e.Msg == "" {
			e.Msg = inner.Msg
		}
		if e.Fields == nil {
			e.Fields = inner.Fields
		}
		if e.Retry == 0 {
			e.Retry = inner.Retry
		}
	}
	if e.Code == "" {
		e.Code = CodeInternal
	}
	return e
}

// Error joins the operation, the message and the cause, for logs.
func (e *Error) Error() string {
	s := e.Op
	if e.Msg != "" {
		s += ": " + e.Msg
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first [Error] in err's chain, [CodeInternal]
// for any other error, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// MessageOf returns what may be shown to the user: the message of the first
// [Error] in err's chain, or a general one that gives nothing away.
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Msg != "" {
		return e.Msg
	}
	return "something went wrong on our side; the log has the details"
}

// Missing makes an [CodeInvalid] error that names one field.
func Missing(op, field, message string) *Error {
	return &Error{Code: CodeInvalid, Op: op, Msg: field + ": " + message, Fields: []Field{{Name: field, Message: message}}}
}
