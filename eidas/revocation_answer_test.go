package eidas_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

// authority signs whatever answer a test wants.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB, name string) *authority {
	t.Helper()
	a := &authority{key: ecKey(t, elliptic.P256())}
	a.cert = a.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte{1},
	}, a.key)
	return a
}

func (a *authority) sign(t testing.TB, template *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	parent := a.cert
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const leafSerial = 4711

// leaf names the addresses that are not empty.
func (a *authority) leaf(t testing.TB, responder, list string) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(leafSerial), Subject: pkix.Name{CommonName: "leaf"}, NotBefore: now, NotAfter: now.AddDate(0, 6, 0)}
	if responder != "" {
		c.OCSPServer = []string{responder}
	}
	if list != "" {
		c.CRLDistributionPoints = []string{list}
	}
	return a.sign(t, c, a.key)
}

// responder is certified by a for what usage says.
func (a *authority) responder(t testing.TB, change func(*x509.Certificate)) *authority {
	t.Helper()
	r := &authority{key: ecKey(t, elliptic.P256())}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(5), Subject: pkix.Name{CommonName: "responder"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning},
	}
	if change != nil {
		change(template)
	}
	r.cert = a.sign(t, template, r.key)
	return r
}

// answer is an OCSP answer about issuer's leaf, signed by a; template changes
// what it says.
func (a *authority) answer(t testing.TB, issuer *authority, change func(*ocsp.Response)) []byte {
	t.Helper()
	template := ocsp.Response{Status: ocsp.Good, SerialNumber: big.NewInt(leafSerial), ThisUpdate: now, NextUpdate: now.Add(time.Hour)}
	if change != nil {
		change(&template)
	}
	der, err := ocsp.CreateResponse(issuer.cert, a.cert, template, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (a *authority) list(t testing.TB, change func(*x509.RevocationList)) []byte {
	t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now, NextUpdate: now.Add(time.Hour)}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, a.cert, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// canned is a transport that answers everything with the same bytes.
type canned []byte

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(strings.NewReader(string(c)))}, nil
}

func checkCanned(t testing.TB, answer []byte, leaf, issuer *x509.Certificate) (eidas.Status, error) {
	t.Helper()
	r := eidas.Revocation{HTTP: &http.Client{Transport: canned(answer)}, Now: clock}
	return r.Check(t.Context(), leaf, issuer)
}

func TestOCSPAnswers(t *testing.T) {
	ca := newAuthority(t, "CA")
	twin := newAuthority(t, "CA") // the name of ca, another key
	delegate := ca.responder(t, nil)
	enclose := func(c *x509.Certificate) func(*ocsp.Response) {
		return func(r *ocsp.Response) { r.Certificate = c }
	}
	by := func(change func(*x509.Certificate)) []byte {
		r := ca.responder(t, change)
		return r.answer(t, ca, enclose(r.cert))
	}
	leaf := ca.leaf(t, "http://ocsp.example/", "")
	tests := []struct {
		name   string
		answer []byte
		state  eidas.RevocationState
		err    string // "" for an answer that holds
	}{
		{"good", ca.answer(t, ca, nil), eidas.Good, ""},
		{"good, with the issuer enclosed", ca.answer(t, ca, enclose(ca.cert)), eidas.Good, ""},
		{"good by a delegate", delegate.answer(t, ca, enclose(delegate.cert)), eidas.Good, ""},
		{"good a little ahead", ca.answer(t, ca, func(r *ocsp.Response) { r.ThisUpdate = now.Add(4 * time.Minute) }), eidas.Good, ""},
		{"good without nextUpdate", ca.answer(t, ca, func(r *ocsp.Response) { r.NextUpdate = time.Time{} }), eidas.Good, ""},
		{"on hold", ca.answer(t, ca, func(r *ocsp.Response) { r.Status, r.RevokedAt, r.RevocationReason = ocsp.Revoked, now, 6 }), eidas.Revoked, ""},
		{"unknown serial", ca.answer(t, ca, func(r *ocsp.Response) { r.Status = ocsp.Unknown }), 0, "does not know it"},
		{"expired", ca.answer(t, ca, func(r *ocsp.Response) { r.NextUpdate = now.Add(-6 * time.Minute) }), 0, "out of date"},
		{"from the future", ca.answer(t, ca, func(r *ocsp.Response) { r.ThisUpdate = now.Add(6 * time.Minute) }), 0, "future"},
		{"old without nextUpdate", ca.answer(t, ca, func(r *ocsp.Response) { r.NextUpdate, r.ThisUpdate = time.Time{}, now.Add(-2*time.Hour) }), 0, "out of date"},
		{"other serial", ca.answer(t, ca, func(r *ocsp.Response) { r.SerialNumber = big.NewInt(1) }), 0, "no response matching"},
		{"other issuer of the same key", ca.answer(t, &authority{cert: ca.responder(t, nil).cert}, nil), 0, "another issuer's certificate"},
		{"signed by a stranger", twin.answer(t, ca, nil), 0, "verification failure"},
		{"stranger encloses itself", twin.answer(t, ca, enclose(twin.cert)), 0, "stranger"},
		{"stranger encloses a delegate", twin.answer(t, ca, enclose(delegate.cert)), 0, "bad signature"},
		{"stranger's delegate", func() []byte { r := twin.responder(t, nil); return r.answer(t, ca, enclose(r.cert)) }(), 0, "stranger"},
		{"delegate without the purpose", by(func(c *x509.Certificate) { c.ExtKeyUsage = nil }), 0, "id-kp-OCSPSigning"},
		{"delegate for any purpose", by(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }), 0, "id-kp-OCSPSigning"},
		{"delegate that expired", by(func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) }), 0, "not valid now"},
		{"signed with SHA-1", ca.answer(t, ca, func(r *ocsp.Response) { r.SignatureAlgorithm = x509.ECDSAWithSHA1 }), 0, "SHA1"},
		{"try later", ocsp.TryLaterErrorResponse, 0, "try later"},
		{"not our issuer", ocsp.UnauthorizedErrorResponse, 0, "unauthorized"},
		{"nothing", nil, 0, "truncated"},
		{"cut", ca.answer(t, ca, nil)[:60], 0, "truncated"},
		{"oversized", make([]byte, 65<<10), 0, "more than 65536 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := checkCanned(t, tt.answer, leaf, ca.cert)
			if s.State != tt.state || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("%v, %v; want %q", s, err, tt.err)
			}
			want := onepoint.CodeUnavailable
			if tt.name == "unknown serial" {
				want = onepoint.CodeCertificateInvalid
			}
			if err != nil && onepoint.CodeOf(err) != want {
				t.Errorf("code %s", onepoint.CodeOf(err))
			}
		})
	}
}

