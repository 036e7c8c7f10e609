package op_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
)

func TestErrorWithStatus200IsAnError(t *testing.T) {
	a := newAttempt(t)
	a.statement(a.seal(), func(c map[string]any) { c["software_roles"] = []string{"AIS"} })
	if err := a.send(); err != nil {
		t.Fatal(err)
	}
	r := registered{a.bench, a.p}
	if s := r.wire(t).form(url.Values{"grant_type": {"client_credentials"}, "scope": {"payments"}}); s.status != http.StatusOK || s.str("error") != "invalid_scope" {
		t.Fatalf("the bank: %d %s", s.status, s.text)
	}
	_, err := r.open(t, nil).Authorize(t.Context(), intent(onepoint.Funds{}, "200"))
	if onepoint.CodeOf(err) != onepoint.CodeInvalid || !strings.Contains(onepoint.MessageOf(err), "invalid_scope scope must be exactly one of those registered") {
		t.Errorf("the connector: %v", err)
	}
}

// answered stands in for one endpoint's answer.
type answered struct {
	next http.RoundTripper
	at   string
	with func(*http.Response, string) string // what becomes of the body
}

func (a *answered) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := a.next.RoundTrip(r)
	if err != nil || !strings.Contains(r.URL.Path, a.at) || a.with == nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	changed := a.with(resp, string(body))
	resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(changed)), int64(len(changed))
	resp.Header.Del("Content-Length")
	return resp, nil
}

func TestLifetimeMayBeANumberOrAString(t *testing.T) {
	r := register(t, newBench(t))
	a := &answered{at: "/oauth/token"}
	conn := r.open(t, func(next http.RoundTripper) http.RoundTripper { a.next = next; return a })
	g := r.grant(t, conn, onepoint.Access{}, "alice")
	for text, want := range map[string]time.Duration{
		`"3600"`: time.Hour, `1200`: 20 * time.Minute, `null`: time.Minute, `""`: time.Minute, `0`: time.Minute, `"soon"`: -1, `-5`: -1, `1e3`: -1, `[60]`: -1,
	} {
		a.with = func(_ *http.Response, body string) string {
			return strings.NewReplacer(`"expires_in":"3600"`, `"expires_in":`+text, `"expires_in":3600`, `"expires_in":`+text).Replace(body)
		}
		next, err := conn.Refresh(t.Context(), g)
		if want < 0 {
			if onepoint.CodeOf(err) != onepoint.CodeProtocol {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if err != nil || !next.Expires.Equal(noon().Add(want)) || next.ConsentID != g.ConsentID || next.RefreshToken == "" {
			t.Errorf("%s: until %s, %v", text, next.Expires, err)
		}
	}
}

func TestCodeWorksOnceForItsRedirectURI(t *testing.T) {
	r := register(t, newBench(t))
	conn, w := r.open(t, nil), r.wire(t)
	journey := func(suffix string) (onepoint.Intent, url.Values) {
		in := intent(onepoint.Access{}, suffix)
		auth, err := conn.Authorize(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		in.ConsentID = auth.ConsentID
		return in, r.visit(t, auth.Redirect, "alice", true)
	}
	in, params := journey("replay")
	if _, err := conn.Resume(t.Context(), in, onepoint.Callback{Params: params}); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Resume(t.Context(), in, onepoint.Callback{Params: params}); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("the code again: %v", err)
	}
	in, params = journey("elsewhere")
	in.RedirectURI = "https://app.example/other"
	if _, err := conn.Resume(t.Context(), in, onepoint.Callback{Params: params}); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("the code of another redirect URI: %v", err)
	}
	in, params = journey("late")
	r.advance(5 * time.Minute)
	if _, err := conn.Resume(t.Context(), in, onepoint.Callback{Params: params}); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("the code after five minutes: %v", err)
	}
	for name, form := range map[string]url.Values{
		"an unknown code":          {"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {redirect}},
		"an unknown refresh token": {"grant_type": {"refresh_token"}, "refresh_token": {"x"}},
	} {
		if s := w.form(form); s.status != http.StatusBadRequest || s.str("error") != "invalid_grant" {
			t.Errorf("%s: %d %s", name, s.status, s.text)
		}
	}
	for name, form := range map[string]url.Values{
		"an unknown grant": {"grant_type": {"password"}}, "a field twice": {"grant_type": {"client_credentials"}, "scope": {"accounts", "payments"}},
	} {
		if s := w.form(form); s.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, s.status, s.text)
		}
	}
	for name, form := range map[string]url.Values{
		"a wrong secret": {"client_secret": {"guessed"}}, "another client": {"client_id": {"op_x"}}, "no secret": {"client_secret": {""}},
	} {
		form.Set("grant_type", "client_credentials")
		form.Set("scope", "accounts")
		if s := w.form(form); s.status != http.StatusUnauthorized || s.str("error") != "invalid_client" {
			t.Errorf("%s: %d %s", name, s.status, s.text)
		}
	}
}

