package httpsig_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/httpsig"
)

const requestID = "99391c7e-ad88-49ec-a2ad-99ddcb1f7721"

func noon() time.Time { return time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC) }

// signer makes a key and a certificate with a serial that is easy to read.
func signer(tb testing.TB, serial int64) (*rsa.PrivateKey, *x509.Certificate) {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: noon(), NotAfter: noon().Add(time.Hour),
		Subject: pkix.Name{Country: []string{"LT"}, Organization: []string{"Test, Trust & Co"}, CommonName: "Test CA"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return key, cert
}

func request(tb testing.TB, body string) *http.Request {
	tb.Helper()
	req, err := http.NewRequest(http.MethodPost, "https://bank.example/v1/consents?a=b", strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("X-Request-ID", requestID)
	req.Header.Set("TPP-Redirect-URI", "https://tpp.example/back")
	return req
}

func TestSigningStringByHand(t *testing.T) {
	key, cert := signer(t, 0x1a2b)
	req := request(t, "")
	err := httpsig.Sign(req, nil, httpsig.SignConfig{
		Key: key, Certificate: cert, Headers: []string{"digest", "date", "x-request-id"}, Optional: []string{"psu-id", "tpp-redirect-uri"},
		KeyID: httpsig.KeyIDSlash, Encoding: httpsig.CertificatePEM, Now: noon,
	})
	if err != nil {
		t.Fatal(err)
	}
	// Written out by hand from the standard, with the digest of no bytes that it prints.
	const byHand = "digest: SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n" +
		"date: Tue, 31 Mar 2026 12:00:00 GMT\n" +
		"x-request-id: 99391c7e-ad88-49ec-a2ad-99ddcb1f7721\n" +
		"tpp-redirect-uri: https://tpp.example/back"
	header := req.Header.Get("Signature")
	head, tail, ok := strings.Cut(header, `,signature="`)
	const want = `keyId="SN=1A2B,CA=/CN=Test CA/O=Test, Trust & Co/C=LT",algorithm="rsa-sha256",headers="digest date x-request-id tpp-redirect-uri"`
	if !ok || head != want {
		t.Fatalf("got  %s\nwant %s", head, want)
	}
	value, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(tail, `"`))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(byHand))
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], value); err != nil {
		t.Errorf("the signature is not over the string of the standard: %v", err)
	}
	if pem, err := base64.StdEncoding.DecodeString(req.Header.Get("TPP-Signature-Certificate")); err != nil || !bytes.HasPrefix(pem, []byte("-----BEGIN CERTIFICATE-----\n")) {
		t.Errorf("the certificate is not the base64 of a PEM: %v", err)
	}
}

func TestWhatWasSignedVerifies(t *testing.T) {
	key, cert := signer(t, 77)
	for name, change := range map[string]func(r *http.Request){
		"as signed":            func(*http.Request) {},
		"a leading word":       func(r *http.Request) { edit(r, "keyId=", "Signature keyId=") },
		"DN for CA":            func(r *http.Request) { edit(r, ",CA=", ",DN=") },
		"small hex":            func(r *http.Request) { edit(r, "SN=4D", "SN=4d") },
		"a blank after commas": func(r *http.Request) { edit(r, `",`, `", `) },
		"another header order": func(*http.Request) {},
		"the Java name":        func(r *http.Request) { edit(r, "rsa-sha256", "SHA256withRSA") },
		"blanks as %20":        func(r *http.Request) { edit(r, "Test CA", "Test%20CA") },
		"an unknown parameter": func(r *http.Request) { edit(r, ",signature=", `,created=1402170695,signature=`) },
	} {
		t.Run(name, func(t *testing.T) {
			req := request(t, "{}")
			c := httpsig.SignConfig{Key: key, Certificate: cert, Optional: []string{"tpp-redirect-uri"}, Now: noon}
			if name == "another header order" {
				c.Headers = []string{"date", "digest", "x-request-id"}
			}
			if err := httpsig.Sign(req, []byte("{}"), c); err != nil {
				t.Fatal(err)
			}
			change(req)
			if err := httpsig.Verify(req, []byte("{}"), cert, httpsig.VerifyConfig{Optional: []string{"tpp-redirect-uri"}, Only: true}); err != nil {
				t.Error(err)
			}
		})
	}
}

func edit(r *http.Request, old, with string) {
	r.Header.Set("Signature", strings.ReplaceAll(r.Header.Get("Signature"), old, with))
}

