package tpp_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/store"
	"github.com/onepointledger/onepoint/tpp"
	"github.com/onepointledger/onepoint/vault"
)

const (
	workspace = "ws_1"
	bankID    = "test-bank"
)

// scriptedBank is a bank behind the connector port: it holds the truth, and
// fails where a test says so.
type scriptedBank struct {
	mu       sync.Mutex
	accounts []onepoint.Account
	rows     map[string][]onepoint.Transaction // newest first
	pageSize int
	now      onepoint.Clock

	// fail is asked before every call: "accounts", "balances", "transactions",
	// "resume", "refresh", "revoke".
	fail      func(call string) error
	calls     map[string]int
	token     int // the access token that works is "token-N"
	refreshes []string
	refuse    bool // the user says no
	revoked   bool
	intents   []onepoint.Intent
}

func newScriptedBank(now onepoint.Clock) *scriptedBank {
	return &scriptedBank{rows: map[string][]onepoint.Transaction{}, pageSize: 7, now: now, calls: map[string]int{}}
}

func (b *scriptedBank) call(name string) error {
	b.calls[name]++
	if b.fail != nil {
		return b.fail(name)
	}
	return nil
}

func (b *scriptedBank) grant() onepoint.Grant {
	b.token++
	return onepoint.Grant{
		ConsentID: "consent-1", AccessToken: "token-" + strconv.Itoa(b.token),
		RefreshToken: "refresh-" + strconv.Itoa(b.token), Expires: b.now().Add(5 * time.Minute),
	}
}

func (b *scriptedBank) check(g onepoint.Grant) error {
	if b.revoked {
		return onepoint.E(onepoint.CodeConsentInvalid, "read", "revoked", nil)
	}
	if g.AccessToken != "token-"+strconv.Itoa(b.token) || b.now().After(g.Expires) {
		return onepoint.E(onepoint.CodeTokenInvalid, "read", "token", nil)
	}
	return nil
}

func (b *scriptedBank) Authorize(_ context.Context, in onepoint.Intent) (onepoint.Authorization, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.intents = append(b.intents, in)
	return onepoint.Authorization{
		Phase: onepoint.PhaseAwaitingUser, ConsentID: "consent-1", Redirect: "https://bank.example/authorize?state=" + in.State,
	}, b.call("authorize")
}

func (b *scriptedBank) Resume(_ context.Context, in onepoint.Intent, cb onepoint.Callback) (onepoint.Authorization, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.call("resume"); err != nil {
		return onepoint.Authorization{}, err
	}
	if in.Nonce != b.intents[len(b.intents)-1].Nonce || cb.Params.Get("code") != "good" && !b.refuse {
		return onepoint.Authorization{}, onepoint.E(onepoint.CodeProtocol, "resume", "not this journey", nil)
	}
	if b.refuse {
		return onepoint.Authorization{Phase: onepoint.PhaseRefused, Reason: "you did not agree at the bank"}, nil
	}
	return onepoint.Authorization{Phase: onepoint.PhaseAuthorised, ConsentID: "consent-1", Grant: b.grant()}, nil
}

func (b *scriptedBank) Refresh(_ context.Context, g onepoint.Grant) (onepoint.Grant, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.call("refresh"); err != nil {
		return onepoint.Grant{}, err
	}
	if slices.Contains(b.refreshes, g.RefreshToken) {
		b.revoked = true // what banks do to a refresh token that comes twice
		return onepoint.Grant{}, onepoint.E(onepoint.CodeConsentExpired, "refresh", "used before", nil)
	}
	b.refreshes = append(b.refreshes, g.RefreshToken)
	return b.grant(), nil
}

func (b *scriptedBank) Revoke(context.Context, onepoint.Grant) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.call("revoke"); err != nil {
		return err
	}
	b.revoked = true
	return nil
}

func (b *scriptedBank) Accounts(_ context.Context, g onepoint.Grant) ([]onepoint.Account, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.call("accounts"); err != nil {
		return nil, err
	}
	return b.accounts, b.check(g)
}

func (b *scriptedBank) Balances(_ context.Context, g onepoint.Grant, account string) ([]onepoint.Balance, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.call("balances"); err != nil {
		return nil, err
	}
	return []onepoint.Balance{{Type: onepoint.BalanceInterimBooked, Amount: onepoint.MustMoney("10.00", "EUR"), At: b.now()}}, b.check(g)
}

func (b *scriptedBank) Transactions(_ context.Context, g onepoint.Grant, account string, q onepoint.TransactionQuery) (onepoint.TransactionPage, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.call("transactions"); err != nil {
		return onepoint.TransactionPage{}, err
	}
	if err := b.check(g); err != nil {
		return onepoint.TransactionPage{}, err
	}
	var window []onepoint.Transaction
	for _, t := range b.rows[account] {
		if q.From.IsZero() || t.BookingDate.IsZero() || !t.BookingDate.Before(q.From) {
			window = append(window, t)
		}
	}
	at := 0
	if q.Cursor != "" {
		at, _ = strconv.Atoi(q.Cursor)
	}
	end := min(at+b.pageSize, len(window))
	page := onepoint.TransactionPage{Transactions: window[at:end]}
	if end < len(window) {
		page.Next = strconv.Itoa(end)
	}
	return page, nil
}

