package recipe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/fapi"
)

// Facts that the steps leave for one another.
const (
	factSoftwareID = "software_id"
	factOrgID      = "org_id"
	factStatement  = "software_statement"
	factEndpoint   = "registration_endpoint"
	factIssued     = "software_statement_issued"
	factClient     = "client_id" // known from the first registration on
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
		{Name: "certificates", Title: "certificates checked", Run: d.certificates, Help: certificatesHelp},
		{
			Name: "software-statement", Title: "software statement issued by the directory", Run: d.statement,
			Help: "The directory knows the organisation by its QWAC, and vouches with its signature for the software's name, keys and return addresses.",
		},
		{
			Name: "discover", Title: "authorization server discovered", Run: d.discover,
			Help: "The bank publishes where to register and what it understands (OpenID Connect Discovery).",
		},
		{
			Name: "register", Title: "client registered with a signed request", Run: d.register,
			Help: "The request carries the statement and is signed with the QSEAL (UK Open Banking DCR 3.3, RFC 7591); the bank answers with the client id.",
		},
		{
			Name: "verify", Title: "registration proven by a token", Run: d.verify,
			Help: "A token for the application itself shows that certificate, key and client belong together.",
		},
	}
}

// certificates looks at what the bank would refuse, before it does.
func (d *dcr) certificates(_ context.Context, _ *onepoint.Progress) error {
	if d.TPP.Transport == nil || len(d.Signer.Chain) == 0 {
		return refuse("a QWAC and a QSEAL are needed; import or issue them first")
	}
	if _, err := checkTransport(d.TPP.Transport, d.Now()); err != nil {
		return err
	}
	return checkSeal(d.Signer.Chain, d.Now())
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
	if known := p.Facts[factSoftwareID]; p.Facts[factClient] != "" && known != "" && known != answer.SoftwareID {
		return onepoint.E(onepoint.CodeConflict, op, fmt.Sprintf(
			"the directory knows this software as %s, and the client %s at the bank was registered for %s: deregister first, then register again",
			shown(answer.SoftwareID), p.Facts[factClient], known), nil)
	}
	p.Artifacts["software-statement.jwt"] = answer.Statement
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
	p.Artifacts["registration.jwt"] = signed
	answer, err := fapi.Register(ctx, d.HTTP, p.Facts[factEndpoint], signed)
	if err != nil {
		return err
	}
	shownAnswer, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("encode the bank's answer: %w", err)
	}
	p.Artifacts["client.json"] = connector.Mask(shownAnswer, "application/json")
	p.Facts[factClient] = answer.ClientID
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

// unknownClient is how banks say that a client is not, or no longer, theirs: OAuth
// has one code for that and for a certificate that they refuse.
var unknownClient = regexp.MustCompile(`(?i)unknown|not found|not registered|no such|does not exist`)

// Deregister implements onepoint.Deregisterer. A client that the bank does not
// know any more is done. CodeConflict when the bank takes no deregistration, or
// refuses this one; when it does not answer, CodeUnavailable.
func (d *dcr) Deregister(ctx context.Context, p *onepoint.Progress) error {
	const op = "deregister"
	client := d.client(p)
	meta, err := client.Metadata(ctx)
	if err != nil {
		return err
	}
	if meta.RegistrationEndpoint == "" {
		return onepoint.E(onepoint.CodeConflict, op, "the bank publishes no registration endpoint", nil)
	}
	err = client.DeleteRegistration(ctx)
	switch onepoint.CodeOf(err) {
	case "", onepoint.CodeNotFound:
		return nil
	case onepoint.CodeUnavailable, onepoint.CodeRateLimited, onepoint.CodeInternal:
		return err
	case onepoint.CodeUnauthenticated:
		if unknownClient.MatchString(onepoint.MessageOf(err)) {
			return nil
		}
	}
	return onepoint.E(onepoint.CodeConflict, op, "", err)
}

func (d *dcr) key() fapi.SigningKey {
	return fapi.SigningKey{Signer: d.Signer.Key, KeyID: d.Signer.KeyID, Alg: d.Profile.Security.SigningAlg, Chain: d.Signer.Chain}
}

// shown bounds a text of the other side.
func shown(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
