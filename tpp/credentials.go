package tpp

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/onepointledger/onepoint"
)

// Credentials are the credential sets of the workspace, kept by hand: one for
// each group of banks that share a portal. What was saved as a secret is never
// given back.
type Credentials struct {
	Vault         CredentialVault
	Registrations Registrations
	Audit         Auditor
	Banks         map[string][]CredentialBank  // of the catalogue, by group
	Changed       func(workspace, bank string) // told of every bank whose set changed; may be nil
	Now           onepoint.Clock
}

// CredentialVault keeps credential sets sealed; *vault.Vault has it.
type CredentialVault interface {
	Credential(ctx context.Context, workspace, group string) (onepoint.Credential, error) // CodeNotFound
	SaveCredential(ctx context.Context, workspace, group string, c onepoint.Credential) error
	RemoveCredential(ctx context.Context, workspace, group string) error
	CredentialGroups(ctx context.Context, workspace string) ([]string, error)
}

// CredentialBank is a bank that a credential set opens.
type CredentialBank struct {
	ID         string
	Name       string
	Registered bool
}

// CredentialSet is what may be shown of a credential set.
type CredentialSet struct {
	Group      string
	Label      string
	ClientID   string
	Holds      []string // "client id", "client secret", "API key", "tokens"
	More       []string // the names of the tokens
	ValidFrom  time.Time
	ValidUntil time.Time
	Banks      []CredentialBank
}

// CredentialChange is what to change of a set; nil leaves what there is, and an
// empty text removes it.
type CredentialChange struct {
	Label        *string
	ClientID     *string
	ClientSecret *onepoint.Secret
	APIKey       *onepoint.Secret
	More         map[string]onepoint.Secret // tokens to set; an empty one is removed
	ValidFrom    *time.Time                 // zero: from the start
	ValidUntil   *time.Time                 // zero: without end
}

// List returns every set, by group.
func (c *Credentials) List(ctx context.Context, workspace string) ([]CredentialSet, error) {
	groups, err := c.Vault.CredentialGroups(ctx, workspace)
	if err != nil {
		return nil, err
	}
	slices.Sort(groups)
	var out []CredentialSet
	for _, group := range groups {
		set, err := c.Vault.Credential(ctx, workspace, group)
		if onepoint.CodeOf(err) == onepoint.CodeNotFound {
			continue // removed in the meantime
		}
		if err != nil {
			return nil, err
		}
		shown, err := c.show(ctx, workspace, group, set)
		if err != nil {
			return nil, err
		}
		out = append(out, shown)
	}
	return out, nil
}

func (c *Credentials) show(ctx context.Context, workspace, group string, set onepoint.Credential) (CredentialSet, error) {
	banks, err := c.banks(ctx, workspace, group)
	return CredentialSet{
		Group: group, Label: set.Label, ClientID: set.ClientID, Holds: set.Holds(), More: slices.Sorted(maps.Keys(set.More)),
		ValidFrom: set.ValidFrom, ValidUntil: set.ValidUntil, Banks: banks,
	}, err
}

func (c *Credentials) banks(ctx context.Context, workspace, group string) ([]CredentialBank, error) {
	all, err := c.Registrations.Registrations(ctx, workspace)
	if err != nil {
		return nil, err
	}
	banks := slices.Clone(c.Banks[group])
	for i := range banks {
		banks[i].Registered = slices.ContainsFunc(all, func(r Registration) bool {
			return r.Bank == banks[i].ID && r.Status == RegistrationDone
		})
	}
	return banks, nil
}

// Save changes the set of a group, making it when there is none, and returns
// what may be shown of it. CodeNotFound when no bank of the catalogue is of the
// group; CodeInvalid, with fields, when something is malformed or nothing would
// be left.
func (c *Credentials) Save(ctx context.Context, workspace, group string, change CredentialChange) (CredentialSet, error) {
	const op = "save credentials"
	if len(c.Banks[group]) == 0 {
		return CredentialSet{}, onepoint.E(onepoint.CodeNotFound, op, "no bank of the catalogue is of the group "+clip(group), nil)
	}
	set, err := c.Vault.Credential(ctx, workspace, group)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return CredentialSet{}, err
	}
	set = change.apply(set)
	if err := checkCredential(set); err != nil {
		return CredentialSet{}, err
	}
	detail := map[string]string{"holds": strings.Join(set.Holds(), ", "), "by": "hand"}
	if err := c.Audit.Record(ctx, workspace, "credential.saved", group, detail); err != nil {
		return CredentialSet{}, err
	}
	if err := c.Vault.SaveCredential(ctx, workspace, group, set); err != nil {
		return CredentialSet{}, err
	}
	c.tell(workspace, group)
	return c.show(ctx, workspace, group, set)
}

