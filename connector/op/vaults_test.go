package op_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/op"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/vault"
)

// keys is the vault as a recipe sees it.
type keys struct {
	b *bench
	t testing.TB
}

func (k keys) name(name string) string { return "bank/op/" + name }

// Make implements connector.Keys.
func (k keys) Make(ctx context.Context, name string) (connector.Signer, error) {
	if _, err := k.b.vault.NewKey(ctx, workspace, k.name(name), vault.RSA2048); err != nil {
		return connector.Signer{}, err
	}
	return k.Signer(ctx, name)
}

// ImportJWK implements connector.Keys.
func (k keys) ImportJWK(ctx context.Context, name string, jwk []byte) error {
	return k.b.vault.ImportJWK(ctx, workspace, k.name(name), jwk)
}

// Signer implements connector.Keys.
func (k keys) Signer(ctx context.Context, name string) (connector.Signer, error) {
	signer, err := k.b.vault.Signer(ctx, workspace, k.name(name))
	if err != nil {
		return connector.Signer{}, err
	}
	chain, err := k.b.vault.Chain(ctx, workspace, k.name(name))
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return connector.Signer{}, err
	}
	return connector.Signer{Key: signer, KeyID: fapi.KeyID(signer.Public()), Chain: chain}, nil
}

// HTTP implements connector.Keys.
func (k keys) HTTP(ctx context.Context, name string) (*http.Client, error) {
	cert, err := k.b.vault.TLS(ctx, workspace, k.name(name))
	if err != nil {
		return nil, err
	}
	return k.b.client(k.t, *cert), nil
}

// secrets is where a recipe keeps what the bank gave it.
type secrets struct{ b *bench }

// Read implements connector.Credentials.
func (s secrets) Read(ctx context.Context) (onepoint.Credential, error) {
	return s.b.vault.Credential(ctx, workspace, "op")
}

// Save implements connector.Credentials.
func (s secrets) Save(ctx context.Context, c onepoint.Credential) error {
	return s.b.vault.SaveCredential(ctx, workspace, "op", c)
}

// Remove implements connector.Credentials.
func (s secrets) Remove(ctx context.Context) error {
	return s.b.vault.RemoveCredential(ctx, workspace, "op")
}

func newProgress() *onepoint.Progress {
	return &onepoint.Progress{Input: map[string]string{}, Facts: map[string]string{}, Artifacts: map[string]string{}}
}

// run carries out the steps from one to another, both inclusive; empty names are
// the ends.
func run(ctx context.Context, o onepoint.Onboarder, p *onepoint.Progress, from, to string) error {
	on := from == ""
	for _, step := range o.Steps() {
		on = on || step.Name == from
		if !on {
			continue
		}
		if err := step.Run(ctx, p); err != nil {
			return fmt.Errorf("step %s: %w", step.Name, err)
		}
		if step.Name == to {
			return nil
		}
	}
	return nil
}

// registered is a platform that the bench's bank knows.
type registered struct {
	*bench
	progress *onepoint.Progress
}

func register(t testing.TB, b *bench) registered {
	t.Helper()
	p := newProgress()
	if err := run(t.Context(), b.onboarder(t, b.env(t)), p, "", ""); err != nil {
		t.Fatal(err)
	}
	return registered{b, p}
}

// open returns the connector of the registration; wrap sees its calls.
func (r registered) open(t testing.TB, wrap func(http.RoundTripper) http.RoundTripper) *op.Client {
	t.Helper()
	env := r.env(t)
	env.Client = r.progress.Client
	env.Credential = must[onepoint.Credential](t)(secrets{r.bench}.Read(t.Context()))
	env.HTTP = r.transport(t)
	if wrap != nil {
		env.HTTP.Transport = wrap(env.HTTP.Transport)
	}
	env.Signer = must[connector.Signer](t)(keys{r.bench, t}.Signer(t.Context(), env.Client.Seal))
	return must[onepoint.Connector](t)(op.Driver().Open(env)).(*op.Client)
}

// transport presents the registered QWAC.
func (r registered) transport(t testing.TB) *http.Client {
	t.Helper()
	return must[*http.Client](t)(keys{r.bench, t}.HTTP(t.Context(), r.progress.Client.Transport))
}
