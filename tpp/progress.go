package tpp

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// syncData is what sync events tell: the API's Sync.
type syncData struct {
	ID            string    `json:"id"`
	Connection    string    `json:"connection"`
	State         SyncState `json:"state"`
	AccountsTotal int       `json:"accountsTotal"`
	AccountsDone  int       `json:"accountsDone"`
	Seen          int       `json:"seen"`
	Added         int       `json:"added"`
	Updated       int       `json:"updated"`
	Message       string    `json:"message,omitempty"`
	Started       time.Time `json:"started"`
	Finished      time.Time `json:"finished,omitzero"`
}

func (s Sync) event(t onepoint.EventType) (onepoint.Event, error) {
	data, err := json.Marshal(syncData{
		s.ID, s.Connection, s.State, s.AccountsTotal, s.AccountsDone,
		s.Change.Seen, s.Change.Added, s.Change.Updated, s.Message, s.Started.UTC(), s.Finished.UTC(),
	})
	if err != nil {
		return onepoint.Event{}, fmt.Errorf("encode sync event: %w", err)
	}
	return onepoint.Event{Type: t, Subject: s.Connection, Data: data}, nil
}

// report saves the run and tells how far it is.
func (r *run) report(ctx context.Context, t onepoint.EventType) error {
	if err := r.Syncs.SaveSync(ctx, r.sync); err != nil {
		return fmt.Errorf("save sync: %w", err)
	}
	e, err := r.sync.event(t)
	if err != nil {
		return err
	}
	if err := r.Events.AppendEvents(ctx, r.conn.Workspace, e); err != nil {
		return fmt.Errorf("tell progress: %w", err)
	}
	return nil
}

// pageEvents makes the events that commit with one batch of rows.
func (r *run) pageEvents(account Account) func(Change) []onepoint.Event {
	return func(c Change) []onepoint.Event {
		s := r.sync
		s.Change.Seen += c.Seen
		s.Change.Added += c.Added
		s.Change.Updated += c.Updated
		progress, err := s.event(onepoint.EventSyncProgress)
		if err != nil {
			return nil
		}
		events := []onepoint.Event{progress}
		if c.Added+c.Updated > 0 {
			if data, err := json.Marshal(c); err == nil {
				events = append(events, onepoint.Event{Type: onepoint.EventTransactionsChanged, Subject: account.ID, Data: data})
			}
		}
		return events
	}
}

// end records the outcome on the run and on the connection. A run that was cut
// short by a shutdown stays running, to be taken up again.
func (r *run) end(ctx context.Context, failure error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.sync.Finished = r.Now()
	kind := onepoint.EventSyncFinished
	switch {
	case failure != nil:
		r.sync.State, r.sync.Message, kind = SyncFailed, onepoint.MessageOf(failure), onepoint.EventSyncFailed
	case len(r.skipped) > 0:
		r.sync.State, r.sync.Message = SyncPartial, "read without "+strings.Join(r.skipped, "; ")
	default:
		r.sync.State, r.sync.Message = SyncComplete, ""
	}
	_, err := r.Connections.UpdateConnection(ctx, r.conn.Workspace, r.conn.ID, func(c *Connection) ([]onepoint.Event, error) {
		switch {
		case failure == nil:
			c.LastSync = r.sync.Started
		case needsUser(failure) && c.Status == ConnectionActive:
			c.Status, c.Message = ConnectionNeedsReauth, "the bank's permission has ended; connect the bank again"
			return []onepoint.Event{event(onepoint.EventConnectionChanged, *c)}, nil
		}
		return nil, nil
	})
	if err != nil {
		return fmt.Errorf("record the sync: %w", err)
	}
	return r.report(ctx, kind)
}
