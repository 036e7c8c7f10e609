//go:build pkcs11

package pkcs11_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/vault"
	"github.com/onepointledger/onepoint/vault/pkcs11"
)

func TestOpenRefuses(t *testing.T) {
	good := newTokens(t, "bank", "twin", "twin")
	text := filepath.Join(t.TempDir(), "text.so")
	must(t, os.WriteFile(text, []byte("hello"), 0o600))
	for _, tt := range []struct {
		name  string
		spoil func(*pkcs11.Config)
		code  onepoint.Code
		msg   string
	}{
		{"no module", func(c *pkcs11.Config) { c.Module = "" }, onepoint.CodeInvalid, "module: the path of the PKCS#11 library is needed"},
		{"missing module", func(c *pkcs11.Config) { c.Module = "/nowhere/hsm.so" }, onepoint.CodeInvalid, "there is no PKCS#11 module at /nowhere/hsm.so"},
		{"module that is none", func(c *pkcs11.Config) { c.Module = text }, onepoint.CodeInvalid, "is not a PKCS#11 library"},
		{"no token", func(c *pkcs11.Config) { c.Token = "" }, onepoint.CodeInvalid, "token: the label is needed"},
		{"missing token", func(c *pkcs11.Config) { c.Token = "other" }, onepoint.CodeNotFound, `the module has no token "other"`},
		{"two tokens", func(c *pkcs11.Config) { c.Token = "twin" }, onepoint.CodeConflict, "2 tokens have the label"},
		{"wrong PIN", func(c *pkcs11.Config) { c.PIN = "canary-4712" }, onepoint.CodeForbidden, "the token refused the PIN"},
		{"no PIN", func(c *pkcs11.Config) { c.PIN = "" }, onepoint.CodeInvalid, "PIN: is needed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := good
			tt.spoil(&c)
			tok, err := pkcs11.Open(t.Context(), c)
			if tok != nil || onepoint.CodeOf(err) != tt.code || !strings.Contains(onepoint.MessageOf(err), tt.msg) {
				t.Fatalf("got %v, want %s: %s", err, tt.code, tt.msg)
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the error shows the PIN: %v", err)
			}
		})
	}
	open(t, good) // no failure left the module open
	if _, err := pkcs11.Open(t.Context(), good); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("opened twice: %v", err)
	}
}

func TestPINDoesNotPrint(t *testing.T) {
	c := newTokens(t, "bank")
	tok := open(t, c)
	_, err := tok.Generate(t.Context(), "ws/k", vault.ECDSAP256)
	must(t, err)
	public, err := tok.Find(t.Context(), "ws/k", vault.ECDSAP256)
	must(t, err)
	signer, err := tok.Signer(t.Context(), "ws/k", public)
	must(t, err)
	var out strings.Builder
	for _, x := range []any{c, &c, c.PIN, tok, signer, struct{ T pkcs11.Token }{tok}, map[string]any{"c": c}} {
		fmt.Fprintf(&out, "%v %+v %#v %s %q %x %d\n", x, x, x, x, x, x, x)
		if j, err := json.Marshal(x); err == nil {
			out.Write(j)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "value", x)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "value", x)
	}
	for _, canary := range []string{userPIN, fmt.Sprintf("%x", userPIN)} {
		if strings.Contains(out.String(), canary) {
			t.Errorf("printing shows the PIN")
		}
	}
}

func TestClosedTokenIsUnavailable(t *testing.T) {
	tok, err := pkcs11.Open(t.Context(), newTokens(t, "bank"))
	must(t, err)
	public, err := tok.Generate(t.Context(), "ws/k", vault.ECDSAP256)
	must(t, err)
	signer, err := tok.Signer(t.Context(), "ws/k", public)
	must(t, err)
	must(t, tok.Close())
	must(t, tok.Close())
	_, found := tok.Find(t.Context(), "ws/k", vault.ECDSAP256)
	_, signed := signer.Sign(nil, make([]byte, 32), sha)
	for name, err := range map[string]error{"find": found, "sign": signed} {
		if onepoint.CodeOf(err) != onepoint.CodeUnavailable || !strings.Contains(err.Error(), "the token is closed") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
