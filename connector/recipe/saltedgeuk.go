package recipe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/fapi"
)

// SaltEdgeUK registers at a UK bank behind Salt Edge's engine: a signed JWT with
// a software statement of the directory, then the seal certificate.
func SaltEdgeUK(env connector.Env) onepoint.Onboarder {
	return &saltEdgeUK{saltEdge: &saltEdge{env}, dcr: &dcr{env}}
}

type saltEdgeUK struct {
	*saltEdge
	dcr *dcr
}

// Steps implements onepoint.Onboarder.
func (u *saltEdgeUK) Steps() []onepoint.Step {
	return []onepoint.Step{
		{
			Name: "certificates", Title: "certificates checked", Run: u.dcr.certificates,
			Help: "The directory knows us by the QWAC, the bank by the QSEAL. Both must be valid and grant PSP_AI.",
		},
		{
			Name: "software-statement", Title: "software statement issued by the directory", Run: u.statement,
			Help: "The directory vouches for the software, its redirect address and its keys, in a signed statement.",
		},
		{
			Name: "register", Title: "client registered with a signed request", Run: u.register,
			Help: "Sends the request as a JWT. The same software again is the same client.",
		},
		{
			Name: "certificate-upload", Title: "seal certificate uploaded", Run: u.upload,
			Help: "Gives the bank the certificate that will sign. The representative confirms it by e-mail.",
		},
		{
			Name: "verify", Title: "registration proven by a token", Run: u.verify,
			Help: "The new client gets an access token for itself.",
		},
	}
}

func (u *saltEdgeUK) statement(ctx context.Context, p *onepoint.Progress) error {
	if err := u.dcr.statement(ctx, p); err != nil {
		return err
	}
	keepFile(p, "software-statement.jwt", p.Facts[factStatement])
	return nil
}

type saltEdgeClaims struct {
	Issuer          string   `json:"iss"`
	IssuedAt        int64    `json:"iat"`
	Expires         int64    `json:"exp"`
	Audience        string   `json:"aud"`
	AuthMethod      string   `json:"token_endpoint_auth_method"`
	AuthAlg         string   `json:"token_endpoint_auth_signing_alg"`
	GrantTypes      []string `json:"grant_types"`
	ResponseTypes   []string `json:"response_types"`
	Statement       string   `json:"software_statement"`
	SoftwareID      string   `json:"software_id"`
	RedirectURIs    []string `json:"redirect_uris"`
	Scope           string   `json:"scope"`
	ApplicationType string   `json:"application_type"`
	RequestAlg      string   `json:"request_object_signing_alg"`
}

func (u *saltEdgeUK) claims(p *onepoint.Progress) saltEdgeClaims {
	now, s := u.Now(), u.Profile.Security
	audience := s.Audience
	if audience == "" {
		audience = u.Profile.Endpoints.Issuer
	}
	method := "client_secret_basic"
	if s.ClientAuth == "private_key_jwt" {
		method = s.ClientAuth
	}
	return saltEdgeClaims{
		Issuer: p.Facts[factSoftwareID], IssuedAt: now.Unix(), Expires: now.Add(5 * time.Minute).Unix(), Audience: audience,
		AuthMethod: method, AuthAlg: s.SigningAlg, GrantTypes: []string{"client_credentials", "authorization_code", "refresh_token"},
		ResponseTypes: []string{"code"}, Statement: p.Facts[factStatement], SoftwareID: p.Facts[factSoftwareID],
		RedirectURIs: []string{u.TPP.RedirectURI}, Scope: scopes(u.TPP.Roles), ApplicationType: "web", RequestAlg: s.SigningAlg,
	}
}

// scopes are those that the software's roles open.
func scopes(roles []string) string {
	out := []string{"openid"}
	for _, role := range roles {
		if scope := map[string]string{"AISP": "accounts", "PISP": "payments", "CBPII": "fundsconfirmations"}[role]; scope != "" {
			out = append(out, scope)
		}
	}
	return strings.Join(out, " ")
}

type saltEdgeAnswer struct {
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret"`
	SecretExpires int64  `json:"client_secret_expires_at"`
}

