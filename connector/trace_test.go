package connector_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
)

const (
	jwtHead = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJtZSJ9"
	jwtTail = "canarysignaturecanarysignature"
	pemKey  = "-----BEGIN RSA PRIVATE KEY-----\nMIIcanaryMIIcanary\n-----END RSA PRIVATE KEY-----"
)

func TestMaskHidesSecretsAndKeepsTheRest(t *testing.T) {
	for name, tc := range map[string]struct {
		body, media string
		keeps       []string
	}{
		"flat JSON":           {`{"client_id":"abc","client_secret":"canary","expires_in":3600}`, "application/json", []string{`"abc"`, "3600", "client_secret"}},
		"nested JSON":         {`{"a":{"b":{"access_token":"canary","scope":"accounts"}}}`, "application/json", []string{"accounts", "access_token"}},
		"a list":              {`[{"refreshToken":"canary"},{"id":7}]`, "application/json", []string{"7"}},
		"a list of secrets":   {`{"apiKey":["canary-1","canary-2"],"x":"kept"}`, "application/json", []string{"kept"}},
		"an object of them":   {`{"token":{"value":"canary","id":12},"x":"kept"}`, "application/json", []string{"kept", "12"}},
		"a number":            {`{"password":8675309111,"x":"kept"}`, "application/json", []string{"kept"}},
		"other spellings":     {`{"Client-Secret":"canary","API_KEY":"canary","Id_Token":"canary"}`, "application/json", []string{"Client-Secret"}},
		"a private JWK":       {`{"keys":[{"kty":"RSA","n":"modulus","d":"canary","p":"canary","q":"canary","dp":"canary","dq":"canary","qi":"canary"}]}`, "application/json", []string{"modulus", "RSA"}},
		"a symmetric JWK":     {`{"kty":"oct","k":"canary"}`, "application/json", []string{"oct"}},
		"a JWT in JSON":       {`{"software_statement":"` + jwtHead + "." + jwtTail + `"}`, "application/json", []string{jwtHead}},
		"a JWT":               {jwtHead + "." + jwtTail, "application/jwt", []string{jwtHead}},
		"a detached JWS":      {"eyJhbGciOiJSUzI1NiJ9.." + jwtTail, "text/plain", []string{"eyJhbGciOiJSUzI1NiJ9"}},
		"a form":              {"grant_type=authorization_code&code=canary&redirect_uri=https%3A%2F%2Fapp.example", "application/x-www-form-urlencoded", []string{"authorization_code", "app.example"}},
		"a form, twice":       {"client_secret=canary&client_secret=canary&scope=accounts", "application/x-www-form-urlencoded; charset=utf-8", []string{"accounts"}},
		"a form, no type":     {"client_secret=canary&scope=accounts", "", []string{"accounts"}},
		"JSON called a form":  {`{"client_secret":"canary","x":"kept"}`, "application/x-www-form-urlencoded", []string{"kept"}},
		"JSON called text":    {`  {"client_secret":"canary","x":"kept"}`, "text/plain", []string{"kept"}},
		"half of JSON":        {`{"client_secret":"canary`, "application/json", []string{"malformed JSON"}},
		"JSON that is none":   {`client_secret:canary`, "application/json", []string{"malformed JSON"}},
		"a form that is none": {"client_secret=canary&%zz", "application/x-www-form-urlencoded", nil},
		"a private key":       {"before\n" + pemKey + "\nafter", "text/plain", []string{"before", "after"}},
		"a cut private key":   {"before\n" + pemKey[:50], "text/plain", []string{"before"}},
		"a key in JSON":       {`{"pem":"` + strings.ReplaceAll(pemKey, "\n", `\n`) + `","x":"kept"}`, "application/json", []string{"kept"}},
		"a key in a form":     {"pem=" + strings.ReplaceAll(strings.ReplaceAll(pemKey, "\n", "%0A"), " ", "+") + "&x=kept", "application/x-www-form-urlencoded", []string{"kept"}},
		"a page":              {"<html>canary</html>", "text/html; charset=utf-8", []string{"HTML"}},
		"bytes":               {"\x00\x01\xffcanary", "application/octet-stream", []string{"not text"}},
		"nothing":             {" \n", "application/json", nil},
		"plain":               {"Service unavailable", "text/plain", []string{"Service unavailable"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := connector.Mask([]byte(tc.body), tc.media)
			if strings.Contains(got, "canary") || strings.Contains(got, "8675309111") {
				t.Errorf("a secret is shown: %s", got)
			}
			for _, kept := range tc.keeps {
				if !strings.Contains(got, kept) {
					t.Errorf("%s is lost: %s", kept, got)
				}
			}
		})
	}
}

// traced makes one call through a tracer.
func traced(t *testing.T, handler http.HandlerFunc, req func(base string) *http.Request) (onepoint.Trace, *http.Response, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	var got []onepoint.Trace
	clock := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	c := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &connector.Tracer{
			Next: http.DefaultTransport, Sink: func(_ context.Context, e onepoint.Trace) { got = append(got, e) },
			Now: func() time.Time { clock = clock.Add(time.Second); return clock },
		},
	}
	resp, err := c.Do(req(server.URL))
	if len(got) != 1 {
		t.Fatalf("%d traces", len(got))
	}
	if err == nil {
		t.Cleanup(func() { resp.Body.Close() })
	}
	return got[0], resp, err
}

