package bunq_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/onepointledger/onepoint"
	simbunq "github.com/onepointledger/onepoint/modelbank/sim/bunq"
)

func off() simbunq.Limits { return simbunq.Limits{Off: true} }

func TestRecipeRegisters(t *testing.T) {
	w := newWorld(t, off())
	p := w.onboard(t)
	if p.Client.ID == "" || p.Client.Seal == "" || p.Client.AuthMethod != "client_secret_post" || p.Client.RedirectURI != redirectURI {
		t.Errorf("the client is not whole: %+v", p.Client)
	}
	for _, name := range []string{"installation-public-key.pem", "server-public-key.pem", "oauth-client.json"} {
		if p.Artifacts[name] == "" {
			t.Errorf("the artifact %s is missing", name)
		}
	}
	cred, err := secrets{w}.Read(t.Context())
	must(t, err)
	saved, err := json.Marshal(p)
	must(t, err)
	for what, secret := range map[string]onepoint.Secret{
		"the API key": cred.APIKey, "the client secret": cred.ClientSecret,
		"the installation token": cred.More["installation_token"], "the session token": cred.More["session_token"],
	} {
		if secret == "" {
			t.Errorf("%s was not kept", what)
		} else if strings.Contains(string(saved), secret.Reveal()) {
			t.Errorf("%s is in the progress", what)
		}
	}
}

// A step may be killed when it was saved, when what it learned was lost, and when
// the secrets that it got were lost as well.
func TestKilledRecipeRegistersOnce(t *testing.T) {
	w := newWorld(t, off())
	for _, lost := range []string{"nothing lost", "progress lost", "progress and secrets lost"} {
		for cut := range 9 {
			w.certify(t, fmt.Sprintf("qseal %s %d", lost, cut))
			must(t, secrets{w}.Remove(t.Context()))
			steps := w.onboarder(t).Steps()
			t.Run(steps[cut].Name+", "+lost, func(t *testing.T) {
				p := newProgress()
				for _, s := range steps[:cut] {
					must(t, s.Run(t.Context(), p))
				}
				before, next := clone(t, p), cut+1
				kept, errKept := secrets{w}.Read(t.Context())
				must(t, steps[cut].Run(t.Context(), p))
				if lost != "nothing lost" {
					p, next = before, cut
				}
				if lost == "progress and secrets lost" && errKept == nil {
					must(t, secrets{w}.Save(t.Context(), kept))
				} else if lost == "progress and secrets lost" {
					must(t, secrets{w}.Remove(t.Context()))
				}
				w.restart(t)
				for _, s := range w.onboarder(t).Steps()[next:] {
					if err := s.Run(t.Context(), p); err != nil {
						t.Fatalf("%s: %v", s.Name, err)
					}
				}
				clients, callbacks := w.registered(t, p)
				if clients != 1 || callbacks != 1 {
					t.Errorf("%d OAuth clients and %d callback URLs", clients, callbacks)
				}
				w.connect(t, w.open(t, p.Client, nil), "alice", onepoint.Access{})
			})
		}
	}
}

func clone(t *testing.T, p *onepoint.Progress) *onepoint.Progress {
	t.Helper()
	data, err := json.Marshal(p)
	must(t, err)
	out := newProgress()
	must(t, json.Unmarshal(data, out))
	return out
}

// registered counts what bunq holds of us, by a session of the test's own.
func (w *world) registered(t *testing.T, p *onepoint.Progress) (clients, callbacks int) {
	t.Helper()
	r := w.raw(t)
	user := p.Client.Facts["psp_user_id"]
	for _, o := range r.get("/user/" + user + "/oauth-client")["Response"].([]any) {
		clients++
		callbacks += len(o.(map[string]any)["OauthClient"].(map[string]any)["callback_url"].([]any))
	}
	return clients, callbacks
}

func TestRecipeRunsTwiceAndDeregisters(t *testing.T) {
	w := newWorld(t, off())
	p := w.onboard(t)
	for _, s := range w.onboarder(t).Steps() {
		must(t, s.Run(t.Context(), p))
	}
	if clients, callbacks := w.registered(t, p); clients != 1 || callbacks != 1 {
		t.Errorf("%d OAuth clients and %d callback URLs", clients, callbacks)
	}
	b := w.open(t, p.Client, nil)
	for range 2 {
		must(t, w.onboarder(t).(onepoint.Deregisterer).Deregister(t.Context(), p))
	}
	auth, err := b.Authorize(t.Context(), intent(onepoint.Access{}, "gone"))
	must(t, err)
	resp, err := w.http(nil).Get(auth.Redirect)
	must(t, err)
	if resp.StatusCode != http.StatusBadRequest || !strings.Contains(body(t, resp), "not known to bunq") {
		t.Errorf("the OAuth client is still there: %s", resp.Status)
	}
	again := w.onboard(t)
	if again.Client.ID == p.Client.ID {
		t.Error("the cancelled client was taken again")
	}
}

func TestUnusedAPIKeyIsReplaced(t *testing.T) {
	w := newWorld(t, off())
	p := newProgress()
	steps := w.onboarder(t).Steps()
	for _, s := range steps[:4] {
		must(t, s.Run(t.Context(), p))
	}
	was, err := secrets{w}.Read(t.Context())
	must(t, err)
	w.clock.Advance(61 * 60e9)
	for _, s := range steps[4:] {
		must(t, s.Run(t.Context(), p))
	}
	is, err := secrets{w}.Read(t.Context())
	must(t, err)
	if is.APIKey == was.APIKey {
		t.Error("the API key that nobody used for an hour is still the same")
	}
}

func TestWrongAPIKeyIsRefusedInBunqsWords(t *testing.T) {
	w := newWorld(t, off())
	p := newProgress()
	steps := w.onboarder(t).Steps()
	for _, s := range steps[:5] {
		must(t, s.Run(t.Context(), p))
	}
	cred, err := secrets{w}.Read(context.Background())
	must(t, err)
	cred.APIKey = "0000"
	must(t, secrets{w}.Save(t.Context(), cred))
	err = steps[5].Run(t.Context(), p)
	if msg := onepoint.MessageOf(err); msg != "bunq refused: User credentials are incorrect. Incorrect API key or IP address." {
		t.Errorf("got %v", err)
	}
}
