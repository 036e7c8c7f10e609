package portal_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/directory"
	"github.com/onepointledger/onepoint/modelbank/portal"
)

func operatorPages() []string {
	return []string{"", "consents", "consents/aac_1", "clients", "changes", "payments", "events"}
}

func TestOperatorPagesNeedTheKey(t *testing.T) {
	b := newBench(t)
	c := b.granted(t, "My App", "cus_alice", "acc_alice_current")
	alice := b.browser(t)
	alice.login("alice", core.SandboxPassword)
	for _, path := range append(operatorPages(), "consents/"+c.ID) {
		alice.want(alice.get("/portal/operator/"+path), 200, "/portal/operator/login", "!My App")
	}
	if p := alice.operate(""); p.status != 401 {
		t.Errorf("no key: %d", p.status)
	}
	for range 4 {
		alice.want(alice.operate("wrong"), 401, "/portal/operator/login", "This is not the key.")
	}
	alice.want(alice.operate(operatorKey), 429, "/portal/operator/login", "too many wrong keys")
	b.advance(14 * time.Minute)
	alice.want(alice.operate(operatorKey), 429, "/portal/operator/login")
	b.advance(2 * time.Minute)
	p := alice.operate(operatorKey)
	alice.want(p, 200, "/portal/operator/", "My App", "alice", "!"+operatorKey)
	for _, path := range operatorPages() {
		if p := alice.get("/portal/operator/" + path); path != "consents/aac_1" && p.status != 200 || strings.Contains(p.body, operatorKey) {
			t.Errorf("%s: %d", path, p.status)
		}
	}
	out := url.Values{"csrf": {p.csrf()}}
	alice.post("/portal/operator/logout", out)
	alice.want(alice.get("/portal/operator/"), 200, "/portal/operator/login")

	closed := newBench(t, func(c *portal.Config) { c.Operator = "" }).browser(t)
	if p := closed.operate(""); p.status != 401 {
		t.Errorf("a portal without a key: %d", p.status)
	}
}

func TestOperatorsFindConsents(t *testing.T) {
	b := newBench(t)
	mine := b.granted(t, "Garden Money", "cus_alice", "acc_alice_current")
	other := b.granted(t, "Rent Radar", "cus_bob", "acc_bob_gbp")
	w := b.browser(t)
	w.operate(operatorKey)
	list := "/portal/operator/consents"
	for query, found := range map[string][2]bool{
		"": {true, true}, "q=garden": {true, false}, "q=bob": {false, true}, "q=" + mine.ID: {true, false}, "q=nobody": {},
		"status=authorised": {true, true}, "status=rejected": {}, "status=nonsense": {true, true}, "q=%00%ff": {true, true},
	} {
		p := w.get(list + "?" + query)
		if p.status != 200 || strings.Contains(p.body, mine.ID+"</span>") != found[0] || strings.Contains(p.body, other.ID+"</span>") != found[1] {
			t.Errorf("%q: %d\n%s", query, p.status, p.body)
		}
	}
	w.want(w.get(list+"/"+mine.ID), 200, list+"/"+mine.ID, "Garden Money", "ReadBalances", "alice", "!31926819")
	w.want(w.get(list+"/alice"), 404, list+"/alice")
	w.want(w.get(list+"?after=nonsense"), 400, list)
}

type payments struct{ asked string }

// Records is two pages of one.
func (p *payments) Records(_ context.Context, search, after string, _ int) ([]portal.Record, string, error) {
	p.asked = search
	r := portal.Record{ID: "pay_1", Kind: "Domestic payment", TPP: "<b>Pay</b>", About: "alice", Status: "Accepted", Amount: onepoint.MustMoney("1234.50", "GBP")}
	if after == "" {
		return []portal.Record{r}, "two", nil
	}
	r.ID = "pay_2"
	return []portal.Record{r}, "", nil
}

func TestOperatorsSeeWhatOtherPartsKeep(t *testing.T) {
	list := &payments{}
	b := newBench(t, func(c *portal.Config) { c.Payments = list })
	w := b.browser(t)
	w.operate(operatorKey)
	path := "/portal/operator/payments"
	w.want(w.get(path+"?q=alice"), 200, path, "£1,234.50", "pay_1", "&lt;b&gt;Pay", "after=two&amp;q=alice")
	w.want(w.get(path+"?after=two"), 200, path, "pay_2", "First page")
	w.want(w.get("/portal/operator/events"), 200, "/portal/operator/events", "There are none yet.")
	if w.get(path + "?q=alice"); list.asked != "alice" {
		t.Errorf("asked for %q", list.asked)
	}
}

