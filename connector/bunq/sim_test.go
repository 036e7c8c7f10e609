package bunq_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector/connectortest"
	simbunq "github.com/onepointledger/onepoint/modelbank/sim/bunq"
)

func TestSimulatorRefusesWhatBunqRefuses(t *testing.T) {
	w := newWorld(t, off())
	p := w.onboard(t)
	user := "/user/" + p.Client.Facts["psp_user_id"]
	cred, err := secrets{w}.Read(t.Context())
	must(t, err)
	open := `{"secret":"` + cred.APIKey.Reveal() + `"}`
	tests := []struct {
		name   string
		do     func(r *raw) map[string]any
		status int
		says   string
	}{
		{"a session without a signature", func(r *raw) map[string]any {
			r.token, r.sign = cred.More["installation_token"].Reveal(), false
			return r.call("POST", "/session-server", open)
		}, 466, "The request signature is missing."},
		{"a draft without a signature", func(r *raw) map[string]any {
			r.sign = false
			return r.call("POST", user+"/payment-service-provider-draft-payment", "{}")
		}, 466, "The request signature is missing."},
		{"a wrong API key", func(r *raw) map[string]any {
			r.token = cred.More["installation_token"].Reveal()
			return r.call("POST", "/session-server", `{"secret":"wrong"}`)
		}, 400, "User credentials are incorrect. Incorrect API key or IP address."},
		{"a request id used before", func(r *raw) map[string]any {
			r.id = func() string { return "the same" }
			r.get("/user")
			return r.get("/user")
		}, 400, "The X-Bunq-Client-Request-Id was used before."},
		{"no session", func(r *raw) map[string]any { r.token = "x"; return r.get("/user") }, 401, "Insufficient authorisation."},
		{"another user", func(r *raw) map[string]any { return r.get("/user/999/oauth-client") }, 403, "You do not have the permission to do this."},
		{"a second OAuth client", func(r *raw) map[string]any { return r.call("POST", user+"/oauth-client", "{}") }, 400, "You have reached the maximum number of OAuth clients."},
		{"a page that is too long", func(r *raw) map[string]any { return r.get(user + "/credential-password-ip?count=201") }, 400, "The count must be between 1 and 200."},
		{"a path that is not there", func(r *raw) map[string]any { return r.get("/nothing") }, 404, "Route not found."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := w.raw(t)
			answer := tt.do(r)
			if r.last.StatusCode != tt.status || said(answer) != tt.says {
				t.Errorf("got %d %v", r.last.StatusCode, answer)
			}
		})
	}
	req, err := http.NewRequest(http.MethodGet, w.profile.Endpoints.Resource+"/user", nil)
	must(t, err)
	req.Header.Set("User-Agent", "")
	resp, err := w.http(nil).Do(req)
	must(t, err)
	if text := body(t, resp); resp.StatusCode != http.StatusBadRequest || !strings.Contains(text, "User-Agent") {
		t.Errorf("a call without User-Agent: %s %s", resp.Status, text)
	}
}

func TestLimitsAreBunqsOwn(t *testing.T) {
	w := newWorld(t, off())
	w.onboard(t)
	w.config.Limits = simbunq.Limits{}
	w.restart(t)
	r := w.raw(t)
	for i := range 4 {
		if r.get("/user"); (r.last.StatusCode == http.StatusTooManyRequests) != (i == 3) {
			t.Errorf("GET %d: %s", i+1, r.last.Status)
		}
	}
	w.clock.Advance(3 * time.Second)
	if r.get("/user"); r.last.StatusCode != http.StatusOK {
		t.Errorf("three seconds later: %s", r.last.Status)
	}
	cred, err := secrets{w}.Read(t.Context())
	must(t, err)
	r.token = cred.More["installation_token"].Reveal()
	for i, wait := range []time.Duration{0, 29 * time.Second, time.Second} {
		w.clock.Advance(wait)
		if r.call("POST", "/session-server", `{"secret":"`+cred.APIKey.Reveal()+`"}`); (r.last.StatusCode == http.StatusTooManyRequests) != (i == 1) {
			t.Errorf("session %d: %s", i+1, r.last.Status)
		}
	}
}

