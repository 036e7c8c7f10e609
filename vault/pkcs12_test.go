package vault_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"slices"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/onepointledger/onepoint"
)

// hierarchy is a leaf with its chain, and a certificate that has nothing to do
// with it.
func hierarchy(t *testing.T) (leaf, issuing, root, foreign *x509.Certificate) {
	t.Helper()
	root = certificateOf(t, "root", secondRSA(), nil, nil)
	issuingKey := makeRSA(2048)
	issuing = certificateOf(t, "issuing", issuingKey, root, secondRSA())
	leaf = certificateOf(t, "leaf", firstRSA(), issuing, issuingKey)
	return leaf, issuing, root, certificateOf(t, "foreign", makeRSA(2048), nil, nil)
}

func TestImportedPKCS12SignsWithItsChainInOrder(t *testing.T) {
	v := open(t, newMemory(), keyFile(t))
	leaf, issuing, root, foreign := hierarchy(t)
	whole := []*x509.Certificate{leaf, issuing, root}
	for name, tc := range map[string]struct {
		encoder *pkcs12.Encoder
		extra   []*x509.Certificate
		want    []*x509.Certificate
	}{
		"modern":                 {pkcs12.Modern, []*x509.Certificate{issuing, root}, whole},
		"legacy, RC2":            {pkcs12.LegacyRC2, []*x509.Certificate{issuing, root}, whole},
		"legacy, DES":            {pkcs12.LegacyDES, []*x509.Certificate{issuing, root}, whole},
		"root first":             {pkcs12.Modern, []*x509.Certificate{root, issuing}, whole},
		"with a foreign one":     {pkcs12.Modern, []*x509.Certificate{foreign, root, issuing}, whole},
		"without its issuer":     {pkcs12.Modern, []*x509.Certificate{root}, []*x509.Certificate{leaf}},
		"an issuer twice":        {pkcs12.Modern, []*x509.Certificate{leaf, issuing, issuing, root}, whole},
		"the leaf alone":         {pkcs12.Modern, nil, []*x509.Certificate{leaf}},
		"without the root":       {pkcs12.Modern, []*x509.Certificate{issuing}, []*x509.Certificate{leaf, issuing}},
		"nothing but a stranger": {pkcs12.Modern, []*x509.Certificate{foreign}, []*x509.Certificate{leaf}},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := tc.encoder.Encode(firstRSA(), leaf, tc.extra, "pass word ä")
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // again is fine
				if err := v.ImportPKCS12(t.Context(), "ws_1", name, file, "pass word ä"); err != nil {
					t.Fatal(err)
				}
			}
			signsAs(t, v, name, firstRSA())
			chain, err := v.Chain(t.Context(), "ws_1", name)
			if err != nil || !slices.EqualFunc(chain, tc.want, (*x509.Certificate).Equal) {
				t.Errorf("the chain is %s, %v", names(chain), err)
			}
		})
	}
}

func names(chain []*x509.Certificate) string {
	var out []string
	for _, c := range chain {
		out = append(out, c.Subject.CommonName)
	}
	return strings.Join(out, ", ")
}

func TestBadPKCS12IsRefused(t *testing.T) {
	v := open(t, newMemory(), keyFile(t))
	leaf, issuing, root, foreign := hierarchy(t)
	encode := func(key any, leaf *x509.Certificate) []byte {
		file, err := pkcs12.Modern.Encode(key, leaf, []*x509.Certificate{issuing, root}, "secret-word")
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := encode(firstRSA(), leaf)
	short := makeRSA(1024)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	damaged := slices.Clone(good)
	damaged[len(damaged)/2] ^= 1
	onlyCertificates, err := pkcs12.Modern.EncodeTrustStore([]*x509.Certificate{root}, "secret-word")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		file     []byte
		password string
	}{
		"a wrong password": {good, "secret-wort"}, "no password": {good, ""}, "a damaged file": {damaged, "secret-word"}, "half a file": {good[:len(good)/2], "secret-word"},
		"nothing": {nil, "secret-word"}, "no PKCS#12": {[]byte("-----BEGIN CERTIFICATE-----"), ""}, "too long": {make([]byte, 300<<10), "secret-word"},
		"another's certificate": {encode(firstRSA(), foreign), "secret-word"}, "no key": {onlyCertificates, "secret-word"},
		"a short key": {encode(short, leaf), "secret-word"}, "a key on P-384": {encode(p384, leaf), "secret-word"}, "an Ed25519 key": {encode(edwards, leaf), "secret-word"},
	} {
		t.Run(name, func(t *testing.T) {
			err := v.ImportPKCS12(t.Context(), "ws_1", "bad", tc.file, tc.password)
			if onepoint.CodeOf(err) != onepoint.CodeInvalid || onepoint.MessageOf(err) == "" || strings.Contains(err.Error(), "secret-wor") {
				t.Errorf("got %v", err)
			}
			if _, err := v.Signer(t.Context(), "ws_1", "bad"); onepoint.CodeOf(err) != onepoint.CodeNotFound {
				t.Errorf("something was kept: %v", err)
			}
		})
	}
	if err := v.ImportPKCS12(t.Context(), "ws_1", "taken", good, "secret-word"); err != nil {
		t.Fatal(err)
	}
	other := certificateOf(t, "other", secondRSA(), nil, nil)
	if err := v.ImportPKCS12(t.Context(), "ws_1", "taken", encode(secondRSA(), other), "secret-word"); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("another key under a taken name: %v", err)
	}
}
