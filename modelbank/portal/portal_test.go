package portal_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/portal"
	"github.com/onepointledger/onepoint/store"
)

const operatorKey = "an-operator-key-of-a-good-length-indeed"

// bench is a seeded bank with a portal on real TLS and a clock that moves.
type bench struct {
	*httptest.Server
	bank    *modelbank.Bank
	store   *store.Bank
	micros  atomic.Int64
	revoked []string
}

func (b *bench) now() time.Time          { return time.UnixMicro(b.micros.Load()).UTC() }
func (b *bench) advance(d time.Duration) { b.micros.Add(d.Microseconds()) }

func newBench(tb testing.TB, change ...func(*portal.Config)) *bench {
	tb.Helper()
	b := &bench{}
	b.micros.Store(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC).UnixMicro())
	log := slog.New(slog.DiscardHandler)
	var err error
	if b.store, err = store.OpenBank(context.Background(), "sqlite:"+tb.TempDir()+"/bank.db", log); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { b.store.Close() })
	ids := onepoint.NewIDs(b.now)
	books := core.New(core.Config{Store: b.store, Now: b.now, NewID: ids, Log: log})
	if err := books.Seed(context.Background(), onepoint.DateOf(b.now())); err != nil {
		tb.Fatal(err)
	}
	b.bank = modelbank.New(modelbank.Config{
		Core: books, Consents: b.store, Now: b.now, NewID: ids, Log: log,
		OnRevoke: func(_ context.Context, id string) error { b.revoked = append(b.revoked, id); return nil },
	})
	c := portal.Config{
		Bank: "Model Bank", Customers: b.bank.Portal(b.store), Store: b.store, Operator: operatorKey, Now: b.now, Log: log,
		Developers: portal.Developers{Issuer: "https://bank.example", Directory: "Directory", Root: "root.pem"},
	}
	for _, f := range change {
		f(&c)
	}
	p, err := portal.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	b.Server = httptest.NewTLSServer(p.Handler())
	tb.Cleanup(b.Close)
	return b
}

// granted is a consent that the customer gave.
func (b *bench) granted(tb testing.TB, name, customer string, accounts ...string) onepoint.Consent {
	tb.Helper()
	tpp := onepoint.TPP{ClientID: "client-1", OrganisationID: "PSDGB-FCA-123456", Name: name}
	c, err := b.bank.Lodge(context.Background(), tpp, onepoint.Access{Permissions: []onepoint.Permission{onepoint.ReadAccountsDetail, onepoint.ReadBalances}})
	if err != nil {
		tb.Fatal(err)
	}
	if err := b.bank.Journey().Approve(context.Background(), c.ID, customer, accounts); err != nil {
		tb.Fatal(err)
	}
	return c
}

// browser is one person's, with its cookies.
type browser struct {
	t    testing.TB
	b    *bench
	http *http.Client
}

func (b *bench) browser(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, b, &http.Client{Transport: b.Client().Transport, Jar: jar}}
}

type page struct {
	status int
	path   string
	header http.Header
	body   string
}

func (w *browser) do(r *http.Request) page {
	w.t.Helper()
	resp, err := w.http.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return page{resp.StatusCode, resp.Request.URL.Path, resp.Header, string(body)}
}

func (w *browser) get(path string) page {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, w.b.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.do(r)
}

func (w *browser) post(path string, form url.Values, header ...string) page {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, w.b.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.do(r)
}

// csrf is the token of the page's form.
func (p page) csrf() string {
	found := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(p.body)
	if found == nil {
		return ""
	}
	return found[1]
}

func (w *browser) login(name, password string) page {
	w.t.Helper()
	return w.post("/portal/login", url.Values{"csrf": {w.get("/portal/login").csrf()}, "login": {name}, "password": {password}})
}

func (w *browser) operate(key string) page {
	w.t.Helper()
	return w.post("/portal/operator/login", url.Values{"csrf": {w.get("/portal/operator/login").csrf()}, "key": {key}})
}

func (w *browser) want(p page, status int, path string, texts ...string) {
	w.t.Helper()
	if p.status != status || p.path != path {
		w.t.Errorf("got %d at %s, want %d at %s", p.status, p.path, status, path)
	}
	for _, text := range texts {
		text, not := strings.CutPrefix(text, "!")
		if strings.Contains(p.body, text) == not {
			w.t.Errorf("%s: %q: not as wanted in\n%s", path, text, p.body)
		}
	}
}

