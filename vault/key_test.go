package vault_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/vault"
)

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// knownKey returns a key as PEM and its private numbers in the spellings that
// printing would give them.
func knownKey(t testing.TB) (data []byte, numbers []string) {
	t.Helper()
	k := rsaKey()
	der, err := x509.MarshalPKCS8PrivateKey(k)
	must(t, err)
	data = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for _, n := range []*big.Int{k.D, k.Primes[0], k.Primes[1]} {
		numbers = append(numbers, n.String()[:40], hex.EncodeToString(n.Bytes())[:40])
	}
	return data, numbers
}

func selfSigned(t testing.TB, v *vault.Vault, workspace, name string) []*x509.Certificate {
	t.Helper()
	signer, err := v.Signer(t.Context(), workspace, name)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotBefore: now, NotAfter: now.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return []*x509.Certificate{cert}
}

func TestNewKeyIsMadeOnce(t *testing.T) {
	ctx, s, file := t.Context(), newMemory(), keyFile(t)
	for _, alg := range []vault.Algorithm{vault.RSA2048, vault.ECDSAP256} {
		first, err := open(t, s, file).NewKey(ctx, "ws", string(alg), alg)
		must(t, err)
		second, err := open(t, s, file).NewKey(ctx, "ws", string(alg), alg)
		must(t, err)
		if !first.(interface{ Equal(crypto.PublicKey) bool }).Equal(second) {
			t.Errorf("%s: a second key under one name", alg)
		}
	}
	v := open(t, s, file)
	if _, err := v.NewKey(ctx, "ws", string(vault.RSA2048), vault.ECDSAP256); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("other algorithm: %v", err)
	}
	if _, err := v.NewKey(ctx, "ws", "x", "DSA"); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("unknown algorithm: %v", err)
	}
}

func TestSignerSigns(t *testing.T) {
	ctx := t.Context()
	v := open(t, newMemory(), keyFile(t))
	digest := sha256.Sum256([]byte("message"))
	public, err := v.NewKey(ctx, "ws", "rsa", vault.RSA2048)
	must(t, err)
	signer, err := v.Signer(ctx, "ws", "rsa")
	must(t, err)
	opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	sig, err := signer.Sign(rand.Reader, digest[:], opts)
	must(t, err)
	must(t, rsa.VerifyPSS(public.(*rsa.PublicKey), crypto.SHA256, digest[:], sig, opts))
	token, err := jws.Sign([]byte("message"), jws.WithKey(jwa.PS256(), signer))
	must(t, err)
	if got, err := jws.Verify(token, jws.WithKey(jwa.PS256(), public)); err != nil || string(got) != "message" {
		t.Errorf("PS256: %q, %v", got, err)
	}

	public, err = v.NewKey(ctx, "ws", "ec", vault.ECDSAP256)
	must(t, err)
	signer, err = v.Signer(ctx, "ws", "ec")
	must(t, err)
	sig, err = signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	must(t, err)
	if !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), digest[:], sig) {
		t.Error("the ECDSA signature does not verify")
	}
	token, err = jws.Sign([]byte("message"), jws.WithKey(jwa.ES256(), signer))
	must(t, err)
	if got, err := jws.Verify(token, jws.WithKey(jwa.ES256(), public)); err != nil || string(got) != "message" {
		t.Errorf("ES256: %q, %v", got, err)
	}
}

