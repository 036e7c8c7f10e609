package fapi

import (
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
)

// requestObjectLife is FAPI 1 Advanced section 5.2.2: exp at most 60 minutes
// after nbf.
const requestObjectLife = time.Hour

// The authentication contexts of the UK Open Banking security profile.
const (
	ACRSCA = "urn:openbanking:psd2:sca" // strong customer authentication
	ACRCA  = "urn:openbanking:psd2:ca"  // authentication with one factor, where an exemption allows it
)

// RequestObject is the payload of a signed authorization request (RFC 9101).
type RequestObject struct {
	Issuer              string        `json:"iss"`
	ClientID            string        `json:"client_id"`
	Audience            string        `json:"aud"`
	IssuedAt            int64         `json:"iat"`
	NotBefore           int64         `json:"nbf"`
	Expires             int64         `json:"exp"`
	ID                  string        `json:"jti"`
	ResponseType        string        `json:"response_type"`
	ResponseMode        string        `json:"response_mode,omitempty"`
	RedirectURI         string        `json:"redirect_uri"`
	Scope               string        `json:"scope"`
	State               string        `json:"state,omitempty"`
	Nonce               string        `json:"nonce,omitempty"`
	CodeChallenge       string        `json:"code_challenge,omitempty"`
	CodeChallengeMethod string        `json:"code_challenge_method,omitempty"`
	MaxAge              *int          `json:"max_age,omitempty"`
	Prompt              string        `json:"prompt,omitempty"`
	Claims              RequestClaims `json:"claims,omitzero"`
}

// RequestClaims asks for claims of the ID token: the intent that the user is to
// authorise, and how they must be authenticated.
type RequestClaims struct {
	IDToken IDTokenClaims `json:"id_token,omitzero"`
}

// IDTokenClaims are the claims that UK Open Banking asks for.
type IDTokenClaims struct {
	IntentID RequestedClaim `json:"openbanking_intent_id,omitzero"`
	ACR      RequestedClaim `json:"acr,omitzero"`
}

// RequestedClaim is one claim with the value it must have.
type RequestedClaim struct {
	Essential bool     `json:"essential,omitempty"`
	Value     string   `json:"value,omitempty"`
	Values    []string `json:"values,omitempty"`
}

// Sign makes the compact JWS.
func (r RequestObject) Sign(key SigningKey) (string, error) {
	return SignJWT(key, "oauth-authz-req+jwt", r)
}

// ParseRequestObject verifies a client's request object: signature, iss and
// client_id are the client, aud is this server, exp and nbf at most an hour
// apart, jti present. The caller accepts its jti once.
func ParseRequestObject(token, clientID string, keys jwk.Set, issuer string, now time.Time) (RequestObject, error) {
	var wire struct {
		RequestObject
		Audience  stringOrList `json:"aud"`
		IssuedAt  numericDate  `json:"iat"`
		NotBefore numericDate  `json:"nbf"`
		Expires   numericDate  `json:"exp"`
	}
	c := Check{
		Issuer: clientID, Audience: []string{issuer}, Now: now,
		MaxLifetime: requestObjectLife, RequireNotBefore: true, RequireID: true,
	}
	if err := VerifyJWT(token, keys, c, &wire); err != nil {
		return RequestObject{}, err
	}
	r := wire.RequestObject
	r.Audience, r.IssuedAt, r.NotBefore, r.Expires = issuer, int64(wire.IssuedAt), int64(wire.NotBefore), int64(wire.Expires)
	switch {
	case r.ClientID != clientID:
		return RequestObject{}, wrongClaim("client_id", "is not the client")
	case now.Sub(wire.NotBefore.time()) > requestObjectLife:
		return RequestObject{}, wrongClaim("nbf", "lies more than an hour back")
	case r.RedirectURI == "":
		return RequestObject{}, wrongClaim("redirect_uri", "is missing")
	case r.ResponseType == "":
		return RequestObject{}, wrongClaim("response_type", "is missing")
	case r.Scope == "":
		return RequestObject{}, wrongClaim("scope", "is missing")
	}
	return r, nil
}

func wrongClaim(name, msg string) error {
	return &onepoint.Error{
		Code: onepoint.CodeInvalid, Op: "check claims", Msg: name + " " + msg,
		Fields: []onepoint.Field{{Name: name, Message: msg}},
	}
}