// register sends the request. Repeating it, after a crash, is safe: the bank
// knows the software and answers with the same client.
func (u *saltEdgeUK) register(ctx context.Context, p *onepoint.Progress) error {
	const op = "register"
	if issued, err := time.Parse(time.RFC3339, p.Facts[factIssued]); err != nil || u.Now().Sub(issued) > statementFresh {
		if err := u.statement(ctx, p); err != nil {
			return err
		}
	}
	signed, err := fapi.SignJWT(u.dcr.key(), "JWT", u.claims(p))
	if err != nil {
		return fmt.Errorf("sign the registration: %w", err)
	}
	keepFile(p, "registration.jwt", signed)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.Profile.Onboarding.Register, strings.NewReader(signed))
	if err != nil {
		return onepoint.E(onepoint.CodeInvalid, op, "the registration address is malformed", err)
	}
	req.Header.Set("Content-Type", "application/jwt")
	var answer saltEdgeAnswer
	if err := saltEdgeDo(u.HTTP, op, req, &answer); err != nil {
		return err
	}
	if answer.ClientID == "" {
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer holds no client_id", nil)
	}
	if err := u.save(ctx, answer); err != nil {
		return err
	}
	p.Client = onepoint.Client{
		ID: answer.ClientID, AuthMethod: u.claims(p).AuthMethod, SigningAlg: u.Profile.Security.SigningAlg,
		RedirectURI: u.TPP.RedirectURI, Issuer: u.Profile.Endpoints.Issuer, Registered: u.Now().UTC(),
	}
	return keepClient(p)
}

// save puts the secret away; nothing else of the group's set changes.
func (u *saltEdgeUK) save(ctx context.Context, a saltEdgeAnswer) error {
	set, err := u.Secrets.Read(ctx)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return err
	}
	set.ClientID, set.ClientSecret = a.ClientID, onepoint.Secret(a.ClientSecret)
	if a.SecretExpires > 0 {
		set.ValidUntil = time.Unix(a.SecretExpires, 0).UTC()
	}
	return u.Secrets.Save(ctx, set)
}

func (u *saltEdgeUK) postJSON(ctx context.Context, op, address string, body any, edit func(*http.Request), answer any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(b))
	if err != nil {
		return onepoint.E(onepoint.CodeInvalid, op, "the address is malformed", err)
	}
	req.Header.Set("Content-Type", "application/json")
	edit(req)
	return saltEdgeDo(u.HTTP, op, req, answer)
}

// upload gives the bank the seal certificate.
func (u *saltEdgeUK) upload(ctx context.Context, p *onepoint.Progress) error {
	var body struct {
		Data struct {
			Certificate saltEdgeCertificate `json:"certificate"`
		} `json:"data"`
	}
	if len(u.Signer.Chain) == 0 {
		return u.certificates(ctx, p)
	}
	body.Data.Certificate = saltEdgeCertificate{u.sealPEM(), u.TPP.SoftwareName, "qseal"}
	if err := u.postJSON(ctx, "upload the certificate", u.Profile.Onboarding.Certificates, body, func(*http.Request) {}, nil); err != nil {
		return err
	}
	keepFile(p, "qseal.pem", u.sealPEM())
	return nil
}

// verify proves the registration: the client gets a token.
func (u *saltEdgeUK) verify(ctx context.Context, p *onepoint.Progress) error {
	const op = "get a token"
	body := map[string]string{"grant_type": "client_credentials", "client_id": p.Client.ID, "redirect_uri": p.Client.RedirectURI}
	if code := u.Profile.Onboarding.Options["provider_code"]; code != "" {
		body["provider_code"] = code
	}
	edit := func(*http.Request) {}
	if p.Client.AuthMethod == "private_key_jwt" {
		assertion, err := fapi.ClientAssertion(u.dcr.key(), p.Client.ID, u.Profile.Endpoints.Token, u.Now(), u.NewID("jti"))
		if err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		body["client_assertion_type"], body["client_assertion"] = fapi.AssertionType, assertion
	} else {
		set, err := u.Secrets.Read(ctx)
		if err != nil {
			return err
		}
		edit = func(r *http.Request) { r.SetBasicAuth(p.Client.ID, set.ClientSecret.Reveal()) }
	}
	var answer fapi.TokenResponse
	if err := u.postJSON(ctx, op, u.Profile.Endpoints.Token, body, edit, &answer); err != nil {
		return err
	}
	if answer.AccessToken == "" {
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer holds no token", nil)
	}
	return nil
}
