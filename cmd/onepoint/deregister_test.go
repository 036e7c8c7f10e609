package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/tpp"
)

func TestDeregistrationEndsTheClientAtTheBank(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database, bankDatabase string) {
		s := startStack(t, "demo", database, bankDatabase)
		if code, out, errs := s.command(t, "connect", "model-bank-uk", "--psu", "alice", "--approve", "--json"); code != 0 {
			t.Fatalf("connect: %s %s", out, errs)
		}
		reg, err := s.Platform.onboard.Registration(t.Context(), s.Platform.Workspace, localBank)
		if err != nil {
			t.Fatal(err)
		}
		profile, err := s.Platform.banks.profile(localBank)
		if err != nil {
			t.Fatal(err)
		}
		env, err := s.Platform.banks.env(t.Context(), s.Platform.Workspace, profile, reg.Progress.Client)
		if err != nil {
			t.Fatal(err)
		}
		client := fapi.NewClient(fapi.ClientConfig{
			HTTP: env.HTTP, Issuer: reg.Progress.Client.Issuer, ClientID: reg.Progress.Client.ID, AuthMethod: reg.Progress.Client.AuthMethod,
			Key: fapi.SigningKey{Signer: env.Signer.Key, KeyID: env.Signer.KeyID, Alg: "PS256"}, Now: env.Now, NewID: env.NewID,
		})
		token, err := client.ClientCredentials(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		read := func() int {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Platform.config.BankURL+"/as/register/"+client.ClientID, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token.AccessToken)
			resp, err := env.HTTP.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp.StatusCode
		}
		if got := read(); got != http.StatusOK {
			t.Fatalf("before: status %d", got)
		}
		if code, out, errs := s.command(t, "tpp", "deregister", "model-bank-uk", "--yes"); code != 0 || strings.Contains(out, "portal") {
			t.Fatalf("deregister: %d %s %s", code, out, errs)
		}
		if got := read(); got != http.StatusUnauthorized {
			t.Errorf("the token still works: status %d", got)
		}
		if code, _, errs := s.command(t, "sync"); code == 0 || !strings.Contains(errs, "not registered") {
			t.Errorf("sync after the end: %d %s", code, errs)
		}
		if code, _, errs := s.command(t, "tpp", "deregister", "model-bank-uk", "--yes"); code == 0 || !strings.Contains(errs, "no registration") {
			t.Errorf("twice: %d %s", code, errs)
		}
		if code, out, errs := s.command(t, "tpp", "register", "model-bank-uk"); code != 0 || strings.Contains(out, client.ClientID) {
			t.Fatalf("register again: %d %s %s", code, out, errs)
		}
		if code, out, errs := s.command(t, "connect", "model-bank-uk", "--psu", "bob", "--approve", "--json"); code != 0 {
			t.Errorf("connect again: %s %s", out, errs)
		}
		s.files(t)
	})
}

// files checks what the registration leaves for a developer.
func (s *testStack) files(t *testing.T) {
	t.Helper()
	to := t.TempDir()
	if code, _, errs := s.command(t, "tpp", "export", "model-bank-uk", "--to", to); code != 0 {
		t.Fatal(errs)
	}
	for _, name := range []string{"software-statement.jwt", "registration.jwt", "client.json"} {
		if found, err := filepath.Glob(filepath.Join(to, name)); err != nil || len(found) != 1 {
			t.Errorf("%s is missing", name)
		}
	}
	code, out, _ := s.command(t, "tpp", "show", "model-bank-uk")
	if code != 0 || !strings.Contains(out, "The directory knows the organisation by its QWAC") {
		t.Errorf("the steps do not explain themselves: %s", out)
	}
}

func TestDeregisteringAClientThatTheBankForgotIsDone(t *testing.T) {
	s := startStack(t, "demo", "", "")
	reg, err := s.Platform.onboard.Registration(t.Context(), s.Platform.Workspace, localBank)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Bank.db.DeleteClient(t.Context(), reg.Progress.Client.ID); err != nil {
		t.Fatal(err)
	}
	left, err := s.Platform.onboard.Deregister(t.Context(), s.Platform.Workspace, localBank)
	if err != nil || left != "" {
		t.Errorf("got %q, %v", left, err)
	}
}

func TestAnotherSoftwareOfTheDirectoryIsRefused(t *testing.T) {
	s := startStack(t, "demo", "", "")
	ctx := t.Context()
	_, err := s.Platform.db.UpdateRegistration(ctx, s.Platform.Workspace, localBank, func(r *tpp.Registration) ([]onepoint.Event, error) {
		clear(r.Progress.Done)
		r.Status, r.Progress.Facts["software_id"] = tpp.RegistrationFailed, "AnotherSoftware"
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	code, _, errs := s.command(t, "tpp", "register", "model-bank-uk")
	if code == 0 || !strings.Contains(errs, "AnotherSoftware: deregister first, then register again") {
		t.Errorf("got %d %s", code, errs)
	}
}
