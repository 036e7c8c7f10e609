package tpp_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

func (r *rig) credentials() *tpp.Credentials {
	return &tpp.Credentials{
		Vault: r.vault, Registrations: r.db, Audit: r, Now: r.Now,
		Banks:   map[string][]tpp.CredentialBank{"portal": {{ID: "one", Name: "Bank One"}, {ID: "two", Name: "Bank Two"}}},
		Changed: func(_, bank string) { r.answers = append(r.answers, "changed "+bank) },
	}
}

func ptr[T any](v T) *T { return &v }

func TestCredentialsAreKeptAndNotShown(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		c, ctx := r.credentials(), t.Context()
		until := r.clock.AddDate(1, 0, 0)
		saved, err := c.Save(ctx, workspace, "portal", tpp.CredentialChange{
			Label: ptr("  Production "), ClientID: ptr("client-1"), ClientSecret: ptr(onepoint.Secret("s3cret")), APIKey: ptr(onepoint.Secret("k3y\n")),
			More: map[string]onepoint.Secret{"enrolment": "t0ken"}, ValidUntil: &until,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%+v", saved); strings.Contains(got, "s3cret") || strings.Contains(got, "k3y") || strings.Contains(got, "t0ken") {
			t.Errorf("a secret is shown: %s", got)
		}
		// What is not named stays; an empty text removes.
		if _, err := c.Save(ctx, workspace, "portal", tpp.CredentialChange{APIKey: ptr(onepoint.Secret("")), ValidFrom: &r.clock}); err != nil {
			t.Fatal(err)
		}
		sets, err := c.List(ctx, workspace)
		if err != nil || len(sets) != 1 {
			t.Fatalf("got %+v, %v", sets, err)
		}
		got := sets[0]
		if got.Label != "Production" || got.ClientID != "client-1" || !slices.Equal(got.Holds, []string{"client id", "client secret", "tokens"}) ||
			!slices.Equal(got.More, []string{"enrolment"}) || !got.ValidUntil.Equal(until) || !got.ValidFrom.Equal(r.clock) || len(got.Banks) != 2 {
			t.Errorf("got %+v", got)
		}
		kept, err := r.vault.Credential(ctx, workspace, "portal")
		if err != nil || kept.ClientSecret.Reveal() != "s3cret" || kept.More["enrolment"].Reveal() != "t0ken" || kept.Label != "Production" {
			t.Errorf("the vault has %+v, %v", kept, err)
		}
		if !slices.Contains(r.audited, "credential.saved portal") || !slices.Contains(r.answers, "changed two") {
			t.Errorf("audited %v, told %v", r.audited, r.answers)
		}
	})
}

func TestMalformedCredentialsAreRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		tests := map[string]struct {
			group  string
			change tpp.CredentialChange
			code   onepoint.Code
		}{
			"a group of no bank":          {"elsewhere", tpp.CredentialChange{ClientID: ptr("c")}, onepoint.CodeNotFound},
			"nothing":                     {"portal", tpp.CredentialChange{Label: ptr("only a name")}, onepoint.CodeInvalid},
			"a line break in the API key": {"portal", tpp.CredentialChange{APIKey: ptr(onepoint.Secret("a\r\nX-Evil: 1"))}, onepoint.CodeInvalid},
			"a secret too long":           {"portal", tpp.CredentialChange{ClientSecret: ptr(onepoint.Secret(strings.Repeat("x", 20<<10)))}, onepoint.CodeInvalid},
			"an end before the start":     {"portal", tpp.CredentialChange{ClientID: ptr("c"), ValidFrom: &r.clock, ValidUntil: ptr(r.clock.Add(-time.Hour))}, onepoint.CodeInvalid},
			"a token without a name":      {"portal", tpp.CredentialChange{More: map[string]onepoint.Secret{"": "x"}}, onepoint.CodeInvalid},
		}
		for name, tt := range tests {
			_, err := r.credentials().Save(t.Context(), workspace, tt.group, tt.change)
			if onepoint.CodeOf(err) != tt.code || strings.Contains(fmt.Sprint(err), "Evil") {
				t.Errorf("%s: got %v, want %s", name, err, tt.code)
			}
		}
		if sets, err := r.credentials().List(t.Context(), workspace); err != nil || len(sets) != 0 {
			t.Errorf("something was saved: %+v, %v", sets, err)
		}
	})
}

func TestCredentialsInUseStay(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		c, ctx := r.credentials(), t.Context()
		if err := c.Remove(ctx, workspace, "portal"); onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("nothing there: %v", err)
		}
		if _, err := c.Save(ctx, workspace, "portal", tpp.CredentialChange{ClientID: ptr("client-1")}); err != nil {
			t.Fatal(err)
		}
		set := func(status tpp.RegistrationStatus) {
			_, err := r.db.UpdateRegistration(ctx, workspace, "two", func(reg *tpp.Registration) ([]onepoint.Event, error) {
				reg.Status = status
				return nil, nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		set(tpp.RegistrationDone)
		err := c.Remove(ctx, workspace, "portal")
		if onepoint.CodeOf(err) != onepoint.CodeConflict || !strings.Contains(onepoint.MessageOf(err), "Bank Two") {
			t.Errorf("in use: %v", err)
		}
		sets, err := c.List(ctx, workspace)
		if err != nil || len(sets) != 1 || sets[0].Banks[0].Registered || !sets[0].Banks[1].Registered {
			t.Errorf("got %+v, %v", sets, err)
		}
		set(tpp.RegistrationNone)
		if err := c.Remove(ctx, workspace, "portal"); err != nil {
			t.Error(err)
		}
		if _, err := r.vault.Credential(ctx, workspace, "portal"); onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("still there: %v", err)
		}
	})
}
