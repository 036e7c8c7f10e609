package vault_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/vault"
)

var (
	firstRSA  = sync.OnceValue(func() *rsa.PrivateKey { return makeRSA(2048) })
	secondRSA = sync.OnceValue(func() *rsa.PrivateKey { return makeRSA(2048) })
)

func makeRSA(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

func number(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }

// members is a key as a JWK; without primes, as OP's sandbox sends it.
func members(key *rsa.PrivateKey, withPrimes bool) map[string]any {
	j := map[string]any{
		"kty": "RSA", "kid": "k", "alg": "RS256", "n": number(key.N), "e": number(big.NewInt(int64(key.E))), "d": number(key.D),
	}
	if withPrimes {
		j["p"], j["q"] = number(key.Primes[0]), number(key.Primes[1])
	}
	return j
}

func encoded(t testing.TB, j any) []byte {
	t.Helper()
	b, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// certificateOf makes a certificate that issuer signs; its own when issuer is nil.
func certificateOf(t testing.TB, name string, key *rsa.PrivateKey, parent *x509.Certificate, issuer *rsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if parent == nil {
		parent, issuer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// signsAs reports whether the kept key signs as this one.
func signsAs(t *testing.T, v *vault.Vault, name string, key *rsa.PrivateKey) {
	t.Helper()
	signer, err := v.Signer(t.Context(), "ws_1", name)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("message"))
	signature, err := signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil || rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature) != nil {
		t.Errorf("the signature does not verify: %v", err)
	}
}

func TestImportedJWKSignsWithAndWithoutPrimes(t *testing.T) {
	v := open(t, newMemory(), keyFile(t))
	key := firstRSA()
	issuer := certificateOf(t, "issuer", secondRSA(), nil, nil)
	leaf := certificateOf(t, "leaf", key, issuer, secondRSA())
	half := members(key, true)
	delete(half, "q")
	padded := members(key, false)
	padded["n"] = base64.URLEncoding.EncodeToString(key.N.Bytes())
	chained := members(key, false)
	text := base64.StdEncoding.EncodeToString(leaf.Raw)
	chained["x5c"] = []string{text[:64] + "\r\n" + text[64:], base64.URLEncoding.EncodeToString(issuer.Raw)}
	for name, j := range map[string]map[string]any{
		"with primes": members(key, true), "without": members(key, false), "with one prime": half, "padded": padded, "with a chain": chained,
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // again is fine
				if err := v.ImportJWK(t.Context(), "ws_1", name, encoded(t, j)); err != nil {
					t.Fatal(err)
				}
			}
			signsAs(t, v, name, key)
		})
	}
	chain, err := v.Chain(t.Context(), "ws_1", "with a chain")
	if err != nil || len(chain) != 2 || !chain[0].Equal(leaf) || !chain[1].Equal(issuer) {
		t.Errorf("the chain has %d certificates, %v", len(chain), err)
	}
	if err := v.ImportJWK(t.Context(), "ws_1", "without", encoded(t, members(secondRSA(), false))); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("another key under a taken name: %v", err)
	}
}