func TestHostileNamesAreText(t *testing.T) {
	const name = `<script>alert(1)</script>"'&` + "\u202e"
	b := newBench(t)
	c := b.granted(t, name, "cus_alice", "acc_alice_current")
	client := as.Client{ID: "cli_1", OrgID: name, SoftwareID: "s", Name: name, Created: b.now(), Metadata: fapi.ClientMetadata{TokenAuthMethod: name}}
	if err := b.store.PutClient(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.SaveSoftware(t.Context(), directory.Software{OrgID: name, ID: "../x?y", Name: name, Roles: []string{name}, Created: b.now()}); err != nil {
		t.Fatal(err)
	}
	w := b.browser(t)
	w.login("alice", core.SandboxPassword)
	w.operate(operatorKey)
	for _, path := range []string{
		"apps", "apps/" + c.ID, "developers/directory", "operator/", "operator/consents", "operator/consents/" + c.ID, "operator/clients",
		"operator/changes", "operator/consents?q=" + url.QueryEscape(name), "operator/clients?q=" + url.QueryEscape(name),
	} {
		p := w.get("/portal/" + path)
		if p.status != 200 || strings.Contains(p.body, "<script") || !strings.Contains(p.body, "&lt;script&gt;") {
			t.Errorf("%s: %d\n%s", path, p.status, p.body)
		}
	}
}

func TestEveryPageIsGuarded(t *testing.T) {
	b := newBench(t)
	w := b.browser(t)
	for _, path := range []string{
		"", "login", "developers", "developers/start", "developers/certificates", "developers/directory", "developers/users",
		"developers/try", "operator/login", "nothing",
	} {
		p := w.get("/portal/" + path)
		csp := p.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || p.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, p.header)
		}
		for _, inline := range []string{"<style", " style=", "<script", " onclick", "javascript:"} {
			if strings.Contains(p.body, inline) {
				t.Errorf("%s holds %s", path, inline)
			}
		}
		for _, needed := range []string{`<html lang="en">`, "<main ", "<h1>", `href="#main"`} {
			if !strings.Contains(p.body, needed) {
				t.Errorf("%s lacks %s", path, needed)
			}
		}
		if strings.Count(p.body, "<table") != strings.Count(p.body, "<caption>") {
			t.Errorf("%s has a table without a caption", path)
		}
	}
	if p := w.get("/portal/static/portal.css"); p.status != 200 || !strings.HasPrefix(p.header.Get("Content-Type"), "text/css") {
		t.Errorf("css: %d %v", p.status, p.header)
	}
	if p := w.get("/portal/static/"); p.status != 404 {
		t.Errorf("the folder is listed: %d", p.status)
	}
}

func TestCookiesStayWhereTheyAreNeeded(t *testing.T) {
	b := newBench(t)
	w := b.browser(t)
	w.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for path, p := range map[string]page{"/portal": w.login("alice", core.SandboxPassword), "/portal/operator": w.operate(operatorKey)} {
		cookies := (&http.Response{Header: p.header}).Cookies()
		if len(cookies) != 1 || !cookies[0].HttpOnly || !cookies[0].Secure || cookies[0].SameSite != http.SameSiteStrictMode || cookies[0].Path != path {
			t.Errorf("%s: %v", path, cookies)
		}
	}
}

// FuzzOperatorSearch: whatever is typed, the page answers and runs nothing.
func FuzzOperatorSearch(f *testing.F) {
	b := newBench(f)
	b.granted(f, "My App", "cus_alice", "acc_alice_current")
	w := b.browser(f)
	w.operate(operatorKey)
	for _, seed := range []string{"alice", `"><script>alert(1)</script>`, "%00", "\xff\xfe", "' OR 1=1 --", strings.Repeat("a", 5000), "{{.}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, search string) {
		w.t = t
		for _, list := range []string{"consents", "clients"} {
			p := w.get("/portal/operator/" + list + "?q=" + url.QueryEscape(search))
			if p.path == "/portal/operator/login" {
				t.Fatal("logged out")
			}
			if p.status != 200 && len(search) < 4000 || strings.Contains(p.body, "<script") {
				t.Fatalf("%s %q: %d", list, search, p.status)
			}
		}
	})
}
