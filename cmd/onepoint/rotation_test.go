package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
	"github.com/onepointledger/onepoint/tpp"
)

// bankCall is a call to a bank as the platform's transport recorded it.
type bankCall struct {
	Message string `json:"msg"`
	Side    string `json:"side"`
	Path    string `json:"path"`
	Status  int    `json:"status"`
}

// bankCalls are the platform's calls to banks since the logs had a length.
func (s *testStack) bankCalls(since int) []bankCall {
	var calls []bankCall
	for line := range strings.Lines(s.logs.String()[since:]) {
		var c bankCall
		if json.Unmarshal([]byte(line), &c) == nil && c.Side == "platform" && strings.HasPrefix(c.Message, "bank call") {
			calls = append(calls, c)
		}
	}
	return calls
}

// issued makes a second pair with the local test issuer.
func (s *testStack) issued(t *testing.T, name, kind string) {
	t.Helper()
	order := tpp.CertificateRequest{
		Name: name, Type: kind, Organisation: tppName, OrgID: tppOrg, Roles: []string{"PSP_AI", "PSP_PI", "PSP_IC"},
	}
	if kind == "qwac" {
		order.DNSNames = []string{"second.onepoint.localhost"}
	}
	if _, err := s.Platform.certs.Issue(t.Context(), s.Platform.Workspace, order); err != nil {
		t.Fatal(err)
	}
}

func TestMoveToSecondPairFailsNoCall(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database, bankDatabase string) {
		s := startStack(t, "demo", database, bankDatabase)
		for _, login := range []string{"alice", "bob"} {
			if code, _, errs := s.command(t, "connect", "model-bank-uk", "--psu", login, "--approve"); code != 0 {
				t.Fatal(errs)
			}
		}
		s.issued(t, "qwac.2", "qwac")
		s.issued(t, "qseal.2", "qseal")
		since := len(s.logs.String())

		code, out, errs := s.command(t, "certs", "use", "model-bank-uk", "--transport", "qwac.2", "--seal", "qseal.2", "--json")
		if code != 0 {
			t.Fatalf("use: %s", errs)
		}
		var move api.CertificateMove
		if err := json.Unmarshal([]byte(out), &move); err != nil || move.Connections != 2 || len(move.Left) > 0 || move.Transport != "qwac.2" {
			t.Errorf("moved %s: %v", out, err)
		}
		for _, name := range []string{"qwac", "qseal"} {
			if code, _, errs := s.command(t, "certs", "delete", name, "--yes"); code != 0 {
				t.Errorf("delete the old %s: %s", name, errs)
			}
		}
		if code, _, _ := s.command(t, "certs", "delete", "qwac.2", "--yes"); code == 0 {
			t.Error("the certificate in use was deleted")
		}
		if code, _, errs := s.command(t, "sync"); code != 0 {
			t.Errorf("sync: %s", errs)
		}
		if code, _, errs := s.command(t, "connect", "model-bank-uk", "--psu", "carol", "--approve"); code != 0 {
			t.Errorf("connect after the move: %s", errs)
		}
		calls := s.bankCalls(since)
		for _, c := range calls {
			if c.Status == 0 || c.Status >= 400 {
				t.Errorf("%s %s was answered %d", c.Message, c.Path, c.Status)
			}
		}
		if len(calls) < 20 {
			t.Errorf("only %d calls were recorded", len(calls))
		}
		for _, login := range []string{"alice", "bob", "carol"} {
			s.sameAsBank(t, login)
		}
	})
}

