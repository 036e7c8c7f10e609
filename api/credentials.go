package api

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

// CredentialKeeper keeps credential sets; *tpp.Credentials has it.
type CredentialKeeper interface {
	List(ctx context.Context, workspace string) ([]tpp.CredentialSet, error)
	Save(ctx context.Context, workspace, group string, change tpp.CredentialChange) (tpp.CredentialSet, error)
	Remove(ctx context.Context, workspace, group string) error
}

// Credential is a credential set without its secrets, which are never shown.
type Credential struct {
	Group      string           `json:"group" doc:"Banks with one portal share a group"`
	Label      string           `json:"label,omitempty"`
	ClientID   string           `json:"clientId,omitempty"`
	Holds      []string         `json:"holds" doc:"client id, client secret, API key, tokens"`
	More       []string         `json:"more" doc:"Names of the tokens of the bank's own kind"`
	ValidFrom  *time.Time       `json:"validFrom,omitempty"`
	ValidUntil *time.Time       `json:"validUntil,omitempty"`
	Status     string           `json:"status" enum:"ok,warn,fail" doc:"warn: ends within 30 days; fail: has ended, or has not begun"`
	Banks      []CredentialBank `json:"banks" doc:"The banks of the catalogue that it opens"`
}

// CredentialBank is a bank that a credential set opens.
type CredentialBank struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Registered bool   `json:"registered"`
}

const credentialWarning = 30 * 24 * time.Hour

func (a *API) credentialResource(s tpp.CredentialSet) Credential {
	out := Credential{
		Group: s.Group, Label: s.Label, ClientID: s.ClientID, Holds: s.Holds, More: append([]string{}, s.More...),
		ValidFrom: moment(s.ValidFrom), ValidUntil: moment(s.ValidUntil), Status: "ok", Banks: []CredentialBank{},
	}
	for _, b := range s.Banks {
		out.Banks = append(out.Banks, CredentialBank(b))
	}
	now := a.Now()
	switch {
	case now.Before(s.ValidFrom), !s.ValidUntil.IsZero() && !now.Before(s.ValidUntil):
		out.Status = "fail"
	case !s.ValidUntil.IsZero() && s.ValidUntil.Sub(now) < credentialWarning:
		out.Status = "warn"
	}
	return out
}

func (a *API) listCredentials(ctx context.Context, _ *none) (*body[list[Credential]], error) {
	sets, err := a.Credentials.List(ctx, principal(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	out := list[Credential]{Items: []Credential{}}
	for _, s := range sets {
		out.Items = append(out.Items, a.credentialResource(s))
	}
	return &body[list[Credential]]{out}, nil
}

type groupInput struct {
	Group string `path:"group" maxLength:"60"`
}

type saveCredentialInput struct {
	Group string `path:"group" maxLength:"60"`
	Body  struct {
		Label        *string           `json:"label,omitempty"`
		ClientID     *string           `json:"clientId,omitempty"`
		ClientSecret *string           `json:"clientSecret,omitempty" doc:"Never shown again"`
		APIKey       *string           `json:"apiKey,omitempty" doc:"Never shown again"`
		More         map[string]string `json:"more,omitempty" doc:"Tokens of the bank's own kind, by name; an empty one is removed. Never shown again"`
		ValidFrom    *time.Time        `json:"validFrom,omitempty"`
		ValidUntil   *time.Time        `json:"validUntil,omitempty"`
	}
}

// saveCredential changes what the body names; an empty text removes, and what is
// absent stays.
func (a *API) saveCredential(ctx context.Context, in *saveCredentialInput) (*body[Credential], error) {
	b := in.Body
	change := tpp.CredentialChange{
		Label: b.Label, ClientID: b.ClientID, ClientSecret: (*onepoint.Secret)(b.ClientSecret), APIKey: (*onepoint.Secret)(b.APIKey),
		More: map[string]onepoint.Secret{}, ValidFrom: b.ValidFrom, ValidUntil: b.ValidUntil,
	}
	for name, value := range b.More {
		change.More[name] = onepoint.Secret(value)
	}
	set, err := a.Credentials.Save(ctx, principal(ctx).Workspace, in.Group, change)
	if err != nil {
		return nil, err
	}
	return &body[Credential]{a.credentialResource(set)}, nil
}

func (a *API) removeCredential(ctx context.Context, in *groupInput) (*none, error) {
	return nil, a.Credentials.Remove(ctx, principal(ctx).Workspace, in.Group)
}
