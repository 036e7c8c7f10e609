package fapi_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func newKey(t testing.TB) (fapi.SigningKey, jwk.Set) {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := fapi.SigningKey{Signer: crypto.Signer(priv), KeyID: fapi.KeyID(priv.Public()), Alg: "ES256"}
	jwks, err := fapi.PublicJWKS(key)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := fapi.ParseKeys(jwks)
	if err != nil {
		t.Fatal(err)
	}
	return key, keys
}

func claims(change func(c map[string]any)) map[string]any {
	c := map[string]any{
		"iss": "client", "aud": "bank", "jti": "1", "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
	if change != nil {
		change(c)
	}
	return c
}

func check() fapi.Check {
	return fapi.Check{Issuer: "client", Audience: []string{"bank"}, Now: now, MaxLifetime: time.Hour, RequireNotBefore: true, RequireID: true}
}

func TestVerifyJWTRefusesAttacks(t *testing.T) {
	key, keys := newKey(t)
	other, _ := newKey(t)
	sign := func(c any) string {
		token, err := fapi.SignJWT(key, "JWT", c)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	enc := base64.RawURLEncoding
	forged := func(header, payload string) string {
		return enc.EncodeToString([]byte(header)) + "." + enc.EncodeToString([]byte(payload)) + "." + strings.Split(sign(claims(nil)), ".")[2]
	}
	payload := `{"iss":"client","aud":"bank","jti":"1","nbf":1795251600,"exp":1795251660}`
	hs256 := func() string {
		pub, err := fapi.PublicJWKS(key)
		if err != nil {
			t.Fatal(err)
		}
		head := enc.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + enc.EncodeToString([]byte(payload))
		mac := hmac.New(sha256.New, pub)
		mac.Write([]byte(head))
		return head + "." + enc.EncodeToString(mac.Sum(nil))
	}
	stranger := other
	stranger.KeyID = key.KeyID
	strangers, err := fapi.SignJWT(stranger, "JWT", claims(nil))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, token string }{
		{"no algorithm", forged(`{"alg":"none"}`, payload)},
		{"no algorithm, spelt otherwise", forged(`{"alg":"nOnE"}`, payload)},
		{"the public key as a shared secret", hs256()},
		{"a weaker algorithm", forged(`{"alg":"RS256"}`, payload)},
		{"a key of its own", forged(`{"alg":"ES256","jwk":{"kty":"EC"}}`, payload)},
		{"an address of keys", forged(`{"alg":"ES256","jku":"https://mallory.example"}`, payload)},
		{"an address of a certificate", forged(`{"alg":"ES256","x5u":"https://mallory.example"}`, payload)},
		{"a certificate of its own", forged(`{"alg":"ES256","x5c":[]}`, payload)},
		{"something critical", forged(`{"alg":"ES256","crit":["x"],"x":1}`, payload)},
		{"an unencoded payload", forged(`{"alg":"ES256","b64":false}`, payload)},
		{"the algorithm twice", forged(`{"alg":"ES256","alg":"none"}`, payload)},
		{"a claim twice", forged(`{"alg":"ES256"}`, `{"iss":"client","iss":"bank"}`)},
		{"a claim twice, in another case", sign(claims(func(c map[string]any) { c["ISS"], c["iss"] = "client", "mallory" }))},
		{"a claim twice, with a letter that folds", sign(claims(func(c map[string]any) { c["i\u017fs"], c["iss"] = "client", "mallory" }))},
		{"a known claim in another case", sign(claims(func(c map[string]any) { delete(c, "iss"); c["ISS"] = "client" }))},
		{"a key id that is a path", forged(`{"alg":"ES256","kid":"../../key"}`, payload)},
		{"another signer", strangers},
		{"a changed payload", forged(`{"alg":"ES256"}`, payload)},
		{"another issuer", sign(claims(func(c map[string]any) { c["iss"] = "mallory" }))},
		{"another audience", sign(claims(func(c map[string]any) { c["aud"] = []string{"other"} }))},
		{"an end in the past", sign(claims(func(c map[string]any) { c["exp"] = now.Add(-time.Minute).Unix() }))},
		{"no end", sign(claims(func(c map[string]any) { delete(c, "exp") }))},
		{"an end far ahead", sign(claims(func(c map[string]any) { c["exp"] = now.Add(2 * time.Hour).Unix() }))},
		{"a begin in the future", sign(claims(func(c map[string]any) { c["nbf"] = now.Add(time.Minute).Unix() }))},
		{"no begin", sign(claims(func(c map[string]any) { delete(c, "nbf") }))},
		{"no id", sign(claims(func(c map[string]any) { delete(c, "jti") }))},
		{"a date in words", sign(claims(func(c map[string]any) { c["exp"] = "tomorrow" }))},
		{"two parts", "e30.e30"},
		{"nothing", ""},
		{"too much", strings.Repeat("a", 70<<10)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got map[string]any
			err := fapi.VerifyJWT(tt.token, keys, check(), &got)
			if code := onepoint.CodeOf(err); code != onepoint.CodeInvalid && code != onepoint.CodeSignatureInvalid {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	var got map[string]any
	if err := fapi.VerifyJWT(sign(claims(nil)), keys, check(), &got); err != nil || got["iss"] != "client" {
		t.Errorf("the honest one: %v, %v", got, err)
	}
}

func TestParseKeysKeepsPublicHalvesOnly(t *testing.T) {
	set, err := fapi.ParseKeys([]byte(`{"keys":[
		{"kty":"oct","k":"c2VjcmV0","kid":"shared"},
		{"kty":"EC","crv":"P-256","kid":"private",
		 "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
		 "d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}]}`)) // the EC key is RFC 7517 appendix A.2's
	if err != nil || set.Len() != 1 {
		t.Fatalf("%d keys, %v", set.Len(), err)
	}
	key, _ := set.Key(0)
	if private, err := jwk.IsPrivateKey(key); err != nil || private {
		t.Errorf("a private key was kept: %t, %v", private, err)
	}
}

func TestChallenge(t *testing.T) {
	// RFC 7636 appendix B.
	if got := fapi.Challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"); got != "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" {
		t.Errorf("got %s", got)
	}
}

func TestRetryAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-1875538": time.Second, "0": time.Second, "99999999999": 24 * time.Hour, "99999999999999999999": 24 * time.Hour, "soon": time.Second,
		"Sat, 21 Nov 2026 09:02:00 GMT": 2 * time.Minute, "Sat, 21 Nov 2020 09:02:00 GMT": time.Second,
	} {
		if got := fapi.RetryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func FuzzVerifyJWT(f *testing.F) {
	key, keys := newKey(f)
	good, err := fapi.SignJWT(key, "JWT", claims(nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("e30.e30.")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, token string) {
		var got map[string]any
		if err := fapi.VerifyJWT(token, keys, check(), &got); err == nil && token != good {
			t.Fatalf("took %q", token)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(`{"keys":[]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`))
	f.Fuzz(func(t *testing.T, jwks []byte) {
		set, err := fapi.ParseKeys(jwks)
		if err != nil {
			return
		}
		for i := range set.Len() {
			key, _ := set.Key(i)
			if private, err := jwk.IsPrivateKey(key); err == nil && private {
				t.Fatal("a private key was kept")
			}
		}
	})
}
