package tpp_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

func (r *rig) recipe(n int, fail func(step int) error) []int {
	ran := make([]int, n)
	r.steps = nil
	for i := range n {
		r.steps = append(r.steps, onepoint.Step{
			Name: fmt.Sprintf("step-%d", i), Title: fmt.Sprintf("Step %d", i),
			Run: func(_ context.Context, p *onepoint.Progress) error {
				ran[i]++
				if err := fail(i); err != nil {
					return err
				}
				p.Facts[fmt.Sprintf("fact-%d", i)] = "learned"
				p.Client.ID = "client-1"
				return nil
			},
		})
	}
	return ran
}

func TestOnboardingGoesOnAfterAnyStep(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		died := errors.New("died")
		failed := map[int]bool{}
		ran := r.recipe(4, func(step int) error {
			if !failed[step] {
				failed[step] = true
				return died
			}
			return nil
		})
		for attempt := 0; ; attempt++ {
			if _, err := r.onboard.Register(t.Context(), workspace, bankID, nil); err != nil {
				t.Fatal(err)
			}
			if err := r.onboard.Run(t.Context(), workspace, bankID); err == nil {
				break
			} else if !errors.Is(err, died) || attempt > 4 {
				t.Fatal(err)
			}
		}
		reg, err := r.onboard.Registration(t.Context(), workspace, bankID)
		if err != nil || reg.Status != tpp.RegistrationDone || len(reg.Progress.Done) != 4 || len(reg.Progress.Facts) != 4 || reg.Progress.Client.ID != "client-1" {
			t.Errorf("got %+v, %v", reg, err)
		}
		for i, n := range ran {
			if n != 2 {
				t.Errorf("step %d ran %d times; want once failed and once done", i, n)
			}
		}
		if err := r.onboard.Run(t.Context(), workspace, bankID); err != nil || ran[0] != 2 {
			t.Errorf("a finished onboarding ran again: %v", err)
		}
	})
}

func TestOnboardingSaysWhatItWaitsFor(t *testing.T) {
	tests := []struct {
		name    string
		failure error
		status  tpp.RegistrationStatus
		failed  bool
	}{
		{"a human", &onepoint.Error{Code: onepoint.CodeInputRequired, Msg: "enter the API key", Fields: []onepoint.Field{{Name: "key", Message: "from the portal"}}}, tpp.RegistrationNeedsInput, false},
		{"the bank", onepoint.E(onepoint.CodeUnavailable, "register", "the bank is thinking", nil), tpp.RegistrationWaiting, true},
		{"nothing: it failed", onepoint.E(onepoint.CodeForbidden, "register", "the certificate lacks the role PSP_AI", nil), tpp.RegistrationFailed, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, r *rig) {
				r.recipe(3, func(step int) error {
					if step == 1 {
						return tt.failure
					}
					return nil
				})
				if _, err := r.onboard.Register(t.Context(), workspace, bankID, nil); err != nil {
					t.Fatal(err)
				}
				err := r.onboard.Run(t.Context(), workspace, bankID)
				if (err != nil) != tt.failed {
					t.Errorf("run: %v", err)
				}
				reg, err := r.onboard.Registration(t.Context(), workspace, bankID)
				if err != nil || reg.Status != tt.status || reg.Step != "step-1" || reg.Message != onepoint.MessageOf(tt.failure) {
					t.Errorf("got %+v, %v", reg, err)
				}
			})
		})
	}
}

func TestUnknownBankIsNotFound(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		if _, err := r.onboard.Register(t.Context(), workspace, "nowhere", nil); onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("register: %v", err)
		}
		if _, err := r.connect.Connect(t.Context(), tpp.ConnectRequest{Workspace: workspace, Bank: "nowhere"}); onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("connect: %v", err)
		}
	})
}
