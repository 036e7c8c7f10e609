package connectortest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
)

// breaker stands between a connector and its bank and, once armed, answers in
// the bank's place.
type breaker struct {
	next  http.RoundTripper
	armed atomic.Pointer[func(*http.Request) (*http.Response, error)]
}

// RoundTrip implements http.RoundTripper.
func (b *breaker) RoundTrip(r *http.Request) (*http.Response, error) {
	if fault := b.armed.Load(); fault != nil {
		return (*fault)(r)
	}
	return b.next.RoundTrip(r)
}

func answer(status int, headers map[string]string, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for name, value := range headers {
			h.Set(name, value)
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

// endless is a body without end.
type endless struct{}

// Read implements io.Reader.
func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func (k *kit) faults(t *testing.T) {
	tests := []struct {
		name  string
		fault func(*http.Request) (*http.Response, error)
		want  onepoint.Code
		retry time.Duration
	}{
		{"a bank in trouble", answer(502, nil, `<html>bad gateway</html>`), onepoint.CodeUnavailable, 0},
		{"a bank that says when to come back", answer(503, map[string]string{"Retry-After": "7"}, ``), onepoint.CodeUnavailable, 7 * time.Second},
		{"too many calls", answer(429, map[string]string{"Retry-After": "30"}, ``), onepoint.CodeRateLimited, 30 * time.Second},
		{"too many calls, with nonsense for a time", answer(429, map[string]string{"Retry-After": "-1875538"}, ``), onepoint.CodeRateLimited, time.Second},
		{"a token that ended", answer(401, nil, ``), onepoint.CodeTokenInvalid, 0},
		{"something not shared", answer(403, nil, `{}`), onepoint.CodeForbidden, 0},
		{"a page instead of data", answer(200, map[string]string{"Content-Type": "text/html"}, `<html>hello</html>`), onepoint.CodeProtocol, 0},
		{"garbage", answer(200, nil, `{"Data":{"Account":[{"AccountId":`), onepoint.CodeProtocol, 0},
		{"data of the wrong kind", answer(200, nil, `{"Data":{"Account":"none"}}`), onepoint.CodeProtocol, 0},
		{"an answer without end", func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(endless{}), Request: r}, nil
		}, onepoint.CodeProtocol, 0},
		{"a line that breaks", func(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset") }, onepoint.CodeUnavailable, 0},
	}
	b := &breaker{}
	conn := k.Open(t, func(next http.RoundTripper) http.RoundTripper { b.next = next; return b })
	g := k.connect(t, conn, "faults")
	reader := conn.(onepoint.AccountReader)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b.armed.Store(&tt.fault)
			_, err := reader.Accounts(t.Context(), g)
			b.armed.Store(nil)
			var e *onepoint.Error
			if !errors.As(err, &e) || e.Code != tt.want || e.Retry != tt.retry {
				t.Fatalf("got %v, want %s and to wait %s", err, tt.want, tt.retry)
			}
			if g.AccessToken != "" && strings.Contains(err.Error(), g.AccessToken) {
				t.Error("the error holds the token")
			}
			if _, err := reader.Accounts(t.Context(), g); err != nil {
				t.Errorf("the bank is well again, the connector is not: %v", err)
			}
		})
	}
	t.Run("a caller who gives up", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := reader.Accounts(ctx, g); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
