package all

import (
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/bunq"
	"github.com/onepointledger/onepoint/connector/op"
	"github.com/onepointledger/onepoint/connector/recipe"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/standard/obie"
)

// Drivers returns every driver.
func Drivers() []connector.Driver {
	return []connector.Driver{ukOpenBanking(), berlinGroup(), op.Driver(), bunq.Driver()}
}

// ukOpenBanking speaks the UK Open Banking Read/Write API, registered by signed
// JWT.
func ukOpenBanking() connector.Driver {
	return connector.Driver{
		Name:    "uk-open-banking",
		Onboard: recipe.For,
		Open: func(env connector.Env) (onepoint.Connector, error) {
			zone, err := time.LoadLocation(env.Profile.TimeZone)
			if err != nil {
				return nil, fmt.Errorf("load the bank's time zone: %w", err)
			}
			return obie.NewClient(obie.ClientConfig{
				Resource: env.Profile.Endpoints.Resource, Version: env.Profile.Version, HTTP: env.HTTP,
				OAuth: fapi.NewClient(fapi.ClientConfig{
					HTTP: env.HTTP, Issuer: env.Client.Issuer, ClientID: env.Client.ID, AuthMethod: env.Client.AuthMethod,
					Key: fapi.SigningKey{Signer: env.Signer.Key, KeyID: env.Signer.KeyID, Alg: env.Client.SigningAlg, Chain: env.Signer.Chain},
					Now: env.Now, NewID: env.NewID,
				}),
				ResponseType: env.Profile.Security.ResponseType, Zone: zone, Now: env.Now, NewID: env.NewID, Log: env.Log,
			})
		},
	}
}
