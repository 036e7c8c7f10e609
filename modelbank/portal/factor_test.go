package portal_test

import (
	"context"
	"net/url"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/portal"
)

// codes takes one code of one customer and locks after two wrong ones.
type codes struct{ wrong int }

// CheckCode implements portal.SecondFactor.
func (c *codes) CheckCode(_ context.Context, customer, code string) error {
	switch {
	case c.wrong >= 2:
		return onepoint.E(onepoint.CodeRateLimited, "check the code", "codes are locked", nil)
	case customer != "cus_alice" || code != "123 456":
		c.wrong++
		return onepoint.E(onepoint.CodeUnauthenticated, "check the code", "this code is wrong", nil)
	}
	return nil
}

func TestSecondFactorComesBeforeAnyPage(t *testing.T) {
	factor := &codes{}
	b := newBench(t, func(c *portal.Config) { c.Factor = factor })
	c := b.granted(t, "My App", "cus_alice", "acc_alice_current")
	w := b.browser(t)
	w.want(w.get("/portal/code"), 200, "/portal/login")
	before := w.login("alice", core.SandboxPassword)
	w.want(before, 200, "/portal/code", "Alice Harper")
	for _, path := range []string{"/portal/accounts", "/portal/accounts/acc_alice_current", "/portal/apps", "/portal/apps/" + c.ID} {
		w.want(w.get(path), 200, "/portal/code", "!Everyday", "!My App")
	}
	form := func(code string) url.Values { return url.Values{"csrf": {before.csrf()}, "code": {code}} }
	w.post("/portal/apps/"+c.ID+"/end", form(""))
	if len(b.revoked) != 0 {
		t.Errorf("halfway in, revoked %v", b.revoked)
	}
	w.want(w.post("/portal/code", url.Values{"code": {"123 456"}}), 403, "/portal/code")
	w.want(w.post("/portal/code", form("000000")), 401, "/portal/code", "this code is wrong")
	w.want(w.post("/portal/code", form("123 456")), 200, "/portal/accounts", "Everyday")
	if p := w.post("/portal/apps/"+c.ID+"/end", form("")); p.status != 403 {
		t.Errorf("a token from before the second factor: %d", p.status)
	}
	other := b.browser(t)
	p := other.login("bob", core.SandboxPassword)
	bad := url.Values{"csrf": {p.csrf()}, "code": {"123 456"}}
	other.want(other.post("/portal/code", bad), 401, "/portal/code")
	other.want(other.post("/portal/code", bad), 429, "/portal/code", "codes are locked")
	other.want(other.get("/portal/accounts"), 200, "/portal/code")
}
