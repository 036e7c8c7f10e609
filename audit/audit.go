package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
)

// Entry is one thing that was done. Detail is a JSON object without secrets.
type Entry struct {
	Workspace string
	Seq       int64 // counts up by one within the workspace
	At        time.Time
	Actor     string // "user:…", "key:…" or "system"
	Action    string // "key.used", "credential.saved"
	Subject   string // what it was done to
	Detail    string
	MAC       []byte
}

// Store keeps the log.
type Store interface {
	// AppendAudit writes the entry that next makes of the last one, whose Seq is 0
	// when there is none. Of concurrent writers each sees the other's entry.
	AppendAudit(ctx context.Context, workspace string, next func(last Entry) Entry) error
	// AuditEntries returns entries after seq, oldest first; of one subject, unless
	// that is empty.
	AuditEntries(ctx context.Context, workspace, subject string, after int64, limit int) ([]Entry, error)
}

// Secrets lends the key of the log; the vault implements it.
type Secrets interface {
	Secret(ctx context.Context, workspace, name string, size int) ([]byte, error)
}

// Log writes and proves the log.
type Log struct {
	Store   Store
	Secrets Secrets
	Now     onepoint.Clock
}

const (
	keyName  = "audit-log"
	keySize  = 32
	pageSize = 1000
)

type actorKey struct{}

// WithActor says who acts in ctx: "user:…", "key:…".
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// Actor is who acts in ctx; "system" when nobody said.
func Actor(ctx context.Context) string {
	if a, ok := ctx.Value(actorKey{}).(string); ok && a != "" {
		return a
	}
	return "system"
}

// Record appends one entry. It commits by itself: what cannot be recorded must
// not be done.
func (l *Log) Record(ctx context.Context, workspace, action, subject string, detail map[string]string) error {
	key, err := l.Secrets.Secret(ctx, workspace, keyName, keySize)
	if err != nil {
		return fmt.Errorf("record %s: %w", action, err)
	}
	if detail == nil {
		detail = map[string]string{}
	}
	encoded, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("record %s: %w", action, err)
	}
	at, actor := l.Now().UTC().Truncate(time.Microsecond), Actor(ctx)
	return l.Store.AppendAudit(ctx, workspace, func(last Entry) Entry {
		e := Entry{Workspace: workspace, Seq: last.Seq + 1, At: at, Actor: actor, Action: action, Subject: subject, Detail: string(encoded)}
		e.MAC = mac(key, last.MAC, e)
		return e
	})
}

// Proof is the outcome of [Log.Verify].
type Proof struct {
	Entries int64  `json:"entries"`
	Head    string `json:"head"`             // of the last entry; noted elsewhere, it proves later that none was cut off
	Broken  int64  `json:"broken,omitempty"` // the first entry that was changed, moved or lost; 0 when whole
	Noted   string `json:"noted,omitempty"`  // whether the noted point is still in the chain: "kept", "lost", or "" when none was given
}

// Whether a noted point is still in the chain.
const (
	NotedKept = "kept"
	NotedLost = "lost" // entries were cut off, or the log was written anew
)

// Whole reports whether nothing was found wrong.
func (p Proof) Whole() bool { return p.Broken == 0 && p.Noted != NotedLost }

// Entries returns entries after seq, oldest first, at most limit; of one subject,
// unless that is empty.
func (l *Log) Entries(ctx context.Context, workspace, subject string, after int64, limit int) ([]Entry, error) {
	return l.Store.AuditEntries(ctx, workspace, subject, after, limit)
}

// Verify reads the whole log and checks every entry.
func (l *Log) Verify(ctx context.Context, workspace string) (Proof, error) {
	return l.VerifyFrom(ctx, workspace, Proof{})
}

// VerifyFrom is [Log.Verify] that also looks for a point noted earlier, the
// Entries and Head of a proof: a chain whose end was cut off is whole in itself,
// and only a noted point shows it. CodeInvalid when the point is malformed.
func (l *Log) VerifyFrom(ctx context.Context, workspace string, noted Proof) (Proof, error) {
	var p Proof
	point, err := pointOf(noted)
	if err != nil {
		return p, err
	}
	if point != nil {
		p.Noted = NotedLost
	}
	key, err := l.Secrets.Secret(ctx, workspace, keyName, keySize)
	if err != nil {
		return p, fmt.Errorf("verify the audit log: %w", err)
	}
	var last Entry
	for {
		entries, err := l.Store.AuditEntries(ctx, workspace, "", last.Seq, pageSize)
		if err != nil {
			return p, fmt.Errorf("verify the audit log: %w", err)
		}
		for _, e := range entries {
			if e.Seq != last.Seq+1 || !hmac.Equal(e.MAC, mac(key, last.MAC, e)) {
				p.Broken = last.Seq + 1
				return p, nil
			}
			last = e
			p.Entries, p.Head = e.Seq, hex.EncodeToString(e.MAC)
			if point != nil && e.Seq == noted.Entries && hmac.Equal(e.MAC, point) {
				p.Noted = NotedKept
			}
		}
		if len(entries) < pageSize {
			return p, nil
		}
	}
}

// pointOf is the MAC of a noted point; nil when none was noted.
func pointOf(noted Proof) ([]byte, error) {
	const op = "verify the audit log"
	if noted.Entries == 0 && noted.Head == "" {
		return nil, nil
	}
	if noted.Entries <= 0 {
		return nil, onepoint.Missing(op, "entries", "must be the number of entries that was noted with the head")
	}
	point, err := hex.DecodeString(noted.Head)
	if err != nil || len(point) != sha256.Size {
		return nil, onepoint.Missing(op, "head", "must be the head that was noted, 64 hexadecimal digits")
	}
	return point, nil
}

// mac covers every field with its length, so that nothing can move from one into
// another.
func mac(key, previous []byte, e Entry) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range []string{
		string(previous), e.Workspace, fmt.Sprint(e.Seq), fmt.Sprint(e.At.UnixMicro()), e.Actor, e.Action, e.Subject, e.Detail,
	} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}
