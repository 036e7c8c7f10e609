package bunq_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/bunq"
)

func selfSigned(t *testing.T, key *rsa.PrivateKey, commonName, country string, until time.Time) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: commonName, Country: []string{country}},
		NotBefore: until.AddDate(-1, 0, 0), NotAfter: until,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return cert
}

func TestCertificates(t *testing.T) {
	w := newWorld(t, off())
	now := w.clock.Now()
	later := now.AddDate(0, 6, 0)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	must(t, err)
	tests := []struct {
		name   string
		key    *rsa.PrivateKey
		cert   *x509.Certificate
		before bool   // the recipe sees it first
		says   string // "" when it is taken
	}{
		{"the sandbox's self-signed certificate is taken", key, selfSigned(t, key, "One Point PISP AISP", "NL", later), false, ""},
		{"a signature by another key is refused", other, selfSigned(t, key, "One Point PISP AISP", "NL", later), false, "The client public key signature is not made by the key of the certificate."},
		{"an expired certificate is refused", key, selfSigned(t, key, "One Point PISP AISP", "NL", now.Add(-time.Hour)), true, "The certificate has expired or is not valid yet."},
		{"a common name without a role is refused", key, selfSigned(t, key, "One Point", "NL", later), true, "The certificate must have AISP or PISP in its common name."},
		{"a role inside another word is refused", key, selfSigned(t, key, "NOTAISP", "NL", later), true, "The certificate must have AISP or PISP in its common name."},
		{"another country is refused", key, selfSigned(t, key, "One Point AISP", "GB", later), true, "The certificate must have the country NL."},
		{"a short key is refused", small, selfSigned(t, small, "One Point AISP", "NL", later), true, "The certificate must have an RSA key of 2048 bits at least."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			must(t, secrets{w}.Remove(t.Context()))
			env := w.env(t, onepoint.Client{})
			env.Signer = connector.Signer{Key: tt.key, Chain: []*x509.Certificate{tt.cert}}
			o, err := bunq.Driver().Onboard(env)
			must(t, err)
			p := newProgress()
			steps := o.Steps()
			if err := steps[0].Run(t.Context(), p); (err != nil) != tt.before {
				t.Errorf("the recipe's own look: %v", err)
			} else if err != nil && onepoint.CodeOf(err) != onepoint.CodeCertificateInvalid {
				t.Errorf("the recipe's own look: %v", err)
			}
			must(t, steps[1].Run(t.Context(), p))
			must(t, steps[2].Run(t.Context(), p))
			err = steps[3].Run(t.Context(), p)
			if tt.says == "" && err != nil || tt.says != "" && (onepoint.CodeOf(err) != onepoint.CodeInvalid || onepoint.MessageOf(err) != "bunq refused: "+tt.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestUnregisteredRedirectIsRefusedOnThePage(t *testing.T) {
	w := newWorld(t, off())
	b := w.open(t, w.onboard(t).Client, nil)
	for _, address := range []string{"https://tpp.example/callback/", "https://tpp.example/Callback", "https://evil.example/callback"} {
		in := intent(onepoint.Access{}, "redirect")
		in.RedirectURI = address
		auth, err := b.Authorize(t.Context(), in)
		must(t, err)
		resp, err := w.http(nil).Get(auth.Redirect)
		must(t, err)
		if text := body(t, resp); resp.StatusCode != http.StatusBadRequest || !strings.Contains(text, "redirect_uri is not registered") {
			t.Errorf("%s: %s %s", address, resp.Status, text)
		}
	}
}
