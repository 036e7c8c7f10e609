package modelbank_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/standard/obie"
)

// callback is a TPP's endpoint that answers as told.
type callback struct {
	*httptest.Server
	mu    sync.Mutex
	calls []http.Header
	jtis  []string
}

func (c *callback) seen() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls)
}

const callbackPath = "/v4.0/event-notifications"

func newCallback(t *testing.T, b *eventBench, client string, answer func(n int, w http.ResponseWriter, r *http.Request)) *callback {
	t.Helper()
	c := &callback{}
	published, err := fapi.PublicJWKS(b.key)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := fapi.ParseKeys(published)
	if err != nil {
		t.Fatal(err)
	}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e, err := obie.VerifySET(string(body), keys, obie.SETCheck{Issuer: "https://bank.example", Audience: client, Now: b.now()})
		if err != nil {
			t.Errorf("the token does not verify: %v", err)
		}
		c.mu.Lock()
		c.calls, c.jtis = append(c.calls, r.Header.Clone()), append(c.jtis, e.ID)
		n := len(c.calls)
		c.mu.Unlock()
		answer(n, w, r)
	}))
	t.Cleanup(c.Close)
	return c
}

// pushing runs the worker until the test ends.
func (b *eventBench) pushing(t *testing.T, change func(*modelbank.EventPushConfig)) {
	t.Helper()
	conf := modelbank.EventPushConfig{
		Store: b.store, Issuer: b.issuer(), HTTP: modelbank.CallbackHTTP(&tls.Config{MinVersion: tls.VersionTLS12}, true, 200*time.Millisecond),
		Organisation: "0015800001041RHAAY", Interval: 5 * time.Millisecond, Timeout: 200 * time.Millisecond,
		Attempts: 4, First: time.Millisecond, Longest: 4 * time.Millisecond, Now: time.Now,
	}
	if change != nil {
		change(&conf)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); modelbank.NewEventPush(conf).Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
}

func (b *eventBench) until(t *testing.T, client, id string, attempts int, want modelbank.EventState) []modelbank.Delivery {
	t.Helper()
	for range 2000 {
		state, err := b.store.EventState(context.Background(), client, id)
		if err != nil {
			t.Fatal(err)
		}
		log, err := b.store.Deliveries(context.Background(), client, id)
		if err != nil {
			t.Fatal(err)
		}
		if state == want && len(log) >= attempts {
			return log
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("event %s did not become %s after %d attempts", id, want, attempts)
	return nil
}

func TestPushRetriesUntilTakenOrGivenUp(t *testing.T) {
	status := func(codes ...int) func(int, http.ResponseWriter, *http.Request) {
		return func(n int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://elsewhere.example/")
			w.WriteHeader(codes[min(n, len(codes))-1])
		}
	}
	for name, tc := range map[string]struct {
		answer   func(int, http.ResponseWriter, *http.Request)
		attempts int
		want     modelbank.EventState
	}{
		"taken at once":          {status(202), 1, modelbank.EventDelivered},
		"taken after 500s":       {status(500, 503, 202), 3, modelbank.EventDelivered},
		"never taken":            {status(500), 4, modelbank.EventWaiting},
		"a redirect is no taker": {status(302), 4, modelbank.EventWaiting},
		"refused as invalid":     {status(400), 1, modelbank.EventWaiting},
		"taken after a timeout": {func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				time.Sleep(400 * time.Millisecond)
			}
			w.WriteHeader(http.StatusAccepted)
		}, 2, modelbank.EventDelivered},
	} {
		t.Run(name, func(t *testing.T) {
			pgtest.Each(t, func(t *testing.T, url string) {
				b := newEventBench(t, url)
				b.micros.Store(time.Now().UnixMicro())
				tpp := b.client(t, "tpp")
				c := newCallback(t, b, "tpp", tc.answer)
				b.subscribed(t, tpp, c.URL+callbackPath)
				b.pushing(t, nil)
				b.publish(t, "tpp", "e1", obie.EventConsentRevoked, "account-access-consent")
				log := b.until(t, "tpp", "e1", tc.attempts, tc.want)
				time.Sleep(50 * time.Millisecond) // nothing comes after the end
				if n := c.seen(); n != tc.attempts || len(log) != tc.attempts {
					t.Errorf("called %d times, logged %d, want %d", n, len(log), tc.attempts)
				}
				for _, id := range c.jtis {
					if id != "e1" {
						t.Errorf("attempts carry jti %s: it must stay", id)
					}
				}
				if h := c.calls[0]; h.Get("Content-Type") != "application/jwt" || h.Get("x-fapi-financial-id") == "" || h.Get("x-fapi-interaction-id") == "" {
					t.Errorf("headers are %v", h)
				}
				got, _ := b.poll(t, tpp, obie.EventPoll{Max: -1})
				if wantPolled := tc.want == modelbank.EventWaiting; (len(got) == 1) != wantPolled {
					t.Errorf("a poll finds %v", got)
				}
			})
		})
	}
}

