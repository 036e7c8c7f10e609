package store

import (
	"context"

	"github.com/onepointledger/onepoint/tpp"
)

var _ tpp.Syncs = (*Platform)(nil)

// SaveSync implements tpp.Syncs.
func (p *Platform) SaveSync(ctx context.Context, s tpp.Sync) error {
	_, err := p.write.ExecContext(ctx,
		`INSERT INTO syncs (workspace, id, connection, state, accounts_total, accounts_done, seen, added, changed, message, started, finished)
		 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		 ON CONFLICT (workspace, id) DO UPDATE SET state = excluded.state, accounts_total = excluded.accounts_total,
		 accounts_done = excluded.accounts_done, seen = excluded.seen, added = excluded.added, changed = excluded.changed,
		 message = excluded.message, finished = excluded.finished`,
		s.Workspace, s.ID, s.Connection, string(s.State), s.AccountsTotal, s.AccountsDone, s.Change.Seen, s.Change.Added, s.Change.Updated,
		s.Message, micros(s.Started), micros(s.Finished))
	return failed("save sync", err)
}

// LastSync implements tpp.Syncs.
func (p *Platform) LastSync(ctx context.Context, workspace, connection string) (tpp.Sync, error) {
	s := tpp.Sync{Workspace: workspace, Connection: connection}
	var started, finished int64
	err := p.read.QueryRowContext(ctx,
		`SELECT id, state, accounts_total, accounts_done, seen, added, changed, message, started, finished
		 FROM syncs WHERE workspace = $1 AND connection = $2 ORDER BY started DESC, id DESC LIMIT 1`, workspace, connection).
		Scan(&s.ID, &s.State, &s.AccountsTotal, &s.AccountsDone, &s.Change.Seen, &s.Change.Added, &s.Change.Updated, &s.Message, &started, &finished)
	s.Started, s.Finished = fromMicros(started), fromMicros(finished)
	return s, failed("find the last sync", err)
}
