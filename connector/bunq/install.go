package bunq

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
)

// firstUse is how long bunq keeps a new API key that nobody uses.
const firstUse = time.Hour

func (r *recipe) keypair(ctx context.Context, p *onepoint.Progress) error {
	s, err := r.Keys.Make(ctx, installationKey)
	if err != nil {
		return onepoint.E("", "make the key of the installation", "", err)
	}
	text, err := publicPEM(s.Key.Public())
	if err != nil {
		return err
	}
	setArtifact(p, "installation-public-key.pem", text)
	return nil
}

func publicPEM(key crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", onepoint.E(onepoint.CodeInternal, "encode the public key", "", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

// installation registers the public key, unless it is registered already.
func (r *recipe) installation(ctx context.Context, p *onepoint.Progress) error {
	c, err := r.read(ctx)
	if err != nil {
		return err
	}
	signer, err := r.Keys.Signer(ctx, installationKey)
	if err != nil {
		return onepoint.E("", "open the key of the installation", "", err)
	}
	if c.More[moreInstallation] == "" || c.More[moreInstalledKey].Reveal() != signer.KeyID {
		if err := r.install(ctx, signer, &c); err != nil {
			return err
		}
	}
	setFact(p, factServerKey, c.More[moreServerKey].Reveal())
	setArtifact(p, "server-public-key.pem", c.More[moreServerKey].Reveal())
	return nil
}

func (r *recipe) install(ctx context.Context, signer connector.Signer, c *onepoint.Credential) error {
	text, err := publicPEM(signer.Key.Public())
	if err != nil {
		return err
	}
	e, err := newAPI(r.Env, r.pace).call(ctx, request{
		op: "install", method: http.MethodPost, path: "/installation", body: map[string]string{"client_public_key": text},
	})
	if err != nil {
		return busy(err)
	}
	var token struct {
		Token string `json:"token"`
	}
	var server struct {
		Key string `json:"server_public_key"`
	}
	if err := e.get("Token", &token); err != nil {
		return err
	}
	if err := e.get("ServerPublicKey", &server); err != nil {
		return err
	}
	if _, err := readServerKey(server.Key); err != nil || token.Token == "" {
		return onepoint.E(onepoint.CodeProtocol, "install", "bunq's answer lacks its token or its key", err)
	}
	// What belonged to a former installation is of no use in this one.
	c.APIKey = ""
	c.More = map[string]onepoint.Secret{
		moreInstallation: onepoint.Secret(token.Token), moreInstalledKey: onepoint.Secret(signer.KeyID), moreServerKey: onepoint.Secret(server.Key),
	}
	return r.save(ctx, *c)
}

// credential gets the API key, unless there is one that was used or still may be.
func (r *recipe) credential(ctx context.Context, _ *onepoint.Progress) error {
	c, err := r.read(ctx)
	if err != nil {
		return err
	}
	until, _ := time.Parse(time.RFC3339, c.More[moreAPIKeyExpiry].Reveal()) // zero when it cannot be told: asked for anew
	if c.APIKey != "" && (c.More[moreDevice] != "" || r.Now().Before(until)) {
		return nil
	}
	return r.newAPIKey(ctx, &c)
}

func (r *recipe) newAPIKey(ctx context.Context, c *onepoint.Credential) error {
	const op = "get an API key"
	a, err := r.api(ctx, *c)
	if err != nil {
		return err
	}
	proof, err := r.proof(a, c.More[moreInstallation].Reveal())
	if err != nil {
		return onepoint.E("", op, "the QSEAL could not sign", err)
	}
	e, err := a.call(ctx, request{
		op: op, method: http.MethodPost, path: "/payment-service-provider-credential", token: c.More[moreInstallation].Reveal(), body: proof,
	})
	if err != nil {
		return busy(err)
	}
	var given struct {
		Token  string `json:"token_value"`
		Expiry string `json:"expiry_time"`
	}
	if err := e.get("CredentialPasswordIp", &given); err != nil {
		return err
	}
	if given.Token == "" {
		return onepoint.E(onepoint.CodeProtocol, op, "bunq's answer holds no API key", nil)
	}
	until, err := instant(given.Expiry)
	if err != nil {
		until = r.Now().Add(firstUse)
	}
	c.APIKey = onepoint.Secret(given.Token)
	c.More[moreAPIKeyExpiry] = onepoint.Secret(until.UTC().Format(time.RFC3339))
	for _, of := range []string{moreDevice, moreSession, moreSessionExpires, morePSP} {
		delete(c.More, of)
	}
	return r.save(ctx, *c)
}

// proof shows that the certificate's holder owns the installation. Signed are the
// key's PEM with one newline at its end and the token, nothing between them.
func (r *recipe) proof(a *api, token string) (map[string]string, error) {
	installed, err := publicPEM(a.signer.Public())
	if err != nil {
		return nil, err
	}
	signature, err := signSHA256(r.Signer.Key, []byte(strings.TrimRight(installed, "\n")+"\n"+token))
	if err != nil {
		return nil, err
	}
	leaf, chain := certificatePEM(r.Signer.Chain)
	return map[string]string{
		"client_payment_service_provider_certificate":       leaf,
		"client_payment_service_provider_certificate_chain": chain,
		"client_public_key_signature":                       signature,
	}, nil
}

// certificatePEM is the leaf and what leads to the root. A certificate that
// stands alone is its own chain: the sandbox takes it so.
func certificatePEM(chain []*x509.Certificate) (leaf, rest string) {
	var b strings.Builder
	for i, cert := range chain {
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
		if i == 0 {
			leaf = string(text)
			continue
		}
		b.Write(text)
	}
	if rest = b.String(); rest == "" {
		rest = leaf
	}
	return leaf, rest
}

// device binds the API key to the installation. A key that ended because nobody
// used it within its hour is replaced first.
func (r *recipe) device(ctx context.Context, _ *onepoint.Progress) error {
	c, err := r.read(ctx)
	if err != nil || c.More[moreDevice] != "" {
		return err
	}
	id, err := r.register(ctx, c)
	if onepoint.CodeOf(err) == onepoint.CodeUnauthenticated {
		if err := r.newAPIKey(ctx, &c); err != nil {
			return err
		}
		id, err = r.register(ctx, c)
	}
	if err != nil {
		return busy(err)
	}
	c.More[moreDevice] = onepoint.Secret(id)
	return r.save(ctx, c)
}

func (r *recipe) register(ctx context.Context, c onepoint.Credential) (string, error) {
	a, err := r.api(ctx, c)
	if err != nil {
		return "", err
	}
	name := r.TPP.SoftwareName
	if name == "" {
		name = "One Point Ledger"
	}
	e, err := a.call(ctx, request{
		op: "register the device", method: http.MethodPost, path: "/device-server", token: c.More[moreInstallation].Reveal(),
		body: map[string]any{"description": name, "secret": c.APIKey.Reveal(), "permitted_ips": []string{"*"}},
	})
	if err != nil {
		return "", err
	}
	return e.id()
}
