package audit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/audit"
)

const (
	ours   = "ws_1"
	theirs = "ws_2"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// memory is a store whose rows a test can tamper with.
type memory struct {
	mu   sync.Mutex
	rows map[string][]audit.Entry
}

// AppendAudit implements audit.Store.
func (m *memory) AppendAudit(_ context.Context, workspace string, next func(audit.Entry) audit.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := audit.Entry{Workspace: workspace}
	if rows := m.rows[workspace]; len(rows) > 0 {
		last = rows[len(rows)-1]
	}
	m.rows[workspace] = append(m.rows[workspace], next(last))
	return nil
}

// AuditEntries implements audit.Store.
func (m *memory) AuditEntries(_ context.Context, workspace, subject string, after int64, limit int) ([]audit.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []audit.Entry
	for _, e := range m.rows[workspace] {
		if e.Seq > after && (subject == "" || e.Subject == subject) && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

// keys lends each workspace a key of its own.
type keys struct{}

// Secret implements audit.Secrets.
func (keys) Secret(_ context.Context, workspace, name string, size int) ([]byte, error) {
	return []byte(strings.Repeat(workspace+name, size))[:size], nil
}

func newLog(t testing.TB, entries int) (*audit.Log, *memory) {
	t.Helper()
	m := &memory{rows: map[string][]audit.Entry{}}
	l := &audit.Log{Store: m, Secrets: keys{}, Now: func() time.Time { return noon }}
	for _, workspace := range []string{ours, theirs} {
		for i := range entries {
			ctx := audit.WithActor(t.Context(), "user:"+workspace)
			if err := l.Record(ctx, workspace, "key.used", fmt.Sprint("key-", i), map[string]string{"n": fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return l, m
}

func verify(t testing.TB, l *audit.Log, noted audit.Proof) audit.Proof {
	t.Helper()
	p, err := l.VerifyFrom(t.Context(), ours, noted)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWholeLogVerifies(t *testing.T) {
	for _, n := range []int{0, 1, 7, 2500} { // 2500: more than a page
		l, m := newLog(t, n)
		p, err := l.Verify(t.Context(), ours)
		if err != nil || p.Entries != int64(n) || !p.Whole() || p.Noted != "" {
			t.Errorf("%d entries: got %+v, %v", n, p, err)
		}
		if n > 0 && p.Head != fmt.Sprintf("%x", m.rows[ours][n-1].MAC) {
			t.Errorf("%d entries: the head %s is not the last entry's", n, p.Head)
		}
	}
}

func TestTamperingIsFoundWhereItWasDone(t *testing.T) {
	l, _ := newLog(t, 10)
	change := func(fn func(e *audit.Entry)) func(*memory) {
		return func(m *memory) { fn(&m.rows[ours][4]) }
	}
	tests := []struct {
		name   string
		tamper func(*memory)
		broken int64
	}{
		{"the time changed", change(func(e *audit.Entry) { e.At = e.At.Add(time.Microsecond) }), 5},
		{"the actor changed", change(func(e *audit.Entry) { e.Actor = "user:mallory" }), 5},
		{"the action changed", change(func(e *audit.Entry) { e.Action = "key.made" }), 5},
		{"the subject changed", change(func(e *audit.Entry) { e.Subject = "other" }), 5},
		{"the detail changed", change(func(e *audit.Entry) { e.Detail = "{}" }), 5},
		{"the MAC changed", change(func(e *audit.Entry) { e.MAC = append([]byte{e.MAC[0] ^ 1}, e.MAC[1:]...) }), 5},
		{"the number changed", change(func(e *audit.Entry) { e.Seq = 50 }), 5},
		{"a letter moved to the next field", change(func(e *audit.Entry) { e.Action, e.Subject = "key.use", "d"+e.Subject }), 5},
		{"the first row deleted", func(m *memory) { m.rows[ours] = m.rows[ours][1:] }, 1},
		{"a middle row deleted", func(m *memory) { m.rows[ours] = slices.Delete(m.rows[ours], 4, 5) }, 5},
		{"a middle row deleted and the rest numbered anew", func(m *memory) {
			m.rows[ours] = slices.Delete(m.rows[ours], 4, 5)
			for i := range m.rows[ours] {
				m.rows[ours][i].Seq = int64(i + 1)
			}
		}, 5},
		{"a pair swapped", func(m *memory) {
			r := m.rows[ours]
			r[4], r[5] = r[5], r[4]
			r[4].Seq, r[5].Seq = 5, 6
		}, 5},
		{"a row forged at the end without the key", func(m *memory) {
			e := m.rows[ours][9]
			e.Seq, e.Subject = 11, "forged"
			m.rows[ours] = append(m.rows[ours], e)
		}, 11},
		{"a row of another workspace put in", func(m *memory) {
			e := m.rows[theirs][4]
			e.Workspace = ours
			m.rows[ours][4] = e
		}, 5},
		{"the whole log of another workspace put in", func(m *memory) {
			for i, e := range m.rows[theirs] {
				e.Workspace = ours
				m.rows[ours][i] = e
			}
		}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tampered, m := newLog(t, 10)
			tt.tamper(m)
			p := verify(t, tampered, audit.Proof{})
			if p.Broken != tt.broken || p.Whole() {
				t.Errorf("got %+v, want broken at %d", p, tt.broken)
			}
		})
	}
	if p := verify(t, l, audit.Proof{}); !p.Whole() {
		t.Errorf("the untouched log: %+v", p)
	}
}

func TestCutOffEndIsFoundWithANotedHead(t *testing.T) {
	l, m := newLog(t, 10)
	noted := verify(t, l, audit.Proof{})
	if p := verify(t, l, noted); p.Noted != audit.NotedKept || !p.Whole() {
		t.Errorf("nothing done: %+v", p)
	}
	if err := l.Record(t.Context(), ours, "key.used", "more", nil); err != nil {
		t.Fatal(err)
	}
	if p := verify(t, l, noted); p.Noted != audit.NotedKept || p.Entries != 11 {
		t.Errorf("the log grew: %+v", p)
	}
	m.rows[ours] = m.rows[ours][:7]
	if p := verify(t, l, audit.Proof{}); !p.Whole() {
		t.Errorf("without the noted point a shorter chain is whole: %+v", p)
	}
	if p := verify(t, l, noted); p.Noted != audit.NotedLost || p.Whole() || p.Broken != 0 || p.Entries != 7 {
		t.Errorf("cut off: %+v", p)
	}
	for range 5 { // cut off, then as long as before
		if err := l.Record(t.Context(), ours, "key.used", "more", nil); err != nil {
			t.Fatal(err)
		}
	}
	if p := verify(t, l, noted); p.Noted != audit.NotedLost {
		t.Errorf("cut off and grown again: %+v", p)
	}
}

func TestMalformedPointIsRefused(t *testing.T) {
	l, _ := newLog(t, 2)
	head := verify(t, l, audit.Proof{}).Head
	for name, noted := range map[string]audit.Proof{
		"no number": {Head: head}, "no head": {Entries: 2}, "no hexadecimal": {Entries: 2, Head: "zz"},
		"too short": {Entries: 2, Head: head[2:]}, "negative": {Entries: -1, Head: head},
	} {
		if _, err := l.VerifyFrom(t.Context(), ours, noted); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestEntrySaysWhoDidIt(t *testing.T) {
	l, m := newLog(t, 0)
	for _, actor := range []string{"", "user:1", "key:2"} {
		if err := l.Record(audit.WithActor(t.Context(), actor), ours, "a", "b", nil); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, e := range m.rows[ours] {
		got = append(got, e.Actor)
		if !json.Valid([]byte(e.Detail)) || !e.At.Equal(noon) {
			t.Errorf("got %+v", e)
		}
	}
	if want := []string{"system", "user:1", "key:2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestConcurrentWritersMakeOneChain(t *testing.T) {
	l, _ := newLog(t, 0)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := l.Record(t.Context(), ours, "key.used", "qwac", nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if p := verify(t, l, audit.Proof{}); p.Entries != 50 || !p.Whole() {
		t.Errorf("got %+v", p)
	}
}
