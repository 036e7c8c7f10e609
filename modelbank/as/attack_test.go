package as_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/fapi"
)

// forge makes a JWT with any header, signed as alg says with the TPP's own key.
func (p *tpp) forge(head map[string]any, payload string) string {
	p.Helper()
	h, err := json.Marshal(head)
	if err != nil {
		p.Fatal(err)
	}
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString(h) + "." + enc.EncodeToString([]byte(payload))
	sum := sha256.Sum256([]byte(signed))
	key, ok := p.key.Signer.(*rsa.PrivateKey)
	if !ok {
		p.Fatal("no RSA key")
	}
	var sig []byte
	switch head["alg"] {
	case "PS256":
		sig, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case "RS256":
		sig, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	case "HS256":
		public, err2 := fapi.PublicJWKS(p.key)
		if err2 != nil {
			p.Fatal(err2)
		}
		mac := hmac.New(sha256.New, public)
		mac.Write([]byte(signed))
		sig = mac.Sum(nil)
	}
	if err != nil {
		p.Fatal(err)
	}
	return signed + "." + enc.EncodeToString(sig)
}

// vector is one attack on a JWT: what it changes of an honest one.
type vector struct {
	name    string
	head    func(h map[string]any)
	payload func(string) string
}

func vectors() []vector {
	set := func(name string, value any) func(map[string]any) { return func(h map[string]any) { h[name] = value } }
	replace := func(old, with string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, with, 1) }
	}
	return []vector{
		{"alg none", set("alg", "none"), nil},
		{"HS256 with the public key", set("alg", "HS256"), nil},
		{"PS256 to RS256", set("alg", "RS256"), nil},
		{"no alg", func(h map[string]any) { delete(h, "alg") }, nil},
		{"a kid of nobody", set("kid", "../../../dev/null"), nil},
		{"a kid that is SQL", set("kid", "' OR 1=1 --"), nil},
		{"a jku", set("jku", "https://mallory.example/jwks"), nil},
		{"an x5u", set("x5u", "https://mallory.example/cert"), nil},
		{"an x5c", set("x5c", []string{"MIIB"}), nil},
		{"a jwk", set("jwk", map[string]string{"kty": "RSA"}), nil},
		{"an unknown crit", set("crit", []string{"exp"}), nil},
		{"b64 false", set("b64", false), nil},
		{"a claim twice", nil, replace(`{"`, `{"iss":"mallory","`)},
		{"another iss", nil, replace(`"iss":"`, `"iss":"x`)},
		{"another aud", nil, replace(`"aud":"`, `"aud":"https://mallory.example/`)},
		{"expired", nil, replace(`"exp":1`, `"exp":0.1e0,"old":1`)},
		{"no exp", nil, replace(`"exp"`, `"expp"`)},
		{"no jti", nil, replace(`"jti"`, `"jtj"`)},
	}
}

func TestForgedTokensAreRefusedEverywhere(t *testing.T) {
	p := sharedClient(t)
	payload := func(token string) string {
		raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	places := map[string]struct {
		honest func() string
		send   func(token string) (int, map[string]any)
		fine   int
		codes  string
	}{
		"client assertion": {p.assertion, func(token string) (int, map[string]any) {
			v := credentials("accounts")
			v.Set("client_id", p.id)
			v.Set("client_assertion_type", fapi.AssertionType)
			v.Set("client_assertion", token)
			return form(t, p.http, p.Issuer+"/as/token", v)
		}, http.StatusOK, "invalid_client"},
		"request object": {func() string {
			token, err := p.request("acc", "accounts").Sign(p.key)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}, func(token string) (int, map[string]any) {
			return form(t, p.http, p.Issuer+"/as/par", p.authenticated(url.Values{"request": {token}}))
		}, http.StatusCreated, "invalid_request_object"},
		"registration": {func() string {
			token, err := p.registration().Sign(p.key)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}, func(token string) (int, map[string]any) {
			resp, out := call(t, p.http, http.MethodPost, p.Issuer+"/as/register", token, map[string]string{"Content-Type": "application/jose"})
			return resp.StatusCode, out
		}, http.StatusCreated, "invalid_client_metadata invalid_request"},
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			honest := func() map[string]any { return map[string]any{"alg": "PS256", "kid": p.key.KeyID, "typ": "JWT"} }
			if status, out := place.send(p.forge(honest(), payload(place.honest()))); status != place.fine {
				t.Fatalf("the honest one: %d %v", status, out)
			}
			for _, v := range vectors() {
				head, body := honest(), payload(place.honest())
				if v.head != nil {
					v.head(head)
				}
				if v.payload != nil {
					if body = v.payload(body); body == payload(place.honest()) {
						t.Errorf("%s changes nothing", v.name)
					}
				}
				status, out := place.send(p.forge(head, body))
				code, _ := out["error"].(string)
				if status < 400 || status > 401 || !strings.Contains(place.codes, code) || code == "" {
					t.Errorf("%s: %d %v", v.name, status, out)
				}
			}
		})
	}
}

