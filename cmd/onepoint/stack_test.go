package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector/connectortest"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank/sim/bunq"
	"github.com/onepointledger/onepoint/tpp"
)

const asCommand = "ONEPOINT_TEST_AS_COMMAND"

// TestMain lets tests run this binary as the command itself, to kill it.
func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

// syncedBuffer takes what many goroutines write.
type syncedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (s *syncedBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// String is everything so far.
func (s *syncedBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// testStack is a running platform and bank with the command line beside them.
type testStack struct {
	*stack
	logs *syncedBuffer
}

func startStack(t testing.TB, seed, database, bankDatabase string) *testStack {
	t.Helper()
	return start(t, &stack{Seed: seed, Database: database, BankDatabase: bankDatabase, NoSecondFactor: true})
}

// startStackWithSCA is the stack as `onepoint up` runs it, second factor and all.
func startStackWithSCA(t testing.TB) *testStack {
	t.Helper()
	return start(t, &stack{Seed: "demo"})
}

func start(t testing.TB, s *stack) *testStack {
	t.Helper()
	logs := &syncedBuffer{}
	s.Data, s.Listen, s.BankListen, s.Now = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0", time.Now
	s.Log = slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.Step = func(format string, args ...any) { fmt.Fprintf(logs, format+"\n", args...) }
	s.BunqLimits = bunq.Limits{Off: true}
	if err := s.Start(context.Background()); err != nil {
		t.Fatalf("start: %v\n%s", err, logs)
	}
	s.Platform.banks.profiles["bunq"].Onboarding.Options["pace"] = "off" // as there are no limits to keep
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return &testStack{s, logs}
}

// command runs `onepoint` with args against the stack.
func (s *testStack) command(t testing.TB, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return command(t, append([]string{"--data", s.Data}, args...)...)
}

func command(t testing.TB, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// eachDatabase runs fn with both sides on SQLite, and both on PostgreSQL.
func eachDatabase(t *testing.T, fn func(t *testing.T, database, bankDatabase string)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, "", "") })
	t.Run("postgres", func(t *testing.T) { fn(t, pgtest.URL(t), pgtest.URL(t)) })
}

// berka is the folder of the PKDD'99 data, which the repository does not carry.
func berka(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("ONEPOINT_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, "data", "berka")
	if _, err := os.Stat(filepath.Join(dir, "trans.asc")); err != nil {
		t.Skipf("the PKDD'99 bank data are not in %s; set ONEPOINT_SHARED to the folder that holds data/berka", dir)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

// ledger reads every transaction of the platform, by the bank's account id.
func (s *testStack) ledger(t testing.TB) map[string][]onepoint.Transaction {
	t.Helper()
	return readLedger(t, s.Platform.db, s.Platform.Workspace)
}

func readLedger(t testing.TB, books tpp.Books, workspace string) map[string][]onepoint.Transaction {
	t.Helper()
	ctx := context.Background()
	accounts, err := books.Accounts(ctx, workspace)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]onepoint.Transaction{}
	for _, a := range accounts {
		f := tpp.TransactionFilter{Account: a.ID, Limit: 500}
		for {
			rows, next, err := books.Transactions(ctx, workspace, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				out[a.ResourceID] = append(out[a.ResourceID], r.Transaction)
			}
			if next == "" {
				break
			}
			f.Cursor = next
		}
	}
	return out
}

// sameAsBank compares the ledger with the bank's books for one customer.
func (s *testStack) sameAsBank(t testing.TB, login string) int {
	t.Helper()
	customer, err := s.Bank.Core.Authenticate(context.Background(), login, "onepoint-demo")
	if err != nil {
		t.Fatal(err)
	}
	truth, err := s.Bank.Core.Truth(context.Background(), customer.ID)
	if err != nil {
		t.Fatal(err)
	}
	ledger, n := s.ledger(t), 0
	for _, account := range truth {
		if diff := connectortest.SameTransactions(ledger[account.Account.ID], account.Transactions); diff != "" {
			t.Errorf("account %s: %s", account.Account.ID, diff)
		}
		n += len(account.Transactions)
	}
	return n
}

func TestEveryBerkaTransactionArrives(t *testing.T) {
	dir := berka(t)
	eachDatabase(t, func(t *testing.T, database, bankDatabase string) {
		s := startStack(t, "berka:"+dir, database, bankDatabase)
		total := 0
		for _, login := range []string{"berka-1", "berka-2", "berka-692", "berka-2873", "berka-11042"} {
			if _, err := s.Bank.Core.Authenticate(t.Context(), login, "onepoint-demo"); err != nil {
				continue // this client's account has no movements in the slice
			}
			code, out, errs := s.command(t, "connect", "model-bank-uk", "--psu", login, "--approve", "--json")
			if code != 0 {
				t.Fatalf("connect as %s: %d %s %s", login, code, out, errs)
			}
			total += s.sameAsBank(t, login)
		}
		if total < 50 {
			t.Fatalf("only %d transactions were compared", total)
		}
		if code, _, errs := s.command(t, "sync"); code != 0 {
			t.Fatalf("sync: %s", errs)
		}
		t.Logf("%d transactions arrived, equal, none twice", total)
	})
}

func TestDemoCustomersArriveWhole(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database, bankDatabase string) {
		s := startStack(t, "demo", database, bankDatabase)
		for _, login := range []string{"alice", "bob", "carol"} {
			for range 2 { // a second consent brings no second account
				if code, out, errs := s.command(t, "connect", "model-bank-uk", "--psu", login, "--approve", "--json"); code != 0 {
					t.Fatalf("connect as %s: %d %s %s", login, code, out, errs)
				}
			}
			s.sameAsBank(t, login)
		}
		s.noSecretsLogged(t)
	})
}

