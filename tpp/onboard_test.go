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

// Answers go where they belong: open ones into the progress, secret ones into the
// vault, and what was not asked for nowhere.
func TestAnswersReachTheStepThatAskedForThem(t *testing.T) {
	needs := &onepoint.Error{Code: onepoint.CodeInputRequired, Msg: "look into the portal", Fields: []onepoint.Field{
		{Name: "app", Message: "the application's name"}, {Name: "api_key", Message: "its key", Secret: true},
	}}
	onBoth(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		r.steps = []onepoint.Step{{Name: "portal", Run: func(_ context.Context, p *onepoint.Progress) error {
			if p.Input["app"] == "" {
				return needs
			}
			p.Client.ID = p.Input["app"]
			return nil
		}}}
		early := map[string]string{"api_key": "too early"}
		if _, err := r.onboard.Register(ctx, workspace, bankID, early); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("an answer before the question: %v", err)
		}
		if err := r.onboard.Run(ctx, workspace, bankID); err != nil {
			t.Fatal(err)
		}
		refused := []map[string]string{{"other": "x"}, {"app": "  "}, {"app": string(make([]byte, 20<<10))}}
		for _, answers := range refused {
			if _, err := r.onboard.Register(ctx, workspace, bankID, answers); onepoint.CodeOf(err) != onepoint.CodeInvalid {
				t.Errorf("answers %.40v: %v", answers, err)
			}
		}
		if len(r.answers) != 0 {
			t.Errorf("a refused answer was kept: %v", r.answers)
		}
		reg, err := r.onboard.Register(ctx, workspace, bankID, map[string]string{"app": " ledger ", "api_key": "k-1"})
		if err != nil || reg.Progress.Input["app"] != "ledger" || reg.Progress.Input["api_key"] != "" {
			t.Fatalf("got %+v, %v", reg.Progress, err)
		}
		if len(r.answers) != 1 || r.answers[0] != bankID+".api_key=k-1" {
			t.Errorf("the vault got %v", r.answers)
		}
		if err := r.onboard.Run(ctx, workspace, bankID); err != nil {
			t.Fatal(err)
		}
		if reg, err = r.onboard.Registration(ctx, workspace, bankID); err != nil || reg.Status != tpp.RegistrationDone || reg.Progress.Client.ID != "ledger" {
			t.Errorf("got %+v, %v", reg, err)
		}
	})
}

// ending is a recipe that ends its registration at the bank, or cannot.
type ending struct {
	onepoint.Onboarder
	err  error
	done *int
}

func (e ending) Deregister(context.Context, *onepoint.Progress) error {
	*e.done++
	return e.err
}

func TestDeregistering(t *testing.T) {
	tests := []struct {
		name string
		err  error
		code onepoint.Code // of the outcome
		left bool          // something is left to do in the portal
		gone bool
	}{
		{"at a bank that ends it", nil, "", false, true},
		{"at a bank that offers no such call", onepoint.E(onepoint.CodeConflict, "end", "not here", nil), "", true, true},
		{"at a bank that does not answer changes nothing", onepoint.E(onepoint.CodeUnavailable, "end", "down", nil), onepoint.CodeUnavailable, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, r *rig) {
				ctx, asked := t.Context(), 0
				r.recipe(2, func(int) error { return nil })
				r.ender = func(o onepoint.Onboarder) onepoint.Onboarder { return ending{o, tt.err, &asked} }
				if _, err := r.onboard.Deregister(ctx, workspace, bankID); onepoint.CodeOf(err) != onepoint.CodeConflict {
					t.Errorf("before there is any: %v", err)
				}
				if err := r.onboard.Run(ctx, workspace, bankID); err != nil {
					t.Fatal(err)
				}
				left, err := r.onboard.Deregister(ctx, workspace, bankID)
				if onepoint.CodeOf(err) != tt.code || (left != "") != tt.left || asked != 1 {
					t.Errorf("left %q, %v, asked %d times", left, err, asked)
				}
				reg, err := r.onboard.Registration(ctx, workspace, bankID)
				if err != nil || (reg.Status == tpp.RegistrationNone) != tt.gone || (len(r.answers) == 1) != tt.gone {
					t.Errorf("got %+v, %v, forgotten %v", reg, err, r.answers)
				}
			})
		})
	}
}
