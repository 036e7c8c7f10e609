package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// AppendEvents commits events that belong to no other row.
func (p *Platform) AppendEvents(ctx context.Context, workspace string, events ...onepoint.Event) error {
	return p.tx(ctx, func(tx *sql.Tx) error { return p.record(ctx, tx, workspace, events) })
}

// record writes events in the transaction of the row they are about. Their
// numbers come from the workspace's own row: writers of one workspace queue
// there, so that numbers have no gaps and become visible in order.
func (p *Platform) record(ctx context.Context, tx *sql.Tx, workspace string, events []onepoint.Event) error {
	if len(events) == 0 {
		return nil
	}
	var last int64
	err := tx.QueryRowContext(ctx, `UPDATE workspaces SET event_seq = event_seq + $1 WHERE id = $2 RETURNING event_seq`,
		len(events), workspace).Scan(&last)
	if err != nil {
		return failed("number events", err)
	}
	args := make([]any, 0, len(events)*6)
	for i := range events {
		e := &events[i]
		e.Workspace, e.Seq = workspace, last-int64(len(events)-1-i)
		if e.At.IsZero() {
			e.At = time.Now()
		}
		args = append(args, workspace, e.Seq, string(e.Type), e.Subject, micros(e.At), string(e.Data))
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO events (workspace, seq, type, subject, at, data) VALUES `+tuples(len(events), 6), args...)
	if err != nil {
		return failed("write events", err)
	}
	if p.InTx != nil {
		return p.InTx(ctx, tx, events)
	}
	return nil
}

// tuples is "($1,$2),($3,$4)" for rows of width values.
func tuples(rows, width int) string {
	var b strings.Builder
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("(" + placeholders(i*width+1, width) + ")")
	}
	return b.String()
}

// Events returns at most limit events of a workspace that come after the number
// given, in order.
func (p *Platform) Events(ctx context.Context, workspace string, after int64, limit int) ([]onepoint.Event, error) {
	rows, err := p.read.QueryContext(ctx,
		`SELECT seq, type, subject, at, data FROM events WHERE workspace = $1 AND seq > $2 ORDER BY seq LIMIT $3`, workspace, after, limit)
	if err != nil {
		return nil, failed("read events", err)
	}
	defer rows.Close()
	var events []onepoint.Event
	for rows.Next() {
		e := onepoint.Event{Workspace: workspace}
		var at int64
		var data string
		if err := rows.Scan(&e.Seq, &e.Type, &e.Subject, &at, &data); err != nil {
			return nil, failed("read events", err)
		}
		e.At = fromMicros(at)
		if data != "" {
			e.Data = json.RawMessage(data)
		}
		events = append(events, e)
	}
	return events, failed("read events", rows.Err())
}

// LastEvent is the number of the workspace's newest event, 0 for none.
func (p *Platform) LastEvent(ctx context.Context, workspace string) (int64, error) {
	var last int64
	err := p.read.QueryRowContext(ctx, `SELECT event_seq FROM workspaces WHERE id = $1`, workspace).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return last, failed("read the newest event's number", err)
}