func TestWhatIsGoodForOneUseIsRefusedTheSecondTime(t *testing.T) {
	p := sharedClient(t)
	assertion := p.assertion()
	send := func() int {
		v := credentials("accounts")
		v.Set("client_assertion_type", fapi.AssertionType)
		v.Set("client_assertion", assertion)
		status, _ := form(t, p.http, p.Issuer+"/as/token", v)
		return status
	}
	if first, second := send(), send(); first != 200 || second != 401 {
		t.Errorf("an assertion: %d, %d", first, second)
	}
	o := p.request("acc", "accounts")
	if status, _ := p.push(o); status != http.StatusCreated {
		t.Fatal(status)
	}
	if status, out := p.push(o); status != http.StatusBadRequest || out["error"] != "invalid_request_object" {
		t.Errorf("a request object: %d %v", status, out)
	}
	address := p.begin(p.request("acc", "accounts"))
	if g := p.browser().get(address); g.StatusCode != http.StatusOK {
		t.Fatal(g.StatusCode)
	}
	if g := p.browser().get(address); g.StatusCode != http.StatusBadRequest {
		t.Errorf("a request_uri: %d", g.StatusCode)
	}
	late := p.begin(p.request("acc", "accounts"))
	p.ahead += 2 * time.Minute
	if g := p.browser().get(late); g.StatusCode != http.StatusBadRequest {
		t.Errorf("an old request_uri: %d", g.StatusCode)
	}
}

func TestCodesAreGoodForTheirClientTheirRequestAndOnce(t *testing.T) {
	r := newRig(t, nil)
	p := r.client(nil)
	mallory := r.newTPP("PSDGB-FCA-222222", "soft2", everyRole()...).register(nil)
	answer := func() url.Values { return p.browser().agree(p.begin(p.request("acc", "accounts")), "alice", "a1") }
	try := func(by *tpp, code string, change func(url.Values)) (int, map[string]any) {
		v := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}}
		if change != nil {
			change(v)
		}
		return by.token(v)
	}
	for name, tt := range map[string]struct {
		by     *tpp
		change func(url.Values)
	}{
		"injected at another client": {mallory, nil},
		"with another verifier":      {p, func(v url.Values) { v.Set("code_verifier", strings.Repeat("x", 43)) }},
		"without a verifier":         {p, func(v url.Values) { v.Del("code_verifier") }},
		"with another redirect":      {p, func(v url.Values) { v.Set("redirect_uri", "https://tpp.example/other") }},
		"without a redirect":         {p, func(v url.Values) { v.Del("redirect_uri") }},
	} {
		code := answer().Get("code")
		if status, out := try(tt.by, code, tt.change); status != http.StatusBadRequest || out["error"] != "invalid_grant" {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	code := answer().Get("code")
	p.ahead += 2 * time.Minute
	if status, out := try(p, code, nil); status != http.StatusBadRequest {
		t.Errorf("late: %d %v", status, out)
	}
	code = answer().Get("code")
	_, tokens := try(p, code, nil)
	if status, _ := try(p, code, nil); status != http.StatusBadRequest || p.opens(tokens["access_token"]) {
		t.Errorf("twice: %d, the token of the first still opens: %v", status, p.opens(tokens["access_token"]))
	}
}

func TestTokensOfAnotherClientOrCertificateOpenNothing(t *testing.T) {
	r := newRig(t, nil)
	p := r.client(nil)
	mallory := r.newTPP("PSDGB-FCA-222222", "soft2", everyRole()...).register(nil)
	tokens := p.connected("acc", "accounts", "a1")
	access, _ := tokens["access_token"].(string)
	if _, err := r.CheckToken(t.Context(), access, mallory.cert.Leaf); err == nil {
		t.Error("it opens with another's certificate")
	}
	if _, err := r.CheckToken(t.Context(), access, r.certificate(tppOrg, everyRole()...).Leaf); err == nil {
		t.Error("it opens with another certificate of the same organisation")
	}
	if _, err := r.CheckToken(t.Context(), access, nil); err == nil {
		t.Error("it opens without a certificate")
	}
	refresh, _ := tokens["refresh_token"].(string)
	if status, out := mallory.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}); status != http.StatusBadRequest || out["error"] != "invalid_grant" {
		t.Errorf("another client refreshes: %d %v", status, out)
	}
	// An assertion of one client for the id of another.
	v := credentials("accounts")
	v.Set("client_id", p.id)
	v.Set("client_assertion_type", fapi.AssertionType)
	v.Set("client_assertion", mallory.assertion())
	if status, out := form(t, p.http, p.Issuer+"/as/token", v); status != http.StatusUnauthorized {
		t.Errorf("another's assertion: %d %v", status, out)
	}
	if status, _ := mallory.push(mallory.request("acc", "accounts")); status != http.StatusCreated {
		t.Fatal("the test needs an intent of nobody")
	}
	r.bank.clients["acc"] = p.id
	if status, out := mallory.push(mallory.request("acc", "accounts")); status != http.StatusBadRequest || out["error"] != "invalid_request" {
		t.Errorf("another's intent: %d %v", status, out)
	}
}

