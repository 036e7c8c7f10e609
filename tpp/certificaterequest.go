package tpp

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

// The profiles of a request.
const (
	ProfilePSD2        = "psd2" // a QTSP's, by ETSI TS 119 495
	ProfileOpenBanking = "ob"   // Open Banking UK's OBWAC and OBSEAL, by the same profile
)

// CertificateRequest says which certificate is wanted.
type CertificateRequest struct {
	Name         string // of the key; made when there is none
	Type         string // qwac or qseal
	Profile      string // psd2 (when empty) or ob
	Algorithm    string // RSA-2048 (when empty) or ECDSA-P-256
	Organisation string // legal name
	OrgID        string // organizationIdentifier, "PSDGB-FCA-123456"
	Country      string // that of OrgID when empty; GB for the profile ob
	CommonName   string // the organisation's id in the Open Banking directory for the profile ob
	Roles        []string
	DNSNames     []string // of a QWAC
}

// Request makes a key, unless there is one of the name, and returns the PKCS#10
// request (PEM) to send to an issuer. CodeInvalid for what no issuer would take,
// CodeConflict when the name has a key of another algorithm.
func (c *Certificates) Request(ctx context.Context, workspace string, r CertificateRequest) ([]byte, error) {
	der, err := c.sign(ctx, workspace, r)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}

func (c *Certificates) sign(ctx context.Context, workspace string, r CertificateRequest) ([]byte, error) {
	if err := checkName(r.Name); err != nil {
		return nil, err
	}
	wanted, err := r.eidas()
	if err != nil {
		return nil, err
	}
	if err := rehearse(wanted); err != nil {
		return nil, err
	}
	if err := c.Audit.Record(ctx, workspace, "certificate.requested", r.Name, map[string]string{"type": r.Type}); err != nil {
		return nil, err
	}
	if _, err := c.Keys.NewKey(ctx, workspace, r.Name, cmp.Or(r.Algorithm, "RSA-2048")); err != nil {
		return nil, err
	}
	key, err := c.Keys.Signer(ctx, workspace, r.Name)
	if err != nil {
		return nil, err
	}
	return eidas.CreateCSR(key, wanted)
}

// rehearse makes the request with a key that is thrown away: one that is
// refused must leave no key in the vault.
func rehearse(wanted eidas.Request) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("rehearse certificate request: %w", err)
	}
	_, err = eidas.CreateCSR(key, wanted)
	return err
}

// issueBack is how long before now an issued certificate begins: clocks differ.
const issueBack = time.Minute

// Issue requests a certificate from the local test QTSP and installs it.
// CodeConflict when there is no such QTSP.
func (c *Certificates) Issue(ctx context.Context, workspace string, r CertificateRequest) (Certificate, error) {
	if c.Issuer == nil {
		return Certificate{}, onepoint.E(onepoint.CodeConflict, "issue certificate",
			"there is no test issuer here; make a request, send it to a QTSP, and install what it answers", nil)
	}
	der, err := c.sign(ctx, workspace, r)
	if err != nil {
		return Certificate{}, err
	}
	now := c.Now()
	leaf, err := c.Issuer.IssueCSR(der, now.Add(-issueBack), now.AddDate(1, 0, 0))
	if err != nil {
		return Certificate{}, err
	}
	return c.install(ctx, workspace, r.Name, append([]*x509.Certificate{leaf}, c.Issuer.Chain()...))
}

// eidas checks what eidas cannot know and returns the request in its words; what
// remains CreateCSR refuses.
func (r CertificateRequest) eidas() (eidas.Request, error) {
	const op = "request certificate"
	out := eidas.Request{
		Subject: eidas.Subject{Country: r.Country, Organisation: strings.TrimSpace(r.Organisation), CommonName: strings.TrimSpace(r.CommonName)},
		OrgID:   r.OrgID, DNSNames: r.DNSNames,
	}
	switch CertificateKind(r.Type) {
	case CertificateQWAC:
		out.Type = eidas.TypeWeb
	case CertificateQSEAL:
		out.Type = eidas.TypeSeal
	default:
		return out, onepoint.Missing(op, "type", "must be qwac or qseal")
	}
	id, err := eidas.ParseOrganisationID(r.OrgID)
	if err != nil {
		return out, err
	}
	out.Subject.Country = cmp.Or(r.Country, id.Country)
	if out.Roles, err = r.roles(); err != nil {
		return out, err
	}
	if err := r.checkHosts(); err != nil {
		return out, err
	}
	switch r.Profile {
	case "", ProfilePSD2:
		if out.Type == eidas.TypeWeb && len(r.DNSNames) == 0 {
			return out, onepoint.Missing(op, "dnsNames", "a QWAC needs at least one host name")
		}
		return out, nil
	case ProfileOpenBanking:
		return out, r.checkOpenBanking(out.Subject.Country)
	}
	return out, onepoint.Missing(op, "profile", "must be psd2 or ob")
}

// directoryID is the form of an organisation's id in the Open Banking directory.
func directoryID() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-Za-z]{15,22}$`) }

func (r CertificateRequest) checkOpenBanking(country string) error {
	const op = "request certificate"
	switch {
	case country != "GB":
		return onepoint.Missing(op, "country", "must be GB for the profile ob")
	case !directoryID().MatchString(strings.TrimSpace(r.CommonName)):
		return onepoint.Missing(op, "commonName", "must be the organisation's id in the Open Banking directory, 18 letters and digits such as 0015800001041RHAAY")
	}
	return nil
}

// roles reads the roles; the one that reads accounts when none is given.
func (r CertificateRequest) roles() ([]eidas.Role, error) {
	if len(r.Roles) == 0 {
		return []eidas.Role{eidas.RoleAI}, nil
	}
	var out []eidas.Role
	for _, s := range r.Roles {
		role := eidas.Role(s)
		if role.OID() == nil {
			return nil, onepoint.Missing("request certificate", "roles", "may hold PSP_AS, PSP_PI, PSP_AI and PSP_IC")
		}
		out = append(out, role)
	}
	return out, nil
}

// hostName is a DNS name of letters, digits and hyphens; the first label may be
// a star.
func hostName() *regexp.Regexp {
	const label = `[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?`
	return regexp.MustCompile(`^(\*\.)?` + label + `(\.` + label + `)*$`)
}

func (r CertificateRequest) checkHosts() error {
	if len(r.DNSNames) > 100 {
		return onepoint.Missing("request certificate", "dnsNames", "holds more than 100 names")
	}
	for _, name := range r.DNSNames {
		if len(name) > 253 || !hostName().MatchString(name) {
			return onepoint.Missing("request certificate", "dnsNames", "must be names of hosts such as tpp.example.com")
		}
	}
	return nil
}