// A bank that knows the client by its certificate's subject takes one at a time.
func TestMoveTellsTheBankTheNewSubject(t *testing.T) {
	s := startStack(t, "demo", "", "")
	p := s.Platform
	profile := p.banks.profiles[localBank]
	profile.Security.ClientAuth = "tls_client_auth"
	p.banks.profiles[localBank] = profile
	if err := p.forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.register(t.Context(), func(string, ...any) {}); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := s.command(t, "connect", "model-bank-uk", "--psu", "alice", "--approve"); code != 0 {
		t.Fatal(errs)
	}
	s.issued(t, "qwac.2", "qwac")
	since := len(s.logs.String())
	if _, err := p.certs.Use(t.Context(), p.Workspace, localBank, "qwac.2", ""); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := s.command(t, "sync"); code != 0 {
		t.Errorf("sync: %s", errs)
	}
	told := false
	for _, c := range s.bankCalls(since) {
		told = told || strings.HasPrefix(c.Path, "/as/register/")
		if c.Status == 0 || c.Status >= 400 {
			t.Errorf("%s was answered %d", c.Path, c.Status)
		}
	}
	if !told {
		t.Error("the bank was not told the new subject")
	}
}

// The process may die at any point of a move: a start later finishes it.
func TestMoveThatDiedIsFinished(t *testing.T) {
	for _, auth := range []string{"private_key_jwt", "tls_client_auth"} {
		t.Run(auth, func(t *testing.T) {
			s := startStack(t, "demo", "", "")
			p := s.Platform
			profile := p.banks.profiles[localBank]
			profile.Security.ClientAuth = auth
			p.banks.profiles[localBank] = profile
			if err := p.forget(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := p.register(t.Context(), func(string, ...any) {}); err != nil {
				t.Fatal(err)
			}
			if code, _, errs := s.command(t, "connect", "model-bank-uk", "--psu", "alice", "--approve"); code != 0 {
				t.Fatal(errs)
			}
			s.issued(t, "qwac.2", "qwac")
			s.dieBeforeTheFlip(t, "qwac.2")
			if err := p.certs.Resume(t.Context(), p.Workspace); err != nil {
				t.Fatal(err)
			}
			reg, err := p.onboard.Registration(t.Context(), p.Workspace, localBank)
			if err != nil || reg.Progress.Client.Transport != "qwac.2" {
				t.Errorf("the registration uses %q: %v", reg.Progress.Client.Transport, err)
			}
			if code, _, errs := s.command(t, "sync"); code != 0 {
				t.Errorf("sync: %s", errs)
			}
		})
	}
}

// dieBeforeTheFlip does of a move what comes before the registration changes.
func (s *testStack) dieBeforeTheFlip(t *testing.T, transport string) {
	t.Helper()
	p := s.Platform
	reg, err := p.db.UpdateRegistration(t.Context(), p.Workspace, localBank, func(r *tpp.Registration) ([]onepoint.Event, error) {
		r.Progress.Facts["moving_to_transport"], r.Progress.Facts["moving_to_seal"] = transport, keyQSEAL
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	recipe, err := p.banks.Onboarder(t.Context(), p.Workspace, localBank)
	if err != nil {
		t.Fatal(err)
	}
	next := reg.Progress.Client
	next.Transport, next.Seal = transport, keyQSEAL
	if err := recipe.(onepoint.Rotator).Rotate(t.Context(), &reg.Progress, next); err != nil {
		t.Fatal(err)
	}
}

func TestMetricsNeedAnAPIKey(t *testing.T) {
	s := startStack(t, "demo", "", "")
	access, err := readLocalAccess(s.Data)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		key    string
		status int
	}{{"", http.StatusUnauthorized}, {"wrong", http.StatusUnauthorized}, {access.Token, http.StatusOK}} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.key != "" {
			req.Header.Set("Authorization", "Bearer "+tt.key)
		}
		status, body := answerOf(t, req)
		if status != tt.status {
			t.Errorf("key %.5q: status %d", tt.key, status)
		}
		if tt.status == http.StatusOK {
			for _, want := range []string{`onepoint_certificate_expires_seconds{kind="qwac",name="qwac"} 3.`, fmt.Sprintf(`onepoint_registration_status{bank=%q,status="registered"} 1`, localBank)} {
				if !strings.Contains(body, want) {
					t.Errorf("no %s in\n%s", want, body)
				}
			}
		}
	}
}
