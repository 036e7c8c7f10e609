package vault

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/tink"
	"golang.org/x/sync/singleflight"

	"github.com/onepointledger/onepoint"
)

// Store keeps the vault's items, every one of them sealed. An item is found by
// workspace, kind and name.
type Store interface {
	// VaultItem returns an item. CodeNotFound when there is none.
	VaultItem(ctx context.Context, workspace, kind, name string) ([]byte, error)
	// AddVaultItem stores an item unless one is there, and returns the one that is
	// there then: of two callers at once both get the first's.
	AddVaultItem(ctx context.Context, workspace, kind, name string, sealed []byte, at time.Time) ([]byte, error)
	// PutVaultItem stores an item in place of any former one.
	PutVaultItem(ctx context.Context, workspace, kind, name string, sealed []byte, at time.Time) error
	// DeleteVaultItem removes an item; one that is not there is no error.
	DeleteVaultItem(ctx context.Context, workspace, kind, name string) error
	// VaultNames lists the names of a kind, in order.
	VaultNames(ctx context.Context, workspace, kind string) ([]string, error)
}

// Config says where a vault lives.
type Config struct {
	Store Store
	// KeyFile is the path of the key-encryption key. It is made on first use, with
	// its folder.
	KeyFile string
	Now     onepoint.Clock
	// Custody, when set, makes new keys and keeps them; the store then holds where
	// they are. Without it keys lie sealed in the store. Keys that exist stay where
	// they are. Whoever opened the custody closes it, after the vault's last use.
	Custody Custody
}

// Vault seals, unseals and signs. It is safe for concurrent use, also by several
// processes with one store and one key file.
type Vault struct {
	store Store
	now   onepoint.Clock
	kek   tink.AEAD

	custody Custody // nil: keys are sealed in the store

	mu       sync.RWMutex
	dataKeys map[string]tink.AEAD // by workspace
	loading  singleflight.Group   // one load per workspace at a time
}

// The kinds of items.
const (
	kindCheck   = "check"    // sealed by the key-encryption key: tells whether the file fits the data
	kindDataKey = "data-key" // sealed by the key-encryption key
	kindKey     = "key"      // the rest is sealed by the workspace's data key
	kindChain   = "chain"
	kindSecret  = "secret"

	kindCredential = "credential"
)

// maxDataKeys bounds the cache of data keys; each takes some kilobytes.
const maxDataKeys = 10_000

