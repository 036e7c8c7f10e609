package as_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/modelbank/as"
)

func TestSecondFactorIsAskedBeforeAnyAccountIsShown(t *testing.T) {
	p := sharedClient(t)
	b := p.browser()
	g := b.submit(b.get(p.begin(p.request("acc", "accounts"))), "login", "alice", "password", "right", "action", "login")
	if !strings.Contains(g.at, "/as/factor") {
		t.Fatalf("after the password comes %s", g.at)
	}
	consent := strings.Replace(g.at, "/as/factor", "/as/consent", 1)
	if got := b.get(consent); strings.Contains(got.body, "Everyday") {
		t.Error("the accounts show before the second factor")
	}
	g = b.visit(http.MethodPost, consent, map[string][]string{"csrf": {b.get(g.at).csrf()}, "action": {"allow"}, "account": {"a1"}})
	if g.StatusCode != http.StatusForbidden || len(p.bank.approved) > 0 {
		t.Errorf("approved with the password alone: %d", g.StatusCode)
	}
}

func TestCodesWorkOnceAndLockAfterFiveWrongOnes(t *testing.T) {
	p := sharedClient(t)
	b := p.browser()
	first := b.login(p.begin(p.request("acc", "accounts")), "alice")
	if !strings.Contains(first.at, "/as/consent") {
		t.Fatalf("logged in to %s", first.at)
	}
	used, err := as.Code(secret, b.now())
	if err != nil {
		t.Fatal(err)
	}
	g := b.submit(b.get(p.begin(p.request("acc", "accounts"))), "login", "alice", "password", "right", "action", "login")
	for i, try := range []struct {
		code   string
		status int
		says   string
	}{
		{used, 401, "used already"},
		{"000000", 401, "wrong or too old"},
		{"", 401, "wrong or too old"},
		{"12345678", 401, "wrong or too old"},
		{"abcdef", 401, "wrong or too old"},
		{"000000", 429, "too many wrong codes"},
	} {
		g = b.submit(g, "code", try.code, "action", "verify")
		if g.StatusCode != try.status || !strings.Contains(g.body, try.says) {
			t.Errorf("try %d: %d, want %d %s", i+1, g.StatusCode, try.status, try.says)
		}
	}
	if g = b.submit(g, "code", b.code(), "action", "verify"); g.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the right code while locked: %d", g.StatusCode)
	}
	p.ahead += 11 * time.Minute
	if g = b.login(p.begin(p.request("acc", "accounts")), "alice"); !strings.Contains(g.at, "/as/consent") {
		t.Errorf("after the lock: %s", g.at)
	}
}

func TestCodesOfNeighbouringStepsWork(t *testing.T) {
	for name, tt := range map[string]struct {
		shift time.Duration
		works bool
	}{"the one before": {-30 * time.Second, true}, "the one after": {30 * time.Second, true}, "two before": {-60 * time.Second, false}, "two after": {60 * time.Second, false}} {
		t.Run(name, func(t *testing.T) {
			p := sharedClient(t)
			b := p.browser()
			g := b.submit(b.get(p.begin(p.request("acc", "accounts"))), "login", "alice", "password", "right", "action", "login")
			code, err := as.Code(secret, b.now().Add(tt.shift))
			if err != nil {
				t.Fatal(err)
			}
			if g = b.submit(g, "code", code[:3]+" "+code[3:], "action", "verify"); strings.Contains(g.at, "/as/consent") != tt.works {
				t.Errorf("arrived at %s", g.at)
			}
		})
	}
}

func TestApprovalOfAnotherAmountIsRefused(t *testing.T) {
	dearer := func(i *as.Intent) {
		i.Lines = []as.Line{{Label: "Amount", Value: "£1,000.00"}, {Label: "To", Value: "Acme Ltd"}}
	}
	t.Run("changed while the code is typed", func(t *testing.T) {
		p := sharedClient(t)
		b := p.browser()
		g := b.submit(b.get(p.begin(p.request("pay", "payments"))), "login", "alice", "password", "right", "action", "login")
		if !strings.Contains(g.body, "£10.00") || !strings.Contains(g.body, "Acme Ltd") {
			t.Error("the page of the code shows no amount or payee")
		}
		p.bank.change("pay", dearer)
		if g = b.submit(g, "code", b.code(), "action", "verify"); g.StatusCode != http.StatusConflict || !strings.Contains(g.body, "£1,000.00") {
			t.Errorf("%d at %s", g.StatusCode, g.at)
		}
	})
	t.Run("changed after the code", func(t *testing.T) {
		p := sharedClient(t)
		b := p.browser()
		g := b.login(p.begin(p.request("pay", "payments")), "alice")
		p.bank.change("pay", dearer)
		if g = b.submit(g, "action", "allow", "account", "a1"); g.StatusCode != http.StatusForbidden || len(p.bank.approved) > 0 {
			t.Errorf("%d, approved %v", g.StatusCode, p.bank.approved)
		}
	})
	t.Run("changed after the phone", func(t *testing.T) {
		p := sharedClient(t)
		phone := p.phone("alice")
		b := p.browser()
		g := b.submit(b.get(p.begin(p.request("pay", "payments"))), "login", "alice", "password", "right", "action", "login")
		g = b.submit(g, "action", "phone")
		waiting := g.at
		shown := phone.get("/as/phone")
		if !strings.Contains(shown.body, "£10.00") || !strings.Contains(shown.body, "Acme Ltd") {
			t.Error("the phone shows no amount or payee")
		}
		phone.confirm(shown, "yes")
		p.bank.change("pay", dearer)
		if g = b.get(waiting); g.StatusCode != http.StatusForbidden || len(p.bank.approved) > 0 {
			t.Errorf("%d, approved %v", g.StatusCode, p.bank.approved)
		}
	})
}

