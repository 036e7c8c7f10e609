package saltedge_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/httpsig"
	"github.com/onepointledger/onepoint/modelbank/sim/saltedge"
	"github.com/onepointledger/onepoint/standard/berlin"
)

const (
	api     = "/artea_sandbox/api/berlingroup/v1"
	consent = `{"recurringIndicator":true,"frequencyPerDay":4,"validUntil":"2099-05-07","access":{"allPsd2":"allAccounts"}}`
)

func TestSignedRequestsAreRefusedWithTheEnginesOwnWords(t *testing.T) {
	r := newRig(t)
	env := r.registered("ledger")
	stranger := r.env("stranger", "PSDGB-FCA-999999")
	payer := r.env("payer", orgID, eidas.RolePI)
	r.registerBG(t, payer)
	time.Sleep(10 * time.Millisecond)
	drop := func(name string) func(*http.Request) { return func(q *http.Request) { q.Header.Del(name) } }
	set := func(name, value string) func(*http.Request) {
		return func(q *http.Request) { q.Header.Set(name, value) }
	}
	const malformed = "Header 'Signature' invalid: Malformed signature"
	for _, tt := range []struct {
		name   string
		env    connector.Env
		edit   func(*http.Request)
		late   func(*http.Request)
		sign   func(*httpsig.SignConfig)
		status int
		code   string
		text   string
	}{
		{name: "as it should be", status: 201},
		{name: "another header order", sign: func(c *httpsig.SignConfig) { c.Headers = []string{"x-request-id", "date", "digest"} }, status: 201},
		{name: "a psu id, signed", edit: set("PSU-ID", "alice"), status: 201},
		{name: "the issuer with commas", sign: func(c *httpsig.SignConfig) { c.KeyID = httpsig.KeyIDComma }, status: 201},
		{name: "DN for CA", sign: func(c *httpsig.SignConfig) { c.KeyID = httpsig.KeyIDName }, status: 201},
		{name: "an extra signed header", sign: func(c *httpsig.SignConfig) { c.Headers = append(c.Headers, "(request-target)") }, status: 400, code: "SIGNATURE_INVALID", text: malformed},
		{name: "a header left out", sign: func(c *httpsig.SignConfig) { c.Headers = c.Headers[:2] }, status: 400, code: "SIGNATURE_INVALID", text: malformed},
		{name: "a redirect left unsigned", sign: func(c *httpsig.SignConfig) { c.Optional = nil }, status: 400, code: "SIGNATURE_INVALID", text: malformed},
		{name: "a redirect changed", late: set("TPP-Redirect-URI", "https://evil.example"), status: 401, code: "SIGNATURE_INVALID"},
		{name: "a fingerprint for a key id", late: func(q *http.Request) {
			q.Header.Set("Signature", `keyId="3f7868",`+q.Header.Get("Signature")[strings.Index(q.Header.Get("Signature"), "algorithm"):])
		}, status: 401, code: "SIGNATURE_INVALID"},
		{name: "no signature", late: drop("Signature"), status: 401, code: "SIGNATURE_MISSING"},
		{name: "no certificate", late: drop("TPP-Signature-Certificate"), status: 401, code: "CERTIFICATE_MISSING"},
		{name: "the certificate as DER", sign: func(c *httpsig.SignConfig) { c.Encoding = httpsig.CertificateDER }, status: 401, code: "CERTIFICATE_INVALID"},
		{name: "another's certificate", late: set("TPP-Signature-Certificate", httpsig.EncodeCertificate(payer.Signer.Chain[0], httpsig.CertificatePEM)), status: 401, code: "SIGNATURE_INVALID"},
		{name: "another digest", late: set("Digest", httpsig.Digest([]byte("x"))), status: 400, code: "FORMAT_ERROR", text: "Header 'Digest' invalid. Expected format: SHA-256={SHA256Base64(requestBody)}"},
		{name: "a request id that is none", edit: set("X-Request-ID", "1"), status: 400, code: "FORMAT_ERROR"},
		{name: "a TPP that never registered", env: stranger, status: 401, code: "CERTIFICATE_INVALID"},
		{name: "the wrong role", env: payer, status: 401, code: "ROLE_INVALID"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := env
			if tt.env.Signer.Key != nil {
				e = tt.env
			}
			change := func(*httpsig.SignConfig) {}
			if tt.sign != nil {
				change = tt.sign
			}
			got := r.raw(t, e, "POST", api+"/consents", consent, tt.edit, tt.late, change)
			if got.status != tt.status || got.code() != tt.code || tt.text != "" && got.text() != tt.text {
				t.Errorf("got %d %s, want %d %s %s", got.status, got.body, tt.status, tt.code, tt.text)
			}
			if tt.status == 201 && (got.header.Get("X-Request-ID") != sample || got.header.Get("ASPSP-SCA-Approach") != "REDIRECT") {
				t.Errorf("headers: %v", got.header)
			}
		})
	}
}

