package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

func TestRevokedCertificateIsToldEverywhere(t *testing.T) {
	s := startWithQTSP(t, t.TempDir())
	p := s.Platform
	show := func(name string) api.Certificate {
		t.Helper()
		code, out, errs := s.command(t, "certs", "show", name, "--json")
		if code != 0 {
			t.Fatal(errs)
		}
		var c api.Certificate
		if err := json.Unmarshal([]byte(out), &c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := show("qseal"); c.Revocation != "good" || len(c.Warnings) > 0 {
		t.Errorf("the QSEAL: %s %v", c.Revocation, c.Warnings)
	}
	s.issued(t, "qwac.2", "qwac")
	chain, err := p.keys.Chain(t.Context(), p.Workspace, "qwac.2")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.certs.Use(t.Context(), p.Workspace, localBank, "qwac.2", ""); err != nil {
		t.Fatal(err)
	}
	const keyCompromise = 1
	if err := s.trust.qtsp.Revoke(chain[0].SerialNumber, time.Now().Add(-time.Minute), keyCompromise); err != nil {
		t.Fatal(err)
	}
	if c := show("qwac.2"); c.Revocation != "revoked" || c.RevokedAt == nil || len(c.Warnings) == 0 {
		t.Errorf("the revoked one: %+v", c)
	}
	for range 2 {
		if err := p.certs.Watch(t.Context(), p.Workspace); err != nil {
			t.Fatal(err)
		}
	}
	events, err := p.db.Events(t.Context(), p.Workspace, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, e := range events {
		if e.Type == onepoint.EventCertificateRevoked && e.Subject == "qwac.2" && strings.Contains(string(e.Data), localBank) {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
	code, out, _ := s.command(t, "doctor")
	if code == 0 || !strings.Contains(out, "its issuer revoked it on") {
		t.Errorf("doctor: %s", out)
	}
}