func (c *Credentials) tell(workspace, group string) {
	if c.Changed == nil {
		return
	}
	for _, bank := range c.Banks[group] {
		c.Changed(workspace, bank.ID)
	}
}

// Remove ends the set of a group. CodeNotFound when there is none; CodeConflict
// while a registered bank needs it.
func (c *Credentials) Remove(ctx context.Context, workspace, group string) error {
	const op = "remove credentials"
	if _, err := c.Vault.Credential(ctx, workspace, group); err != nil {
		if onepoint.CodeOf(err) == onepoint.CodeNotFound {
			return onepoint.E(onepoint.CodeNotFound, op, "there are no credentials of the group "+clip(group), err)
		}
		return err
	}
	banks, err := c.banks(ctx, workspace, group)
	if err != nil {
		return err
	}
	var needed []string
	for _, bank := range banks {
		if bank.Registered {
			needed = append(needed, bank.Name)
		}
	}
	if len(needed) > 0 {
		return onepoint.E(onepoint.CodeConflict, op, "these are in use at "+strings.Join(needed, ", ")+"; deregister there first", nil)
	}
	if err := c.Audit.Record(ctx, workspace, "credential.removed", group, map[string]string{"by": "hand"}); err != nil {
		return err
	}
	if err := c.Vault.RemoveCredential(ctx, workspace, group); err != nil {
		return err
	}
	c.tell(workspace, group)
	return nil
}

func (ch CredentialChange) apply(set onepoint.Credential) onepoint.Credential {
	for _, f := range []struct{ from, into *string }{{ch.Label, &set.Label}, {ch.ClientID, &set.ClientID}} {
		if f.from != nil {
			*f.into = strings.TrimSpace(*f.from)
		}
	}
	for _, f := range []struct{ from, into *onepoint.Secret }{{ch.ClientSecret, &set.ClientSecret}, {ch.APIKey, &set.APIKey}} {
		if f.from != nil {
			*f.into = onepoint.Secret(strings.TrimSpace(f.from.Reveal()))
		}
	}
	for _, f := range []struct{ from, into *time.Time }{{ch.ValidFrom, &set.ValidFrom}, {ch.ValidUntil, &set.ValidUntil}} {
		if f.from != nil {
			*f.into = f.from.UTC()
		}
	}
	set.More = maps.Clone(set.More)
	for name, value := range ch.More {
		if value = onepoint.Secret(strings.TrimSpace(value.Reveal())); value == "" {
			delete(set.More, name)
			continue
		}
		if set.More == nil {
			set.More = map[string]onepoint.Secret{}
		}
		set.More[name] = value
	}
	return set
}

const maxLabel = 100

// checkCredential refuses what no bank takes; the messages show no value.
func checkCredential(set onepoint.Credential) error {
	var faults []onepoint.Field
	must := func(ok bool, name, msg string) {
		if !ok {
			faults = append(faults, onepoint.Field{Name: name, Message: msg})
		}
	}
	line := func(s string) bool { return len(s) <= maxAnswer && !strings.ContainsFunc(s, unicode.IsControl) }
	must(line(set.Label) && utf8.RuneCountInString(set.Label) <= maxLabel, "label", "must be one line of at most 100 characters")
	must(line(set.ClientID), "clientId", "must be one line of at most 16 kB")
	must(line(set.ClientSecret.Reveal()), "clientSecret", "must be one line of at most 16 kB")
	must(line(set.APIKey.Reveal()), "apiKey", "must be one line of at most 16 kB")
	must(len(set.More) <= maxAnswers, "more", "must be at most 20")
	for name, value := range set.More {
		must(name != "" && line(name) && len(name) <= maxLabel, "more", "must have names of one line, of at most 100 characters")
		must(len(value.Reveal()) <= maxAnswer, "more", "must be at most 16 kB each")
	}
	must(set.ValidFrom.IsZero() || set.ValidUntil.IsZero() || set.ValidFrom.Before(set.ValidUntil), "validUntil", "must be after validFrom")
	must(len(set.Holds()) > 0, "clientId", "or a secret, an API key or a token must be given; to end the credentials, remove them")
	if len(faults) == 0 {
		return nil
	}
	return &onepoint.Error{Code: onepoint.CodeInvalid, Op: "save credentials", Msg: faults[0].Name + ": " + faults[0].Message, Fields: faults}
}
