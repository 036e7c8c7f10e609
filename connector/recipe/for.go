package recipe

import (
	"fmt"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
)

// For returns the recipe that the bank's profile names in onboarding.recipe:
// "dcr", also when it names none; "json-mtls"; "manual"; "none". CodeInternal for
// any other name, and for a profile whose secrets would show in the transcript.
func For(env connector.Env) (onepoint.Onboarder, error) {
	switch name := env.Profile.Onboarding.Recipe; name {
	case "", "dcr":
		return DCR(env), nil
	case "json-mtls":
		return JSON(env)
	case "manual":
		return Manual(env), nil
	case "none":
		return Identity(env), nil
	case "salt-edge":
		return SaltEdge(env), nil
	case "salt-edge-uk":
		return SaltEdgeUK(env), nil
	default:
		return nil, onepoint.E(onepoint.CodeInternal, "choose a recipe", "", fmt.Errorf("profile %s names the recipe %q, which there is none of", env.Profile.ID, name))
	}
}
