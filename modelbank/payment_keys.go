package modelbank

import (
	"context"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/standard/obie"
)

// MessageKeys finds what a registered client signs its messages with: the keys
// at the address in its software statement. It implements [obie.Signers].
type MessageKeys struct {
	Clients interface {
		Client(ctx context.Context, id string) (as.Client, error) // CodeNotFound
	}
	Keys *fapi.KeySource
}

var _ obie.Signers = MessageKeys{}

// MessageKeys implements [obie.Signers]. A client signs as
// "{org-id}/{software-id}", with the organisation's id of the statement or the
// one of its certificates.
func (m MessageKeys) MessageKeys(ctx context.Context, clientID string, fresh bool) (jwk.Set, []string, error) {
	const op = "find message keys"
	c, err := m.Clients.Client(ctx, clientID)
	if err != nil {
		return nil, nil, onepoint.E("", op, "", err)
	}
	get := m.Keys.Keys
	if fresh {
		get = m.Keys.Fresh
	}
	keys, err := get(ctx, c.Statement.JWKSEndpoint)
	if err != nil {
		return nil, nil, onepoint.E("", op, "", err)
	}
	names := []string{c.OrgID + "/" + c.SoftwareID}
	if other := c.Statement.OrgID; other != "" && other != c.OrgID {
		names = append(names, other+"/"+c.SoftwareID)
	}
	return keys, names, nil
}
