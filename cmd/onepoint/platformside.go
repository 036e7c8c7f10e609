package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
	"github.com/onepointledger/onepoint/audit"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/profiles"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/identity"
	"github.com/onepointledger/onepoint/job"
	"github.com/onepointledger/onepoint/store"
	"github.com/onepointledger/onepoint/tpp"
	"github.com/onepointledger/onepoint/vault"
	"github.com/onepointledger/onepoint/web"
)

// Who the platform is at banks, on a laptop.
const (
	tppOrg       = "PSDGB-FCA-123456"
	tppName      = "One Point Ledger"
	softwareName = "One Point Ledger"

	keyQWAC  = "qwac"
	keyQSEAL = "qseal"

	localBank    = "model-bank-uk"
	localBankURL = "https://127.0.0.1:8443" // in the local bank's profile; `up` may move it

	syncLimit = 10 * time.Minute // of one try of one sync
)

// platformConfig is what the platform's side needs.
type platformConfig struct {
	URL      string
	BankURL  string
	Data     string
	Database string
	Trust    *trust
	QTSP     *revocations // nil: no certificate is checked
	Now      onepoint.Clock
	Log      *slog.Logger
	Step     func(format string, args ...any)
}

// platformSide is the running platform.
type platformSide struct {
	Handler   http.Handler
	Workspace string

	config   platformConfig
	db       *store.Platform
	keys     *vault.Vault
	banks    *registry
	onboard  *tpp.Onboarding
	connect  *tpp.Connecting
	pay      *tpp.Paying
	sync     *tpp.Syncing
	queue    *job.Queue
	identity *identity.Service
	audit    *audit.Log

	bankEvents *platformEvents
	certs      *tpp.Certificates
	watching   sync.WaitGroup  // over the certificates
	quitting   context.Context // ends when the platform stops
	quit       context.CancelFunc
}

func openPlatformSide(ctx context.Context, c platformConfig) (_ *platformSide, err error) {
	database := c.Database
	if database == "" {
		database = "sqlite:" + filepath.Join(c.Data, "platform.db")
	}
	p := &platformSide{config: c}
	p.quitting, p.quit = context.WithCancel(context.Background())
	if p.db, err = store.OpenPlatform(ctx, database, c.Log); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.quit()
			err = errors.Join(err, p.close())
		}
	}()
	p.keys, err = vault.Open(ctx, vault.Config{Store: p.db, KeyFile: filepath.Join(c.Data, "vault.key"), Now: c.Now})
	if err != nil {
		return nil, err
	}
	p.audit = &audit.Log{Store: p.db, Secrets: p.keys, Now: c.Now}
	ids := onepoint.NewIDs(c.Now)
	workspace, err := p.db.FirstWorkspace(ctx, identity.Workspace{ID: ids("ws"), Name: "My ledger", Created: c.Now()})
	if err != nil {
		return nil, fmt.Errorf("open the workspace: %w", err)
	}
	p.Workspace = workspace.ID
	if err := p.certify(ctx); err != nil {
		return nil, err
	}
	if err := p.wire(ctx, ids); err != nil {
		return nil, err
	}
	if err := p.letLocalCommandsIn(ctx); err != nil {
		return nil, err
	}
	p.watchCertificates()
	return p, nil
}

// certify gives the TPP its QWAC and QSEAL.
func (p *platformSide) certify(ctx context.Context) error {
	who := eidas.Request{
		Subject: eidas.Subject{Country: "GB", Organisation: tppName, CommonName: "onepoint.localhost"},
		OrgID:   tppOrg, Roles: []eidas.Role{eidas.RoleAI, eidas.RolePI, eidas.RoleIC},
	}
	qwac, qseal := who, who
	qwac.Type, qwac.DNSNames = eidas.TypeWeb, []string{"onepoint.localhost"}
	qseal.Type, qseal.Subject.CommonName = eidas.TypeSeal, tppName
	if err := p.certifyKey(ctx, keyQWAC, qwac); err != nil {
		return err
	}
	if err := p.certifyKey(ctx, keyQSEAL, qseal); err != nil {
		return err
	}
	p.config.Step("QWAC and QSEAL of %s ready", tppOrg)
	return nil
}

