package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/directory"
	"github.com/onepointledger/onepoint/modelbank/sim/bunq"
	"github.com/onepointledger/onepoint/modelbank/sim/op"
	"github.com/onepointledger/onepoint/standard/obie"
	"github.com/onepointledger/onepoint/store"
	"github.com/onepointledger/onepoint/vault"
)

const (
	bankName      = "Model Bank UK"
	bankOrg       = "PSDGB-FCA-765432"
	bankWorkspace = "model-bank-uk"     // of the bank's vault
	statementAge  = 30 * 24 * time.Hour // older software statements are refused
	directoryName = "One Point Local Directory"
)

// bankConfig is what the bank's side needs.
type bankConfig struct {
	URL      string // "https://127.0.0.1:8443"
	Data     string
	Database string
	Seed     string
	Trust    *trust
	Revoked  as.Revocation // nil: not checked
	Now      onepoint.Clock
	Log      *slog.Logger
	Step     func(format string, args ...any)

	// NoSecondFactor lets customers in with their password: for tests.
	NoSecondFactor bool
	BunqLimits     bunq.Limits // of the simulator; zero: bunq's own
}

// bankSide is the running model bank.
type bankSide struct {
	Handler  http.Handler
	TLS      *tls.Config
	Core     *core.Core
	OP       *op.Server
	Auth     *as.Server
	Journey  modelbank.Journey
	Register *directory.Directory

	payments *modelbank.Payments
	events   *bankEvents
	pushing  sync.WaitGroup     // of events and due payments
	stop     context.CancelFunc // of the pushing

	db *store.Bank
}

func openBankSide(ctx context.Context, c bankConfig) (_ *bankSide, err error) {
	database := c.Database
	if database == "" {
		database = "sqlite:" + filepath.Join(c.Data, "bank.db")
	}
	b := &bankSide{}
	if b.db, err = store.OpenBank(ctx, database, c.Log); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.db.Close())
		}
	}()
	keys, err := vault.Open(ctx, vault.Config{Store: b.db, KeyFile: filepath.Join(c.Data, "bank-vault.key"), Now: c.Now})
	if err != nil {
		return nil, err
	}
	if err := certifyBank(ctx, c, keys); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		return nil, fmt.Errorf("load the bank's time zone: %w", err)
	}
	ids := onepoint.NewIDs(c.Now)
	b.Core = core.New(core.Config{Store: b.db, Now: c.Now, NewID: ids, Zone: zone, Log: c.Log})
	if err := seed(ctx, b.Core, c); err != nil {
		return nil, err
	}
	serverCert, err := keys.TLS(ctx, bankWorkspace, "tls")
	if err != nil {
		return nil, err
	}
	// The certificate is asked for and judged by the application, which can say
	// what is wrong with it in the standard's words; a handshake cannot.
	b.TLS = &tls.Config{
		Certificates: []tls.Certificate{*serverCert}, ClientAuth: tls.RequestClientCert,
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}
	if b.Handler, err = assemble(ctx, c, b, keys, zone, ids); err != nil {
		return nil, err
	}
	pushing, stop := context.WithCancel(context.Background())
	b.stop = stop
	b.pushing.Go(func() { b.events.Run(pushing) })
	b.pushing.Go(func() { b.carryOutDuePayments(pushing, c) })
	return b, nil
}

func certifyBank(ctx context.Context, c bankConfig, keys *vault.Vault) error {
	u, err := url.Parse(c.URL)
	if err != nil {
		return fmt.Errorf("read the bank's address: %w", err)
	}
	ip, err := hostIP(u.Host)
	if err != nil {
		return err
	}
	who := eidas.Request{
		Subject: eidas.Subject{Country: "GB", Organisation: bankName, CommonName: "localhost"},
		OrgID:   bankOrg, Roles: []eidas.Role{eidas.RoleAS},
	}
	web, seal := who, who
	web.Type, web.DNSNames, web.IPs = eidas.TypeWeb, []string{"localhost"}, []net.IP{ip}
	seal.Type, seal.Subject.CommonName = eidas.TypeSeal, bankName
	if err := c.Trust.certify(ctx, keys, bankWorkspace, "tls", vault.ECDSAP256, web); err != nil {
		return err
	}
	return c.Trust.certify(ctx, keys, bankWorkspace, "directory", vault.RSA2048, seal)
}

// sealingKey opens a signing key of the bank by its name, or makes it, with a
// seal's certificate.
func sealingKey(ctx context.Context, c bankConfig, keys *vault.Vault, name string) (fapi.SigningKey, error) {
	seal := eidas.Request{
		Type: eidas.TypeSeal, Subject: eidas.Subject{Country: "GB", Organisation: bankName, CommonName: bankName},
		OrgID: bankOrg, Roles: []eidas.Role{eidas.RoleAS},
	}
	if err := c.Trust.certify(ctx, keys, bankWorkspace, name, vault.RSA2048, seal); err != nil {
		return fapi.SigningKey{}, err
	}
	return signingKey(ctx, keys, bankWorkspace, name)
}

