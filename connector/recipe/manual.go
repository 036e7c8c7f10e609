package recipe

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
)

// optionCertificates set to "none" is for a portal that works without a QWAC, as
// sandboxes do.
const optionCertificates = "certificates"

// Manual is for banks where a human registers the TPP in a portal: it asks for
// what the portal gave, unless the credentials of the bank's group have it, and
// proves it by a token where the profile names a token endpoint.
func Manual(env connector.Env) onepoint.Onboarder { return &manual{env} }

type manual struct{ connector.Env }

// Steps implements onepoint.Onboarder.
func (r *manual) Steps() []onepoint.Step {
	steps := []onepoint.Step{
		{Name: "certificates", Title: "certificate checked", Help: certificatesHelp, Run: r.certificates},
		{
			Name: "portal", Title: "registered in the bank's portal", Run: r.portal,
			Help: "A human registers the application in the bank's portal and brings what it gives. Banks with the same portal share it.",
		},
	}
	if r.Profile.Endpoints.Token != "" {
		steps = append(steps, verifyStep(r.Env))
	}
	return steps
}

func (r *manual) certificates(context.Context, *onepoint.Progress) error {
	if r.Profile.Onboarding.Options[optionCertificates] == "none" {
		return nil
	}
	_, err := checkTransport(r.TPP.Transport, r.Now())
	return err
}

func (r *manual) portal(ctx context.Context, p *onepoint.Progress) error {
	set, facts, err := asked(ctx, r.Env, p)
	if err != nil {
		return err
	}
	p.Client = clientOf(r.Env, cmp.Or(set.ClientID, r.TPP.OrganisationID))
	p.Client.Facts = facts
	return nil
}

// asked returns the group's credentials once they hold all that the profile asks
// a human for, and those answers that are no secrets. CodeInputRequired names
// what is missing.
func asked(ctx context.Context, env connector.Env, p *onepoint.Progress) (onepoint.Credential, map[string]string, error) {
	facts := map[string]string{}
	set, err := readCredential(ctx, env.Secrets)
	if err != nil {
		return set, facts, err
	}
	if until := set.ValidUntil; !until.IsZero() && env.Now().After(until) {
		return set, facts, onepoint.E(onepoint.CodeConflict, "read credentials", fmt.Sprintf(
			"the credentials of %s ended on %s; save new ones", env.Profile.Group(), until.Format(time.DateOnly)), nil)
	}
	changed := false
	var missing []onepoint.Field
	for _, q := range env.Profile.Onboarding.Asks {
		value := held(set, q.Name)
		if answer := p.Input[q.Name]; value == "" && answer != "" && !q.Secret {
			keep(&set, q.Name, answer)
			value, changed = answer, true
		}
		switch {
		case value == "":
			missing = append(missing, onepoint.Field{Name: q.Name, Message: q.Label, Secret: q.Secret})
		case !q.Secret && q.Name != "client_id":
			facts[q.Name] = value
		}
	}
	if changed { // also what is not secret: the other banks of the group need it
		if err := env.Secrets.Save(ctx, set); err != nil {
			return set, facts, err
		}
	}
	if len(missing) > 0 {
		return set, facts, ask(env, missing)
	}
	return set, facts, nil
}

func ask(env connector.Env, missing []onepoint.Field) error {
	var labels []string
	for _, f := range missing {
		labels = append(labels, f.Message)
	}
	where := "in the bank's portal"
	if env.Profile.Onboarding.Portal != "" {
		where = "at " + env.Profile.Onboarding.Portal
	}
	return &onepoint.Error{
		Code: onepoint.CodeInputRequired, Op: "register in the portal", Fields: missing,
		Msg: "register the application " + where + " and bring: " + strings.Join(labels, ", "),
	}
}

// readCredential is the group's set; an empty one when there is none yet.
func readCredential(ctx context.Context, from connector.Credentials) (onepoint.Credential, error) {
	set, err := from.Read(ctx)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return onepoint.Credential{}, err
	}
	set.More = maps.Clone(set.More)
	return set, nil
}

// held is what the set has under the name of a question.
func held(set onepoint.Credential, name string) string {
	switch name {
	case "client_id":
		return set.ClientID
	case "client_secret":
		return set.ClientSecret.Reveal()
	case "api_key":
		return set.APIKey.Reveal()
	}
	return set.More[name].Reveal()
}

// keep puts an answer that is not secret into the set.
func keep(set *onepoint.Credential, name, value string) {
	switch name {
	case "client_id":
		set.ClientID = value
	case "client_secret":
		set.ClientSecret = onepoint.Secret(value)
	case "api_key":
		set.APIKey = onepoint.Secret(value)
	default:
		if set.More == nil {
			set.More = map[string]onepoint.Secret{}
		}
		set.More[name] = onepoint.Secret(value)
	}
}
