package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/modelbank/core"
)

func (s *testStack) bankURL() string {
	return "https://" + regexp.MustCompile(`model bank at https://(\S+)`).FindStringSubmatch(s.logs.String())[1]
}

func (s *testStack) customer(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	roots := &tls.Config{RootCAs: s.trust.qtsp.Roots(), MinVersion: tls.VersionTLS12}
	return &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: roots}, Timeout: time.Minute}
}

func pageOf(t *testing.T, resp *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v\n%s", resp.Request.URL, resp.StatusCode, err, body)
	}
	return string(body)
}

func csrfOf(page string) string {
	return regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(page)[1]
}

// TestPortalEndsAConsentForTheNextCall goes the whole way: the platform reads, the
// customer ends it at the bank's portal, the platform's next call is refused.
func TestPortalEndsAConsentForTheNextCall(t *testing.T) {
	eachDatabase(t, func(t *testing.T, database, bankDatabase string) {
		s := startStack(t, "demo", database, bankDatabase)
		if code, out, errs := s.command(t, "connect", "model-bank-uk", "--psu", "alice", "--approve"); code != 0 {
			t.Fatalf("connect: %s %s", out, errs)
		}
		portal, w := s.bankURL()+"/portal", s.customer(t)
		resp, err := w.Get(portal + "/login")
		form := url.Values{"csrf": {csrfOf(pageOf(t, resp, err))}, "login": {"alice"}, "password": {core.SandboxPassword}}
		resp, err = w.PostForm(portal+"/login", form)
		pageOf(t, resp, err)
		resp, err = w.Get(portal + "/apps")
		apps := pageOf(t, resp, err)
		id := regexp.MustCompile(`href="/portal/apps/([^"]+)"`).FindStringSubmatch(apps)[1]
		resp, err = w.PostForm(portal+"/apps/"+id+"/end", url.Values{"csrf": {csrfOf(apps)}})
		if page := pageOf(t, resp, err); !strings.Contains(page, "Ended by you") {
			t.Errorf("after: %s", page)
		}
		if code, out, errs := s.command(t, "sync"); code == 0 {
			t.Errorf("the platform still reads: %s %s", out, errs)
		}
	})
}

// TestTryItCommandsWork runs what the page shows, in a shell, as its reader would.
func TestTryItCommandsWork(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "openssl", "xxd"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the page's commands need %s", tool)
		}
	}
	s := startStack(t, "demo", "", "")
	dir := t.TempDir()
	s.writeQWAC(t, dir)
	resp, err := s.customer(t).Get(s.bankURL() + "/portal/developers/try")
	page := pageOf(t, resp, err)
	var script strings.Builder
	script.WriteString("set -e\n")
	for _, found := range regexp.MustCompile(`(?s)aria-label="Command: ([^"]*)"><code>(.*?)</code>`).FindAllStringSubmatch(page, -1) {
		if found[1] == "Exchange the code" {
			break // from here on a customer is needed
		}
		script.WriteString(html.UnescapeString(found[2]) + "\n")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-c", script.String())
	var out, errs bytes.Buffer
	shell.Dir, shell.Stdout, shell.Stderr = dir, &out, &errs
	if err := shell.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out.String(), errs.String())
	}
	for _, want := range []string{`"token_endpoint":`, "client cli_", "consent aac_", "/as/authorize?client_id=cli_", "request_uri=urn:ietf:params:oauth:request_uri:"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s\n%s", want, out.String(), errs.String())
		}
	}
}

// writeQWAC puts what the page asks for into a folder.
func (s *testStack) writeQWAC(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := s.trust.qtsp.Issue(eidas.Request{
		Type: eidas.TypeWeb, Subject: eidas.Subject{Country: "GB", Organisation: "Shell Ltd", CommonName: "shell.example"},
		OrgID: "PSDGB-FCA-999999", Roles: []eidas.Role{eidas.RoleAI}, PublicKey: key.Public(), DNSNames: []string{"shell.example"},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var chain []byte
	for _, c := range append([]*x509.Certificate{leaf}, s.trust.qtsp.Chain()...) {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	root, err := os.ReadFile(s.trust.rootFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"qwac.pem": chain, "qwac.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), "qtsp-root.pem": root,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOperatorKeyIsMadeOnceAndClosed(t *testing.T) {
	file := filepath.Join(t.TempDir(), operatorKeyFile)
	made, err := operatorKey(file)
	if err != nil || len(made.Reveal()) < 43 {
		t.Fatalf("made %d characters, %v", len(made.Reveal()), err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := operatorKey(file)
	if err != nil || again != made {
		t.Errorf("read another key: %v", err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	if err := os.WriteFile(file, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := operatorKey(file); err == nil {
		t.Error("a short key is taken")
	}
}
