package op_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/sim"
	simop "github.com/onepointledger/onepoint/modelbank/sim/op"
)

// brittle is the bank's store: when its countdown ends, one write fails.
type brittle struct {
	sim.Store
	left   atomic.Int64
	failed atomic.Bool
}

func (s *brittle) write() error {
	if s.left.Add(-1) != 0 {
		return nil
	}
	s.failed.Store(true)
	return errors.New("the disk is full")
}

// AddSimRow implements sim.Store.
func (s *brittle) AddSimRow(ctx context.Context, sim, kind, id, owner string, document []byte) error {
	if err := s.write(); err != nil {
		return err
	}
	return s.Store.AddSimRow(ctx, sim, kind, id, owner, document)
}

// UpdateSimRow implements sim.Store.
func (s *brittle) UpdateSimRow(ctx context.Context, sim, kind, id string, fn func([]byte) ([]byte, error)) error {
	if err := s.write(); err != nil {
		return err
	}
	return s.Store.UpdateSimRow(ctx, sim, kind, id, fn)
}

func brittleBench(t testing.TB) (*bench, *brittle) {
	t.Helper()
	s := &brittle{}
	return newBench(t, func(c *simop.Config) { s.Store, c.Store = c.Store, s }), s
}

func TestBankThatFailsWhileRegisteringKeepsOneClient(t *testing.T) {
	b, disk := brittleBench(t)
	for n := int64(1); ; n++ {
		p := newProgress()
		if err := run(t.Context(), b.onboarder(t, b.env(t)), p, "", "registration-request"); err != nil {
			t.Fatal(err)
		}
		disk.failed.Store(false)
		disk.left.Store(n)
		err := run(t.Context(), b.onboarder(t, b.env(t)), p, "register", "register")
		failed := disk.failed.Load()
		disk.left.Store(0)
		if failed && onepoint.CodeOf(err) != onepoint.CodeUnavailable {
			t.Errorf("write %d fails: %v", n, err)
		}
		if err := run(t.Context(), b.onboarder(t, b.env(t)), p, "register", ""); err != nil {
			t.Errorf("again after write %d: %v", n, err)
		}
		if got := b.clients(t, p); got != 1 {
			t.Errorf("write %d fails: %d clients", n, got)
		}
		if !failed {
			if n < 3 {
				t.Errorf("only %d writes were tried", n)
			}
			return
		}
	}
}

func TestBankThatFailsWhilePayingPaysOnce(t *testing.T) {
	b, disk := brittleBench(t)
	r := register(t, b)
	w := r.wire(t)
	for n := int64(1); ; n++ {
		before, token := b.available(t, "bob", bobEUR), w.token("payments")
		key := "key-" + string(rune('a'+n))
		body := w.body("1.00")
		disk.failed.Store(false)
		disk.left.Store(n + 1) // the token that the order needs is a write of its own
		w.order("sepa-payments", key, body)
		disk.left.Store(0)
		p := w.order("sepa-payments", key, body)
		if p.status != http.StatusCreated {
			t.Fatalf("ordered again after write %d: %d %s", n, p.status, p.text)
		}
		at := b.profile.Endpoints.Payments + "/authorizations/" + p.str("authorizationId")
		if s := w.json(http.MethodGet, at+"/payments", token, nil); len(s.list) != 1 {
			t.Errorf("write %d fails: %d payments", n, len(s.list))
		}
		customer := w.authorised(p.str("authorizationId"))
		disk.left.Store(n)
		w.submit(customer, "sepa-payments", p.str("paymentId"), "sub", "")
		disk.left.Store(0)
		if s := w.submit(customer, "sepa-payments", p.str("paymentId"), "sub", ""); s.status != http.StatusOK || s.str("status") != "Accepted" {
			t.Errorf("submitted again after write %d: %d %s", n, s.status, s.text)
		}
		if paid := b.paid(t, before); paid != "1.00 EUR" {
			t.Errorf("write %d fails: paid %s", n, paid)
		}
		if !disk.failed.Load() {
			if n < 4 {
				t.Errorf("only %d writes were tried", n)
			}
			return
		}
	}
}
