package fapi

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/onepointledger/onepoint"
)

// signedAnswer reads an authorization response that came as one signed JWT
// (JARM section 2.4): its issuer, audience and end are checked, its claims are
// the response's parameters.
func (c *Client) signedAnswer(ctx context.Context, meta Metadata, token string) (url.Values, error) {
	check := Check{Issuer: c.Issuer, Audience: []string{c.ClientID}, Now: c.Now(), MaxLifetime: longestRetry}
	set, err := c.keys.Keys(ctx, meta.JWKSURI)
	if err != nil {
		return nil, err
	}
	var claims map[string]json.RawMessage
	err = VerifyJWT(token, set, check, &claims)
	if onepoint.CodeOf(err) == onepoint.CodeSignatureInvalid {
		if set, err = c.keys.Fresh(ctx, meta.JWKSURI); err == nil { // the bank may have rotated its key
			err = VerifyJWT(token, set, check, &claims)
		}
	}
	if err != nil {
		return nil, err
	}
	params := url.Values{}
	for name, raw := range claims {
		var text string
		if json.Unmarshal(raw, &text) == nil && name != "aud" {
			params.Set(name, text)
		}
	}
	return params, nil
}
