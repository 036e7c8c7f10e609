package vault_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/vault"
)

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

type itemKey struct{ workspace, kind, name string }

// memory is a Store in a map. The real one is tested in package store.
type memory struct {
	mu    sync.Mutex
	items map[itemKey][]byte
	adds  map[string]int // by kind: how often an item came into being
	reads int
}

func newMemory() *memory {
	return &memory{items: map[itemKey][]byte{}, adds: map[string]int{}}
}

func (m *memory) VaultItem(_ context.Context, workspace, kind, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	if b, ok := m.items[itemKey{workspace, kind, name}]; ok {
		return bytes.Clone(b), nil
	}
	return nil, onepoint.E(onepoint.CodeNotFound, "read vault item", "there is no such thing", nil)
}

func (m *memory) DeleteVaultItem(_ context.Context, workspace, kind, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.items, itemKey{workspace, kind, name})
	return nil
}

func (m *memory) VaultNames(_ context.Context, workspace, kind string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for k := range m.items {
		if k.workspace == workspace && k.kind == kind {
			names = append(names, k.name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (m *memory) AddVaultItem(_ context.Context, workspace, kind, name string, sealed []byte, _ time.Time) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := itemKey{workspace, kind, name}
	if _, ok := m.items[k]; !ok {
		m.items[k] = bytes.Clone(sealed)
		m.adds[kind]++
	}
	return bytes.Clone(m.items[k]), nil
}

func (m *memory) PutVaultItem(_ context.Context, workspace, kind, name string, sealed []byte, _ time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items[itemKey{workspace, kind, name}] = bytes.Clone(sealed)
	return nil
}

func open(t testing.TB, s vault.Store, file string) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), vault.Config{Store: s, KeyFile: file, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func keyFile(t testing.TB) string { return filepath.Join(t.TempDir(), "keys", "kek.json") }

func TestSealedBytesOpenWhereTheyBelong(t *testing.T) {
	ctx, s, file := t.Context(), newMemory(), keyFile(t)
	v := open(t, s, file)
	for _, plain := range []string{"", "canary-3c1", strings.Repeat("x", 100_000)} {
		sealed, err := v.Seal(ctx, "ws_1", []byte(plain), []byte("t|r|c"))
		if err != nil {
			t.Fatal(err)
		}
		if plain != "" && bytes.Contains(sealed, []byte(plain)) {
			t.Error("the sealed bytes show the plain ones")
		}
		for name, other := range map[string]*vault.Vault{"same": v, "opened again": open(t, s, file)} {
			got, err := other.Unseal(ctx, "ws_1", sealed, []byte("t|r|c"))
			if err != nil || string(got) != plain {
				t.Errorf("%s vault: %d bytes, %v", name, len(got), err)
			}
		}
	}
}

func TestSealedBytesDoNotOpenElsewhere(t *testing.T) {
	ctx := t.Context()
	v := open(t, newMemory(), keyFile(t))
	sealed, err := v.Seal(ctx, "ws_1", []byte("canary"), []byte("t|r|c"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		altered := bytes.Clone(sealed)
		altered[i] ^= 1
		if _, err := v.Unseal(ctx, "ws_1", altered, []byte("t|r|c")); onepoint.CodeOf(err) != onepoint.CodeInternal {
			t.Fatalf("byte %d altered: %v", i, err)
		}
	}
	for name, try := range map[string]func() ([]byte, error){
		"other row":       func() ([]byte, error) { return v.Unseal(ctx, "ws_1", sealed, []byte("t|r2|c")) },
		"no row":          func() ([]byte, error) { return v.Unseal(ctx, "ws_1", sealed, nil) },
		"other workspace": func() ([]byte, error) { return v.Unseal(ctx, "ws_2", sealed, []byte("t|r|c")) },
		"cut":             func() ([]byte, error) { return v.Unseal(ctx, "ws_1", sealed[:len(sealed)-1], []byte("t|r|c")) },
		"nothing":         func() ([]byte, error) { return v.Unseal(ctx, "ws_1", nil, []byte("t|r|c")) },
	} {
		if got, err := try(); onepoint.CodeOf(err) != onepoint.CodeInternal || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := v.Seal(ctx, "", []byte("x"), nil); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("no workspace: %v", err)
	}
}

// A database whose rows were exchanged between tenants, or between names, does
// not open: not even with the right key file.
func TestMovedItemsDoNotOpen(t *testing.T) {
	ctx, s := t.Context(), newMemory()
	file := keyFile(t)
	v := open(t, s, file)
	for _, ws := range []string{"ws_1", "ws_2"} {
		for _, name := range []string{"a", "b"} {
			if _, err := v.NewKey(ctx, ws, name, vault.ECDSAP256); err != nil {
				t.Fatal(err)
			}
		}
	}
	good := maps.Clone(s.items)
	for name, move := range map[string][2]itemKey{
		"data key of another workspace": {{"ws_1", "data-key", ""}, {"ws_2", "data-key", ""}},
		"key of another name":           {{"ws_1", "key", "b"}, {"ws_1", "key", "a"}},
		"key of another workspace":      {{"ws_1", "key", "a"}, {"ws_2", "key", "a"}},
	} {
		s.items = maps.Clone(good)
		s.items[move[1]] = s.items[move[0]]
		if _, err := open(t, s, file).Signer(ctx, move[1].workspace, "a"); err == nil || onepoint.CodeOf(err) != onepoint.CodeInternal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeyFileIsPrivate(t *testing.T) {
	file := keyFile(t)
	open(t, newMemory(), file)
	for path, want := range map[string]os.FileMode{file: 0o600, filepath.Dir(file): 0o700} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, file string)
		msg   string
	}{
		{"missing file", func(t *testing.T, file string) { must(t, os.Remove(file)) }, "is missing, and the database holds data sealed with it; put the file back"},
		{"foreign file", func(t *testing.T, file string) {
			must(t, os.Remove(file))
			open(t, newMemory(), file)
		}, "is not the one this database was sealed with; put back the file"},
		{"group may read", func(t *testing.T, file string) { must(t, os.Chmod(file, 0o640)) }, "others may read the key file"},
		{"others may write", func(t *testing.T, file string) { must(t, os.Chmod(file, 0o602)) }, "run: chmod 600"},
		{"empty file", func(t *testing.T, file string) { must(t, os.Truncate(file, 0)) }, "is damaged"},
		{"cut file", func(t *testing.T, file string) { must(t, os.Truncate(file, 50)) }, "is damaged"},
		{"text", func(t *testing.T, file string) { must(t, os.WriteFile(file, []byte("hello"), 0o600)) }, "is damaged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, file := newMemory(), keyFile(t)
			open(t, s, file) // without one sealed row: the check is there from the start
			tt.spoil(t, file)
			_, err := vault.Open(t.Context(), vault.Config{Store: s, KeyFile: file, Now: clock})
			if onepoint.CodeOf(err) != onepoint.CodeConflict || !strings.Contains(onepoint.MessageOf(err), tt.msg) {
				t.Errorf("got %v, want %q", err, tt.msg)
			}
			if _, err := os.Stat(file); tt.name == "missing file" && err == nil {
				t.Error("a new key file was made")
			}
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A key file from a former database is good for a new one.
func TestOpenTakesAnUnusedKeyFile(t *testing.T) {
	file := keyFile(t)
	open(t, newMemory(), file)
	before, err := os.ReadFile(file)
	must(t, err)
	open(t, newMemory(), file)
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file changed, %v", err)
	}
}

// Many callers in two vaults on one store, all at the first use: one key file,
// one data key, one secret, one key pair.
func TestConcurrentFirstUse(t *testing.T) {
	ctx, s, file := t.Context(), newMemory(), keyFile(t)
	const each = 16
	type result struct {
		sealed []byte
		secret string
		public crypto.PublicKey
	}
	results := make(chan result, 4*each)
	start := make(chan struct{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			<-start
			v, err := vault.Open(ctx, vault.Config{Store: s, KeyFile: file, Now: clock})
			if err != nil {
				t.Error(err)
				return
			}
			for range each {
				group.Go(func() {
					var r result
					var errs [3]error
					r.sealed, errs[0] = v.Seal(ctx, "ws", []byte("x"), []byte("b"))
					var secret []byte
					secret, errs[1] = v.Secret(ctx, "ws", "hmac", 32)
					r.secret = string(secret)
					r.public, errs[2] = v.NewKey(ctx, "ws", "k", vault.ECDSAP256)
					if err := errors.Join(errs[:]...); err != nil {
						t.Error(err)
					}
					results <- r
				})
			}
		})
	}
	close(start)
	group.Wait()
	close(results)
	v := open(t, s, file)
	var first *result
	for r := range results {
		if first == nil {
			first = &r
		}
		if r.secret != first.secret || !r.public.(interface{ Equal(crypto.PublicKey) bool }).Equal(first.public) {
			t.Error("two callers got two secrets or keys")
		}
		if _, err := v.Unseal(ctx, "ws", r.sealed, []byte("b")); err != nil {
			t.Error(err)
		}
	}
	for _, kind := range []string{"check", "data-key", "secret", "key"} {
		if s.adds[kind] != 1 {
			t.Errorf("%d items of kind %s", s.adds[kind], kind)
		}
	}
}

// The first caller of a workspace giving up does not fail the others.
func TestCancelledFirstUse(t *testing.T) {
	v := open(t, newMemory(), keyFile(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Seal(ctx, "ws", []byte("x"), nil); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := v.Seal(t.Context(), "ws", []byte("x"), nil); err != nil {
		t.Error(err)
	}
}

func TestDataKeyIsReadOnce(t *testing.T) {
	s := newMemory()
	v := open(t, s, keyFile(t))
	for range 3 {
		if _, err := v.Seal(t.Context(), "ws", []byte("x"), nil); err != nil {
			t.Fatal(err)
		}
	}
	before := s.reads
	for range 100 {
		if _, err := v.Seal(t.Context(), "ws", []byte("x"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if s.reads != before {
		t.Errorf("%d reads of the store for 100 rows", s.reads-before)
	}
}

func TestSecretIsMadeOnce(t *testing.T) {
	ctx := t.Context()
	v := open(t, newMemory(), keyFile(t))
	first, err := v.Secret(ctx, "ws", "hmac", 32)
	must(t, err)
	if len(first) != 32 || bytes.Equal(first, make([]byte, 32)) {
		t.Errorf("made %x", first)
	}
	again, err := v.Secret(ctx, "ws", "hmac", 32)
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("a second secret under one name, %v", err)
	}
	other, err := v.Secret(ctx, "ws", "other", 32)
	if err != nil || bytes.Equal(first, other) {
		t.Errorf("one secret under two names, %v", err)
	}
	if _, err := v.Secret(ctx, "ws", "hmac", 64); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("other size: %v", err)
	}
	if _, err := v.Secret(ctx, "ws", "short", 8); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("short: %v", err)
	}
}

// Whatever prints a vault, a signer or a TLS certificate shows no key.
func TestKeysDoNotPrint(t *testing.T) {
	ctx, s, file := t.Context(), newMemory(), keyFile(t)
	v := open(t, s, file)
	pem, numbers := knownKey(t)
	must(t, v.Import(ctx, "ws", "k", pem))
	must(t, v.SetChain(ctx, "ws", "k", selfSigned(t, v, "ws", "k")))
	signer, err := v.Signer(ctx, "ws", "k")
	must(t, err)
	cert, err := v.TLS(ctx, "ws", "k")
	must(t, err)
	var out strings.Builder
	for _, x := range []any{v, signer, cert, *cert, struct {
		S crypto.Signer
		V *vault.Vault
	}{signer, v}, map[string]any{"k": signer}} {
		fmt.Fprintf(&out, "%v %+v %#v %s %q %x %d\n", x, x, x, x, x, x, x)
		if j, err := json.Marshal(x); err == nil {
			out.Write(j)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "value", x)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "value", x)
	}
	kek, err := os.ReadFile(file)
	must(t, err)
	var keyset struct {
		Key []struct{ KeyData struct{ Value string } }
	}
	must(t, json.Unmarshal(kek, &keyset))
	if control := fmt.Sprintf("%+v", *rsaKey()); !strings.Contains(control, numbers[0]) {
		t.Fatal("the canaries would not be found in a printed key")
	}
	shown := strings.ToLower(out.String())
	for _, canary := range append(numbers, keyset.Key[0].KeyData.Value) {
		if strings.Contains(shown, strings.ToLower(canary)) {
			t.Errorf("printing shows the key: %.40s…", canary)
		}
	}
	for k, b := range s.items {
		if bytes.Contains(b, []byte("PRIVATE KEY")) {
			t.Errorf("%v is not sealed", k)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	v := open(b, newMemory(), keyFile(b))
	for _, size := range []int{100, 1000} {
		plain := bytes.Repeat([]byte("x"), size)
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := v.Seal(b.Context(), "ws", plain, []byte("ws|transactions|acc_01j8|bank:1234567890")); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkUnseal(b *testing.B) {
	v := open(b, newMemory(), keyFile(b))
	sealed, err := v.Seal(b.Context(), "ws", bytes.Repeat([]byte("x"), 1000), []byte("bind"))
	must(b, err)
	for b.Loop() {
		if _, err := v.Unseal(b.Context(), "ws", sealed, []byte("bind")); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
