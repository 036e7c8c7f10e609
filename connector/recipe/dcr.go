package recipe

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
)

// Facts that the steps leave for one another.
const (
	factSoftwareID = "software_id"
	factOrgID      = "org_id"
	factStatement  = "software_statement"
	factEndpoint   = "registration_endpoint"
	factIssued     = "software_statement_issued"
)

// statementFresh is how long a software statement is used before a new one is
// fetched; banks refuse old ones, each at its own age.
const statementFresh = time.Hour

// DCR is dynamic client registration by signed JWT (UK Open Banking DCR 3.3,
// RFC 7591) with a software statement from the bank's directory.
func DCR(env connector.Env) onepoint.Onboarder { return &dcr{env} }

type dcr struct{ connector.Env }

// Steps implements onepoint.Onboarder.
func (d *dcr) Steps() []onepoint.Step {
	return []onepoint.Step{
		{Name: "certificates", Title: "certificates checked", Run: d.certificates},
		{Name: "software-statement", Title: "software statement issued by the directory", Run: d.statement},
		{Name: "discover", Title: "authorization server discovered", Run: d.discover},
		{Name: "register", Title: "client registered with a signed request", Run: d.register},
		{Name: "verify", Title: "registration proven by a token", Run: d.verify},
	}
}

// certificates looks at what the bank would refuse, before it does.
func (d *dcr) certificates(_ context.Context, _ *onepoint.Progress) error {
	if d.TPP.Transport == nil || len(d.Signer.Chain) == 0 {
		return onepoint.E(onepoint.CodeCertificateInvalid, "check certificates", "a QWAC and a QSEAL are needed; import or issue them first", nil)
	}
	for _, c := range []struct {
		name string
		cert *x509.Certificate
		want eidas.QCType
	}{{"QWAC", d.TPP.Transport, eidas.TypeWeb}, {"QSEAL", d.Signer.Chain[0], eidas.TypeSeal}} {
		parsed, err := eidas.Parse(c.cert)
		if err != nil {
			return onepoint.E(onepoint.CodeCertificateInvalid, "check certificates", "the "+c.name+" is no eIDAS certificate", err)
		}
		now := d.Now()
		switch {
		case !parsed.Is(c.want):
			return refuse("the %s is a certificate of another kind", c.name)
		case now.Before(c.cert.NotBefore) || now.After(c.cert.NotAfter):
			return refuse("the %s is not valid today; renew it", c.name)
		case !parsed.Has(eidas.RoleAI):
			return refuse("the %s lacks the role PSP_AI, without which no bank shares accounts", c.name)
		}
	}
	return nil
}

func refuse(format string, args ...any) error {
	return onepoint.E(onepoint.CodeCertificateInvalid, "check certificates", fmt.Sprintf(format, args...), nil)
}

type statementRequest struct {
	SoftwareName string          `json:"software_name"`
	RedirectURIs []string        `json:"redirect_uris"`
	Roles        []string        `json:"roles"`
	JWKS         json.RawMessage `json:"jwks"`
}

type statementAnswer struct {
	SoftwareID string `json:"software_id"`
	OrgID      string `json:"org_id"`
	Statement  string `json:"software_statement"`
}

// statement gets a software statement from the directory.
func (d *dcr) statement(ctx context.Context, p *onepoint.Progress) error {
	return d.lodge(ctx, p, d.key())
}

// lodge publishes the keys at the directory, in place of those it has, and gets
// a software statement.
func (d *dcr) lodge(ctx context.Context, p *onepoint.Progress, keys ...fapi.SigningKey) error {
	const op = "get a software statement"
	jwks, err := fapi.PublicJWKS(keys...)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	body, err := json.Marshal(statementRequest{d.TPP.SoftwareName, []string{d.TPP.RedirectURI}, d.TPP.Roles, jwks})
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Profile.Endpoints.Directory+"/software-statements", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	req.Header.Set("Content-Type", "application/json")
	var answer statementAnswer
	if err := fapi.Do(d.HTTP, op, req, &answer); err != nil {
		return err
	}
	if answer.SoftwareID == "" || answer.Statement == "" {
		return onepoint.E(onepoint.CodeProtocol, op, "the directory's answer lacks the statement", nil)
	}
	p.Facts[factSoftwareID], p.Facts[factOrgID], p.Facts[factStatement] = answer.SoftwareID, answer.OrgID, answer.Statement
	p.Facts[factIssued] = d.Now().UTC().Format(time.RFC3339)
	return nil
}

