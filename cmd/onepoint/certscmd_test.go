package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/onepointledger/onepoint/api"
	"github.com/onepointledger/onepoint/eidas"
)

// answerOf makes a call.
func answerOf(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// hidden are the private numbers of the keys in a PEM text.
func hidden(t *testing.T, text string) []string {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key := parsed.(*rsa.PrivateKey)
	var out []string
	for _, n := range []*big.Int{key.D, key.Primes[0], key.Primes[1]} {
		out = append(out, n.String()[:40], n.Text(16)[:40], base64.StdEncoding.EncodeToString(n.Bytes())[:40], base64.RawURLEncoding.EncodeToString(n.Bytes())[:40])
	}
	return append(out, strings.Split(text, "\n")[2])
}

func TestCertificateCommands(t *testing.T) {
	s := startStack(t, "demo", "", "")
	dir := t.TempDir()
	must := func(args ...string) string {
		t.Helper()
		code, out, errs := s.command(t, append([]string{"certs"}, args...)...)
		if code != 0 {
			t.Fatalf("certs %v: %s", args, errs)
		}
		return out
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	file := filepath.Join(dir, "key.pem")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	shown := must("import", "mine", "--pem", file, "--json")
	csr := filepath.Join(dir, "mine.csr")
	must("request", "mine", "--type", "qseal", "--profile", "ob", "--common-name", "0015800001041RHAAY", "-o", csr)
	content, err := os.ReadFile(csr)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(content)
	leaf, err := s.trust.qtsp.IssueCSR(block.Bytes, time.Now().Add(-time.Minute), time.Now().AddDate(0, 3, 0))
	if err != nil {
		t.Fatal(err)
	}
	chain := filepath.Join(dir, "chain.pem")
	var b []byte
	for _, c := range append([]*x509.Certificate{leaf}, s.trust.qtsp.Chain()...) {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	if err := os.WriteFile(chain, b, 0o600); err != nil {
		t.Fatal(err)
	}
	shown += must("install", "mine", chain, "--json") + must("show", "mine", "--json") + must("list", "--json") + must("list") + must("show", "mine")
	issued := must("issue", "web.2", "--type", "qwac", "--dns", "tpp.example.com", "--roles", "PSP_AI,PSP_PI", "--json")
	var one api.Certificate
	if err := json.Unmarshal([]byte(issued), &one); err != nil || one.Kind != "qwac" || len(one.Roles) != 2 || one.DaysLeft == nil {
		t.Errorf("issued %s: %v", issued, err)
	}
	must("delete", "mine", "--yes")
	for _, number := range hidden(t, text) {
		if strings.Contains(shown+s.logs.String(), number) {
			t.Error("a private number was shown or logged")
		}
	}
	for _, args := range [][]string{
		{"show", "none"},
		{"delete", "web.2"},
		{"delete", "qwac", "--yes"},
		{"import", "x", "--pem", dir + "/none"},
		{"import", "x"},
		{"install", "web.2", file},
		{"issue", "y", "--type", "qwac"},
		{"use", "model-bank-uk"},
		{"use", "nowhere", "--seal", "qseal"},
	} {
		if code, out, errs := s.command(t, append([]string{"certs"}, args...)...); code == 0 || errs == "" {
			t.Errorf("certs %v: %d %s", args, code, out)
		} else {
			t.Logf("certs %v: %s", args, strings.TrimSpace(errs))
		}
	}
}

func TestPKCS12PasswordComesFromFileOrEnvironment(t *testing.T) {
	s := startStack(t, "demo", "", "")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := s.trust.qtsp.Issue(eidas.Request{
		Type: eidas.TypeSeal, OrgID: tppOrg, Subject: eidas.Subject{Country: "GB", Organisation: tppName}, PublicKey: key.Public(),
		Roles: []eidas.Role{eidas.RoleAI}, NotBefore: time.Now().Add(-time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	content, err := pkcs12.Modern.Encode(key, leaf, s.trust.qtsp.Chain(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, password := filepath.Join(dir, "seal.p12"), filepath.Join(dir, "password")
	if err := errors.Join(os.WriteFile(file, content, 0o600), os.WriteFile(password, []byte("correct horse\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := s.command(t, "certs", "import", "a", "--pkcs12", file, "--password-file", password); code != 0 {
		t.Error(errs)
	}
	t.Setenv(passwordVariable, "wrong")
	if code, _, errs := s.command(t, "certs", "import", "b", "--pkcs12", file); code == 0 || !strings.Contains(errs, "password is wrong") {
		t.Errorf("a wrong password: %s", errs)
	}
	t.Setenv(passwordVariable, "correct horse")
	if code, _, errs := s.command(t, "certs", "import", "b", "--pkcs12", file); code != 0 {
		t.Error(errs)
	}
	if strings.Contains(s.logs.String(), "correct horse") {
		t.Error("the password is in the logs")
	}
}