func TestCertificatesThatEndAreRefused(t *testing.T) {
	r := newRig(t)
	revoked := r.registered("revoked")
	r.revoked.Store(revoked.Signer.Chain[0].SerialNumber.String(), true)
	if got := r.raw(t, revoked, "GET", api+"/consents/1/status", "", nil, nil); got.code() != "CERTIFICATE_REVOKED" {
		t.Errorf("revoked: %d %s", got.status, got.body)
	}
	env := r.registered("ledger")
	r.advance(398 * 24 * time.Hour)
	if got := r.raw(t, env, "GET", api+"/consents/1/status", "", nil, nil); got.status != 401 || got.code() != "CERTIFICATE_EXPIRED" {
		t.Errorf("expired: %d %s", got.status, got.body)
	}
	other, err := eidas.NewTestQTSP(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	rig2 := newRig(t, func(c *saltedge.Config) { c.Roots = other.Roots() })
	untrusted := rig2.env("ledger", orgID)
	if got := rig2.raw(t, untrusted, "GET", api+"/consents/1/status", "", nil, nil); got.code() != "CERTIFICATE_INVALID" {
		t.Errorf("untrusted: %d %s", got.status, got.body)
	}
}

func TestConsentIsPreparedAfterItsAnswer(t *testing.T) {
	r := newRig(t, func(c *saltedge.Config) { c.Delay = 2 * time.Second })
	env := r.env("ledger", orgID)
	r.registerBG(t, env)
	r.advance(3 * time.Second)
	created := r.raw(t, env, "POST", api+"/consents", consent, nil, nil)
	first := decode[berlin.ConsentCreated](t, created)
	if created.status != 201 || first.Status != "accepted" || first.Links["scaRedirect"].Href != "" || !strings.HasPrefix(first.Links["status"].Href, "/salt-edge/artea_sandbox/api/berlingroup/v1/consents/"+first.ID) {
		t.Fatalf("got %s", created.body)
	}
	r.advance(3 * time.Second)
	second := decode[berlin.Consent](t, r.raw(t, env, "GET", api+"/consents/"+first.ID, "", nil, nil))
	if second.Status != "received" || !strings.HasPrefix(second.Links["scaRedirect"].Href, "https://") || !strings.HasSuffix(second.Until, "T00:00:00Z") {
		t.Fatalf("got %+v", second)
	}
	back, _ := r.psu(t, second.Links["scaRedirect"].Href, "alice", true)
	if back == nil || back.String() != redirectURI {
		t.Fatalf("the way back is %v: nothing may be added to it", back)
	}
	if back, page := r.psu(t, second.Links["scaRedirect"].Href, "alice", true); back != nil || !strings.Contains(page, "decided already") {
		t.Errorf("the same address again leads to %v", back)
	}
	if got := r.raw(t, env, "DELETE", api+"/consents/"+first.ID, "", nil, nil); got.status != 204 {
		t.Errorf("delete: %d %s", got.status, got.body)
	}
	if s := decode[berlin.ConsentStatus](t, r.raw(t, env, "GET", api+"/consents/"+first.ID+"/status", "", nil, nil)); s.Status != "terminatedByTpp" {
		t.Errorf("status %s", s.Status)
	}
}

func TestConsentForAStrangersAccountIsRejectedLater(t *testing.T) {
	r := newRig(t)
	env := r.registered("ledger")
	body := `{"recurringIndicator":true,"frequencyPerDay":4,"validUntil":"2099-05-07","access":{"balances":[{"iban":"DE02120300000000202051"}]}}`
	first := decode[berlin.ConsentCreated](t, r.raw(t, env, "POST", api+"/consents", body, nil, nil))
	if first.Status != "accepted" {
		t.Fatalf("got %+v", first)
	}
	time.Sleep(10 * time.Millisecond)
	got := decode[berlin.Consent](t, r.raw(t, env, "GET", api+"/consents/"+first.ID, "", nil, nil))
	if got.Status != "rejected" || got.Links["scaRedirect"].Href != "" {
		t.Errorf("got %+v", got)
	}
}

func TestConsentRequestsThatAreRefused(t *testing.T) {
	r := newRig(t)
	env := r.registered("ledger")
	for name, tt := range map[string]struct{ body, code string }{
		"no access":            {`{"recurringIndicator":true,"frequencyPerDay":4,"validUntil":"2099-05-07","access":{}}`, "FORMAT_ERROR"},
		"two kinds of access":  {`{"recurringIndicator":true,"frequencyPerDay":4,"validUntil":"2099-05-07","access":{"allPsd2":"allAccounts","balances":[]}}`, "FORMAT_ERROR"},
		"a day in the past":    {`{"recurringIndicator":true,"frequencyPerDay":4,"validUntil":"2020-05-07","access":{"balances":[]}}`, "PERIOD_INVALID"},
		"a day that is none":   {`{"recurringIndicator":true,"frequencyPerDay":4,"validUntil":"soon","access":{"balances":[]}}`, "FORMAT_ERROR"},
		"never":                {`{"recurringIndicator":true,"frequencyPerDay":0,"validUntil":"2099-05-07","access":{"balances":[]}}`, "FORMAT_ERROR"},
		"one-off, four a day":  {`{"recurringIndicator":false,"frequencyPerDay":4,"validUntil":"2099-05-07","access":{"balances":[]}}`, "FORMAT_ERROR"},
		"something else":       {`[]`, "FORMAT_ERROR"},
		"an account list only": {`{"recurringIndicator":true,"frequencyPerDay":4,"validUntil":"2099-05-07","access":{"availableAccounts":"allAccounts"}}`, "FORMAT_ERROR"},
	} {
		if got := r.raw(t, env, "POST", api+"/consents", tt.body, nil, nil); got.status != 400 || got.code() != tt.code {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if got := r.raw(t, env, "POST", api+"/consents", consent, func(q *http.Request) { q.Header.Set("TPP-Redirect-URI", "http://evil.example/") }, nil); got.status != 400 {
		t.Errorf("a redirect without TLS: %d", got.status)
	}
}

// registerBG sends the registration as the recipe does.
func (r *rig) registerBG(t testing.TB, env connector.Env) {
	t.Helper()
	body := registration(httpsig.EncodeCertificate(env.Signer.Chain[0], httpsig.CertificatePEMLine))
	if got := r.raw(t, env, "POST", "/api/berlingroup/v1/tpp/register", body, nil, nil); got.status != 200 {
		t.Fatalf("register: %d %s", got.status, got.body)
	}
}

func registration(pem string) string {
	return `{"company":{"name":"L","email":"a@b"},"representative":{"name":"R","email":"r@b"},"certificate":{"name":"seal","type":"qseal","pem":"` + pem + `"}}`
}

func TestBerlinRegistration(t *testing.T) {
	r := newRig(t, func(c *saltedge.Config) { c.Delay = time.Hour })
	env := r.env("ledger", orgID)
	uk := r.issue("uk-seal", eidas.Request{Type: eidas.TypeSeal, OrgID: orgID, Roles: []eidas.Role{eidas.RoleAI}, Subject: eidas.Subject{Country: "UK", Organisation: "Ledger Ltd"}})
	post := func(path, body string) answer {
		req, _ := http.NewRequest(http.MethodPost, r.url+"/salt-edge/api/berlingroup/v1/tpp"+path, strings.NewReader(body))
		return r.send(t, env, req)
	}
	line := httpsig.EncodeCertificate(env.Signer.Chain[0], httpsig.CertificatePEMLine)
	if got := post("/certificates", `{"certificate":{"name":"x","type":"qseal","pem":"`+line+`"}}`); got.status != 404 {
		t.Errorf("a certificate of nobody: %d %s", got.status, got.body)
	}
	if got := post("/register", registration(httpsig.EncodeCertificate(uk, httpsig.CertificatePEMLine))); got.status != 400 || got.text() != "country UK was not found" {
		t.Errorf("country UK: %d %s", got.status, got.body)
	}
	if got := post("/register", registration(httpsig.EncodeCertificate(env.TPP.Transport, httpsig.CertificatePEMLine))); got.status != 400 {
		t.Errorf("a QWAC as QSEAL: %d %s", got.status, got.body)
	}
	if got := post("/register", registration("nonsense")); got.status != 400 {
		t.Errorf("nonsense as a certificate: %d", got.status)
	}
	for range 2 { // the same again is the same TPP
		if got := post("/register", registration(line)); got.status != 200 || !strings.Contains(string(got.body), "Request is processed") {
			t.Fatalf("got %d %s", got.status, got.body)
		}
	}
	if got := r.raw(t, env, "GET", api+"/consents/1/status", "", nil, nil); got.status != 401 || got.code() != "CERTIFICATE_INVALID" {
		t.Errorf("before it is accepted: %d %s", got.status, got.body)
	}
	r.advance(time.Hour + time.Minute)
	if got := r.raw(t, env, "GET", api+"/consents/1/status", "", nil, nil); got.code() != "CONSENT_UNKNOWN" {
		t.Errorf("after: %d %s", got.status, got.body)
	}
}
