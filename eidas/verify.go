package eidas

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// Usage is what a certificate is about to be used for.
type Usage int

// The usages. UsageAny checks neither key usage nor extended key usage.
const (
	UsageAny    Usage = iota
	UsageClient       // TLS client authentication
	UsageServer       // TLS server authentication; the host name is checked by TLS itself
	UsageSeal         // verifying signed messages
)

// Want is what a certificate must be. The zero value asks only for a trusted,
// valid chain and a strong key.
type Want struct {
	Type  QCType // "" for any
	Roles []Role // all of them
	Usage Usage
}

// Verify decides whether leaf may be used as want says at the time given:
// chain to one of roots, validity, key strength, key usage, type and roles. It
// returns the certificate as read. Revocation is not looked up: see
// [Revocation.Check]. Errors are CodeCertificateInvalid with a message for the
// holder of the certificate.
func Verify(leaf *x509.Certificate, intermediates []*x509.Certificate, roots *x509.CertPool, at time.Time, want Want) (Certificate, error) {
	if leaf == nil {
		return Certificate{}, refuse("no certificate was presented; use a QWAC or QSEAL of a trusted issuer", nil)
	}
	if roots == nil { // x509 would take the system's, which know no QTSP's payment certificates
		return Certificate{}, onepoint.E(onepoint.CodeInternal, "verify certificate", "", errors.New("no trusted roots are configured"))
	}
	if err := verifyValidity(leaf, at); err != nil {
		return Certificate{}, err
	}
	if err := verifyChain(leaf, intermediates, roots, at, want.Usage); err != nil {
		return Certificate{}, err
	}
	if s := weakness(leaf); s != "" {
		return Certificate{}, refuse("the certificate is not accepted: "+s, nil)
	}
	if leaf.BasicConstraintsValid && leaf.IsCA {
		return Certificate{}, refuse("the certificate is an authority's own; use the one it issued to you", nil)
	}
	c, err := Parse(leaf)
	if err != nil {
		return Certificate{}, refuse(onepoint.MessageOf(err), err)
	}
	if err := c.meets(want); err != nil {
		return Certificate{}, err
	}
	return c, nil
}

func refuse(msg string, cause error) error {
	return onepoint.E(onepoint.CodeCertificateInvalid, "verify certificate", msg, cause)
}

func verifyValidity(leaf *x509.Certificate, at time.Time) error {
	switch {
	case at.After(leaf.NotAfter):
		return refuse("the certificate expired on "+day(leaf.NotAfter)+"; renew it", nil)
	case at.Before(leaf.NotBefore):
		return refuse("the certificate is not valid before "+leaf.NotBefore.UTC().Format(time.RFC3339)+"; check the clocks", nil)
	}
	return nil
}

func verifyChain(leaf *x509.Certificate, intermediates []*x509.Certificate, roots *x509.CertPool, at time.Time, u Usage) error {
	opts := x509.VerifyOptions{
		Roots: roots, Intermediates: x509.NewCertPool(), CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	switch u {
	case UsageClient:
		opts.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	case UsageServer:
		opts.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	for _, c := range intermediates {
		opts.Intermediates.AddCert(c)
	}
	_, err := leaf.Verify(opts)
	if err == nil {
		return nil
	}
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return refuse(fmt.Sprintf("the certificate was issued by an authority that is not trusted here (%s), or its chain is incomplete", leaf.Issuer.CommonName), err)
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return refuse("the certificate's extended key usage does not allow "+u.name(), err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return refuse("a certificate of the issuer's chain has expired or is not valid yet", err)
	}
	return refuse("the certificate's chain does not verify", err)
}

func (u Usage) name() string {
	switch u {
	case UsageClient:
		return "TLS client authentication"
	case UsageServer:
		return "TLS server authentication"
	case UsageSeal:
		return "sealing messages"
	}
	return "this use"
}

func (c Certificate) meets(want Want) error {
	if want.Type != "" && !c.Is(want.Type) {
		return refuse(fmt.Sprintf("the certificate is %s, but %s is needed here", c.typeName(), want.Type.name()), nil)
	}
	if !c.signs(want.Usage) {
		return refuse("the certificate's key usage does not allow "+want.Usage.name(), nil)
	}
	missing := c.missing(want.Roles)
	if len(missing) > 0 {
		return refuse("the certificate does not grant the role "+strings.Join(missing, ", ")+"; ask its issuer for one that does", nil)
	}
	return nil
}

// signs reports whether the key usage admits u, all of whose kinds sign.
func (c Certificate) signs(u Usage) bool {
	return u == UsageAny || c.DigitalSignature || u == UsageSeal && c.ContentCommitment
}

// missing are the roles of the list that it does not grant.
func (c Certificate) missing(roles []Role) []string {
	var list []string
	for _, r := range roles {
		if !c.Has(r) {
			list = append(list, string(r))
		}
	}
	return list
}

func (c Certificate) typeName() string {
	if len(c.Statements.Types) == 0 {
		return "not a qualified one (no QcType)"
	}
	return c.Statements.Types[0].name()
}
