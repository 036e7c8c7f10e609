package eidas_test

import (
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

func TestVerify(t *testing.T) {
	q, other := newQTSP(t), newQTSP(t)
	key := ecKey(t, elliptic.P256())
	web, seal := tppRequest(eidas.TypeWeb, key.Public()), tppRequest(eidas.TypeSeal, key.Public())
	qwac, qseal := issue(t, q, web), issue(t, q, seal)
	past := web
	past.NotBefore, past.NotAfter = now.AddDate(-1, 0, 0), now.Add(-time.Second)
	future := web
	future.NotBefore = now.Add(time.Hour)
	bare := web
	bare.Roles = nil
	client := eidas.Want{Type: eidas.TypeWeb, Usage: eidas.UsageClient, Roles: []eidas.Role{eidas.RoleAI}}
	tests := []struct {
		name  string
		leaf  *x509.Certificate
		chain []*x509.Certificate
		at    time.Time
		want  eidas.Want
		msg   string // "" for accepted
	}{
		{"QWAC as a client", qwac, q.Chain(), now, client, ""},
		{"QWAC as a server", qwac, q.Chain(), now, eidas.Want{Type: eidas.TypeWeb, Usage: eidas.UsageServer}, ""},
		{"QSEAL for a seal", qseal, q.Chain(), now, eidas.Want{Type: eidas.TypeSeal, Usage: eidas.UsageSeal, Roles: []eidas.Role{eidas.RoleAI, eidas.RolePI}}, ""},
		{"anything trusted", qwac, q.Chain(), now, eidas.Want{}, ""},
		{"useless certificates in the chain", qwac, append(other.Chain(), q.Chain()...), now, client, ""},
		{"last second", qwac, q.Chain(), qwac.NotAfter, client, ""},
		{"no certificate", nil, nil, now, client, "no certificate was presented"},
		{"other authority", issue(t, other, web), other.Chain(), now, client, "authority that is not trusted here (One Point Test QTSP Issuing CA)"},
		{"issuing authority missing", qwac, nil, now, client, "chain is incomplete"},
		{"expired", issue(t, q, past), q.Chain(), now, client, "expired on 2026-11-21"},
		{"expires as time passes", qwac, q.Chain(), qwac.NotAfter.Add(time.Second), client, "expired"},
		{"not yet valid", issue(t, q, future), q.Chain(), now, client, "not valid before 2026-11-21T10:00:00Z"},
		{"QSEAL as a client", qseal, q.Chain(), now, client, "is a QSEAL (QcType eseal), but a QWAC (QcType web) is needed"},
		{"QWAC for a seal", qwac, q.Chain(), now, eidas.Want{Type: eidas.TypeSeal, Usage: eidas.UsageSeal}, "is a QWAC"},
		{"missing role", qwac, q.Chain(), now, eidas.Want{Type: eidas.TypeWeb, Roles: []eidas.Role{eidas.RoleAI, eidas.RoleIC, eidas.RoleAS}}, "does not grant the role PSP_IC, PSP_AS"},
		{"no PSD2 statement", issue(t, q, bare), q.Chain(), now, client, "does not grant the role PSP_AI"},
		{"an authority's own", q.Chain()[0], nil, now, eidas.Want{}, "an authority's own"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := eidas.Verify(tt.leaf, tt.chain, q.Roots(), tt.at, tt.want)
			if tt.msg == "" {
				if err != nil || c.Leaf != tt.leaf {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if onepoint.CodeOf(err) != onepoint.CodeCertificateInvalid || !strings.Contains(onepoint.MessageOf(err), tt.msg) {
				t.Errorf("got %s: %s (%v), want %q", onepoint.CodeOf(err), onepoint.MessageOf(err), err, tt.msg)
			}
		})
	}
}

// Without roots nothing is trusted: not even what the system trusts.
func TestVerifyNeedsRoots(t *testing.T) {
	q := newQTSP(t)
	cert := issue(t, q, tppRequest(eidas.TypeWeb, rsaKey().Public()))
	if _, err := eidas.Verify(cert, q.Chain(), nil, now, eidas.Want{}); onepoint.CodeOf(err) != onepoint.CodeInternal {
		t.Errorf("got %v", err)
	}
}

// foreign signs whatever the template says, as sloppy authorities do.
func foreign(t *testing.T, template *x509.Certificate, key any) (*x509.Certificate, *x509.CertPool) {
	t.Helper()
	caKey := ecKey(t, elliptic.P256())
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Sloppy CA"}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, SubjectKeyId: []byte{1},
	}
	template.SerialNumber, template.NotBefore = big.NewInt(2), now.AddDate(0, 0, -1)
	if template.NotAfter.IsZero() {
		template.NotAfter = now.AddDate(0, 6, 0)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca, key, caKey)
	if err != nil {
		t.Fatal(err)
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	root, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	return leaf, pool
}

func statements(der []byte) []pkix.Extension {
	return []pkix.Extension{{Id: eidas.OIDQCStatements, Value: der}}
}

func TestVerifySloppyCertificates(t *testing.T) {
	good := unhex(t, golden)
	key := ecKey(t, elliptic.P256()).Public()
	want := eidas.Want{Type: eidas.TypeWeb, Usage: eidas.UsageClient, Roles: []eidas.Role{eidas.RoleAS}}
	tests := []struct {
		name     string
		template x509.Certificate
		key      any
		msg      string
	}{
		{"extended key usage left out", x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: statements(good)}, key, ""},
		{"server only", x509.Certificate{
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, ExtraExtensions: statements(good),
		}, key, "does not allow TLS client authentication"},
		{"encipherment only", x509.Certificate{KeyUsage: x509.KeyUsageKeyEncipherment, ExtraExtensions: statements(good)}, key, "key usage does not allow TLS client"},
		{"no statements", x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature}, key, "not a qualified one"},
		{"malformed statements", x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: statements(good[:40])}, key, "malformed"},
		{"1024 bits", x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: statements(good)}, smallKey(), "1024 bits"},
		{"P-224", x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: statements(good)}, ecKey(t, elliptic.P224()).Public(), "224 bits"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			leaf, roots := foreign(t, &tt.template, tt.key)
			_, err := eidas.Verify(leaf, nil, roots, now, want)
			if tt.msg == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if onepoint.CodeOf(err) != onepoint.CodeCertificateInvalid || !strings.Contains(onepoint.MessageOf(err), tt.msg) {
				t.Errorf("got %v, want %q", err, tt.msg)
			}
		})
	}
}

