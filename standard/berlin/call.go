package berlin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/httpsig"
)

const maxAnswer = 8 << 20

// consentHeader carries the grant.
const consentHeader = "Consent-ID"

// call is one call to the bank.
type call struct {
	op, method, address string
	id                  string      // X-Request-ID; a new one when empty
	header              http.Header // beside those of every call
	body                any         // nil for none
	answer              any         // nil when it does not matter
}

// RequestID is a UUID (RFC 9562 version 8) made of the bytes that identify
// something: the same for the same text.
func RequestID(text string) string {
	sum := sha256.Sum256([]byte(text))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// do makes the call and decodes its answer.
func (c *Client) do(ctx context.Context, o call) error {
	req, err := c.request(ctx, o)
	if err != nil {
		return err
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return onepoint.E(onepoint.CodeUnavailable, o.op, "the bank does not answer", err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return onepoint.E(onepoint.CodeUnavailable, o.op, "the bank's answer broke off", err)
	case len(content) > maxAnswer:
		return onepoint.E(onepoint.CodeProtocol, o.op, "the bank's answer is too large", nil)
	case resp.StatusCode >= http.StatusMultipleChoices:
		return c.refused(o.op, resp, content)
	case o.answer == nil:
		return nil
	}
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != "application/json" {
		return onepoint.E(onepoint.CodeProtocol, o.op, "the bank's answer is not JSON", nil)
	}
	if err := json.Unmarshal(content, o.answer); err != nil {
		return onepoint.E(onepoint.CodeProtocol, o.op, "the bank's answer is malformed", err)
	}
	return nil
}

// request builds and signs.
func (c *Client) request(ctx context.Context, o call) (*http.Request, error) {
	var body []byte
	if o.body != nil {
		var err error
		if body, err = json.Marshal(o.body); err != nil {
			return nil, fmt.Errorf("%s: %w", o.op, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, o.method, o.address, bytes.NewReader(body))
	if err != nil {
		return nil, onepoint.E(onepoint.CodeProtocol, o.op, "the address is malformed", err)
	}
	for name, values := range o.header {
		req.Header[name] = values
	}
	if o.id == "" {
		o.id = RequestID(c.NewID("req"))
	}
	req.Header.Set(httpsig.HeaderRequestID, o.id)
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Sign != nil {
		if err := httpsig.Sign(req, body, *c.Sign); err != nil {
			return nil, err
		}
	}
	return req, nil
}

func (c *Client) refused(op string, resp *http.Response, content []byte) error {
	e := fromAnswer(op, resp.StatusCode, content)
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError {
		e.Retry = fapi.RetryAfter(resp.Header, c.Now())
	}
	return e
}
