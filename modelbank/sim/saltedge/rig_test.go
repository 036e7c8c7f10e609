package saltedge_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/recipe"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/directory"
	"github.com/onepointledger/onepoint/modelbank/sim/saltedge"
	"github.com/onepointledger/onepoint/standard/berlin"
	"github.com/onepointledger/onepoint/store"
	"github.com/onepointledger/onepoint/vault"
)

const (
	redirectURI = "https://tpp.example/callback"
	orgID       = "PSDGB-FCA-123456"
	dirName     = "Test Directory"
)

// rig is the simulator with real parts around it, and a TPP's vault.
type rig struct {
	tb      testing.TB
	url     string
	db      *store.Bank
	core    *core.Core
	qtsp    *eidas.QTSP
	vault   *vault.Vault
	roots   *x509.CertPool
	config  saltedge.Config
	revoked sync.Map
	offset  atomic.Int64
}

func (r *rig) now() time.Time          { return time.Now().Add(time.Duration(r.offset.Load())) }
func (r *rig) advance(d time.Duration) { r.offset.Add(int64(d)) }

func newRig(tb testing.TB, change ...func(*saltedge.Config)) *rig {
	tb.Helper()
	r := &rig{tb: tb}
	log := slog.New(slog.DiscardHandler)
	var err error
	if r.qtsp, err = eidas.NewTestQTSP(time.Now()); err != nil {
		tb.Fatal(err)
	}
	r.roots = r.qtsp.Roots()
	if r.db, err = store.OpenBank(context.Background(), "sqlite:"+filepath.Join(tb.TempDir(), "bank.db"), log); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { r.db.Close() })
	if r.vault, err = vault.Open(context.Background(), vault.Config{Store: r.db, KeyFile: filepath.Join(tb.TempDir(), "k", "vault.key"), Now: r.now}); err != nil {
		tb.Fatal(err)
	}
	ids := onepoint.NewIDs(r.now)
	r.core = core.New(core.Config{Store: r.db, Now: r.now, NewID: ids, Log: log})
	if err := r.core.Seed(context.Background(), onepoint.DateOf(r.now().UTC())); err != nil {
		tb.Fatal(err)
	}
	bank := modelbank.New(modelbank.Config{Core: r.core, Consents: r.db, Now: r.now, NewID: ids, Log: log})
	mux := http.NewServeMux()
	server := httptest.NewUnstartedServer(mux)
	r.url = "https://" + server.Listener.Addr().String()
	r.issue("bank-tls", eidas.Request{Type: eidas.TypeWeb, OrgID: "PSDLT-BL-654321", Roles: []eidas.Role{eidas.RoleAS}, IPs: []net.IP{net.ParseIP("127.0.0.1")}})
	r.issue("directory", eidas.Request{Type: eidas.TypeSeal, OrgID: "PSDLT-BL-654321", Roles: []eidas.Role{eidas.RoleAS}})
	r.config = saltedge.Config{
		Base: r.url + "/salt-edge", Store: r.db, Bank: bank, Journey: bank.Journey(), Core: r.core, Roots: r.roots, Issuers: r.qtsp.Chain(),
		Revoked:          func(c *x509.Certificate) bool { _, yes := r.revoked.Load(c.SerialNumber.String()); return yes },
		StatementIssuers: []saltedge.StatementIssuer{{Issuer: dirName, JWKSURL: r.url + "/directory/jwks"}},
		HTTP:             r.client(""), Delay: 5 * time.Millisecond, Unattended: -1, Strict: true, Now: r.now, NewID: ids, Zone: time.UTC, Log: log,
	}
	for _, c := range change {
		c(&r.config)
	}
	s, err := saltedge.New(r.config)
	if err != nil {
		tb.Fatal(err)
	}
	mux.Handle("/salt-edge/", s.Handler())
	dir := directory.New(directory.Config{
		Issuer: dirName, BaseURL: r.url, Key: r.signingKey("directory"), Roots: r.roots, Store: r.db, Now: r.now, NewID: ids, Log: log,
	})
	mux.Handle("/directory/", dir.Handler())
	tlsCert, err := r.vault.TLS(context.Background(), "w", "bank-tls")
	if err != nil {
		tb.Fatal(err)
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{*tlsCert}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	tb.Cleanup(server.Close)
	return r
}

// issue makes a key with a certificate under a name of the vault.
func (r *rig) issue(name string, req eidas.Request) *x509.Certificate {
	r.tb.Helper()
	pub, err := r.vault.NewKey(context.Background(), "w", name, vault.RSA2048)
	if err != nil {
		r.tb.Fatal(err)
	}
	if req.Subject == (eidas.Subject{}) {
		req.Subject = eidas.Subject{Country: "GB", Organisation: "Ledger Ltd", CommonName: name}
	}
	if req.NotBefore.IsZero() {
		req.NotBefore = time.Now().Add(-time.Minute)
	}
	req.PublicKey = pub
	cert, err := r.qtsp.Issue(req)
	if err != nil {
		r.tb.Fatal(err)
	}
	if err := r.vault.SetChain(context.Background(), "w", name, append([]*x509.Certificate{cert}, r.qtsp.Chain()...)); err != nil {
		r.tb.Fatal(err)
	}
	return cert
}

