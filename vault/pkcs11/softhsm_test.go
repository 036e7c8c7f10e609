//go:build pkcs11

package pkcs11_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	p11 "github.com/miekg/pkcs11"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/vault"
	"github.com/onepointledger/onepoint/vault/pkcs11"
)

const (
	userPIN = "canary-4711"
	soPIN   = "officer-0815"
)

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// module finds SoftHSM, or skips: also when SOFTHSM2_MODULE says so.
func module(t testing.TB) string {
	t.Helper()
	named := os.Getenv("SOFTHSM2_MODULE")
	if named != "" && named != "skip" {
		return named
	}
	for _, pattern := range []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"} {
		found, err := filepath.Glob(pattern)
		must(t, err)
		if len(found) > 0 && named != "skip" {
			return found[0]
		}
	}
	t.Skip("no SoftHSM: install softhsm2, or name its library in SOFTHSM2_MODULE")
	return ""
}

// newTokens makes a SoftHSM of the test's own with tokens of these labels.
func newTokens(t testing.TB, labels ...string) pkcs11.Config {
	t.Helper()
	c := pkcs11.Config{Module: module(t), Token: labels[0], PIN: userPIN}
	dir := t.TempDir()
	conf := filepath.Join(dir, "softhsm2.conf")
	must(t, os.Mkdir(filepath.Join(dir, "tokens"), 0o700))
	must(t, os.WriteFile(conf, []byte("directories.tokendir = "+dir+"/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"), 0o600))
	t.Setenv("SOFTHSM2_CONF", conf)
	raw(t, c, func(lib *p11.Ctx) {
		for _, label := range labels {
			slots, err := lib.GetSlotList(true)
			must(t, err)
			free := slots[len(slots)-1] // SoftHSM always has one more that is empty
			must(t, lib.InitToken(free, soPIN, label))
			s, err := lib.OpenSession(free, p11.CKF_SERIAL_SESSION|p11.CKF_RW_SESSION)
			must(t, err)
			must(t, lib.Login(s, p11.CKU_SO, soPIN))
			must(t, lib.InitPIN(s, userPIN))
			must(t, lib.CloseAllSessions(free))
		}
	})
	return c
}

// raw lends the library as it is. No token may be open.
func raw(t testing.TB, c pkcs11.Config, f func(*p11.Ctx)) {
	t.Helper()
	lib := p11.New(c.Module)
	if lib == nil {
		t.Fatalf("%s does not load", c.Module)
	}
	defer lib.Destroy()
	must(t, lib.Initialize())
	defer func() { must(t, lib.Finalize()) }()
	f(lib)
}

func open(t testing.TB, c pkcs11.Config) pkcs11.Token {
	t.Helper()
	tok, err := pkcs11.Open(t.Context(), c)
	must(t, err)
	t.Cleanup(func() { must(t, tok.Close()) })
	return tok
}

func openVault(t testing.TB, s vault.Store, file string, tok vault.Custody) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), vault.Config{Store: s, KeyFile: file, Now: clock, Custody: tok})
	must(t, err)
	return v
}

func keyFile(t testing.TB) string { return filepath.Join(t.TempDir(), "keys", "kek.json") }

// memory is a vault's store in a map.
type memory struct {
	mu    sync.Mutex
	items map[[3]string][]byte
}

func newMemory() *memory { return &memory{items: map[[3]string][]byte{}} }

func (m *memory) VaultItem(_ context.Context, workspace, kind, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b, ok := m.items[[3]string{workspace, kind, name}]; ok {
		return bytes.Clone(b), nil
	}
	return nil, onepoint.E(onepoint.CodeNotFound, "read vault item", "there is no such thing", nil)
}

func (m *memory) DeleteVaultItem(_ context.Context, workspace, kind, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.items, [3]string{workspace, kind, name})
	return nil
}

func (m *memory) VaultNames(context.Context, string, string) ([]string, error) { return nil, nil }

func (m *memory) AddVaultItem(_ context.Context, workspace, kind, name string, sealed []byte, _ time.Time) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := [3]string{workspace, kind, name}
	if _, ok := m.items[k]; !ok {
		m.items[k] = bytes.Clone(sealed)
	}
	return bytes.Clone(m.items[k]), nil
}

func (m *memory) PutVaultItem(_ context.Context, workspace, kind, name string, sealed []byte, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items[[3]string{workspace, kind, name}] = bytes.Clone(sealed)
	return nil
}
