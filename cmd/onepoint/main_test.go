package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/identity"
)

// workspaceNone is for databases that have their workspace already.
func workspaceNone() identity.Workspace {
	return identity.Workspace{ID: "ws_none", Name: "none", Created: time.Now()}
}

func TestWrongCommandsGetOneClearLine(t *testing.T) {
	empty := t.TempDir()
	gone := t.TempDir()
	if err := os.WriteFile(filepath.Join(gone, "client.json"), []byte(`{"server":"http://127.0.0.1:1","token":"opk_x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"an unknown command", []string{"acounts"}, exitUsage, "acounts"},
		{"an unknown flag", []string{"accounts", "--jsn"}, exitUsage, "--jsn"},
		{"no bank to connect", []string{"connect"}, exitUsage, "bank"},
		{"a limit that is no number", []string{"transactions", "--limit", "many"}, exitUsage, "limit"},
		{"a negative limit", []string{"transactions", "--limit", "-1"}, exitUsage, "limit"},
		{"a date that is none", []string{"--data", gone, "transactions", "--from", "yesterday"}, exitUsage, "--from"},
		{"an unknown format", []string{"export", "--format", "xls"}, exitUsage, "csv"},
		{"a platform that never ran here", []string{"--data", empty, "accounts"}, exitError, "onepoint up"},
		{"a platform that is down", []string{"--data", gone, "accounts"}, exitError, "does not answer"},
		{"a server that is no address", []string{"--server", "localhost", "--token", "x", "accounts"}, exitUsage, "--server"},
		{"a server without a key", []string{"--data", empty, "--server", "http://127.0.0.1:1", "accounts"}, exitUsage, "ONEPOINT_TOKEN"},
		{"a login without a decision", []string{"connect", "model-bank-uk", "--psu", "alice"}, exitUsage, "--approve"},
		{"an address that is not local", []string{"--data", empty, "up", "--listen", "0.0.0.0:80"}, exitUsage, "loopback"},
		{"the same address twice", []string{"--data", empty, "up", "--listen", "127.0.0.1:9", "--bank-listen", "127.0.0.1:9"}, exitUsage, "--bank-listen"},
		{"an unknown seed", []string{"--data", empty, "up", "--listen", "127.0.0.1:0", "--bank-listen", "127.0.0.1:0", "--seed", "gold"}, exitUsage, "--seed"},
		{"a seed that is not there", []string{"--data", t.TempDir(), "up", "--listen", "127.0.0.1:0", "--bank-listen", "127.0.0.1:0", "--seed", "berka:/nowhere"}, exitUsage, "data set"},
		{"a database of an unknown kind", []string{"--data", t.TempDir(), "up", "--listen", "127.0.0.1:0", "--bank-listen", "127.0.0.1:0", "--database", "mysql://x"}, exitUsage, "database"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, _, stderr := command(t, tt.args...)
			lines := strings.Split(strings.TrimSpace(stderr), "\n")
			if code != tt.code || len(lines) != 1 || !strings.HasPrefix(lines[0], "onepoint: ") || !strings.Contains(strings.ToLower(lines[0]), strings.ToLower(tt.want)) {
				t.Errorf("exit %d, want %d; stderr %q, want one line with %q", code, tt.code, stderr, tt.want)
			}
		})
	}
}

func TestListsAreOneJSONArray(t *testing.T) {
	s := startStack(t, "demo", "", "")
	if code, _, errs := s.command(t, "connect", "model-bank-uk", "--psu", "bob", "--approve", "--json"); code != 0 {
		t.Fatal(errs)
	}
	for _, args := range [][]string{
		{"banks"},
		{"tpp", "status"},
		{"connections"},
		{"accounts"},
		{"balances"},
		{"transactions"},
		{"sync"},
		{"doctor"},
		{"transactions", "--search", "no such words"},
	} {
		code, out, errs := s.command(t, append(args, "--json")...)
		var list []map[string]any
		if err := json.Unmarshal([]byte(out), &list); code != 0 || err != nil || strings.Count(out, "\n") != 1 {
			t.Errorf("%v: exit %d, %v, %q %q", args, code, err, out, errs)
		}
		code, table, errs := s.command(t, args...)
		if code != 0 || strings.HasPrefix(table, "[") || table == "" {
			t.Errorf("%v: exit %d, %q %q", args, code, table, errs)
		}
	}
	_, out, _ := s.command(t, "transactions", "--limit", "3", "--json")
	var three []map[string]any
	if err := json.Unmarshal([]byte(out), &three); err != nil || len(three) != 3 {
		t.Errorf("--limit 3 gave %d, %v", len(three), err)
	}
}

func TestExportAgreesWithTheList(t *testing.T) {
	s := startStack(t, "demo", "", "")
	if code, _, errs := s.command(t, "connect", "model-bank-uk", "--psu", "alice", "--approve"); code != 0 {
		t.Fatal(errs)
	}
	_, listed, _ := s.command(t, "transactions", "--limit", "0", "--json")
	var all []json.RawMessage
	if err := json.Unmarshal([]byte(listed), &all); err != nil || len(all) < 500 {
		t.Fatalf("%d listed, %v", len(all), err)
	}
	_, lines, _ := s.command(t, "export", "--format", "jsonl")
	if n := strings.Count(lines, "\n"); n != len(all) {
		t.Errorf("%d lines of %d", n, len(all))
	}
	file := filepath.Join(t.TempDir(), "out.csv")
	if code, _, errs := s.command(t, "export", "--format", "csv", "-o", file); code != 0 {
		t.Fatal(errs)
	}
	content, err := os.ReadFile(file)
	if err != nil || strings.Count(string(content), "\r\n") != len(all)+1 {
		t.Errorf("%d CSV lines of %d, %v", strings.Count(string(content), "\r\n"), len(all)+1, err)
	}
}

func TestRefusingAtTheBankIsAnError(t *testing.T) {
	s := startStack(t, "demo", "", "")
	code, _, errs := s.command(t, "connect", "model-bank-uk", "--psu", "alice", "--refuse")
	if code != exitError || !strings.Contains(errs, "did not agree") {
		t.Errorf("exit %d: %q", code, errs)
	}
	code, _, errs = s.command(t, "connect", "model-bank-uk", "--psu", "alice", "--password", "wrong", "--approve")
	if code != exitError || !strings.Contains(errs, "refused the login") {
		t.Errorf("exit %d: %q", code, errs)
	}
}

func TestASecondProgramStaysOutOfTheFolder(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lockData(dir)
	if err != nil {
		t.Fatal(err)
	}
	code, _, errs := command(t, "--data", dir, "up", "--listen", "127.0.0.1:0", "--bank-listen", "127.0.0.1:0")
	if code != exitError || !strings.Contains(errs, "another onepoint") {
		t.Errorf("exit %d: %q", code, errs)
	}
	unlock()
}

func TestLostKeyFileIsRefused(t *testing.T) {
	s := startStack(t, "demo", "", "")
	dir := s.Data
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "vault.key")); err != nil {
		t.Fatal(err)
	}
	code, _, errs := command(t, "--data", dir, "up", "--listen", "127.0.0.1:0", "--bank-listen", "127.0.0.1:0")
	if code != exitError || !strings.Contains(errs, "vault.key") {
		t.Errorf("exit %d: %q", code, errs)
	}
}
