package op_test

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
)

// clients counts the registrations that the bank holds of the provider.
func (b *bench) clients(t testing.TB, p *onepoint.Progress) int {
	t.Helper()
	return must[int](t)(b.sim.Clients(t.Context(), p.Facts["tpp_id"]))
}

func TestRecipeRegistersOneClient(t *testing.T) {
	r := register(t, newBench(t))
	p := r.progress
	if n := r.clients(t, p); n != 1 {
		t.Errorf("the bank has %d clients", n)
	}
	if p.Client.ID == "" || p.Client.RedirectURI != redirect || p.Client.Issuer != r.profile.Endpoints.Issuer || p.Client.AuthMethod != "client_secret_post" ||
		p.Client.Transport == "" || p.Client.Seal == "" || p.Client.Transport == p.Client.Seal || !p.Client.Registered.Equal(noon()) {
		t.Errorf("the client is %+v", p.Client)
	}
	for _, file := range []string{"qwac.pem", "qseal.pem", "ssa.jwt", "registration.jwt", "client.json"} {
		if p.Artifacts[file] == "" {
			t.Errorf("%s is missing", file)
		}
	}
	c := must[onepoint.Credential](t)(secrets{r.bench}.Read(t.Context()))
	if c.ClientID != p.Client.ID || c.ClientSecret == "" || c.APIKey != apiKey || !c.ValidFrom.Equal(noon()) {
		t.Errorf("the credentials are of %s since %s", c.ClientID, c.ValidFrom)
	}
}

func TestRecipeLeavesNothingSecretInProgress(t *testing.T) {
	r := register(t, newBench(t))
	saved := string(must[[]byte](t)(json.Marshal(r.progress)))
	c := must[onepoint.Credential](t)(secrets{r.bench}.Read(t.Context()))
	for what, secret := range map[string]string{
		"the client secret": c.ClientSecret.Reveal(), "the API key": c.APIKey.Reveal(), "a private key": "PRIVATE KEY", "a private number": `"d"`,
		"a private number, quoted": `\"d\"`,
	} {
		if secret == "" || strings.Contains(saved, secret) {
			t.Errorf("%s is in the progress", what)
		}
	}
	if !strings.Contains(saved, "BEGIN CERTIFICATE") {
		t.Error("the progress was not encoded with its artifacts")
	}
}

// clone is the progress as the platform saves it.
func clone(t testing.TB, p *onepoint.Progress) *onepoint.Progress {
	t.Helper()
	saved, fresh := must[[]byte](t)(json.Marshal(p)), newProgress()
	if err := json.Unmarshal(saved, fresh); err != nil {
		t.Fatal(err)
	}
	return fresh
}

func TestRecipeKilledAnywhereEndsWithOneClient(t *testing.T) {
	steps := newBench(t)
	for _, step := range steps.onboarder(t, steps.env(t)).Steps() {
		for _, saved := range []bool{true, false} {
			name := "after " + step.Name + ", nothing saved"
			if saved {
				name = "after " + step.Name + ", saved"
			}
			t.Run(name, func(t *testing.T) {
				b := newBench(t)
				p, before := newProgress(), newProgress()
				for _, s := range b.onboarder(t, b.env(t)).Steps() {
					before = clone(t, p)
					if err := s.Run(t.Context(), p); err != nil {
						t.Fatal(err)
					}
					if s.Name == step.Name {
						break
					}
				}
				from, kept := step.Name, before
				if saved {
					kept = clone(t, p)
				}
				b.advance(20 * time.Minute) // the restart took its time
				if err := run(t.Context(), b.onboarder(t, b.env(t)), kept, from, ""); err != nil {
					t.Fatal(err)
				}
				if n := b.clients(t, kept); n != 1 {
					t.Errorf("the bank has %d clients", n)
				}
				conn := registered{b, kept}.open(t, nil)
				if _, err := conn.Authorize(t.Context(), intent(onepoint.Access{}, "s")); err != nil {
					t.Errorf("the registration does not work: %v", err)
				}
			})
		}
	}
}

func TestRecipeSignsAStaleRequestAgain(t *testing.T) {
	b, p := newBench(t), newProgress()
	if err := run(t.Context(), b.onboarder(t, b.env(t)), p, "", "registration-request"); err != nil {
		t.Fatal(err)
	}
	before := maps.Clone(p.Artifacts)
	b.advance(30 * 24 * time.Hour) // far beyond the life of statement and request
	if err := run(t.Context(), b.onboarder(t, b.env(t)), p, "register", ""); err != nil {
		t.Fatal(err)
	}
	if p.Artifacts["registration.jwt"] == before["registration.jwt"] || p.Artifacts["ssa.jwt"] == before["ssa.jwt"] {
		t.Error("the old request was sent")
	}
	if n := b.clients(t, p); n != 1 {
		t.Errorf("the bank has %d clients", n)
	}
}

func TestRecipeSendsAFreshRequestAsItIs(t *testing.T) {
	b, p := newBench(t), newProgress()
	if err := run(t.Context(), b.onboarder(t, b.env(t)), p, "", "registration-request"); err != nil {
		t.Fatal(err)
	}
	before := p.Artifacts["registration.jwt"]
	b.advance(time.Minute)
	if err := run(t.Context(), b.onboarder(t, b.env(t)), p, "register", ""); err != nil || p.Artifacts["registration.jwt"] != before {
		t.Errorf("signed again: %t, %v", p.Artifacts["registration.jwt"] != before, err)
	}
}

func TestRecipeAsksAHumanForTheAPIKey(t *testing.T) {
	b, p := newBench(t), newProgress()
	delete(b.profile.Onboarding.Options, "api_key")
	err := run(t.Context(), b.onboarder(t, b.env(t)), p, "", "")
	var e *onepoint.Error
	if !errors.As(err, &e) || e.Code != onepoint.CodeInputRequired || len(e.Fields) != 1 || !e.Fields[0].Secret || e.Fields[0].Name != "api_key" ||
		!strings.Contains(e.Msg, b.profile.Onboarding.Portal) {
		t.Fatalf("got %+v", err)
	}
	if len(p.Facts) > 0 {
		t.Errorf("went on without the key: %v", p.Facts)
	}
	if err := (secrets{b}).Save(t.Context(), onepoint.Credential{APIKey: apiKey}); err != nil { // the human's answer
		t.Fatal(err)
	}
	if err := run(t.Context(), b.onboarder(t, b.env(t)), p, "", ""); err != nil {
		t.Fatal(err)
	}
	if n := b.clients(t, p); n != 1 {
		t.Errorf("the bank has %d clients", n)
	}
}

func TestRegisteredTwiceIsOneClientWithANewSecret(t *testing.T) {
	r := register(t, newBench(t))
	first, id := must[onepoint.Credential](t)(secrets{r.bench}.Read(t.Context())), r.progress.Client.ID
	if err := run(t.Context(), r.onboarder(t, r.env(t)), r.progress, "register", ""); err != nil {
		t.Fatal(err)
	}
	second := must[onepoint.Credential](t)(secrets{r.bench}.Read(t.Context()))
	if r.progress.Client.ID != id || r.clients(t, r.progress) != 1 || first.ClientSecret == second.ClientSecret {
		t.Errorf("another client, or the old secret")
	}
}
