package fapi_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

// authServer is a small authorization server whose answers a test may change.
type authServer struct {
	*httptest.Server
	key   fapi.SigningKey
	meta  func(m map[string]any)
	down  bool
	calls int
	token http.HandlerFunc
}

func newAuthServer(t *testing.T) *authServer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &authServer{key: fapi.SigningKey{Signer: key, KeyID: "k1", Alg: "ES256"}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		s.calls++
		if s.down {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		m := map[string]any{
			"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/jwks",
		}
		if s.meta != nil {
			s.meta(m)
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(m)
	})
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) {
		jwks, err := fapi.PublicJWKS(s.key)
		if err != nil {
			t.Error(err)
		}
		w.Write(jwks)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) { s.token(w, r) })
	s.Server = httptest.NewTLSServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *authServer) client(issuer string, now func() time.Time) *fapi.Client {
	return fapi.NewClient(fapi.ClientConfig{HTTP: s.Client(), Issuer: issuer, ClientID: "cli", AuthMethod: "tls_client_auth", Now: now, NewID: onepoint.NewIDs(now)})
}

func TestDiscoveryRefuses(t *testing.T) {
	tests := []struct {
		name string
		meta func(m map[string]any)
	}{
		{"another issuer", func(m map[string]any) { m["issuer"] = "https://evil.example" }},
		{"no token endpoint", func(m map[string]any) { delete(m, "token_endpoint") }},
		{"an endpoint without TLS", func(m map[string]any) { m["token_endpoint"] = "http://bank.example/token" }},
		{"a registration endpoint without TLS", func(m map[string]any) { m["registration_endpoint"] = "http://bank.example/r" }},
		{"an endpoint with a password", func(m map[string]any) { m["jwks_uri"] = "https://u:p@bank.example/jwks" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newAuthServer(t)
			s.meta = tt.meta
			if _, err := fapi.Discover(t.Context(), s.Client(), s.URL); onepoint.CodeOf(err) != onepoint.CodeProtocol {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDiscoveryThatFailsLaterUsesTheLastGood(t *testing.T) {
	s := newAuthServer(t)
	clock := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	c := s.client(s.URL, func() time.Time { return clock })
	if _, err := c.Metadata(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.down = true
	clock = clock.Add(2 * time.Hour)
	for range 3 {
		if _, err := c.Metadata(t.Context()); err != nil {
			t.Fatalf("two hours later: %v", err)
		}
	}
	if s.calls != 2 {
		t.Errorf("the failing endpoint was asked %d times, want one after the first", s.calls)
	}
	clock = clock.Add(30 * time.Hour)
	if _, err := c.Metadata(t.Context()); onepoint.CodeOf(err) != onepoint.CodeUnavailable {
		t.Errorf("after more than a day: %v", err)
	}
	s.down = false
	if _, err := c.Metadata(t.Context()); err != nil {
		t.Errorf("once it is back: %v", err)
	}
}

func TestIssuerMayEndWithASlash(t *testing.T) {
	s := newAuthServer(t)
	s.meta = func(m map[string]any) { m["issuer"] = s.URL + "/" }
	if _, err := fapi.Discover(t.Context(), s.Client(), s.URL+"/"); err != nil {
		t.Errorf("got %v", err)
	}
}

func (s *authServer) idToken(t *testing.T, change func(claims map[string]any)) string {
	t.Helper()
	now := time.Now()
	claims := map[string]any{
		"iss": s.URL, "aud": "cli", "sub": "con-1", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "nonce": "n-1",
		"openbanking_intent_id": "con-1", "at_hash": fapi.HalfHash("at-1"),
	}
	if change != nil {
		change(claims)
	}
	token, err := fapi.SignJWT(s.key, "JWT", claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokenEndpointIDTokenMustFitTheJourney(t *testing.T) {
	want := fapi.Expected{Nonce: "n-1", IntentID: "con-1", ResponseType: "code", State: "s"}
	tests := []struct {
		name   string
		change func(claims map[string]any)
		good   bool
	}{
		{"one that fits", nil, true},
		{"one without at_hash", func(c map[string]any) { delete(c, "at_hash") }, true},
		{"another nonce", func(c map[string]any) { c["nonce"] = "n-2" }, false},
		{"no nonce", func(c map[string]any) { delete(c, "nonce") }, false},
		{"another consent", func(c map[string]any) { c["openbanking_intent_id"] = "con-2" }, false},
		{"another token's hash", func(c map[string]any) { c["at_hash"] = fapi.HalfHash("at-2") }, false},
		{"another client", func(c map[string]any) { c["aud"] = "other" }, false},
		{"another issuer", func(c map[string]any) { c["iss"] = "https://evil.example" }, false},
		{"one that has expired", func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newAuthServer(t)
			c := s.client(s.URL, time.Now)
			err := c.VerifyIDToken(t.Context(), fapi.TokenResponse{AccessToken: "at-1", IDToken: s.idToken(t, tt.change)}, want)
			if tt.good != (err == nil) || !tt.good && onepoint.CodeOf(err) != onepoint.CodeProtocol {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("none at all", func(t *testing.T) {
		s := newAuthServer(t)
		if err := s.client(s.URL, time.Now).VerifyIDToken(t.Context(), fapi.TokenResponse{AccessToken: "at-1"}, want); onepoint.CodeOf(err) != onepoint.CodeProtocol {
			t.Errorf("got %v", err)
		}
	})
}

func TestCallbackIsCheckedBeforeItsCodeIsUsed(t *testing.T) {
	want := fapi.Expected{State: "state-1", Nonce: "n-1", ResponseType: "code"}
	tests := []struct {
		name   string
		change func(p url.Values)
		code   onepoint.Code // "" when good
	}{
		{"one that fits", func(url.Values) {}, ""},
		{"another state", func(p url.Values) { p.Set("state", "x") }, onepoint.CodeProtocol},
		{"no state", func(p url.Values) { p.Del("state") }, onepoint.CodeProtocol},
		{"another issuer", func(p url.Values) { p.Set("iss", "https://evil.example") }, onepoint.CodeProtocol},
		{"a code twice", func(p url.Values) { p.Add("code", "c2") }, onepoint.CodeProtocol},
		{"no code", func(p url.Values) { p.Del("code") }, onepoint.CodeProtocol},
		{"the bank's trouble", func(p url.Values) { p.Set("error", "temporarily_unavailable") }, onepoint.CodeUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newAuthServer(t)
			p := url.Values{"state": {"state-1"}, "code": {"c1"}}
			tt.change(p)
			code, err := s.client(s.URL, time.Now).VerifyCallback(t.Context(), p, want)
			if onepoint.CodeOf(err) != tt.code || tt.code == "" && code != "c1" {
				t.Errorf("got %q, %v", code, err)
			}
		})
	}
}

func TestTokenEndpointAnswers(t *testing.T) {
	reply := func(status int, headers map[string]string, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for name, value := range headers {
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			w.Write([]byte(body))
		}
	}
	tests := []struct {
		name  string
		token http.HandlerFunc
		code  onepoint.Code
		retry time.Duration
	}{
		{"a token", reply(200, nil, `{"access_token":"a","token_type":"Bearer","expires_in":60}`), "", 0},
		{"a token of another kind", reply(200, nil, `{"access_token":"a","token_type":"mac"}`), onepoint.CodeProtocol, 0},
		{"no token", reply(200, nil, `{}`), onepoint.CodeProtocol, 0},
		{"a page", reply(200, map[string]string{"Content-Type": "text/html"}, `<p>`), onepoint.CodeProtocol, 0},
		{"too much", reply(200, nil, strings.Repeat(" ", 2<<20)), onepoint.CodeProtocol, 0},
		{"an unknown client", reply(401, nil, `{"error":"invalid_client"}`), onepoint.CodeUnauthenticated, 0},
		{"a wrong scope", reply(400, nil, `{"error":"invalid_scope"}`), onepoint.CodeInvalid, 0},
		{"a grant that ended", reply(400, nil, `{"error":"invalid_grant"}`), onepoint.CodeConsentExpired, 0},
		{"too many calls", reply(429, map[string]string{"Retry-After": "9"}, ``), onepoint.CodeRateLimited, 9 * time.Second},
		{"a bank in trouble", reply(503, nil, ``), onepoint.CodeUnavailable, 0},
		{"a time to come back, by the bank's own clock", reply(503, map[string]string{
			"Date": "Sat, 21 Nov 2026 09:00:00 GMT", "Retry-After": "Sat, 21 Nov 2026 09:00:30 GMT",
		}, ``), onepoint.CodeUnavailable, 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newAuthServer(t)
			s.token = tt.token
			_, err := s.client(s.URL, time.Now).ClientCredentials(context.Background(), "accounts")
			e, _ := err.(*onepoint.Error) //nolint:errorlint // the error itself
			if onepoint.CodeOf(err) != tt.code || e != nil && e.Retry != tt.retry {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSignedAnswersAreVerifiedBeforeTheyAreRead(t *testing.T) {
	s := newAuthServer(t)
	c := s.client(s.URL, func() time.Time { return now })
	signed := func(change func(map[string]any)) url.Values {
		all := map[string]any{"iss": s.URL, "aud": "cli", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "code": "the-code", "state": "st"}
		if change != nil {
			change(all)
		}
		token, err := fapi.SignJWT(s.key, "JWT", all)
		if err != nil {
			t.Fatal(err)
		}
		return url.Values{"response": {token}}
	}
	want := fapi.Expected{State: "st", ResponseType: "code"}
	if code, err := c.VerifyCallback(t.Context(), signed(nil), want); err != nil || code != "the-code" {
		t.Errorf("the honest one: %q, %v", code, err)
	}
	for name, params := range map[string]url.Values{
		"another issuer":    signed(func(m map[string]any) { m["iss"] = "https://evil.example" }),
		"another client":    signed(func(m map[string]any) { m["aud"] = "other" }),
		"past its end":      signed(func(m map[string]any) { m["exp"] = now.Add(-time.Hour).Unix() }),
		"without an end":    signed(func(m map[string]any) { delete(m, "exp") }),
		"another state":     signed(func(m map[string]any) { m["state"] = "other" }),
		"a code beside it":  {"response": signed(nil)["response"], "code": {"injected"}, "state": {"st"}},
		"no token at all":   {"response": {"x"}},
		"a stranger's word": {"response": {strings.Replace(signed(nil).Get("response"), ".", ".e", 1)}},
	} {
		if code, err := c.VerifyCallback(t.Context(), params, want); onepoint.CodeOf(err) != onepoint.CodeProtocol {
			t.Errorf("%s: %q, %v", name, code, err)
		}
	}
}
