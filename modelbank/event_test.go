package modelbank_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/standard/obie"
	"github.com/onepointledger/onepoint/store"
)

// eventBench is the events desk over a database, with a clock that moves.
type eventBench struct {
	*modelbank.Events
	store  *store.Bank
	micros atomic.Int64
	key    fapi.SigningKey
}

func (b *eventBench) now() time.Time          { return time.UnixMicro(b.micros.Load()).UTC() }
func (b *eventBench) advance(d time.Duration) { b.micros.Add(d.Microseconds()) }

func (b *eventBench) signing() fapi.SigningKey { return b.key }

func (b *eventBench) issuer() obie.EventIssuer {
	return obie.EventIssuer{Issuer: "https://bank.example", BaseURL: "https://bank.example", Key: b.signing}
}

func newEventBench(tb testing.TB, url string) *eventBench {
	tb.Helper()
	b := &eventBench{}
	b.micros.Store(noon().UnixMicro())
	var err error
	if b.store, err = store.OpenBank(context.Background(), url, slog.New(slog.DiscardHandler)); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { b.store.Close() })
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		tb.Fatal(err)
	}
	b.key = fapi.SigningKey{Signer: private, KeyID: fapi.KeyID(private.Public()), Alg: "PS256"}
	b.Events = modelbank.NewEvents(modelbank.EventsConfig{
		Subscribers: b.store, Outbox: b.store, Issuer: b.issuer(), Sandbox: true, LongPoll: 3 * time.Second,
		Now: b.now, NewID: onepoint.NewIDs(time.Now),
	})
	return b
}

// client registers a TPP.
func (b *eventBench) client(tb testing.TB, id string) onepoint.TPP {
	tb.Helper()
	if err := b.store.PutClient(context.Background(), as.Client{ID: id, OrgID: "org", SoftwareID: id, Name: id, Created: b.now()}); err != nil {
		tb.Fatal(err)
	}
	return onepoint.TPP{ClientID: id}
}

