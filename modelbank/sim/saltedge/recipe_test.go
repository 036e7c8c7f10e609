package saltedge_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/all"
	"github.com/onepointledger/onepoint/connector/profiles"
	"github.com/onepointledger/onepoint/connector/recipe"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/modelbank/sim/saltedge"
)

// ukEnv is a TPP at the UK registration.
func (r *rig) ukEnv(name, org string) connector.Env {
	env := r.env(name, org)
	env.Profile.Onboarding.Recipe = "salt-edge-uk"
	env.Profile.Onboarding.Register = r.url + "/salt-edge/api/open-banking/v3.1/tpp/register"
	return env
}

// copyOf is progress as it was saved.
func copyOf(p *onepoint.Progress) *onepoint.Progress {
	c := *p
	c.Done, c.Input, c.Facts, c.Artifacts = maps.Clone(p.Done), maps.Clone(p.Input), maps.Clone(p.Facts), maps.Clone(p.Artifacts)
	return &c
}

// rows counts what the simulator keeps of an organisation: its software, or its
// certificates.
func (r *rig) rows(t *testing.T, name, org string) int {
	t.Helper()
	if name == "salt-edge-uk" {
		list, err := r.db.SimRows(t.Context(), "saltedge", "uk-client", org, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	row, err := r.db.SimRow(t.Context(), "saltedge", "tpp", org)
	if err != nil {
		t.Fatal(err)
	}
	var tpp struct{ Certificates []any }
	if err := json.Unmarshal(row, &tpp); err != nil {
		t.Fatal(err)
	}
	return len(tpp.Certificates)
}

func TestRecipesGoOnAfterAnyStep(t *testing.T) {
	r, n := newRig(t), 0
	for name, recipeOf := range map[string]func(connector.Env) onepoint.Onboarder{"salt-edge": recipe.SaltEdge, "salt-edge-uk": recipe.SaltEdgeUK} {
		for _, saved := range []bool{true, false} {
			for killed := range len(recipeOf(connector.Env{}).Steps()) {
				n++
				tpp, org := fmt.Sprintf("ledger-%d", n), fmt.Sprintf("PSDGB-FCA-%06d", n)
				env := r.ukEnv(tpp, org)
				if name == "salt-edge" {
					env.Profile.Onboarding.Register = r.url + "/salt-edge/api/berlingroup/v1/tpp/register"
				}
				p := progress()
				var before *onepoint.Progress
				steps := recipeOf(env).Steps()
				for i, step := range steps[:killed+1] {
					if i == killed {
						before = copyOf(p)
					}
					r.onboard(one{step}, p)
				}
				rest := steps[killed+1:]
				if !saved { // the step ran, and nobody remembers
					p, rest = before, steps[killed:]
				}
				r.onboard(many(rest), p)
				if p.Client.ID == "" || p.Artifacts["client.json"] == "" {
					t.Errorf("%s killed after %s, saved %t: %+v", name, steps[killed].Name, saved, p.Client)
				}
				first := p.Client.ID
				again := progress()
				r.onboard(recipeOf(env), again)
				if again.Client.ID != first || r.rows(t, name, org) != 1 {
					t.Errorf("%s: registered twice: %s and %s", name, first, again.Client.ID)
				}
				for artifact, content := range p.Artifacts {
					if s, ok := env.Secrets.(*secrets); ok && s.saved > 0 && strings.Contains(content, s.set.ClientSecret.Reveal()) {
						t.Errorf("the secret is in %s", artifact)
					}
				}
			}
		}
	}
}

type one struct{ step onepoint.Step }

func (o one) Steps() []onepoint.Step { return []onepoint.Step{o.step} }

type many []onepoint.Step

func (m many) Steps() []onepoint.Step { return m }

func TestRecipeSaysWhatItWaitsFor(t *testing.T) {
	r := newRig(t, func(c *saltedge.Config) { c.Delay = time.Hour })
	env := r.env("ledger", orgID)
	steps := recipe.SaltEdge(env).Steps()
	p := progress()
	for _, step := range steps[:2] {
		if err := step.Run(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	err := steps[2].Run(t.Context(), p)
	var e *onepoint.Error
	if !errors.As(err, &e) || e.Code != onepoint.CodeUnavailable || e.Retry != 2*time.Second || !strings.Contains(e.Msg, "e-mail") {
		t.Errorf("got %+v", err)
	}
	r.advance(time.Hour + time.Minute)
	if err := steps[2].Run(t.Context(), p); err != nil {
		t.Errorf("accepted: %v", err)
	}
	env.Profile.Onboarding.Options = nil
	err = recipe.SaltEdge(env).Steps()[1].Run(t.Context(), progress())
	if !errors.As(err, &e) || e.Code != onepoint.CodeInputRequired || len(e.Fields) != 7 {
		t.Errorf("without answers: %+v", err)
	}
}

func TestRecipeRefusesCertificatesBeforeTheBankDoes(t *testing.T) {
	r := newRig(t)
	seal := func(name string, req eidas.Request) connector.Env {
		env := r.env(name, orgID)
		r.issue(name+"-own", req)
		env.Signer = r.signer(name + "-own")
		return env
	}
	ai := []eidas.Role{eidas.RoleAI}
	none := r.env("none", orgID)
	none.Signer.Chain = nil
	for name, env := range map[string]connector.Env{
		"none":         none,
		"a QWAC":       seal("web", eidas.Request{Type: eidas.TypeWeb, OrgID: orgID, Roles: ai, DNSNames: []string{"tpp.example"}}),
		"no role":      seal("role", eidas.Request{Type: eidas.TypeSeal, OrgID: orgID, Roles: []eidas.Role{eidas.RolePI}}),
		"not yet":      seal("early", eidas.Request{Type: eidas.TypeSeal, OrgID: orgID, Roles: ai, NotBefore: time.Now().Add(time.Hour)}),
		"not any more": seal("late", eidas.Request{Type: eidas.TypeSeal, OrgID: orgID, Roles: ai, NotAfter: time.Now().Add(2 * time.Second)}),
	} {
		if name == "not any more" {
			env.Now = func() time.Time { return time.Now().Add(time.Minute) }
		}
		if err := recipe.SaltEdge(env).Steps()[0].Run(t.Context(), progress()); onepoint.CodeOf(err) != onepoint.CodeCertificateInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRecipeShowsTheBanksOwnWords(t *testing.T) {
	r := newRig(t)
	env := r.ukEnv("ledger", orgID)
	p := progress()
	steps := recipe.SaltEdgeUK(env).Steps()
	for _, step := range steps[:2] {
		if err := step.Run(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	env.TPP.RedirectURI = "https://elsewhere.example/callback"
	err := recipe.SaltEdgeUK(env).Steps()[2].Run(t.Context(), p)
	if onepoint.MessageOf(err) != "the bank refused: Invalid (redirect_uris must be among software_redirect_uris)" {
		t.Errorf("got %q", onepoint.MessageOf(err))
	}
	env = r.env("uk", orgID)
	r.issue("uk-own", eidas.Request{Type: eidas.TypeSeal, OrgID: orgID, Roles: []eidas.Role{eidas.RoleAI}, Subject: eidas.Subject{Country: "UK", Organisation: "L"}})
	env.Signer = r.signer("uk-own")
	err = recipe.SaltEdge(env).Steps()[1].Run(t.Context(), progress())
	if onepoint.MessageOf(err) != "the bank refused: FORMAT_ERROR (country UK was not found)" {
		t.Errorf("got %q", onepoint.MessageOf(err))
	}
	env.HTTP = &http.Client{Transport: down{}}
	if err := recipe.SaltEdge(env).Steps()[1].Run(t.Context(), progress()); onepoint.CodeOf(err) != onepoint.CodeUnavailable {
		t.Errorf("a bank that is down: %v", err)
	}
}

type down struct{}

func (down) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("connection refused")
}

func TestUKRecipeByClientSecret(t *testing.T) {
	r := newRig(t)
	env := r.ukEnv("ledger", orgID)
	env.Profile.Security.ClientAuth = "none"
	p := progress()
	r.onboard(recipe.SaltEdgeUK(env), p)
	if p.Client.AuthMethod != "client_secret_basic" || env.Secrets.(*secrets).set.ClientSecret == "" {
		t.Errorf("got %+v", p.Client)
	}
	b, err := json.Marshal(p)
	if err != nil || strings.Contains(string(b), env.Secrets.(*secrets).set.ClientSecret.Reveal()) {
		t.Errorf("the secret is in the progress: %v", err)
	}
}

func TestDriverOpensTheShippedProfile(t *testing.T) {
	r := newRig(t)
	env := r.registered("ledger")
	shipped, err := profiles.Load()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, p := range shipped {
		if p.ID != "salt-edge" {
			continue
		}
		found = true
		env.Profile = p
		for _, d := range all.Drivers() {
			if d.Name != p.Standard {
				continue
			}
			if _, err := d.Open(env); err != nil {
				t.Error(err)
			}
			if o, err := d.Onboard(env); err != nil || len(o.Steps()) != 4 {
				t.Errorf("onboard: %v", err)
			}
			env.Profile.Onboarding.Recipe = "another"
			if _, err := d.Onboard(env); onepoint.CodeOf(err) != onepoint.CodeInternal {
				t.Errorf("an unknown recipe: %v", err)
			}
		}
	}
	if !found {
		t.Error("the profile is missing")
	}
}
