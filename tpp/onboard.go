package tpp

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// Onboarding registers the TPP at banks, step by step, and can be taken up again
// after any of them.
type Onboarding struct {
	Store   Registrations
	Banks   Banks
	Secrets Secrets
	Audit   Auditor
	Now     onepoint.Clock
	Log     *slog.Logger
}

// Secrets keeps what a human or a bank gave, sealed, for the group of banks that
// a bank belongs to.
type Secrets interface {
	// KeepAnswer saves a secret answer under its name.
	KeepAnswer(ctx context.Context, workspace, bank, name string, value onepoint.Secret) error
	// Forget ends the bank's credentials, unless another registered bank of its group
	// needs them.
	Forget(ctx context.Context, workspace, bank string) error
}

// Auditor records who did what; package audit has one.
type Auditor interface {
	Record(ctx context.Context, workspace, action, subject string, detail map[string]string) error
}

// Limits of what a human may answer.
const (
	maxAnswers = 20
	maxAnswer  = 16 << 10
)

// Register asks for the onboarding at a bank; [Onboarding.Run] does the work in
// the background. Asking again takes a stopped one up where it stopped, with the
// answers to what it needs, and leaves a finished one alone. CodeInvalid for an
// answer that is not asked for.
func (o *Onboarding) Register(ctx context.Context, workspace, bank string, answers map[string]string) (Registration, error) {
	now, err := o.Registration(ctx, workspace, bank)
	if err != nil || now.Status == RegistrationDone {
		return now, err
	}
	open, err := o.keepSecrets(ctx, now, answers)
	if err != nil {
		return Registration{}, err
	}
	if err := o.Audit.Record(ctx, workspace, "registration.requested", bank, nil); err != nil {
		return Registration{}, err
	}
	return o.Store.UpdateRegistration(ctx, workspace, bank, func(r *Registration) ([]onepoint.Event, error) {
		if r.Status == RegistrationDone {
			return nil, nil
		}
		r.Progress = withMaps(r.Progress)
		maps.Copy(r.Progress.Input, open)
		r.Status, r.Message, r.Needs = RegistrationRunning, "", nil
		r.Updated = o.Now()
		return []onepoint.Event{{Type: onepoint.EventRegistrationRequested, Subject: bank}}, nil
	})
}

// keepSecrets puts the secret answers into the vault and returns the others.
func (o *Onboarding) keepSecrets(ctx context.Context, r Registration, answers map[string]string) (map[string]string, error) {
	const op = "answer"
	if len(answers) > maxAnswers {
		return nil, onepoint.Missing(op, "input", "holds too many answers")
	}
	open := map[string]string{}
	for name, value := range answers {
		i := slices.IndexFunc(r.Needs, func(f onepoint.Field) bool { return f.Name == name })
		switch {
		case i < 0:
			return nil, onepoint.Missing(op, clip(name), "is not asked for now")
		case strings.TrimSpace(value) == "" || len(value) > maxAnswer:
			return nil, onepoint.Missing(op, name, "must not be empty, nor longer than 16 kB")
		case !r.Needs[i].Secret:
			open[name] = strings.TrimSpace(value)
			continue
		}
		if err := o.Secrets.KeepAnswer(ctx, r.Workspace, r.Bank, name, onepoint.Secret(strings.TrimSpace(value))); err != nil {
			return nil, err
		}
	}
	return open, nil
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// Deregister ends the registration at the bank, where the bank lets programs do
// so, and then here. The message says when something is left to do at the bank.
// CodeConflict when there is none; when the bank does not answer nothing changes.
func (o *Onboarding) Deregister(ctx context.Context, workspace, bank string) (string, error) {
	r, err := o.Registration(ctx, workspace, bank)
	if err != nil {
		return "", err
	}
	if r.Status == RegistrationNone {
		return "", onepoint.E(onepoint.CodeConflict, "deregister", "there is no registration at this bank", nil)
	}
	left := ""
	if r.Progress.Client.ID != "" {
		if left, err = o.endAtBank(ctx, r); err != nil {
			return "", err
		}
	}
	if err := o.Audit.Record(ctx, workspace, "registration.ended", bank, map[string]string{"client": r.Progress.Client.ID}); err != nil {
		return "", err
	}
	if err := o.Secrets.Forget(ctx, workspace, bank); err != nil {
		return "", err
	}
	_, err = o.Store.UpdateRegistration(ctx, workspace, bank, func(r *Registration) ([]onepoint.Event, error) {
		*r = Registration{Workspace: workspace, Bank: bank, Status: RegistrationNone, Updated: o.Now()}
		return []onepoint.Event{{Type: onepoint.EventRegistrationChanged, Subject: bank}}, nil
	})
	return left, err
}

func (o *Onboarding) endAtBank(ctx context.Context, r Registration) (left string, err error) {
	recipe, err := o.Banks.Onboarder(ctx, r.Workspace, r.Bank)
	if err != nil {
		return "", err
	}
	d, ok := recipe.(onepoint.Deregisterer)
	if !ok {
		return "the bank offers no deregistration by program: end the client " + r.Progress.Client.ID + " in the bank's portal", nil
	}
	p := withMaps(r.Progress)
	err = d.Deregister(ctx, &p)
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		return onepoint.MessageOf(err) + ": end the client " + r.Progress.Client.ID + " in the bank's portal", nil
	}
	if err != nil {
		return "", onepoint.E("", "deregister at "+r.Bank, "", err)
	}
	return "", nil
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
	if err := o.Audit.Record(ctx, workspace, "registration.done", bank, map[string]string{"client": p.Client.ID}); err != nil {
		return err
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
		if err := o.Audit.Record(ctx, workspace, "registration.step", bank, map[string]string{"step": step.Name}); err != nil {
			return err
		}
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
	p.Input, p.Facts, p.Artifacts = clone(p.Input), clone(p.Facts), clone(p.Artifacts)
	if p.Done == nil {
		p.Done = map[string]time.Time{}
	} else {
		p.Done = maps.Clone(p.Done)
	}
	return p
}