func TestRefreshAfterRevocationNeedsTheUserAgain(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	for name, purpose := range map[string]onepoint.Purpose{"accounts": onepoint.Access{}, "funds": onepoint.Funds{}} {
		login := map[string]string{"accounts": "alice", "funds": "bob"}[name]
		g := r.grant(t, conn, purpose, login)
		if _, err := conn.Refresh(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		if err := conn.Revoke(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Refresh(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeConsentExpired {
			t.Errorf("%s: %v", name, err)
		}
	}
	g := r.grant(t, conn, onepoint.Access{}, "alice")
	r.advance(90 * 24 * time.Hour)
	if _, err := conn.Refresh(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeConsentExpired {
		t.Errorf("a refresh token of 90 days: %v", err)
	}
}

func TestForgedRequestsAreShownAndNotSentBack(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	auth, err := conn.Authorize(t.Context(), intent(onepoint.Access{}, "forged"))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(url.Values){
		"another redirect URI": func(q url.Values) { q.Set("redirect_uri", "https://evil.example/cb") },
		"another client":       func(q url.Values) { q.Set("client_id", "op_x") },
		"another scope":        func(q url.Values) { q.Set("scope", "openid payments") },
		"another state":        func(q url.Values) { q.Set("state", "x") },
		"no request":           func(q url.Values) { q.Del("request") },
		"a tampered request":   func(q url.Values) { q.Set("request", q.Get("request")+"x") },
		"an unsigned request": func(q url.Values) {
			parts := strings.Split(q.Get("request"), ".")
			q.Set("request", part(map[string]string{"alg": "none"})+"."+parts[1]+".")
		},
	} {
		u := must[*url.URL](t)(url.Parse(auth.Redirect))
		q := u.Query()
		change(q)
		u.RawQuery = q.Encode()
		if p := r.browser(t).get(u.String()); p.status != http.StatusBadRequest || p.fault == "" || p.back != nil {
			t.Errorf("%s: %d %q to %s", name, p.status, p.fault, p.target)
		}
	}
	r.advance(20 * time.Minute)
	if p := r.browser(t).get(auth.Redirect); p.status != http.StatusBadRequest || p.fault == "" {
		t.Errorf("an old request: %d %q", p.status, p.fault)
	}
}

func TestPagesBelongToOneBrowser(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	auth, err := conn.Authorize(t.Context(), intent(onepoint.Access{}, "pages"))
	if err != nil {
		t.Fatal(err)
	}
	own, other := r.browser(t), r.browser(t)
	p := own.get(auth.Redirect)
	if stolen := other.post(p.action, p.fields); stolen.status != http.StatusBadRequest {
		t.Errorf("another browser goes on: %d", stolen.status)
	}
	at := must[*url.URL](t)(url.Parse(p.action))
	for _, c := range own.http.Jar.Cookies(at) { // the name can be told from the address, the value cannot
		other.http.Jar.SetCookies(at, []*http.Cookie{{Name: c.Name, Value: "guessed", Path: "/", Secure: true}})
	}
	if len(other.http.Jar.Cookies(at)) != 1 {
		t.Fatal("the other browser has no cookie to try with")
	}
	if stolen := other.post(p.action, p.fields); stolen.status != http.StatusBadRequest {
		t.Errorf("a guessed cookie goes on: %d", stolen.status)
	}
	fields := url.Values{"login": {"alice"}, "password": {"onepoint-demo"}, "action": {"login"}, "csrf": {"x"}}
	if forged := own.post(p.action, fields); forged.status != http.StatusBadRequest {
		t.Errorf("a forged form goes on: %d", forged.status)
	}
	fields.Set("csrf", p.fields.Get("csrf"))
	fields.Set("password", "wrong")
	if again := own.post(p.action, fields); again.status != http.StatusUnauthorized || !again.login || again.fault == "" {
		t.Errorf("a wrong password: %d %q", again.status, again.fault)
	}
	fields.Set("password", "onepoint-demo")
	consent := own.post(p.action, fields)
	consent.fields["account"] = []string{"acc_bob_eur"}
	consent.fields.Set("action", "allow")
	if foreign := own.post(consent.action, consent.fields); foreign.status != http.StatusUnprocessableEntity || foreign.fault == "" {
		t.Errorf("another's account: %d %q", foreign.status, foreign.fault)
	}
	if back := own.decide(consent, true, "acc_alice_savings"); back.Get("code") == "" || back.Get("id_token") == "" {
		t.Errorf("got %v", back)
	}
	if again := own.post(consent.action, consent.fields); again.status != http.StatusBadRequest {
		t.Errorf("deciding twice: %d", again.status)
	}
}
