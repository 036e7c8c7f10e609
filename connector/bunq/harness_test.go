package bunq_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/bunq"
	"github.com/onepointledger/onepoint/connector/profiles"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/core"
	simbunq "github.com/onepointledger/onepoint/modelbank/sim/bunq"
	"github.com/onepointledger/onepoint/store"
	"github.com/onepointledger/onepoint/vault"
)

const (
	workspace   = "ws"
	group       = "bunq"
	redirectURI = "https://tpp.example/callback"
)

type clock struct{ micros atomic.Int64 }

func (c *clock) Now() time.Time          { return time.UnixMicro(c.micros.Load()).UTC() }
func (c *clock) Advance(d time.Duration) { c.micros.Add(d.Microseconds()) }

// world is a bank with its customers and a TPP with its vault.
type world struct {
	clock   *clock
	core    *core.Core
	sim     *simbunq.Server
	server  *httptest.Server
	handler atomic.Pointer[http.Handler]
	vault   *vault.Vault
	qtsp    *eidas.QTSP
	profile connector.Profile
	config  simbunq.Config
	seal    string // name of the TPP's QSEAL
}

func newWorld(t testing.TB, limits simbunq.Limits) *world {
	t.Helper()
	w := &world{clock: &clock{}}
	w.clock.micros.Store(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC).UnixMicro())
	w.startBank(t, limits)
	w.startPlatform(t)
	all, err := profiles.Load()
	must(t, err)
	for _, p := range all {
		if p.ID == "bunq" {
			w.profile = p
		}
	}
	for _, address := range []*string{
		&w.profile.Endpoints.Issuer, &w.profile.Endpoints.Resource, &w.profile.Endpoints.Authorize,
		&w.profile.Endpoints.Token, &w.profile.Endpoints.Payments,
	} {
		*address = strings.Replace(*address, "https://127.0.0.1:8443", w.server.URL, 1)
	}
	w.profile.Onboarding.Options = map[string]string{"pace": "off"}
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) startBank(t testing.TB, limits simbunq.Limits) {
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	db, err := store.OpenBank(ctx, "sqlite:"+filepath.Join(t.TempDir(), "bank.db"), log)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	zone, err := time.LoadLocation("Europe/London")
	must(t, err)
	ids := onepoint.NewIDs(w.clock.Now)
	w.core = core.New(core.Config{Store: db, Now: w.clock.Now, NewID: ids, Zone: zone, Log: log})
	must(t, w.core.Seed(ctx, onepoint.DateOf(w.clock.Now())))
	bank := modelbank.New(modelbank.Config{Core: w.core, Consents: db, Now: w.clock.Now, NewID: ids, Log: log})
	w.server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { (*w.handler.Load()).ServeHTTP(rw, r) }))
	t.Cleanup(w.server.Close)
	w.config = simbunq.Config{
		Base: w.server.URL + "/bunq", Store: db, Core: w.core, Customers: bank.Journey(), Now: w.clock.Now, NewID: ids, Zone: zone, Limits: limits, Log: log,
	}
	w.restart(t)
}

// restart is the simulator after it was stopped: what it knows is in its rows.
func (w *world) restart(t testing.TB) {
	t.Helper()
	var err error
	w.sim, err = simbunq.New(w.config)
	must(t, err)
	h := w.sim.Handler()
	w.handler.Store(&h)
}

func (w *world) startPlatform(t testing.TB) {
	ctx, dir := context.Background(), t.TempDir()
	db, err := store.OpenPlatform(ctx, "sqlite:"+filepath.Join(dir, "platform.db"), slog.New(slog.DiscardHandler))
	must(t, err)
	t.Cleanup(func() { db.Close() })
	w.vault, err = vault.Open(ctx, vault.Config{Store: db, KeyFile: filepath.Join(dir, "keys", "kek.json"), Now: w.clock.Now})
	must(t, err)
	w.qtsp, err = eidas.NewTestQTSP(w.clock.Now())
	must(t, err)
	w.certify(t, "qseal")
}

