package eidas_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	zx509 "github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func ecKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newQTSP(t testing.TB) *eidas.QTSP {
	t.Helper()
	q, err := eidas.NewTestQTSP(now)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func tppRequest(typ eidas.QCType, key crypto.PublicKey) eidas.Request {
	r := eidas.Request{
		Type: typ, Subject: eidas.Subject{Country: "GB", Organisation: "Ledger Ltd", CommonName: "ledger.example"},
		OrgID: "PSDGB-FCA-123456", Roles: []eidas.Role{eidas.RoleAI, eidas.RolePI}, PublicKey: key, NotBefore: now.Add(-time.Minute),
	}
	if typ == eidas.TypeWeb {
		r.DNSNames = []string{"ledger.example"}
	}
	return r
}

func bankRequest(key crypto.PublicKey) eidas.Request {
	return eidas.Request{
		Type: eidas.TypeWeb, Subject: eidas.Subject{Country: "GB", Organisation: "Model Bank UK plc"},
		OrgID: "PSDGB-FCA-654321", Roles: []eidas.Role{eidas.RoleAS},
		DNSNames: []string{"localhost"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1)}, PublicKey: key, NotBefore: now.Add(-time.Minute),
	}
}

func issue(t testing.TB, q *eidas.QTSP, r eidas.Request) *x509.Certificate {
	t.Helper()
	c, err := q.Issue(r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestIssuedCertificatesCarryTheProfile(t *testing.T) {
	q := newQTSP(t)
	for _, typ := range []eidas.QCType{eidas.TypeWeb, eidas.TypeSeal} {
		c, err := eidas.Parse(issue(t, q, tppRequest(typ, rsaKey().Public())))
		if err != nil {
			t.Fatal(err)
		}
		if w := c.Warnings(now); len(w) != 0 {
			t.Errorf("%s: warnings %q", typ, w)
		}
		if !c.Is(typ) || !c.Has(eidas.RoleAI) || !c.Has(eidas.RolePI) || c.Has(eidas.RoleAS) || !c.Statements.Compliance {
			t.Errorf("%s: read as %+v", typ, c.Statements)
		}
		if p := c.Statements.PSD2; p.NCAName != "Financial Conduct Authority" || p.NCAID != "GB-FCA" {
			t.Errorf("%s: authority %+v", typ, p)
		}
		if c.Organisation.String() != "PSDGB-FCA-123456" || c.Subject != (eidas.Subject{Country: "GB", Organisation: "Ledger Ltd", CommonName: "ledger.example"}) {
			t.Errorf("%s: %v %+v", typ, c.Organisation, c.Subject)
		}
		web := typ == eidas.TypeWeb
		if !c.DigitalSignature || c.ContentCommitment == web || len(c.Leaf.ExtKeyUsage) != map[bool]int{true: 2, false: 0}[web] {
			t.Errorf("%s: usages %v %v", typ, c.Leaf.KeyUsage, c.Leaf.ExtKeyUsage)
		}
		policy := map[bool]string{true: "[0.4.0.19495.3.1 0.4.0.194112.1.4]", false: "[0.4.0.194112.1.1]"}[web]
		if got := fmt.Sprint(c.Leaf.Policies); got != policy {
			t.Errorf("%s: policies %s", typ, got)
		}
		l := c.Leaf
		if len(l.SubjectKeyId) == 0 || !bytes.Equal(l.AuthorityKeyId, q.Chain()[0].SubjectKeyId) || len(l.OCSPServer) == 0 ||
			len(l.IssuingCertificateURL) == 0 || len(l.CRLDistributionPoints) == 0 || l.SerialNumber.BitLen() < 64 || l.NotAfter.Sub(l.NotBefore) > 398*24*time.Hour {
			t.Errorf("%s: profile of the issuer is incomplete", typ)
		}
	}
}

// The order of the subject is C, O, organizationIdentifier, CN.
func TestSubjectOrder(t *testing.T) {
	c := issue(t, newQTSP(t), tppRequest(eidas.TypeWeb, rsaKey().Public()))
	var got []string
	for _, a := range c.Subject.Names {
		got = append(got, a.Type.String())
	}
	if !slices.Equal(got, []string{"2.5.4.6", "2.5.4.10", "2.5.4.97", "2.5.4.3"}) {
		t.Errorf("subject %v", got)
	}
}

func TestZlint(t *testing.T) {
	q := newQTSP(t)
	certs := map[string]*x509.Certificate{
		"TPP QWAC RSA":    issue(t, q, tppRequest(eidas.TypeWeb, rsaKey().Public())),
		"TPP QWAC ECDSA":  issue(t, q, tppRequest(eidas.TypeWeb, ecKey(t, elliptic.P256()).Public())),
		"TPP QSEAL RSA":   issue(t, q, tppRequest(eidas.TypeSeal, rsaKey().Public())),
		"TPP QSEAL ECDSA": issue(t, q, tppRequest(eidas.TypeSeal, ecKey(t, elliptic.P256()).Public())),
		"bank server":     issue(t, q, bankRequest(rsaKey().Public())),
	}
	qscd := tppRequest(eidas.TypeSeal, rsaKey().Public())
	qscd.QSCD = true
	certs["TPP QSEAL on a device"] = issue(t, q, qscd)
	// zlint takes a certificate without extended key usage, as the profile of a
	// QSEAL wants it, for a web server's, and then misses the type web.
	mistaken := func(c *x509.Certificate, id string) bool {
		return id == "e_qcstatem_qctype_web" && len(c.ExtKeyUsage) == 0
	}
	for name, c := range certs {
		passed := 0
		for id, r := range lintCertificate(t, c) {
			source := lint.GlobalRegistry().ByName(id).Source
			switch {
			case source == lint.EtsiEsi && r.Status == lint.Pass:
				passed++
			case r.Status < lint.Warn, mistaken(c, id): // not applicable, or a notice
			case source == lint.EtsiEsi, source == lint.RFC5280 && r.Status >= lint.Error:
				t.Errorf("%s: %s (%s): %s %s", name, id, source, r.Status, r.Details)
			default: // the browsers' rules, which no payment certificate is judged by
				t.Logf("%s: %s (%s): %s %s", name, id, source, r.Status, r.Details)
			}
		}
		if passed < 5 {
			t.Errorf("%s: only %d ETSI lints applied and passed", name, passed)
		}
	}
	for _, c := range append(q.Chain(), q.Root()) {
		for id, r := range lintCertificate(t, c) {
			if l := lint.GlobalRegistry().ByName(id); r.Status >= lint.Error && (l.Source == lint.EtsiEsi || l.Source == lint.RFC5280) {
				t.Errorf("%s: %s: %s %s", c.Subject.CommonName, id, r.Status, r.Details)
			}
		}
	}
}

func lintCertificate(t *testing.T, c *x509.Certificate) map[string]*lint.LintResult {
	t.Helper()
	z, err := zx509.ParseCertificate(c.Raw)
	if err != nil {
		t.Fatal(err)
	}
	return zlint.LintCertificate(z).Results
}

func TestIssueRefusesWhatTheProfileForbids(t *testing.T) {
	q := newQTSP(t)
	for name, change := range map[string]func(*eidas.Request){
		"no type":              func(r *eidas.Request) { r.Type = "" },
		"personal signature":   func(r *eidas.Request) { r.Type = eidas.TypeSign },
		"no organisation":      func(r *eidas.Request) { r.Subject.Organisation = "" },
		"long organisation":    func(r *eidas.Request) { r.Subject.Organisation = strings.Repeat("x", 65) },
		"country in lower":     func(r *eidas.Request) { r.Subject.Country = "gb" },
		"bad identifier":       func(r *eidas.Request) { r.OrgID = "VATGB-123" },
		"unknown role":         func(r *eidas.Request) { r.Roles = []eidas.Role{"PSP_XX"} },
		"small RSA key":        func(r *eidas.Request) { r.PublicKey = smallKey() },
		"P-384":                func(r *eidas.Request) { r.PublicKey = ecKey(t, elliptic.P384()).Public() },
		"no key":               func(r *eidas.Request) { r.PublicKey = nil },
		"no beginning":         func(r *eidas.Request) { r.NotBefore = time.Time{} },
		"399 days":             func(r *eidas.Request) { r.NotBefore, r.NotAfter = now, now.AddDate(0, 0, 399) },
		"ends before it began": func(r *eidas.Request) { r.NotBefore, r.NotAfter = now, now.AddDate(0, 0, -1) },
		"outlives the issuer":  func(r *eidas.Request) { r.NotBefore, r.NotAfter = now.AddDate(10, 0, -1), now.AddDate(10, 0, 2) },
	} {
		r := tppRequest(eidas.TypeWeb, ecKey(t, elliptic.P256()).Public())
		change(&r)
		if _, err := q.Issue(r); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	seal := tppRequest(eidas.TypeSeal, rsaKey().Public())
	seal.DNSNames = []string{"ledger.example"}
	if _, err := q.Issue(seal); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("host name in a seal: %v", err)
	}
}

func TestCSRIsIssuedAsAsked(t *testing.T) {
	q := newQTSP(t)
	for _, typ := range []eidas.QCType{eidas.TypeWeb, eidas.TypeSeal} {
		for _, key := range []crypto.Signer{rsaKey(), ecKey(t, elliptic.P256())} {
			r := tppRequest(typ, nil)
			der, err := eidas.CreateCSR(key, r)
			if err != nil {
				t.Fatal(err)
			}
			cert, err := q.IssueCSR(der, now, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			want := []eidas.Role{eidas.RoleAI, eidas.RolePI}
			c, err := eidas.Verify(cert, q.Chain(), q.Roots(), now, eidas.Want{Type: typ, Roles: want})
			if err != nil || !slices.Equal(cert.DNSNames, r.DNSNames) || c.Organisation.String() != r.OrgID {
				t.Errorf("%s: %v, %+v", typ, err, c)
			}
		}
	}
}

// UK Open Banking's profile of a CSR: QcType, then the PSD2 statement, and key
// usage without trailing zero bits.
func TestCSRExtensions(t *testing.T) {
	r := bankRequest(nil)
	der, err := eidas.CreateCSR(rsaKey(), r)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]byte{}
	for _, e := range csr.Extensions {
		found[e.Id.String()] = e.Value
	}
	if got := found["1.3.6.1.5.5.7.1.3"]; !bytes.Equal(got, unhex(t, golden)) {
		t.Errorf("qcStatements %x", got)
	}
	if got := found["2.5.29.15"]; !bytes.Equal(got, unhex(t, "03020780")) {
		t.Errorf("key usage %x", got)
	}
	if got := found["2.5.29.37"]; !bytes.Equal(got, unhex(t, "301406082b0601050507030106082b06010505070302")) {
		t.Errorf("extended key usage %x", got)
	}
	seal, err := eidas.CreateCSR(rsaKey(), tppRequest(eidas.TypeSeal, nil))
	if err != nil || !bytes.Contains(seal, unhex(t, "030206c0")) {
		t.Errorf("key usage of a seal is not 030206c0, %v", err)
	}
}

func TestCSRRefused(t *testing.T) {
	q := newQTSP(t)
	der, err := eidas.CreateCSR(rsaKey(), tppRequest(eidas.TypeWeb, nil))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, rsaKey())
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Clone(der)
	forged[len(forged)-1] ^= 1
	for name, csr := range map[string][]byte{
		"nothing": nil, "forged": forged, "cut": der[:100], "without statements": plain, "too long": make([]byte, 40_000),
	} {
		if _, err := q.IssueCSR(csr, now, time.Time{}); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestQTSPSurvivesItsFile(t *testing.T) {
	q := newQTSP(t)
	saved, err := q.MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	again, err := eidas.LoadQTSP(saved)
	if err != nil {
		t.Fatal(err)
	}
	cert := issue(t, again, tppRequest(eidas.TypeWeb, rsaKey().Public()))
	if _, err := eidas.Verify(cert, q.Chain(), q.Roots(), now, eidas.Want{Type: eidas.TypeWeb}); err != nil {
		t.Error(err)
	}
	other, err := newQTSP(t).MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty": nil, "cut": saved[:len(saved)/2], "two of them": append(bytes.Clone(saved), other...),
		"foreign keys": swapKeys(saved, other),
	} {
		if _, err := eidas.LoadQTSP(data); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if out := fmt.Sprintf("%v %+v %#v", q, q, *q); strings.Contains(out, "PrivateKey") {
		t.Errorf("printing shows keys: %.200s", out)
	}
}

// swapKeys puts b's private keys beside a's certificates.
func swapKeys(a, b []byte) []byte {
	const mark = "-----BEGIN PRIVATE KEY-----"
	pa, pb := strings.Split(string(a), mark), strings.Split(string(b), mark)
	const end = "-----END PRIVATE KEY-----\n"
	for i := 1; i < len(pa); i++ {
		pa[i] = pb[i][:strings.Index(pb[i], end)] + pa[i][strings.Index(pa[i], end):]
	}
	return []byte(strings.Join(pa, mark))
}

// A real handshake: the bank's server certificate and the TPP's QWAC are good
// for mutual TLS on the loopback address and on localhost.
func TestMutualTLS(t *testing.T) {
	q := newQTSP(t)
	pair := func(c *x509.Certificate) tls.Certificate {
		return tls.Certificate{Certificate: [][]byte{c.Raw, q.Chain()[0].Raw}, PrivateKey: rsaKey()}
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := eidas.Verify(r.TLS.PeerCertificates[0], r.TLS.PeerCertificates[1:], q.Roots(), now,
			eidas.Want{Type: eidas.TypeWeb, Usage: eidas.UsageClient, Roles: []eidas.Role{eidas.RoleAI}})
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		io.WriteString(w, c.Organisation.String())
	}))
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{pair(issue(t, q, bankRequest(rsaKey().Public())))}, MinVersion: tls.VersionTLS12,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: q.Roots(), Time: clock,
	}
	server.StartTLS()
	defer server.Close()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: q.Roots(), Certificates: []tls.Certificate{pair(issue(t, q, tppRequest(eidas.TypeWeb, rsaKey().Public())))}, Time: clock,
	}}}
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost"} {
		resp, err := client.Get("https://" + net.JoinHostPort(host, port))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != "PSDGB-FCA-123456" {
			t.Errorf("%s: %d %s", host, resp.StatusCode, body)
		}
	}
}
