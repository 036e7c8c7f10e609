package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

// registrable are the banks that `onepoint up` simulates, each with the query
// that counts our registrations there.
var registrable = []struct{ bank, count string }{
	{localBank, `SELECT COUNT(*) FROM as_clients`},
	{"op", `SELECT COUNT(*) FROM sim_rows WHERE sim = 'op' AND kind = 'client'`},
	{"bunq", `SELECT COUNT(*) FROM sim_rows WHERE sim = 'bunq' AND kind = 'oauth_client'`},
	{"salt-edge", `SELECT COUNT(*) FROM sim_rows WHERE sim = 'saltedge' AND kind = 'tpp'`},
}

// killed is what a test panics with in place of a process that dies.
type killed struct{}

// dying kills the run at one step: before the step, or after its work was done and
// before anything of it was saved.
type dying struct {
	tpp.Banks
	step   int
	worked bool
}

// Onboarder implements tpp.Banks.
func (d dying) Onboarder(ctx context.Context, workspace, bank string) (onepoint.Onboarder, error) {
	recipe, err := d.Banks.Onboarder(ctx, workspace, bank)
	return dyingRecipe{recipe, d}, err
}

type dyingRecipe struct {
	onepoint.Onboarder
	at dying
}

// Steps implements onepoint.Onboarder.
func (d dyingRecipe) Steps() []onepoint.Step {
	steps := d.Onboarder.Steps()
	run := steps[d.at.step].Run
	steps[d.at.step].Run = func(ctx context.Context, p *onepoint.Progress) error {
		if d.at.worked {
			if err := run(ctx, p); err != nil {
				return err
			}
		}
		panic(killed{})
	}
	return steps
}

func (s *testStack) countAtBank(t *testing.T, query string) int {
	t.Helper()
	handle, _ := s.Bank.db.Handle()
	var n int
	if err := handle.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// runUntilKilled reports whether the run died, as it should.
func runUntilKilled(t *testing.T, o *tpp.Onboarding, workspace, bank string) (died bool) {
	t.Helper()
	defer func() {
		switch r := recover(); r.(type) {
		case nil:
		case killed:
			died = true
		default:
			panic(r)
		}
	}()
	runPatiently(t, o, workspace, bank)
	return false
}

// runPatiently waits where a bank asks to, as the queue does.
func runPatiently(t *testing.T, o *tpp.Onboarding, workspace, bank string) {
	t.Helper()
	for range 50 {
		err := o.Run(t.Context(), workspace, bank)
		var e *onepoint.Error
		if err == nil {
			return
		}
		if !errors.As(err, &e) || e.Code != onepoint.CodeUnavailable || e.Retry == 0 {
			t.Fatalf("run: %v", err)
		}
		time.Sleep(min(e.Retry, 200*time.Millisecond))
	}
	t.Fatal("the bank never finished")
}

func TestRegistrationKilledAtAnyStepGoesOnAndRegistersOnce(t *testing.T) {
	for _, b := range registrable {
		t.Run(b.bank, func(t *testing.T) {
			s := startStack(t, "demo", "", "")
			p := s.Platform
			steps, err := p.onboard.Steps(t.Context(), p.Workspace, b.bank)
			if err != nil {
				t.Fatal(err)
			}
			for i, step := range steps {
				for _, worked := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s, worked %t", step.Name, worked), func(t *testing.T) {
						s.forgetRegistration(t, b.bank)
						before := s.countAtBank(t, b.count)
						dead := *p.onboard
						dead.Banks = dying{p.banks, i, worked}
						if !runUntilKilled(t, &dead, p.Workspace, b.bank) {
							t.Fatal("the run was not killed")
						}
						runPatiently(t, p.onboard, p.Workspace, b.bank)
						s.registeredOnce(t, b.bank, s.countAtBank(t, b.count)-before)
					})
				}
			}
		})
	}
}