// certify gives the TPP another QSEAL: to bunq it is another provider then.
func (w *world) certify(t testing.TB, name string) {
	t.Helper()
	ctx := context.Background()
	w.seal = name
	public, err := w.vault.NewKey(ctx, workspace, name, vault.RSA2048)
	must(t, err)
	leaf, err := w.qtsp.Issue(eidas.Request{
		Type: eidas.TypeSeal, Subject: eidas.Subject{Country: "NL", Organisation: "One Point Test", CommonName: "One Point Test"},
		OrgID: "PSDNL-DNB-R123456", Roles: []eidas.Role{eidas.RoleAI, eidas.RolePI, eidas.RoleIC}, PublicKey: public, NotBefore: w.clock.Now().Add(-time.Minute),
	})
	must(t, err)
	must(t, w.vault.SetChain(ctx, workspace, name, append([]*x509.Certificate{leaf}, w.qtsp.Chain()...)))
}

// keys is the vault as a recipe sees it.
type keys struct{ w *world }

func (k keys) Make(ctx context.Context, name string) (connector.Signer, error) {
	if s, err := k.Signer(ctx, name); err == nil {
		return s, nil
	}
	if _, err := k.w.vault.NewKey(ctx, workspace, name, vault.RSA2048); err != nil {
		return connector.Signer{}, err
	}
	return k.Signer(ctx, name)
}

func (k keys) ImportJWK(ctx context.Context, name string, jwk []byte) error {
	return k.w.vault.ImportJWK(ctx, workspace, name, jwk)
}

func (k keys) Signer(ctx context.Context, name string) (connector.Signer, error) {
	key, err := k.w.vault.Signer(ctx, workspace, name)
	if err != nil {
		return connector.Signer{}, err
	}
	chain, err := k.w.vault.Chain(ctx, workspace, name)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return connector.Signer{}, err
	}
	return connector.Signer{Key: key, KeyID: fapi.KeyID(key.Public()), Chain: chain}, nil
}

func (k keys) HTTP(context.Context, string) (*http.Client, error) { return k.w.server.Client(), nil }

// secrets is the vault as the credentials of one group.
type secrets struct{ w *world }

func (s secrets) Read(ctx context.Context) (onepoint.Credential, error) {
	return s.w.vault.Credential(ctx, workspace, group)
}

func (s secrets) Save(ctx context.Context, c onepoint.Credential) error {
	return s.w.vault.SaveCredential(ctx, workspace, group, c)
}

func (s secrets) Remove(ctx context.Context) error {
	return s.w.vault.RemoveCredential(ctx, workspace, group)
}

// env is what the platform lends; a client makes it the one of Open.
func (w *world) env(t testing.TB, client onepoint.Client) connector.Env {
	t.Helper()
	ctx := context.Background()
	name := w.seal
	if client.Seal != "" {
		name = client.Seal
	}
	signer, err := keys{w}.Signer(ctx, name)
	must(t, err)
	cred, err := secrets{w}.Read(ctx)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		t.Fatal(err)
	}
	return connector.Env{
		Profile: w.profile, Client: client, Credential: cred, HTTP: w.http(nil), Signer: signer,
		TPP:  connector.Identity{Name: "One Point Test", SoftwareName: "One Point", RedirectURI: redirectURI, Roles: []string{"AISP"}},
		Keys: keys{w}, Secrets: secrets{w}, Now: w.clock.Now, NewID: onepoint.NewIDs(time.Now), Log: slog.New(slog.DiscardHandler),
	}
}

// http is a client that trusts the bank.
func (w *world) http(wrap func(http.RoundTripper) http.RoundTripper) *http.Client {
	c := &http.Client{Timeout: 30 * time.Second, Transport: w.server.Client().Transport}
	if wrap != nil {
		c.Transport = wrap(c.Transport)
	}
	return c
}

func newProgress() *onepoint.Progress {
	return &onepoint.Progress{Done: map[string]time.Time{}, Input: map[string]string{}, Facts: map[string]string{}, Artifacts: map[string]string{}}
}

