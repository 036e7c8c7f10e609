package all

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

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
		Open:    openUK,
	}
}

func openUK(env connector.Env) (onepoint.Connector, error) {
	zone, err := time.LoadLocation(env.Profile.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("load the bank's time zone: %w", err)
	}
	key := fapi.SigningKey{Signer: env.Signer.Key, KeyID: env.Signer.KeyID, Alg: env.Client.SigningAlg, Chain: env.Signer.Chain}
	oauth := fapi.NewClient(fapi.ClientConfig{
		HTTP: env.HTTP, Issuer: env.Client.Issuer, ClientID: env.Client.ID, AuthMethod: env.Client.AuthMethod,
		Key: key, Now: env.Now, NewID: env.NewID,
	})
	reader, err := obie.NewClient(obie.ClientConfig{
		Resource: env.Profile.Endpoints.Resource, Version: env.Profile.Version, HTTP: env.HTTP, OAuth: oauth,
		ResponseType: env.Profile.Security.ResponseType, Zone: zone, Now: env.Now, NewID: env.NewID, Log: env.Log,
	})
	signs := env.Client.SigningAlg == "PS256" && env.Client.Facts["software_id"] != ""
	if err != nil || !signs || !slices.Contains(env.Profile.Offers, "payments") {
		return reader, err
	}
	keys := &fapi.KeySource{HTTP: env.HTTP, Now: env.Now}
	return obie.NewPayerClient(reader, obie.PayerConfig{
		Payments: env.Profile.Endpoints.Payments, Funds: env.Profile.Endpoints.Funds,
		Sign: obie.PaymentSigner{
			Key: func() fapi.SigningKey { return key }, Issuer: env.Client.Facts["org_id"] + "/" + env.Client.Facts["software_id"],
		},
		BankKeys: func(ctx context.Context, fresh bool) (jwk.Set, error) {
			meta, err := oauth.Metadata(ctx)
			if err != nil {
				return nil, err
			}
			if fresh {
				return keys.Fresh(ctx, meta.JWKSURI)
			}
			return keys.Keys(ctx, meta.JWKSURI)
		},
	})
}
