package recipe

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/standard/berlin"
)

const maxRegistration = 1 << 20

// saltEdgeDo makes a call to the engine's registration and decodes its answer.
// A refusal is told in the engine's own class and message.
func saltEdgeDo(client *http.Client, op string, req *http.Request, answer any) error {
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return onepoint.E(onepoint.CodeUnavailable, op, "the bank does not answer", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRegistration+1))
	switch {
	case err != nil:
		return onepoint.E(onepoint.CodeUnavailable, op, "the bank's answer broke off", err)
	case len(body) > maxRegistration:
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is too large", nil)
	case resp.StatusCode >= http.StatusMultipleChoices:
		return saltEdgeRefused(op, resp, body)
	case answer == nil:
		return nil
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is not the JSON that is expected", err)
	}
	return nil
}

func saltEdgeRefused(op string, resp *http.Response, body []byte) error {
	status := fmt.Errorf("status %d", resp.StatusCode)
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError {
		e := onepoint.E(onepoint.CodeUnavailable, op, "the bank has trouble of its own; it will be tried again", status)
		if resp.StatusCode == http.StatusTooManyRequests {
			e = onepoint.E(onepoint.CodeRateLimited, op, "the bank asks to wait", status)
		}
		e.Retry = fapi.RetryAfter(resp.Header, time.Now())
		return e
	}
	var words struct {
		Class   string `json:"error_class"`
		Message string `json:"error_message"`
		berlin.Messages
	}
	if err := json.Unmarshal(body, &words); err != nil {
		words.Class, words.Message = "", ""
	}
	if len(words.Messages.Messages) > 0 && words.Class == "" {
		words.Class, words.Message = words.Messages.Messages[0].Code, words.Messages.Messages[0].Text
	}
	if words.Class == "" {
		return onepoint.E(onepoint.CodeProtocol, op, fmt.Sprintf("the bank answered with status %d and no reason", resp.StatusCode), nil)
	}
	return onepoint.E(saltEdgeCode(words.Class), op, "the bank refused: "+words.Class+" ("+short(words.Message)+")", status)
}

// saltEdgeCode is what the caller can do about an error class.
func saltEdgeCode(class string) onepoint.Code {
	switch class {
	case "AccessDenied":
		return onepoint.CodeForbidden
	case "NotFound", "RESOURCE_UNKNOWN":
		return onepoint.CodeNotFound
	case "SIGNATURE_INVALID", "SIGNATURE_MISSING":
		return onepoint.CodeSignatureInvalid
	case "CERTIFICATE_INVALID", "CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED", "CERTIFICATE_MISSING", "ROLE_INVALID":
		return onepoint.CodeCertificateInvalid
	}
	return onepoint.CodeInvalid
}

func short(s string) string {
	if len(s) > 300 {
		return s[:300] + "…"
	}
	return s
}
