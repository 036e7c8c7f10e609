package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/eidas"
)

// startWithQTSP is startStack with a QTSP that tells what it revoked.
func startWithQTSP(t *testing.T, dir string) *testStack {
	t.Helper()
	logs := &syncedBuffer{}
	s := &stack{
		Data: dir, Listen: "127.0.0.1:0", BankListen: "127.0.0.1:0", QTSPListen: "127.0.0.1:0", Seed: "demo", Now: time.Now,
		Log:  slog.New(slog.NewJSONHandler(logs, nil)),
		Step: func(format string, args ...any) { fmt.Fprintf(logs, format+"\n", args...) },
	}
	if err := s.Start(context.Background()); err != nil {
		t.Fatalf("start: %v\n%s", err, logs)
	}
	return &testStack{s, logs}
}

func (s *testStack) stop(t *testing.T) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestRevokedCertificateIsRefusedAtTheNextCall(t *testing.T) {
	s := startWithQTSP(t, t.TempDir())
	defer s.stop(t)
	if code, out, errs := s.command(t, "connect", "model-bank-uk", "--psu", "alice", "--approve", "--json"); code != 0 {
		t.Fatalf("connect: %s %s", out, errs)
	}
	chain, err := s.Platform.keys.Chain(t.Context(), s.Platform.Workspace, keyQWAC)
	if err != nil {
		t.Fatal(err)
	}
	if code, out, errs := s.command(t, "qtsp", "revoke", "--name", "qwac", "--reason", "1"); code != 0 || !strings.Contains(out, chain[0].SerialNumber.Text(16)) {
		t.Fatalf("revoke: %d %s %s", code, out, errs)
	}
	code, out, errs := s.command(t, "sync")
	if code == 0 || !strings.Contains(out+errs, "certificate") || !strings.Contains(out+errs, "revoked") {
		t.Errorf("sync: %d %s %s", code, out, errs)
	}
	if code, out, _ := s.command(t, "tpp", "status", "--json"); code != 0 || !strings.Contains(out, "revoked on") || !strings.Contains(out, "keyCompromise") {
		t.Errorf("status: %d %s", code, out)
	}
	if code, out, _ := s.command(t, "audit", "list", "--json"); code != 0 || !strings.Contains(out, "certificate.revoked") {
		t.Errorf("the audit log: %d %s", code, out)
	}
	// It is kept, and there is something to ask for it.
	saved, err := openTrust(s.Data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if pem, err := saved.qtsp.MarshalPEM(); err != nil || !strings.Contains(string(pem), "REVOCATIONS") {
		t.Errorf("the revocation was not kept: %v", err)
	}
}

func TestRevocationsAreTakenFromTheOwnerAlone(t *testing.T) {
	s := startWithQTSP(t, t.TempDir())
	defer s.stop(t)
	for name, key := range map[string]string{"nobody": "", "a stranger": "Bearer opk_wrong"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.qtsp.base+"/revocations", strings.NewReader(`{"name":"qwac"}`))
		if err != nil {
			t.Fatal(err)
		}
		if key != "" {
			req.Header.Set("Authorization", key)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(answer), "unauthenticated") {
			t.Errorf("%s: %d %s", name, resp.StatusCode, answer)
		}
	}
	for _, args := range [][]string{{"qtsp", "revoke"}, {"qtsp", "revoke", "xyz"}, {"qtsp", "revoke", "1", "--name", "qwac"}, {"qtsp", "revoke", "--name", "nothing"}, {"qtsp", "revoke", "1", "--reason", "8"}} {
		if code, _, errs := s.command(t, args...); code == 0 || errs == "" {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if code, _, errs := s.command(t, "connect", "model-bank-uk", "--psu", "alice", "--approve", "--json"); code != 0 {
		t.Errorf("the bank refuses us: %s", errs)
	}
}

func TestSilentResponderIsLoggedAndDoesNotStopTheBank(t *testing.T) {
	s := startWithQTSP(t, t.TempDir())
	defer s.stop(t)
	if err := s.servers[0].Close(); err != nil { // the QTSP's
		t.Fatal(err)
	}
	s.qtsp.forget()
	if code, out, errs := s.command(t, "connect", "model-bank-uk", "--psu", "alice", "--approve", "--json"); code != 0 {
		t.Fatalf("connect: %s %s", out, errs)
	}
	if !strings.Contains(s.logs.String(), "revocation not checked") {
		t.Error("nothing is in the log")
	}
	s.Bank.Auth.RevocationHard = true
	s.qtsp.forget()
	if code, out, errs := s.command(t, "connect", "model-bank-uk", "--psu", "bob", "--approve"); code == 0 || !strings.Contains(out+errs, "trouble") {
		t.Errorf("hard: %d %s %s", code, out, errs)
	}
}

func TestCertificatesNameTheResponderThatRuns(t *testing.T) {
	dir := t.TempDir()
	responder := func(s *testStack) string {
		chain, err := s.Platform.keys.Chain(t.Context(), s.Platform.Workspace, keyQWAC)
		if err != nil {
			t.Fatal(err)
		}
		if status, err := s.qtsp.Check(t.Context(), chain[0], nil); err != nil || status.State != eidas.Good {
			t.Errorf("got %v, %v", status, err)
		}
		return chain[0].OCSPServer[0]
	}
	s := startWithQTSP(t, dir)
	first := responder(s)
	if first != s.qtsp.base+"/ocsp" {
		t.Errorf("got %s", first)
	}
	s.stop(t)
	s = startWithQTSP(t, dir) // listens elsewhere
	defer s.stop(t)
	if second := responder(s); second == first || second != s.qtsp.base+"/ocsp" {
		t.Errorf("got %s after %s", second, first)
	}
}

func TestOPSimulatorRefusesARevokedCertificate(t *testing.T) {
	s := startWithQTSP(t, t.TempDir())
	defer s.stop(t)
	if code, out, errs := s.command(t, "tpp", "register", "op"); code != 0 {
		t.Fatalf("register: %s %s", out, errs)
	}
	reg, err := s.Platform.onboard.Registration(t.Context(), s.Platform.Workspace, "op")
	if err != nil {
		t.Fatal(err)
	}
	if code, _, errs := s.command(t, "qtsp", "revoke", "--name", reg.Progress.Client.Transport); code != 0 {
		t.Fatalf("revoke: %s", errs)
	}
	code, out, errs := s.command(t, "connect", "op", "--psu", "alice", "--approve")
	if code == 0 || !strings.Contains(out+errs, "RevokedClientCertificate") {
		t.Errorf("connect: %d %s %s", code, out, errs)
	}
}
