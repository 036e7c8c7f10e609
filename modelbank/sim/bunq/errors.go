package bunq

import (
	"errors"
	"net/http"

	"github.com/onepointledger/onepoint"
)

// Statuses that are bunq's own.
const (
	statusSignature = 466 // the request must be signed, and rightly
	statusUser      = 490
)

// badKey is what bunq says of every API key that it does not take.
const badKey = "User credentials are incorrect. Incorrect API key or IP address."

// apiError is an answer of bunq's that is an error.
type apiError struct {
	status int
	text   string
}

// Error implements error.
func (e *apiError) Error() string { return e.text }

func fail(status int, text string) error { return &apiError{status, text} }

func bad(text string) error { return fail(http.StatusBadRequest, text) }

func forbidden() error {
	return fail(http.StatusForbidden, "You do not have the permission to do this.")
}

func missing() error { return fail(http.StatusNotFound, "The requested object could not be found.") }

// asAPIError says an error of the core or the store as bunq would.
func asAPIError(err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	switch onepoint.CodeOf(err) {
	case onepoint.CodeNotFound:
		return &apiError{http.StatusNotFound, "The requested object could not be found."}
	case onepoint.CodeInvalid, onepoint.CodeConflict:
		return &apiError{http.StatusBadRequest, onepoint.MessageOf(err)}
	case onepoint.CodeForbidden:
		return &apiError{http.StatusForbidden, onepoint.MessageOf(err)}
	}
	return &apiError{http.StatusInternalServerError, "Something went wrong. Please try again later."}
}
