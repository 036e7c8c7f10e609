package store

import (
	"context"
	"database/sql"
)

// AddSimRow stores a new document. CodeConflict when the id is taken.
func (b *Bank) AddSimRow(ctx context.Context, sim, kind, id, owner string, document []byte) error {
	_, err := b.write.ExecContext(ctx,
		`INSERT INTO sim_rows (sim, kind, id, owner, document, seq)
		 SELECT $1, $2, $3, $4, $5, COALESCE(MAX(seq), 0) + 1 FROM sim_rows WHERE sim = $1 AND kind = $2 AND owner = $4`,
		sim, kind, id, owner, string(document))
	return failed("add document", err)
}

// SimRow returns a document. CodeNotFound.
func (b *Bank) SimRow(ctx context.Context, sim, kind, id string) ([]byte, error) {
	var document string
	err := b.read.QueryRowContext(ctx, `SELECT document FROM sim_rows WHERE sim = $1 AND kind = $2 AND id = $3`, sim, kind, id).Scan(&document)
	return []byte(document), failed("read document", err)
}

// UpdateSimRow changes a document in one transaction that nobody else changes it
// in. An error of fn changes nothing and is returned; fn giving nil removes the
// document. CodeNotFound.
func (b *Bank) UpdateSimRow(ctx context.Context, sim, kind, id string, fn func([]byte) ([]byte, error)) error {
	return b.tx(ctx, func(tx *sql.Tx) error {
		var document string
		err := tx.QueryRowContext(ctx,
			`SELECT document FROM sim_rows WHERE sim = $1 AND kind = $2 AND id = $3`+b.forUpdate(), sim, kind, id).Scan(&document)
		if err != nil {
			return failed("read document", err)
		}
		changed, err := fn([]byte(document))
		if err != nil {
			return err
		}
		if changed == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM sim_rows WHERE sim = $1 AND kind = $2 AND id = $3`, sim, kind, id)
		} else {
			_, err = tx.ExecContext(ctx, `UPDATE sim_rows SET document = $1 WHERE sim = $2 AND kind = $3 AND id = $4`, string(changed), sim, kind, id)
		}
		return failed("change document", err)
	})
}

// SimRows returns the documents of an owner, oldest first, at most limit.
func (b *Bank) SimRows(ctx context.Context, sim, kind, owner string, limit int) ([][]byte, error) {
	rows, err := b.read.QueryContext(ctx,
		`SELECT document FROM sim_rows WHERE sim = $1 AND kind = $2 AND owner = $3 ORDER BY seq, id LIMIT $4`, sim, kind, owner, limit)
	if err != nil {
		return nil, failed("list documents", err)
	}
	defer rows.Close()
	var out [][]byte
	for rows.Next() {
		var document string
		if err := rows.Scan(&document); err != nil {
			return nil, failed("list documents", err)
		}
		out = append(out, []byte(document))
	}
	return out, failed("list documents", rows.Err())
}
