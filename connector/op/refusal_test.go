package op_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	simop "github.com/onepointledger/onepoint/modelbank/sim/op"
)

// attempt is a registration just before it is sent.
type attempt struct {
	*bench
	t testing.TB
	p *onepoint.Progress
}

func newAttempt(t testing.TB, change ...func(*simop.Config)) attempt {
	t.Helper()
	b, p := newBench(t, change...), newProgress()
	if err := run(t.Context(), b.onboarder(t, b.env(t)), p, "", "registration-request"); err != nil {
		t.Fatal(err)
	}
	return attempt{b, t, p}
}

// seal is the key that the generator made for signing.
func (a attempt) seal() fapi.SigningKey {
	a.t.Helper()
	s, err := keys{a.bench, a.t}.Signer(a.t.Context(), a.p.Facts["seal_key"])
	if err != nil {
		a.t.Fatal(err)
	}
	return fapi.SigningKey{Signer: s.Key, KeyID: a.p.Facts["seal_kid"], Alg: "RS256"}
}

func (a attempt) claims(artifact string) map[string]any {
	a.t.Helper()
	claims := map[string]any{}
	if err := fapi.DecodeUnverified(a.p.Artifacts[artifact], &claims); err != nil {
		a.t.Fatal(err)
	}
	return claims
}

func (a attempt) sign(key fapi.SigningKey, claims map[string]any) string {
	a.t.Helper()
	return must[string](a.t)(fapi.SignJWT(key, "JWT", claims))
}

// statement puts another software statement into the request, signed by key.
func (a attempt) statement(key fapi.SigningKey, change func(map[string]any)) {
	a.t.Helper()
	claims := a.claims("ssa.jwt")
	change(claims)
	a.carry(a.sign(key, claims))
}

func (a attempt) carry(statement string) {
	a.t.Helper()
	a.p.Artifacts["ssa.jwt"] = statement
	a.request(a.seal(), func(c map[string]any) { c["software_statement"] = statement })
}

// request changes the registration request and signs it by key.
func (a attempt) request(key fapi.SigningKey, change func(map[string]any)) {
	a.t.Helper()
	claims := a.claims("registration.jwt")
	change(claims)
	a.p.Artifacts["registration.jwt"] = a.sign(key, claims)
}

// send is the recipe's own step.
func (a attempt) send() error {
	a.t.Helper()
	return run(a.t.Context(), a.onboarder(a.t, a.env(a.t)), a.p, "register", "register")
}

func newRSA(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	return must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
}

func stranger(t testing.TB, kid string) fapi.SigningKey {
	t.Helper()
	return fapi.SigningKey{Signer: newRSA(t), KeyID: kid, Alg: "RS256"}
}

