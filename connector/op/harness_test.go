package op_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/op"
	"github.com/onepointledger/onepoint/connector/profiles"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/core"
	simop "github.com/onepointledger/onepoint/modelbank/sim/op"
	"github.com/onepointledger/onepoint/store"
	"github.com/onepointledger/onepoint/vault"
)

const (
	workspace = "ws_1"
	apiKey    = "portal-key-of-the-tests"
	redirect  = "https://app.example/callback"
)

func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// bankKey signs for the bank; making one takes a while, so all tests share it.
var bankKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// bench is OP's simulator over a seeded bank, and a platform's vault beside it.
type bench struct {
	micros   atomic.Int64
	core     *core.Core
	db       *store.Bank
	platform *store.Platform
	vault    *vault.Vault
	qtsp     *eidas.QTSP
	sim      *simop.Server
	base     string
	profile  connector.Profile
	ids      onepoint.IDs
}

func (b *bench) now() time.Time          { return time.UnixMicro(b.micros.Load()).UTC() }
func (b *bench) advance(d time.Duration) { b.micros.Add(d.Microseconds()) }

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newBench(t testing.TB, change ...func(*simop.Config)) *bench {
	t.Helper()
	if p, ok := t.(interface{ Parallel() }); ok { // each bench is alone
		p.Parallel()
	}
	ctx, dir, log := context.Background(), t.TempDir(), slog.New(slog.DiscardHandler)
	b := &bench{}
	b.micros.Store(noon().UnixMicro())
	b.ids = onepoint.NewIDs(b.now)
	b.qtsp = must[*eidas.QTSP](t)(eidas.NewTestQTSP(b.now()))
	b.db = must[*store.Bank](t)(store.OpenBank(ctx, "sqlite:"+filepath.Join(dir, "bank.db"), log))
	b.platform = must[*store.Platform](t)(store.OpenPlatform(ctx, "sqlite:"+filepath.Join(dir, "platform.db"), log))
	t.Cleanup(func() {
		if b.db.Close() != nil || b.platform.Close() != nil {
			t.Error("a store does not close")
		}
	})
	b.vault = must[*vault.Vault](t)(vault.Open(ctx, vault.Config{Store: b.platform, KeyFile: filepath.Join(dir, "kek.json"), Now: b.now}))
	b.core = core.New(core.Config{Store: b.db, Now: b.now, NewID: b.ids, Zone: helsinki(t), Log: log})
	if err := b.core.Seed(ctx, onepoint.DateOf(noon())); err != nil {
		t.Fatal(err)
	}
	bank := modelbank.New(modelbank.Config{Core: b.core, Consents: b.db, Now: b.now, NewID: b.ids, Log: log})
	server := httptest.NewUnstartedServer(nil)
	b.base = "https://" + server.Listener.Addr().String() + "/op"
	config := simop.Config{
		Base: b.base, APIKey: apiKey, Bank: bank, Journey: bank.Journey(), Books: b.core, Store: b.db, QTSP: b.qtsp, Roots: b.qtsp.Roots(),
		Key: fapi.SigningKey{Signer: bankKey(), KeyID: "op-signing", Alg: "RS256"}, Zone: helsinki(t), Now: b.now, NewID: b.ids, Log: log,
	}
	for _, fn := range change {
		fn(&config)
	}
	b.sim = must[*simop.Server](t)(simop.New(config))
	b.serve(t, server)
	b.profile = b.readProfile(t)
	return b
}

func helsinki(t testing.TB) *time.Location {
	t.Helper()
	return must[*time.Location](t)(time.LoadLocation("Europe/Helsinki"))
}

// serve starts the bank with a certificate of the QTSP; whoever calls is judged by
// the application.
func (b *bench) serve(t testing.TB, server *httptest.Server) {
	t.Helper()
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	leaf := must[*x509.Certificate](t)(b.qtsp.Issue(eidas.Request{
		Type: eidas.TypeWeb, Subject: eidas.Subject{Country: "FI", Organisation: "OP", CommonName: "localhost"}, OrgID: "PSDFI-FINFSA-OP",
		Roles: []eidas.Role{eidas.RoleAS}, DNSNames: []string{"localhost"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1)},
		PublicKey: key.Public(), NotBefore: b.now().Add(-time.Minute), NotAfter: b.now().AddDate(1, 0, 0),
	}))
	server.Config.Handler = b.sim.Handler()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{b.presented(key, leaf)}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"}, Time: b.now,
	}
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
}

func (b *bench) presented(key crypto.Signer, leaf *x509.Certificate) tls.Certificate {
	c := tls.Certificate{PrivateKey: key, Leaf: leaf, Certificate: [][]byte{leaf.Raw}}
	for _, issuer := range b.qtsp.Chain() {
		c.Certificate = append(c.Certificate, issuer.Raw)
	}
	return c
}

// readProfile is the shipped profile, at the address of this bench.
func (b *bench) readProfile(t testing.TB) connector.Profile {
	t.Helper()
	for _, p := range must[[]connector.Profile](t)(profiles.Load()) {
		if p.ID != "op" {
			continue
		}
		for _, at := range []*string{
			&p.Endpoints.Issuer, &p.Endpoints.Authorize, &p.Endpoints.Token, &p.Endpoints.JWKS, &p.Endpoints.Resource, &p.Endpoints.Payments,
			&p.Endpoints.Funds, &p.Endpoints.SignKeys, &p.Onboarding.Generator, &p.Onboarding.Register,
		} {
			*at = strings.Replace(*at, "https://127.0.0.1:8443/op", b.base, 1)
			if !strings.HasPrefix(*at, b.base) {
				t.Fatalf("the profile names %s", *at)
			}
		}
		p.Onboarding.Options = map[string]string{"api_key": apiKey}
		return p
	}
	t.Fatal("there is no profile of OP")
	return connector.Profile{}
}

// client presents certificates, or none, and trusts the bench's QTSP.
func (b *bench) client(t testing.TB, certs ...tls.Certificate) *http.Client {
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{
			Certificates: certs, RootCAs: b.qtsp.Roots(), MinVersion: tls.VersionTLS12, Time: b.now,
		},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Timeout: 20 * time.Second, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// env is what a recipe of this bench may touch.
func (b *bench) env(t testing.TB) connector.Env {
	t.Helper()
	return connector.Env{
		Profile: b.profile, HTTP: b.client(t), Now: b.now, NewID: b.ids, Log: slog.New(slog.DiscardHandler),
		TPP: connector.Identity{
			OrganisationID: "PSDFI-FINFSA-12345678", Name: "One Point Ledger Oy", SoftwareName: "One Point Ledger", RedirectURI: redirect,
		},
		Keys: keys{b, t}, Secrets: secrets{b},
	}
}

func (b *bench) onboarder(t testing.TB, env connector.Env) onepoint.Onboarder {
	t.Helper()
	return must[onepoint.Onboarder](t)(op.Driver().Onboard(env))
}