func (r *rig) signer(name string) connector.Signer {
	r.tb.Helper()
	key, err := r.vault.Signer(context.Background(), "w", name)
	if err != nil {
		r.tb.Fatal(err)
	}
	chain, err := r.vault.Chain(context.Background(), "w", name)
	if err != nil {
		r.tb.Fatal(err)
	}
	return connector.Signer{Key: key, KeyID: fapi.KeyID(key.Public()), Chain: chain}
}

func (r *rig) signingKey(name string) fapi.SigningKey {
	s := r.signer(name)
	return fapi.SigningKey{Signer: s.Key, KeyID: s.KeyID, Alg: "PS256", Chain: s.Chain}
}

// client is an HTTP client that presents the certificate of a name.
func (r *rig) client(name string) *http.Client {
	r.tb.Helper()
	c := &tls.Config{RootCAs: r.roots, MinVersion: tls.VersionTLS12}
	if name != "" {
		cert, err := r.vault.TLS(context.Background(), "w", name)
		if err != nil {
			r.tb.Fatal(err)
		}
		c.Certificates = []tls.Certificate{*cert}
	}
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: c}}
}

// secrets is the credentials of one group, in memory.
type secrets struct {
	set   onepoint.Credential
	saved int
}

func (s *secrets) Read(context.Context) (onepoint.Credential, error) {
	if s.saved == 0 {
		return onepoint.Credential{}, onepoint.E(onepoint.CodeNotFound, "read", "none", nil)
	}
	return s.set, nil
}

func (s *secrets) Save(_ context.Context, c onepoint.Credential) error {
	s.set = c
	s.saved++
	return nil
}
func (s *secrets) Remove(context.Context) error { s.saved = 0; return nil }

// env is a TPP with its own QWAC and QSEAL.
func (r *rig) env(name, org string, roles ...eidas.Role) connector.Env {
	r.tb.Helper()
	if roles == nil {
		roles = []eidas.Role{eidas.RoleAI, eidas.RolePI, eidas.RoleIC}
	}
	r.issue(name+"-seal", eidas.Request{Type: eidas.TypeSeal, OrgID: org, Roles: roles})
	qwac := r.issue(name+"-web", eidas.Request{Type: eidas.TypeWeb, OrgID: org, Roles: roles, DNSNames: []string{"tpp.example"}})
	base := r.url + "/salt-edge"
	return connector.Env{
		Profile: connector.Profile{
			ID: "salt-edge", TimeZone: "UTC", Standard: "berlin-group",
			Endpoints: connector.Endpoints{
				Issuer: base, Resource: base + "/artea_sandbox/api/berlingroup/v1", Directory: r.url + "/directory",
				Token: base + "/api/oidc/artea_sandbox/tokens",
			},
			Security: connector.Security{ClientAuth: "private_key_jwt", ResponseType: "none", SigningAlg: "PS256"},
			Onboarding: connector.Onboarding{
				Recipe: "salt-edge", Register: base + "/api/berlingroup/v1/tpp/register", Certificates: base + "/api/open-banking/v3.1/tpp/certificates",
				Options: map[string]string{
					"company_email": "a@tpp.example", "company_address": "1 St", "company_city": "London", "company_zip": "1", "company_phone": "+44",
					"representative_name": "R", "representative_email": "r@tpp.example", "provider_code": "artea_sandbox",
				},
			},
			Limits: connector.Limits{ConsentDays: 180},
		},
		HTTP: r.client(name + "-web"), Signer: r.signer(name + "-seal"), Secrets: &secrets{},
		TPP: connector.Identity{
			OrganisationID: org, Name: "Ledger Ltd", SoftwareName: name, RedirectURI: redirectURI, Roles: []string{"AISP"}, Transport: qwac,
		},
		Now: r.now, NewID: onepoint.NewIDs(r.now), Log: slog.New(slog.DiscardHandler),
	}
}

// open is the connector of a TPP, quick to poll.
func (r *rig) open(env connector.Env) *berlin.Client {
	r.tb.Helper()
	c, err := recipe.SaltEdgeClient(env)
	if err != nil {
		r.tb.Fatal(err)
	}
	c.Quirks.Poll.Interval = 2 * time.Millisecond
	c.Quirks.PageLimit = 100
	return c
}

func progress() *onepoint.Progress {
	return &onepoint.Progress{Done: map[string]time.Time{}, Input: map[string]string{}, Facts: map[string]string{}, Artifacts: map[string]string{}}
}

// onboard runs a recipe to its end, waiting where it waits.
func (r *rig) onboard(o onepoint.Onboarder, p *onepoint.Progress) {
	r.tb.Helper()
	for _, step := range o.Steps() {
		for attempt := 0; ; attempt++ {
			err := step.Run(context.Background(), p)
			if err == nil {
				break
			}
			if onepoint.CodeOf(err) != onepoint.CodeUnavailable || attempt > 50 {
				r.tb.Fatalf("%s: %v", step.Name, err)
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
}

// registered is a TPP that the engine has accepted.
func (r *rig) registered(name string, roles ...eidas.Role) connector.Env {
	r.tb.Helper()
	env := r.env(name, orgID, roles...)
	r.onboard(recipe.SaltEdge(env), progress())
	return env
}
