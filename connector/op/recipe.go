package op

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
)

// Facts that the steps leave for one another, and for the connector.
const (
	factTPP        = "tpp_id"
	factJWKS       = "jwks_url"
	factTransport  = "transport_key"
	factSeal       = "seal_key"
	factSealKeyID  = "seal_kid"
	factOrg        = "org_id"
	factSoftwareID = "software_client_id"
	factIssued     = "registration_issued"
)

const (
	statementLife    = 20000 * time.Second
	registrationLife = 5 * time.Minute
	askAPIKey        = "api_key"
)

// recipe registers at OP: certificates from the sandbox's generator, or the
// provider's own; software statement; registration request; registration; proof.
type recipe struct{ connector.Env }

// Steps implements onepoint.Onboarder.
func (r *recipe) Steps() []onepoint.Step {
	return []onepoint.Step{
		{
			Name: "api-key", Title: "developer portal's API key at hand", Run: r.apiKey,
			Help: "OP's portal gives one x-api-key for each application; every call carries it.",
		},
		{
			Name: "certificates", Title: "QWAC and QSEAL in the vault", Run: r.certificates,
			Help: "OP's sandbox issues certificates of its own; in production they are the provider's eIDAS certificates.",
		},
		{
			Name: "software-statement", Title: "software statement signed with the QSEAL", Run: r.statement,
			Help: "The statement says who we are and where users may return to.",
		},
		{
			Name: "registration-request", Title: "registration request signed", Run: r.request,
			Help: "The request carries the statement; OP accepts it for ten minutes.",
		},
		{
			Name: "register", Title: "client registered over mutual TLS", Run: r.register,
			Help: "OP answers with the client id and a secret that it shows once.",
		},
		{
			Name: "verify", Title: "registration proven by a token", Run: r.verify,
			Help: "A token for the scope accounts shows that certificate, secret and API key belong together.",
		},
	}
}

// apiKey takes the key from the credentials, from a simulator's profile, or from
// a human.
func (r *recipe) apiKey(ctx context.Context, _ *onepoint.Progress) error {
	_, err := r.portalKey(ctx)
	return err
}

func (r *recipe) portalKey(ctx context.Context) (onepoint.Credential, error) {
	c, err := r.Secrets.Read(ctx)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return c, err
	}
	if c.APIKey != "" {
		return c, nil
	}
	if published := r.Profile.Onboarding.Options["api_key"]; published != "" {
		c.APIKey = onepoint.Secret(published)
		return c, r.Secrets.Save(ctx, c)
	}
	return c, &onepoint.Error{
		Code: onepoint.CodeInputRequired, Op: "find the API key",
		Msg:    "register an application at " + r.Profile.Onboarding.Portal + " and give its x-api-key",
		Fields: []onepoint.Field{{Name: askAPIKey, Message: "the application's x-api-key", Secret: true}},
	}
}

type generated struct {
	TPP  string `json:"tppId"`
	Keys struct {
		Keys []json.RawMessage `json:"keys"`
	} `json:"privateJwks"`
	JWKS string `json:"publicJwksUrl"`
}

func (r *recipe) certificates(ctx context.Context, p *onepoint.Progress) error {
	if r.Profile.Onboarding.Generator == "" {
		return r.ownCertificates(p)
	}
	g, err := r.generate(ctx)
	if err != nil {
		return err
	}
	for _, raw := range g.Keys.Keys {
		var key struct {
			KeyID string `json:"kid"`
		}
		if err := json.Unmarshal(raw, &key); err != nil {
			return onepoint.E(onepoint.CodeProtocol, "read the generated keys", "OP's generator sent a malformed key", nil)
		}
		use, fact := "qseal", factSeal
		if strings.Contains(strings.ToLower(key.KeyID), "qwac") {
			use, fact = "qwac", factTransport
		} else {
			p.Facts[factSealKeyID] = key.KeyID
		}
		name := strings.ToLower(g.TPP) + "." + use
		if err := r.Keys.ImportJWK(ctx, name, raw); err != nil {
			return err
		}
		p.Facts[fact] = name
	}
	if p.Facts[factSeal] == "" || p.Facts[factTransport] == "" {
		return onepoint.E(onepoint.CodeProtocol, "read the generated keys", "OP's generator did not send a QWAC and a QSEAL", nil)
	}
	p.Facts[factTPP], p.Facts[factJWKS] = g.TPP, g.JWKS
	return r.describe(ctx, p)
}

