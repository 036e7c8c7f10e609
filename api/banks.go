package api

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/tpp"
)

func (a *API) registrationOf(ctx context.Context, bank string) (Registration, error) {
	workspace := principal(ctx).Workspace
	r, err := a.Onboarding.Registration(ctx, workspace, bank)
	if err != nil {
		return Registration{}, err
	}
	steps, err := a.Onboarding.Steps(ctx, workspace, bank)
	if err != nil {
		return Registration{}, err
	}
	out := Registration{
		Bank: bank, Status: string(r.Status), ClientID: r.Progress.Client.ID, Message: r.Message, Needs: r.Needs,
		Updated: moment(r.Updated), Steps: []RegistrationStep{}, Files: slices.Sorted(maps.Keys(r.Progress.Artifacts)),
	}
	if p, ok := a.banks[bank]; ok {
		out.Guide, out.Portal = p.Onboarding.Instructions, p.Onboarding.Portal
	}
	if out.Health, err = a.Health(ctx, r); err != nil {
		return Registration{}, err
	}
	for _, s := range steps {
		out.Steps = append(out.Steps, stepOf(s, r))
	}
	return out, nil
}

func stepOf(s onepoint.Step, r tpp.Registration) RegistrationStep {
	done := r.Progress.Done[s.Name]
	out := RegistrationStep{Name: s.Name, Title: s.Title, Help: s.Help, Status: "pending", Done: moment(done)}
	switch {
	case !done.IsZero():
		out.Status = "done"
	case r.Step == s.Name && r.Status == tpp.RegistrationRunning:
		out.Status = "running"
	case r.Step == s.Name:
		out.Status = "stopped"
	}
	return out
}

func (a *API) bankResource(ctx context.Context, p connector.Profile) (Bank, error) {
	reg, err := a.registrationOf(ctx, p.ID)
	if err != nil {
		return Bank{}, err
	}
	b := Bank{
		ID: p.ID, Name: p.Name, Country: p.Country, BIC: p.BIC, Standard: p.Standard, Version: p.Version, Website: p.Website,
		About: p.About, Offers: p.Offers, Registration: reg, TestUsers: []TestUser{},
	}
	for _, u := range p.TestUsers {
		b.TestUsers = append(b.TestUsers, TestUser(u))
	}
	return b, nil
}

func (a *API) listBanks(ctx context.Context, _ *none) (*body[list[Bank]], error) {
	out := list[Bank]{Items: []Bank{}}
	for _, p := range a.Banks {
		b, err := a.bankResource(ctx, p)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, b)
	}
	return &body[list[Bank]]{out}, nil
}

func (a *API) getBank(ctx context.Context, in *idInput) (*body[Bank], error) {
	p, ok := a.banks[in.ID]
	if !ok {
		return nil, onepoint.E(onepoint.CodeNotFound, "find bank", "there is no such bank", nil)
	}
	b, err := a.bankResource(ctx, p)
	return &body[Bank]{b}, err
}

func (a *API) listRegistrations(ctx context.Context, _ *none) (*body[list[Registration]], error) {
	out := list[Registration]{Items: []Registration{}}
	for _, p := range a.Banks {
		r, err := a.registrationOf(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, r)
	}
	return &body[list[Registration]]{out}, nil
}

type registerInput struct {
	Body struct {
		Bank  string            `json:"bank"`
		Input map[string]string `json:"input,omitempty" doc:"Answers to what the registration needs, by name"`
	}
}

func (a *API) register(ctx context.Context, in *registerInput) (*body[Registration], error) {
	if _, err := a.Onboarding.Register(ctx, principal(ctx).Workspace, in.Body.Bank, in.Body.Input); err != nil {
		return nil, err
	}
	r, err := a.registrationOf(ctx, in.Body.Bank)
	return &body[Registration]{r}, err
}

type bankInput struct {
	Bank string `path:"bank"`
}

func (a *API) getRegistration(ctx context.Context, in *bankInput) (*body[Registration], error) {
	r, err := a.registrationOf(ctx, in.Bank)
	return &body[Registration]{r}, err
}

// bankName is the brand, or the id of a bank that left the catalogue.
func (a *API) bankName(id string) string {
	if p, ok := a.banks[id]; ok {
		return p.Name
	}
	return id
}

func syncResource(s tpp.Sync) *Sync {
	return &Sync{
		ID: s.ID, Connection: s.Connection, State: string(s.State), AccountsTotal: s.AccountsTotal, AccountsDone: s.AccountsDone,
		Seen: s.Change.Seen, Added: s.Change.Added, Updated: s.Change.Updated, Message: s.Message,
		Started: s.Started.UTC().Truncate(time.Millisecond), Finished: moment(s.Finished),
	}
}

// Left is what a deregistration leaves to a human.
type Left struct {
	Left string `json:"left,omitempty" doc:"What is left to do at the bank; absent when nothing is"`
}

func (a *API) deregister(ctx context.Context, in *bankInput) (*body[Left], error) {
	left, err := a.Onboarding.Deregister(ctx, principal(ctx).Workspace, in.Bank)
	return &body[Left]{Left{left}}, err
}

func (a *API) listExchanges(ctx context.Context, in *bankInput) (*body[list[onepoint.Trace]], error) {
	traces, err := a.Traces.Exchanges(ctx, principal(ctx).Workspace, in.Bank)
	if traces == nil {
		traces = []onepoint.Trace{}
	}
	return &body[list[onepoint.Trace]]{list[onepoint.Trace]{Items: traces}}, err
}

type fileInput struct {
	Bank string `path:"bank"`
	Name string `path:"name"`
}

func (a *API) getFile(ctx context.Context, in *fileInput) (*body[RegistrationFile], error) {
	r, err := a.Onboarding.Registration(ctx, principal(ctx).Workspace, in.Bank)
	if err != nil {
		return nil, err
	}
	content, ok := r.Progress.Artifacts[in.Name]
	if !ok {
		return nil, onepoint.E(onepoint.CodeNotFound, "read file", "the registration made no such file", nil)
	}
	return &body[RegistrationFile]{RegistrationFile{in.Name, content}}, nil
}
