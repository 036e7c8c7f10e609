package vault

import (
	"context"
	"crypto"
	"crypto/x509"

	"github.com/onepointledger/onepoint"
)

// KeyInfo is what may be known of a key: everything but the key.
type KeyInfo struct {
	Name      string
	Algorithm Algorithm
	Public    crypto.PublicKey
	Chain     []*x509.Certificate // leaf first; empty while there is only a key
}

// Keys lists the workspace's keys, by name.
func (v *Vault) Keys(ctx context.Context, workspace string) ([]KeyInfo, error) {
	names, err := v.store.VaultNames(ctx, workspace, kindKey)
	if err != nil {
		return nil, wrap("list", "keys", err)
	}
	keys := make([]KeyInfo, 0, len(names))
	for _, name := range names {
		k, err := v.KeyInfo(ctx, workspace, name)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// KeyInfo tells of one key. CodeNotFound when there is none.
func (v *Vault) KeyInfo(ctx context.Context, workspace, name string) (KeyInfo, error) {
	signer, err := v.Signer(ctx, workspace, name)
	if err != nil {
		return KeyInfo{}, err
	}
	chain, err := v.Chain(ctx, workspace, name)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return KeyInfo{}, err
	}
	return KeyInfo{Name: name, Algorithm: algorithmOf(signer.Public()), Public: signer.Public(), Chain: chain}, nil
}

// Delete ends a key and its certificates for good. Deleting what is not there is
// no error.
func (v *Vault) Delete(ctx context.Context, workspace, name string) error {
	for _, kind := range []string{kindChain, kindKey} {
		if err := v.store.DeleteVaultItem(ctx, workspace, kind, name); err != nil {
			return wrap("delete key", name, err)
		}
	}
	return nil
}