func TestEveryFormRefusesWhatItsPageDidNotSend(t *testing.T) {
	p := sharedClient(t)
	b := p.browser()
	refused := func(name string, g page) {
		t.Helper()
		if g.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d at %s", name, g.StatusCode, g.at)
		}
	}
	g := b.get(p.begin(p.request("acc", "accounts")))
	old := g.csrf()
	refused("login", b.visit(http.MethodPost, g.target(), url.Values{"login": {"alice"}, "password": {"right"}, "action": {"login"}}))
	refused("login elsewhere", p.browser().visit(http.MethodPost, g.target(), url.Values{"csrf": {old}, "login": {"alice"}, "password": {"right"}}))
	g = b.submit(g, "login", "alice", "password", "right", "action", "login")
	refused("factor", b.visit(http.MethodPost, g.target(), url.Values{"csrf": {old}, "code": {b.code()}}))
	waiting := b.submit(g, "action", "phone")
	refused("wait", b.visit(http.MethodPost, waiting.target(), url.Values{"csrf": {""}, "action": {"cancel"}}))
	g = b.submit(waiting, "action", "code")
	g = b.submit(g, "code", b.code(), "action", "verify")
	refused("consent", b.visit(http.MethodPost, g.target(), url.Values{"csrf": {old}, "action": {"allow"}, "account": {"a1"}}))
	refused("consent elsewhere", p.browser().visit(http.MethodPost, g.target(), url.Values{"csrf": {g.csrf()}, "action": {"allow"}, "account": {"a1"}}))
	if len(p.bank.approved) > 0 {
		t.Fatal("a forged form approved")
	}
	d := p.browser()
	own := d.login("/as/consents", "alice")
	refused("dashboard", d.visit(http.MethodPost, own.target(), url.Values{"consent": {"acc"}, "action": {"end"}}))
	phone := p.phone("bob")
	refused("phone", phone.visit(http.MethodPost, "/as/phone", url.Values{"action": {"forget"}}))
}

func TestPagesCannotBeFramedOrLeak(t *testing.T) {
	p := sharedClient(t)
	for _, address := range []string{"/", p.begin(p.request("acc", "accounts")), "/as/authorize?client_id=nobody", "/as/consents", "/as/phone"} {
		g := p.browser().get(address)
		for name, want := range map[string]string{
			"X-Frame-Options": "DENY", "Content-Security-Policy": "frame-ancestors 'none'", "Referrer-Policy": "no-referrer",
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		} {
			if !strings.Contains(g.Header.Get(name), want) {
				t.Errorf("%s: %s is %q", address, name, g.Header.Get(name))
			}
		}
		if strings.Contains(g.body, "<script") {
			t.Errorf("%s: a script", address)
		}
	}
}

func TestRepeatedParametersAreRefused(t *testing.T) {
	p := sharedClient(t)
	v := p.authenticated(credentials("accounts"))
	v.Add("scope", "payments")
	if status, out := form(t, p.http, p.Issuer+"/as/token", v); status != http.StatusBadRequest || out["error"] != "invalid_request" {
		t.Errorf("%d %v", status, out)
	}
}
