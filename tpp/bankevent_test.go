package tpp_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/tpp"
)

// eventBox is a bank that tells events: a token is its id, and "forged-…" does
// not verify.
type eventBox struct {
	waiting map[string]tpp.BankEvent
	refused map[string]string
	fail    func(call string) error
}

func (b *eventBox) failing(call string) error {
	if b.fail == nil {
		return nil
	}
	return b.fail(call)
}

// Verify implements tpp.BankEventSource.
func (b *eventBox) Verify(_ context.Context, token string) (tpp.BankEvent, error) {
	if err := b.failing("verify"); err != nil {
		return tpp.BankEvent{}, err
	}
	e, ok := b.waiting[token]
	if !ok || len(token) > 6 && token[:6] == "forged" {
		return e, onepoint.E(onepoint.CodeSignatureInvalid, "verify", "forged", nil)
	}
	return e, nil
}

// Poll implements tpp.BankEventSource.
func (b *eventBox) Poll(_ context.Context, p tpp.BankEventPoll) (tpp.BankEventBatch, error) {
	if err := b.failing("before"); err != nil {
		return tpp.BankEventBatch{}, err
	}
	for _, id := range p.Accepted {
		delete(b.waiting, id)
	}
	for id, why := range p.Refused {
		delete(b.waiting, id)
		b.refused[id] = why
	}
	var ids []string
	for id := range b.waiting {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	batch := tpp.BankEventBatch{Tokens: map[string]string{}, More: len(ids) > min(p.Max, 3)}
	for _, id := range ids[:min(len(ids), min(p.Max, 3))] {
		batch.Tokens[id] = id
	}
	return batch, b.failing("after") // the answer is lost
}

func newBox() *eventBox {
	return &eventBox{waiting: map[string]tpp.BankEvent{}, refused: map[string]string{}}
}

// events is the use case over the rig's store and the box.
func (r *rig) events(b *eventBox) *tpp.BankEvents {
	return &tpp.BankEvents{Store: r.db, Now: r.Now, Log: slog.New(slog.DiscardHandler), Source: func(context.Context, string, string) (tpp.BankEventSource, error) { return b, nil }}
}

// dyingStore is a store whose process dies before an event is committed, or
// after.
type dyingStore struct {
	tpp.BankEventStore
	box *eventBox
}

// TakeBankEvent implements tpp.BankEventStore.
func (s dyingStore) TakeBankEvent(ctx context.Context, e tpp.BankEvent, fn func(*tpp.Connection) ([]onepoint.Event, error)) (bool, error) {
	if err := s.box.failing("before the commit"); err != nil {
		return false, err
	}
	fresh, err := s.BankEventStore.TakeBankEvent(ctx, e, fn)
	if err == nil {
		err = s.box.failing("after the commit")
	}
	return fresh, err
}

// told are the subjects of the platform's events of a type, after a number.
func (r *rig) told(tb testing.TB, kind onepoint.EventType, after int64) (subjects []string) {
	tb.Helper()
	for {
		page, err := r.db.Events(context.Background(), workspace, after, 500)
		if err != nil {
			tb.Fatal(err)
		}
		if len(page) == 0 {
			return subjects
		}
		for _, e := range page {
			after = e.Seq
			if e.Type == kind {
				subjects = append(subjects, e.Subject)
			}
		}
	}
}

// TestPolledEventsHaveOneEffectWhateverFails lets calls fail, answers get lost
// and the process die between any two steps.
func TestPolledEventsHaveOneEffectWhateverFails(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		r, run := newRig(t, url), 0
		rapid.Check(t, func(rt *rapid.T) {
			run++
			start, err := r.db.LastEvent(context.Background(), workspace)
			if err != nil {
				rt.Fatal(err)
			}
			box, published, forged := newBox(), map[string]bool{}, 0
			use, dead := r.events(box), errors.New("the process died")
			use.Store = dyingStore{r.db, box}
			box.fail = func(call string) error {
				if rapid.IntRange(0, 5).Draw(rt, call) == 0 {
					return dead
				}
				return nil
			}
			rt.Repeat(map[string]func(*rapid.T){
				"publish": func(*rapid.T) {
					id := fmt.Sprintf("e%d-%d", run, len(published))
					box.waiting[id] = tpp.BankEvent{ID: id, Kind: tpp.BankResourceChanged, ResourceType: "domestic-payment", ResourceID: id, At: r.Now()}
					published[id] = true
				},
				"forge": func(*rapid.T) { forged++; box.waiting[fmt.Sprintf("forged-%d-%d", run, forged)] = tpp.BankEvent{} },
				"poll":  func(*rapid.T) { _ = use.Poll(context.Background(), workspace, bankID) },
				"push": func(rt *rapid.T) {
					for id := range box.waiting {
						_ = use.Receive(context.Background(), workspace, bankID, id)
						break
					}
				},
			})
			box.fail = nil
			if err := use.Poll(context.Background(), workspace, bankID); err != nil {
				rt.Fatal(err)
			}
			if len(box.waiting) != 0 || len(box.refused) != forged {
				rt.Fatalf("%d wait, %d of %d forged refused", len(box.waiting), len(box.refused), forged)
			}
			effects := map[string]int{}
			for _, subject := range r.told(t, tpp.EventBankEvent, start) {
				effects[subject]++
			}
			for id := range published {
				if effects[id] != 1 {
					rt.Fatalf("event %s had %d effects", id, effects[id])
				}
			}
		})
	})
}

func TestAnEventChangesItsConnectionAtOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		kind     tpp.BankEventKind
		bank     string
		stranger bool          // about a consent of nobody here
		late     time.Duration // how long before the connection last changed it happened
		want     tpp.ConnectionStatus
		syncs    int // asked for, besides the first
	}{
		"revoked":                  {tpp.BankConsentRevoked, bankID, false, -time.Minute, tpp.ConnectionNeedsReauth, 0},
		"revoked this very second": {tpp.BankConsentRevoked, bankID, false, 0, tpp.ConnectionNeedsReauth, 0},
		"revoked before a renewal": {tpp.BankConsentRevoked, bankID, false, time.Minute, tpp.ConnectionActive, 1},
		"accounts changed":         {tpp.BankAccountsChanged, bankID, false, -time.Minute, tpp.ConnectionActive, 1},
		"consent changed":          {tpp.BankResourceChanged, bankID, false, -time.Minute, tpp.ConnectionActive, 1},
		"another consent":          {tpp.BankConsentRevoked, bankID, true, -time.Minute, tpp.ConnectionActive, 0},
		"another bank's same id":   {tpp.BankConsentRevoked, "other-bank", false, -time.Minute, tpp.ConnectionActive, 0},
	} {
		t.Run(name, func(t *testing.T) {
			pgtest.Each(t, func(t *testing.T, url string) {
				r, box := newRig(t, url), newBox()
				conn := r.connected()
				e := tpp.BankEvent{ID: "jti-1", Kind: tc.kind, ResourceType: "account-access-consent", ResourceID: conn.ConsentID, At: conn.Updated.Add(-tc.late)}
				if tc.stranger {
					e.ResourceID = "someone-else"
				}
				box.waiting["jti-1"] = e
				use := r.events(box)
				for range 2 { // the second time it is known
					if err := use.Receive(context.Background(), workspace, tc.bank, "jti-1"); err != nil {
						t.Fatal(err)
					}
				}
				got, err := r.db.Connection(context.Background(), workspace, conn.ID)
				if err != nil || got.Status != tc.want {
					t.Errorf("the connection is %s (%v), want %s", got.Status, err, tc.want)
				}
				if told := r.told(t, tpp.EventBankEvent, 0); len(told) != 1 {
					t.Errorf("told %v", told)
				}
				if asked := r.told(t, onepoint.EventSyncRequested, 0); len(asked) != tc.syncs {
					t.Errorf("%d syncs asked for, want %d", len(asked), tc.syncs)
				}
			})
		})
	}
}

func TestAnEventThatDoesNotVerifyChangesNothing(t *testing.T) {
	r, box := newRig(t, "sqlite:"+t.TempDir()+"/p.db"), newBox()
	err := r.events(box).Receive(context.Background(), workspace, bankID, "forged-1")
	if onepoint.CodeOf(err) != onepoint.CodeSignatureInvalid {
		t.Errorf("got %v", err)
	}
	if told := r.told(t, tpp.EventBankEvent, 0); len(told) != 0 {
		t.Errorf("told %v", told)
	}
}
