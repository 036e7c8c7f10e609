package op_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	simop "github.com/onepointledger/onepoint/modelbank/sim/op"
)

func TestRevokedAuthorizationShowsItsStatusAndOpensNothing(t *testing.T) {
	r := register(t, newBench(t))
	w, conn := r.wire(t), r.open(t, nil)
	g := r.grant(t, conn, onepoint.Access{}, "alice")
	at := r.profile.Endpoints.Resource + "/authorizations/" + g.ConsentID
	if s := w.json(http.MethodGet, at, w.token("accounts"), nil); s.str("status") != "Authorized" || s.str("authorized") == "" {
		t.Errorf("before: %s", s.text)
	}
	for range 2 {
		if err := conn.Revoke(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	if s := w.json(http.MethodGet, at, w.token("accounts"), nil); s.status != http.StatusOK || s.str("status") != "Revoked" {
		t.Errorf("after: %d %s", s.status, s.text)
	}
	s := w.json(http.MethodGet, r.profile.Endpoints.Resource+"/accounts", g.AccessToken, nil)
	errs, _ := s.body["errors"].([]any)
	if s.status != http.StatusForbidden || len(errs) != 1 || !strings.HasPrefix(s.str("message"), "Authorization ") || s.str("type") != "SECURITY" {
		t.Errorf("%d %s", s.status, s.text)
	}
	if _, err := conn.Accounts(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeConsentInvalid || !strings.Contains(onepoint.MessageOf(err), "connect the bank again") {
		t.Errorf("the connector: %v", err)
	}
}

func TestExpiredAuthorizationNeedsTheUserAgain(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	g := r.grant(t, conn, onepoint.Access{Expires: noon().Add(30 * time.Minute)}, "alice")
	r.advance(31 * time.Minute)
	if _, err := conn.Accounts(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeConsentExpired {
		t.Errorf("reading: %v", err)
	}
	if _, err := conn.Refresh(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeConsentExpired {
		t.Errorf("refreshing: %v", err)
	}
}

func TestExpiredTokenIsAGatewayFaultThatRefreshMends(t *testing.T) {
	r := register(t, newBench(t))
	w, conn := r.wire(t), r.open(t, nil)
	g := r.grant(t, conn, onepoint.Access{}, "alice")
	if !g.Expires.Equal(noon().Add(time.Hour)) {
		t.Errorf("the token lives until %s", g.Expires)
	}
	r.advance(time.Hour)
	s := w.json(http.MethodGet, r.profile.Endpoints.Resource+"/accounts", g.AccessToken, nil)
	if s.status != http.StatusUnauthorized || !strings.Contains(s.text, "keymanagement.service.access_token_expired") {
		t.Errorf("%d %s", s.status, s.text)
	}
	if _, err := conn.Accounts(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeTokenInvalid {
		t.Errorf("the connector: %v", err)
	}
	g, err := conn.Refresh(t.Context(), g)
	if err != nil || !g.Expires.Equal(r.now().Add(time.Hour)) {
		t.Fatalf("until %s, %v", g.Expires, err)
	}
	if _, err := conn.Accounts(t.Context(), g); err != nil {
		t.Error(err)
	}
}

func TestTokenWorksWithItsCertificateOnly(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	g := r.grant(t, conn, onepoint.Access{}, "alice")
	key := newRSA(t)
	leaf := must[*x509.Certificate](t)(r.qtsp.Issue(eidas.Request{
		Type: eidas.TypeWeb, Subject: eidas.Subject{Country: "FI", Organisation: "One Point Ledger Oy"}, OrgID: "PSD" + r.progress.Facts["org_id"],
		Roles: everyRole(), DNSNames: []string{"tpp.example"}, PublicKey: key.Public(), NotBefore: noon().Add(-time.Minute), NotAfter: noon().AddDate(0, 6, 0),
	}))
	for name, certs := range map[string][]tls.Certificate{"another certificate": {r.presented(key, leaf)}, "no certificate": nil} {
		w := wire{r, t, r.client(t, certs...)}
		if s := w.json(http.MethodGet, r.profile.Endpoints.Resource+"/accounts", g.AccessToken, nil); s.status != http.StatusUnauthorized {
			t.Errorf("%s reads: %d %s", name, s.status, s.text)
		}
		if s := w.form(map[string][]string{"grant_type": {"client_credentials"}, "scope": {"accounts"}}); s.status != http.StatusUnauthorized {
			t.Errorf("%s gets a token: %d %s", name, s.status, s.text)
		}
	}
}

func TestTokenWorksForItsScopeOnly(t *testing.T) {
	r := register(t, newBench(t))
	w, conn := r.wire(t), r.open(t, nil)
	g := r.grant(t, conn, onepoint.Access{}, "alice")
	for name, tc := range map[string]struct{ method, address, token string }{
		"a client's token reads accounts":        {http.MethodGet, r.profile.Endpoints.Resource + "/accounts", w.token("accounts")},
		"a customer's token lodges":              {http.MethodPost, r.profile.Endpoints.Resource + "/authorizations", g.AccessToken},
		"a payments token lodges for accounts":   {http.MethodPost, r.profile.Endpoints.Resource + "/authorizations", w.token("payments")},
		"an accounts token asks for funds":       {http.MethodPost, r.profile.Endpoints.Funds + "/funds-confirmations", g.AccessToken},
		"a refresh token reads accounts":         {http.MethodGet, r.profile.Endpoints.Resource + "/accounts", g.RefreshToken},
		"no token reads accounts":                {http.MethodGet, r.profile.Endpoints.Resource + "/accounts", ""},
		"an accounts token reads authorizations": {http.MethodGet, r.profile.Endpoints.Payments + "/authorizations/x", w.token("accounts")},
	} {
		if s := w.json(tc.method, tc.address, tc.token, nil); s.status != http.StatusUnauthorized && s.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, s.status, s.text)
		}
	}
}

func TestAnotherProvidersAuthorizationIsNotFound(t *testing.T) {
	b := newBench(t)
	first, second := register(t, b), register(t, b)
	owner := second.wire(t)
	lodged := owner.json(http.MethodPost, b.profile.Endpoints.Resource+"/authorizations", owner.token("accounts"),
		map[string]string{"expires": noon().Add(time.Hour).Format(time.RFC3339)})
	if err := run(t.Context(), b.onboarder(t, b.env(t)), first.progress, "register", "register"); err != nil {
		t.Fatal(err)
	}
	other := first.wire(t)
	token := other.token("accounts")
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if s := other.json(method, b.profile.Endpoints.Resource+"/authorizations/"+lodged.str("authorizationId"), token, nil); s.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", method, s.status, s.text)
		}
	}
}

// counter counts calls by method, and can answer in the bank's place.
type counter struct {
	next  http.RoundTripper
	calls map[string]*atomic.Int64
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	if n := c.calls[r.Method]; n != nil {
		n.Add(1)
	}
	return c.next.RoundTrip(r)
}

func TestReadsSurviveABusyBank(t *testing.T) {
	r := register(t, newBench(t, func(c *simop.Config) { c.BusyEvery = 3 }))
	conn := r.open(t, nil)
	g := r.grant(t, conn, onepoint.Access{}, "alice")
	for range 6 {
		if _, err := conn.Accounts(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBusyBankIsTriedAFewTimesAndWritesOnce(t *testing.T) {
	r := register(t, newBench(t))
	busy := &counter{calls: map[string]*atomic.Int64{http.MethodGet: {}, http.MethodPost: {}, http.MethodDelete: {}}}
	conn := r.open(t, func(next http.RoundTripper) http.RoundTripper { busy.next = next; return busy })
	g := r.grant(t, conn, onepoint.Access{}, "alice")
	gets := busy.calls[http.MethodGet].Load()
	busy.next = busyBank{busy.next, r.profile.Endpoints.Token}
	if _, err := conn.Accounts(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeUnavailable || busy.calls[http.MethodGet].Load()-gets != 4 {
		t.Errorf("a read: %v after %d calls", err, busy.calls[http.MethodGet].Load()-gets)
	}
	posts := busy.calls[http.MethodPost].Load()
	if _, err := conn.Authorize(t.Context(), intent(onepoint.Access{}, "b")); onepoint.CodeOf(err) != onepoint.CodeUnavailable || busy.calls[http.MethodPost].Load()-posts != 2 {
		t.Errorf("a write: %v after %d calls, one of them for a token", err, busy.calls[http.MethodPost].Load()-posts)
	}
	if err := conn.Revoke(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeUnavailable || busy.calls[http.MethodDelete].Load() != 1 {
		t.Errorf("a deletion: %v after %d calls", err, busy.calls[http.MethodDelete].Load())
	}
}

// busyBank answers 503 without a time, except at the token endpoint.
type busyBank struct {
	next  http.RoundTripper
	token string
}

func (b busyBank) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.String() == b.token {
		return b.next.RoundTrip(r)
	}
	return &http.Response{StatusCode: http.StatusServiceUnavailable, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}
