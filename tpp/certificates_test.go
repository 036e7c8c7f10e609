package tpp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	zx509 "github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/tpp"
)

func TestImportSaysWhatIsWrong(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		seal := eidas.Request{Type: eidas.TypeSeal, Roles: []eidas.Role{eidas.RoleAI}}
		good := c.outside(t, seal)
		_, certificates := pem.Decode(good)
		other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		weak, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			t.Fatal(err)
		}
		encrypted := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("sealed")})
		legacy := pem.EncodeToMemory(&pem.Block{
			Type: "RSA PRIVATE KEY", Bytes: []byte("sealed"), Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"},
		})
		for _, tt := range []struct {
			name string
			data []byte
			says string
		}{
			{"wrong key for the certificate", append(keyPEM(t, other), certificates...), "does not belong to the private key"},
			{"weak RSA 1024", pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(weak)}), "fewer than 2048 bits"},
			{"encrypted PEM", encrypted, "openssl pkey"},
			{"encrypted PEM of the old kind", legacy, "encrypted"},
			{"certificates alone", certificates, "no private key"},
			{"nothing", nil, "no private key"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				_, err := c.certs.ImportPEM(t.Context(), workspace, "bad", tt.data)
				if onepoint.CodeOf(err) != onepoint.CodeInvalid || !strings.Contains(onepoint.MessageOf(err), tt.says) {
					t.Errorf("got %v", err)
				}
				if _, err := c.certs.Get(t.Context(), workspace, "bad"); onepoint.CodeOf(err) != onepoint.CodeNotFound {
					t.Errorf("something was kept: %v", err)
				}
			})
		}
		if _, err := c.certs.ImportPEM(t.Context(), workspace, "good", good); err != nil {
			t.Errorf("a sound file: %v", err)
		}
		for _, name := range []string{"", "Upper", "a/b", "..", "-a", strings.Repeat("a", 65)} {
			if _, err := c.certs.ImportPEM(t.Context(), workspace, name, good); onepoint.CodeOf(err) != onepoint.CodeInvalid {
				t.Errorf("name %q: %v", name, err)
			}
		}
	})
}

func TestImportOfPKCS12(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := c.qtsp.Issue(eidas.Request{
			Type: eidas.TypeSeal, Roles: []eidas.Role{eidas.RoleAI}, OrgID: "PSDGB-FCA-123456", PublicKey: key.Public(), NotBefore: c.clock,
			Subject: eidas.Subject{Country: "GB", Organisation: "One Point Ledger"},
		})
		if err != nil {
			t.Fatal(err)
		}
		file, err := pkcs12.Modern.Encode(key, leaf, c.qtsp.Chain(), "correct")
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.certs.ImportPKCS12(t.Context(), workspace, "p12", file, "wrong")
		if onepoint.CodeOf(err) != onepoint.CodeInvalid || !strings.Contains(onepoint.MessageOf(err), "password is wrong") {
			t.Errorf("a wrong password: %v", err)
		}
		got, err := c.certs.ImportPKCS12(t.Context(), workspace, "p12", file, "correct")
		if err != nil || got.Kind != tpp.CertificateQSEAL || len(got.Chain) != 2 || len(got.Warnings) > 0 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestCertificateWarnsOfWhatBanksRefuse(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		pi := []eidas.Role{eidas.RolePI}
		ai := []eidas.Role{eidas.RoleAI}
		c.give(t, "expired", eidas.Request{Type: eidas.TypeSeal, Roles: ai, NotBefore: c.clock.AddDate(-1, 0, 0), NotAfter: c.clock.AddDate(0, 0, -2)})
		c.give(t, "missing-role", eidas.Request{Type: eidas.TypeWeb, Roles: pi, DNSNames: []string{"tpp.example.com"}})
		c.give(t, "no-roles", eidas.Request{Type: eidas.TypeSeal})
		c.give(t, "sound", eidas.Request{Type: eidas.TypeWeb, Roles: ai, DNSNames: []string{"tpp.example.com"}})
		for _, tt := range []struct {
			name, says string
			kind       tpp.CertificateKind
		}{
			{"expired", "expired on", tpp.CertificateQSEAL},
			{"missing-role", "PSP_AI", tpp.CertificateQWAC},
			{"no-roles", "no PSD2 statement", tpp.CertificateQSEAL},
			{"sound", "", tpp.CertificateQWAC},
		} {
			got, err := c.certs.Get(t.Context(), workspace, tt.name)
			if err != nil || got.Kind != tt.kind {
				t.Errorf("%s: %s %v", tt.name, got.Kind, err)
			}
			if all := strings.Join(got.Warnings, "; "); !strings.Contains(all, tt.says) || tt.says == "" && all != "" {
				t.Errorf("%s: warnings %q", tt.name, all)
			}
		}
	})
}

