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

// DeleteVaultItem removes an item; one that is not there is no error.
func (db *DB) DeleteVaultItem(ctx context.Context, workspace, kind, name string) error {
	_, err := db.write.ExecContext(ctx, `DELETE FROM vault_items WHERE workspace = $1 AND kind = $2 AND name = $3`, workspace, kind, name)
	return failed("delete vault item", err)
}

// VaultNames lists the names of a kind, in order.
func (db *DB) VaultNames(ctx context.Context, workspace, kind string) ([]string, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT name FROM vault_items WHERE workspace = $1 AND kind = $2 ORDER BY name`, workspace, kind)
	if err != nil {
		return nil, failed("list vault items", err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, failed("list vault items", err)
		}
		names = append(names, name)
	}
	return names, failed("list vault items", rows.Err())
}
