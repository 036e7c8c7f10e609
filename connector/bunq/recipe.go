package bunq

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/eidas"
)

// recipe registers the TPP as a payment service provider. What bunq gives is
// kept in the credential as soon as it comes; a step that is run again finds it
// there and asks for nothing twice.
type recipe struct {
	connector.Env
	pace *pacer
}

var (
	_ onepoint.Onboarder    = (*recipe)(nil)
	_ onepoint.Deregisterer = (*recipe)(nil)
)

func newRecipe(env connector.Env) *recipe {
	return &recipe{env, newPacer(env.Profile.Onboarding.Options["pace"] == "off")}
}

// Steps implements onepoint.Onboarder.
func (r *recipe) Steps() []onepoint.Step {
	return []onepoint.Step{
		{
			Name: "certificates", Title: "certificate checked", Run: r.certificates,
			Help: "bunq knows a provider by the PSD2 certificate it seals with. It is looked at before bunq does.",
		},
		{
			Name: "keypair", Title: "key pair of the installation made", Run: r.keypair,
			Help: "Every request is signed with a key of its own, which never leaves the vault.",
		},
		{
			Name: "installation", Title: "public keys exchanged", Run: r.installation,
			Help: "bunq gets our public key and gives its own, with a token for the installation.",
		},
		{
			Name: "credential", Title: "API key given for the certificate", Run: r.credential,
			Help: "The certificate's key signs the public key and the token. bunq answers with an API key, good for an hour until it is first used.",
		},
		{
			Name: "device", Title: "device registered", Run: r.device,
			Help: "The API key is bound to this installation, for any address.",
		},
		{
			Name: "session", Title: "session opened with the API key", Run: r.session,
			Help: "Proves the API key and tells the number of our user at bunq.",
		},
		{
			Name: "oauth-client", Title: "OAuth client there", Run: r.oauthClient,
			Help: "A provider has one client; it is made when there is none.",
		},
		{
			Name: "callback-url", Title: "callback URL registered", Run: r.callbackURL,
			Help: "bunq sends users back to registered addresses only, letter by letter.",
		},
		{
			Name: "verify", Title: "registration proven", Run: r.verify,
			Help: "The user, the client and the callback URL are read back from bunq.",
		},
	}
}

func refuse(msg string, cause error) error {
	return onepoint.E(onepoint.CodeCertificateInvalid, "check certificates", msg, cause)
}

// certificates looks at what bunq would refuse, before it does: a PSD2 seal, or
// for the sandbox a certificate with the roles in its common name.
func (r *recipe) certificates(_ context.Context, _ *onepoint.Progress) error {
	if r.Signer.Key == nil || len(r.Signer.Chain) == 0 {
		return refuse("a QSEAL is needed; import or issue one first", nil)
	}
	leaf := r.Signer.Chain[0]
	if public, ok := leaf.PublicKey.(*rsa.PublicKey); !ok || public.N.BitLen() < 2048 {
		return refuse("bunq takes certificates with an RSA key of 2048 bits or more only", nil)
	}
	if now := r.Now(); now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return refuse("the QSEAL is not valid today; renew it", nil)
	}
	parsed, err := eidas.Parse(leaf)
	if err != nil {
		return refuse("the QSEAL cannot be read", err)
	}
	if parsed.Statements.PSD2 == nil {
		return selfSigned(leaf)
	}
	switch {
	case !parsed.Is(eidas.TypeSeal):
		return refuse("the certificate is no QSEAL but one of another kind", nil)
	case !parsed.Has(eidas.RoleAI):
		return refuse("the QSEAL lacks the role PSP_AI, without which bunq shares no accounts", nil)
	}
	return nil
}

// selfSigned is what the sandbox takes in place of a PSD2 certificate.
func selfSigned(leaf *x509.Certificate) error {
	switch words := strings.Fields(leaf.Subject.CommonName); {
	case !slices.Contains(words, "AISP"):
		return refuse("a certificate without PSD2 statements must have AISP in its common name", nil)
	case !slices.Contains(leaf.Subject.Country, "NL"):
		return refuse("a certificate without PSD2 statements must have the country NL", nil)
	}
	return nil
}

// read returns the credential; an empty one when there is none yet.
func (r *recipe) read(ctx context.Context) (onepoint.Credential, error) {
	c, err := r.Secrets.Read(ctx)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return c, onepoint.E("", "read the credential of bunq", "", err)
	}
	if c.More == nil {
		c.More = map[string]onepoint.Secret{}
	}
	return c, nil
}

func (r *recipe) save(ctx context.Context, c onepoint.Credential) error {
	if err := r.Secrets.Save(ctx, c); err != nil {
		return onepoint.E("", "keep the credential of bunq", "", err)
	}
	return nil
}

// api is bunq as far as the recipe has come: signed once there is a key, checked
// once bunq's is known.
func (r *recipe) api(ctx context.Context, c onepoint.Credential) (*api, error) {
	a := newAPI(r.Env, r.pace)
	signer, err := r.Keys.Signer(ctx, installationKey)
	if err != nil {
		return nil, onepoint.E("", "open the key of the installation", "", err)
	}
	a.signer = signer.Key
	if text := c.More[moreServerKey].Reveal(); text != "" {
		if a.server, err = readServerKey(text); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// busy lets a step wait for bunq where it only asks to come back later.
func busy(err error) error {
	if onepoint.CodeOf(err) == onepoint.CodeRateLimited {
		return onepoint.E(onepoint.CodeUnavailable, opSession, "", err)
	}
	return err
}

func setFact(p *onepoint.Progress, name, value string) {
	if p.Facts == nil {
		p.Facts = map[string]string{}
	}
	p.Facts[name] = value
}

func setArtifact(p *onepoint.Progress, name, content string) {
	if p.Artifacts == nil {
		p.Artifacts = map[string]string{}
	}
	p.Artifacts[name] = content
}
