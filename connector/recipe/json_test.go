package recipe_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/recipe"
	"github.com/onepointledger/onepoint/eidas"
)

func TestJSONRegistrationMakesAClient(t *testing.T) {
	tests := []struct {
		name    string
		options map[string]string
		asks    []connector.Question
		set     *onepoint.Credential
		answer  string
		body    string
		header  string
	}{
		{"as the Czech standard has it", nil, nil, nil, "", `map[client_name:One Point redirect_uris:[https://tpp.example/callback] scopes:[AISP]]`, ""},
		{
			"with an API key in a header",
			map[string]string{"header": "WEB-API-key", "scopes": "AISP PISP", "body.application_type": "web"},
			[]connector.Question{{Name: "api_key", Label: "API key", Secret: true}},
			&onepoint.Credential{APIKey: "k3y-of-portal"}, "",
			`map[application_type:web client_name:One Point redirect_uris:[https://tpp.example/callback] scopes:[AISP PISP]]`, "k3y-of-portal",
		},
		{
			"with names of its own",
			map[string]string{
				"field.client_name": "name", "field.redirect_uris": "redirects", "field.scopes": "scope", "body.contacts": `["a@b.example"]`,
				"answer.client_id": "data.id", "answer.client_secret": "data.clientSecret", "answer.api_key": "data.apiKey",
			},
			nil, nil, `{"data":{"id":"client-1","clientSecret":"s3cret-of-bank","apiKey":"k3y-of-bank"}}`,
			`map[contacts:[a@b.example] name:One Point redirects:[https://tpp.example/callback] scope:[AISP]]`, "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, secrets, p := newBank(t), &portal{set: tt.set}, progress()
			if tt.answer != "" {
				b.answer = func(string) (int, string) { return http.StatusOK, tt.answer }
			}
			env := b.env(t, secrets, good)
			env.Profile.Onboarding.Options, env.Profile.Onboarding.Asks = tt.options, tt.asks
			if err := run(t, env, p); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(b.requests[0]); got != tt.body {
				t.Errorf("the bank was asked %s\nwant %s", got, tt.body)
			}
			if got := b.headers[0].Get("WEB-API-key"); got != tt.header {
				t.Errorf("the header is %q", got)
			}
			if p.Client.ID != "client-1" || secrets.set.ClientID != "client-1" || secrets.set.ClientSecret.Reveal() != "s3cret-of-bank" || secrets.set.APIKey.Reveal() != "k3y-of-bank" || b.tokens != 1 {
				t.Errorf("client %+v, %d tokens", p.Client, b.tokens)
			}
			if !strings.Contains(p.Artifacts["client.json"], "client-1") {
				t.Errorf("the answer is not kept: %v", p.Artifacts)
			}
			clean(t, p)
		})
	}
}

func TestJSONRegistrationGoesOnAfterAnyStep(t *testing.T) {
	b, secrets := newBank(t), &portal{}
	env, p := b.env(t, secrets, good), progress()
	// Killed before the answer could be saved: nothing is half-saved, and the bank
	// sees the same request again.
	secrets.fail = errKilled
	if err := run(t, env, p); !errors.Is(err, errKilled) {
		t.Fatalf("got %v", err)
	}
	if p.Client.ID != "" || secrets.set != nil || p.Artifacts["client.json"] != "" {
		t.Errorf("half-saved: %+v %+v", p.Client, secrets.set)
	}
	if err := run(t, env, p); err != nil {
		t.Fatal(err)
	}
	if len(b.clients) != 1 || len(b.requests) != 2 {
		t.Errorf("%d clients after %d requests", len(b.clients), len(b.requests))
	}
	// Killed after the secret was saved and before the progress was.
	again := progress()
	again.Done["certificates"] = time.Now()
	again.Facts = map[string]string{"registration_request": p.Facts["registration_request"]}
	if err := run(t, env, again); err != nil || again.Client.ID != "client-1" || len(b.requests) != 2 {
		t.Errorf("got %+v, %v after %d requests", again.Client, err, len(b.requests))
	}
	// Every step once more.
	r, err := recipe.For(env)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range r.Steps() {
		if err := step.Run(context.Background(), p); err != nil {
			t.Errorf("%s again: %v", step.Name, err)
		}
	}
	if len(b.clients) != 1 || p.Client.ID != "client-1" {
		t.Errorf("%d clients, %+v", len(b.clients), p.Client)
	}
}

func TestOneRegistrationServesTheGroup(t *testing.T) {
	b, secrets := newBank(t), &portal{}
	for _, id := range []string{"erste-cz", "erste-sk"} {
		env, p := b.env(t, secrets, good), progress()
		env.Profile.ID, env.Profile.Onboarding.Group = id, "erste"
		if err := run(t, env, p); err != nil || p.Client.ID != "client-1" {
			t.Fatalf("%s: %+v, %v", id, p.Client, err)
		}
	}
	if len(b.requests) != 1 || b.tokens != 2 {
		t.Errorf("%d registrations, %d tokens", len(b.requests), b.tokens)
	}
}

