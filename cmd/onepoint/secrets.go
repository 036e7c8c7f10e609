package main

import (
	"context"
	"maps"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

var _ tpp.Secrets = (*registry)(nil)

// KeepAnswer implements tpp.Secrets.
func (r *registry) KeepAnswer(ctx context.Context, workspace, bank, name string, value onepoint.Secret) error {
	p, err := r.profile(bank)
	if err != nil {
		return err
	}
	kept := &bankCredentials{registry: r, workspace: workspace, group: p.Group()}
	c, err := kept.Read(ctx)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return err
	}
	switch name {
	case "client_id":
		c.ClientID = value.Reveal()
	case "client_secret":
		c.ClientSecret = value
	case "api_key":
		c.APIKey = value
	default:
		more := maps.Clone(c.More)
		if more == nil {
			more = map[string]onepoint.Secret{}
		}
		more[name], c.More = value, more
	}
	return kept.Save(ctx, c)
}

// Forget implements tpp.Secrets.
func (r *registry) Forget(ctx context.Context, workspace, bank string) error {
	p, err := r.profile(bank)
	if err != nil {
		return err
	}
	all, err := r.clients.Registrations(ctx, workspace)
	if err != nil {
		return err
	}
	for _, other := range all {
		q, err := r.profile(other.Bank)
		if err == nil && other.Bank != bank && other.Status == tpp.RegistrationDone && q.Group() == p.Group() {
			return nil
		}
	}
	return (&bankCredentials{registry: r, workspace: workspace, group: p.Group()}).Remove(ctx)
}
