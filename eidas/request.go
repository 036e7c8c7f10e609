package eidas

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/onepointledger/onepoint"
)

// Request describes a certificate: what a CSR asks for and what a [QTSP]
// issues.
type Request struct {
	Type     QCType
	Subject  Subject // CommonName may be empty: the first DNS name, or the organisation
	OrgID    string  // organizationIdentifier, "PSDGB-FCA-123456"
	Roles    []Role  // none leaves the PSD2 statement out
	NCAName  string  // the table of [NCAName] when empty
	DNSNames []string
	IPs      []net.IP

	// What follows is for issuing only; a CSR carries its signer's public key.
	PublicKey crypto.PublicKey // RSA of 2048 bits or more, or ECDSA P-256
	QSCD      bool             // the key lives in a qualified device
	NotBefore time.Time
	NotAfter  time.Time // 397 days after NotBefore when zero

	// Where revocations are told; those of the [QTSP] when empty.
	OCSPServer            []string
	CRLDistributionPoints []string
}

// X.520 upper bounds of the subject's attributes.
const (
	maxCommonName   = 64
	maxOrganisation = 64
)

func (r Request) check() error {
	const op = "request certificate"
	if r.Type != TypeWeb && r.Type != TypeSeal {
		return onepoint.Missing(op, "type", "must be web (QWAC) or eseal (QSEAL)")
	}
	if len(r.Subject.Country) != 2 || !capitals(r.Subject.Country) {
		return onepoint.Missing(op, "subject.country", "must be an ISO 3166 code such as GB")
	}
	if !fits(r.Subject.Organisation, maxOrganisation) {
		return onepoint.Missing(op, "subject.organisation", fmt.Sprintf("must be the legal name in 1 to %d characters", maxOrganisation))
	}
	if !fits(r.commonName(), maxCommonName) {
		return onepoint.Missing(op, "subject.commonName", fmt.Sprintf("must have 1 to %d characters", maxCommonName))
	}
	if _, err := ParseOrganisationID(r.OrgID); err != nil {
		return err
	}
	if r.Type == TypeSeal && len(r.DNSNames)+len(r.IPs) > 0 {
		return onepoint.Missing(op, "dnsNames", "only a QWAC has names of hosts")
	}
	if err := checkURLs("ocspServer", r.OCSPServer...); err != nil {
		return err
	}
	return checkURLs("crlDistributionPoints", r.CRLDistributionPoints...)
}

// fits reports whether s is text of 1 to limit characters.
func fits(s string, limit int) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit
}

func (r Request) commonName() string {
	switch {
	case r.Subject.CommonName != "":
		return r.Subject.CommonName
	case len(r.DNSNames) > 0:
		return r.DNSNames[0]
	}
	return r.Subject.Organisation
}

// name is the subject in the order of the ETSI profiles: C, O,
// organizationIdentifier, CN. All go into ExtraNames, because the named fields of
// pkix.Name would put the common name first.
func (r Request) name() pkix.Name {
	return pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{
		{Type: asn1.ObjectIdentifier{2, 5, 4, 6}, Value: r.Subject.Country},
		{Type: asn1.ObjectIdentifier{2, 5, 4, 10}, Value: r.Subject.Organisation},
		{Type: oidOrganisationID, Value: r.OrgID},
		{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: r.commonName()},
	}}
}

// psd2 is nil for a request without roles.
func (r Request) psd2() *PSD2 {
	if len(r.Roles) == 0 {
		return nil
	}
	id, err := ParseOrganisationID(r.OrgID)
	if err != nil { // check has refused it before
		return nil
	}
	p := &PSD2{Roles: r.Roles, NCAName: r.NCAName, NCAID: id.NCAID()}
	if strings.TrimSpace(p.NCAName) == "" {
		p.NCAName = NCAName(p.NCAID)
	}
	return p
}

// checkKey refuses keys that this field's signature algorithms (PS256, ES256)
// do not serve.
func checkKey(key crypto.PublicKey) error {
	const op = "request certificate"
	switch k := key.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return onepoint.Missing(op, "publicKey", "an RSA key needs at least 2048 bits")
		}
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return onepoint.Missing(op, "publicKey", "an ECDSA key must be on P-256")
		}
	default:
		return onepoint.Missing(op, "publicKey", "must be RSA or ECDSA")
	}
	return nil
}