// smallKey is a public key that Go itself no longer makes.
func smallKey() *rsa.PublicKey {
	n := new(big.Int).Rsh(rsaKey().N, 1024)
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 65537}
}

func TestWarnings(t *testing.T) {
	org := func(id string) pkix.Name {
		return pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{{Type: []int{2, 5, 4, 97}, Value: id}}}
	}
	key := ecKey(t, elliptic.P256()).Public()
	good := unhex(t, golden)
	tests := []struct {
		name     string
		template x509.Certificate
		key      any
		want     string
	}{
		{"other country than the authority's", x509.Certificate{Subject: org("PSDDE-BAFIN-1"), ExtraExtensions: statements(good)}, key, `"GB-FCA" of its PSD2 statement is not the "DE-BAFIN"`},
		{"identifier of another kind", x509.Certificate{Subject: org("VATGB-1"), ExtraExtensions: statements(good)}, key, `"VATGB-1" is not of the form`},
		{"no identifier", x509.Certificate{ExtraExtensions: statements(good)}, key, "no organizationIdentifier"},
		{"no statements", x509.Certificate{}, key, "does not state a QcType"},
		{"not qualified", x509.Certificate{ExtraExtensions: statements(good)}, key, "QcCompliance"},
		{"weak key", x509.Certificate{}, smallKey(), "1024 bits"},
		{"curve of no algorithm", x509.Certificate{}, ecKey(t, elliptic.P384()).Public(), "its key is on P-384"},
		{"weak curve", x509.Certificate{}, ecKey(t, elliptic.P224()).Public(), "its curve has 224 bits"},
		{"no roles", x509.Certificate{ExtraExtensions: statements(unhex(t, list(compliance)))}, key, "it has no PSD2 statement"},
		{"ends soon", x509.Certificate{NotAfter: now.AddDate(0, 0, 10)}, key, "it expires on 2026-12-01"},
		{"ended", x509.Certificate{NotAfter: now.Add(-time.Hour)}, key, "it expired on 2026-11-21"},
		{"no signatures", x509.Certificate{KeyUsage: x509.KeyUsageKeyEncipherment}, key, "does not allow digital signatures"},
		{"role name unlike its OID", x509.Certificate{ExtraExtensions: statements(unhex(t, list(psd2(role(1, "PSP_AI"), "FCA", "GB-FCA"))))}, key, `is PSP_AS, but the certificate names it "PSP_AI"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			leaf, _ := foreign(t, &tt.template, tt.key)
			c, err := eidas.Parse(leaf)
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(c.Warnings(now), "\n"); !strings.Contains(all, tt.want) {
				t.Errorf("warnings:\n%s\nwant %q", all, tt.want)
			}
		})
	}
}