// A CRL lists nothing but what was revoked: it must not overrule a responder
// that does not know the certificate.
func TestUnknownSerialIsNotGoodByTheList(t *testing.T) {
	ca := newAuthority(t, "CA")
	unknown := ca.answer(t, ca, func(r *ocsp.Response) { r.Status = ocsp.Unknown })
	list := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(ca.list(t, nil)) })
	leaf := ca.leaf(t, serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(unknown) }), list)
	if s, err := check(t, leaf, ca.cert); onepoint.CodeOf(err) != onepoint.CodeCertificateInvalid {
		t.Errorf("%v %v", s, err)
	}
}

func TestLists(t *testing.T) {
	const address = "http://crl.example/1"
	ca := newAuthority(t, "CA")
	scoped := func(der []byte) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: der}}
		}
	}
	scope := func(der string) func(*x509.RevocationList) { return scoped(unhex(t, der)) }
	part := func(uri string) func(*x509.RevocationList) { // distributionPoint, fullName, uniformResourceIdentifier
		n := byte(len(uri))
		return scoped(append([]byte{0x30, n + 6, 0xa0, n + 4, 0xa0, n + 2, 0x86, n}, uri...))
	}
	entry := func(x ...pkix.Extension) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) {
			l.RevokedCertificateEntries = []x509.RevocationListEntry{
				{SerialNumber: big.NewInt(leafSerial), RevocationTime: now, ReasonCode: 4, ExtraExtensions: x},
			}
		}
	}
	tests := []struct {
		name  string
		list  []byte
		state eidas.RevocationState
		err   string
	}{
		{"not listed", ca.list(t, nil), eidas.Good, ""},
		{"listed", ca.list(t, entry()), eidas.Revoked, ""},
		{"the part that is named", ca.list(t, part(address)), eidas.Good, ""},
		{"of users' certificates", ca.list(t, scope("30038101ff")), eidas.Good, ""},
		{"stale", ca.list(t, func(l *x509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = now.Add(-time.Hour), now.Add(-6*time.Minute)
		}), 0, "out of date"},
		{"from the future", ca.list(t, func(l *x509.RevocationList) { l.ThisUpdate = now.Add(6 * time.Minute) }), 0, "future"},
		{"another issuer's", newAuthority(t, "Other CA").list(t, nil), 0, "another issuer's"},
		{"of an issuer of the same name", newAuthority(t, "CA").list(t, nil), 0, "verification failure"},
		{"signed with SHA-1", ca.list(t, func(l *x509.RevocationList) { l.SignatureAlgorithm = x509.ECDSAWithSHA1 }), 0, "SHA1"},
		{"another part", ca.list(t, part("http://crl.example/2")), 0, "another part"},
		{"a part that is named by its issuer", ca.list(t, scope("3006a004a1023000")), 0, "another part"},
		{"of authorities", ca.list(t, scope("30038201ff")), 0, "this kind"},
		{"of some reasons", ca.list(t, scope("300483020640")), 0, "some reasons"},
		{"indirect", ca.list(t, scope("30038401ff")), 0, "indirect"},
		{"of attribute certificates", ca.list(t, scope("30038501ff")), 0, "attribute"},
		{"scope malformed", ca.list(t, scope("3003")), 0, "malformed"},
		{"delta", ca.list(t, func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}
		}), 0, "critical extension 2.5.29.27"},
		{"entry of another issuer", ca.list(t, entry(pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}})), 0, "critical extension 2.5.29.29"},
		{"cut", ca.list(t, nil)[:50], 0, "malformed"},
	}
	leaf := ca.leaf(t, "", address)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := checkCanned(t, tt.list, leaf, ca.cert)
			if s.State != tt.state || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("%v, %v; want %q", s, err, tt.err)
			}
			if err != nil && onepoint.CodeOf(err) != onepoint.CodeUnavailable {
				t.Errorf("code %s", onepoint.CodeOf(err))
			}
		})
	}
}