func TestSessionEndsAfterItsLastUse(t *testing.T) {
	w := newWorld(t, off())
	w.onboard(t)
	r := w.raw(t)
	for range 3 { // each use gives it its 324000 seconds again
		w.clock.Advance(300_000 * time.Second)
		if r.get("/user"); r.last.StatusCode != http.StatusOK {
			t.Fatalf("a session in use: %s", r.last.Status)
		}
	}
	w.clock.Advance(324_000 * time.Second)
	if r.get("/user"); r.last.StatusCode != http.StatusUnauthorized {
		t.Errorf("a session past its time: %s", r.last.Status)
	}
}

func TestPagesOfALongAccount(t *testing.T) {
	w := newWorld(t, off())
	b := w.open(t, w.onboard(t).Client, nil)
	g := w.connect(t, b, "alice", onepoint.Access{})
	want := w.truth(t, "cus_alice")[0]
	if len(want.Transactions) <= 400 {
		t.Fatalf("only %d rows", len(want.Transactions))
	}
	for _, limit := range []int{0, 10, 150} {
		rows := allPages(t, b, g, want.ID, limit)
		if diff := connectortest.SameTransactions(rows, want.Transactions); diff != "" {
			t.Errorf("limit %d: %s", limit, diff)
		}
		for i := 1; i < len(rows); i++ {
			if rows[i].BookedAt.After(rows[i-1].BookedAt) {
				t.Fatalf("limit %d: row %d is newer than the one before", limit, i)
			}
		}
	}
	w.restart(t) // the numbers stay
	if diff := connectortest.SameTransactions(allPages(t, b, g, want.ID, 0), want.Transactions); diff != "" {
		t.Errorf("after a restart: %s", diff)
	}
	if _, err := b.Transactions(t.Context(), g, want.ID, onepoint.TransactionQuery{Cursor: "../../etc"}); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("a cursor of another kind: %v", err)
	}
}

// What is booked while a reader pages comes on top, with a higher number, and
// the pages below do not shift.
func TestMoneyFromSugarDaddyComesOnTop(t *testing.T) {
	w := newWorld(t, off())
	b := w.open(t, w.onboard(t).Client, nil)
	g := w.connect(t, b, "bob", onepoint.Access{})
	n, err := w.sim.AccountNumber(t.Context(), "acc_bob_eur")
	must(t, err)
	account := strconv.FormatInt(n, 10)
	before, err := b.Transactions(t.Context(), g, account, onepoint.TransactionQuery{Limit: 5})
	must(t, err)
	r := w.raw(t)
	r.token = g.AccessToken
	ask := func(value, to string) {
		answer := r.call("POST", "/"+g.Scope+"/monetary-account/"+account+"/request-inquiry",
			fmt.Sprintf(`{"amount_inquired":{"value":%q,"currency":"EUR"},"counterparty_alias":{"type":"EMAIL","value":%q},"description":"please","allow_bunqme":false}`, value, to))
		if said(answer) != "" {
			t.Fatal(said(answer))
		}
	}
	ask("500.00", "sugardaddy@bunq.com")
	ask("500.01", "sugardaddy@bunq.com")
	ask("5.00", "bob@example.com")
	var statuses []string
	for _, o := range r.get("/" + g.Scope + "/monetary-account/" + account + "/request-inquiry")["Response"].([]any) {
		statuses = append(statuses, o.(map[string]any)["RequestInquiry"].(map[string]any)["status"].(string))
	}
	if fmt.Sprint(statuses) != "[PENDING PENDING ACCEPTED]" {
		t.Errorf("the requests are %v", statuses)
	}
	after, err := b.Transactions(t.Context(), g, account, onepoint.TransactionQuery{Limit: 6})
	must(t, err)
	if top := after.Transactions[0]; top.Amount.String() != "500.00 EUR" || top.Information != "please" {
		t.Errorf("on top is %+v", top)
	}
	if diff := connectortest.SameTransactions(after.Transactions[1:], before.Transactions); diff != "" {
		t.Error(diff)
	}
}
