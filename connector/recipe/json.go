package recipe

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
)

// Options of a profile that registers by JSON. Those that are absent have the
// values of the Czech Open Banking Standard.
const (
	optionName     = "field.client_name"   // where our name goes; "client_name"
	optionRedirect = "field.redirect_uris" // where the list of return addresses goes; "redirect_uris"
	optionScopes   = "field.scopes"        // where the list of scopes goes; "scopes"
	optionScope1   = "scopes"              // the scopes, with spaces between; "AISP"
	optionID       = "answer.client_id"    // where the answer has it: names joined by dots; "client_id"
	optionSecret   = "answer.client_secret"
	optionAPIKey   = "answer.api_key"
	optionBody     = "body." // and a name: what else the bank wants there, as text or JSON
)

const factRequest = "registration_request"

// JSON is registration by a JSON request over mutual TLS, as the Czech Open
// Banking Standard has it: the QWAC says who asks, and the bank answers with the
// client id, its secret, and in places an API key. CodeInternal when the profile
// takes a secret from a member, or sends it in a header, that the transcript
// would show.
func JSON(env connector.Env) (onepoint.Onboarder, error) {
	r := &jsonRecipe{env}
	if name := env.Profile.Onboarding.Options[optionHeader]; name != "" && !connector.HidesHeader(name) {
		return nil, onepoint.E(onepoint.CodeInternal, "choose a recipe", "",
			fmt.Errorf("profile %s sends the API key in %q, which the transcript does not mask", env.Profile.ID, name))
	}
	for _, path := range []string{r.option(optionSecret, "client_secret"), r.option(optionAPIKey, "api_key")} {
		const probe = "this-would-show"
		last := path[strings.LastIndex(path, ".")+1:]
		body, err := json.Marshal(map[string]string{last: probe})
		if err != nil || strings.Contains(connector.Mask(body, "application/json"), probe) {
			return nil, onepoint.E(onepoint.CodeInternal, "choose a recipe", "",
				fmt.Errorf("profile %s takes a secret from %q, which the transcript does not mask", env.Profile.ID, path))
		}
	}
	return r, nil
}

type jsonRecipe struct{ connector.Env }

// Steps implements onepoint.Onboarder.
func (r *jsonRecipe) Steps() []onepoint.Step {
	steps := []onepoint.Step{
		{Name: "certificates", Title: "certificate checked", Help: certificatesHelp, Run: r.certificates},
		{
			Name: "register", Title: "client registered over mutual TLS", Run: r.register,
			Help: "The request says our name and where users return to; the QWAC of the connection says who we are. Credentials that the group of banks has already are used instead.",
		},
	}
	if r.Profile.Endpoints.Token != "" {
		steps = append(steps, verifyStep(r.Env))
	}
	return steps
}

func (r *jsonRecipe) option(name, standard string) string {
	return cmp.Or(r.Profile.Onboarding.Options[name], standard)
}

// certificates also fixes the request's id: the same registration asked twice,
// after a crash, is the same request to a bank that looks at it.
func (r *jsonRecipe) certificates(_ context.Context, p *onepoint.Progress) error {
	if p.Facts[factRequest] == "" {
		p.Facts[factRequest] = r.NewID("registration")
	}
	_, err := checkTransport(r.TPP.Transport, r.Now())
	return err
}

// register asks the bank for a client, unless the group's credentials have one:
// of an earlier try, or of another bank of the group.
func (r *jsonRecipe) register(ctx context.Context, p *onepoint.Progress) error {
	set, facts, err := asked(ctx, r.Env, p)
	if err != nil {
		return err
	}
	needsSecret := r.Profile.Security.ClientAuth == "client_secret_post"
	if set.ClientID == "" || needsSecret && set.ClientSecret == "" {
		if set, err = r.ask(ctx, p, set); err != nil {
			return err
		}
	}
	p.Client = clientOf(r.Env, set.ClientID)
	p.Client.Facts = facts
	return nil
}

func (r *jsonRecipe) ask(ctx context.Context, p *onepoint.Progress, set onepoint.Credential) (onepoint.Credential, error) {
	const op = "register"
	req, err := r.request(ctx, p, set)
	if err != nil {
		return set, fmt.Errorf("%s: %w", op, err)
	}
	var raw json.RawMessage
	if err := call(r.Env, op, req, set, &raw); err != nil {
		return set, err
	}
	var answer any
	if err := json.Unmarshal(raw, &answer); err != nil {
		return set, onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is not JSON", nil)
	}
	id, secret := at(answer, r.option(optionID, "client_id")), at(answer, r.option(optionSecret, "client_secret"))
	switch {
	case id == "":
		return set, onepoint.E(onepoint.CodeProtocol, op, "the bank's answer lacks the client id", nil)
	case secret == "" && r.Profile.Security.ClientAuth == "client_secret_post":
		return set, onepoint.E(onepoint.CodeProtocol, op, "the bank's answer lacks the client secret", nil)
	}
	set.ClientID, set.ClientSecret, set.ValidFrom = id, onepoint.Secret(secret), r.Now().UTC()
	if key := at(answer, r.option(optionAPIKey, "api_key")); key != "" {
		set.APIKey = onepoint.Secret(key)
	}
	if err := r.Secrets.Save(ctx, set); err != nil {
		return set, err
	}
	p.Artifacts["client.json"] = connector.Mask(raw, "application/json")
	return set, nil
}

func (r *jsonRecipe) request(ctx context.Context, p *onepoint.Progress, set onepoint.Credential) (*http.Request, error) {
	body := map[string]any{
		r.option(optionName, "client_name"):       r.TPP.SoftwareName,
		r.option(optionRedirect, "redirect_uris"): []string{r.TPP.RedirectURI},
		r.option(optionScopes, "scopes"):          strings.Fields(r.option(optionScope1, "AISP")),
	}
	for name, value := range r.Profile.Onboarding.Options {
		if field, ok := strings.CutPrefix(name, optionBody); ok {
			body[field] = jsonOrText(value)
		}
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	p.Artifacts["registration.json"] = string(encoded)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.Profile.Onboarding.Register, bytes.NewReader(encoded))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Request-ID", p.Facts[factRequest])
	if name := r.Profile.Onboarding.Options[optionHeader]; name != "" && set.APIKey != "" {
		req.Header.Set(name, set.APIKey.Reveal())
	}
	return req, nil
}

func jsonOrText(s string) any {
	if json.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	return s
}

// at is the text, or the number, at a path of names joined by dots.
func at(v any, path string) string {
	for name := range strings.SplitSeq(path, ".") {
		object, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = object[name]
	}
	switch x := v.(type) {
	case string:
		return strings.TrimSpace(x)
	case float64:
		return fmt.Sprintf("%.0f", x)
	}
	return ""
}