func TestMalformedJWKIsRefusedWithoutItsNumbers(t *testing.T) {
	v := open(t, newMemory(), keyFile(t))
	key, other := firstRSA(), secondRSA()
	with := func(name string, value any) map[string]any {
		j := members(key, true)
		j[name] = value
		return j
	}
	bare := func(name string, value any) map[string]any {
		j := members(key, false)
		j[name] = value
		return j
	}
	stranger := certificateOf(t, "stranger", other, nil, nil)
	prime, err := rand.Prime(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	inverse := new(big.Int).ModInverse(big.NewInt(65537), new(big.Int).Sub(prime, big.NewInt(1)))
	if inverse == nil {
		inverse = big.NewInt(3)
	}
	for name, data := range map[string][]byte{
		"no JSON": []byte("{"), "nothing": nil, "a list": []byte("[]"), "too long": encoded(t, with("x", strings.Repeat("x", 65<<10))),
		"no key type": encoded(t, with("kty", "")), "an elliptic key": encoded(t, with("kty", "EC")), "a symmetric key": encoded(t, with("kty", "oct")),
		"n not base64":       encoded(t, with("n", "!!"+number(key.N))),
		"d not base64":       encoded(t, with("d", number(key.D)+"=x")),
		"no d":               encoded(t, with("d", "")),
		"n a number":         encoded(t, with("n", 65537)),
		"an even exponent":   encoded(t, with("e", number(big.NewInt(65538)))),
		"exponent 1":         encoded(t, with("e", number(big.NewInt(1)))),
		"a huge exponent":    encoded(t, with("e", number(new(big.Int).Lsh(big.NewInt(1), 70)))),
		"d equal to n":       encoded(t, with("d", number(key.N))),
		"d above n":          encoded(t, bare("d", number(new(big.Int).Add(key.N, big.NewInt(1))))),
		"d of another key":   encoded(t, bare("d", number(other.D))),
		"d + 1":              encoded(t, bare("d", number(new(big.Int).Add(key.D, big.NewInt(1))))),
		"d + 2":              encoded(t, bare("d", number(new(big.Int).Add(key.D, big.NewInt(2))))),
		"d + 2, with primes": encoded(t, with("d", number(new(big.Int).Add(key.D, big.NewInt(2))))),
		"n of another key":   encoded(t, with("n", number(other.N))),
		"an even n":          encoded(t, bare("n", number(new(big.Int).Add(key.N, big.NewInt(1))))),
		"a prime n":          encoded(t, map[string]any{"kty": "RSA", "n": number(prime), "e": "AQAB", "d": number(inverse)}),
		"p of another key":   encoded(t, with("p", number(other.Primes[0]))),
		"p 1":                encoded(t, func() map[string]any { j := with("p", "AQ"); j["q"] = number(key.N); return j }()),
		"1024 bits":          encoded(t, members(makeRSA(1024), true)),
		"9000 bits":          encoded(t, bare("n", number(new(big.Int).SetBit(big.NewInt(1), 9000, 1)))),
		"a foreign x5c":      encoded(t, bare("x5c", []string{base64.StdEncoding.EncodeToString(stranger.Raw)})),
		"x5c not base64":     encoded(t, bare("x5c", []string{"%"})),
		"x5c no certificate": encoded(t, bare("x5c", []string{"AAAA"})),
	} {
		t.Run(name, func(t *testing.T) {
			err := v.ImportJWK(t.Context(), "ws_1", "bad", data)
			if onepoint.CodeOf(err) != onepoint.CodeInvalid || onepoint.MessageOf(err) == "" {
				t.Fatalf("got %v", err)
			}
			if name != "a foreign x5c" && !strings.Contains(onepoint.MessageOf(err), "the private JWK ") {
				t.Errorf("the reader let it pass: %v", err)
			}
			for what, n := range map[string]*big.Int{"d": key.D, "p": key.Primes[0], "q": key.Primes[1]} {
				for _, form := range []string{number(n), n.String(), n.Text(16)} {
					if strings.Contains(err.Error(), form[8:40]) {
						t.Errorf("the error quotes %s", what)
					}
				}
			}
		})
	}
}

func TestHugeInconsistentJWKIsRefusedAtOnce(t *testing.T) {
	v := open(t, newMemory(), keyFile(t))
	n, d := make([]byte, 1024), make([]byte, 1024)
	for i := range n {
		n[i], d[i] = 0xff, byte(i)|1
	}
	d[0] = 0x7f
	j := map[string]any{
		"kty": "RSA", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(n), "d": base64.RawURLEncoding.EncodeToString(d),
	}
	start := time.Now()
	err := v.ImportJWK(t.Context(), "ws_1", "huge", encoded(t, j))
	if took := time.Since(start); onepoint.CodeOf(err) != onepoint.CodeInvalid || took > 8*time.Second {
		t.Errorf("%v after %s", err, took)
	}
}

func FuzzImportJWK(f *testing.F) {
	key := firstRSA()
	for _, withPrimes := range []bool{true, false} {
		f.Add(encoded(f, members(key, withPrimes)))
	}
	f.Add([]byte(`{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}`))
	f.Add([]byte(`{"kty":"RSA","x5c":["AAAA"]}`))
	store, file := newMemory(), keyFile(f)
	v := open(f, store, file)
	f.Fuzz(func(t *testing.T, data []byte) {
		err := v.ImportJWK(t.Context(), "ws_1", "fuzz", data)
		switch onepoint.CodeOf(err) {
		case onepoint.CodeInvalid, onepoint.CodeConflict:
		case "":
			if _, err := v.Signer(t.Context(), "ws_1", "fuzz"); err != nil {
				t.Errorf("imported, but it does not sign: %v", err)
			}
		default:
			t.Errorf("got %v", err)
		}
	})
}
