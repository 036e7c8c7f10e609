package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/onepointledger/onepoint/audit"
)

// AppendAudit writes the entry that make returns for the workspace's last one.
// Writers of one workspace queue at its row, so that the chain has no fork.
func (p *Platform) AppendAudit(ctx context.Context, workspace string, next func(last audit.Entry) audit.Entry) error {
	return p.tx(ctx, func(tx *sql.Tx) error {
		var id string
		if err := tx.QueryRowContext(ctx, `SELECT id FROM workspaces WHERE id = $1`+p.forUpdate(), workspace).Scan(&id); err != nil {
			return failed("write audit log", err)
		}
		last := audit.Entry{Workspace: workspace}
		err := tx.QueryRowContext(ctx,
			`SELECT seq, mac FROM audit_log WHERE workspace = $1 ORDER BY seq DESC LIMIT 1`, workspace).Scan(&last.Seq, &last.MAC)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return failed("write audit log", err)
		}
		e := next(last)
		_, err = tx.ExecContext(ctx,
			`INSERT INTO audit_log (workspace, seq, at, actor, action, subject, detail, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			workspace, e.Seq, micros(e.At), e.Actor, e.Action, e.Subject, e.Detail, e.MAC)
		return failed("write audit log", err)
	})
}

var _ audit.Store = (*Platform)(nil)

// AuditEntries returns entries after seq, oldest first, at most limit; of one
// subject, unless that is empty.
func (p *Platform) AuditEntries(ctx context.Context, workspace, subject string, after int64, limit int) ([]audit.Entry, error) {
	rows, err := p.read.QueryContext(ctx,
		`SELECT seq, at, actor, action, subject, detail, mac FROM audit_log
		 WHERE workspace = $1 AND seq > $2 AND ($3 = '' OR subject = $3) ORDER BY seq LIMIT $4`,
		workspace, after, subject, limit)
	if err != nil {
		return nil, failed("read audit log", err)
	}
	defer rows.Close()
	var out []audit.Entry
	for rows.Next() {
		e, at := audit.Entry{Workspace: workspace}, int64(0)
		if err := rows.Scan(&e.Seq, &at, &e.Actor, &e.Action, &e.Subject, &e.Detail, &e.MAC); err != nil {
			return nil, failed("read audit log", err)
		}
		e.At = fromMicros(at)
		out = append(out, e)
	}
	return out, failed("read audit log", rows.Err())
}
