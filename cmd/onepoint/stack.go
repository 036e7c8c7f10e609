package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/modelbank/sim/bunq"
)

const (
	shutdownGrace = 10 * time.Second
	headerLimit   = 10 * time.Second // to read a request's headers
	idleLimit     = 2 * time.Minute
)

// stack is everything `onepoint up` runs: the trust, the bank, the platform.
type stack struct {
	Data         string
	Listen       string // of the platform
	BankListen   string
	QTSPListen   string // of the test QTSP's OCSP and CRL; empty: none, nothing is checked for revocation
	Seed         string
	Database     string // empty: SQLite in Data
	BankDatabase string
	// NoSecondFactor lets customers of the bank in with their password: for tests.
	NoSecondFactor bool
	Now            onepoint.Clock
	Log            *slog.Logger
	Step           func(format string, args ...any) // tells the user what was done

	BunqLimits bunq.Limits // of the simulator; zero: bunq's own

	URL      string // of the platform, once started
	Bank     *bankSide
	Platform *platformSide

	trust   *trust
	qtsp    *revocations
	running atomic.Pointer[platformSide] // for the QTSP's listener, which is up before
	servers []*http.Server
	serving sync.WaitGroup
	failed  chan error
}

// Start starts all of it, and registers the platform at the bank.
func (s *stack) Start(ctx context.Context) error {
	s.failed = make(chan error, 3)
	var err error
	if s.trust, err = openTrust(s.Data, s.Now); err != nil {
		return err
	}
	s.Step("local test QTSP ready, its root is %s", s.trust.rootFile)

	if err := s.serveQTSP(ctx); err != nil {
		return err
	}
	bankListener, err := listen(ctx, "--bank-listen", s.BankListen)
	if err != nil {
		return err
	}
	platformListener, err := listen(ctx, "--listen", s.Listen)
	if err != nil {
		bankListener.Close()
		return err
	}
	// The listeners know the port when the user asked for any (":0").
	s.URL = "http://" + platformListener.Addr().String()
	bankURL := "https://" + bankListener.Addr().String()

	s.Bank, err = openBankSide(ctx, bankConfig{
		URL: bankURL, Data: s.Data, Database: s.BankDatabase, Seed: s.Seed, Trust: s.trust, Revoked: s.revoked(),
		NoSecondFactor: s.NoSecondFactor, Now: s.Now, Log: s.Log.With("side", "bank"), Step: s.Step, BunqLimits: s.BunqLimits,
	})
	if err != nil {
		bankListener.Close()
		platformListener.Close()
		return fmt.Errorf("start the model bank: %w", err)
	}
	s.serve(bankListener, s.Bank.Handler, s.Bank)
	s.Step("model bank at %s", bankURL)

	s.Platform, err = openPlatformSide(ctx, platformConfig{
		URL: s.URL, BankURL: bankURL, Data: s.Data, Database: s.Database, Trust: s.trust, QTSP: s.qtsp,
		Now: s.Now, Log: s.Log.With("side", "platform"), Step: s.Step,
	})
	if err != nil {
		platformListener.Close()
		return fmt.Errorf("start the platform: %w", err)
	}
	s.running.Store(s.Platform)
	s.serve(platformListener, s.Platform.Handler, nil)
	if err := s.Platform.register(ctx, s.Step); err != nil {
		return fmt.Errorf("register at the model bank: %w", err)
	}
	// Without a subscription events are polled: that it fails is no reason to stop.
	if err := s.Platform.bankEvents.Subscribe(ctx, s.Platform.Workspace, localBank, true); err != nil {
		s.Log.WarnContext(ctx, "the bank's events are not pushed", "error", err)
	}
	return nil
}

// serveQTSP tells what was revoked, on an address without TLS: whoever checks a
// certificate cannot be asked to check another one first. That the address is in
// use is told and no reason to stop.
func (s *stack) serveQTSP(ctx context.Context) error {
	if s.QTSPListen == "" {
		return nil
	}
	l, err := listen(ctx, "--qtsp-listen", s.QTSPListen)
	if err != nil {
		s.Step("certificates are not checked for revocation: %s", onepoint.MessageOf(err))
		return nil
	}
	if s.qtsp, err = newRevocations(s.trust, l); err != nil {
		l.Close()
		return err
	}
	s.serve(l, s.qtsp.handler(s.running.Load), nil)
	s.Step("test QTSP tells revocations at %s", s.qtsp.base)
	return nil
}

// revoked is what the bank asks; nil, and no nil pointer, when it asks nobody.
func (s *stack) revoked() as.Revocation {
	if s.qtsp == nil {
		return nil
	}
	return s.qtsp
}

// Failed yields the error of a server that stopped by itself.
func (s *stack) Failed() <-chan error { return s.failed }

func (s *stack) serve(l net.Listener, h http.Handler, bank *bankSide) {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: headerLimit, ReadTimeout: time.Minute, IdleTimeout: idleLimit,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	s.servers = append(s.servers, server)
	s.serving.Go(func() {
		var err error
		if bank != nil {
			server.TLSConfig = bank.TLS
			err = server.ServeTLS(l, "", "")
		} else {
			err = server.Serve(l)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("server on %s: %w", l.Addr(), err)
		}
	})
}

// Stop ends everything in the reverse order, waiting for what is under way.
func (s *stack) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownGrace)
	defer cancel()
	var errs []error
	if s.Platform != nil {
		s.Platform.quit() // ends event streams, which would hold the server open
		errs = append(errs, s.Platform.stopWork(ctx))
	}
	for i := len(s.servers) - 1; i >= 0; i-- {
		if err := s.servers[i].Shutdown(ctx); err != nil {
			errs = append(errs, s.servers[i].Close())
		}
	}
	s.serving.Wait()
	if s.Platform != nil {
		errs = append(errs, s.Platform.close())
	}
	if s.Bank != nil {
		errs = append(errs, s.Bank.close())
	}
	return errors.Join(errs...)
}
