package vault

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/onepointledger/onepoint"
)

// Secret returns the random secret kept under a name, made with size bytes on the
// first call: of several first calls at once all get the same. CodeConflict when
// the name has a secret of another size.
func (v *Vault) Secret(ctx context.Context, workspace, name string, size int) ([]byte, error) {
	const op = "read secret"
	if size < 16 {
		return nil, onepoint.Missing(op, "size", "must be at least 16 bytes")
	}
	secret, err := v.item(ctx, workspace, kindSecret, name)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		made := make([]byte, size)
		if _, err := rand.Read(made); err != nil {
			return nil, fmt.Errorf("make secret %s: %w", name, err)
		}
		secret, err = v.addItem(ctx, workspace, kindSecret, name, made)
	}
	if err != nil {
		return nil, wrap(op, name, err)
	}
	if len(secret) != size {
		return nil, onepoint.E(onepoint.CodeConflict, op, fmt.Sprintf("the secret %s exists with %d bytes, not %d; choose another name", name, len(secret), size), nil)
	}
	return secret, nil
}

func wrap(op, name string, err error) error {
	if err != nil {
		return fmt.Errorf("%s %s: %w", op, name, err)
	}
	return nil
}
