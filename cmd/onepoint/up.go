package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/onepointledger/onepoint"
)

// upCmd runs both sides in one process.
type upCmd struct {
	Listen       string `help:"Address of the platform." default:"127.0.0.1:8080"`
	BankListen   string `help:"Address of the model bank (TLS)." default:"127.0.0.1:8443"`
	QTSPListen   string `help:"Address of the test QTSP's OCSP and CRL; empty for none." name:"qtsp-listen" default:"127.0.0.1:8081"`
	Seed         string `help:"What the bank starts with: demo, or berka:DIR for the PKDD'99 bank data." default:"demo"`
	Database     string `help:"The platform's database: sqlite:PATH or postgres://…; by default SQLite in the data folder." env:"ONEPOINT_DATABASE" placeholder:"URL"`
	BankDatabase string `help:"The model bank's database, likewise." env:"ONEPOINT_BANK_DATABASE" placeholder:"URL"`
	LogLevel     string `help:"Least severe log line: debug, info, warn, error." default:"warn" enum:"debug,info,warn,error"`
	LogFormat    string `help:"Log lines as text or json." default:"text" enum:"text,json"`
}

// Run starts everything and returns when ctx ends.
func (u *upCmd) Run(c *cliContext) error {
	log, err := u.logger(c)
	if err != nil {
		return err
	}
	if err := u.check(); err != nil {
		return err
	}
	unlock, err := lockData(c.Data)
	if err != nil {
		return err
	}
	defer unlock()
	s := &stack{
		Data: c.Data, Listen: u.Listen, BankListen: u.BankListen, QTSPListen: u.QTSPListen, Seed: u.Seed,
		Database: u.Database, BankDatabase: u.BankDatabase, Now: c.Now, Log: log,
		Step: func(format string, args ...any) { fmt.Fprintf(c.Out, "  "+format+"\n", args...) },
	}
	fmt.Fprintf(c.Out, "One Point Ledger %s, data in %s\n", version, c.Data)
	if err := s.Start(c.Ctx); err != nil {
		return errors.Join(err, s.Stop())
	}
	fmt.Fprintf(c.Out, "ready %s\n", s.URL)
	select {
	case <-c.Ctx.Done():
		fmt.Fprintln(c.Out, "stopping")
	case err = <-s.Failed():
	}
	return errors.Join(err, s.Stop())
}

func (u *upCmd) logger(c *cliContext) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(u.LogLevel)); err != nil {
		return nil, fmt.Errorf("read --log-level: %w", err)
	}
	opts := &slog.HandlerOptions{Level: level}
	if u.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(c.Err, opts)), nil
	}
	return slog.New(slog.NewTextHandler(c.Err, opts)), nil
}

func (u *upCmd) check() error {
	for flag, addr := range map[string]string{"--listen": u.Listen, "--bank-listen": u.BankListen, "--qtsp-listen": u.QTSPListen} {
		if flag == "--qtsp-listen" && addr == "" {
			continue
		}
		host, port, err := net.SplitHostPort(addr)
		if err != nil || port == "" {
			return onepoint.Missing("start", flag, "must be HOST:PORT, such as 127.0.0.1:8080")
		}
		if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
			return onepoint.Missing("start", flag, "`onepoint up` is for this machine only: use a loopback address such as 127.0.0.1")
		}
	}
	if u.Listen == u.BankListen && !strings.HasSuffix(u.Listen, ":0") { // any free port is another each time
		return onepoint.Missing("start", "--bank-listen", "must differ from --listen")
	}
	return nil
}

// lockData makes the folder and keeps a second process out of it.
func lockData(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, onepoint.E(onepoint.CodeConflict, "start", "another onepoint is running on "+dir+"; stop it, or choose another folder with --data", err)
	}
	return func() { f.Close() }, nil
}

// listen opens an address, with an error that says what to do.
func listen(ctx context.Context, flag, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, onepoint.E(onepoint.CodeConflict, "start", fmt.Sprintf("%s is in use; choose another address with %s", addr, flag), err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, nil
}
