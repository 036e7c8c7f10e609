package all

import (
	"fmt"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/recipe"
)

// berlinGroup speaks the Berlin Group's NextGenPSD2, in the way of the engine
// behind the bank: the profile's recipe says whose it is.
func berlinGroup() connector.Driver {
	return connector.Driver{
		Name:    "berlin-group",
		Onboard: recipe.For,
		Open: func(env connector.Env) (onepoint.Connector, error) {
			switch env.Profile.Onboarding.Recipe {
			case "salt-edge", "salt-edge-uk":
				return recipe.SaltEdgeClient(env)
			}
			return nil, unknownRecipe(env)
		},
	}
}

func unknownRecipe(env connector.Env) error {
	return onepoint.Missing("open the bank", "onboarding.recipe", fmt.Sprintf("%q is none that berlin-group has", env.Profile.Onboarding.Recipe))
}
