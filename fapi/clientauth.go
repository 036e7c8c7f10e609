package fapi

import (
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"
)

// AssertionType is client_assertion_type of RFC 7523.
const AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

const assertionLife = time.Minute

type assertion struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	ID       string `json:"jti"`
}

// ClientAssertion authenticates a client with private_key_jwt (OpenID Connect
// Core section 9). It is good for one minute and one use.
func ClientAssertion(key SigningKey, clientID, audience string, now time.Time, jti string) (string, error) {
	return SignJWT(key, "JWT", assertion{clientID, clientID, audience, now.Unix(), now.Add(assertionLife).Unix(), jti})
}

// VerifyClientAssertion checks an assertion of a client and returns its jti,
// which the caller must accept once, and until when it must be remembered.
func VerifyClientAssertion(token, clientID string, keys jwk.Set, audiences []string, now time.Time) (jti string, expires time.Time, err error) {
	var a struct {
		Subject string      `json:"sub"`
		Expires numericDate `json:"exp"`
		ID      string      `json:"jti"`
	}
	c := Check{Issuer: clientID, Audience: audiences, Now: now, MaxLifetime: time.Hour, RequireID: true}
	if err := VerifyJWT(token, keys, c, &a); err != nil {
		return "", time.Time{}, err
	}
	if a.Subject != clientID {
		return "", time.Time{}, wrongClaim("sub", "is not the client")
	}
	return a.ID, a.Expires.time(), nil
}