// discover finds where to register and checks that the bank speaks what the
// profile says.
func (d *dcr) discover(ctx context.Context, p *onepoint.Progress) error {
	meta, err := fapi.Discover(ctx, d.HTTP, d.Profile.Endpoints.Issuer)
	if err != nil {
		return err
	}
	if meta.RegistrationEndpoint == "" {
		return onepoint.E(onepoint.CodeProtocol, "discover", "the bank publishes no registration endpoint", nil)
	}
	p.Facts[factEndpoint] = meta.RegistrationEndpoint
	return nil
}

// register sends the request. Repeating it, after a crash, is safe: the bank
// knows the software and answers with the same client.
func (d *dcr) register(ctx context.Context, p *onepoint.Progress) error {
	if issued, err := time.Parse(time.RFC3339, p.Facts[factIssued]); err != nil || d.Now().Sub(issued) > statementFresh {
		if err := d.statement(ctx, p); err != nil {
			return err
		}
	}
	signed, err := d.request(p).Sign(d.key())
	if err != nil {
		return fmt.Errorf("sign the registration: %w", err)
	}
	answer, err := fapi.Register(ctx, d.HTTP, p.Facts[factEndpoint], signed)
	if err != nil {
		return err
	}
	p.Client = onepoint.Client{
		ID: answer.ClientID, AuthMethod: d.Profile.Security.ClientAuth, SigningAlg: d.Profile.Security.SigningAlg,
		RedirectURI: d.TPP.RedirectURI, Issuer: d.Profile.Endpoints.Issuer, Registered: d.Now().UTC(),
	}
	return nil
}

func (d *dcr) request(p *onepoint.Progress) fapi.RegistrationRequest {
	now, s := d.Now(), d.Profile.Security
	audience := s.Audience
	if audience == "" {
		audience = d.Profile.Endpoints.Issuer
	}
	r := fapi.RegistrationRequest{
		Issuer: p.Facts[factSoftwareID], IssuedAt: now.Unix(), Expires: now.Add(5 * time.Minute).Unix(),
		Audience: audience, ID: d.NewID("jti"),
		ClientMetadata: fapi.ClientMetadata{
			RedirectURIs: []string{d.TPP.RedirectURI}, TokenAuthMethod: s.ClientAuth,
			GrantTypes:    []string{"authorization_code", "refresh_token", "client_credentials"},
			ResponseTypes: []string{s.ResponseType}, Scope: "openid accounts",
			SoftwareID: p.Facts[factSoftwareID], SoftwareStatement: p.Facts[factStatement],
			ApplicationType: "web", IDTokenSigningAlg: "PS256", RequestObjectSigningAlg: s.SigningAlg,
		},
	}
	switch s.ClientAuth {
	case "private_key_jwt":
		r.TokenAuthSigningAlg = s.SigningAlg
	case "tls_client_auth":
		r.TLSClientAuthSubjectDN = d.TPP.Transport.Subject.String()
	}
	if strings.HasPrefix(d.TPP.RedirectURI, "http://") {
		r.ApplicationType = "native" // a loopback address, RFC 8252
	}
	return r
}

// verify proves the registration: the client gets a token.
func (d *dcr) verify(ctx context.Context, p *onepoint.Progress) error {
	_, err := d.client(p).ClientCredentials(ctx, "accounts")
	return err
}

func (d *dcr) key() fapi.SigningKey {
	return fapi.SigningKey{Signer: d.Signer.Key, KeyID: d.Signer.KeyID, Alg: d.Profile.Security.SigningAlg, Chain: d.Signer.Chain}
}
