package as_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/internal/pgtest"
)

func claims(t *testing.T, token any) map[string]any {
	t.Helper()
	text, _ := token.(string)
	var out map[string]any
	if err := fapi.DecodeUnverified(text, &out); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return out
}

func TestHybridFlowBindsCodeStateAndToken(t *testing.T) {
	p := newRig(t, nil).client(nil)
	answer := p.browser().agree(p.begin(p.request("acc", "accounts")), "alice", "a1")
	id := claims(t, answer.Get("id_token"))
	for name, want := range map[string]any{
		"iss": p.Issuer, "aud": p.id, "nonce": "the-nonce", "openbanking_intent_id": "acc", "acr": fapi.ACRSCA,
		"c_hash": fapi.HalfHash(answer.Get("code")), "s_hash": fapi.HalfHash("the-state"),
	} {
		if id[name] != want {
			t.Errorf("id_token of the answer: %s is %v, want %v", name, id[name], want)
		}
	}
	if answer.Get("iss") != p.Issuer || answer.Get("state") != "the-state" {
		t.Errorf("the answer is %v", answer)
	}
	status, out := p.exchange(answer)
	if status != http.StatusOK || out["refresh_token"] == "" {
		t.Fatalf("%d %v", status, out)
	}
	id = claims(t, out["id_token"])
	access, _ := out["access_token"].(string)
	if id["at_hash"] != fapi.HalfHash(access) || id["acr"] != fapi.ACRSCA {
		t.Errorf("id_token of the token endpoint: %v", id)
	}
	if !p.opens(out["access_token"]) || strings.Join(p.bank.approved["acc"], " ") != "cus_alice a1" {
		t.Errorf("approved %v", p.bank.approved)
	}
}

func TestEveryKindOfIntentIsApprovedWithItsScope(t *testing.T) {
	tests := []struct {
		intent, scope, account string
		shows                  []string
	}{
		{"acc", "accounts", "a2", []string{"Ledger App", "Everyday", "Euros", "kind and currency"}},
		{"pay", "payments", "a1", []string{"Pay Acme Ltd?", "£10.00", "Acme Ltd", "Approve payment", `type="radio"`}},
		{"cof", "fundsconfirmations", "a1", []string{"Card App", "Everyday"}},
		{"vrp", "payments", "", []string{"Let Sweeper pay?", "£100.00"}},
	}
	for _, tt := range tests {
		t.Run(tt.intent, func(t *testing.T) {
			p := newRig(t, nil).client(nil)
			b := p.browser()
			g := b.login(p.begin(p.request(tt.intent, tt.scope)), "alice")
			for _, text := range tt.shows {
				if !strings.Contains(g.body, text) {
					t.Errorf("the page does not show %q", text)
				}
			}
			if tt.intent == "cof" && strings.Contains(g.body, "Euros") || tt.intent == "pay" && strings.Contains(g.body, "Euros") {
				t.Error("the page offers an account that does not fit")
			}
			fields := []string{"action", "allow"}
			if tt.account != "" {
				fields = append(fields, "account", tt.account)
			}
			status, out := p.exchange(b.submit(g, fields...).answer())
			if status != http.StatusOK || out["scope"] != "openid "+tt.scope {
				t.Errorf("%d %v", status, out)
			}
		})
	}
}

func TestAccountsThatAreNotOfferedAreRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		intent, scope string
		accounts      []string
	}{
		"none":                {"acc", "accounts", nil},
		"not theirs":          {"acc", "accounts", []string{"a9"}},
		"two of one":          {"pay", "payments", []string{"a1", "a1"}},
		"of another currency": {"pay", "payments", []string{"a2"}},
		"not the one named":   {"cof", "fundsconfirmations", []string{"a2"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newRig(t, nil).client(nil)
			b := p.browser()
			fields := []string{"action", "allow"}
			for _, a := range tt.accounts {
				fields = append(fields, "account", a)
			}
			g := b.submit(b.login(p.begin(p.request(tt.intent, tt.scope)), "alice"), fields...)
			if g.StatusCode != http.StatusBadRequest || !strings.Contains(g.body, `role="alert"`) || len(p.bank.approved) > 0 {
				t.Errorf("%d, approved %v", g.StatusCode, p.bank.approved)
			}
		})
	}
}

