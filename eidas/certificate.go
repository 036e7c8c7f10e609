package eidas

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

var oidOrganisationID = asn1.ObjectIdentifier{2, 5, 4, 97}

// Subject is who a certificate was issued to, as far as this field needs it.
type Subject struct {
	Country      string // ISO 3166-1 alpha-2
	Organisation string // legal name
	CommonName   string
}

// Certificate is what an X.509 certificate says about a payment service
// provider.
type Certificate struct {
	Leaf         *x509.Certificate
	Subject      Subject
	Identifier   string         // organizationIdentifier as it stands; "" when there is none
	Organisation OrganisationID // Identifier parsed; zero when it is not of the PSD kind
	Statements   QCStatements

	DigitalSignature  bool // key usage digitalSignature
	ContentCommitment bool // key usage nonRepudiation
	ServerAuth        bool // extended key usage, stated or unrestricted
	ClientAuth        bool
}

// Parse reads what the certificate says and judges nothing: see
// [Certificate.Warnings] and [Verify]. A certificate without QCStatements is
// read as one that states nothing. Errors are CodeInvalid: malformed statements.
func Parse(cert *x509.Certificate) (Certificate, error) {
	c := Certificate{
		Leaf: cert,
		Subject: Subject{
			Country:      first(cert.Subject.Country),
			Organisation: first(cert.Subject.Organization),
			CommonName:   cert.Subject.CommonName,
		},
		Identifier:        attribute(cert.Subject, oidOrganisationID),
		DigitalSignature:  cert.KeyUsage&x509.KeyUsageDigitalSignature != 0,
		ContentCommitment: cert.KeyUsage&x509.KeyUsageContentCommitment != 0,
		ServerAuth:        allows(cert, x509.ExtKeyUsageServerAuth),
		ClientAuth:        allows(cert, x509.ExtKeyUsageClientAuth),
	}
	if id, err := ParseOrganisationID(c.Identifier); err == nil {
		c.Organisation = id
	}
	if der := extension(cert.Extensions, OIDQCStatements); der != nil {
		var err error
		if c.Statements, err = ParseQCStatements(der); err != nil {
			return Certificate{}, err
		}
	}
	return c, nil
}

// Is reports whether the certificate states the type.
func (c Certificate) Is(t QCType) bool { return slices.Contains(c.Statements.Types, t) }

// Roles are the roles it grants; none without a PSD2 statement.
func (c Certificate) Roles() []Role {
	if c.Statements.PSD2 == nil {
		return nil
	}
	return c.Statements.PSD2.Roles
}

// Has reports whether it grants the role.
func (c Certificate) Has(r Role) bool { return slices.Contains(c.Roles(), r) }

// weakness says why a key is too weak for this field, "" when it is not. The
// floor is 2048 bits of RSA (ETSI TS 119 312) or a 256-bit curve.
func weakness(cert *x509.Certificate) string {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < 2048 {
			return fmt.Sprintf("its RSA key has %d bits; at least 2048 are needed", bits)
		}
	case *ecdsa.PublicKey:
		if bits := key.Curve.Params().BitSize; bits < 256 {
			return fmt.Sprintf("its curve has %d bits; at least 256 are needed", bits)
		}
	default:
		return "its key is neither RSA nor ECDSA"
	}
	return ""
}

// allows reports whether the extended key usage admits u; a certificate without
// one is not restricted.
func allows(cert *x509.Certificate, u x509.ExtKeyUsage) bool {
	if len(cert.ExtKeyUsage) == 0 && len(cert.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.Contains(cert.ExtKeyUsage, u) || slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageAny)
}

func extension(list []pkix.Extension, id asn1.ObjectIdentifier) []byte {
	for _, e := range list {
		if e.Id.Equal(id) {
			return e.Value
		}
	}
	return nil
}

func attribute(name pkix.Name, id asn1.ObjectIdentifier) string {
	for _, a := range name.Names {
		if s, ok := a.Value.(string); ok && a.Type.Equal(id) {
			return strings.TrimSpace(s)
		}
	}
	return ""
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func day(t time.Time) string { return onepoint.DateOf(t.UTC()).String() }