// rig is the platform's use cases over a real store and a real vault.
type rig struct {
	answers []string // that KeepAnswer and Forget were given
	audited []string
	ender   func(onepoint.Onboarder) onepoint.Onboarder // makes the recipe one that can deregister

	t       *testing.T
	db      *store.Platform
	bank    *scriptedBank
	facts   tpp.BankFacts
	clock   time.Time
	connect *tpp.Connecting
	sync    *tpp.Syncing
	onboard *tpp.Onboarding
	steps   []onepoint.Step
	vault   *vault.Vault
}

func (r *rig) Now() time.Time { return r.clock }

func (r *rig) Bank(id string) (tpp.BankFacts, error) {
	if id != bankID {
		return tpp.BankFacts{}, onepoint.E(onepoint.CodeNotFound, "find bank", "there is no such bank", nil)
	}
	return r.facts, nil
}

func (r *rig) Connector(context.Context, string, string) (onepoint.Connector, error) {
	return r.bank, nil
}

func (r *rig) Onboarder(context.Context, string, string) (onepoint.Onboarder, error) {
	if r.ender != nil {
		return r.ender(r), nil
	}
	return r, nil
}

func (r *rig) Steps() []onepoint.Step { return r.steps }

func newRig(t *testing.T, url string) *rig {
	t.Helper()
	ctx := t.Context()
	r := &rig{t: t, clock: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
	r.facts = tpp.BankFacts{Name: "Test Bank", ConsentDays: 90, OverlapDays: 14, StableIDs: true}
	log := slog.New(slog.DiscardHandler)
	var err error
	if r.db, err = store.OpenPlatform(ctx, url, log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.db.Close() })
	r.vault, err = vault.Open(ctx, vault.Config{Store: r.db, KeyFile: t.TempDir() + "/vault.key", Now: r.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.db.FirstWorkspace(ctx, firstWorkspace(r.clock)); err != nil {
		t.Fatal(err)
	}
	r.bank = newScriptedBank(r.Now)
	ids := onepoint.NewIDs(r.Now)
	r.connect = &tpp.Connecting{
		Store: r.db, Banks: r, Sealer: r.vault, RedirectURI: "http://127.0.0.1:8080/callback",
		Now: r.Now, NewID: ids, Log: log,
	}
	r.sync = &tpp.Syncing{
		Connections: r.db, Ledger: r.db, Syncs: r.db, Banks: r, Sealer: r.vault, Events: r.db,
		Holder: "process-1", Now: r.Now, NewID: ids, Log: log,
	}
	r.onboard = &tpp.Onboarding{Store: r.db, Banks: r, Secrets: r, Audit: r, Now: r.Now, Log: log}
	return r
}

// connected returns an active connection.
func (r *rig) connected() tpp.Connection {
	r.t.Helper()
	ctx := r.t.Context()
	if _, err := r.connect.Connect(ctx, tpp.ConnectRequest{Workspace: workspace, Bank: bankID}); err != nil {
		r.t.Fatal(err)
	}
	conn, err := r.connect.Callback(ctx, tpp.CallbackRequest{Params: r.back("good")})
	if err != nil {
		r.t.Fatal(err)
	}
	return conn
}

// back is what the bank sends the user back with.
func (r *rig) back(code string) url.Values {
	return url.Values{"state": {r.bank.intents[len(r.bank.intents)-1].State}, "code": {code}}
}

// ledger reads every row of every account, newest first.
func (r *rig) ledger() []tpp.Transaction {
	r.t.Helper()
	var all []tpp.Transaction
	f := tpp.TransactionFilter{Limit: 50}
	for {
		rows, next, err := r.db.Transactions(r.t.Context(), workspace, f)
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, rows...)
		if next == "" {
			return all
		}
		f.Cursor = next
	}
}

func (r *rig) account(i int) string {
	id := fmt.Sprintf("res-%d", i)
	r.bank.accounts = append(r.bank.accounts, onepoint.Account{
		ID: id, Currency: "EUR", Type: onepoint.AccountCurrent, Product: "Everyday",
		Identifiers: []onepoint.Identifier{{Scheme: onepoint.SchemeIBAN, Value: fmt.Sprintf("FI%020d", i)}},
	})
	return id
}

func row(id, amount, date string, status onepoint.TransactionStatus) onepoint.Transaction {
	d, err := onepoint.ParseDate(date)
	if err != nil {
		panic(err)
	}
	return onepoint.Transaction{
		ID: id, Status: status, Amount: onepoint.MustMoney(amount, "EUR"), BookingDate: d, ValueDate: d,
		Information: "COFFEE", Raw: []byte(`{"id":"` + id + `"}`),
	}
}

func onBoth(t *testing.T, f func(t *testing.T, r *rig)) {
	pgtest.Each(t, func(t *testing.T, url string) { f(t, newRig(t, url)) })
}

// KeepAnswer implements tpp.Secrets.
func (r *rig) KeepAnswer(_ context.Context, _, bank, name string, value onepoint.Secret) error {
	r.answers = append(r.answers, bank+"."+name+"="+value.Reveal())
	return nil
}

// Forget implements tpp.Secrets.
func (r *rig) Forget(_ context.Context, _, bank string) error {
	r.answers = append(r.answers, "forget "+bank)
	return nil
}

// Record implements tpp.Auditor.
func (r *rig) Record(_ context.Context, _, action, subject string, _ map[string]string) error {
	r.audited = append(r.audited, action+" "+subject)
	return nil
}