func TestCustomersSeeOnlyTheirOwn(t *testing.T) {
	b := newBench(t)
	mine := b.granted(t, "My App", "cus_alice", "acc_alice_current")
	theirs := b.granted(t, "Their App", "cus_bob", "acc_bob_gbp")
	alice := b.browser(t)
	for _, path := range []string{"/portal/accounts", "/portal/accounts/acc_alice_current", "/portal/apps", "/portal/apps/" + mine.ID} {
		alice.want(alice.get(path), 200, "/portal/login")
	}
	alice.want(alice.login("alice", "wrong"), 401, "/portal/login", "the login or the password is wrong")
	alice.want(alice.login("Alice", core.SandboxPassword), 200, "/portal/accounts", "Everyday", "04-99-01 31926819", "!acc_bob", "£")
	alice.want(alice.get("/portal/accounts/acc_alice_current"), 200, "/portal/accounts/acc_alice_current", "Latest entries", "Older")
	alice.want(alice.get("/portal/apps"), 200, "/portal/apps", "My App", "Your balances", "!Their App")
	alice.want(alice.get("/portal/apps/"+mine.ID), 200, "/portal/apps/"+mine.ID, "End access of My App", "Everyday")
	csrf := alice.get("/portal/apps").csrf()
	for _, path := range []string{
		"/portal/accounts/acc_bob_gbp", "/portal/accounts/none", "/portal/accounts/%00", "/portal/accounts/..%2f..",
		"/portal/apps/" + theirs.ID, "/portal/apps/none", "/portal/apps/%00", "/portal/apps/%ff", "/portal/nothing",
	} {
		if p := alice.get(path); p.status != 404 || strings.Contains(p.body, "Their App") {
			t.Errorf("%s: %d", path, p.status)
		}
	}
	for _, id := range []string{theirs.ID, "none", "%00"} {
		if p := alice.post("/portal/apps/"+id+"/end", url.Values{"csrf": {csrf}}); p.status != 404 {
			t.Errorf("end %s: %d", id, p.status)
		}
	}
	if len(b.revoked) != 0 {
		t.Errorf("revoked %v", b.revoked)
	}
	alice.want(alice.get("/portal/accounts/acc_alice_current?after=nonsense"), 400, "/portal/accounts/acc_alice_current")
	alice.want(alice.get("/portal/apps?after=nonsense"), 400, "/portal/apps")
}

func TestEndingAnAppStopsItsNextCall(t *testing.T) {
	b := newBench(t)
	c := b.granted(t, "My App", "cus_alice", "acc_alice_current")
	read := func() error { _, err := b.bank.Accounts(context.Background(), c); return err }
	if err := read(); err != nil {
		t.Fatal(err)
	}
	alice := b.browser(t)
	alice.login("alice", core.SandboxPassword)
	form := url.Values{"csrf": {alice.get("/portal/apps/" + c.ID).csrf()}}
	alice.want(alice.post("/portal/apps/"+c.ID+"/end", form), 200, "/portal/apps", "Ended. The app can see nothing more.", "Ended by you")
	if err := read(); onepoint.CodeOf(err) != onepoint.CodeConsentInvalid {
		t.Errorf("the next call: %v", err)
	}
	if fmt.Sprint(b.revoked) != fmt.Sprint([]string{c.ID}) {
		t.Errorf("tokens ended of %v", b.revoked)
	}
	alice.want(alice.post("/portal/apps/"+c.ID+"/end", form), 200, "/portal/apps") // twice is no error
}

func TestForeignFormsAreRefused(t *testing.T) {
	b := newBench(t)
	c := b.granted(t, "My App", "cus_alice", "acc_alice_current")
	alice, mallory := b.browser(t), b.browser(t)
	alice.login("alice", core.SandboxPassword)
	mallory.login("bob", core.SandboxPassword)
	end, good := "/portal/apps/"+c.ID+"/end", alice.get("/portal/apps").csrf()
	cases := []struct {
		name   string
		csrf   string
		header []string
	}{
		{"no token", "", nil},
		{"another's token", mallory.get("/portal/apps").csrf(), nil},
		{"a token of the login page", b.browser(t).get("/portal/login").csrf(), nil},
		{"from another site", good, []string{"Sec-Fetch-Site", "cross-site"}},
		{"from another origin", good, []string{"Origin", "https://mallory.example"}},
	}
	for _, one := range cases {
		if p := alice.post(end, url.Values{"csrf": {one.csrf}}, one.header...); p.status != 403 {
			t.Errorf("%s: %d", one.name, p.status)
		}
		if p := alice.post("/portal/logout", url.Values{"csrf": {one.csrf}}, one.header...); p.status != 403 {
			t.Errorf("logout, %s: %d", one.name, p.status)
		}
	}
	if len(b.revoked) != 0 {
		t.Errorf("revoked %v", b.revoked)
	}
	stranger := b.browser(t)
	form := url.Values{"login": {"alice"}, "password": {core.SandboxPassword}, "csrf": {alice.get("/portal/operator/login").csrf()}}
	stranger.get("/portal/login")
	for _, path := range []string{"/portal/login", "/portal/operator/login"} {
		if p := stranger.post(path, form); p.status != 403 {
			t.Errorf("%s with the token of another browser: %d", path, p.status)
		}
	}
	alice.want(alice.post("/portal/logout", url.Values{"csrf": {good}}), 200, "/portal/login", "You are logged out.")
	alice.want(alice.get("/portal/accounts"), 200, "/portal/login")
}

func TestSessionsEnd(t *testing.T) {
	b := newBench(t)
	alice, operator := b.browser(t), b.browser(t)
	alice.login("alice", core.SandboxPassword)
	operator.want(operator.operate(operatorKey), 200, "/portal/operator/")
	b.advance(9 * time.Minute)
	alice.want(alice.get("/portal/accounts"), 200, "/portal/accounts")
	b.advance(10 * time.Minute)
	alice.want(alice.get("/portal/accounts"), 200, "/portal/login", "nothing happened for a while")
	b.advance(10 * time.Minute)
	operator.want(operator.get("/portal/operator/consents"), 200, "/portal/operator/consents") // 29 minutes
	b.advance(30 * time.Minute)
	operator.want(operator.get("/portal/operator/consents"), 200, "/portal/operator/login")
	alice.login("alice", core.SandboxPassword)
	for range 8 * 60 / 9 {
		b.advance(9 * time.Minute)
		alice.want(alice.get("/portal/accounts"), 200, "/portal/accounts")
	}
	b.advance(9 * time.Minute)
	alice.want(alice.get("/portal/accounts"), 200, "/portal/login") // eight hours are the most
}