// noSecretsLogged searches everything that was written for what must not be.
func (s *testStack) noSecretsLogged(t *testing.T) {
	t.Helper()
	logs := s.logs.String()
	if len(logs) < 1000 {
		t.Fatalf("hardly anything was logged: %q", logs)
	}
	access, err := readLocalAccess(s.Data)
	if err != nil {
		t.Fatal(err)
	}
	for what, secret := range map[string]string{
		"the API key": access.Token, "an access token": `"at_`, "a refresh token": `rt_`, "a code": `"ac_`, "a code in an address": "code=", "a JWT": "eyJ",
		"a password": "onepoint-demo", "an account number": "31926819", "an IBAN": "GB", "a request URI": "request_uri",
	} {
		if what == "an IBAN" {
			for _, word := range strings.FieldsFunc(logs, func(r rune) bool { return r == '"' || r == ' ' || r == ',' }) {
				if len(word) == 22 && strings.HasPrefix(word, "GB") {
					t.Errorf("an IBAN is in the logs")
				}
			}
			continue
		}
		if strings.Contains(logs, secret) {
			t.Errorf("%s is in the logs", what)
		}
	}
}

func TestConnectorKit(t *testing.T) {
	for _, bank := range []string{localBank, localBank + "-v3"} {
		t.Run(bank, func(t *testing.T) { kitOf(t, bank) })
	}
}

// kitOf runs the kit over one of the profiles of the model bank.
func kitOf(t *testing.T, bank string) {
	s := startStack(t, "demo", "", "")
	if bank != localBank {
		if code, out, errs := s.command(t, "tpp", "register", bank); code != 0 {
			t.Fatal(out, errs)
		}
	}
	profile, err := s.Platform.banks.profile(bank)
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Run(t, connectortest.Config{
		Offers:      profile.Offers,
		RedirectURI: s.Platform.banks.redirect,
		Open: func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) onepoint.Connector {
			reg, err := s.Platform.onboard.Registration(t.Context(), s.Platform.Workspace, bank)
			if err != nil {
				t.Fatal(err)
			}
			env, err := s.Platform.banks.env(t.Context(), s.Platform.Workspace, profile, reg.Progress.Client)
			if err != nil {
				t.Fatal(err)
			}
			env.HTTP.Transport = wrap(env.HTTP.Transport)
			conn, err := s.Platform.banks.drivers[profile.Standard].Open(env)
			if err != nil {
				t.Fatal(err)
			}
			return conn
		},
		Visit: func(t *testing.T, redirect string, approve bool) url.Values {
			b, err := newBrowser(s.Data, redirect)
			if err != nil {
				t.Fatal(err)
			}
			params, err := b.consent(t.Context(), redirect, "alice", "onepoint-demo", approve)
			if err != nil {
				t.Fatal(err)
			}
			return params
		},
		Truth: func(t *testing.T) []connectortest.Account {
			truth, err := s.Bank.Core.Truth(t.Context(), "cus_alice")
			if err != nil {
				t.Fatal(err)
			}
			var out []connectortest.Account
			for _, a := range truth {
				out = append(out, connectortest.Account{Account: a.Account, Balances: a.Balances, Transactions: a.Transactions})
			}
			return out
		},
	})
}

func TestSecondStartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	start := func(bankListen string) *stack {
		s := &stack{
			Data: dir, Listen: "127.0.0.1:0", BankListen: bankListen, Seed: "demo", NoSecondFactor: true, Now: time.Now,
			Log: slog.New(slog.DiscardHandler), Step: func(string, ...any) {},
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := start("127.0.0.1:0")
	if code, _, errs := command(t, "--data", dir, "connect", "model-bank-uk", "--psu", "alice", "--approve"); code != 0 {
		t.Fatal(errs)
	}
	workspace, n := first.Platform.Workspace, len(readLedger(t, first.Platform.db, first.Platform.Workspace)["acc_alice_current"])
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	// Both ports differ now: the platform registers its new address and goes on.
	second := start("127.0.0.1:0")
	defer second.Stop()
	if second.Platform.Workspace != workspace {
		t.Error("the workspace is another")
	}
	if code, out, errs := command(t, "--data", dir, "sync"); code != 0 {
		t.Fatalf("sync after the restart: %s %s", out, errs)
	}
	if now := len(readLedger(t, second.Platform.db, workspace)["acc_alice_current"]); now != n || n < 100 {
		t.Errorf("%d rows before, %d after", n, now)
	}
}