func (r *recipe) generate(ctx context.Context) (generated, error) {
	const op = "generate certificates"
	var g generated
	q := url.Values{"c": {"FI"}, "cn": {r.TPP.Name}, "roles": {"AIS,PIS,CBPII"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.Profile.Onboarding.Generator+"?"+q.Encode(), http.NoBody)
	if err != nil {
		return g, fmt.Errorf("%s: %w", op, err)
	}
	if err := r.do(ctx, r.HTTP, op, req, &g); err != nil {
		return g, err
	}
	if g.TPP == "" || g.JWKS == "" || len(g.Keys.Keys) != 2 {
		return g, onepoint.E(onepoint.CodeProtocol, op, "OP's generator sent something else than a provider with two keys", nil)
	}
	return g, nil
}

// do makes a registration call with the portal's key.
func (r *recipe) do(ctx context.Context, client *http.Client, op string, req *http.Request, answer any) error {
	c, err := r.portalKey(ctx)
	if err != nil {
		return err
	}
	req.Header.Set("x-api-key", c.APIKey.Reveal())
	req.Header.Set("Accept", "application/json")
	got, err := send(client, op, req)
	if err != nil {
		return err
	}
	if got.status >= 300 {
		return r.askAgain(refused(op, got, r.Now()))
	}
	return got.decode(op, answer)
}

// askAgain turns OP's refusal of the API key into the question for another one: a
// human mistyped it, or took that of another application.
func (r *recipe) askAgain(err error) error {
	if onepoint.CodeOf(err) != onepoint.CodeUnauthenticated || !strings.Contains(onepoint.MessageOf(err), "ApiKey") {
		return err
	}
	return &onepoint.Error{
		Code: onepoint.CodeInputRequired, Op: "use the API key", Err: err,
		Msg:    onepoint.MessageOf(err) + "; give the x-api-key of the application at " + r.Profile.Onboarding.Portal,
		Fields: []onepoint.Field{{Name: askAPIKey, Message: "the application's x-api-key", Secret: true}},
	}
}

// ownCertificates uses the provider's eIDAS certificates, whose keys it publishes
// itself.
func (r *recipe) ownCertificates(p *onepoint.Progress) error {
	const op = "check certificates"
	jwks := r.Profile.Onboarding.Options["jwks_url"]
	switch {
	case r.TPP.Transport == nil || len(r.Signer.Chain) == 0:
		return onepoint.E(onepoint.CodeCertificateInvalid, op, "a QWAC and a QSEAL are needed; import or issue them first", nil)
	case jwks == "":
		return onepoint.E(onepoint.CodeConflict, op, "publish the provider's public keys and name the address in the profile: onboarding.options.jwks_url", nil)
	}
	p.Facts[factJWKS], p.Facts[factTPP], p.Facts[factSealKeyID] = jwks, r.TPP.OrganisationID, r.Signer.KeyID
	p.Facts[factOrg] = strings.TrimPrefix(r.TPP.OrganisationID, "PSD")
	return nil
}

// describe reads what the certificates say and keeps them as files.
func (r *recipe) describe(ctx context.Context, p *onepoint.Progress) error {
	for _, kind := range []struct {
		fact, file string
		want       eidas.QCType
	}{{factTransport, "qwac.pem", eidas.TypeWeb}, {factSeal, "qseal.pem", eidas.TypeSeal}} {
		signer, err := r.Keys.Signer(ctx, p.Facts[kind.fact])
		if err != nil {
			return err
		}
		if len(signer.Chain) == 0 {
			return onepoint.E(onepoint.CodeProtocol, "read the generated certificates", "OP's generator sent a key without a certificate", nil)
		}
		cert, err := eidas.Parse(signer.Chain[0])
		if err != nil {
			return onepoint.E(onepoint.CodeCertificateInvalid, "read the generated certificates", "the certificate is no eIDAS certificate", err)
		}
		if !cert.Is(kind.want) || r.Now().After(signer.Chain[0].NotAfter) {
			return onepoint.E(onepoint.CodeCertificateInvalid, "read the generated certificates", "the certificate of "+kind.file+" is of another kind, or has expired", nil)
		}
		p.Facts[factOrg] = strings.TrimPrefix(cert.Identifier, "PSD")
		var chain bytes.Buffer
		for _, c := range signer.Chain {
			if err := pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
				return fmt.Errorf("encode certificate: %w", err)
			}
		}
		p.Artifacts[kind.file] = chain.String()
	}
	return nil
}

// seal is the key that signs, generated or our own.
func (r *recipe) seal(ctx context.Context, p *onepoint.Progress) (fapi.SigningKey, error) {
	signer := r.Signer
	if name := p.Facts[factSeal]; name != "" {
		var err error
		if signer, err = r.Keys.Signer(ctx, name); err != nil {
			return fapi.SigningKey{}, err
		}
	}
	return fapi.SigningKey{Signer: signer.Key, KeyID: p.Facts[factSealKeyID], Alg: "RS256"}, nil
}

// transport is a client with the QWAC, generated or our own.
func (r *recipe) transport(ctx context.Context, p *onepoint.Progress) (*http.Client, error) {
	if name := p.Facts[factTransport]; name != "" {
		return r.Keys.HTTP(ctx, name)
	}
	return r.HTTP, nil
}

