package store_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/store"
	"github.com/onepointledger/onepoint/vault"
)

var _ vault.Store = (*store.DB)(nil)

// vaultDatabases opens the platform's and the bank's database: both sides have a
// vault of their own. Opening a name twice gives two handles on one database.
func vaultDatabases(t *testing.T, url string) map[string]func(t *testing.T) *store.DB {
	t.Helper()
	return map[string]func(t *testing.T) *store.DB{
		"platform": func(t *testing.T) *store.DB {
			db, err := store.OpenPlatform(t.Context(), url, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			return db.DB
		},
		"bank": func(t *testing.T) *store.DB {
			db, err := store.OpenBank(t.Context(), url, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			return db.DB
		},
	}
}

// onVaultDatabases runs test on both sides' databases, in both dialects.
func onVaultDatabases(t *testing.T, test func(t *testing.T, open func(t *testing.T) *store.DB)) {
	t.Helper()
	for _, side := range []string{"platform", "bank"} {
		t.Run("sqlite/"+side, func(t *testing.T) {
			url := "sqlite:" + filepath.Join(t.TempDir(), "test.db")
			test(t, vaultDatabases(t, url)[side])
		})
	}
}

func TestVaultItems(t *testing.T) {
	onVaultDatabases(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		ctx, db, at := t.Context(), open(t), time.Now()
		item := func(workspace, kind, name, want string) {
			t.Helper()
			got, err := db.VaultItem(ctx, workspace, kind, name)
			if want == "" && onepoint.CodeOf(err) != onepoint.CodeNotFound || want != "" && (err != nil || string(got) != want) {
				t.Errorf("%s %s %s: %q, %v; want %q", workspace, kind, name, got, err, want)
			}
		}
		add := func(workspace, kind, name, sealed, want string) {
			t.Helper()
			got, err := db.AddVaultItem(ctx, workspace, kind, name, []byte(sealed), at)
			if err != nil || string(got) != want {
				t.Errorf("add %s %s %s: %q, %v; want %q", workspace, kind, name, got, err, want)
			}
		}
		item("ws_1", "key", "a", "")
		add("ws_1", "key", "a", "first", "first")
		add("ws_1", "key", "a", "second", "first")
		add("ws_2", "key", "a", "other workspace", "other workspace")
		add("ws_1", "chain", "a", "other kind", "other kind")
		add("", "check", "", "no workspace", "no workspace")
		if err := db.PutVaultItem(ctx, "ws_1", "key", "a", []byte("third\x00\xff"), at); err != nil {
			t.Error(err)
		}
		if err := db.PutVaultItem(ctx, "ws_1", "key", "b", []byte("new"), at); err != nil {
			t.Error(err)
		}
		item("ws_1", "key", "a", "third\x00\xff")
		item("ws_1", "key", "b", "new")
		item("ws_2", "key", "a", "other workspace")
		item("ws_1", "chain", "a", "other kind")
		item("", "check", "", "no workspace")
		item("ws_2", "chain", "a", "")
	})
}

// Two vaults with a database handle each, as two processes have, meet at a
// workspace's first use: both end with one data key and one secret.
func TestTwoVaultsOnOneDatabase(t *testing.T) {
	onVaultDatabases(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		ctx, file := t.Context(), filepath.Join(t.TempDir(), "kek.json")
		stores := []*store.DB{open(t), open(t)}
		type result struct{ sealed, secret []byte }
		results := make(chan result, 100)
		start := make(chan struct{})
		var group sync.WaitGroup
		for _, db := range stores {
			group.Go(func() {
				<-start
				v, err := vault.Open(ctx, vault.Config{Store: db, KeyFile: file, Now: time.Now})
				if err != nil {
					t.Error(err)
					return
				}
				for range 8 {
					group.Go(func() {
						r, err := firstUse(ctx, v)
						if err != nil {
							t.Error(err)
						}
						results <- result{r[0], r[1]}
					})
				}
			})
		}
		close(start)
		group.Wait()
		close(results)
		v, err := vault.Open(ctx, vault.Config{Store: stores[0], KeyFile: file, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		var secret []byte
		for r := range results {
			if secret == nil {
				secret = r.secret
			}
			if !bytes.Equal(secret, r.secret) {
				t.Errorf("two secrets: %q and %q", secret, r.secret)
			}
			if _, err := v.Unseal(ctx, "ws", r.sealed, []byte("bind")); err != nil {
				t.Error(err)
			}
		}
		if secret == nil {
			t.Error("nothing ran")
		}
	})
}

func firstUse(ctx context.Context, v *vault.Vault) ([2][]byte, error) {
	sealed, err := v.Seal(ctx, "ws", []byte("row"), []byte("bind"))
	if err != nil {
		return [2][]byte{}, err
	}
	secret, err := v.Secret(ctx, "ws", "hmac", 32)
	return [2][]byte{sealed, secret}, err
}

// The key file that is lost, or exchanged, for a database with sealed rows.
func TestVaultRefusesAStrangersDatabase(t *testing.T) {
	onVaultDatabases(t, func(t *testing.T, open func(t *testing.T) *store.DB) {
		ctx, db, dir := t.Context(), open(t), t.TempDir()
		if _, err := vault.Open(ctx, vault.Config{Store: db, KeyFile: filepath.Join(dir, "kek"), Now: time.Now}); err != nil {
			t.Fatal(err)
		}
		_, err := vault.Open(ctx, vault.Config{Store: open(t), KeyFile: filepath.Join(dir, "lost"), Now: time.Now})
		if onepoint.CodeOf(err) != onepoint.CodeConflict {
			t.Errorf("without the key file: %v", err)
		}
	})
}
