package op

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

const (
	maxAnswer = 8 << 20
	busyTries = 4 // a 503 without a time comes now and then and is over at once
	busyPause = 150 * time.Millisecond
)

// request is one call of a resource API.
type request struct {
	op     string
	method string
	url    string
	token  string
	psu    onepoint.PSU
	body   any               // encoded as JSON when not nil
	header map[string]string // beside the common ones
	sign   bool              // with a detached JWS, and the answer's is checked
}

// call makes the request and decodes the answer. Reads that meet a busy bank are
// tried again a few times.
func (c *Client) call(ctx context.Context, r request, answer any) error {
	var encoded []byte
	if r.body != nil {
		var err error
		if encoded, err = json.Marshal(r.body); err != nil {
			return fmt.Errorf("%s: %w", r.op, err)
		}
	}
	for try := 1; ; try++ {
		err := c.once(ctx, r, encoded, answer)
		var busy *onepoint.Error
		again := errors.As(err, &busy) && busy.Code == onepoint.CodeUnavailable && errors.Is(err, errBusy)
		if !again || try == busyTries || r.method != http.MethodGet {
			return err
		}
		pause := busyPause<<try/2 + rand.N(busyPause) //nolint:gosec // jitter needs no secrecy
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// errBusy is a 503 that does not say when to come back.
var errBusy = errors.New("busy")

func (c *Client) once(ctx context.Context, r request, encoded []byte, answer any) error {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(encoded))
	if err != nil {
		return fmt.Errorf("%s: %w", r.op, err)
	}
	c.headers(req, r)
	if encoded != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.sign && encoded != nil {
		signature, err := fapi.SignDetached(c.key(), encoded)
		if err != nil {
			return fmt.Errorf("%s: %w", r.op, err)
		}
		req.Header.Set("x-jws-signature", signature)
	}
	got, err := send(c.HTTP, r.op, req)
	if err != nil {
		return err
	}
	if got.status >= 300 {
		return refused(r.op, got, c.Now())
	}
	if r.sign {
		if err := c.checkSignature(ctx, r.op, got); err != nil {
			return err
		}
	}
	if answer == nil || got.status == http.StatusNoContent {
		return nil
	}
	return got.decode(r.op, answer)
}

func (c *Client) headers(req *http.Request, r request) {
	h := req.Header
	h.Set("Authorization", "Bearer "+r.token)
	h.Set("x-api-key", c.Credential.APIKey.Reveal())
	h.Set("Accept", "application/json")
	h.Set("x-fapi-financial-id", "test")
	h.Set("x-fapi-interaction-id", uuidFrom(c.NewID("int")))
	h.Set("x-request-id", uuidFrom(c.NewID("req")))
	if r.psu.IP != "" {
		h.Set("x-fapi-customer-ip-address", r.psu.IP)
		h.Set("x-customer-user-agent", r.psu.UserAgent)
		h.Set("x-fapi-customer-last-logged-time", c.Now().UTC().Format(http.TimeFormat))
	}
	for name, value := range r.header {
		h.Set(name, value)
	}
}

// checkSignature checks the detached signature of a payment answer.
func (c *Client) checkSignature(ctx context.Context, op string, got received) error {
	where := c.Profile.Endpoints.SignKeys
	if where == "" {
		return nil
	}
	broken := func(err error) error {
		return onepoint.E(onepoint.CodeProtocol, op, "OP's answer is not signed as it should be", err)
	}
	keys, err := c.keys.Keys(ctx, where)
	if err != nil {
		return err
	}
	token := got.header.Get("x-jws-signature")
	if err := fapi.VerifyDetached(token, got.body, keys, "RS256", "PS256", "ES256"); err != nil {
		if keys, err = c.keys.Fresh(ctx, where); err != nil {
			return err
		}
		if err := fapi.VerifyDetached(token, got.body, keys, "RS256", "PS256", "ES256"); err != nil {
			return broken(err)
		}
	}
	return nil
}

// received is an answer that was read whole.
type received struct {
	status int
	header http.Header
	body   []byte
}

// send makes a call and reads its answer, within bounds.
func send(client *http.Client, op string, req *http.Request) (received, error) {
	resp, err := client.Do(req)
	if err != nil {
		return received{}, onepoint.E(onepoint.CodeUnavailable, op, "OP does not answer", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return received{}, onepoint.E(onepoint.CodeUnavailable, op, "OP's answer broke off", err)
	case len(body) > maxAnswer:
		return received{}, onepoint.E(onepoint.CodeProtocol, op, "OP's answer is too large", nil)
	}
	return received{resp.StatusCode, resp.Header, body}, nil
}

func (r received) decode(op string, answer any) error {
	media, _, _ := mime.ParseMediaType(r.header.Get("Content-Type"))
	if media != "application/json" && !strings.HasSuffix(media, "+json") {
		return onepoint.E(onepoint.CodeProtocol, op, "OP's answer is not JSON", nil)
	}
	if err := json.Unmarshal(r.body, answer); err != nil {
		return onepoint.E(onepoint.CodeProtocol, op, "OP's answer is malformed", err)
	}
	return nil
}