func TestCertificateTellsEverything(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		c.issue(t, "qwac", "qwac")
		c.registered(t, "", "")
		got, err := c.certs.Get(t.Context(), workspace, "qwac")
		if err != nil {
			t.Fatal(err)
		}
		if got.OrgID != "PSDGB-FCA-123456" || got.NCAID != "GB-FCA" || got.NCAName != "Financial Conduct Authority" || !slices.Equal(got.Roles, []string{"PSP_AI"}) ||
			got.Algorithm != "ECDSA-P-256" || got.DaysLeft < 364 || len(got.Fingerprint) != 64 || got.Serial == "" || len(got.Chain) != 2 ||
			!slices.Equal(got.KeyUsage, []string{"digitalSignature"}) || !slices.Equal(got.ExtKeyUsage, []string{"serverAuth", "clientAuth"}) ||
			!slices.Equal(got.UsedBy, []string{bankID}) || got.Revocation != tpp.RevocationGood {
			t.Errorf("got %+v", got)
		}
		for _, tt := range []struct {
			status eidas.Status
			err    error
			want   tpp.RevocationState
		}{
			{eidas.Status{State: eidas.Revoked, RevokedAt: c.clock}, nil, tpp.RevocationRevoked},
			{eidas.Status{}, nil, tpp.RevocationNotTold},
			{eidas.Status{}, errors.New("no answer"), tpp.RevocationNotAnswered},
		} {
			c.revocation.status, c.revocation.err = tt.status, tt.err
			if got, err := c.certs.Get(t.Context(), workspace, "qwac"); err != nil || got.Revocation != tt.want {
				t.Errorf("%s: got %s, %v", tt.want, got.Revocation, err)
			}
		}
	})
}

func TestDeleteIsRefusedWhileABankUsesIt(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		for name, kind := range map[string]string{"qwac": "qwac", "qseal": "qseal", "named": "qseal", "free": "qwac"} {
			c.issue(t, name, kind)
		}
		c.registered(t, "", "named")
		for name, want := range map[string]onepoint.Code{"qwac": onepoint.CodeConflict, "named": onepoint.CodeConflict, "free": "", "qseal": "", "none": onepoint.CodeNotFound} {
			if err := c.certs.Delete(t.Context(), workspace, name); onepoint.CodeOf(err) != want {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := c.certs.Get(t.Context(), workspace, "free"); onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("the deleted one is there: %v", err)
		}
		for _, want := range []string{"certificate.requested free", "certificate.installed free", "certificate.deleted free"} {
			if !slices.Contains(c.audited, want) {
				t.Errorf("%s is not in the audit log: %v", want, c.audited)
			}
		}
	})
}

func TestNoPrivateNumberIsShown(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		data := append(keyPEM(t, key), c.chain(t, key.Public(), eidas.Request{Type: eidas.TypeSeal, Roles: []eidas.Role{eidas.RoleAI}})...)
		imported, err := c.certs.ImportPEM(t.Context(), workspace, "seal", data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.certs.Get(t.Context(), workspace, "seal")
		if err != nil {
			t.Fatal(err)
		}
		shown, err := json.Marshal([]any{imported, got, c.audited})
		if err != nil {
			t.Fatal(err)
		}
		all := string(shown) + fmt.Sprintf("%+v %#v", imported, got)
		for _, n := range []*big.Int{key.D, key.Primes[0], key.Primes[1], key.Precomputed.Dp, key.Precomputed.Dq, key.Precomputed.Qinv} {
			for _, text := range []string{n.String(), n.Text(16)} {
				if strings.Contains(strings.ToLower(all), text[:40]) {
					t.Error("a private number is shown")
				}
			}
		}
	})
}

func TestRequestIsReadByIssuers(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		obwac, obseal := order("obwac", "qwac"), order("obseal", "qseal")
		obwac.Profile, obwac.CommonName, obwac.Roles = "ob", "0015800001041RHAAY", []string{"PSP_AI", "PSP_PI"}
		obseal.Profile, obseal.CommonName, obseal.Algorithm = "ob", "0015800001041RHAAY", "RSA-2048"
		for _, r := range []tpp.CertificateRequest{order("qwac", "qwac"), order("qseal", "qseal"), obwac, obseal} {
			csr, err := c.certs.Request(t.Context(), workspace, r)
			if err != nil {
				t.Fatalf("%s: %v", r.Name, err)
			}
			block, _ := pem.Decode(csr)
			read, err := eidas.ParseCSR(block.Bytes)
			if err != nil || block.Type != "CERTIFICATE REQUEST" {
				t.Fatalf("%s: %v", r.Name, err)
			}
			if read.OrgID != r.OrgID || read.Subject.Organisation != r.Organisation || read.Subject.Country != "GB" || !slices.Equal(read.DNSNames, r.DNSNames) ||
				(r.Profile == "ob" && read.Subject.CommonName != r.CommonName) || len(read.Roles) != max(1, len(r.Roles)) ||
				(r.Type == "qwac") != (read.Type == eidas.TypeWeb) {
				t.Errorf("%s: read %+v", r.Name, read)
			}
			if got, err := c.certs.Get(t.Context(), workspace, r.Name); err != nil || got.Kind != tpp.CertificateNone {
				t.Errorf("%s: %+v, %v", r.Name, got, err)
			}
			leaf, err := c.qtsp.IssueCSR(block.Bytes, c.clock.Add(-time.Minute), c.clock.AddDate(1, 0, 0))
			if err != nil {
				t.Fatal(err)
			}
			installed, err := c.certs.Install(t.Context(), workspace, r.Name, certificatePEM(append([]*x509.Certificate{leaf}, c.qtsp.Chain()...)))
			if err != nil || len(installed.Warnings) > 0 {
				t.Errorf("%s: install: %+v, %v", r.Name, installed.Warnings, err)
			}
		}
		_, err := c.certs.Install(t.Context(), workspace, "qwac", c.foreign(t))
		if onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("a foreign certificate: %v", err)
		}
	})
}

