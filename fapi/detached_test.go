package fapi_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

func rsaKey(t testing.TB, alg string) (fapi.SigningKey, jwk.Set) {
	t.Helper()
	priv, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key := fapi.SigningKey{Signer: priv, KeyID: fapi.KeyID(priv.Public()), Alg: alg}
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

func TestDetachedSignatureVerifiesOverItsBody(t *testing.T) {
	ecKey, ecKeys := newKey(t)
	for _, alg := range []string{"RS256", "PS256", "ES256"} {
		key, keys := ecKey, ecKeys
		if alg != "ES256" {
			key, keys = rsaKey(t, alg)
		}
		for name, body := range map[string][]byte{
			"JSON": []byte(`{"amountEUR":"1.00"}`), "nothing": nil, "not JSON": {0, 1, 255, '.', '.'}, "a long body": []byte(strings.Repeat("x", 300<<10)),
		} {
			signature, err := fapi.SignDetached(key, body)
			if err != nil || strings.Count(signature, ".") != 2 || !strings.Contains(signature, "..") {
				t.Fatalf("%s, %s: %.60s, %v", alg, name, signature, err)
			}
			if err := fapi.VerifyDetached(signature, body, keys, alg); err != nil {
				t.Errorf("%s, %s: %v", alg, name, err)
			}
			if err := fapi.VerifyDetached(signature, append(body, ' '), keys, alg); onepoint.CodeOf(err) != onepoint.CodeSignatureInvalid {
				t.Errorf("%s, %s, one blank more: %v", alg, name, err)
			}
		}
	}
}

func encoded(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// withHeader signs a body under a header of any kind with ES256.
func withHeader(t testing.TB, priv *ecdsa.PrivateKey, header string, body []byte) string {
	t.Helper()
	head := base64.RawURLEncoding.EncodeToString([]byte(header))
	digest := sha256.Sum256([]byte(head + "." + base64.RawURLEncoding.EncodeToString(body)))
	r, s, err := ecdsa.Sign(rand.Reader, priv, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, 64)
	r.FillBytes(raw[:32])
	s.FillBytes(raw[32:])
	return head + ".." + base64.RawURLEncoding.EncodeToString(raw)
}

func TestTamperedDetachedSignatureIsRefused(t *testing.T) {
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := fapi.SigningKey{Signer: crypto.Signer(priv), KeyID: "k", Alg: "ES256"}
	jwks, err := fapi.PublicJWKS(key)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := fapi.ParseKeys(jwks)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := newKey(t)
	other.KeyID = "k"
	body := []byte(`{"amountEUR":"1.00"}`)
	good, err := fapi.SignDetached(key, body)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := fapi.SignDetached(other, body)
	if err != nil {
		t.Fatal(err)
	}
	head, signature, _ := strings.Cut(good, "..")
	payload := base64.RawURLEncoding.EncodeToString(body)
	mac := hmac.New(sha256.New, jwks)
	mac.Write([]byte(encoded(t, map[string]string{"alg": "HS256", "kid": "k"}) + "." + payload))
	hs256 := encoded(t, map[string]string{"alg": "HS256", "kid": "k"}) + ".." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	if err := fapi.VerifyDetached(withHeader(t, priv, `{"alg":"ES256","kid":"k"}`, body), body, keys, "ES256"); err != nil {
		t.Fatalf("the test signs wrongly: %v", err)
	}
	for name, token := range map[string]string{
		"nothing": "", "dots": "..", "one dot": head + "." + signature, "three dots": head + "..." + signature, "four parts": good + ".x", "two detached": good + ".." + signature,
		"a whole JWS": head + "." + payload + "." + signature, "a header alone": head + "..", "a signature alone": ".." + signature,
		"an altered signature": head + "..A" + signature[1:] + "A", "a cut signature": good[:len(good)-4], "another's signature": foreign,
		"an altered header": encoded(t, map[string]string{"alg": "ES256", "kid": "k", "typ": "x"}) + ".." + signature,
		"no algorithm":      encoded(t, map[string]string{"alg": "none", "kid": "k"}) + "..", "the public key as a secret": hs256,
		"an algorithm not allowed here": encoded(t, map[string]string{"alg": "RS256", "kid": "k"}) + ".." + signature,
		"a header that is no base64":    "{}.." + signature, "a header that is no JSON": "AAAA.." + signature, "a header that is a list": encoded(t, []int{}) + ".." + signature,
		"too long":           head + ".." + strings.Repeat("A", 70<<10),
		"crit":               withHeader(t, priv, `{"alg":"ES256","kid":"k","crit":["exp"]}`, body),
		"b64 false":          withHeader(t, priv, `{"alg":"ES256","kid":"k","b64":false}`, body),
		"its own key":        withHeader(t, priv, `{"alg":"ES256","kid":"k","jwk":{}}`, body),
		"its own chain":      withHeader(t, priv, `{"alg":"ES256","kid":"k","x5c":[]}`, body),
		"a place for keys":   withHeader(t, priv, `{"alg":"ES256","kid":"k","jku":"https://evil.example"}`, body),
		"a place for chains": withHeader(t, priv, `{"alg":"ES256","kid":"k","x5u":"https://evil.example"}`, body),
		"a name twice":       withHeader(t, priv, `{"alg":"ES256","kid":"k","alg":"ES256"}`, body),
		"an unknown kid":     withHeader(t, priv, `{"alg":"ES256","kid":"another"}`, body),
		"a numeric kid":      withHeader(t, priv, `{"alg":"ES256","kid":7}`, body),
	} {
		t.Run(name, func(t *testing.T) {
			if err := fapi.VerifyDetached(token, body, keys, "ES256", "PS256"); onepoint.CodeOf(err) != onepoint.CodeSignatureInvalid {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := fapi.VerifyDetached(good, body, keys); onepoint.CodeOf(err) != onepoint.CodeSignatureInvalid {
		t.Errorf("with no algorithm allowed: %v", err)
	}
	if err := fapi.VerifyDetached(good, body, jwk.NewSet(), "ES256"); onepoint.CodeOf(err) != onepoint.CodeSignatureInvalid {
		t.Errorf("with no key: %v", err)
	}
}

func FuzzVerifyDetached(f *testing.F) {
	key, keys := newKey(f)
	good, err := fapi.SignDetached(key, []byte("{}"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, []byte("{} "))
	f.Add("..", []byte(""))
	f.Fuzz(func(t *testing.T, token string, body []byte) {
		err := fapi.VerifyDetached(token, body, keys, "ES256")
		if err == nil && (string(body) != "{}" || !strings.HasPrefix(token, strings.SplitAfter(good, "..")[0])) {
			t.Errorf("%q verifies over %q", token, body)
		}
		if err != nil && onepoint.CodeOf(err) != onepoint.CodeSignatureInvalid {
			t.Errorf("got %v", err)
		}
	})
}
