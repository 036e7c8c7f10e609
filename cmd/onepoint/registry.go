package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/audit"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/all"
	"github.com/onepointledger/onepoint/tpp"
	"github.com/onepointledger/onepoint/vault"
)

const (
	bankCallLimit   = 30 * time.Second
	defaultOverlap  = 14
	connectionsHeld = 16 // to one bank
)

// registry opens banks for the use cases: profiles and drivers, lent keys from
// the vault.
type registry struct {
	profiles map[string]connector.Profile
	drivers  map[string]connector.Driver
	clients  tpp.Registrations
	traces   traceStore
	audit    *audit.Log
	keys     *vault.Vault
	roots    *x509.CertPool
	redirect string
	now      onepoint.Clock
	newID    onepoint.IDs
	log      *slog.Logger

	mu     sync.Mutex
	opened map[string]openedBank // by workspace and bank
}

// openedBank is a connector as its registration was when it was opened.
type openedBank struct {
	onepoint.Connector
	state int64 // when the registration last changed
	idle  *http.Client
}

var _ tpp.Banks = (*registry)(nil)

func newRegistry(profiles []connector.Profile) *registry {
	r := &registry{
		profiles: map[string]connector.Profile{}, drivers: map[string]connector.Driver{}, opened: map[string]openedBank{},
	}
	for _, p := range profiles {
		r.profiles[p.ID] = p
	}
	for _, d := range all.Drivers() {
		r.drivers[d.Name] = d
	}
	return r
}

// check refuses a profile that nothing can speak to.
func (r *registry) check() error {
	for _, p := range r.profiles {
		if _, ok := r.drivers[p.Standard]; !ok {
			return onepoint.Missing("read bank profiles", p.ID+": standard", fmt.Sprintf("is %q; the standards are %s",
				p.Standard, strings.Join(slices.Sorted(maps.Keys(r.drivers)), ", ")))
		}
	}
	return nil
}

// Bank implements tpp.Banks.
func (r *registry) Bank(id string) (tpp.BankFacts, error) {
	p, err := r.profile(id)
	if err != nil {
		return tpp.BankFacts{}, err
	}
	overlap := p.Limits.OverlapDays
	if overlap == 0 {
		overlap = defaultOverlap
	}
	return tpp.BankFacts{
		Name: p.Name, ConsentDays: p.Limits.ConsentDays, HistoryDays: p.Limits.HistoryDays,
		OverlapDays: overlap, StableIDs: p.Limits.StableIDs,
	}, nil
}

func (r *registry) profile(id string) (connector.Profile, error) {
	p, ok := r.profiles[id]
	if !ok {
		return p, onepoint.E(onepoint.CodeNotFound, "find bank", fmt.Sprintf("there is no bank %.60q; `onepoint banks` lists them", id), nil)
	}
	return p, nil
}

// Connector implements tpp.Banks. A connector is opened once per registration,
// so that its connections are used again.
func (r *registry) Connector(ctx context.Context, workspace, bank string) (onepoint.Connector, error) {
	p, err := r.profile(bank)
	if err != nil {
		return nil, err
	}
	reg, err := r.clients.Registration(ctx, workspace, bank)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return nil, fmt.Errorf("find registration: %w", err)
	}
	if reg.Status != tpp.RegistrationDone {
		return nil, onepoint.E(onepoint.CodeConflict, "open bank", fmt.Sprintf("not registered at %s yet; run `onepoint tpp register %s`", p.Name, p.ID), nil)
	}
	key, state := workspace+"|"+bank, reg.Updated.UnixMicro()
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.opened[key]; ok && c.state == state {
		return c.Connector, nil
	}
	env, err := r.env(ctx, workspace, p, reg.Progress.Client)
	if err != nil {
		return nil, err
	}
	c, err := r.drivers[p.Standard].Open(env)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.ID, err)
	}
	if old, ok := r.opened[key]; ok {
		old.idle.CloseIdleConnections()
	}
	r.opened[key] = openedBank{c, state, env.HTTP}
	return c, nil
}

// Onboarder implements tpp.Banks.
func (r *registry) Onboarder(ctx context.Context, workspace, bank string) (onepoint.Onboarder, error) {
	p, err := r.profile(bank)
	if err != nil {
		return nil, err
	}
	env, err := r.env(ctx, workspace, p, onepoint.Client{})
	if err != nil {
		return nil, err
	}
	recipe, err := r.drivers[p.Standard].Onboard(env)
	if err != nil {
		return nil, err
	}
	return tracedRecipe{recipe}, nil
}

// env lends a connector what its client's registration names: the keys, the
// credentials of its group, a transport.
func (r *registry) env(ctx context.Context, workspace string, p connector.Profile, client onepoint.Client) (connector.Env, error) {
	if _, ok := r.drivers[p.Standard]; !ok {
		return connector.Env{}, onepoint.E(onepoint.CodeInternal, "open bank", "", fmt.Errorf("profile %s names standard %q, which has no driver", p.ID, p.Standard))
	}
	log := r.log.With("bank", p.ID)
	keys := &bankKeys{registry: r, workspace: workspace, bank: p.ID, log: log}
	secrets := &bankCredentials{registry: r, workspace: workspace, group: p.Group()}
	credential, err := secrets.Read(ctx)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return connector.Env{}, err
	}
	env := connector.Env{
		Profile: p, Client: client, Credential: credential, Keys: keys, Secrets: secrets, Now: r.now, NewID: r.newID, Log: log,
		TPP: connector.Identity{OrganisationID: tppOrg, Name: tppName, SoftwareName: softwareName, RedirectURI: r.redirect, Roles: []string{"AISP", "PISP", "CBPII"}},
	}
	keys.traced = client.ID == ""
	return env, r.lendKeys(ctx, keys, &env)
}

// lendKeys opens the QWAC and the QSEAL. A TPP may have none yet: the recipe says
// so, and a bank that needs none goes on without.
func (r *registry) lendKeys(ctx context.Context, keys *bankKeys, env *connector.Env) error {
	seal, err := keys.Signer(ctx, cmp.Or(env.Client.Seal, keyQSEAL))
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return fmt.Errorf("open the QSEAL: %w", err)
	}
	env.Signer = seal
	transport := cmp.Or(env.Client.Transport, keyQWAC)
	chain, err := r.keys.Chain(ctx, keys.workspace, transport)
	switch {
	case onepoint.CodeOf(err) == onepoint.CodeNotFound:
		env.HTTP = keys.client(nil)
		return nil
	case err != nil:
		return fmt.Errorf("open the QWAC's chain: %w", err)
	}
	env.TPP.Transport, env.TPP.Chain = chain[0], chain
	if env.HTTP, err = keys.HTTP(ctx, transport); err != nil {
		return fmt.Errorf("open the QWAC: %w", err)
	}
	return nil
}

// loggedTransport logs calls to banks: where and how they went, never a query,
// a header or a body.
type loggedTransport struct {
	log  *slog.Logger
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *loggedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := t.next.RoundTrip(req)
	attrs := []any{"method", req.Method, "host", req.URL.Host, "path", req.URL.Path, "took", time.Since(start)}
	if err != nil {
		t.log.WarnContext(req.Context(), "bank call failed", append(attrs, "error", err)...)
		return nil, err
	}
	t.log.InfoContext(req.Context(), "bank call", append(attrs, "status", resp.StatusCode, "interaction", resp.Header.Get("x-fapi-interaction-id"))...)
	return resp, nil
}
