package bunq

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/onepointledger/onepoint"
)

// Revoke implements onepoint.Revoker. bunq's users revoke in the app; a TPP gives
// up its access by closing the API key that it was given to every address, and
// ending the session.
func (c *Connector) Revoke(ctx context.Context, g onepoint.Grant) error {
	err := c.closeKeys(ctx, g)
	if onepoint.CodeOf(err) == onepoint.CodeTokenInvalid { // the session has ended, the key may not have
		if g, err = c.Refresh(ctx, g); err == nil {
			err = c.closeKeys(ctx, g)
		}
	}
	switch onepoint.CodeOf(err) {
	case "":
	case onepoint.CodeConsentExpired: // gone already
		return nil
	default:
		return err
	}
	_, err = c.api.call(ctx, request{op: "end the session", method: http.MethodDelete, path: "/session/0", token: g.AccessToken})
	if onepoint.CodeOf(err) == onepoint.CodeTokenInvalid {
		return nil
	}
	return err
}

type wireIP struct {
	ID     json.Number `json:"id"`
	Status string      `json:"status"`
}

// closeKeys makes every permitted address of the grant's API keys inactive.
func (c *Connector) closeKeys(ctx context.Context, g onepoint.Grant) error {
	keys, err := c.asUser(ctx, g, request{op: opKeys, method: http.MethodGet, path: "/credential-password-ip?count=200"})
	if err != nil {
		return err
	}
	for _, el := range keys.Elements {
		var k wireIP
		if err := el.decode(&k); err != nil {
			return err
		}
		if !isNumber(k.ID.String()) {
			return broken("an API key", nil)
		}
		if err := c.closeKey(ctx, g, "/credential-password-ip/"+k.ID.String()+"/ip"); err != nil {
			return err
		}
	}
	return nil
}

func (c *Connector) closeKey(ctx context.Context, g onepoint.Grant, path string) error {
	ips, err := c.asUser(ctx, g, request{op: opAddresses, method: http.MethodGet, path: path})
	if err != nil {
		return err
	}
	for _, el := range ips.Elements {
		var ip wireIP
		if err := el.decode(&ip); err != nil {
			return err
		}
		if ip.Status != "ACTIVE" {
			continue
		}
		if !isNumber(ip.ID.String()) {
			return broken("an address", nil)
		}
		_, err := c.asUser(ctx, g, request{
			op: opAddress, method: http.MethodPut, path: path + "/" + ip.ID.String(), body: map[string]string{"status": "INACTIVE"},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
