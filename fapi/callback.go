package fapi

import (
	"context"
	"crypto/subtle"
	"net/url"
	"slices"

	"github.com/onepointledger/onepoint"
)

// Expected is what an authorization response must agree with.
type Expected struct {
	State        string
	Nonce        string
	ResponseType string // "code" or "code id_token"
	IntentID     string // openbanking_intent_id, checked when not empty
}

// VerifyCallback checks an authorization response and returns its code: the
// issuer (RFC 9207), the state, and for the hybrid flow the ID token with nonce,
// c_hash, s_hash and intent (FAPI 1 Advanced section 5.2.3.1). An answer that
// came signed as a whole (JARM) is verified first. A user who
// refused is an [OAuthError] access_denied; any other disagreement
// [onepoint.CodeProtocol].
func (c *Client) VerifyCallback(ctx context.Context, params url.Values, want Expected) (code string, err error) {
	const op = "check the bank's answer"
	broken := func(msg string, cause error) (string, error) {
		return "", onepoint.E(onepoint.CodeProtocol, op, "the bank's answer does not fit the request: "+msg, cause)
	}
	meta, err := c.Metadata(ctx)
	if err != nil {
		return "", err
	}
	for name := range params {
		if len(params[name]) != 1 {
			return broken(name+" comes twice", nil)
		}
	}
	if signed := params.Get("response"); signed != "" {
		if len(params) != 1 {
			return broken("something stands beside the signed answer", nil)
		}
		if params, err = c.signedAnswer(ctx, meta, signed); err != nil {
			return broken(onepoint.MessageOf(err), err)
		}
	}
	if iss := params.Get("iss"); iss != "" && iss != c.Issuer || iss == "" && meta.AuthorizationResponseIssParam {
		return broken("it names another issuer, or none", nil)
	}
	if want.State == "" || subtle.ConstantTimeCompare([]byte(params.Get("state")), []byte(want.State)) != 1 {
		return broken("its state is another", nil)
	}
	if e := params.Get("error"); e != "" {
		oauth := &OAuthError{Code: e, Description: params.Get("error_description")}
		if e == "access_denied" {
			return "", oauth
		}
		return "", FromOAuthError(op, oauth)
	}
	code = params.Get("code")
	if code == "" {
		return broken("it has no code", nil)
	}
	if want.ResponseType == "code id_token" {
		if err := c.verifyIDToken(ctx, meta, params.Get("id_token"), code, want); err != nil {
			return broken(onepoint.MessageOf(err), err)
		}
	}
	return code, nil
}

// VerifyIDToken checks the ID token of the token endpoint (OpenID Connect Core
// section 3.1.3.7): issuer, audience, nonce, at_hash when it has one, and the
// intent. With response_type=code it is the only proof that the tokens belong to
// this journey. [onepoint.CodeProtocol].
func (c *Client) VerifyIDToken(ctx context.Context, t TokenResponse, want Expected) error {
	broken := func(msg string, cause error) error {
		return onepoint.E(onepoint.CodeProtocol, "check the bank's tokens", "the bank's tokens do not fit the request: "+msg, cause)
	}
	meta, err := c.Metadata(ctx)
	if err != nil {
		return err
	}
	id, err := c.readIDToken(ctx, meta, t.IDToken)
	if err != nil {
		return broken(onepoint.MessageOf(err), err)
	}
	switch {
	case want.Nonce == "" || id.Nonce != want.Nonce:
		return broken("nonce is another", nil)
	case id.TokenHash != "" && id.TokenHash != HalfHash(t.AccessToken):
		return broken("at_hash does not fit the token", nil)
	case want.IntentID != "" && id.IntentID != want.IntentID:
		return broken("openbanking_intent_id is another consent", nil)
	}
	return nil
}

type idToken struct {
	Subject   string       `json:"sub"`
	Audience  stringOrList `json:"aud"`
	Nonce     string       `json:"nonce"`
	CodeHash  string       `json:"c_hash"`
	TokenHash string       `json:"at_hash"`
	State     string       `json:"s_hash"`
	IntentID  string       `json:"openbanking_intent_id"`
}

// readIDToken verifies an ID token's signature, issuer and audience.
func (c *Client) readIDToken(ctx context.Context, meta Metadata, token string) (id idToken, err error) {
	if token == "" {
		return id, wrongClaim("id_token", "is missing")
	}
	check := Check{
		Issuer: c.Issuer, Audience: []string{c.ClientID}, Now: c.Now(), MaxLifetime: longestRetry, Algs: []string{"PS256", "ES256"},
	}
	set, err := c.keys.Keys(ctx, meta.JWKSURI)
	if err != nil {
		return id, err
	}
	err = VerifyJWT(token, set, check, &id)
	if onepoint.CodeOf(err) == onepoint.CodeSignatureInvalid {
		if set, err = c.keys.Fresh(ctx, meta.JWKSURI); err == nil { // the bank may have rotated its key
			err = VerifyJWT(token, set, check, &id)
		}
	}
	return id, err
}

func (c *Client) verifyIDToken(ctx context.Context, meta Metadata, token, code string, want Expected) error {
	id, err := c.readIDToken(ctx, meta, token)
	if err != nil {
		return err
	}
	switch {
	case len(id.Audience) > 1 && !slices.Equal(id.Audience, []string{c.ClientID}):
		return wrongClaim("aud", "names others as well")
	case want.Nonce == "" || id.Nonce != want.Nonce:
		return wrongClaim("nonce", "is another")
	case id.CodeHash != HalfHash(code):
		return wrongClaim("c_hash", "does not fit the code")
	case id.State != HalfHash(want.State):
		return wrongClaim("s_hash", "does not fit the state")
	case want.IntentID != "" && id.IntentID != want.IntentID:
		return wrongClaim("openbanking_intent_id", "is another consent")
	}
	return nil
}