func TestPushOfOldEventsEndsWithoutACall(t *testing.T) {
	b := newEventBench(t, "sqlite:"+t.TempDir()+"/bank.db")
	tpp := b.client(t, "tpp")
	b.micros.Store(time.Now().Add(-48 * time.Hour).UnixMicro())
	c := newCallback(t, b, "tpp", func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	b.subscribed(t, tpp, c.URL+callbackPath)
	b.publish(t, "tpp", "e1", obie.EventResourceUpdate, "domestic-payment")
	b.pushing(t, nil)
	log := b.until(t, "tpp", "e1", 1, modelbank.EventWaiting)
	if c.seen() != 0 || !strings.Contains(log[0].Fault, "old") {
		t.Errorf("called %d times, log %+v", c.seen(), log)
	}
}

func TestATPPThatHangsHoldsUpNobodyElse(t *testing.T) {
	b := newEventBench(t, "sqlite:"+t.TempDir()+"/bank.db")
	b.micros.Store(time.Now().UnixMicro())
	release := make(chan struct{})
	hang := newCallback(t, b, "hangs", func(_ int, _ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) })
	good := newCallback(t, b, "good", func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	b.subscribed(t, b.client(t, "hangs"), hang.URL+callbackPath)
	b.subscribed(t, b.client(t, "good"), good.URL+callbackPath)
	ids := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	for _, id := range ids {
		b.publish(t, "hangs", "hangs-"+id, obie.EventResourceUpdate, "domestic-payment")
		b.publish(t, "good", "good-"+id, obie.EventResourceUpdate, "domestic-payment")
	}
	b.pushing(t, func(c *modelbank.EventPushConfig) {
		c.Timeout, c.HTTP = time.Minute, modelbank.CallbackHTTP(nil, true, time.Minute)
	})
	for _, id := range ids {
		b.until(t, "good", "good-"+id, 1, modelbank.EventDelivered)
	}
	if n := hang.seen(); n > 1 {
		t.Errorf("%d calls hang at one TPP at the same time", n)
	}
}

func TestACrashBetweenCallAndRecordTriesAgain(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		b, ctx := newEventBench(t, url), context.Background()
		b.subscribed(t, b.client(t, "tpp"), "https://tpp.example"+callbackPath)
		b.publish(t, "tpp", "e1", obie.EventResourceUpdate, "domestic-payment")
		for attempt := 1; attempt <= 3; attempt++ {
			got, err := b.store.ClaimEvents(ctx, b.now(), time.Minute, nil, 8)
			if err != nil || len(got) != 1 || got[0].Attempts != attempt {
				t.Fatalf("claimed %+v, %v", got, err)
			}
			if again, _ := b.store.ClaimEvents(ctx, b.now().Add(30*time.Second), time.Minute, nil, 8); len(again) != 0 {
				t.Fatalf("claimed twice within the lease: %+v", again)
			}
			b.advance(time.Minute)
		}
		if got, _ := b.store.ClaimEvents(ctx, b.now(), time.Minute, []string{"tpp"}, 8); len(got) != 0 {
			t.Errorf("claimed for a client that is being called: %+v", got)
		}
		// A poll that has it ends the pushing.
		b.poll(t, onepoint.TPP{ClientID: "tpp"}, obie.EventPoll{Ack: []string{"e1"}})
		if got, _ := b.store.ClaimEvents(ctx, b.now(), time.Minute, nil, 8); len(got) != 0 {
			t.Errorf("pushed after it was acknowledged: %+v", got)
		}
	})
}

func TestCallbacksOutsideASandboxArePublicAndHTTPS(t *testing.T) {
	b := newEventBench(t, "sqlite:"+t.TempDir()+"/bank.db")
	strict := modelbank.NewEvents(modelbank.EventsConfig{Subscribers: b.store, Outbox: b.store, Now: b.now, NewID: onepoint.NewIDs(time.Now)})
	tpp := b.client(t, "tpp")
	for url, want := range map[string]struct{ live, sandbox onepoint.Code }{
		"https://tpp.example" + callbackPath:          {"", ""},
		"http://tpp.example" + callbackPath:           {onepoint.CodeInvalid, onepoint.CodeInvalid},
		"http://127.0.0.1:8080" + callbackPath:        {onepoint.CodeInvalid, ""},
		"http://[::1]:8080" + callbackPath:            {onepoint.CodeInvalid, ""},
		"https://localhost" + callbackPath:            {onepoint.CodeInvalid, ""},
		"https://10.0.0.1" + callbackPath:             {onepoint.CodeInvalid, ""},
		"http://10.0.0.1" + callbackPath:              {onepoint.CodeInvalid, onepoint.CodeInvalid},
		"https://169.254.169.254" + callbackPath:      {onepoint.CodeInvalid, ""},
		"https://[::ffff:192.168.0.1]" + callbackPath: {onepoint.CodeInvalid, ""},
		"https://100.64.0.1" + callbackPath:           {onepoint.CodeInvalid, ""},
		"file:///etc/passwd":                          {onepoint.CodeInvalid, onepoint.CodeInvalid},
	} {
		for sandbox, desk := range map[bool]*modelbank.Events{false: strict, true: modelbank.NewEvents(sandboxed(strict.EventsConfig))} {
			code := want.live
			if sandbox {
				code = want.sandbox
			}
			sub := obie.EventSubscription{Kind: obie.EventSubscriptionKind, CallbackURL: url, Version: "4.0"}
			got, err := desk.Subscribe(context.Background(), tpp, sub)
			wantCode(t, url, err, code)
			if err == nil {
				if err := desk.Unsubscribe(context.Background(), tpp, got.Kind, got.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	// A name that resolves to a private address is refused when it is called.
	resp, err := modelbank.CallbackHTTP(nil, false, time.Second).Get("http://localhost:1" + callbackPath)
	if err == nil {
		resp.Body.Close()
	}
	wantCode(t, "calling localhost", err, onepoint.CodeForbidden)
}

func sandboxed(c modelbank.EventsConfig) modelbank.EventsConfig {
	c.Sandbox = true
	return c
}
