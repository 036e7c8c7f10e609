package recipe

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/fapi"
)

// Options of the token that proves a registration.
const (
	optionHeader = "header"       // header that carries the API key in every call, where the bank has one
	optionScope  = "verify_scope" // none when empty
)

func verifyStep(env connector.Env) onepoint.Step {
	return onepoint.Step{
		Name: "verify", Title: "registration proven by a token",
		Help: "A token for the application itself shows that certificate, client and secret belong together.",
		Run:  func(ctx context.Context, p *onepoint.Progress) error { return verify(ctx, env, p) },
	}
}

// verify gets a token for the client itself and throws it away.
func verify(ctx context.Context, env connector.Env, p *onepoint.Progress) error {
	const op = "prove the registration"
	set, err := readCredential(ctx, env.Secrets)
	if err != nil {
		return err
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {p.Client.ID}}
	if scope := env.Profile.Onboarding.Options[optionScope]; scope != "" {
		form.Set("scope", scope)
	}
	switch p.Client.AuthMethod {
	case "client_secret_post":
		form.Set("client_secret", set.ClientSecret.Reveal())
	case "private_key_jwt":
		if env.Signer.Key == nil {
			return refuse("a QSEAL is needed; import or issue one first")
		}
		key := fapi.SigningKey{Signer: env.Signer.Key, KeyID: env.Signer.KeyID, Alg: env.Profile.Security.SigningAlg, Chain: env.Signer.Chain}
		signed, err := fapi.ClientAssertion(key, p.Client.ID, env.Profile.Endpoints.Token, env.Now(), env.NewID("jti"))
		if err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		form.Set("client_assertion_type", fapi.AssertionType)
		form.Set("client_assertion", signed)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, env.Profile.Endpoints.Token, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if name := env.Profile.Onboarding.Options[optionHeader]; name != "" && set.APIKey != "" {
		req.Header.Set(name, set.APIKey.Reveal())
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := call(env, op, req, set, &answer); err != nil {
		return err
	}
	if answer.Token == "" {
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer holds no token", nil)
	}
	return nil
}
