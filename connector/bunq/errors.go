package bunq

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

// Statuses that are bunq's own.
const (
	statusNotModified = 399
	statusSignature   = 466
	statusMaintenance = 491
)

// How long to wait when bunq says that there were too many calls and not until
// when.
const (
	waitSession = 30 * time.Second
	waitOther   = 3 * time.Second
)

// wrongKey is how bunq begins its refusal of an API key.
const wrongKey = "User credentials are incorrect"

// refused says an answer that is no success as an error.
func refused(op string, resp *http.Response, body []byte, wait time.Duration) *onepoint.Error {
	status, said := fmt.Errorf("status %d", resp.StatusCode), explained(body)
	code, msg := codeOf(resp.StatusCode, said), meaning(resp.StatusCode)
	if said != "" {
		msg = "bunq refused: " + said
	}
	e := onepoint.E(code, op, msg, status)
	switch e.Retry = fapi.RetryAfter(resp.Header, time.Now()); {
	case code != onepoint.CodeRateLimited && code != onepoint.CodeUnavailable:
		e.Retry = 0
	case code == onepoint.CodeRateLimited && e.Retry == 0:
		e.Retry = wait
	}
	return e
}

// codeOf is the table from bunq's statuses.
func codeOf(status int, said string) onepoint.Code {
	switch {
	case strings.HasPrefix(said, wrongKey):
		return onepoint.CodeUnauthenticated
	case status == http.StatusUnauthorized:
		return onepoint.CodeTokenInvalid
	case status == http.StatusForbidden:
		return onepoint.CodeForbidden
	case status == http.StatusNotFound:
		return onepoint.CodeNotFound
	case status == http.StatusTooManyRequests:
		return onepoint.CodeRateLimited
	case status == statusSignature:
		return onepoint.CodeSignatureInvalid
	case status == statusMaintenance, status >= 500:
		return onepoint.CodeUnavailable
	case status >= 400:
		return onepoint.CodeInvalid
	}
	return onepoint.CodeProtocol
}

// meaning is what a status says when the answer gives no reason.
func meaning(status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return "bunq does not accept the access"
	case status == http.StatusForbidden:
		return "bunq does not share this"
	case status == http.StatusNotFound:
		return "bunq does not know this"
	case status == http.StatusTooManyRequests:
		return "bunq asks to wait"
	case status == statusSignature:
		return "bunq does not accept the signature of the request"
	case status == statusMaintenance:
		return "bunq is being maintained; try again later"
	case status >= 500:
		return "bunq has trouble of its own"
	}
	return fmt.Sprintf("bunq answered with status %d and no reason", status)
}

const maxSaid = 300

// explained is the bank's own text of an error, made fit to be shown.
func explained(body []byte) string {
	var answer struct {
		Error []struct {
			Text string `json:"error_description"`
		} `json:"Error"`
	}
	if json.Unmarshal(body, &answer) != nil || len(answer.Error) == 0 {
		return ""
	}
	text := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, answer.Error[0].Text)
	if runes := []rune(text); len(runes) > maxSaid {
		text = string(runes[:maxSaid]) + "…"
	}
	return strings.TrimSpace(text)
}

// withoutAddress takes the address out of a transport's error: bunq wants
// secrets in the query.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
