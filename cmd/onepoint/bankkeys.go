package main

import (
	"context"
	"crypto"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/vault"
)

// traceStore keeps what was said to a bank while registering.
type traceStore interface {
	AddExchange(ctx context.Context, workspace, bank, step string, e onepoint.Trace) error
}

// bankKeys lends one bank's recipe and connector the vault's keys. Every
// signature is in the audit log before it is given.
type bankKeys struct {
	registry  *registry
	workspace string
	bank      string
	traced    bool // calls go into the transcript
	log       *slog.Logger
}

var _ connector.Keys = (*bankKeys)(nil)

// Make implements connector.Keys.
func (k *bankKeys) Make(ctx context.Context, name string) (connector.Signer, error) {
	v := k.registry.keys
	if _, err := v.Signer(ctx, k.workspace, name); onepoint.CodeOf(err) == onepoint.CodeNotFound {
		if err := k.registry.audit.Record(ctx, k.workspace, "key.made", name, map[string]string{"bank": k.bank}); err != nil {
			return connector.Signer{}, err
		}
	}
	if _, err := v.NewKey(ctx, k.workspace, name, vault.RSA2048); err != nil {
		return connector.Signer{}, err
	}
	return k.Signer(ctx, name)
}

// ImportJWK implements connector.Keys.
func (k *bankKeys) ImportJWK(ctx context.Context, name string, jwk []byte) error {
	if err := k.registry.audit.Record(ctx, k.workspace, "key.imported", name, map[string]string{"bank": k.bank}); err != nil {
		return err
	}
	return k.registry.keys.ImportJWK(ctx, k.workspace, name, jwk)
}

// Signer implements connector.Keys.
func (k *bankKeys) Signer(ctx context.Context, name string) (connector.Signer, error) {
	signer, err := k.registry.keys.Signer(ctx, k.workspace, name)
	if err != nil {
		return connector.Signer{}, err
	}
	chain, err := k.registry.keys.Chain(ctx, k.workspace, name)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return connector.Signer{}, err
	}
	return connector.Signer{
		Key: &auditedSigner{signer, k, name, "signature"}, KeyID: fapi.KeyID(signer.Public()), Chain: chain,
	}, nil
}

// HTTP implements connector.Keys.
func (k *bankKeys) HTTP(ctx context.Context, name string) (*http.Client, error) {
	cert, err := k.registry.keys.TLS(ctx, k.workspace, name)
	if err != nil {
		return nil, err
	}
	if signer, ok := cert.PrivateKey.(crypto.Signer); ok {
		cert.PrivateKey = &auditedSigner{signer, k, name, "tls"}
	}
	return k.client(cert), nil
}

// client is an HTTP client for one bank; cert may be nil.
func (k *bankKeys) client(cert *tls.Certificate) *http.Client {
	config := &tls.Config{RootCAs: k.registry.roots, MinVersion: tls.VersionTLS12}
	if cert != nil {
		// By a function and not by a list: a bank may name issuers of which ours is none,
		// and says more when it sees the certificate than when it sees none.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	}
	var transport http.RoundTripper = &loggedTransport{log: k.log, next: &http.Transport{
		TLSClientConfig: config, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: connectionsHeld, IdleConnTimeout: idleLimit,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: bankCallLimit,
	}}
	if k.traced {
		transport = &connector.Tracer{Next: transport, Now: k.registry.now, Sink: k.trace}
	}
	return &http.Client{
		Timeout: bankCallLimit, Transport: transport,
		// A bank's API does not redirect; following one could carry a token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// trace keeps an exchange. The call has been made: that its trace is lost is
// logged and no reason to fail it.
func (k *bankKeys) trace(ctx context.Context, e onepoint.Trace) {
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := k.registry.traces.AddExchange(saving, k.workspace, k.bank, stepOf(ctx), e); err != nil {
		k.log.WarnContext(ctx, "exchange not kept", "error", err)
	}
}

type stepKey struct{}

func stepOf(ctx context.Context) string {
	name, _ := ctx.Value(stepKey{}).(string)
	return name
}

// tracedRecipe names the step in the context of its calls.
type tracedRecipe struct{ onepoint.Onboarder }

// Steps implements onepoint.Onboarder.
func (r tracedRecipe) Steps() []onepoint.Step {
	steps := r.Onboarder.Steps()
	for i := range steps {
		name, run := steps[i].Name, steps[i].Run
		steps[i].Run = func(ctx context.Context, p *onepoint.Progress) error {
			return run(context.WithValue(ctx, stepKey{}, name), p)
		}
	}
	return steps
}

// Deregister implements onepoint.Deregisterer.
func (r tracedRecipe) Deregister(ctx context.Context, p *onepoint.Progress) error {
	d, ok := r.Onboarder.(onepoint.Deregisterer)
	if !ok {
		return onepoint.E(onepoint.CodeConflict, "deregister", "this bank offers no deregistration by program", nil)
	}
	return d.Deregister(context.WithValue(ctx, stepKey{}, "deregister"), p)
}

// auditedSigner records each use of a key before it signs.
type auditedSigner struct {
	crypto.Signer
	keys *bankKeys
	name string
	use  string
}

// auditLimit bounds how long a signature waits for its record.
const auditLimit = 5 * time.Second

// Sign implements crypto.Signer.
func (s *auditedSigner) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), auditLimit)
	defer cancel()
	detail := map[string]string{"bank": s.keys.bank, "for": s.use}
	if err := s.keys.registry.audit.Record(ctx, s.keys.workspace, "key.used", s.name, detail); err != nil {
		return nil, err
	}
	return s.Signer.Sign(rand, digest, opts)
}

// bankCredentials is the credential set of one group of banks.
type bankCredentials struct {
	registry  *registry
	workspace string
	group     string
}

var _ connector.Credentials = (*bankCredentials)(nil)

// Read implements connector.Credentials.
func (c *bankCredentials) Read(ctx context.Context) (onepoint.Credential, error) {
	return c.registry.keys.Credential(ctx, c.workspace, c.group)
}

// Save implements connector.Credentials.
func (c *bankCredentials) Save(ctx context.Context, set onepoint.Credential) error {
	if err := c.registry.audit.Record(ctx, c.workspace, "credential.saved", c.group, map[string]string{"holds": strings.Join(set.Holds(), ", ")}); err != nil {
		return err
	}
	return c.registry.keys.SaveCredential(ctx, c.workspace, c.group, set)
}

// Remove implements connector.Credentials.
func (c *bankCredentials) Remove(ctx context.Context) error {
	if err := c.registry.audit.Record(ctx, c.workspace, "credential.removed", c.group, nil); err != nil {
		return err
	}
	return c.registry.keys.RemoveCredential(ctx, c.workspace, c.group)
}