func TestPushedRequestsAreJudged(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*fapi.RequestObject)
		code   string
	}{
		{"a scope of another kind of intent", func(o *fapi.RequestObject) { o.Scope = "openid payments" }, "invalid_scope"},
		{"two purposes", func(o *fapi.RequestObject) { o.Scope = "openid accounts payments" }, "invalid_scope"},
		{"no openid", func(o *fapi.RequestObject) { o.Scope = "accounts" }, "invalid_scope"},
		{"an unknown scope", func(o *fapi.RequestObject) { o.Scope = "openid everything" }, "invalid_scope"},
		{"an unknown intent", func(o *fapi.RequestObject) { o.Claims.IDToken.IntentID.Value = "none" }, "invalid_request"},
		{"no intent", func(o *fapi.RequestObject) { o.Claims.IDToken.IntentID.Value = "" }, "invalid_request"},
		{"an unregistered redirect", func(o *fapi.RequestObject) { o.RedirectURI = "https://evil.example/" }, "invalid_request"},
		{"an implicit response", func(o *fapi.RequestObject) { o.ResponseType = "id_token" }, "unsupported_response_type"},
		{"an ID token in the query", func(o *fapi.RequestObject) { o.ResponseMode = "query" }, "invalid_request"},
		{"a signed ID token in the query", func(o *fapi.RequestObject) { o.ResponseMode = "query.jwt" }, "invalid_request"},
		{"an unknown response mode", func(o *fapi.RequestObject) { o.ResponseMode = "web_message" }, "invalid_request"},
		{"no PKCE", func(o *fapi.RequestObject) { o.CodeChallenge, o.CodeChallengeMethod = "", "" }, "invalid_request"},
		{"plain PKCE", func(o *fapi.RequestObject) { o.CodeChallengeMethod = "plain" }, "invalid_request"},
		{"no nonce", func(o *fapi.RequestObject) { o.Nonce = "" }, "invalid_request"},
		{"no state", func(o *fapi.RequestObject) { o.State = "" }, "invalid_request"},
		{"prompt none", func(o *fapi.RequestObject) { o.Prompt = "none" }, "login_required"},
		{"an unknown prompt", func(o *fapi.RequestObject) { o.Prompt = "dance" }, "invalid_request"},
		{"an unknown essential acr", func(o *fapi.RequestObject) {
			o.Claims.IDToken.ACR = fapi.RequestedClaim{Essential: true, Value: "urn:mace:gold"}
		}, "unmet_authentication_requirements"},
		{"another audience", func(o *fapi.RequestObject) { o.Audience = "https://other.example" }, "invalid_request_object"},
		{"another client", func(o *fapi.RequestObject) { o.ClientID = "cli_other" }, "invalid_request_object"},
		{"an exp of tomorrow", func(o *fapi.RequestObject) { o.Expires += 90000 }, "invalid_request_object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := sharedClient(t)
			o := p.request("acc", "accounts")
			tt.change(&o)
			if status, out := p.push(o); status != http.StatusBadRequest || out["error"] != tt.code {
				t.Errorf("got %d %v, want 400 %s", status, out, tt.code)
			}
		})
	}
}

func TestErrorsOfRequestsGoBackToTheApplicationAsTheStandardSays(t *testing.T) {
	p := newRig(t, nil).client(nil)
	direct := func(change func(*fapi.RequestObject)) page {
		o := p.request("acc", "accounts")
		change(&o)
		signed, err := o.Sign(p.key)
		if err != nil {
			t.Fatal(err)
		}
		return p.browser().get("/as/authorize?" + url.Values{"client_id": {p.id}, "request": {signed}}.Encode())
	}
	g := direct(func(o *fapi.RequestObject) { o.Scope = "openid payments" })
	if got := g.answer(); got.Get("error") != "invalid_scope" || got.Get("iss") != p.Issuer || got.Get("state") != "the-state" {
		t.Errorf("a wrong scope: %v", got)
	}
	g = direct(func(o *fapi.RequestObject) { o.ResponseType, o.Prompt = "code", "none" })
	if got := g.answer(); got.Get("error") != "login_required" || !strings.HasPrefix(g.Header.Get("Location"), redirect+"?") {
		t.Errorf("prompt none: %v", got)
	}
	g = direct(func(o *fapi.RequestObject) { o.RedirectURI = "https://evil.example/" })
	if g.StatusCode != http.StatusBadRequest || g.Header.Get("Location") != "" {
		t.Errorf("an open redirect: %d to %s", g.StatusCode, g.Header.Get("Location"))
	}
	b := p.browser()
	g = b.submit(b.get(p.begin(p.request("acc", "accounts"))), "action", "cancel")
	if got := g.answer(); got.Get("error") != "access_denied" {
		t.Errorf("cancelled: %v", got)
	}
}

func TestWholeJourneyWorksOnEachDatabase(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		p := newRigOn(t, url, nil).client(nil)
		tokens := p.connected("acc", "accounts", "a1")
		refresh, _ := tokens["refresh_token"].(string)
		status, next := p.token(map[string][]string{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
		if status != http.StatusOK || !p.opens(next["access_token"]) {
			t.Fatalf("refresh: %d %v", status, next)
		}
		if status, out := p.token(map[string][]string{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}); status != http.StatusBadRequest || p.opens(next["access_token"]) {
			t.Errorf("the old refresh token again: %d %v", status, out)
		}
		phone := p.phone("alice")
		b := p.browser()
		g := b.submit(b.get(p.begin(p.request("pay", "payments"))), "login", "alice", "password", "right", "action", "login")
		g = b.submit(g, "action", "phone")
		phone.confirm(phone.get("/as/phone"), "yes")
		if g = b.get(g.at); !strings.Contains(g.at, "/as/consent") {
			t.Errorf("at %s", g.at)
		}
	})
}
