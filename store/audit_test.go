package store_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/audit"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/store"
)

// auditKey is one key for all workspaces: what moves between them must be found
// by the workspace's name alone.
type auditKey struct{}

// Secret implements audit.Secrets.
func (auditKey) Secret(_ context.Context, _, _ string, size int) ([]byte, error) {
	return bytes.Repeat([]byte{7}, size), nil
}

// onAuditLogs runs fn with a log of five entries in each of two workspaces.
func onAuditLogs(t *testing.T, fn func(t *testing.T, db *store.Platform, l *audit.Log)) {
	t.Helper()
	pgtest.Each(t, func(t *testing.T, url string) {
		db := openPlatform(t, url)
		handle, _ := db.Handle()
		_, err := handle.ExecContext(t.Context(), `INSERT INTO workspaces (id, name, created) VALUES ($1, 'Other', 0)`, theirs)
		if err != nil {
			t.Fatal(err)
		}
		l := &audit.Log{Store: db, Secrets: auditKey{}, Now: func() time.Time { return noon }}
		for i := range 5 {
			for _, workspace := range []string{ours, theirs} {
				if err := l.Record(t.Context(), workspace, "key.used", fmt.Sprint("key-", i%2), map[string]string{"n": fmt.Sprint(i), "of": workspace}); err != nil {
					t.Fatal(err)
				}
			}
		}
		fn(t, db, l)
	})
}

func TestAuditLogIsReadAsItWasWritten(t *testing.T) {
	onAuditLogs(t, func(t *testing.T, _ *store.Platform, l *audit.Log) {
		for _, tt := range []struct {
			subject string
			after   int64
			limit   int
			want    []int64
		}{
			{"", 0, 100, []int64{1, 2, 3, 4, 5}},
			{"", 2, 2, []int64{3, 4}},
			{"key-1", 0, 100, []int64{2, 4}},
			{"key-1", 2, 100, []int64{4}},
			{"other", 0, 100, nil},
		} {
			got, err := l.Entries(t.Context(), ours, tt.subject, tt.after, tt.limit)
			if err != nil {
				t.Fatal(err)
			}
			var seqs []int64
			for _, e := range got {
				seqs = append(seqs, e.Seq)
				if e.Workspace != ours || e.Actor != "system" || e.Action != "key.used" || !e.At.Equal(noon) {
					t.Errorf("got %+v", e)
				}
			}
			if fmt.Sprint(seqs) != fmt.Sprint(tt.want) {
				t.Errorf("%q after %d: got %v, want %v", tt.subject, tt.after, seqs, tt.want)
			}
		}
		if p, err := l.Verify(t.Context(), ours); err != nil || !p.Whole() || p.Entries != 5 {
			t.Errorf("got %+v, %v", p, err)
		}
	})
}

func TestTamperingWithAuditRowsIsFound(t *testing.T) {
	for _, tt := range []struct {
		name       string
		statements []string
		broken     int64
		noted      string
	}{
		{"nothing done", nil, 0, audit.NotedKept},
		{"the time changed", []string{`UPDATE audit_log SET at = at + 1 WHERE workspace = 'ws_1' AND seq = 3`}, 3, audit.NotedLost},
		{"the actor changed", []string{`UPDATE audit_log SET actor = 'user:x' WHERE workspace = 'ws_1' AND seq = 3`}, 3, audit.NotedLost},
		{"the action changed", []string{`UPDATE audit_log SET action = 'x' WHERE workspace = 'ws_1' AND seq = 3`}, 3, audit.NotedLost},
		{"the subject changed", []string{`UPDATE audit_log SET subject = 'x' WHERE workspace = 'ws_1' AND seq = 3`}, 3, audit.NotedLost},
		{"the detail changed", []string{`UPDATE audit_log SET detail = '{}' WHERE workspace = 'ws_1' AND seq = 3`}, 3, audit.NotedLost},
		{"a row deleted", []string{`DELETE FROM audit_log WHERE workspace = 'ws_1' AND seq = 3`}, 3, audit.NotedLost},
		{"the end deleted", []string{`DELETE FROM audit_log WHERE workspace = 'ws_1' AND seq > 3`}, 0, audit.NotedLost},
		{"a pair swapped", []string{
			`UPDATE audit_log SET seq = 99 WHERE workspace = 'ws_1' AND seq = 3`,
			`UPDATE audit_log SET seq = 3 WHERE workspace = 'ws_1' AND seq = 4`,
			`UPDATE audit_log SET seq = 4 WHERE workspace = 'ws_1' AND seq = 99`,
		}, 3, audit.NotedLost},
		{"a row forged", []string{`INSERT INTO audit_log SELECT workspace, 6, at, actor, action, subject, detail, mac FROM audit_log WHERE workspace = 'ws_1' AND seq = 5`}, 6, audit.NotedKept},
		{"a row of another workspace moved in", []string{
			`DELETE FROM audit_log WHERE workspace = 'ws_1'`, `UPDATE audit_log SET workspace = 'ws_1' WHERE workspace = 'ws_2'`,
		}, 1, audit.NotedLost},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onAuditLogs(t, func(t *testing.T, db *store.Platform, l *audit.Log) {
				noted, err := l.Verify(t.Context(), ours)
				if err != nil {
					t.Fatal(err)
				}
				handle, _ := db.Handle()
				for _, statement := range tt.statements {
					if _, err := handle.ExecContext(t.Context(), statement); err != nil {
						t.Fatal(err)
					}
				}
				if p, err := l.VerifyFrom(t.Context(), ours, noted); err != nil || p.Broken != tt.broken || p.Noted != tt.noted {
					t.Errorf("got %+v, %v; want broken at %d and the point %s", p, err, tt.broken, tt.noted)
				}
			})
		})
	}
}

func TestConcurrentAuditWritersMakeOneChain(t *testing.T) {
	onAuditLogs(t, func(t *testing.T, _ *store.Platform, l *audit.Log) {
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if err := l.Record(t.Context(), ours, "key.used", "qwac", nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if p, err := l.Verify(t.Context(), ours); err != nil || p.Entries != 55 || !p.Whole() {
			t.Errorf("got %+v, %v", p, err)
		}
	})
}