// localProfiles are the catalogue's profiles, with the local bank where it
// really listens, and the user's own from the folder profiles of the data folder.
func localProfiles(bankURL, data string) ([]connector.Profile, error) {
	shipped, err := profiles.Load()
	if err != nil {
		return nil, fmt.Errorf("read bank profiles: %w", err)
	}
	own, err := profiles.From(os.DirFS(filepath.Join(data, "profiles")))
	if err != nil {
		return nil, fmt.Errorf("read the bank profiles in %s: %w", filepath.Join(data, "profiles"), err)
	}
	known := profiles.Merge(shipped, own)
	for i := range known {
		for _, address := range known[i].Addresses() {
			if rest, ok := strings.CutPrefix(*address, localBankURL); ok {
				*address = bankURL + rest
			}
		}
	}
	return known, nil
}

func (p *platformSide) wire(ctx context.Context, ids onepoint.IDs) error {
	c := p.config
	known, err := localProfiles(c.BankURL, c.Data)
	if err != nil {
		return err
	}
	redirect := c.URL + "/callback"
	p.banks = newRegistry(known)
	if err := p.banks.check(); err != nil {
		return err
	}
	p.banks.clients, p.banks.keys, p.banks.redirect = p.db, p.keys, redirect
	p.banks.now, p.banks.newID, p.banks.log = c.Now, ids, c.Log
	p.banks.traces, p.banks.audit = p.db, p.audit
	if p.banks.roots, err = bankRoots(c.Trust); err != nil {
		return err
	}
	p.onboard = &tpp.Onboarding{Store: p.db, Banks: p.banks, Secrets: p.banks, Audit: p.audit, Now: c.Now, Log: c.Log}
	p.connect = &tpp.Connecting{
		Store: p.db, Banks: p.banks, Sealer: p.keys, RedirectURI: redirect, Now: c.Now, NewID: ids, Log: c.Log,
	}
	p.pay = &tpp.Paying{
		Store: p.db, Banks: p.banks, Sealer: p.keys, Audit: p.audit, RedirectURI: redirect, Now: c.Now, NewID: ids, Log: c.Log,
	}
	p.sync = &tpp.Syncing{
		Connections: p.db, Ledger: p.db, Syncs: p.db, Banks: p.banks, Sealer: p.keys, Events: p.db,
		Holder: ids("proc"), Exclusive: true, Now: c.Now, NewID: ids, Log: c.Log,
	}
	p.openCertificates()
	p.identity = identity.New(identity.Config{Users: p.db, Sessions: p.db, Keys: auditedKeys{p.db, p.audit}, Now: c.Now, NewID: ids})
	if err := p.startWork(ctx); err != nil {
		return err
	}
	p.Handler, err = api.New(api.Config{
		Workspace: p.Workspace, Onboarding: p.onboard, Connecting: p.connect, Connections: p.db, Paying: p.pay, Payments: p.db,
		Operating: &tpp.Operating{Connecting: p.connect, Audit: p.audit}, Books: p.db, Syncs: p.db,
		Traces: p.db, Health: p.registrationHealth, Audit: p.audit, Credentials: p.credentials(), Certificates: p.certs, Metrics: p.metrics(),
		Identity: p.identity, Banks: known, Events: p.db, Doctor: p.examine, Web: web.Handler(),
		PublicURL: c.URL, Ping: p.db.Ping, Quit: p.quitting.Done(), Now: c.Now, NewID: ids, Log: c.Log,
	})
	if err != nil {
		return fmt.Errorf("make the API: %w", err)
	}
	p.bankEvents = openPlatformEvents(p, "accounts")
	mux := http.NewServeMux()
	p.bankEvents.mount(mux)
	mux.Handle("/", p.Handler)
	p.Handler = mux
	p.watching.Go(func() { p.bankEvents.Run(p.quitting) })
	return nil
}

// bankRoots are the roots that banks' servers are trusted by: the system's, and
// the local test QTSP's.
func bankRoots(t *trust) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pool.AddCert(t.qtsp.Root())
	return pool, nil
}

// startWork starts the queue: which event starts which work. `up` is one process
// on its data, so what is found running was left by one that died.
func (p *platformSide) startWork(ctx context.Context) error {
	handle, dialect := p.db.Handle()
	queue, err := job.New(ctx, job.Config{
		DB: handle, Dialect: string(dialect), Exclusive: true,
		Routes: map[onepoint.EventType]string{
			onepoint.EventRegistrationRequested: "onboard",
			onepoint.EventConnectionAuthorised:  "sync",
			onepoint.EventSyncRequested:         "sync",
			onepoint.EventPaymentAuthorised:     "pay",
		},
		Handlers: map[string]job.Handler{
			"onboard": func(ctx context.Context, j job.Job) error {
				return outcome(p.onboard.Run(ctx, j.Workspace, j.Subject))
			},
			"pay": func(ctx context.Context, j job.Job) error {
				return outcome(p.pay.Run(ctx, j.Workspace, j.Subject))
			},
			"sync": func(ctx context.Context, j job.Job) error {
				return outcome(p.sync.Run(ctx, j.Workspace, j.Subject))
			},
		},
		Workers: 8, PollInterval: 100 * time.Millisecond, Timeout: syncLimit, RescueAfter: syncLimit + time.Minute,
		Log: p.config.Log, Now: p.config.Now,
	})
	if err != nil {
		return fmt.Errorf("make the queue: %w", err)
	}
	p.queue, p.db.InTx = queue, queue.InTx
	return queue.Start(p.quitting)
}

