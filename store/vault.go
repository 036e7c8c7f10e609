package store

import (
	"context"
	"time"
)

// VaultItem returns one of the vault's sealed items. CodeNotFound when there is
// none.
func (db *DB) VaultItem(ctx context.Context, workspace, kind, name string) ([]byte, error) {
	var sealed []byte
	err := db.read.QueryRowContext(ctx,
		`SELECT sealed FROM vault_items WHERE workspace = $1 AND kind = $2 AND name = $3`,
		workspace, kind, name).Scan(&sealed)
	return sealed, failed("read vault item", err)
}

// AddVaultItem stores an item unless one is there, and returns the one that is
// there then: of two callers at once both get the first's.
func (db *DB) AddVaultItem(ctx context.Context, workspace, kind, name string, sealed []byte, at time.Time) ([]byte, error) {
	_, err := db.write.ExecContext(ctx,
		`INSERT INTO vault_items (workspace, kind, name, sealed, created, updated) VALUES ($1, $2, $3, $4, $5, $5)
		 ON CONFLICT (workspace, kind, name) DO NOTHING`,
		workspace, kind, name, sealed, micros(at))
	if err != nil {
		return nil, failed("add vault item", err)
	}
	return db.VaultItem(ctx, workspace, kind, name)
}

// PutVaultItem stores an item in place of any former one.
func (db *DB) PutVaultItem(ctx context.Context, workspace, kind, name string, sealed []byte, at time.Time) error {
	_, err := db.write.ExecContext(ctx,
		`INSERT INTO vault_items (workspace, kind, name, sealed, created, updated) VALUES ($1, $2, $3, $4, $5, $5)
		 ON CONFLICT (workspace, kind, name) DO UPDATE SET sealed = excluded.sealed, updated = excluded.updated`,
		workspace, kind, name, sealed, micros(at))
	return failed("put vault item", err)
}
