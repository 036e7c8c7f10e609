package eidas

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
)

const (
	webLife = 398 * 24 * time.Hour // CA/Browser Forum limit when TS 119 495 was written
	maxLife = 3 * 365 * 24 * time.Hour
	defLife = 397*24*time.Hour - time.Second // notAfter itself still counts
)

// The places an issuer names in its certificates unless it is told others.
// Nothing answers there: ".example" never resolves (RFC 2606).
const (
	pkiHost = "http://pki.qtsp.example"
	pdsURL  = "https://pki.qtsp.example/pds_en.pdf"
)

// Issue signs a certificate for r.PublicKey. A bank's server certificate is a
// QWAC with RoleAS and the server's names. Errors are CodeInvalid: what the
// profile does not allow.
func (q *QTSP) Issue(r Request) (*x509.Certificate, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if err := checkKey(r.PublicKey); err != nil {
		return nil, err
	}
	from, to, err := q.validity(r)
	if err != nil {
		return nil, err
	}
	statements, err := r.statements().Marshal()
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	id, err := keyID(r.PublicKey)
	if err != nil {
		return nil, err
	}
	responders, lists := q.revocationURLs(r)
	cert, err := q.sign(&x509.Certificate{
		SerialNumber: serial, SubjectKeyId: id, Subject: r.name(), NotBefore: from, NotAfter: to,
		KeyUsage: keyUsage(r.Type), ExtKeyUsage: extKeyUsage(r.Type), BasicConstraintsValid: true,
		DNSNames: r.DNSNames, IPAddresses: r.IPs, Policies: r.policies(),
		OCSPServer: responders, IssuingCertificateURL: []string{pkiHost + "/issuing.cer"}, CRLDistributionPoints: lists,
		ExtraExtensions: []pkix.Extension{{Id: OIDQCStatements, Value: statements}},
	}, r.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("issue certificate: %w", err)
	}
	return cert, nil
}

// IssueCSR issues what a PKCS#10 request (DER) asks for; the times are those of
// [Request]. Errors are CodeInvalid.
func (q *QTSP) IssueCSR(der []byte, notBefore, notAfter time.Time) (*x509.Certificate, error) {
	r, err := ParseCSR(der)
	if err != nil {
		return nil, err
	}
	r.NotBefore, r.NotAfter = notBefore, notAfter
	return q.Issue(r)
}

func (q *QTSP) validity(r Request) (from, to time.Time, err error) {
	const op = "issue certificate"
	if r.NotBefore.IsZero() {
		return from, to, onepoint.Missing(op, "notBefore", "must be given")
	}
	from, to = r.NotBefore.UTC().Truncate(time.Second), r.NotAfter
	if to.IsZero() {
		to = from.Add(defLife)
	}
	to = to.UTC().Truncate(time.Second)
	limit := maxLife
	if r.Type == TypeWeb {
		limit = webLife
	}
	switch {
	case !to.After(from):
		err = onepoint.Missing(op, "notAfter", "must lie after notBefore")
	case to.Sub(from) > limit:
		err = onepoint.Missing(op, "notAfter", fmt.Sprintf("must lie within %d days of notBefore", int(limit.Hours()/24)))
	case to.After(q.issuing.NotAfter):
		err = onepoint.E(onepoint.CodeInvalid, op, "the certificate would outlive the test QTSP, whose own ends on "+day(q.issuing.NotAfter),
			errors.New("notAfter after the issuer's"))
	}
	return from, to, err
}

// statements is the full profile of a qualified certificate.
func (r Request) statements() QCStatements {
	return QCStatements{
		Compliance: true,
		SSCD:       r.QSCD,
		Types:      []QCType{r.Type},
		PDS:        []PDS{{URL: pdsURL, Language: "en"}},
		PSD2:       r.psd2(),
	}
}

// policies are the certificate policies of TS 119 495 and EN 319 411-2.
func (r Request) policies() []x509.OID {
	switch {
	case r.Type == TypeWeb && len(r.Roles) > 0:
		return []x509.OID{policyOID(0, 4, 0, 19495, 3, 1), policyOID(0, 4, 0, 194112, 1, 4)} // qcp-web-psd2, QCP-w
	case r.Type == TypeWeb:
		return []x509.OID{policyOID(0, 4, 0, 194112, 1, 4)}
	case r.QSCD:
		return []x509.OID{policyOID(0, 4, 0, 194112, 1, 3)} // QCP-l-qscd
	}
	return []x509.OID{policyOID(0, 4, 0, 194112, 1, 1)} // QCP-l
}

func policyOID(arcs ...uint64) x509.OID {
	oid, err := x509.OIDFromInts(arcs)
	if err != nil {
		panic(err) // the arcs are constants of this package
	}
	return oid
}
