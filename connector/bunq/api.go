package bunq

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
)

const (
	maxAnswer = 4 << 20
	userAgent = "OnePointLedger/1.0"
	opSession = "open a session"
)

// api makes calls: paced, signed, and with the answer's signature checked.
type api struct {
	http   *http.Client
	base   string
	newID  onepoint.IDs
	pace   *pacer
	signer crypto.Signer  // the installation's key; nil before there is one
	server *rsa.PublicKey // bunq's; nil before the installation
}

func newAPI(env connector.Env, p *pacer) *api {
	return &api{http: env.HTTP, base: env.Profile.Endpoints.Resource, newID: env.NewID, pace: p}
}

// request is one call. op names the endpoint: bunq counts calls for each.
type request struct {
	op     string
	method string
	path   string
	token  string // installation or session token; empty for none
	body   any    // nil for none
}

func (a *api) call(ctx context.Context, r request) (envelope, error) {
	if err := a.pace.wait(ctx, r.op, r.method); err != nil {
		return envelope{}, onepoint.E("", r.op, "", givenUp(err))
	}
	req, err := a.prepare(ctx, r)
	if err != nil {
		return envelope{}, err
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return envelope{}, onepoint.E(onepoint.CodeUnavailable, r.op, "bunq does not answer", withoutAddress(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return envelope{}, onepoint.E(onepoint.CodeUnavailable, r.op, "bunq's answer broke off", err)
	case len(body) > maxAnswer:
		return envelope{}, onepoint.E(onepoint.CodeProtocol, r.op, "bunq's answer is too large", nil)
	}
	return a.read(r, resp, body)
}

// givenUp gives a context's end a code; other errors have theirs.
func givenUp(err error) error {
	if onepoint.CodeOf(err) == onepoint.CodeInternal {
		return onepoint.E(onepoint.CodeUnavailable, "wait", "the call was given up", err)
	}
	return err
}

func (a *api) prepare(ctx context.Context, r request) (*http.Request, error) {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return nil, fmt.Errorf("%s: %w", r.op, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, r.method, a.base+r.path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.op, err)
	}
	h := req.Header
	h.Set("User-Agent", userAgent)
	h.Set("Accept", "application/json")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Type", "application/json")
	h.Set("X-Bunq-Client-Request-Id", a.newID("req"))
	h.Set("X-Bunq-Language", "en_US")
	h.Set("X-Bunq-Region", "nl_NL")
	h.Set("X-Bunq-Geolocation", "0 0 0 0 000")
	if r.token != "" {
		h.Set("X-Bunq-Client-Authentication", r.token)
	}
	if a.signer != nil {
		signature, err := signSHA256(a.signer, body)
		if err != nil {
			return nil, onepoint.E("", r.op, "the request could not be signed", err)
		}
		h.Set("X-Bunq-Client-Signature", signature)
	}
	return req, nil
}

// signSHA256 is RSASSA-PKCS1-v1_5 with SHA-256, in base64.
func signSHA256(key crypto.Signer, message []byte) (string, error) {
	sum := sha256.Sum256(message)
	signature, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	return base64.StdEncoding.EncodeToString(signature), err
}

// read judges an answer. bunq signs what it answers; a refusal may come from
// something before it, unsigned.
func (a *api) read(r request, resp *http.Response, body []byte) (envelope, error) {
	signature := resp.Header.Get("X-Bunq-Server-Signature")
	success := resp.StatusCode < 300
	if a.server != nil && (success || signature != "") {
		sum := sha256.Sum256(body)
		given, err := base64.StdEncoding.DecodeString(signature)
		if err != nil || rsa.VerifyPKCS1v15(a.server, crypto.SHA256, sum[:], given) != nil {
			return envelope{}, onepoint.E(onepoint.CodeProtocol, r.op, "the answer does not bear bunq's signature", err)
		}
	}
	switch {
	case resp.StatusCode == statusNotModified && r.method == http.MethodPut:
		return envelope{}, nil // it is so already
	case !success:
		wait := waitOther
		if r.op == opSession {
			wait = waitSession
		}
		return envelope{}, refused(r.op, resp, body, wait)
	}
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != "application/json" {
		return envelope{}, onepoint.E(onepoint.CodeProtocol, r.op, "bunq's answer is not JSON", nil)
	}
	e, err := parseEnvelope(body)
	if err != nil {
		return envelope{}, onepoint.E("", r.op, "", err)
	}
	return e, nil
}
