package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// batch commits single statements of many callers in one transaction, where the
// database has one writer and every commit waits for the disk (SQLite). Nobody
// is answered before what they wrote is on the disk. A statement that fails
// undoes itself and not the others.
type batch struct {
	db      *DB
	mu      sync.Mutex
	waiting []*statement
	leading bool
}

type statement struct {
	query string
	args  []any
	rows  int64
	err   error
	done  chan struct{}
}

// mostInBatch bounds how much one commit holds.
const mostInBatch = 256

// exec runs a statement and says how many rows it changed.
func (b *batch) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if b.db.dialect != SQLite { // its writers commit beside each other
		res, err := b.db.write.ExecContext(ctx, query, args...)
		if err != nil {
			return 0, err
		}
		return res.RowsAffected()
	}
	s := &statement{query: query, args: args, done: make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, s)
	lead := !b.leading
	b.leading = true
	b.mu.Unlock()
	if lead {
		// One caller commits for all. It must not end early because it gave up.
		go b.lead(context.WithoutCancel(ctx))
	}
	select {
	case <-s.done:
		return s.rows, s.err
	case <-ctx.Done(): // it may be written all the same, as with any broken connection
		return 0, ctx.Err()
	}
}

// lead commits what waits until nothing does.
func (b *batch) lead(ctx context.Context) {
	for {
		b.mu.Lock()
		n := min(len(b.waiting), mostInBatch)
		if n == 0 {
			b.leading = false
			b.mu.Unlock()
			return
		}
		list := b.waiting[:n:n]
		b.waiting = b.waiting[n:]
		b.mu.Unlock()
		b.commit(ctx, list)
	}
}

func (b *batch) commit(ctx context.Context, list []*statement) {
	err := b.db.once(ctx, func(tx *sql.Tx) error {
		prepared := map[string]*sql.Stmt{}
		for _, s := range list {
			stmt := prepared[s.query]
			if stmt == nil {
				var err error
				if stmt, err = tx.PrepareContext(ctx, s.query); err != nil {
					return fmt.Errorf("prepare: %w", err)
				}
				defer stmt.Close() //nolint:errcheck // it ends with the transaction
				prepared[s.query] = stmt
			}
			res, err := stmt.ExecContext(ctx, s.args...)
			if s.err = err; err == nil {
				s.rows, s.err = res.RowsAffected()
			}
		}
		return nil
	})
	for _, s := range list {
		if err != nil {
			s.err = err
		}
		close(s.done)
	}
}
