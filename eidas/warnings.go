package eidas

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"
)

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
	if s := keyWarning(c.Leaf); s != "" {
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

// WarningsFor is [Certificate.Warnings] with what keeps the certificate from
// being what want says: another type, roles it lacks, and a usage that its key
// usage or extended key usage does not allow (EN 319 412-3 and 412-4, TS 119
// 495). [Verify] refuses each of these.
func (c Certificate) WarningsFor(want Want, at time.Time) []string {
	w := c.Warnings(at)
	if want.Type != "" && !c.Is(want.Type) {
		w = append(w, fmt.Sprintf("it is %s, but %s is wanted", c.typeName(), want.Type.name()))
	}
	if missing := c.missing(want.Roles); len(missing) > 0 {
		w = append(w, "it does not grant the role "+strings.Join(missing, ", "))
	}
	if !c.signs(want.Usage) {
		w = append(w, "its key usage does not allow "+want.Usage.name())
	}
	if want.Usage == UsageClient && !c.ClientAuth || want.Usage == UsageServer && !c.ServerAuth {
		w = append(w, "its extended key usage does not allow "+want.Usage.name())
	}
	return w
}

// keyWarning is weakness, and a curve that Verify takes but ES256, the one
// algorithm of this field for it, does not (RFC 7518 section 3.4).
func keyWarning(cert *x509.Certificate) string {
	if s := weakness(cert); s != "" {
		return s
	}
	if key, ok := cert.PublicKey.(*ecdsa.PublicKey); ok && key.Curve != elliptic.P256() {
		return "its key is on " + key.Curve.Params().Name + "; ES256, which banks expect, needs P-256"
	}
	return ""
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
