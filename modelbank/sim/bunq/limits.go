package bunq

import (
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
)

// Rate is how many calls a window of time allows.
type Rate struct {
	Calls  int
	Window time.Duration
}

// Limits are the rates for each address and endpoint. The zero value is bunq's
// own: GET 3, POST 5 and PUT 2 in three seconds, one session in thirty.
type Limits struct {
	Off     bool // no limits at all
	Get     Rate
	Post    Rate
	Put     Rate // and DELETE
	Session Rate
}

func (l Limits) orBunq() Limits {
	fill := func(r *Rate, calls int, window time.Duration) {
		if *r == (Rate{}) {
			*r = Rate{calls, window}
		}
	}
	fill(&l.Get, 3, 3*time.Second)
	fill(&l.Post, 5, 3*time.Second)
	fill(&l.Put, 2, 3*time.Second)
	fill(&l.Session, 1, 30*time.Second)
	return l
}

// maxCallers bounds the memory of the limiter; beyond it, it forgets.
const maxCallers = 10_000

// rates counts calls in sliding windows.
type rates struct {
	limits Limits
	now    onepoint.Clock

	mu    sync.Mutex
	calls map[string][]time.Time
}

func newRates(l Limits, now onepoint.Clock) *rates {
	return &rates{limits: l.orBunq(), now: now, calls: map[string][]time.Time{}}
}

func (l Limits) of(method, pattern string) Rate {
	switch {
	case pattern == sessionServer:
		return l.Session
	case method == http.MethodGet:
		return l.Get
	case method == http.MethodPost:
		return l.Post
	}
	return l.Put
}

// allow counts a call and reports whether it is one too many; such a call does
// not count.
func (r *rates) allow(req *http.Request, pattern string) bool {
	if r.limits.Off {
		return true
	}
	rate, key, now := r.limits.of(req.Method, pattern), callerHost(req)+" "+pattern, r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	var recent []time.Time
	for _, at := range r.calls[key] {
		if now.Sub(at) < rate.Window {
			recent = append(recent, at)
		}
	}
	if len(recent) >= rate.Calls {
		r.calls[key] = recent
		return false
	}
	if len(r.calls) > maxCallers {
		clear(r.calls)
	}
	r.calls[key] = append(recent, now)
	return true
}

func callerHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
