package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/onepointledger/onepoint/api"
)

// audited is the whole audit log, as the command line shows it.
func (s *testStack) audited(t testing.TB) []api.AuditEntry {
	t.Helper()
	code, out, errs := s.command(t, "audit", "list", "--limit", "0", "--json")
	var entries []api.AuditEntry
	if err := json.Unmarshal([]byte(out), &entries); code != 0 || err != nil {
		t.Fatalf("audit list: %d %v %s", code, err, errs)
	}
	return entries
}

func TestAuditLogHoldsEveryUseOfAKey(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database, bankDatabase string) {
		s := startStack(t, "demo", database, bankDatabase)
		if code, out, errs := s.command(t, "connect", "model-bank-uk", "--psu", "alice", "--approve", "--json"); code != 0 {
			t.Fatalf("connect: %s %s", out, errs)
		}
		if code, _, errs := s.command(t, "sync"); code != 0 {
			t.Fatalf("sync: %s", errs)
		}
		seen := map[string]int{}
		for i, e := range s.audited(t) {
			if e.Seq != int64(i+1) {
				t.Fatalf("entry %d has number %d", i+1, e.Seq)
			}
			seen[strings.Join([]string{e.Action, e.Subject, e.Detail["bank"], e.Detail["for"]}, " ")]++
		}
		for _, want := range []string{
			"key.used qwac model-bank-uk tls", "key.used qseal model-bank-uk signature", "registration.requested model-bank-uk  ",
			"registration.step model-bank-uk  ", "registration.done model-bank-uk  ",
		} {
			if seen[want] == 0 {
				t.Errorf("no entry %q among %v", want, seen)
			}
		}
		code, out, errs := s.command(t, "audit", "verify", "--json")
		var p api.AuditProof
		if err := json.Unmarshal([]byte(out), &p); code != 0 || err != nil || !p.Whole || p.Entries < 10 {
			t.Fatalf("verify: %d %s %s", code, out, errs)
		}
		s.tamper(t, p)
	})
}

// tamper changes rows behind the platform's back: each is found.
func (s *testStack) tamper(t *testing.T, noted api.AuditProof) {
	t.Helper()
	point := []string{"audit", "verify", "--entries", fmt.Sprint(noted.Entries), "--head", noted.Head}
	if code, out, errs := s.command(t, point...); code != 0 || !strings.Contains(out, "still in the chain") {
		t.Errorf("nothing done: %d %s %s", code, out, errs)
	}
	handle, _ := s.Platform.db.Handle()
	change := func(statement string) {
		if _, err := handle.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	change(`UPDATE audit_log SET actor = 'user:somebody-else' WHERE seq = 4`)
	if code, _, errs := s.command(t, "audit", "verify"); code != exitError || !strings.Contains(errs, "entry 4 of the audit log was changed") {
		t.Errorf("changed: %d %s", code, errs)
	}
	change(`UPDATE audit_log SET actor = 'system' WHERE seq = 4`)
	change(`DELETE FROM audit_log WHERE seq > 6`)
	if code, _, errs := s.command(t, "audit", "verify"); code != 0 {
		t.Errorf("a shorter chain alone: %d %s", code, errs)
	}
	if code, _, errs := s.command(t, point...); code != exitError || !strings.Contains(errs, "was cut off") {
		t.Errorf("cut off: %d %s", code, errs)
	}
	if code, _, errs := s.command(t, "audit", "verify", "--entries", "3", "--head", "nonsense"); code != exitUsage {
		t.Errorf("malformed point: %d %s", code, errs)
	}
}

func TestAuditLogPagesAndFilters(t *testing.T) {
	s := startStack(t, "demo", "", "")
	c, err := (&cliContext{Ctx: t.Context(), Data: s.Data}).client()
	if err != nil {
		t.Fatal(err)
	}
	all := s.audited(t)
	var paged []api.AuditEntry
	for cursor := ""; ; {
		var page struct {
			Items []api.AuditEntry `json:"items"`
			Next  string           `json:"next"`
		}
		if err := c.call(t.Context(), http.MethodGet, "/audit?limit=3&cursor="+cursor, nil, &page); err != nil {
			t.Fatal(err)
		}
		paged = append(paged, page.Items...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(all) < 5 || fmt.Sprint(paged) != fmt.Sprint(all) {
		t.Errorf("%d entries in pages of three, %d at once", len(paged), len(all))
	}
	code, out, _ := s.command(t, "audit", "list", "--subject", "qwac", "--json")
	var some []api.AuditEntry
	if err := json.Unmarshal([]byte(out), &some); code != 0 || err != nil || len(some) == 0 || len(some) == len(all) {
		t.Errorf("filtered: %d %s", code, out)
	}
	for _, e := range some {
		if e.Subject != "qwac" {
			t.Errorf("got %+v", e)
		}
	}
}

func TestAPIKeysAreInTheAuditLog(t *testing.T) {
	s := startStack(t, "demo", "", "")
	c, err := (&cliContext{Ctx: t.Context(), Data: s.Data}).client()
	if err != nil {
		t.Fatal(err)
	}
	var key api.APIKey
	if err := c.call(t.Context(), http.MethodPost, "/api-keys", map[string]string{"name": "a script"}, &key); err != nil {
		t.Fatal(err)
	}
	if err := c.call(t.Context(), http.MethodDelete, "/api-keys/"+key.ID, nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.call(t.Context(), http.MethodDelete, "/api-keys/"+key.ID, nil, nil); err == nil {
		t.Error("deleted twice")
	}
	var of []string
	for _, e := range s.audited(t) {
		if e.Subject == key.ID {
			of = append(of, e.Action+" by "+strings.SplitN(e.Actor, ":", 2)[0])
		}
		if strings.Contains(fmt.Sprint(e), key.Key) {
			t.Error("the key is in the log")
		}
	}
	if fmt.Sprint(of) != "[apikey.made by key apikey.deleted by key]" {
		t.Errorf("got %v", of)
	}
}