func (b *eventBench) subscribed(tb testing.TB, tpp onepoint.TPP, callback string, types ...obie.EventType) obie.EventSubscription {
	tb.Helper()
	s, err := b.Subscribe(context.Background(), tpp, obie.EventSubscription{
		Kind: obie.EventSubscriptionKind, CallbackURL: callback, Version: "4.0", EventTypes: types,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func (b *eventBench) publish(tb testing.TB, client, id string, t obie.EventType, resource string) {
	tb.Helper()
	err := b.Publish(context.Background(), modelbank.Event{ID: id, ClientID: client, Type: t, Resource: obie.EventResource{Type: resource, ID: "r-" + id}})
	if err != nil {
		tb.Fatal(err)
	}
}

func (b *eventBench) poll(tb testing.TB, tpp onepoint.TPP, p obie.EventPoll) (ids []string, more bool) {
	tb.Helper()
	if p.Scopes == nil {
		p.Scopes = []string{"accounts", "payments", "fundsconfirmations"}
	}
	batch, err := b.PollEvents(context.Background(), tpp, p)
	if err != nil {
		tb.Fatal(err)
	}
	return slices.Sorted(maps.Keys(batch.Sets)), batch.More
}

func TestEventsReachOnlyTheirTPPAndOnlyWhatItAskedFor(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		b := newEventBench(t, url)
		all, some, none := b.client(t, "all"), b.client(t, "some"), b.client(t, "none")
		b.subscribed(t, all, "")
		b.subscribed(t, some, "", obie.EventConsentRevoked)
		for _, client := range []string{"all", "some", "none"} {
			b.publish(t, client, client+"1", obie.EventResourceUpdate, "domestic-payment")
			b.publish(t, client, client+"2", obie.EventConsentRevoked, "account-access-consent")
			b.publish(t, client, client+"2", obie.EventConsentRevoked, "account-access-consent") // told twice
		}
		for _, tc := range []struct {
			tpp    onepoint.TPP
			scopes []string
			want   []string
		}{
			{all, nil, []string{"all1", "all2"}},
			{all, []string{"accounts"}, []string{"all2"}},
			{all, []string{"openid", "payments"}, []string{"all1"}},
			{all, []string{"fundsconfirmations"}, nil},
			{some, nil, []string{"some2"}},
			{none, nil, nil},
		} {
			if got, _ := b.poll(t, tc.tpp, obie.EventPoll{Max: -1, Scopes: tc.scopes}); !slices.Equal(got, tc.want) {
				t.Errorf("%s with %v got %v, want %v", tc.tpp.ClientID, tc.scopes, got, tc.want)
			}
		}
		// Another's acknowledgement and refusal change nothing.
		b.poll(t, some, obie.EventPoll{Ack: []string{"all1"}, Errors: map[string]obie.EventError{"all2": {Code: "jwtAud", Description: "x"}}})
		if got, _ := b.poll(t, all, obie.EventPoll{Max: -1}); len(got) != 2 {
			t.Errorf("after another's acknowledgement: %v", got)
		}
		if err := b.store.DeleteClient(context.Background(), "all"); err != nil {
			t.Fatal(err)
		}
		if got, _ := b.poll(t, all, obie.EventPoll{Max: -1}); len(got) != 0 {
			t.Errorf("a deleted client still gets %v", got)
		}
	})
}

func TestPollTakesAcknowledgementsThenGivesTheOldest(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		b := newEventBench(t, url)
		tpp := b.client(t, "tpp")
		b.subscribed(t, tpp, "")
		for i := range 5 {
			b.publish(t, "tpp", fmt.Sprintf("e%d", i), obie.EventResourceUpdate, "domestic-payment")
			b.advance(time.Second)
		}
		for _, tc := range []struct {
			poll obie.EventPoll
			want []string
			more bool
		}{
			{obie.EventPoll{Max: 2}, []string{"e0", "e1"}, true},
			{obie.EventPoll{Max: 2}, []string{"e0", "e1"}, true}, // not acknowledged: again
			{obie.EventPoll{Max: 0, Ack: []string{"e0", "unknown"}}, nil, true},
			{obie.EventPoll{Max: 3, Errors: map[string]obie.EventError{"e1": {Code: "setData", Description: "no such payment"}}}, []string{"e2", "e3", "e4"}, false},
			{obie.EventPoll{Max: -1, Ack: []string{"e2", "e3", "e4"}}, nil, false},
		} {
			got, more := b.poll(t, tpp, tc.poll)
			if !slices.Equal(got, tc.want) || more != tc.more {
				t.Errorf("%+v: got %v, more %v; want %v, %v", tc.poll, got, more, tc.want, tc.more)
			}
		}
		for id, want := range map[string]modelbank.EventState{"e0": modelbank.EventAcknowledged, "e1": modelbank.EventFailed} {
			if got, err := b.store.EventState(context.Background(), "tpp", id); err != nil || got != want {
				t.Errorf("%s is %s (%v), want %s", id, got, err, want)
			}
		}
	})
}

