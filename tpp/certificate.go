package tpp

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strings"
	"time"

	"github.com/onepointledger/onepoint/eidas"
)

// CertificateKind is what a key's certificate is for.
type CertificateKind string

// The kinds.
const (
	CertificateQWAC  CertificateKind = "qwac"  // opens TLS
	CertificateQSEAL CertificateKind = "qseal" // signs
	CertificateOther CertificateKind = "other" // states neither
	CertificateNone  CertificateKind = "key"   // there is only a key yet
)

// RevocationState is what is known of a certificate's revocation.
type RevocationState string

// The states; empty when nobody asked.
const (
	RevocationGood        RevocationState = "good"
	RevocationRevoked     RevocationState = "revoked"
	RevocationNotTold     RevocationState = "not_told"     // the certificate names nobody to ask
	RevocationNotAnswered RevocationState = "not_answered" // nobody gave an answer that holds
)

// Certificate is everything that may be known of one key of the vault and its
// certificate. What follows Algorithm is zero for a key without certificate.
type Certificate struct {
	Name        string
	Kind        CertificateKind
	Algorithm   string
	Subject     string // RFC 4514
	OrgID       string // organizationIdentifier
	Roles       []string
	NCAName     string
	NCAID       string
	Issuer      string
	Serial      string // hexadecimal
	NotBefore   time.Time
	NotAfter    time.Time
	DaysLeft    int // full days; negative once expired
	KeyUsage    []string
	ExtKeyUsage []string
	Fingerprint string   // SHA-256 of the DER, hexadecimal
	Chain       []string // subjects, leaf first
	Warnings    []string // what a person should know, one sentence each
	Revocation  RevocationState
	RevokedAt   time.Time
	UsedBy      []string // ids of the banks whose registration uses it
}

// describe tells what the key and its certificate say, at the time given.
func describe(k Key, at time.Time) Certificate {
	c := Certificate{Name: k.Name, Kind: CertificateNone, Algorithm: k.Algorithm}
	if len(k.Chain) == 0 {
		return c
	}
	leaf := k.Chain[0]
	sum := sha256.Sum256(leaf.Raw)
	c.Kind, c.Subject, c.Issuer = CertificateOther, leaf.Subject.String(), leaf.Issuer.String()
	c.Serial, c.Fingerprint = leaf.SerialNumber.Text(16), hex.EncodeToString(sum[:])
	c.NotBefore, c.NotAfter, c.DaysLeft = leaf.NotBefore.UTC(), leaf.NotAfter.UTC(), daysLeft(leaf, at)
	c.KeyUsage, c.ExtKeyUsage = keyUsages(leaf), extKeyUsages(leaf)
	for _, one := range k.Chain {
		c.Chain = append(c.Chain, one.Subject.String())
	}
	parsed, err := eidas.Parse(leaf)
	if err != nil {
		c.Warnings = append(c.Warnings, "its qualified statements are malformed")
	} else {
		c.tell(parsed, at)
	}
	if !samePublic(k.Public, leaf.PublicKey) {
		c.Warnings = append(c.Warnings, "it does not belong to the key of this name")
	}
	if len(k.Chain) == 1 && leaf.CheckSignatureFrom(leaf) != nil {
		c.Warnings = append(c.Warnings, "its issuer's certificate is missing: install the whole chain")
	}
	return c
}

// tell adds what the certificate says as a qualified one.
func (c *Certificate) tell(parsed eidas.Certificate, at time.Time) {
	want := eidas.Want{}
	switch {
	case parsed.Is(eidas.TypeWeb):
		c.Kind, want = CertificateQWAC, wanted(CertificateQWAC)
	case parsed.Is(eidas.TypeSeal):
		c.Kind, want = CertificateQSEAL, wanted(CertificateQSEAL)
	}
	c.OrgID = parsed.Identifier
	for _, role := range parsed.Roles() {
		c.Roles = append(c.Roles, string(role))
	}
	if psd2 := parsed.Statements.PSD2; psd2 != nil {
		c.NCAName, c.NCAID = psd2.NCAName, psd2.NCAID
	}
	c.Warnings = append(c.Warnings, parsed.WarningsFor(want, at)...)
}

// wanted is what a certificate of the kind must be to read accounts with.
func wanted(kind CertificateKind) eidas.Want {
	if kind == CertificateQWAC {
		return eidas.Want{Type: eidas.TypeWeb, Usage: eidas.UsageClient, Roles: []eidas.Role{eidas.RoleAI}}
	}
	return eidas.Want{Type: eidas.TypeSeal, Usage: eidas.UsageSeal, Roles: []eidas.Role{eidas.RoleAI}}
}

// daysLeft rounds down: the last day is 0, and less than nothing is negative.
func daysLeft(leaf *x509.Certificate, at time.Time) int {
	const day = 24 * time.Hour
	left := leaf.NotAfter.Sub(at)
	days := int(left / day)
	if left%day < 0 {
		days--
	}
	return days
}

func samePublic(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

func keyUsages(leaf *x509.Certificate) []string {
	var out []string
	for bit, name := range []string{
		"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
	} {
		if leaf.KeyUsage&(1<<bit) != 0 {
			out = append(out, name)
		}
	}
	return out
}

func extKeyUsages(leaf *x509.Certificate) []string {
	var out []string
	for _, u := range leaf.ExtKeyUsage {
		switch u {
		case x509.ExtKeyUsageServerAuth:
			out = append(out, "serverAuth")
		case x509.ExtKeyUsageClientAuth:
			out = append(out, "clientAuth")
		default:
			out = append(out, strings.TrimPrefix(u.String(), "ExtKeyUsage"))
		}
	}
	for _, oid := range leaf.UnknownExtKeyUsage {
		out = append(out, oid.String())
	}
	return out
}
