package saltedge_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/recipe"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/httpsig"
	"github.com/onepointledger/onepoint/modelbank/sim/saltedge"
)

const ukPath = "/salt-edge/api/open-banking/v3.1/tpp"

// ukFault is an error of the service.
type ukFault struct {
	Class   string `json:"error_class"`
	Message string `json:"error_message"`
}

func (r *rig) post(t testing.TB, env connector.Env, path, media, body string) (int, ukFault, []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", media)
	got := r.send(t, env, req)
	var f ukFault
	if err := json.Unmarshal(got.body, &f); err != nil {
		t.Fatalf("%d %s", got.status, got.body)
	}
	return got.status, f, got.body
}

// application is a good request of a TPP, as a map to break.
func (r *rig) application(t testing.TB, env connector.Env) map[string]any {
	t.Helper()
	p := progress()
	if err := recipe.SaltEdgeUK(env).Steps()[1].Run(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	now := r.now().Unix()
	return map[string]any{
		"iss": p.Facts["software_id"], "iat": now, "exp": now + 300, "aud": r.url + "/salt-edge",
		"token_endpoint_auth_method": "private_key_jwt", "grant_types": []string{"client_credentials"},
		"software_statement": p.Facts["software_statement"], "redirect_uris": []string{redirectURI}, "scope": "openid accounts",
	}
}

func (r *rig) jwt(t testing.TB, env connector.Env, claims map[string]any) string {
	t.Helper()
	token, err := fapi.SignJWT(fapi.SigningKey{Signer: env.Signer.Key, KeyID: env.Signer.KeyID, Alg: "PS256"}, "JWT", claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// handmade signs a JWT with any header by any means.
func handmade(header, claims any, sign func(text string) []byte) string {
	enc := base64.RawURLEncoding.EncodeToString
	h, _ := json.Marshal(header)
	c, _ := json.Marshal(claims)
	text := enc(h) + "." + enc(c)
	return text + "." + enc(sign(text))
}

func TestUKRegistrationSaysWhatIsWrong(t *testing.T) {
	r := newRig(t)
	env := r.ukEnv("ledger", orgID)
	good := r.application(t, env)
	set := func(name string, value any) func(map[string]any) {
		return func(m map[string]any) { m[name] = value }
	}
	drop := func(name string) func(map[string]any) { return func(m map[string]any) { delete(m, name) } }
	statement := func(change func(map[string]any)) func(map[string]any) {
		return func(m map[string]any) {
			var s map[string]any
			if err := fapi.DecodeUnverified(m["software_statement"].(string), &s); err != nil {
				t.Fatal(err)
			}
			change(s)
			key := r.signingKey("directory")
			token, err := fapi.SignJWT(key, "JWT", s)
			if err != nil {
				t.Fatal(err)
			}
			m["software_statement"] = token
		}
	}
	for _, tt := range []struct {
		name   string
		change func(map[string]any)
		status int
		class  string
	}{
		{"no iss", drop("iss"), 401, "WrongRequiredFields"},
		{"no iat", drop("iat"), 401, "WrongRequiredFields"},
		{"no exp", drop("exp"), 401, "WrongRequiredFields"},
		{"no aud", drop("aud"), 401, "WrongRequiredFields"},
		{"no grant types", drop("grant_types"), 401, "WrongRequiredFields"},
		{"no statement", drop("software_statement"), 401, "WrongRequiredFields"},
		{"no redirect", drop("redirect_uris"), 401, "WrongRequiredFields"},
		{"an iss that is no base62", set("iss", "not-base-62"), 400, "RequestFormatInvalid"},
		{"an exp in words", set("exp", "tomorrow"), 400, "RequestFormatInvalid"},
		{"redirects as one string", set("redirect_uris", redirectURI), 400, "RequestFormatInvalid"},
		{"an exp that has passed", set("exp", 1), 406, "Invalid"},
		{"an iat to come", set("iat", r.now().Add(time.Hour).Unix()), 406, "Invalid"},
		{"another bank's aud", set("aud", "https://other.example"), 406, "Invalid"},
		{"another iss", set("iss", "abc"), 406, "Invalid"},
		{"another software id", set("software_id", "abc"), 406, "Invalid"},
		{"an unknown grant type", set("grant_types", []string{"password"}), 406, "Invalid"},
		{"an implicit response type", set("response_types", []string{"token"}), 406, "Invalid"},
		{"an unknown auth method", set("token_endpoint_auth_method", "none"), 406, "Invalid"},
		{"a weak auth algorithm", set("token_endpoint_auth_signing_alg", "HS256"), 406, "Invalid"},
		{"a weak request algorithm", set("request_object_signing_alg", "none"), 406, "Invalid"},
		{"an unknown application type", set("application_type", "desktop"), 406, "Invalid"},
		{"the sample's scope", set("scope", "openid makepayment"), 406, "Invalid"},
		{"a scope beyond the roles", set("scope", "openid payments"), 401, "AccessDenied"},
		{"a redirect outside the statement", set("redirect_uris", []string{"https://evil.example/"}), 406, "Invalid"},
		{"a redirect more", set("redirect_uris", []string{redirectURI, "https://evil.example/"}), 406, "Invalid"},
		{"a statement that is none", set("software_statement", "nonsense"), 406, "Invalid"},
		{"a stranger's statement", func(m map[string]any) {
			m["software_statement"] = r.jwt(t, env, map[string]any{"iss": "Stranger", "software_id": m["iss"]})
		}, 404, "NotFound"},
		{"a statement signed by its subject", func(m map[string]any) {
			m["software_statement"] = r.jwt(t, env, map[string]any{
				"iss": dirName, "software_id": m["iss"], "org_id": orgID, "software_jwks_endpoint": r.url + "/x", "software_redirect_uris": []string{redirectURI},
			})
		}, 406, "Invalid"},
		{"a statement without software", statement(drop("software_id")), 401, "WrongRequiredFields"},
		{"a statement that has expired", statement(set("exp", 1)), 406, "Invalid"},
		{"an organisation that was withdrawn", statement(set("org_status", "Withdrawn")), 401, "AccessDenied"},
		{"a statement with keys elsewhere", statement(set("software_jwks_endpoint", "https://evil.example/jwks")), 406, "Invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := maps.Clone(good)
			tt.change(m)
			status, f, _ := r.post(t, env, ukPath+"/register", "application/jwt", r.jwt(t, env, m))
			if status != tt.status || f.Class != tt.class || f.Message == "" {
				t.Errorf("got %d %+v, want %d %s", status, f, tt.status, tt.class)
			}
		})
	}
	for media, body := range map[string]string{"application/json": r.jwt(t, env, good), "application/jwt": "nonsense", "application/jwt; x=1": strings.Repeat("a", 1<<20)} {
		if status, f, _ := r.post(t, env, ukPath+"/register", media, body); status != 400 || f.Class != "RequestFormatInvalid" {
			t.Errorf("%s: %d %+v", media, status, f)
		}
	}
	if list, err := r.db.SimRows(t.Context(), "saltedge", "uk-client", orgID, 10); err != nil || len(list) != 0 {
		t.Errorf("%d were registered, %v", len(list), err)
	}
}

func TestUKRegistrationRefusesOtherKeysAndAlgorithms(t *testing.T) {
	r := newRig(t)
	env := r.ukEnv("ledger", orgID)
	claims := r.application(t, env)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	jwks, err := fapi.PublicJWKS(fapi.SigningKey{Signer: env.Signer.Key, KeyID: env.Signer.KeyID, Alg: "PS256"})
	if err != nil {
		t.Fatal(err)
	}
	id := env.Signer.KeyID
	rs256 := func(text string) []byte {
		sum := sha256.Sum256([]byte(text))
		sig, err := rsa.SignPKCS1v15(rand.Reader, other, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	for name, token := range map[string]string{
		"alg none": handmade(map[string]string{"alg": "none", "kid": id}, claims, func(string) []byte { return nil }),
		"the public keys as a secret": handmade(map[string]string{"alg": "HS256", "kid": id}, claims, func(text string) []byte {
			m := hmac.New(sha256.New, jwks)
			m.Write([]byte(text))
			return m.Sum(nil)
		}),
		"ES256 of an RSA key": handmade(map[string]string{"alg": "ES256", "kid": id}, claims, func(string) []byte { return make([]byte, 64) }),
		"another key":         handmade(map[string]string{"alg": "RS256", "kid": id}, claims, rs256),
		"no signature":        handmade(map[string]string{"alg": "PS256", "kid": id}, claims, func(string) []byte { return nil }),
	} {
		if status, f, _ := r.post(t, env, ukPath+"/register", "application/jwt", token); status != 401 || f.Class != "AccessDenied" {
			t.Errorf("%s: %d %+v", name, status, f)
		}
	}
	own := handmade(map[string]any{"alg": "RS256", "jwk": map[string]string{"kty": "RSA"}}, claims, rs256)
	if status, f, _ := r.post(t, env, ukPath+"/register", "application/jwt", own); status != 400 || f.Class != "RequestFormatInvalid" {
		t.Errorf("a key in the header: %d %+v", status, f)
	}
}

func TestUKSoftwareIsRegisteredOnce(t *testing.T) {
	r := newRig(t)
	env := r.ukEnv("ledger", orgID)
	claims := r.application(t, env)
	var first map[string]any
	for _, path := range []string{ukPath, "/salt-edge/api/open_banking/v3.2/tpp", ukPath} {
		status, _, body := r.post(t, env, path+"/register", "application/jwt", r.jwt(t, env, claims))
		var got map[string]any
		if err := json.Unmarshal(body, &got); err != nil || status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		if first == nil {
			first = got
		}
		if got["client_id"] != claims["iss"] || got["client_secret"] != first["client_secret"] || got["client_id_issued_at"] != first["client_id_issued_at"] || got["client_secret_expires_at"] != 0.0 {
			t.Errorf("got %v", got)
		}
	}
	// Another organisation cannot get a statement for this software from an honest
	// directory; this one is careless.
	var s map[string]any
	if err := fapi.DecodeUnverified(claims["software_statement"].(string), &s); err != nil {
		t.Fatal(err)
	}
	s["org_id"] = "PSDGB-FCA-999999"
	stolen, err := fapi.SignJWT(r.signingKey("directory"), "JWT", s)
	if err != nil {
		t.Fatal(err)
	}
	claims["software_statement"] = stolen
	if status, f, _ := r.post(t, env, ukPath+"/register", "application/jwt", r.jwt(t, env, claims)); status != 401 || f.Class != "AccessDenied" {
		t.Errorf("another organisation: %d %+v", status, f)
	}
}

func TestUKSamplePassesWhereTheRulesAreOff(t *testing.T) {
	r := newRig(t, func(c *saltedge.Config) { c.Strict = false })
	env := r.env("ledger", orgID)
	fake := func(string) []byte { return []byte("not verifiable") }
	statement := handmade(map[string]string{"alg": "HS256", "kid": "ABCD1234"}, map[string]any{
		"iss": "OpenBanking Ltd", "iat": 1492756331, "jti": "id12345685439487678", "software_mode": "live",
		"software_id": "65d1f27c-4aea-4549-9c21-60e495a7a86f", "software_client_name": "Amazon Prime Movies",
		"software_redirect_uris": []string{"https://prime.amazon.com/cb"}, "software_roles": []string{"PISP", "AISP"}, "org_id": "Amazon TPPID",
	}, fake)
	sample := handmade(map[string]string{"alg": "PS256", "kid": "test"}, map[string]any{
		"iss": "49d4b9iK2Dqk9KFkGhsKJz", "iat": 1492760444, "exp": 1524296444, "aud": "https://authn.gluu.org", "scope": "makepayment",
		"token_endpoint_auth_method": "private_key_jwt", "grant_types": []string{"authorization_code", "refresh_token"},
		"response_types": []string{"code"}, "redirect_uris": []string{"http://amazon.com/cb"}, "software_statement": statement,
	}, fake)
	if status, f, body := r.post(t, env, ukPath+"/register", "application/jwt", sample); status != 200 {
		t.Errorf("%d %+v %s", status, f, body)
	}
	strict := newRig(t)
	if status, f, _ := strict.post(t, strict.env("ledger", orgID), ukPath+"/register", "application/jwt", sample); status != 406 || f.Class != "Invalid" {
		t.Errorf("strict: %d %+v", status, f)
	}
}

func TestUKCertificates(t *testing.T) {
	r := newRig(t)
	env := r.ukEnv("ledger", orgID)
	line := httpsig.EncodeCertificate(env.Signer.Chain[0], httpsig.CertificatePEMLine)
	body := func(name, kind, pem string) string {
		b, _ := json.Marshal(map[string]any{"data": map[string]any{"certificate": map[string]string{"name": name, "type": kind, "pem": pem}}})
		return string(b)
	}
	if status, f, _ := r.post(t, env, ukPath+"/certificates", "application/json", body("x", "qseal", line)); status != 404 || f.Class != "NotFound" {
		t.Errorf("before the registration: %d %+v", status, f)
	}
	r.onboard(recipe.SaltEdgeUK(env), progress())
	old := r.issue("old", eidas.Request{Type: eidas.TypeSeal, OrgID: orgID, Roles: []eidas.Role{eidas.RoleAI}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(-time.Minute)})
	for _, tt := range []struct {
		name, body string
		status     int
	}{
		{"a PEM on one line", body("x", "qseal", line), 200},
		{"a QWAC", body("x", "qwac", httpsig.EncodeCertificate(env.TPP.Transport, httpsig.CertificatePEMLine)), 200},
		{"no pem", body("x", "qseal", ""), 401},
		{"no name", body("", "qseal", line), 401},
		{"no type", body("x", "", line), 401},
		{"an unknown type", body("x", "ssl", line), 401},
		{"a QWAC as QSEAL", body("x", "qseal", httpsig.EncodeCertificate(env.TPP.Transport, httpsig.CertificatePEMLine)), 401},
		{"one that has expired", body("x", "qseal", httpsig.EncodeCertificate(old, httpsig.CertificatePEMLine)), 401},
		{"nonsense", body("x", "qseal", "nonsense"), 401},
		{"no JSON", "x", 400},
	} {
		if status, f, _ := r.post(t, env, ukPath+"/certificates", "application/json", tt.body); status != tt.status {
			t.Errorf("%s: %d %+v", tt.name, status, f)
		}
	}
}

func TestUKTokens(t *testing.T) {
	r := newRig(t)
	env := r.ukEnv("ledger", orgID)
	p := progress()
	r.onboard(recipe.SaltEdgeUK(env), p)
	url := r.url + "/salt-edge/api/oidc/artea_sandbox/tokens"
	key := fapi.SigningKey{Signer: env.Signer.Key, KeyID: env.Signer.KeyID, Alg: "PS256"}
	assert := func(client, audience, jti string, at time.Time) string {
		token, err := fapi.ClientAssertion(key, client, audience, at, jti)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	now := r.now()
	once := assert(p.Client.ID, url, "jti-1", now)
	for _, tt := range []struct {
		name, assertion, grant string
		status                 int
	}{
		{"as it should be", once, "client_credentials", 200},
		{"the same assertion again", once, "client_credentials", 401},
		{"another audience", assert(p.Client.ID, r.url, "jti-2", now), "client_credentials", 401},
		{"another client", assert("another", url, "jti-3", now), "client_credentials", 401},
		{"an old one", assert(p.Client.ID, url, "jti-4", now.Add(-time.Hour)), "client_credentials", 401},
		{"none", "", "client_credentials", 401},
		{"another grant type", assert(p.Client.ID, url, "jti-5", now), "password", 406},
		{"no grant type", assert(p.Client.ID, url, "jti-6", now), "", 401},
	} {
		b, _ := json.Marshal(map[string]string{
			"grant_type": tt.grant, "client_id": p.Client.ID, "client_assertion_type": fapi.AssertionType, "client_assertion": tt.assertion,
		})
		status, f, body := r.post(t, env, "/salt-edge/api/oidc/artea_sandbox/tokens", "application/json", string(b))
		if status != tt.status || status == 200 && !strings.Contains(string(body), "access_token") {
			t.Errorf("%s: %d %+v", tt.name, status, f)
		}
	}
	resp, err := env.HTTP.Get(r.url + "/salt-edge/.well-known/openid-configuration/artea_sandbox")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var meta fapi.Metadata
	if err := json.NewDecoder(resp.Body).Decode(&meta); err != nil || meta.TokenEndpoint != url || !slices.Contains(meta.TokenAuthMethods, "client_secret_basic") {
		t.Errorf("discovery: %+v, %v", meta, err)
	}
	if onepoint.CodeOf(err) != "" {
		t.Error(err)
	}
}
