package core_test

import (
	"context"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank/core"
)

func TestLoginLocksAfterFiveWrongPasswordsForAWhile(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		clock := newClock(noon())
		c, ctx := newCore(t, openBank(t, url), clock), context.Background()
		if err := c.Seed(ctx, today()); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Authenticate(ctx, " Alice ", core.SandboxPassword); err != nil || got.Name != "Alice Harper" {
			t.Fatalf("got %v, %v", got.Name, err)
		}
		wrong := func(want onepoint.Code) {
			t.Helper()
			if _, err := c.Authenticate(ctx, "alice", "guess"); onepoint.CodeOf(err) != want {
				t.Fatalf("a wrong password gave %v, want %s", err, want)
			}
		}
		for range 4 {
			wrong(onepoint.CodeUnauthenticated)
		}
		if _, err := c.Authenticate(ctx, "alice", core.SandboxPassword); err != nil { // forgets the four
			t.Fatal(err)
		}
		for range 5 {
			wrong(onepoint.CodeUnauthenticated)
		}
		wrong(onepoint.CodeRateLimited)
		if _, err := c.Authenticate(ctx, "alice", core.SandboxPassword); onepoint.CodeOf(err) != onepoint.CodeRateLimited {
			t.Errorf("the right password during the lock gave %v", err)
		}
		if _, err := c.Authenticate(ctx, "bob", core.SandboxPassword); err != nil {
			t.Errorf("another login is locked too: %v", err)
		}
		clock.Advance(11 * time.Minute)
		if _, err := c.Authenticate(ctx, "alice", core.SandboxPassword); err != nil {
			t.Errorf("after the lock: %v", err)
		}
	})
}

func TestUnknownLoginIsAnsweredLikeAWrongPassword(t *testing.T) {
	c := newCore(t, openSQLite(t), newClock(noon()))
	for name, login := range map[string]string{"unknown": "mallory", "empty": "", "very long": string(make([]byte, 5000))} {
		_, err := c.Authenticate(context.Background(), login, "guess")
		if onepoint.CodeOf(err) != onepoint.CodeUnauthenticated || onepoint.MessageOf(err) != "the login or the password is wrong" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