func TestBanksOwnWordsAreShown(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		code   onepoint.Code
		say    string
	}{
		{"an OAuth error", 400, `{"error":"invalid_redirect_uri","error_description":"no https"}`, onepoint.CodeInvalid, "the bank refused: invalid_redirect_uri: no https"},
		{"the Czech list of errors", 401, `{"errors":[{"error":"UNAUTHORISED","message":"unknown TPP"}]}`, onepoint.CodeForbidden, "the bank refused: UNAUTHORISED: unknown TPP"},
		{"a NextGenPSD2 message", 401, `{"tppMessages":[{"category":"ERROR","code":"CERTIFICATE_BLOCKED","text":"blocked"}]}`, onepoint.CodeForbidden, "the bank refused: CERTIFICATE_BLOCKED: blocked"},
		{"problem details", 409, `{"title":"Conflict","detail":"registered already"}`, onepoint.CodeConflict, "the bank refused: Conflict: registered already"},
		{"plain text", 403, "role missing\r\nsorry", onepoint.CodeForbidden, "the bank refused: role missing sorry"},
		{"a page", 404, "<html>nothing</html>", onepoint.CodeInvalid, "the bank refused: status 404 and no reason"},
		{"trouble of its own", 503, `{"message":"maintenance"}`, onepoint.CodeUnavailable, "the bank refused: maintenance"},
		{"too often", 429, `{}`, onepoint.CodeRateLimited, "the bank refused: status 429 and no reason"},
		{"a redirect", 302, ``, onepoint.CodeProtocol, "the bank refused: status 302 and no reason"},
		{"no client id", 200, `{"client_secret":"s3cret"}`, onepoint.CodeProtocol, "the bank's answer lacks the client id"},
		{"no secret", 200, `{"client_id":"client-1"}`, onepoint.CodeProtocol, "the bank's answer lacks the client secret"},
		{"no JSON", 200, `hello`, onepoint.CodeProtocol, "the bank's answer is not the JSON it should be"},
		{"our API key", 400, `{"message":"wrong key k3y-of-portal"}`, onepoint.CodeInvalid, "the bank refused: wrong key ••••"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, secrets, p := newBank(t), &portal{set: &onepoint.Credential{APIKey: "k3y-of-portal"}}, progress()
			b.answer = func(string) (int, string) { return tt.status, tt.body }
			err := run(t, b.env(t, secrets, good), p)
			if onepoint.CodeOf(err) != tt.code || onepoint.MessageOf(err) != tt.say {
				t.Errorf("got %s %q", onepoint.CodeOf(err), onepoint.MessageOf(err))
			}
			if p.Client.ID != "" || secrets.saves != 0 {
				t.Errorf("half-saved: %+v", p.Client)
			}
			clean(t, p)
		})
	}
}

func TestUnfitCertificateIsRefusedBeforeTheBankSeesIt(t *testing.T) {
	now := time.Now()
	tests := []struct {
		name string
		req  eidas.Request
		say  string
	}{
		{"no role", eidas.Request{Type: eidas.TypeWeb, Roles: []eidas.Role{eidas.RolePI}}, "lacks the role PSP_AI"},
		{"expired", eidas.Request{Type: eidas.TypeWeb, Roles: good.Roles, NotBefore: now.AddDate(0, 0, -9), NotAfter: now.AddDate(0, 0, -1)}, "not valid today"},
		{"a seal", eidas.Request{Type: eidas.TypeSeal, Roles: good.Roles}, "of another kind"},
	}
	for _, tt := range tests {
		for _, name := range []string{"json-mtls", "manual", "none"} {
			b, p := newBank(t), progress()
			env := b.env(t, &portal{}, tt.req)
			env.Profile.Onboarding.Recipe = name
			err := run(t, env, p)
			if onepoint.CodeOf(err) != onepoint.CodeCertificateInvalid || !strings.Contains(onepoint.MessageOf(err), tt.say) {
				t.Errorf("%s, %s: got %v", tt.name, name, err)
			}
			if len(b.requests) != 0 || p.Client.ID != "" {
				t.Errorf("%s, %s: the bank was asked", tt.name, name)
			}
		}
	}
}

func TestBankThatTrustsAnotherIssuerSaysSo(t *testing.T) {
	b, other := newBank(t), newBank(t)
	env := other.env(t, &portal{}, good)
	env.Profile.Onboarding.Register = b.URL + "/register"
	roots := b.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	env.HTTP.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
	err := run(t, env, progress())
	if onepoint.CodeOf(err) != onepoint.CodeCertificateInvalid || !strings.Contains(onepoint.MessageOf(err), "the bank refused the client certificate") {
		t.Errorf("got %v", err)
	}
}

func TestProfileThatWouldShowASecretIsRefused(t *testing.T) {
	for name, options := range map[string]map[string]string{
		"a member": {"answer.client_secret": "data.geheimnis"}, "a header": {"header": "X-Whatever"},
	} {
		env := connector.Env{Profile: connector.Profile{ID: "x", Onboarding: connector.Onboarding{Recipe: "json-mtls", Options: options}}}
		if _, err := recipe.For(env); onepoint.CodeOf(err) != onepoint.CodeInternal {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := recipe.For(connector.Env{Profile: connector.Profile{Onboarding: connector.Onboarding{Recipe: "magic"}}}); onepoint.CodeOf(err) != onepoint.CodeInternal {
		t.Errorf("an unknown recipe: %v", err)
	}
}
