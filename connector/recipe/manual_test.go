package recipe_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/eidas"
)

func (b *bank) manual(t testing.TB, secrets connector.Credentials) connector.Env {
	env := b.env(t, secrets, good)
	env.Profile.Onboarding = connector.Onboarding{
		Recipe: "manual", Portal: "https://portal.example/apps", Group: "portal",
		Asks: []connector.Question{
			{Name: "client_id", Label: "client id"},
			{Name: "client_secret", Label: "client secret", Secret: true},
			{Name: "application", Label: "application number"},
			{Name: "enrolment", Label: "enrolment token", Secret: true},
		},
	}
	return env
}

func TestPortalAsksForWhatIsMissing(t *testing.T) {
	b, secrets, p := newBank(t), &portal{}, progress()
	env := b.manual(t, secrets)
	err := run(t, env, p)
	var e *onepoint.Error
	if !errors.As(err, &e) || onepoint.CodeOf(err) != onepoint.CodeInputRequired || !strings.Contains(onepoint.MessageOf(err), "https://portal.example/apps") {
		t.Fatalf("got %v", err)
	}
	want := []onepoint.Field{
		{Name: "client_id", Message: "client id"},
		{Name: "client_secret", Message: "client secret", Secret: true},
		{Name: "application", Message: "application number"},
		{Name: "enrolment", Message: "enrolment token", Secret: true},
	}
	for i, f := range want {
		if len(e.Fields) != len(want) || e.Fields[i] != f {
			t.Fatalf("asked for %+v", e.Fields)
		}
	}
	// The human answers: what is open in the input, what is secret in the vault.
	p.Input = map[string]string{"client_id": "client-7", "application": "42"}
	if err := run(t, env, p); !errors.As(err, &e) || len(e.Fields) != 2 {
		t.Fatalf("half answered: %v", err)
	}
	set, err := secrets.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set.ClientSecret, set.More["enrolment"] = "s3cret-of-bank", "t0ken"
	secrets.set = &set
	if err := run(t, env, p); err != nil {
		t.Fatal(err)
	}
	if p.Client.ID != "client-7" || p.Client.Facts["application"] != "42" || p.Client.Facts["enrolment"] != "" || b.tokens != 1 {
		t.Errorf("got %+v, %d tokens", p.Client, b.tokens)
	}
	clean(t, p)
}

func TestPortalAsksOnceForAGroup(t *testing.T) {
	b := newBank(t)
	secrets := &portal{set: &onepoint.Credential{
		ClientID: "client-7", ClientSecret: "s3cret-of-bank", More: map[string]onepoint.Secret{"application": "42", "enrolment": "t0ken"},
	}}
	for _, id := range []string{"one", "two"} {
		env, p := b.manual(t, secrets), progress()
		env.Profile.ID = id
		if err := run(t, env, p); err != nil || p.Client.ID != "client-7" || p.Client.Facts["application"] != "42" {
			t.Errorf("%s: got %+v, %v", id, p.Client, err)
		}
		clean(t, p)
	}
	if secrets.saves != 0 {
		t.Errorf("saved %d times without a change", secrets.saves)
	}
}

func TestWrongSecretIsToldWithoutIt(t *testing.T) {
	b, p := newBank(t), progress()
	secrets := &portal{set: &onepoint.Credential{ClientID: "client-7", ClientSecret: "s3cret-mistyped", More: map[string]onepoint.Secret{"application": "1", "enrolment": "t0ken"}}}
	err := run(t, b.manual(t, secrets), p)
	if onepoint.CodeOf(err) != onepoint.CodeForbidden || onepoint.MessageOf(err) != "the bank refused: invalid_client: no client with the secret ••••" {
		t.Errorf("got %v", err)
	}
}

func TestEndedCredentialsAreNotUsed(t *testing.T) {
	b, p := newBank(t), progress()
	env := b.manual(t, nil)
	env.Secrets = &portal{set: &onepoint.Credential{ClientID: "client-7", ValidUntil: env.Now().AddDate(0, 0, -1)}}
	if err := run(t, env, p); onepoint.CodeOf(err) != onepoint.CodeConflict || !strings.Contains(onepoint.MessageOf(err), "ended on") {
		t.Errorf("got %v", err)
	}
}

func TestPortalWithoutCertificatesOrTokens(t *testing.T) {
	b, p := newBank(t), progress()
	env := b.manual(t, &portal{set: &onepoint.Credential{APIKey: "k3y"}})
	env.TPP.Transport, env.Profile.Endpoints.Token = nil, ""
	env.Profile.Onboarding.Asks = []connector.Question{{Name: "api_key", Label: "API key", Secret: true}}
	if err := run(t, env, p); onepoint.CodeOf(err) != onepoint.CodeCertificateInvalid {
		t.Errorf("without a QWAC: %v", err)
	}
	env.Profile.Onboarding.Options = map[string]string{"certificates": "none"}
	if err := run(t, env, p); err != nil || p.Client.ID != organisation || b.tokens != 0 {
		t.Errorf("got %+v, %v", p.Client, err)
	}
	clean(t, p)
}

func TestNoRegistrationTakesTheOrganisationOfTheQWAC(t *testing.T) {
	b, p := newBank(t), progress()
	env := b.env(t, &portal{}, eidas.Request{Type: eidas.TypeWeb, Roles: good.Roles})
	env.Profile.Onboarding.Recipe = "none"
	for range 2 { // repeating is safe
		if err := run(t, env, p); err != nil || p.Client.ID != organisation || p.Client.RedirectURI != env.TPP.RedirectURI {
			t.Errorf("got %+v, %v", p.Client, err)
		}
		clear(p.Done)
	}
	if len(b.requests)+b.tokens != 0 {
		t.Error("the bank was called")
	}
}