func (r *recipe) statement(ctx context.Context, p *onepoint.Progress) error {
	key, err := r.seal(ctx, p)
	if err != nil {
		return err
	}
	if p.Facts[factSoftwareID] == "" {
		p.Facts[factSoftwareID] = uuidFrom(r.NewID("software"))
	}
	now, home := r.Now(), r.TPP.RedirectURI
	if u, err := url.Parse(home); err == nil {
		home = u.Scheme + "://" + u.Host + "/"
	}
	p.Artifacts["ssa.jwt"], err = fapi.SignJWT(key, "JWT", map[string]any{
		"iss": p.Facts[factTPP], "iat": now.Unix(), "exp": now.Add(statementLife).Unix(), "jti": uuidFrom(r.NewID("jti")),
		"software_client_id": p.Facts[factSoftwareID], "software_roles": []string{"AIS", "PIS", "CBPII"},
		"software_jwks_endpoint": p.Facts[factJWKS], "software_jwks_revoked_endpoint": p.Facts[factJWKS],
		"software_client_name": r.TPP.SoftwareName, "software_redirect_uris": []string{r.TPP.RedirectURI}, "software_client_uri": home,
		"org_name": r.TPP.Name, "org_id": p.Facts[factOrg], "org_contacts": []any{},
	})
	return err
}

func (r *recipe) request(ctx context.Context, p *onepoint.Progress) error {
	key, err := r.seal(ctx, p)
	if err != nil {
		return err
	}
	now := r.Now()
	audience := r.Profile.Security.Audience
	if audience == "" {
		audience = r.Profile.Onboarding.Register
	}
	p.Artifacts["registration.jwt"], err = fapi.SignJWT(key, "JWT", map[string]any{
		"iat": now.Unix(), "exp": now.Add(registrationLife).Unix(), "jti": uuidFrom(r.NewID("jti")), "aud": audience,
		"redirect_uris": []string{r.TPP.RedirectURI}, "grant_types": []string{"client_credentials", "authorization_code", "refresh_token"},
		"software_statement": p.Artifacts["ssa.jwt"],
	})
	p.Facts[factIssued] = now.UTC().Format(time.RFC3339)
	return err
}

// fresh signs again what has become too old while the registration stood still.
func (r *recipe) fresh(ctx context.Context, p *onepoint.Progress) error {
	issued, err := time.Parse(time.RFC3339, p.Facts[factIssued])
	if err == nil && r.Now().Sub(issued) < registrationLife/2 && !issued.After(r.Now()) {
		return nil
	}
	if err := r.statement(ctx, p); err != nil {
		return err
	}
	return r.request(ctx, p)
}

type registered struct {
	ClientID string `json:"client_id"`
	Secret   string `json:"client_secret"`
	APIKey   string `json:"api_key"`
}

// register sends the request. The same software again is the same client: OP
// answers with a new secret, which replaces the one that may have been lost.
func (r *recipe) register(ctx context.Context, p *onepoint.Progress) error {
	const op = "register"
	if err := r.fresh(ctx, p); err != nil {
		return err
	}
	client, err := r.transport(ctx, p)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.Profile.Onboarding.Register, strings.NewReader(p.Artifacts["registration.jwt"]))
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	req.Header.Set("Content-Type", "application/jwt")
	var raw json.RawMessage
	if err := r.do(ctx, client, op, req, &raw); err != nil {
		return err
	}
	var answer registered
	if err := json.Unmarshal(raw, &answer); err != nil || answer.ClientID == "" || answer.Secret == "" {
		return onepoint.E(onepoint.CodeProtocol, op, "OP's answer lacks the client id or the secret", nil)
	}
	c, err := r.portalKey(ctx)
	if err != nil {
		return err
	}
	c.ClientID, c.ClientSecret, c.ValidFrom = answer.ClientID, onepoint.Secret(answer.Secret), r.Now().UTC()
	if answer.APIKey != "" {
		c.APIKey = onepoint.Secret(answer.APIKey)
	}
	if err := r.Secrets.Save(ctx, c); err != nil {
		return err
	}
	p.Artifacts["client.json"] = connector.Mask(raw, "application/json")
	p.Client = onepoint.Client{
		ID: answer.ClientID, AuthMethod: r.Profile.Security.ClientAuth, SigningAlg: "RS256", RedirectURI: r.TPP.RedirectURI,
		Issuer: r.Profile.Endpoints.Issuer, Transport: p.Facts[factTransport], Seal: p.Facts[factSeal], Registered: r.Now().UTC(),
		Facts: map[string]string{factTPP: p.Facts[factTPP], factSealKeyID: p.Facts[factSealKeyID], factSoftwareID: p.Facts[factSoftwareID]},
	}
	return nil
}

// verify proves the registration by a token.
func (r *recipe) verify(ctx context.Context, p *onepoint.Progress) error {
	client, err := r.transport(ctx, p)
	if err != nil {
		return err
	}
	c, err := r.Secrets.Read(ctx)
	if err != nil {
		return err
	}
	_, err = fetchTokens(ctx, client, r.Profile.Endpoints.Token, credentials{c.ClientID, c.ClientSecret, c.APIKey}, r.Now(),
		url.Values{"grant_type": {"client_credentials"}, "scope": {"accounts"}})
	return err
}
