package tpp_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

// rotatingBanks is the rig with a recipe that can rotate.
type rotatingBanks struct {
	*rig
	rotate func(p *onepoint.Progress, next onepoint.Client) error
	asked  []string
}

func (b *rotatingBanks) Onboarder(context.Context, string, string) (onepoint.Onboarder, error) {
	return b, nil
}

// Rotate implements onepoint.Rotator.
func (b *rotatingBanks) Rotate(_ context.Context, p *onepoint.Progress, next onepoint.Client) error {
	b.asked = append(b.asked, next.Transport+" "+next.Seal)
	p.Facts["learned"] = "yes"
	return b.rotate(p, next)
}

// moving is a registered bank with one connection and a second pair.
func (c *certRig) moving(t *testing.T) (*rotatingBanks, tpp.Connection) {
	t.Helper()
	banks := &rotatingBanks{rig: c.rig, rotate: func(*onepoint.Progress, onepoint.Client) error { return nil }}
	c.certs.Banks = banks
	for name, kind := range map[string]string{"qwac": "qwac", "qseal": "qseal", "qwac.2": "qwac", "qseal.2": "qseal"} {
		c.issue(t, name, kind)
	}
	c.registered(t, "", "")
	return banks, c.connected()
}

func (c *certRig) client(t *testing.T) onepoint.Client {
	t.Helper()
	reg, err := c.db.Registration(t.Context(), workspace, bankID)
	if err != nil {
		t.Fatal(err)
	}
	return reg.Progress.Client
}

func TestUseChangesTheRegistrationWhileNoSyncRuns(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		banks, conn := c.moving(t)
		banks.rotate = func(*onepoint.Progress, onepoint.Client) error {
			if err := c.sync.Run(t.Context(), workspace, conn.ID); onepoint.CodeOf(err) != onepoint.CodeConflict {
				t.Errorf("a sync ran during the move: %v", err)
			}
			if got := c.client(t); got.Transport != "" {
				t.Errorf("the registration changed before the bank knew: %+v", got)
			}
			for _, name := range []string{"qwac", "qwac.2"} {
				if err := c.certs.Delete(t.Context(), workspace, name); onepoint.CodeOf(err) != onepoint.CodeConflict {
					t.Errorf("%s was deleted during the move: %v", name, err)
				}
			}
			return nil
		}
		before, err := c.db.Registration(t.Context(), workspace, bankID)
		if err != nil {
			t.Fatal(err)
		}
		c.clock = c.clock.Add(1e6)
		move, err := c.certs.Use(t.Context(), workspace, bankID, "qwac.2", "qseal.2")
		if err != nil || move.Connections != 1 || len(move.Left) > 0 || c.bank.calls["refresh"] != 1 {
			t.Errorf("moved %+v, %d refreshes, %v", move, c.bank.calls["refresh"], err)
		}
		after, err := c.db.Registration(t.Context(), workspace, bankID)
		if err != nil || after.Progress.Client.Transport != "qwac.2" || after.Progress.Client.Seal != "qseal.2" || !after.Updated.After(before.Updated) ||
			after.Progress.Facts["learned"] != "yes" || len(after.Progress.Facts) != 1 {
			t.Errorf("the registration is %+v, %v", after, err)
		}
		if err := c.sync.Run(t.Context(), workspace, conn.ID); err != nil {
			t.Errorf("sync after the move: %v", err)
		}
		if err := c.certs.Delete(t.Context(), workspace, "qwac"); err != nil {
			t.Errorf("delete the old one: %v", err)
		}
		for _, want := range []string{"registration.moving " + bankID, "registration.moved " + bankID} {
			if !slices.Contains(c.audited, want) {
				t.Errorf("%s is not in the audit log", want)
			}
		}
	})
}

func TestUseThatFailsLeavesTheOldPairWorking(t *testing.T) {
	for _, tt := range []struct {
		name    string
		failure error
		resumed bool
	}{
		{"the bank refuses", onepoint.E(onepoint.CodeForbidden, "rotate", "no", nil), false},
		{"the bank does not answer", onepoint.E(onepoint.CodeUnavailable, "rotate", "later", nil), true},
		{"something broke", errors.New("broke"), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onBothCerts(t, func(t *testing.T, c *certRig) {
				banks, conn := c.moving(t)
				banks.rotate = func(*onepoint.Progress, onepoint.Client) error { return tt.failure }
				if _, err := c.certs.Use(t.Context(), workspace, bankID, "qwac.2", ""); onepoint.CodeOf(err) != onepoint.CodeOf(tt.failure) {
					t.Errorf("use: %v", err)
				}
				if got := c.client(t); got.Transport != "" || c.bank.calls["refresh"] > 0 {
					t.Errorf("the registration is %+v", got)
				}
				if err := c.sync.Run(t.Context(), workspace, conn.ID); err != nil {
					t.Errorf("sync after the failure: %v", err)
				}
				banks.rotate = func(*onepoint.Progress, onepoint.Client) error { return nil }
				if err := c.certs.Resume(t.Context(), workspace); err != nil {
					t.Errorf("resume: %v", err)
				}
				if got := c.client(t).Transport; (got == "qwac.2") != tt.resumed || len(banks.asked) == 2 != tt.resumed {
					t.Errorf("after the next start it uses %q; asked %v", got, banks.asked)
				}
			})
		})
	}
}

func TestUseTellsWhichAccessIsLeft(t *testing.T) {
	onBothCerts(t, func(t *testing.T, c *certRig) {
		_, conn := c.moving(t)
		c.bank.fail = func(call string) error {
			if call == "refresh" {
				return onepoint.E(onepoint.CodeUnavailable, "refresh", "the bank does not answer", nil)
			}
			return nil
		}
		move, err := c.certs.Use(t.Context(), workspace, bankID, "qwac.2", "qseal.2")
		if err != nil || move.Connections != 0 || len(move.Left) != 1 {
			t.Errorf("moved %+v, %v", move, err)
		}
		c.bank.fail = nil
		if err := c.sync.Run(t.Context(), workspace, conn.ID); err != nil {
			t.Errorf("the next sync: %v", err)
		}
	})
}