func TestLongPollWaitsForAnEventWithinBounds(t *testing.T) {
	b := newEventBench(t, "sqlite:"+t.TempDir()+"/bank.db")
	tpp := b.client(t, "tpp")
	b.subscribed(t, tpp, "")
	if got, _ := b.poll(t, tpp, obie.EventPoll{Max: 0, Wait: true}); got != nil {
		t.Errorf("a poll that only acknowledges waited for %v", got)
	}
	go func() {
		time.Sleep(50 * time.Millisecond)
		b.publish(t, "tpp", "late", obie.EventResourceUpdate, "domestic-payment")
	}()
	if got, _ := b.poll(t, tpp, obie.EventPoll{Max: 1, Wait: true}); !slices.Equal(got, []string{"late"}) {
		t.Errorf("waited for %v", got)
	}
	b.poll(t, tpp, obie.EventPoll{Ack: []string{"late"}})
	if got, _ := b.poll(t, tpp, obie.EventPoll{Max: 1, Wait: true}); got != nil {
		t.Errorf("nothing came, and yet %v", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.PollEvents(ctx, tpp, obie.EventPoll{Max: 1, Wait: true, Scopes: []string{"payments"}}); err == nil {
		t.Error("a poll whose caller left goes on")
	}
}

// TestNothingIsLostAndNothingDoubled drives the outbox in any order of publish,
// push, poll, acknowledge and crash. The TPP keeps the ids it has seen.
func TestNothingIsLostAndNothingDoubled(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		b := newEventBench(t, url)
		runs := 0
		rapid.Check(t, func(r *rapid.T) {
			runs++
			ctx, client := context.Background(), fmt.Sprintf("tpp%d", runs)
			tpp := b.client(t, client)
			b.subscribed(t, tpp, "https://tpp.example/v4.0/event-notifications")
			published, effects, ack := map[string]bool{}, map[string]int{}, []string(nil)
			seen := map[string]bool{}
			take := func(id string) { // the TPP's own rule: an id has one effect
				if !seen[id] {
					seen[id] = true
					effects[id]++
				}
			}
			poll := func(crash bool) {
				got, _ := b.poll(t, tpp, obie.EventPoll{Max: rapid.IntRange(0, 4).Draw(r, "max"), Ack: ack})
				ack = nil
				if crash {
					return // before it stored anything
				}
				for _, id := range got {
					take(id)
				}
				ack = got
			}
			r.Repeat(map[string]func(*rapid.T){
				"publish": func(*rapid.T) {
					id := fmt.Sprintf("%s-%d", client, len(published))
					b.publish(t, client, id, obie.EventResourceUpdate, "domestic-payment")
					published[id] = true
				},
				"poll":           func(*rapid.T) { poll(false) },
				"poll and crash": func(*rapid.T) { poll(true) },
				"forget to ack":  func(*rapid.T) { ack = nil },
				"time passes":    func(*rapid.T) { b.advance(time.Minute) },
				"push":           func(r *rapid.T) { b.pushOnce(ctx, r, client, take) },
			})
			for range len(published) + 2 { // the TPP is well again and empties its box
				got, _ := b.poll(t, tpp, obie.EventPoll{Max: -1, Ack: ack})
				for _, id := range got {
					take(id)
				}
				ack = got
			}
			for id := range published {
				if effects[id] != 1 {
					r.Fatalf("event %s had %d effects", id, effects[id])
				}
			}
			if len(effects) != len(published) {
				r.Fatalf("%d effects of %d events", len(effects), len(published))
			}
		})
	})
}

// pushOnce claims what is due and does with it what networks and crashes do.
func (b *eventBench) pushOnce(ctx context.Context, r *rapid.T, client string, take func(string)) {
	claimed, err := b.store.ClaimEvents(ctx, b.now(), time.Minute, nil, 8)
	if err != nil {
		r.Fatal(err)
	}
	for _, n := range claimed {
		if n.ClientID != client {
			continue // of a run before: its lease ends in vain
		}
		d := modelbank.Delivery{EventID: n.ID, Attempt: n.Attempts, At: b.now()}
		switch rapid.SampledFrom([]string{"taken", "taken, answer lost", "refused", "bank dies"}).Draw(r, "outcome") {
		case "taken":
			take(n.ID)
			d.Status = 202
			err = b.store.RecordDelivery(ctx, d, time.Time{})
		case "taken, answer lost":
			take(n.ID)
			d.Fault = "timeout"
			err = b.store.RecordDelivery(ctx, d, b.now().Add(time.Second))
		case "refused":
			d.Status, d.Fault = 500, "500"
			err = b.store.RecordDelivery(ctx, d, b.now().Add(time.Second))
		}
		if err != nil {
			r.Fatal(err)
		}
	}
}