// Open opens the vault, making the key file when neither it nor sealed data
// exists. It refuses to start, with what to do about it, when the key file is
// missing or foreign although the store holds sealed data, or when others than
// its owner may read it.
func Open(ctx context.Context, c Config) (*Vault, error) {
	check, err := c.Store.VaultItem(ctx, "", kindCheck, "kek")
	fresh := onepoint.CodeOf(err) == onepoint.CodeNotFound
	if err != nil && !fresh {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	kek, err := openKeyFile(c.KeyFile, fresh)
	if err != nil {
		return nil, err
	}
	v := &Vault{store: c.Store, now: c.Now, kek: kek, custody: c.Custody, dataKeys: map[string]tink.AEAD{}}
	if fresh {
		sealed, err := kek.Encrypt(nil, associated("", kindCheck, "kek"))
		if err != nil {
			return nil, fmt.Errorf("open vault: %w", err)
		}
		if check, err = c.Store.AddVaultItem(ctx, "", kindCheck, "kek", sealed, c.Now()); err != nil {
			return nil, fmt.Errorf("open vault: %w", err)
		}
	}
	if _, err := kek.Decrypt(check, associated("", kindCheck, "kek")); err != nil {
		return nil, refuse("the key file "+c.KeyFile+" is not the one this database was sealed with; "+
			"put back the file that belongs to this database, or point to the database that belongs to this file", err)
	}
	return v, nil
}

func refuse(msg string, cause error) error {
	return onepoint.E(onepoint.CodeConflict, "open vault", msg, cause)
}

// Seal encrypts plain for the workspace. bind says where the result belongs
// (table, row, column) and must be the same to unseal it. The first call for a
// workspace reads or writes the store: do not make it inside a transaction on
// the same database.
func (v *Vault) Seal(ctx context.Context, workspace string, plain, bind []byte) ([]byte, error) {
	key, err := v.dataKey(ctx, workspace)
	if err != nil {
		return nil, err
	}
	sealed, err := key.Encrypt(plain, associated(workspace, "row", string(bind)))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Unseal returns what [Vault.Seal] was given. CodeInternal when the bytes were
// altered, or belong to another workspace or place.
func (v *Vault) Unseal(ctx context.Context, workspace string, sealed, bind []byte) ([]byte, error) {
	key, err := v.dataKey(ctx, workspace)
	if err != nil {
		return nil, err
	}
	plain, err := key.Decrypt(sealed, associated(workspace, "row", string(bind)))
	if err != nil {
		return nil, onepoint.E(onepoint.CodeInternal, "unseal", "", errors.New("the sealed bytes were altered or moved from another row or workspace"))
	}
	return plain, nil
}

// associated is what a sealed value is bound to. Each part is preceded by its
// length, so that no two different lists give the same bytes.
func associated(parts ...string) []byte {
	n := len("onepoint vault 1")
	for _, p := range parts {
		n += len(p) + 4
	}
	b := append(make([]byte, 0, n), "onepoint vault 1"...)
	for _, p := range parts {
		l := uint32(len(p))
		b = append(b, byte(l>>24), byte(l>>16), byte(l>>8), byte(l))
		b = append(b, p...)
	}
	return b
}

// dataKey returns the workspace's data key, from memory after its first use.
func (v *Vault) dataKey(ctx context.Context, workspace string) (tink.AEAD, error) {
	v.mu.RLock()
	key := v.dataKeys[workspace]
	v.mu.RUnlock()
	if key != nil {
		return key, nil
	}
	if workspace == "" {
		return nil, onepoint.Missing("seal", "workspace", "must not be empty")
	}
	// One caller loads for all that wait: its own cancellation must not fail theirs.
	ch := v.loading.DoChan(workspace, func() (any, error) {
		loading, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return v.loadDataKey(loading, workspace)
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("load data key: %w", ctx.Err())
	case r := <-ch:
		if r.Err != nil {
			return nil, fmt.Errorf("load data key: %w", r.Err)
		}
		return r.Val.(tink.AEAD), nil
	}
}

func (v *Vault) loadDataKey(ctx context.Context, workspace string) (tink.AEAD, error) {
	bind := associated(workspace, kindDataKey, "")
	sealed, err := v.store.VaultItem(ctx, workspace, kindDataKey, "")
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		var made []byte
		if made, err = newDataKey(v.kek, bind); err == nil {
			sealed, err = v.store.AddVaultItem(ctx, workspace, kindDataKey, "", made, v.now())
		}
	}
	if err != nil {
		return nil, err
	}
	key, err := openDataKey(sealed, v.kek, bind)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.dataKeys) >= maxDataKeys {
		for w := range v.dataKeys { // any one: it is read again when needed
			delete(v.dataKeys, w)
			break
		}
	}
	v.dataKeys[workspace] = key
	return key, nil
}

// item reads and unseals one item. CodeNotFound when there is none.
func (v *Vault) item(ctx context.Context, workspace, kind, name string) ([]byte, error) {
	sealed, err := v.store.VaultItem(ctx, workspace, kind, name)
	if err != nil {
		return nil, err
	}
	return v.openItem(ctx, workspace, kind, name, sealed)
}

func (v *Vault) openItem(ctx context.Context, workspace, kind, name string, sealed []byte) ([]byte, error) {
	key, err := v.dataKey(ctx, workspace)
	if err != nil {
		return nil, err
	}
	plain, err := key.Decrypt(sealed, associated(workspace, kind, name))
	if err != nil {
		return nil, onepoint.E(onepoint.CodeInternal, "unseal "+kind+" "+name, "", errors.New("the sealed bytes were altered or moved from another row or workspace"))
	}
	return plain, nil
}

func (v *Vault) sealItem(ctx context.Context, workspace, kind, name string, plain []byte) ([]byte, error) {
	key, err := v.dataKey(ctx, workspace)
	if err != nil {
		return nil, err
	}
	return key.Encrypt(plain, associated(workspace, kind, name))
}

// addItem seals and stores an item unless one is there, and returns the one that
// is there then.
func (v *Vault) addItem(ctx context.Context, workspace, kind, name string, plain []byte) ([]byte, error) {
	sealed, err := v.sealItem(ctx, workspace, kind, name, plain)
	if err != nil {
		return nil, err
	}
	kept, err := v.store.AddVaultItem(ctx, workspace, kind, name, sealed, v.now())
	if err != nil {
		return nil, err
	}
	return v.openItem(ctx, workspace, kind, name, kept)
}

// Format keeps a vault from being printed.
func (*Vault) Format(f fmt.State, _ rune) { fmt.Fprint(f, "vault") }
