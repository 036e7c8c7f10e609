package bunq

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

// firstUse is how long a new API key waits for its first use.
const firstUse = time.Hour

// addCredential gives a payment service provider an API key for its certificate.
func (s *Server) addCredential(ctx context.Context, c *call) (answer, error) {
	var in struct {
		Certificate string `json:"client_payment_service_provider_certificate"`
		Chain       string `json:"client_payment_service_provider_certificate_chain"`
		Signature   string `json:"client_public_key_signature"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	cert, roles, err := s.certificate(in.Certificate)
	if err != nil {
		return answer{}, err
	}
	if _, err := parseCertificate(in.Chain); err != nil {
		return answer{}, bad("The certificate chain is not valid.")
	}
	// What is signed: the client's public key with one newline at its end, and the
	// installation token.
	text := strings.TrimRight(c.installation.ClientKey, "\n") + "\n" + c.Header.Get("X-Bunq-Client-Authentication")
	sum := sha256.Sum256([]byte(text))
	signature, err := base64.StdEncoding.DecodeString(in.Signature)
	public := cert.PublicKey.(*rsa.PublicKey)
	if err != nil || rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) != nil {
		return answer{}, bad("The client public key signature is not made by the key of the certificate.")
	}
	p, err := s.provider(ctx, cert, roles)
	if err != nil {
		return answer{}, err
	}
	row, token, err := s.newCredential(ctx, p.ID, c.installation.ID, s.now().Add(firstUse))
	if err != nil {
		return answer{}, err
	}
	return one("CredentialPasswordIp", s.passwordObject(row, token)), nil
}

// getCredential shows one, without its token: bunq tells that once.
func (s *Server) getCredential(ctx context.Context, c *call) (answer, error) {
	id, err := c.number("id")
	if err != nil {
		return answer{}, err
	}
	hash, err := s.names.Get(ctx, "credential/"+key(id))
	if err != nil {
		return answer{}, err
	}
	row, err := s.credentials.Get(ctx, hash)
	if err != nil {
		return answer{}, err
	}
	if row.Installation != c.installation.ID {
		return answer{}, missing()
	}
	return one("CredentialPasswordIp", s.passwordObject(row, "")), nil
}

func (s *Server) newCredential(ctx context.Context, user, installation int64, expires time.Time) (credential, string, error) {
	id, err := s.next(ctx, "credential")
	if err != nil {
		return credential{}, "", err
	}
	token, now := newToken(), s.now()
	row := credential{
		ID: id, User: user, Hash: digest(token), Created: now, Expires: expires, Installation: installation,
		IPs: []permittedIP{{ID: 1, IP: "*", Status: "ACTIVE", Created: now, Updated: now}},
	}
	if err := s.names.Add(ctx, "credential/"+key(id), "", row.Hash); err != nil {
		return row, "", err
	}
	return row, token, s.credentials.Add(ctx, row.Hash, key(user), row)
}

func parseCertificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, bad("The certificate is not valid PEM.")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, bad("The certificate could not be read.")
	}
	return cert, nil
}

// certificate judges the provider's certificate and says its roles. As bunq's
// sandbox does, it takes one that is signed by itself, with the roles in its
// common name; a PSD2 certificate states them.
func (s *Server) certificate(text string) (*x509.Certificate, []string, error) {
	cert, err := parseCertificate(text)
	if err != nil {
		return nil, nil, err
	}
	public, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || public.N.BitLen() < 2048 {
		return nil, nil, bad("The certificate must have an RSA key of 2048 bits at least.")
	}
	if now := s.now(); now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return nil, nil, bad("The certificate has expired or is not valid yet.")
	}
	if roles := statedRoles(cert); len(roles) > 0 {
		return cert, roles, nil
	}
	var roles []string
	for _, word := range strings.Fields(cert.Subject.CommonName) {
		if word == "AISP" || word == "PISP" || word == "CBPII" {
			roles = append(roles, word)
		}
	}
	if len(roles) == 0 {
		return nil, nil, bad("The certificate must have AISP or PISP in its common name.")
	}
	if !slices.Contains(cert.Subject.Country, "NL") {
		return nil, nil, bad("The certificate must have the country NL.")
	}
	return cert, roles, nil
}

func statedRoles(cert *x509.Certificate) []string {
	parsed, err := eidas.Parse(cert)
	if err != nil {
		return nil
	}
	var roles []string
	for _, r := range []struct {
		role eidas.Role
		name string
	}{{eidas.RoleAI, "AISP"}, {eidas.RolePI, "PISP"}, {eidas.RoleIC, "CBPII"}} {
		if parsed.Has(r.role) {
			roles = append(roles, r.name)
		}
	}
	return roles
}

// provider finds the user of a certificate: its subject and key together, so
// that nobody becomes another by writing the same name. How bunq tells the user
// of a renewed certificate is not documented.
func (s *Server) provider(ctx context.Context, cert *x509.Certificate, roles []string) (provider, error) {
	s.creating.Lock()
	defer s.creating.Unlock()
	mark := digest(string(cert.RawSubject), string(cert.RawSubjectPublicKeyInfo))
	id, err := s.certificates.Get(ctx, mark)
	if err == nil {
		return s.providers.Update(ctx, key(id), func(p *provider) error { p.Roles = roles; return nil })
	}
	if onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return provider{}, err
	}
	if id, err = s.next(ctx, "user"); err != nil {
		return provider{}, err
	}
	name := cert.Subject.CommonName
	if len(cert.Subject.Organization) > 0 {
		name = cert.Subject.Organization[0]
	}
	p := provider{ID: id, DN: cert.Subject.String(), Name: name, UUID: newUUID(), Roles: roles, Created: s.now()}
	if err := s.providers.Add(ctx, key(id), "", p); err != nil {
		return p, err
	}
	return p, s.certificates.Add(ctx, mark, "", id)
}