// transportOf gives the recipe another QWAC.
func (a attempt) transportOf(q *eidas.QTSP, from, to time.Time, roles ...eidas.Role) {
	a.t.Helper()
	key := newRSA(a.t)
	leaf := must[*x509.Certificate](a.t)(q.Issue(eidas.Request{
		Type: eidas.TypeWeb, Subject: eidas.Subject{Country: "FI", Organisation: "One Point Ledger Oy"}, OrgID: "PSD" + a.p.Facts["org_id"],
		Roles: roles, DNSNames: []string{"tpp.example"}, PublicKey: key.Public(), NotBefore: from, NotAfter: to,
	}))
	var file strings.Builder
	for _, c := range append([]*x509.Certificate{leaf}, q.Chain()...) {
		file.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	der := must[[]byte](a.t)(x509.MarshalPKCS8PrivateKey(key))
	file.Write(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err := a.vault.Import(a.t.Context(), workspace, keys{}.name("another"), []byte(file.String())); err != nil {
		a.t.Fatal(err)
	}
	a.p.Facts["transport_key"] = "another"
}

func everyRole() []eidas.Role { return []eidas.Role{eidas.RoleAI, eidas.RolePI, eidas.RoleIC} }

func part(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func TestRefusedRegistrationSaysWhyAndLeavesNoClient(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(a attempt)
		code  onepoint.Code
		says  string
	}{
		"a wrong API key": {func(a attempt) {
			if err := (secrets{a.bench}).Save(a.t.Context(), onepoint.Credential{APIKey: "guessed"}); err != nil {
				a.t.Fatal(err)
			}
		}, onepoint.CodeInputRequired, "InvalidApiKey"},
		"no certificate": {func(a attempt) { a.p.Facts["transport_key"] = "" }, onepoint.CodeCertificateInvalid, "NoClientCertificate"},
		"a QWAC of a stranger": {func(a attempt) {
			q := must[*eidas.QTSP](a.t)(eidas.NewTestQTSP(a.now()))
			a.transportOf(q, a.now().Add(-time.Minute), a.now().AddDate(0, 6, 0), everyRole()...)
		}, onepoint.CodeCertificateInvalid, "InvalidClientCertificate"},
		"an expired QWAC": {func(a attempt) {
			a.transportOf(a.qtsp, a.now().Add(-time.Minute), a.now().Add(-time.Second), everyRole()...)
		}, onepoint.CodeCertificateInvalid, "InvalidClientCertificate"},
		"a QWAC without the role": {func(a attempt) {
			a.transportOf(a.qtsp, a.now().Add(-time.Minute), a.now().AddDate(0, 6, 0), eidas.RoleAI)
		}, onepoint.CodeSignatureInvalid, "the certificate lacks the role PIS"},
		"a request signed by another key": {func(a attempt) {
			a.request(stranger(a.t, a.p.Facts["seal_kid"]), func(map[string]any) {})
		}, onepoint.CodeInvalid, "signature does not verify"},
		"a redirect URI outside the statement": {func(a attempt) {
			a.request(a.seal(), func(c map[string]any) { c["redirect_uris"] = []string{redirect, "https://evil.example/cb"} })
		}, onepoint.CodeInvalid, "a redirect URI is not in the software statement"},
		"an http redirect URI": {func(a attempt) {
			a.statement(a.seal(), func(c map[string]any) { c["software_redirect_uris"] = []string{"http://127.0.0.1:8080/cb"} })
			a.request(a.seal(), func(c map[string]any) { c["redirect_uris"] = []string{"http://127.0.0.1:8080/cb"} })
		}, onepoint.CodeInvalid, "redirect URIs must be https"},
		"a request without signature": {func(a attempt) {
			a.p.Artifacts["registration.jwt"] = part(map[string]string{"alg": "none"}) + "." + part(a.claims("registration.jwt")) + "."
		}, onepoint.CodeInvalid, "algorithm that is not allowed"},
		"a request sealed with the public key": {func(a attempt) {
			a.p.Artifacts["registration.jwt"] = a.hs256(a.claims("registration.jwt"))
		}, onepoint.CodeInvalid, "algorithm that is not allowed"},
		"a statement sealed with the public key": {func(a attempt) { a.carry(a.hs256(a.claims("ssa.jwt"))) }, onepoint.CodeSignatureInvalid, "algorithm that is not allowed"},
		"a statement without signature": {func(a attempt) {
			a.carry(part(map[string]string{"alg": "none"}) + "." + part(a.claims("ssa.jwt")) + ".")
		}, onepoint.CodeSignatureInvalid, "algorithm that is not allowed"},
		"a statement signed by a stranger": {func(a attempt) {
			a.statement(stranger(a.t, a.p.Facts["seal_kid"]), func(map[string]any) {})
		}, onepoint.CodeSignatureInvalid, "software_statement: the token's signature does not verify"},
		"a tampered statement": {func(a attempt) {
			parts := strings.Split(a.p.Artifacts["ssa.jwt"], ".")
			claims := a.claims("ssa.jwt")
			claims["software_client_name"] = "Evil"
			a.carry(parts[0] + "." + part(claims) + "." + parts[2])
		}, onepoint.CodeSignatureInvalid, "software_statement: the token's signature does not verify"},
		"an expired statement": {func(a attempt) {
			a.statement(a.seal(), func(c map[string]any) { c["exp"] = a.now().Add(-time.Hour).Unix() })
		}, onepoint.CodeSignatureInvalid, "exp has passed"},
		"another organisation's statement": {func(a attempt) {
			a.statement(a.seal(), func(c map[string]any) { c["org_id"] = "FI-FINFSA-ANOTHER" })
		}, onepoint.CodeSignatureInvalid, "org_id is not the organizationIdentifier"},
		"a request without iat": {func(a attempt) { a.request(a.seal(), func(c map[string]any) { delete(c, "iat") }) }, onepoint.CodeInvalid, "older than 600 s"},
		"a request older than 600 s": {func(a attempt) {
			a.request(a.seal(), func(c map[string]any) {
				c["iat"], c["exp"] = a.now().Add(-722*time.Second).Unix(), a.now().Add(time.Hour).Unix()
			})
		}, onepoint.CodeInvalid, "older than 600 s"},
		"a request to another bank": {func(a attempt) {
			a.request(a.seal(), func(c map[string]any) { c["aud"] = "https://mtls.apis.another.example" })
		}, onepoint.CodeInvalid, "aud does not name the receiver"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAttempt(t)
			tc.spoil(a)
			err := a.send()
			if onepoint.CodeOf(err) != tc.code || !strings.Contains(onepoint.MessageOf(err), tc.says) {
				t.Errorf("got %s %v, want %s: %s", onepoint.CodeOf(err), err, tc.code, tc.says)
			}
			if n := a.clients(t, a.p); n != 0 {
				t.Errorf("the bank has %d clients", n)
			}
		})
	}
}

// hs256 seals claims with what everybody knows: the public key.
func (a attempt) hs256(claims map[string]any) string {
	a.t.Helper()
	public := must[[]byte](a.t)(x509.MarshalPKIXPublicKey(a.seal().Signer.Public()))
	input := part(map[string]string{"alg": "HS256", "kid": a.p.Facts["seal_kid"]}) + "." + part(claims)
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	io.WriteString(mac, input)
	return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestLoopbackRedirectIsAcceptedWhereAllowed(t *testing.T) {
	a := newAttempt(t, func(c *simop.Config) { c.AllowLoopbackRedirects = true })
	for uri, ok := range map[string]bool{
		"http://127.0.0.1:8080/cb": true, "http://localhost/cb": true, "http://app.example/cb": false, "https://app.example/cb#f": false, "ftp://localhost/": false,
	} {
		a.statement(a.seal(), func(c map[string]any) { c["software_redirect_uris"] = []string{uri} })
		a.request(a.seal(), func(c map[string]any) { c["redirect_uris"] = []string{uri} })
		if err := a.send(); (err == nil) != ok {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

func TestSoftwareOfAnotherProviderCannotBeRegisteredAgain(t *testing.T) {
	b := newBench(t)
	first := register(t, b)
	taken := maps.Clone(first.progress.Facts)
	second := newProgress()
	second.Facts["software_client_id"] = taken["software_client_id"]
	err := run(t.Context(), b.onboarder(t, b.env(t)), second, "", "")
	if onepoint.CodeOf(err) != onepoint.CodeSignatureInvalid || !strings.Contains(onepoint.MessageOf(err), "registered by another provider") {
		t.Errorf("got %v", err)
	}
	if n, own := b.clients(t, second), b.clients(t, first.progress); n != 0 || own != 1 {
		t.Errorf("the bank has %d and %d clients", n, own)
	}
}

func TestWrongContentTypeIsRefused(t *testing.T) {
	a := newAttempt(t)
	c := must[*http.Client](t)(keys{a.bench, t}.HTTP(t.Context(), a.p.Facts["transport_key"]))
	for _, tc := range []struct {
		media   string
		status  int
		clients int
	}{{"application/json", 415, 0}, {"text/plain", 415, 0}, {"application/jwt; charset=utf-8", 201, 1}} {
		req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPost, a.profile.Onboarding.Register, strings.NewReader(a.p.Artifacts["registration.jwt"])))
		req.Header.Set("x-api-key", apiKey)
		req.Header.Set("Content-Type", tc.media)
		resp := must[*http.Response](t)(c.Do(req))
		resp.Body.Close()
		if n := a.clients(t, a.p); resp.StatusCode != tc.status || n != tc.clients {
			t.Errorf("%q: status %d, %d clients", tc.media, resp.StatusCode, n)
		}
	}
}
