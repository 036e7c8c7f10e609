package bunq

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
)

// pace is how many calls bunq allows in a window of time.
type pace struct {
	calls  int
	window time.Duration
}

// margin is added to every window: bunq counts when calls arrive, which differs
// from when they were sent.
const margin = 150 * time.Millisecond

func paceOf(op, method string) pace {
	switch {
	case op == opSession:
		return pace{1, waitSession}
	case method == http.MethodGet:
		return pace{3, waitOther}
	case method == http.MethodPost:
		return pace{5, waitOther}
	}
	return pace{2, waitOther}
}

// pacer holds calls back so that bunq need not refuse them.
type pacer struct {
	off bool

	mu    sync.Mutex
	slots map[string][]time.Time // by operation: when the last calls were, or will be
}

func newPacer(off bool) *pacer { return &pacer{off: off, slots: map[string][]time.Time{}} }

// wait returns when the call may be made. [onepoint.CodeRateLimited] at once when
// that is later than ctx allows.
func (p *pacer) wait(ctx context.Context, op, method string) error {
	if p.off {
		return ctx.Err()
	}
	at, err := p.slot(ctx, op, method)
	if err != nil {
		return err
	}
	delay := time.Until(at)
	if delay <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// slot takes the next free one.
func (p *pacer) slot(ctx context.Context, op, method string) (time.Time, error) {
	allowed, at := paceOf(op, method), time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.slots[op]
	if len(taken) >= allowed.calls {
		if free := taken[len(taken)-allowed.calls].Add(allowed.window + margin); free.After(at) {
			at = free
		}
	}
	if deadline, ok := ctx.Deadline(); ok && at.After(deadline) {
		e := onepoint.E(onepoint.CodeRateLimited, op, "bunq allows few calls in a short time; try again later", nil)
		e.Retry = max(time.Until(at), time.Second)
		return at, e
	}
	taken = append(taken, at)
	p.slots[op] = taken[max(0, len(taken)-allowed.calls):]
	return at, nil
}
