package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/all"
	"github.com/onepointledger/onepoint/fapi"
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
	keys     *vault.Vault
	roots    *x509.CertPool
	redirect string
	now      onepoint.Clock
	newID    onepoint.IDs
	log      *slog.Logger

	mu     sync.Mutex
	opened map[string]onepoint.Connector // by workspace, bank and client
}

var _ tpp.Banks = (*registry)(nil)

func newRegistry(profiles []connector.Profile) *registry {
	r := &registry{
		profiles: map[string]connector.Profile{}, drivers: map[string]connector.Driver{}, opened: map[string]onepoint.Connector{},
	}
	for _, p := range profiles {
		r.profiles[p.ID] = p
	}
	for _, d := range all.Drivers() {
		r.drivers[d.Name] = d
	}
	return r
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
	key := strings.Join([]string{workspace, bank, reg.Progress.Client.ID, reg.Progress.Client.RedirectURI}, "|")
	r.mu.Lock()
	defer r.mu.Unlock()
	if c, ok := r.opened[key]; ok {
		return c, nil
	}
	env, err := r.env(ctx, workspace, p, reg.Progress.Client)
	if err != nil {
		return nil, err
	}
	c, err := r.drivers[p.Standard].Open(env)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", p.ID, err)
	}
	r.opened[key] = c
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
	return r.drivers[p.Standard].Onboard(env)
}

func (r *registry) env(ctx context.Context, workspace string, p connector.Profile, client onepoint.Client) (connector.Env, error) {
	if _, ok := r.drivers[p.Standard]; !ok {
		return connector.Env{}, onepoint.E(onepoint.CodeInternal, "open bank", "", fmt.Errorf("profile %s names standard %q, which has no driver", p.ID, p.Standard))
	}
	transport, err := r.keys.TLS(ctx, workspace, keyQWAC)
	if err != nil {
		return connector.Env{}, fmt.Errorf("open the QWAC: %w", err)
	}
	chain, err := r.keys.Chain(ctx, workspace, keyQWAC)
	if err != nil {
		return connector.Env{}, fmt.Errorf("open the QWAC's chain: %w", err)
	}
	seal, err := signingKey(ctx, r.keys, workspace, keyQSEAL)
	if err != nil {
		return connector.Env{}, err
	}
	log := r.log.With("bank", p.ID)
	return connector.Env{
		Profile: p, Client: client, HTTP: r.http(*transport, log),
		Signer: connector.Signer{Key: seal.Signer, KeyID: fapi.KeyID(seal.Signer.Public()), Chain: seal.Chain},
		TPP: connector.Identity{
			OrganisationID: tppOrg, Name: tppName, SoftwareName: softwareName, RedirectURI: r.redirect,
			Roles: []string{"AISP"}, Transport: chain[0], Chain: chain,
		},
		Now: r.now, NewID: r.newID, Log: log,
	}, nil
}

func (r *registry) http(cert tls.Certificate, log *slog.Logger) *http.Client {
	return &http.Client{
		Timeout: bankCallLimit,
		Transport: &loggedTransport{log: log, next: &http.Transport{
			TLSClientConfig: &tls.Config{
				Certificates: []tls.Certificate{cert}, RootCAs: r.roots, MinVersion: tls.VersionTLS12,
			},
			ForceAttemptHTTP2: true, MaxIdleConnsPerHost: connectionsHeld, IdleConnTimeout: idleLimit,
			TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: bankCallLimit,
		}},
		// A bank's API does not redirect; following one could carry a token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
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
