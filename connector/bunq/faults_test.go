package bunq_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
)

// tamper changes answers on their way, once it is on.
type tamper struct {
	next   http.RoundTripper
	on     atomic.Bool
	change func(*http.Request, *http.Response) *http.Response
}

func (m *tamper) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := m.next.RoundTrip(r)
	if err != nil || !m.on.Load() {
		return resp, err
	}
	return m.change(r, resp), nil
}

func (m *tamper) wrap(next http.RoundTripper) http.RoundTripper { m.next = next; return m }

func replaceBody(resp *http.Response, old, with string) *http.Response {
	content, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(bytes.Replace(content, []byte(old), []byte(with), 1))), -1
	return resp
}

func TestAnswersWithoutBunqsSignatureAreRefused(t *testing.T) {
	w := newWorld(t, off())
	client := w.onboard(t).Client
	tests := []struct {
		name   string
		change func(*http.Request, *http.Response) *http.Response
	}{
		{"a changed body", func(_ *http.Request, r *http.Response) *http.Response { return replaceBody(r, "GBP", "EUR") }},
		{"no signature", func(_ *http.Request, r *http.Response) *http.Response {
			r.Header.Del("X-Bunq-Server-Signature")
			return r
		}},
		{"a signature that is none", func(_ *http.Request, r *http.Response) *http.Response {
			r.Header.Set("X-Bunq-Server-Signature", "AAAA")
			return r
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &tamper{change: tt.change}
			b := w.open(t, client, m.wrap)
			g := w.connect(t, b, "alice", onepoint.Access{})
			m.on.Store(true)
			if _, err := b.Accounts(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeProtocol {
				t.Errorf("got %v", err)
			}
		})
	}
}

func answered(status int, header map[string]string, content string) func(*http.Request, *http.Response) *http.Response {
	return func(r *http.Request, old *http.Response) *http.Response {
		old.Body.Close()
		h := http.Header{"Content-Type": {"application/json"}}
		for k, v := range header {
			h.Set(k, v)
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(content)), Request: r}
	}
}

func TestRefusalsAreTold(t *testing.T) {
	w := newWorld(t, off())
	client := w.onboard(t).Client
	m := &tamper{}
	b := w.open(t, client, m.wrap)
	g := w.connect(t, b, "alice", onepoint.Access{})
	const text = `{"Error":[{"error_description":"No way.","error_description_translated":"x"}]}`
	tests := []struct {
		name    string
		status  int
		header  map[string]string
		content string
		want    onepoint.Code
		retry   time.Duration
		msg     string
	}{
		{"too many calls", 429, nil, text, onepoint.CodeRateLimited, 3 * time.Second, "bunq refused: No way."},
		{"too many calls, with a time", 429, map[string]string{"Retry-After": "9"}, "", onepoint.CodeRateLimited, 9 * time.Second, "bunq asks to wait"},
		{"a signature that is missing", 466, nil, text, onepoint.CodeSignatureInvalid, 0, "bunq refused: No way."},
		{"maintenance", 491, nil, "", onepoint.CodeUnavailable, 0, "bunq is being maintained; try again later"},
		{"trouble", 500, nil, text, onepoint.CodeUnavailable, 0, "bunq refused: No way."},
		{"an error of the user", 490, nil, text, onepoint.CodeInvalid, 0, "bunq refused: No way."},
		{"a redirect", 302, nil, "", onepoint.CodeProtocol, 0, "bunq answered with status 302 and no reason"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m.change = answered(tt.status, tt.header, tt.content)
			m.on.Store(true)
			_, err := b.Accounts(t.Context(), g)
			m.on.Store(false)
			e, ok := errors.AsType[*onepoint.Error](err)
			if !ok || e.Code != tt.want || e.Retry != tt.retry || e.Msg != tt.msg {
				t.Errorf("got %#v", err)
			}
		})
	}
}

