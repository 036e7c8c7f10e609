package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/recipe"
)

// group adds two banks of one portal to the catalogue; nothing at them is called.
func (s *testStack) group(t *testing.T) {
	t.Helper()
	s.Platform.banks.drivers["portal"] = connector.Driver{Name: "portal", Onboard: recipe.For}
	for _, id := range []string{"bank-a", "bank-b"} {
		s.Platform.banks.profiles[id] = connector.Profile{
			ID: id, Name: strings.ToUpper(id), Standard: "portal", Onboarding: connector.Onboarding{
				Recipe: "manual", Group: "the-portal", Asks: []connector.Question{{Name: "client_id", Label: "client id"}, {Name: "api_key", Label: "API key", Secret: true}},
			},
		}
	}
}

func TestOneCredentialSetServesBothBanksOfAGroup(t *testing.T) {
	s := startStack(t, "demo", "", "")
	s.group(t)
	ctx, onboard, workspace := t.Context(), s.Platform.onboard, s.Platform.Workspace
	register := func(bank string, answers map[string]string) string {
		t.Helper()
		if _, err := onboard.Register(ctx, workspace, bank, answers); err != nil {
			t.Fatal(err)
		}
		if err := onboard.Run(ctx, workspace, bank); err != nil {
			t.Fatal(err)
		}
		r, err := onboard.Registration(ctx, workspace, bank)
		if err != nil {
			t.Fatal(err)
		}
		return string(r.Status)
	}
	if got := register("bank-a", nil); got != "needs_input" {
		t.Fatalf("bank-a without credentials: %s", got)
	}
	if got := register("bank-a", map[string]string{"client_id": "client-9", "api_key": "the-s3cret-key"}); got != "registered" {
		t.Fatalf("bank-a: %s", got)
	}
	if got := register("bank-b", nil); got != "registered" {
		t.Fatalf("bank-b finds no credentials: %s", got)
	}
	saved := s.Platform.credentials()
	sets, err := saved.List(ctx, workspace)
	if err != nil || len(sets) != 1 || sets[0].Group != "the-portal" || sets[0].ClientID != "client-9" || len(sets[0].Banks) != 2 {
		t.Fatalf("got %+v, %v", sets, err)
	}
	// It stays while one of them needs it.
	if _, err := onboard.Deregister(ctx, workspace, "bank-a"); err != nil {
		t.Fatal(err)
	}
	if err := saved.Remove(ctx, workspace, "the-portal"); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("removed in use: %v", err)
	}
	if got := register("bank-a", nil); got != "registered" {
		t.Errorf("bank-a again: %s", got)
	}
	for _, bank := range []string{"bank-a", "bank-b"} {
		if _, err := onboard.Deregister(ctx, workspace, bank); err != nil {
			t.Fatal(err)
		}
	}
	if sets, err := saved.List(ctx, workspace); err != nil || len(sets) != 0 {
		t.Errorf("the last bank left %+v, %v", sets, err)
	}
}

func TestCredentialsOverTheCommandLine(t *testing.T) {
	s := startStack(t, "demo", "", "")
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("very-s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	command := func(want int, args ...string) string {
		t.Helper()
		code, out, errs := s.command(t, args...)
		all.WriteString(out + errs)
		if code != want {
			t.Errorf("%v: %d %s %s", args, code, out, errs)
		}
		return out + errs
	}
	if out := command(0, "credentials", "set", "op", "--client-id", "c-1", "--secret-file", secret, "--label", "OP live", "--valid-until", "2030-01-31", "--more", "token="+secret); !strings.Contains(out, "client id, client secret, tokens") {
		t.Error(out)
	}
	if out := command(0, "credentials", "list"); !strings.Contains(out, "OP live") || !strings.Contains(out, "2030-01-31") || !strings.Contains(out, "c-1") {
		t.Error(out)
	}
	command(0, "credentials", "list", "--json")
	command(0, "credentials", "set", "op", "--label", "OP sandbox", "--json")
	command(exitError, "credentials", "set", "nowhere", "--client-id", "x")
	command(exitUsage, "credentials", "set", "op")
	command(exitUsage, "credentials", "set", "op", "--secret-file", "/nowhere")
	command(exitUsage, "credentials", "set", "op", "--valid-from", "soon", "--client-id", "x")
	command(0, "credentials", "remove", "op")
	command(exitError, "credentials", "remove", "op")
	if strings.Contains(all.String(), "s3cret") || strings.Contains(s.logs.String(), "very-s3cret") {
		t.Error("a secret was shown")
	}
	var log []string
	for _, e := range s.audited(t) {
		if e.Subject == "op" {
			log = append(log, e.Action)
		}
	}
	if got := strings.Join(log, ","); got != "credential.saved,credential.saved,credential.removed" {
		t.Errorf("the audit log has %s", got)
	}
	c, err := (&cliContext{Ctx: t.Context(), Data: s.Data}).client()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.call(t.Context(), http.MethodPut, "/credentials/op", map[string]any{"apiKey": "a\nb"}, nil); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("a malformed key: %v", err)
	}
}
