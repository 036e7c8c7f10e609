package recipe

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"unicode"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/fapi"
)

const (
	maxAnswer  = 1 << 20
	maxRefusal = 300 // characters of a bank's own words that are shown
)

// call makes a call and decodes its JSON answer. Banks refuse in forms of their
// own; their words are shown, without what the set holds. Errors:
// CodeCertificateInvalid when the bank ends the handshake, CodeForbidden,
// CodeConflict and CodeInvalid for what it refuses, CodeRateLimited and
// CodeUnavailable with Retry, CodeProtocol.
func call(env connector.Env, op string, req *http.Request, set onepoint.Credential, answer any) error {
	req.Header.Set("Accept", "application/json")
	resp, err := env.HTTP.Do(req)
	if err != nil {
		return unanswered(op, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return unanswered(op, err)
	case len(body) > maxAnswer:
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is too large", nil)
	case resp.StatusCode >= 300:
		return refused(op, resp, hide(words(body), set), env.Now)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is not the JSON it should be", nil)
	}
	return nil
}

func unanswered(op string, err error) error {
	var alert *net.OpError
	if errors.As(err, &alert) && alert.Op == "remote error" { // a TLS alert of the other side
		return onepoint.E(onepoint.CodeCertificateInvalid, op, "the bank refused the client certificate: "+alert.Err.Error(), err)
	}
	return onepoint.E(onepoint.CodeUnavailable, op, "the bank does not answer", err)
}

func refused(op string, resp *http.Response, text string, now onepoint.Clock) error {
	if text == "" {
		text = fmt.Sprintf("status %d and no reason", resp.StatusCode)
	}
	code := onepoint.CodeProtocol
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests:
		code = onepoint.CodeRateLimited
	case s >= 500:
		code = onepoint.CodeUnavailable
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		code = onepoint.CodeForbidden
	case s == http.StatusConflict:
		code = onepoint.CodeConflict
	case s >= 400:
		code = onepoint.CodeInvalid
	}
	e := onepoint.E(code, op, "the bank refused: "+text, fmt.Errorf("status %d", resp.StatusCode))
	if code == onepoint.CodeRateLimited || code == onepoint.CodeUnavailable {
		e.Retry = fapi.RetryAfter(resp.Header, now())
	}
	return e
}

// words finds what a bank says of its refusal: OAuth errors, the Czech
// standard's list of errors, problem details, and the like.
func words(body []byte) string {
	var all map[string]any
	if json.Unmarshal(body, &all) != nil {
		text := strings.TrimSpace(string(body))
		if strings.HasPrefix(text, "<") || strings.HasPrefix(text, "{") {
			return "" // a page for a browser, or cut short
		}
		return text
	}
	for _, name := range []string{"errors", "tppMessages"} {
		list, ok := all[name].([]any)
		if !ok || len(list) == 0 {
			continue
		}
		if first, ok := list[0].(map[string]any); ok {
			all = first
		}
	}
	var parts []string
	for _, name := range []string{"error", "code", "title", "error_description", "message", "detail", "text"} {
		if s, ok := all[name].(string); ok && s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ": ")
}

// hide takes the set's secrets out of a bank's words, and makes them one line.
func hide(text string, set onepoint.Credential) string {
	secrets := []onepoint.Secret{set.ClientSecret, set.APIKey}
	for _, s := range set.More {
		secrets = append(secrets, s)
	}
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s.Reveal(), "••••")
		}
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if r := []rune(text); len(r) > maxRefusal {
		text = string(r[:maxRefusal]) + "…"
	}
	return text
}