// forgetRegistration makes the platform forget, as a new workspace would know
// nothing; the bank keeps what it has.
func (s *testStack) forgetRegistration(t *testing.T, bank string) {
	t.Helper()
	p := s.Platform
	if err := p.banks.Forget(t.Context(), p.Workspace, bank); err != nil {
		t.Fatal(err)
	}
	_, err := p.db.UpdateRegistration(t.Context(), p.Workspace, bank, func(r *tpp.Registration) ([]onepoint.Event, error) {
		r.Status, r.Progress = tpp.RegistrationNone, onepoint.Progress{}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// registeredOnce checks the outcome: the bank has at most one client more (the
// model bank knows the software and keeps the one it has), and no secret lies in
// the row.
func (s *testStack) registeredOnce(t *testing.T, bank string, added int) {
	t.Helper()
	p := s.Platform
	r, err := p.onboard.Registration(t.Context(), p.Workspace, bank)
	if err != nil || r.Status != tpp.RegistrationDone || r.Progress.Client.ID == "" {
		t.Fatalf("registration %+v, %v", r, err)
	}
	if added > 1 || bank == localBank && added > 0 {
		t.Errorf("the bank has %d more clients", added)
	}
	plain, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := p.banks.profile(bank)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.keys.Credential(t.Context(), p.Workspace, profile.Group())
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		t.Fatal(err)
	}
	for _, secret := range append([]onepoint.Secret{c.ClientSecret, c.APIKey}, values(c.More)...) {
		if secret != "" && strings.Contains(string(plain), secret.Reveal()) {
			t.Errorf("a secret lies open in the registration of %s", bank)
		}
	}
}

// values are the tokens among what a bank gave; it also keeps times, ids and public
// keys there.
func values(m map[string]onepoint.Secret) []onepoint.Secret {
	var out []onepoint.Secret
	for name, v := range m {
		if strings.HasSuffix(name, "token") {
			out = append(out, v)
		}
	}
	return out
}

// The command line's journey at every simulated bank: register, connect, read.
func TestEveryBankRegistersConnectsAndReads(t *testing.T) {
	s := startStack(t, "demo", "", "")
	for _, b := range registrable {
		t.Run(b.bank, func(t *testing.T) {
			if code, out, errs := s.command(t, "tpp", "register", b.bank); code != 0 || !strings.Contains(out, "registered at "+b.bank) {
				t.Fatalf("register: %d %s %s", code, out, errs)
			}
			if code, out, errs := s.command(t, "connect", b.bank, "--psu", "bob", "--approve"); code != 0 || !strings.Contains(out, "connected: ") {
				t.Fatalf("connect: %d %s %s", code, out, errs)
			}
			if code, out, errs := s.command(t, "tpp", "status"); code != 0 || !strings.Contains(out, b.bank) {
				t.Errorf("status: %d %s %s", code, out, errs)
			}
			code, out, errs := s.command(t, "tpp", "show", b.bank, "--calls")
			if code != 0 || !strings.Contains(out, "[done]") || !strings.Contains(out, "→ 2") {
				t.Errorf("show: %d %s %s", code, out, errs)
			}
			s.showsNoSecret(t, b.bank, out)
		})
	}
	if code, out, errs := s.command(t, "sync"); code != 0 {
		t.Errorf("sync of all: %d %s %s", code, out, errs)
	}
	s.noSecretsLogged(t)
}

// showsNoSecret searches a transcript for every secret of the bank.
func (s *testStack) showsNoSecret(t *testing.T, bank, transcript string) {
	t.Helper()
	profile, err := s.Platform.banks.profile(bank)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Platform.keys.Credential(t.Context(), s.Platform.Workspace, profile.Group())
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range append([]onepoint.Secret{c.ClientSecret, c.APIKey}, values(c.More)...) {
		if secret != "" && strings.Contains(transcript, secret.Reveal()) {
			t.Errorf("a secret of %s is in the transcript", bank)
		}
	}
}

func TestPaymentAtOPMovesMoneyOnce(t *testing.T) {
	s := startStack(t, "demo", "", "")
	if code, _, errs := s.command(t, "tpp", "register", "op"); code != 0 {
		t.Fatal(errs)
	}
	pay := []string{"pay", "op", "12.34", "--to-name", "Nordlicht", "--to", "FI2112345600000785", "--text", "Invoice 7", "--key", "k-1", "--psu", "bob", "--approve"}
	if code, out, errs := s.command(t, pay...); code != 0 || !strings.Contains(out, "completed") {
		t.Fatalf("pay: %d %s %s", code, out, errs)
	}
	if code, _, errs := s.command(t, pay...); code == 0 || !strings.Contains(errs, "completed") {
		t.Errorf("the same key again: %d %s", code, errs)
	}
	truth, err := s.Bank.Core.Truth(t.Context(), "cus_bob")
	if err != nil {
		t.Fatal(err)
	}
	paid := 0
	for _, a := range truth {
		for _, row := range a.Transactions {
			if row.Information == "Invoice 7" && row.Amount.Equal(onepoint.MustMoney("-12.34", "EUR")) {
				paid++
			}
		}
	}
	if paid != 1 {
		t.Errorf("the books hold the payment %d times", paid)
	}
	if code, _, errs := s.command(t, "pay", "op", "1000000", "--to-name", "N", "--to", "FI2112345600000785", "--text", "x", "--psu", "bob", "--approve"); code == 0 || !strings.Contains(errs, "OP rejected") {
		t.Errorf("more than there is: %d %s", code, errs)
	}
}
