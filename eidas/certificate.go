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

// expiresSoon is when an expiry is worth a warning: changing a certificate at
// every bank takes weeks.
const expiresSoon = 30 * 24 * time.Hour

// Warnings lists what a person who onboards with this certificate should know,
// one sentence each: what banks may stumble over, and its validity at the time
// given. Empty for a sound one.
func (c Certificate) Warnings(at time.Time) []string {
	w := slices.Clone(c.Statements.Warnings)
	w = append(w, c.statementWarnings()...)
	w = append(w, c.identifierWarnings()...)
	if s := weakness(c.Leaf); s != "" {
		w = append(w, s)
	}
	if c.Is(TypeWeb) && (!c.ClientAuth || !c.ServerAuth) {
		w = append(w, "its extended key usage lacks server or client authentication")
	}
	if !c.DigitalSignature && (!c.Is(TypeSeal) || !c.ContentCommitment) {
		w = append(w, "its key usage does not allow digital signatures")
	}
	switch left := c.Leaf.NotAfter.Sub(at); {
	case left < 0:
		w = append(w, "it expired on "+day(c.Leaf.NotAfter))
	case at.Before(c.Leaf.NotBefore):
		w = append(w, "it is not valid before "+day(c.Leaf.NotBefore))
	case left < expiresSoon:
		w = append(w, "it expires on "+day(c.Leaf.NotAfter))
	}
	return w
}

func (c Certificate) statementWarnings() []string {
	var w []string
	if len(c.Statements.Types) == 0 {
		w = append(w, "it does not state a QcType")
	}
	if len(c.Statements.Types) > 1 {
		w = append(w, "it states more than one QcType")
	}
	if !c.Statements.Compliance {
		w = append(w, "it does not state EU qualified compliance (QcCompliance)")
	}
	switch {
	case c.Statements.PSD2 == nil:
		w = append(w, "it has no PSD2 statement")
	case len(c.Roles()) == 0:
		w = append(w, "its PSD2 statement grants no known role")
	}
	return w
}

func (c Certificate) identifierWarnings() []string {
	org := c.Organisation
	switch {
	case c.Identifier == "":
		return []string{"its subject has no organizationIdentifier"}
	case org == (OrganisationID{}):
		return []string{fmt.Sprintf("its organizationIdentifier %q is not of the form PSDGB-FCA-123456", c.Identifier)}
	}
	p := c.Statements.PSD2
	if p != nil && p.NCAID != org.NCAID() {
		return []string{fmt.Sprintf("the authority %q of its PSD2 statement is not the %q of its organizationIdentifier", p.NCAID, org.NCAID())}
	}
	return nil
}

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
