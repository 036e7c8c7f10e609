package op

import (
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/fapi"
)

// Driver connects to OP.
func Driver() connector.Driver {
	return connector.Driver{
		Name:    "op",
		Onboard: func(env connector.Env) (onepoint.Onboarder, error) { return &recipe{env}, nil },
		Open:    func(env connector.Env) (onepoint.Connector, error) { return open(env) },
	}
}

// Client is OP as one registered TPP sees it. It implements [onepoint.Connector],
// [onepoint.AccountReader], [onepoint.Payer], [onepoint.FundsConfirmer],
// [onepoint.Refresher] and [onepoint.Revoker].
type Client struct {
	connector.Env
	zone *time.Location
	keys *fapi.KeySource
}

var (
	_ onepoint.Connector      = (*Client)(nil)
	_ onepoint.AccountReader  = (*Client)(nil)
	_ onepoint.Payer          = (*Client)(nil)
	_ onepoint.FundsConfirmer = (*Client)(nil)
	_ onepoint.Refresher      = (*Client)(nil)
	_ onepoint.Revoker        = (*Client)(nil)
)

func open(env connector.Env) (*Client, error) {
	zone, err := time.LoadLocation(env.Profile.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("load OP's time zone: %w", err)
	}
	if env.Credential.ClientSecret == "" {
		return nil, onepoint.E(onepoint.CodeConflict, "open OP", "the client secret is missing; register at OP again", nil)
	}
	return &Client{Env: env, zone: zone, keys: &fapi.KeySource{HTTP: env.HTTP, Now: env.Now}}, nil
}

func (c *Client) key() fapi.SigningKey {
	return fapi.SigningKey{Signer: c.Signer.Key, KeyID: c.Env.Client.Facts[factSealKeyID], Alg: "RS256"}
}