// phone is a browser that its customer enrolled.
func (r *rig) phone(who string) *browser {
	r.Helper()
	b := r.browser()
	if g := b.login("/as/phone", who); !strings.Contains(g.body, "Nothing waits") {
		r.Fatalf("enrolled: %d at %s: %s", g.StatusCode, g.at, g.body)
	}
	return b
}

var idField = regexp.MustCompile(`name="id" value="([^"]+)"`)

func (b *browser) confirm(g page, answer string) page {
	b.Helper()
	m := idField.FindStringSubmatch(g.body)
	if m == nil {
		b.Fatalf("nothing waits: %s", g.body)
	}
	return b.submit(g, "id", m[1], "action", answer)
}

func TestPhoneConfirmsWhatTheFirstPageWaitsFor(t *testing.T) {
	for _, answer := range []string{"yes", "no"} {
		t.Run(answer, func(t *testing.T) {
			p := sharedClient(t)
			phone, other := p.phone("alice"), p.phone("bob")
			b := p.browser()
			g := b.submit(b.get(p.begin(p.request("acc", "accounts"))), "login", "alice", "password", "right", "action", "login")
			g = b.submit(g, "action", "phone")
			if !strings.Contains(g.at, "/as/wait") || !strings.Contains(g.body, `http-equiv="refresh"`) {
				t.Fatalf("at %s", g.at)
			}
			waiting := g.at
			if g = b.submit(g, "action", "check"); !strings.Contains(g.at, "/as/wait") {
				t.Errorf("went on without the phone to %s", g.at)
			}
			if strings.Contains(other.get("/as/phone").body, `value="yes"`) {
				t.Error("another customer's phone shows it")
			}
			phone.confirm(phone.get("/as/phone"), answer)
			g = b.get(waiting)
			if strings.Contains(g.at, "/as/consent") != (answer == "yes") {
				t.Errorf("after %s: at %s", answer, g.at)
			}
			if answer == "yes" {
				if answer := b.submit(g, "action", "allow", "account", "a1").answer(); answer.Get("code") == "" {
					t.Error("no code")
				}
			}
		})
	}
}

func TestVisitsEndAfterFiveIdleMinutesAndFifteenInAll(t *testing.T) {
	p := sharedClient(t)
	b := p.browser()
	g := b.login(p.begin(p.request("acc", "accounts")), "alice")
	p.ahead += 6 * time.Minute
	if got := b.get(g.at); got.StatusCode != http.StatusBadRequest {
		t.Errorf("after six idle minutes: %d", got.StatusCode)
	}
	g = b.login(p.begin(p.request("acc", "accounts")), "alice")
	for range 3 {
		p.ahead += 4 * time.Minute
		if got := b.get(g.at); got.StatusCode != http.StatusOK {
			t.Fatalf("in use: %d", got.StatusCode)
		}
	}
	p.ahead += 4 * time.Minute
	if got := b.get(g.at); got.StatusCode != http.StatusBadRequest {
		t.Errorf("after sixteen minutes in use: %d", got.StatusCode)
	}
}

func TestDashboardEndsAccessForTheVeryNextCall(t *testing.T) {
	p := sharedClient(t)
	tokens := p.connected("acc", "accounts", "a1")
	other := p.browser()
	if g := other.login("/as/consents", "bob"); strings.Contains(g.body, "Ledger App") {
		t.Error("bob sees alice's apps")
	} else if g = other.submit(g, "consent", "acc", "action", "end"); g.StatusCode != http.StatusBadRequest && g.StatusCode != http.StatusNotFound || !p.opens(tokens["access_token"]) {
		t.Errorf("bob ended alice's consent: %d", g.StatusCode)
	}
	b := p.browser()
	g := b.login("/as/consents", "alice")
	if !strings.Contains(g.body, "End access for Ledger App") {
		t.Fatalf("the page shows %s", g.body)
	}
	if g = b.submit(g, "consent", "acc", "action", "end"); !strings.Contains(g.body, "Ended.") {
		t.Errorf("%d %s", g.StatusCode, g.body)
	}
	if p.opens(tokens["access_token"]) {
		t.Error("the token still opens")
	}
	refresh, _ := tokens["refresh_token"].(string)
	if status, out := p.token(map[string][]string{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}); status != http.StatusBadRequest || out["error"] != "invalid_grant" {
		t.Errorf("refreshed: %d %v", status, out)
	}
}
