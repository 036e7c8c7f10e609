package tpp

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/onepointledger/onepoint"
)

// Onboarding registers the TPP at banks, step by step, and can be taken up again
// after any of them.
type Onboarding struct {
	Store Registrations
	Banks Banks
	Now   onepoint.Clock
	Log   *slog.Logger
}

// Register asks for the onboarding at a bank; [Onboarding.Run] does the work in
// the background. Asking again takes a stopped one up where it stopped, and
// leaves a finished one alone.
func (o *Onboarding) Register(ctx context.Context, workspace, bank string) (Registration, error) {
	if _, err := o.Banks.Bank(bank); err != nil {
		return Registration{}, err
	}
	return o.Store.UpdateRegistration(ctx, workspace, bank, func(r *Registration) ([]onepoint.Event, error) {
		if r.Status == RegistrationDone {
			return nil, nil
		}
		r.Status, r.Message, r.Needs = RegistrationRunning, "", nil
		r.Updated = o.Now()
		return []onepoint.Event{{Type: onepoint.EventRegistrationRequested, Subject: bank}}, nil
	})
}

// Registration returns the state at one bank; a workspace that never asked is
// [RegistrationNone].
func (o *Onboarding) Registration(ctx context.Context, workspace, bank string) (Registration, error) {
	if _, err := o.Banks.Bank(bank); err != nil {
		return Registration{}, err
	}
	r, err := o.Store.Registration(ctx, workspace, bank)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return Registration{Workspace: workspace, Bank: bank, Status: RegistrationNone}, nil
	}
	return r, err
}

// Registrations returns every registration of the workspace.
func (o *Onboarding) Registrations(ctx context.Context, workspace string) ([]Registration, error) {
	return o.Store.Registrations(ctx, workspace)
}

// Steps lists what registering at the bank takes, in order.
func (o *Onboarding) Steps(ctx context.Context, workspace, bank string) ([]onepoint.Step, error) {
	recipe, err := o.Banks.Onboarder(ctx, workspace, bank)
	if err != nil {
		return nil, err
	}
	return recipe.Steps(), nil
}

// Run runs the steps that are not done, saving after each. It returns nil when
// it finished or waits for a human, and the step's error otherwise; the row says
// the same in words.
func (o *Onboarding) Run(ctx context.Context, workspace, bank string) error {
	steps, err := o.Steps(ctx, workspace, bank)
	if err != nil {
		return err
	}
	r, err := o.Registration(ctx, workspace, bank)
	if err != nil || r.Status == RegistrationDone {
		return err
	}
	p := withMaps(r.Progress)
	for _, step := range steps {
		if _, done := p.Done[step.Name]; done {
			continue
		}
		if err := o.runStep(ctx, workspace, bank, step, &p); err != nil {
			return err
		}
		if r, err = o.Store.Registration(ctx, workspace, bank); err != nil {
			return err
		}
		if r.Status == RegistrationNeedsInput {
			return nil
		}
	}
	return o.save(ctx, workspace, bank, p, func(r *Registration) {
		r.Status, r.Step, r.Message, r.Needs = RegistrationDone, "", "", nil
	})
}

func (o *Onboarding) runStep(ctx context.Context, workspace, bank string, step onepoint.Step, p *onepoint.Progress) error {
	if err := o.save(ctx, workspace, bank, *p, func(r *Registration) { r.Status, r.Step = RegistrationRunning, step.Name }); err != nil {
		return err
	}
	failure := step.Run(ctx, p)
	if failure == nil {
		p.Done[step.Name] = o.Now().UTC()
		return o.save(ctx, workspace, bank, *p, func(r *Registration) { r.Message = "" })
	}
	status, code := RegistrationFailed, onepoint.CodeOf(failure)
	switch code {
	case onepoint.CodeInputRequired:
		status = RegistrationNeedsInput
	case onepoint.CodeUnavailable, onepoint.CodeRateLimited:
		status = RegistrationWaiting
	}
	wrapped := onepoint.E("", "register at "+bank+": "+step.Name, "", failure)
	// The step may have been cut short by a shutdown: what it learned is saved all
	// the same.
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := o.save(saving, workspace, bank, *p, func(r *Registration) {
		r.Status, r.Message, r.Needs = status, onepoint.MessageOf(failure), wrapped.Fields
	})
	switch {
	case err != nil:
		return err
	case code == onepoint.CodeInputRequired:
		return nil
	}
	return wrapped
}

func (o *Onboarding) save(ctx context.Context, workspace, bank string, p onepoint.Progress, set func(*Registration)) error {
	_, err := o.Store.UpdateRegistration(ctx, workspace, bank, func(r *Registration) ([]onepoint.Event, error) {
		r.Progress = withMaps(p)
		r.Updated = o.Now()
		set(r)
		data, err := json.Marshal(map[string]any{"bank": bank, "status": r.Status, "step": r.Step})
		if err != nil {
			return nil, fmt.Errorf("encode event: %w", err)
		}
		return []onepoint.Event{{Type: onepoint.EventRegistrationChanged, Subject: bank, Data: data}}, nil
	})
	return err
}

// withMaps copies the progress, so that a step cannot change what is being saved.
func withMaps(p onepoint.Progress) onepoint.Progress {
	clone := func(m map[string]string) map[string]string {
		if m == nil {
			return map[string]string{}
		}
		return maps.Clone(m)
	}
	p.Input, p.Facts = clone(p.Input), clone(p.Facts)
	if p.Done == nil {
		p.Done = map[string]time.Time{}
	} else {
		p.Done = maps.Clone(p.Done)
	}
	return p
}