func (w *world) onboarder(t testing.TB) onepoint.Onboarder {
	t.Helper()
	o, err := bunq.Driver().Onboard(w.env(t, onepoint.Client{}))
	must(t, err)
	return o
}

// onboard registers the TPP.
func (w *world) onboard(t testing.TB) *onepoint.Progress {
	t.Helper()
	p := newProgress()
	for _, step := range w.onboarder(t).Steps() {
		if err := step.Run(t.Context(), p); err != nil {
			t.Fatalf("%s: %v", step.Name, err)
		}
	}
	return p
}

// bank is everything that the connector offers.
type bank interface {
	onepoint.Connector
	onepoint.AccountReader
	onepoint.Refresher
	onepoint.Payer
	onepoint.FundsConfirmer
	onepoint.Revoker
	onepoint.Operator
}

func (w *world) open(t testing.TB, client onepoint.Client, wrap func(http.RoundTripper) http.RoundTripper) bank {
	t.Helper()
	env := w.env(t, client)
	env.HTTP = w.http(wrap)
	env.Keys, env.Secrets = nil, nil // for onboarding only
	c, err := bunq.Driver().Open(env)
	must(t, err)
	return c.(bank)
}

var (
	csrfField    = regexp.MustCompile(`name="csrf" value="([^"]+)"`)
	accountField = regexp.MustCompile(`name="account" value="([^"]+)"`)
	formAction   = regexp.MustCompile(`<form method="post" action="([^"]+)"`)
)

// visit is a user in a browser at bunq's pages. It returns where they were sent.
func (w *world) visit(t testing.TB, address, login string, approve bool, pick ...string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	browser := w.http(nil)
	browser.Jar = jar
	browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirectURI) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	resp, err := browser.Get(address)
	must(t, err)
	page := body(t, resp)
	send := func(form url.Values) *http.Response {
		action, csrf := formAction.FindStringSubmatch(page), csrfField.FindStringSubmatch(page)
		if action == nil || csrf == nil {
			t.Fatalf("no form in the page: %s", page)
		}
		form.Set("csrf", csrf[1])
		next, err := resp.Request.URL.Parse(strings.ReplaceAll(action[1], "&amp;", "&"))
		must(t, err)
		r, err := browser.PostForm(next.String(), form)
		must(t, err)
		return r
	}
	resp = send(url.Values{"login": {login}, "password": {core.SandboxPassword}, "action": {"login"}})
	page = body(t, resp)
	if len(pick) == 0 {
		for _, m := range accountField.FindAllStringSubmatch(page, -1) {
			pick = append(pick, m[1])
		}
	}
	action := "refuse"
	if approve {
		action = "allow"
	}
	resp = send(url.Values{"account": pick, "action": {action}})
	page = body(t, resp)
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || back.Host != "tpp.example" {
		t.Fatalf("the browser did not come back: %s %s", resp.Status, page)
	}
	return back.Query()
}

func body(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	return string(b)
}

func intent(p onepoint.Purpose, state string) onepoint.Intent {
	return onepoint.Intent{Purpose: p, State: "state-that-is-long-enough-to-be-unguessable-" + state, RedirectURI: redirectURI}
}

// connect gives a grant of a customer's.
func (w *world) connect(t testing.TB, b bank, login string, purpose onepoint.Purpose) onepoint.Grant {
	t.Helper()
	in := intent(purpose, login)
	auth, err := b.Authorize(t.Context(), in)
	must(t, err)
	in.ConsentID = auth.ConsentID
	auth, err = b.Resume(t.Context(), in, onepoint.Callback{Params: w.visit(t, auth.Redirect, login, true)})
	must(t, err)
	return auth.Grant
}

// answerOf decodes a bunq answer of a raw call in tests.
func answerOf(t testing.TB, text string) map[string]any {
	t.Helper()
	var v map[string]any
	must(t, json.Unmarshal([]byte(text), &v))
	return v
}