func TestWhatWasChangedIsRefused(t *testing.T) {
	key, cert := signer(t, 77)
	_, other := signer(t, 77)
	_, stranger := signer(t, 78)
	for _, tt := range []struct {
		name   string
		change func(r *http.Request)
		body   string
		cert   *x509.Certificate
		want   error
	}{
		{"another body", nil, "{ }", cert, httpsig.ErrDigest},
		{"no digest", func(r *http.Request) { r.Header.Del("Digest") }, "{}", cert, httpsig.ErrMissing},
		{"no signature", func(r *http.Request) { r.Header.Del("Signature") }, "{}", cert, httpsig.ErrMissing},
		{"another date", func(r *http.Request) { r.Header.Set("Date", "Tue, 31 Mar 2026 12:00:01 GMT") }, "{}", cert, httpsig.ErrMismatch},
		{"another request id", func(r *http.Request) { r.Header.Set("X-Request-ID", "1") }, "{}", cert, httpsig.ErrMismatch},
		{"another redirect", func(r *http.Request) { r.Header.Set("TPP-Redirect-URI", "https://evil.example") }, "{}", cert, httpsig.ErrMismatch},
		{"a second redirect", func(r *http.Request) { r.Header.Add("TPP-Redirect-URI", "https://evil.example") }, "{}", cert, httpsig.ErrMismatch},
		{"a redirect left unsigned", func(r *http.Request) { edit(r, " tpp-redirect-uri", "") }, "{}", cert, httpsig.ErrMalformed},
		{"the date left unsigned", func(r *http.Request) { edit(r, " date", "") }, "{}", cert, httpsig.ErrMalformed},
		{"one header too many", func(r *http.Request) { edit(r, " date", " date (request-target)") }, "{}", cert, httpsig.ErrMalformed},
		{"a header named twice", func(r *http.Request) { edit(r, " date", strings.Repeat(" date", 2)) }, "{}", cert, httpsig.ErrMalformed},
		{"another key of the same name", nil, "{}", other, httpsig.ErrMismatch},
		{"another certificate", nil, "{}", stranger, httpsig.ErrKeyID},
		{"a fingerprint for a key id", func(r *http.Request) { edit(r, "SN=4D,CA=", "3f786850e387550fdab836ed7e6dc881,") }, "{}", cert, httpsig.ErrKeyID},
		{"another issuer", func(r *http.Request) { edit(r, "CN=Test CA", "CN=Evil CA") }, "{}", cert, httpsig.ErrKeyID},
		{"another algorithm", func(r *http.Request) { edit(r, "rsa-sha256", "hmac-sha256") }, "{}", cert, httpsig.ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := request(t, "{}")
			if err := httpsig.Sign(req, []byte("{}"), httpsig.SignConfig{Key: key, Certificate: cert, Optional: []string{"tpp-redirect-uri"}, Now: noon}); err != nil {
				t.Fatal(err)
			}
			if tt.change != nil {
				tt.change(req)
			}
			err := httpsig.Verify(req, []byte(tt.body), tt.cert, httpsig.VerifyConfig{Optional: []string{"tpp-redirect-uri"}, Only: true})
			if onepoint.CodeOf(err) != onepoint.CodeSignatureInvalid || !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestSignRefusesWhatABankWould(t *testing.T) {
	key, cert := signer(t, 77)
	_, other := signer(t, 77)
	bare, _ := http.NewRequest(http.MethodGet, "https://bank.example/", nil)
	for name, err := range map[string]error{
		"no request id":       httpsig.Sign(bare, nil, httpsig.SignConfig{Key: key, Certificate: cert, Now: noon}),
		"another certificate": httpsig.Sign(request(t, ""), nil, httpsig.SignConfig{Key: key, Certificate: other, Now: noon}),
		"capitals":            httpsig.Sign(request(t, ""), nil, httpsig.SignConfig{Key: key, Certificate: cert, Headers: []string{"Digest"}, Now: noon}),
		"no key":              httpsig.Sign(request(t, ""), nil, httpsig.SignConfig{Now: noon}),
	} {
		if onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCertificatesAreReadInEveryForm(t *testing.T) {
	_, cert := signer(t, 77)
	pem, err := base64.StdEncoding.DecodeString(httpsig.EncodeCertificate(cert, httpsig.CertificatePEM))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"DER":             httpsig.EncodeCertificate(cert, httpsig.CertificateDER),
		"PEM on one line": httpsig.EncodeCertificate(cert, httpsig.CertificatePEMLine),
		"base64 of a PEM": httpsig.EncodeCertificate(cert, httpsig.CertificatePEM),
		"a PEM":           string(pem),
		"spelt line ends": strings.ReplaceAll(string(pem), "\n", `\n`),
	} {
		got, err := httpsig.DecodeCertificate(text)
		if err != nil || !got.Equal(cert) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.ContainsAny(httpsig.EncodeCertificate(cert, httpsig.CertificatePEMLine), "\r\n") {
			t.Error("a header holds a line end")
		}
	}
	for _, text := range []string{"", "nonsense", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----!-----END CERTIFICATE-----", strings.Repeat("A", 1<<20)} {
		if _, err := httpsig.DecodeCertificate(text); onepoint.CodeOf(err) != onepoint.CodeCertificateInvalid {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func FuzzParseSignature(f *testing.F) {
	f.Add(`keyId="SN=1A,CA=/CN=x",algorithm="rsa-sha256",headers="digest date",signature="YQ=="`)
	f.Add(`Signature keyId="a",headers="a",signature="YQ==",created=1`)
	f.Add(`keyId="a,headers="a",signature="YQ=="`)
	f.Fuzz(func(t *testing.T, header string) {
		s, err := httpsig.ParseSignature(header)
		if err != nil {
			return
		}
		again, err := httpsig.ParseSignature(s.String())
		if err != nil || again.KeyID != s.KeyID || again.Algorithm != s.Algorithm || !bytes.Equal(again.Value, s.Value) || strings.Join(again.Headers, " ") != strings.Join(s.Headers, " ") {
			t.Fatalf("%q became %q: %v", header, s, err)
		}
	})
}