// outcome says what a failed job means for the queue: wait as long as the other
// side asked, give up where only a human can help, else try again.
func outcome(err error) error {
	var e *onepoint.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case onepoint.CodeUnavailable, onepoint.CodeRateLimited:
		if e.Retry > 0 {
			return job.Snooze(e.Retry)
		}
		return err
	case onepoint.CodeConflict:
		if e.Retry > 0 {
			return job.Snooze(e.Retry)
		}
		return job.Cancel(err)
	case onepoint.CodeInternal, onepoint.CodeProtocol:
		return err
	}
	return job.Cancel(err)
}

// localAccess is what the command line on the same machine needs to get in.
type localAccess struct {
	Server string `json:"server"`
	Token  string `json:"token"`
	QTSP   string `json:"qtsp,omitempty"`
}

// letLocalCommandsIn writes the address and an API key where `onepoint` looks
// for them; only the owner of the data folder can read it.
func (p *platformSide) letLocalCommandsIn(ctx context.Context) error {
	saved, err := readLocalAccess(p.config.Data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	token, err := p.identity.EnsureLocalKey(ctx, p.Workspace, saved.Token)
	if err != nil {
		return fmt.Errorf("let the local command line in: %w", err)
	}
	access := localAccess{Server: p.config.URL, Token: token}
	if p.config.QTSP != nil {
		access.QTSP = p.config.QTSP.base
	}
	content, err := json.Marshal(access)
	if err != nil {
		return fmt.Errorf("encode local access: %w", err)
	}
	return writeFile(filepath.Join(p.config.Data, "client.json"), append(content, '\n'), 0o600)
}

// register registers at the local bank and tells each step as it passes. A
// registration made for another address of either side is made again.
func (p *platformSide) register(ctx context.Context, tell func(string, ...any)) error {
	reg, err := p.onboard.Registration(ctx, p.Workspace, localBank)
	if err != nil {
		return err
	}
	client := reg.Progress.Client
	if reg.Status == tpp.RegistrationDone && client.RedirectURI == p.banks.redirect && client.Issuer == p.config.BankURL {
		tell("registered at %s as %s", bankName, client.ID)
		return nil
	}
	if reg.Status == tpp.RegistrationDone {
		if err := p.forget(ctx); err != nil {
			return err
		}
	}
	if _, err := p.onboard.Register(ctx, p.Workspace, localBank, nil); err != nil {
		return err
	}
	return p.watch(ctx, tell)
}

// forget clears what was registered for other addresses, so that every step
// runs again.
func (p *platformSide) forget(ctx context.Context) error {
	_, err := p.db.UpdateRegistration(ctx, p.Workspace, localBank, func(r *tpp.Registration) ([]onepoint.Event, error) {
		r.Status, r.Progress = tpp.RegistrationNone, onepoint.Progress{}
		return nil, nil
	})
	return err
}

func (p *platformSide) watch(ctx context.Context, tell func(string, ...any)) error {
	steps, err := p.onboard.Steps(ctx, p.Workspace, localBank)
	if err != nil {
		return err
	}
	told := 0
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		reg, err := p.onboard.Registration(ctx, p.Workspace, localBank)
		if err != nil {
			return err
		}
		for told < len(steps) && !reg.Progress.Done[steps[told].Name].IsZero() {
			tell("%s: %s", bankName, steps[told].Title)
			told++
		}
		switch reg.Status {
		case tpp.RegistrationDone:
			tell("registered at %s as %s", bankName, reg.Progress.Client.ID)
			return nil
		case tpp.RegistrationFailed, tpp.RegistrationNeedsInput:
			return onepoint.E(onepoint.CodeUnavailable, "register", reg.Step+": "+reg.Message, nil)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (p *platformSide) stopWork(ctx context.Context) error {
	p.watching.Wait()
	if p.queue == nil {
		return nil
	}
	return p.queue.Stop(ctx)
}

func (p *platformSide) close() error { return p.db.Close() }