// The code is spent when bunq has no session to give: the access token must not
// be lost.
func TestBusySessionServerDoesNotLoseTheAccess(t *testing.T) {
	w := newWorld(t, off())
	m := &tamper{}
	b := w.open(t, w.onboard(t).Client, m.wrap)
	m.change = func(r *http.Request, resp *http.Response) *http.Response {
		if strings.HasSuffix(r.URL.Path, "/session-server") {
			return answered(429, nil, "")(r, resp)
		}
		return resp
	}
	m.on.Store(true)
	g := w.connect(t, b, "alice", onepoint.Access{})
	if g.RefreshToken == "" || g.Expires.After(w.clock.Now()) {
		t.Fatalf("the grant does not ask to be renewed: %v", g)
	}
	if _, err := b.Accounts(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeTokenInvalid {
		t.Errorf("used as it is: %v", err)
	}
	_, err := b.Refresh(t.Context(), g)
	if e, ok := errors.AsType[*onepoint.Error](err); !ok || e.Code != onepoint.CodeRateLimited || e.Retry != 30*time.Second {
		t.Errorf("still busy: %v", err)
	}
	m.on.Store(false)
	g, err = b.Refresh(t.Context(), g)
	must(t, err)
	if accounts, err := b.Accounts(t.Context(), g); err != nil || len(accounts) != 3 {
		t.Errorf("%d accounts, %v", len(accounts), err)
	}
}

func TestUserRevokesInTheApp(t *testing.T) {
	w := newWorld(t, off())
	b := w.open(t, w.onboard(t).Client, nil)
	g := w.connect(t, b, "alice", onepoint.Access{})
	must(t, w.sim.Revoke(t.Context(), "cus_alice"))
	if _, err := b.Accounts(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeTokenInvalid {
		t.Errorf("reading: %v", err)
	}
	if _, err := b.Refresh(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeConsentExpired {
		t.Errorf("renewing: %v", err)
	}
	if err := b.Revoke(t.Context(), g); err != nil {
		t.Errorf("revoking what is gone: %v", err)
	}
}

func TestErrorsDoNotHoldSecrets(t *testing.T) {
	w := newWorld(t, off())
	b := w.open(t, w.onboard(t).Client, nil)
	cred, err := secrets{w}.Read(t.Context())
	must(t, err)
	in := intent(onepoint.Access{}, "line")
	auth, err := b.Authorize(t.Context(), in)
	must(t, err)
	in.ConsentID = auth.ConsentID
	w.server.CloseClientConnections()
	w.server.Listener.Close()
	_, err = b.Resume(t.Context(), in, onepoint.Callback{Params: url.Values{"state": {in.State}, "code": {"the-code"}}})
	if onepoint.CodeOf(err) != onepoint.CodeUnavailable || strings.Contains(err.Error(), cred.ClientSecret.Reveal()) || strings.Contains(err.Error(), "the-code") {
		t.Errorf("got %v", err)
	}
}

// live puts bunq's limits on, with windows that pass as they do for the caller.
func (w *world) live(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("waits for bunq's windows")
	}
	begun := time.Now()
	w.config.Now = func() time.Time { return w.clock.Now().Add(time.Since(begun)) }
	w.config.Limits.Off = false
	w.profile.Onboarding.Options = map[string]string{}
	w.restart(t)
}

// The real limits, and calls that come as fast as they can: none is refused.
func TestPacingKeepsWithinTheLimits(t *testing.T) {
	w := newWorld(t, off())
	client := w.onboard(t).Client
	g := w.connect(t, w.open(t, client, nil), "alice", onepoint.Access{})
	w.live(t)
	b := w.open(t, client, nil)
	for range 5 {
		if _, err := b.Accounts(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Refresh(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	begun := time.Now()
	_, err := b.Refresh(ctx, g) // the next session is half a minute away
	e, ok := errors.AsType[*onepoint.Error](err)
	if !ok || e.Code != onepoint.CodeRateLimited || e.Retry < 20*time.Second || time.Since(begun) > time.Second {
		t.Errorf("got %v after %s", err, time.Since(begun))
	}
}

func TestRecipeKeepsWithinTheLimits(t *testing.T) {
	w := newWorld(t, off())
	w.live(t)
	w.onboard(t)
}
