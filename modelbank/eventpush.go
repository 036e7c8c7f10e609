package modelbank

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/standard/obie"
)

const (
	pushesAtOnce  = 8
	eventsKept    = 90 * 24 * time.Hour
	pruneInterval = time.Hour
)

// EventPushConfig is what pushing events to callbacks needs. Zero durations and
// counts take the values in brackets.
type EventPushConfig struct {
	Store        EventDeliveries
	Issuer       obie.EventIssuer
	HTTP         *http.Client  // see [CallbackHTTP]
	Organisation string        // the bank's, as x-fapi-financial-id
	Interval     time.Duration // between looks into the outbox (500 ms)
	Timeout      time.Duration // of one attempt (10 s)
	Attempts     int           // of one event (12)
	MaxAge       time.Duration // an event is pushed this long after it happened (24 h)
	First        time.Duration // the first pause between attempts, doubled each time (5 s) …
	Longest      time.Duration // … up to this (1 h)
	Now          onepoint.Clock
	Log          *slog.Logger
}

// EventPush pushes events to the callbacks of TPPs, each until it is taken, the
// attempts are used up, or the event is old. What is given up is still there to
// be polled.
type EventPush struct {
	EventPushConfig

	mu     sync.Mutex
	busy   map[string]bool // clients that are being called
	pruned time.Time
}

// NewEventPush makes it; [EventPush.Run] does the work.
func NewEventPush(c EventPushConfig) *EventPush {
	orElse := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	orElse(&c.Interval, 500*time.Millisecond)
	orElse(&c.Timeout, 10*time.Second)
	orElse(&c.MaxAge, 24*time.Hour)
	orElse(&c.First, 5*time.Second)
	orElse(&c.Longest, time.Hour)
	if c.Attempts == 0 {
		c.Attempts = 12
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &EventPush{EventPushConfig: c, busy: map[string]bool{}}
}

// Run pushes until ctx ends, then waits for the attempts that are under way.
func (p *EventPush) Run(ctx context.Context) {
	var calls sync.WaitGroup
	defer calls.Wait()
	tick := time.NewTicker(p.Interval)
	defer tick.Stop()
	done := make(chan struct{}, 1)
	for {
		for _, n := range p.claim(ctx) {
			calls.Go(func() {
				p.push(ctx, n)
				p.free(n.ClientID)
				select {
				case done <- struct{}{}:
				default:
				}
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-done: // there may be more for the same TPP
		case <-tick.C:
		}
	}
}

// claim takes as many events as can be pushed now, one of each TPP: one that
// does not answer holds up nobody else.
func (p *EventPush) claim(ctx context.Context) []Notification {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Now()
	if now.Sub(p.pruned) > pruneInterval {
		p.pruned = now
		if err := p.Store.PruneEvents(ctx, now.Add(-eventsKept)); err != nil && ctx.Err() == nil {
			p.Log.ErrorContext(ctx, "prune events", "error", err)
		}
	}
	if len(p.busy) >= pushesAtOnce {
		return nil
	}
	busy := make([]string, 0, len(p.busy))
	for client := range p.busy {
		busy = append(busy, client)
	}
	found, err := p.Store.ClaimEvents(ctx, now, p.Timeout+time.Minute, busy, pushesAtOnce-len(busy))
	if err != nil && ctx.Err() == nil {
		p.Log.ErrorContext(ctx, "claim events", "error", err)
	}
	for _, n := range found {
		p.busy[n.ClientID] = true
	}
	return found
}

func (p *EventPush) free(client string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, client)
}

// verdict is what an attempt means for the next.
type verdict struct {
	status int
	fault  string // empty: taken
	final  bool
	wait   time.Duration // the TPP asked for
}

// push makes one attempt and records it.
func (p *EventPush) push(ctx context.Context, n Notification) {
	start := p.Now()
	d := Delivery{EventID: n.ID, Attempt: n.Attempts, At: start}
	var v verdict
	began := time.Now()
	switch {
	case n.Attempts > p.Attempts: // a process died in the last attempt
		v = verdict{fault: "given up: no outcome of the last attempt", final: true}
	case start.Sub(n.At) > p.MaxAge:
		v = verdict{fault: "given up: the event is old", final: true}
	default:
		v = p.call(ctx, n)
	}
	if ctx.Err() != nil && v.fault != "" {
		return // cut short by a shutdown: the lease ends, and it is tried again
	}
	d.Took, d.Status, d.Fault = time.Since(began), v.status, v.fault
	var next time.Time
	if v.fault != "" && !v.final && n.Attempts < p.Attempts {
		next = p.Now().Add(max(p.pause(n.Attempts), v.wait))
	}
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := p.Store.RecordDelivery(saving, d, next); err != nil {
		p.Log.ErrorContext(ctx, "record delivery", "event", n.ID, "error", err)
	}
	p.Log.InfoContext(ctx, "event pushed", "event", n.ID, "client", n.ClientID, "attempt", n.Attempts, "status", v.status, "fault", v.fault)
}

// pause is the back-off: doubled each time, with the upper half left to chance,
// so that what failed together does not come back together.
func (p *EventPush) pause(attempt int) time.Duration {
	d := p.First << min(attempt-1, 30)
	if d <= 0 || d > p.Longest {
		d = p.Longest
	}
	return d/2 + rand.N(d/2+1)
}

func (p *EventPush) call(ctx context.Context, n Notification) verdict {
	token, err := signEvent(p.Issuer, n, p.Now())
	if err != nil {
		return verdict{fault: "the event cannot be signed"}
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.CallbackURL, strings.NewReader(token))
	if err != nil {
		return verdict{fault: "the callback's address is malformed", final: true}
	}
	req.Header.Set("Content-Type", "application/jwt")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("x-fapi-financial-id", p.Organisation)
	req.Header.Set("x-fapi-interaction-id", n.Txn)
	resp, err := p.HTTP.Do(req)
	if err != nil {
		return verdict{fault: faultOf(err), final: onepoint.CodeOf(err) == onepoint.CodeForbidden}
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300: // the standard's is 202
		return verdict{status: resp.StatusCode}
	case resp.StatusCode == http.StatusBadRequest: // RFC 8935 section 2.3: it will never be taken
		return verdict{status: resp.StatusCode, fault: "the TPP refused the event", final: true}
	}
	return verdict{status: resp.StatusCode, fault: fmt.Sprintf("the TPP answered %d", resp.StatusCode), wait: fapi.RetryAfter(resp.Header, p.Now())}
}

// faultOf is a fault for the log that the TPP may read: what failed, without
// what our network looks like.
func faultOf(err error) string {
	var u *url.Error
	switch {
	case onepoint.CodeOf(err) == onepoint.CodeForbidden:
		return "the callback's address is not public"
	case errors.As(err, &u) && u.Timeout():
		return "the TPP did not answer in time"
	}
	return "the TPP could not be reached"
}
