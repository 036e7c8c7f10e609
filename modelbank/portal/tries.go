package portal

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
)

const (
	mostTries     = 5
	triesForget   = 15 * time.Minute // also how long an address is locked
	mostAddresses = 4_096
)

// tries counts wrong operator keys by the address they came from. Counting by
// address keeps a stranger from locking the operator out; the key itself has 256
// bits, so many addresses do not help to guess it.
type tries struct {
	now onepoint.Clock

	mu sync.Mutex
	by map[netip.Prefix]tried
}

type tried struct {
	n    int
	last time.Time
}

func newTries(now onepoint.Clock) *tries { return &tries{now: now, by: map[netip.Prefix]tried{}} }

// source is the address of a caller; of IPv6 the network, since a caller has all
// of it.
func source(r *http.Request) netip.Prefix {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	addr, bits := at.Addr().Unmap().WithZone(""), 32
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// begin counts a try before it is judged, so that tries at once count too.
// CodeRateLimited while the address is locked.
func (t *tries) begin(from netip.Prefix) error {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.by[from]
	if now.Sub(one.last) >= triesForget {
		one.n = 0
	}
	if one.n >= mostTries {
		e := onepoint.E(onepoint.CodeRateLimited, "log in as operator", "too many wrong keys: wait a quarter of an hour and try again", nil)
		e.Retry = triesForget - now.Sub(one.last)
		return e
	}
	if len(t.by) >= mostAddresses {
		t.prune(now)
	}
	t.by[from] = tried{one.n + 1, now}
	return nil
}

// prune forgets old tries. When there are none, all are forgotten but those that
// lock.
func (t *tries) prune(now time.Time) {
	for from, one := range t.by {
		if now.Sub(one.last) >= triesForget || one.n < mostTries {
			delete(t.by, from)
		}
	}
	if len(t.by) >= mostAddresses {
		clear(t.by)
	}
}

func (t *tries) succeeded(from netip.Prefix) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.by, from)
}