func TestAbsentThingsAreNotFound(t *testing.T) {
	ctx := t.Context()
	v := open(t, newMemory(), keyFile(t))
	_, err := v.NewKey(ctx, "ws", "k", vault.ECDSAP256)
	must(t, err)
	errs := map[string]error{}
	_, errs["signer"] = v.Signer(ctx, "ws", "other")
	_, errs["signer of another workspace"] = v.Signer(ctx, "ws_2", "k")
	_, errs["chain"] = v.Chain(ctx, "ws", "k")
	_, errs["TLS without chain"] = v.TLS(ctx, "ws", "k")
	errs["chain for no key"] = v.SetChain(ctx, "ws", "other", selfSigned(t, v, "ws", "k"))
	for name, err := range errs {
		if onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChainBelongsToItsKey(t *testing.T) {
	ctx := t.Context()
	v := open(t, newMemory(), keyFile(t))
	qtsp, err := eidas.NewTestQTSP(now)
	must(t, err)
	request := eidas.Request{
		Type: eidas.TypeWeb, Subject: eidas.Subject{Country: "GB", Organisation: "Ledger Ltd"}, OrgID: "PSDGB-FCA-123456", Roles: []eidas.Role{eidas.RoleAI}, NotBefore: now,
	}
	request.PublicKey, err = v.NewKey(ctx, "ws", "qwac", vault.ECDSAP256)
	must(t, err)
	leaf, err := qtsp.Issue(request)
	must(t, err)
	chain := append([]*x509.Certificate{leaf}, qtsp.Chain()...)
	must(t, v.SetChain(ctx, "ws", "qwac", chain))
	got, err := v.Chain(ctx, "ws", "qwac")
	if err != nil || len(got) != 2 || !got[0].Equal(leaf) || !got[1].Equal(chain[1]) {
		t.Errorf("chain %v, %v", got, err)
	}
	_, err = v.NewKey(ctx, "ws", "other", vault.ECDSAP256)
	must(t, err)
	for name, err := range map[string]error{
		"other key":    v.SetChain(ctx, "ws", "other", chain),
		"empty":        v.SetChain(ctx, "ws", "qwac", nil),
		"not in order": v.SetChain(ctx, "ws", "qwac", []*x509.Certificate{leaf, qtsp.Root()}),
		"leaf twice":   v.SetChain(ctx, "ws", "qwac", []*x509.Certificate{leaf, leaf}),
	} {
		if onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	renewed, err := qtsp.Issue(request)
	must(t, err)
	must(t, v.SetChain(ctx, "ws", "qwac", []*x509.Certificate{renewed}))
	if got, err := v.Chain(ctx, "ws", "qwac"); err != nil || len(got) != 1 || !got[0].Equal(renewed) {
		t.Errorf("renewed chain %v, %v", got, err)
	}
}

// From key over request and certificate to a TLS handshake, with keys that never
// leave the vault; RSA keys in TLS 1.2 and 1.3 sign differently.
func TestTLSHandshake(t *testing.T) {
	ctx := t.Context()
	v := open(t, newMemory(), keyFile(t))
	qtsp, err := eidas.NewTestQTSP(now)
	must(t, err)
	for _, name := range []string{"server", "client"} {
		_, err := v.NewKey(ctx, "ws", name, vault.RSA2048)
		must(t, err)
		signer, err := v.Signer(ctx, "ws", name)
		must(t, err)
		csr, err := eidas.CreateCSR(signer, eidas.Request{
			Type: eidas.TypeWeb, Subject: eidas.Subject{Country: "GB", Organisation: name}, OrgID: "PSDGB-FCA-1",
			Roles: []eidas.Role{eidas.RoleAS}, DNSNames: []string{"localhost"},
		})
		must(t, err)
		leaf, err := qtsp.IssueCSR(csr, now, time.Time{})
		must(t, err)
		must(t, v.SetChain(ctx, "ws", name, append([]*x509.Certificate{leaf}, qtsp.Chain()...)))
	}
	server, err := v.TLS(ctx, "ws", "server")
	must(t, err)
	client, err := v.TLS(ctx, "ws", "client")
	must(t, err)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		a, b := net.Pipe()
		a.SetDeadline(time.Now().Add(10 * time.Second))
		s := tls.Server(a, &tls.Config{
			Certificates: []tls.Certificate{*server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: qtsp.Roots(),
			MinVersion: version, MaxVersion: version, Time: clock,
		})
		go func() {
			io.WriteString(s, "hello")
			s.Close()
		}()
		c := tls.Client(b, &tls.Config{Certificates: []tls.Certificate{*client}, RootCAs: qtsp.Roots(), ServerName: "localhost", Time: clock})
		got, err := io.ReadAll(c)
		if err != nil || string(got) != "hello" {
			t.Errorf("TLS %x: %q, %v", version, got, err)
		}
		b.Close()
	}
}

func TestImport(t *testing.T) {
	ctx := t.Context()
	v := open(t, newMemory(), keyFile(t))
	p8, _ := knownKey(t)
	p1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey())})
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	ecDER, err := x509.MarshalECPrivateKey(ec)
	must(t, err)
	sec1 := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: ecDER})
	must(t, v.Import(ctx, "ws", "rsa", p8))
	must(t, v.Import(ctx, "ws", "rsa", p1)) // the same key in another form
	must(t, v.Import(ctx, "ws", "ec", sec1))
	signer, err := v.Signer(ctx, "ws", "rsa")
	must(t, err)
	if !rsaKey().PublicKey.Equal(signer.Public()) {
		t.Error("another key came out than went in")
	}
	cert := selfSigned(t, v, "ws", "rsa")[0]
	both := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), p8...)
	must(t, v.Import(ctx, "ws", "rsa", both))
	if chain, err := v.Chain(ctx, "ws", "rsa"); err != nil || !chain[0].Equal(cert) {
		t.Errorf("chain %v, %v", chain, err)
	}
	if err := v.Import(ctx, "ws", "rsa", sec1); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("another key under one name: %v", err)
	}
}

func TestImportRefuses(t *testing.T) {
	ctx := t.Context()
	v := open(t, newMemory(), keyFile(t))
	p8, numbers := knownKey(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	p384DER, err := x509.MarshalPKCS8PrivateKey(p384)
	must(t, err)
	cut := []byte(strings.Replace(string(p8), "\n", "\nAAAA", 1))
	for name, data := range map[string][]byte{
		"nothing":     nil,
		"text":        []byte("hello"),
		"two keys":    append(append([]byte{}, p8...), p8...),
		"P-384":       pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: p384DER}),
		"encrypted":   pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}}),
		"damaged":     cut,
		"bad cert":    append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}}), p8...),
		"too long":    make([]byte, 300_000),
		"only a cert": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte{1}}),
	} {
		err := v.Import(ctx, "ws", "k", data)
		if onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, n := range numbers {
			if strings.Contains(err.Error(), n) {
				t.Errorf("%s: the error shows the key", name)
			}
		}
	}
	if _, err := v.Signer(ctx, "ws", "k"); onepoint.CodeOf(err) != onepoint.CodeNotFound {
		t.Errorf("a refused import left a key: %v", err)
	}
}

func FuzzImport(f *testing.F) {
	p8, _ := knownKey(f)
	f.Add(p8)
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"))
	v := open(f, newMemory(), keyFile(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		err := v.Import(t.Context(), "ws", "k", data)
		switch onepoint.CodeOf(err) {
		case "", onepoint.CodeInvalid, onepoint.CodeConflict:
		default:
			t.Fatalf("got %v", err)
		}
	})
}
