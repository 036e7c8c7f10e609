package api

import (
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
)

// throttle slows guessing: after a few failures of one key, such as an e-mail
// address or an IP, it refuses for a while. It forgets, and is bounded.
type throttle struct {
	now onepoint.Clock

	mu       sync.Mutex
	failures map[string]failure
}

type failure struct {
	count int
	last  time.Time
}

const (
	failuresFree   = 10
	failureForgets = 15 * time.Minute
	failureKeys    = 10_000
)

func newThrottle(now onepoint.Clock) *throttle {
	return &throttle{now: now, failures: map[string]failure{}}
}

// check refuses a key that has failed too often lately.
func (t *throttle) check(keys ...string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range keys {
		f := t.failures[k]
		if wait := failureForgets - t.now().Sub(f.last); f.count >= failuresFree && wait > 0 {
			e := onepoint.E(onepoint.CodeRateLimited, "sign in", "too many failed attempts; wait a quarter of an hour", nil)
			e.Retry = wait
			return e
		}
	}
	return nil
}

// failed counts a failure of each key.
func (t *throttle) failed(keys ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if len(t.failures) > failureKeys {
		for k, f := range t.failures {
			if now.Sub(f.last) > failureForgets || len(t.failures) > failureKeys {
				delete(t.failures, k)
			}
		}
	}
	for _, k := range keys {
		f := t.failures[k]
		if now.Sub(f.last) > failureForgets {
			f.count = 0
		}
		t.failures[k] = failure{f.count + 1, now}
	}
}