func certificatePEM(chain []*x509.Certificate) []byte {
	var out []byte
	for _, one := range chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Raw})...)
	}
	return out
}

func (c *certRig) foreign(t *testing.T) []byte {
	_, certificates := pem.Decode(c.outside(t, eidas.Request{Type: eidas.TypeWeb, DNSNames: []string{"tpp.example.com"}}))
	return certificates
}

func TestRequestRefusesWhatNoIssuerTakes(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		for name, spoil := range map[string]func(*tpp.CertificateRequest){
			"no host of a QWAC":        func(r *tpp.CertificateRequest) { r.DNSNames = nil },
			"host that is none":        func(r *tpp.CertificateRequest) { r.DNSNames = []string{"a b"} },
			"unknown type":             func(r *tpp.CertificateRequest) { r.Type = "esign" },
			"unknown profile":          func(r *tpp.CertificateRequest) { r.Profile = "xyz" },
			"unknown role":             func(r *tpp.CertificateRequest) { r.Roles = []string{"AISP"} },
			"no organisation":          func(r *tpp.CertificateRequest) { r.Organisation = "" },
			"identifier of no PSP":     func(r *tpp.CertificateRequest) { r.OrgID = "VATGB-1" },
			"OB without directory id":  func(r *tpp.CertificateRequest) { r.Profile = "ob" },
			"OB of another country":    func(r *tpp.CertificateRequest) { r.Profile, r.Country, r.CommonName = "ob", "DE", "0015800001041RHAAY" },
			"hosts of a QSEAL":         func(r *tpp.CertificateRequest) { r.Type = "qseal" },
			"algorithm that is none":   func(r *tpp.CertificateRequest) { r.Algorithm = "RSA-1024" },
			"name with a slash":        func(r *tpp.CertificateRequest) { r.Name = "a/b" },
			"country that is no code":  func(r *tpp.CertificateRequest) { r.Country = "Britain" },
			"organisation of 65 runes": func(r *tpp.CertificateRequest) { r.Organisation = strings.Repeat("x", 65) },
		} {
			r := order("bad", "qwac")
			spoil(&r)
			if _, err := c.certs.Request(t.Context(), workspace, r); onepoint.CodeOf(err) != onepoint.CodeInvalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		if left, err := c.certs.List(t.Context(), workspace); err != nil || len(left) > 0 {
			t.Errorf("refused requests left keys: %+v, %v", left, err)
		}
		c.certs.Issuer = nil
		if _, err := c.certs.Issue(t.Context(), workspace, order("qwac", "qwac")); onepoint.CodeOf(err) != onepoint.CodeConflict {
			t.Errorf("issue without an issuer: %v", err)
		}
	})
}

func TestIssuedCertificatesPassETSILints(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		obwac := order("obwac", "qwac")
		obwac.Profile, obwac.CommonName = "ob", "0015800001041RHAAY"
		for _, r := range []tpp.CertificateRequest{order("qwac", "qwac"), order("qseal", "qseal"), obwac} {
			if _, err := c.certs.Issue(t.Context(), workspace, r); err != nil {
				t.Fatal(err)
			}
			chain, err := c.vault.Chain(t.Context(), workspace, r.Name)
			if err != nil {
				t.Fatal(err)
			}
			z, err := zx509.ParseCertificate(chain[0].Raw)
			if err != nil {
				t.Fatal(err)
			}
			passed := 0
			for id, result := range zlint.LintCertificate(z).Results {
				source := lint.GlobalRegistry().ByName(id).Source
				// zlint takes a certificate without extended key usage for a web server's.
				if source != lint.EtsiEsi || id == "e_qcstatem_qctype_web" && r.Type == "qseal" {
					continue
				}
				if result.Status == lint.Pass {
					passed++
				} else if result.Status >= lint.Warn {
					t.Errorf("%s: %s: %s %s", r.Name, id, result.Status, result.Details)
				}
			}
			if passed < 5 {
				t.Errorf("%s: only %d ETSI lints passed", r.Name, passed)
			}
		}
	})
}