func seed(ctx context.Context, books *core.Core, c bankConfig) error {
	today := onepoint.DateOf(c.Now().UTC())
	if dir, ok := strings.CutPrefix(c.Seed, "berka:"); ok {
		if err := books.LoadBerka(ctx, os.DirFS(dir), today); err != nil {
			return fmt.Errorf("load the Berka data from %s: %w", dir, err)
		}
		c.Step("bank seeded with the data in %s", dir)
		return nil
	}
	if c.Seed != "demo" {
		return onepoint.Missing("start", "--seed", "must be demo or berka:DIR")
	}
	if err := books.Seed(ctx, today); err != nil {
		return fmt.Errorf("seed the bank: %w", err)
	}
	return nil
}

func assemble(ctx context.Context, c bankConfig, b *bankSide, keys *vault.Vault, zone *time.Location, ids onepoint.IDs) (http.Handler, error) {
	signing, err := sealingKey(ctx, c, keys, "signing")
	if err != nil {
		return nil, err
	}
	directoryKey, err := signingKey(ctx, keys, bankWorkspace, "directory")
	if err != nil {
		return nil, err
	}
	var server *as.Server
	bank := modelbank.New(modelbank.Config{
		Core: b.Core, Consents: b.db, Now: c.Now, NewID: ids, Log: c.Log,
		OnRevoke: func(ctx context.Context, consent string) error { return server.RevokeConsent(ctx, consent) },
	})
	b.Register = directory.New(directory.Config{
		Issuer: directoryName, BaseURL: c.URL, Key: directoryKey, Store: b.db, Roots: c.Trust.qtsp.Roots(),
		Now: c.Now, NewID: ids, Log: c.Log,
	})
	b.payments = openPayments(c, b, zone, ids, func(ctx context.Context, consent string) error { return server.RevokeConsent(ctx, consent) })
	config := authorization(c, keys)
	config.Store, config.Standing, config.NewID = b.db, b.Register.Standing, ids
	config.Journey = modelbank.PaymentJourney{Journey: bank.Journey(), Payments: b.payments}
	server, err = as.New(config)
	if err != nil {
		return nil, fmt.Errorf("make the authorization server: %w", err)
	}
	b.Auth, b.Journey = server, bank.Journey()
	api, err := obie.NewServer(obie.ServerConfig{
		BaseURL: c.URL, Bank: bank, Tokens: server, Zone: zone, Now: c.Now, NewID: ids, Log: c.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("make the account API: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/open-banking/", api)
	if b.events, err = openBankEvents(bankEventsConfig{
		Bank: c, Store: b.db, Tokens: server, Signing: server.SigningKey, Web: &b.TLS.Certificates[0], HTTP: clientToSelf(c), NewID: ids,
	}); err != nil {
		return nil, fmt.Errorf("make the events API: %w", err)
	}
	b.events.mount(mux)
	servePayments(mux, c, b, server, zone, ids)
	mux.Handle("/directory/", b.Register.Handler())
	if err := servePortal(mux, c, bank, b.db, server, zone); err != nil {
		return nil, err
	}
	mux.Handle("/", server.Handler())
	return mux, serveSimulators(mux, simulators{config: c, side: b, bank: bank, zone: zone, ids: ids, key: signing, toSelf: clientToSelf(c)})
}

// clientToSelf fetches what this machine publishes: keys of the directory.
func clientToSelf(c bankConfig) *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: c.Trust.qtsp.Roots(), MinVersion: tls.VersionTLS12}, IdleConnTimeout: idleLimit,
	}}
}

// authorization is how the bank's authorization server is set up.
func authorization(c bankConfig, keys *vault.Vault) as.Config {
	return as.Config{
		Issuer: c.URL, OrganisationID: bankOrg, BankName: bankName,
		Directories: []as.TrustedDirectory{{Issuer: directoryName, JWKSURL: c.URL + "/directory/jwks"}},
		HTTP:        clientToSelf(c), Roots: c.Trust.qtsp.Roots(), Revocation: c.Revoked,
		KeyNamed:      func(ctx context.Context, name string) (fapi.SigningKey, error) { return sealingKey(ctx, c, keys, name) },
		SecretClients: true, NoSecondFactor: c.NoSecondFactor, SandboxSecret: core.SandboxTOTP,
		AllowLoopbackRedirects: true, StatementMaxAge: statementAge, Now: c.Now, Log: c.Log,
	}
}

func signingKey(ctx context.Context, keys *vault.Vault, workspace, name string) (fapi.SigningKey, error) {
	signer, err := keys.Signer(ctx, workspace, name)
	if err != nil {
		return fapi.SigningKey{}, fmt.Errorf("open key %s: %w", name, err)
	}
	chain, err := keys.Chain(ctx, workspace, name)
	if err != nil {
		return fapi.SigningKey{}, fmt.Errorf("open certificate of %s: %w", name, err)
	}
	return fapi.SigningKey{Signer: signer, KeyID: fapi.KeyID(signer.Public()), Alg: "PS256", Chain: chain}, nil
}

// close ends the pushing of events before its database.
func (b *bankSide) close() error {
	b.stop()
	b.pushing.Wait()
	return b.db.Close()
}