func TestTraceShowsTheCallWithoutItsSecrets(t *testing.T) {
	e, resp, err := traced(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer canary" || r.FormValue("client_secret") != "canary" || r.URL.Query().Get("api_key") != "canary" {
			t.Error("the call itself was changed")
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", "session=canary")
		w.Header().Set("Location", "https://user:canary@app.example/cb?code=canary&state=kept-state#id_token=canary")
		w.Header().Set("X-Interaction", "kept-interaction")
		w.WriteHeader(http.StatusFound)
		io.WriteString(w, `{"access_token":"canary","scope":"accounts"}`)
	}, func(base string) *http.Request {
		address := strings.Replace(base, "http://", "http://user:canary@", 1) + "/token?api_key=canary&page=2&request=" + jwtHead + "." + jwtTail
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("client_secret=canary&scope=accounts"))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{
			"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Bearer canary", "Proxy-Authorization": "canary", "X-Api-Key": "canary", "Cookie": "canary=canary",
			"X-Jws-Signature": "eyJhbGciOiJSUzI1NiJ9.." + jwtTail, "X-Kept": "kept-header",
		} {
			req.Header.Set(name, value)
		}
		return req
	})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(body), "canary") {
		t.Errorf("the caller reads %s, %v", body, err)
	}
	shown := e.URL + e.RequestBody + e.ResponseBody
	for _, h := range []map[string]string{e.RequestHeader, e.ResponseHeader} {
		for name, value := range h {
			shown += "\n" + name + ": " + value
		}
	}
	if strings.Contains(shown, "canary") {
		t.Errorf("a secret is shown: %s", shown)
	}
	for _, kept := range []string{"/token?", "page=2", jwtHead, "scope=accounts", `"scope": "accounts"`, "kept-header", "kept-interaction", "kept-state", "app.example/cb"} {
		if !strings.Contains(shown, kept) {
			t.Errorf("%s is lost: %s", kept, shown)
		}
	}
	if e.Method != http.MethodPost || e.Status != http.StatusFound || e.Took != time.Second || e.Error != "" || e.At.IsZero() {
		t.Errorf("got %+v", e)
	}
}

func TestTracedBodyIsReadWhole(t *testing.T) {
	for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 300 << 10} {
		want := bytes.Repeat([]byte("x"), size)
		e, resp, err := traced(t, func(w http.ResponseWriter, r *http.Request) {
			sent, err := io.ReadAll(r.Body)
			if err != nil || !bytes.Equal(sent, want) {
				t.Errorf("%d bytes of %d arrived: %v", len(sent), size, err)
			}
			w.Header().Set("Content-Type", "text/plain")
			w.Write(sent)
		}, func(base string) *http.Request {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base, bytes.NewReader(want))
			if err != nil {
				t.Fatal(err)
			}
			return req
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes of %d came back: %v", len(got), size, err)
		}
		if len(e.ResponseBody) > 64<<10 || len(e.RequestBody) > 64<<10 || size > 0 && len(e.ResponseBody) < min(size, 64<<10) {
			t.Errorf("%d bytes: kept %d and %d", size, len(e.RequestBody), len(e.ResponseBody))
		}
	}
}

func TestFailingBodyStillFails(t *testing.T) {
	for _, sent := range []int{10, 100 << 10} { // before and after what is kept
		_, resp, err := traced(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000")
			w.Write(bytes.Repeat([]byte("x"), sent))
		}, func(base string) *http.Request {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base, nil)
			if err != nil {
				t.Fatal(err)
			}
			return req
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != sent {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
}

func TestCallWithoutAnswerIsTraced(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e, resp, err := traced(t, nil, func(base string) *http.Request {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"?token=canary", nil)
		if err != nil {
			t.Fatal(err)
		}
		return req
	})
	if resp != nil || !errors.Is(err, context.Canceled) || e.Error == "" || e.Status != 0 || strings.Contains(e.URL+e.Error, "canary") {
		t.Errorf("%+v, %v", e, err)
	}
}

// breaksOnce is a body that tells of its end only once, as some do.
type breaksOnce struct{ told bool }

func (b *breaksOnce) Read(p []byte) (int, error) {
	if b.told {
		return 0, io.EOF
	}
	b.told = true
	return copy(p, "half"), io.ErrUnexpectedEOF
}

type answers struct{ body io.Reader }

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(a.body), Request: r}, nil
}

func TestFailureToldOnceReachesTheCaller(t *testing.T) {
	tracer := &connector.Tracer{Next: answers{&breaksOnce{}}, Now: time.Now, Sink: func(context.Context, onepoint.Trace) {}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://bank.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tracer.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) || string(got) != "half" {
		t.Errorf("%q, %v", got, err)
	}
}
