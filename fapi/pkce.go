package fapi

import (
	"crypto/sha256"
	"encoding/base64"
)

// Challenge is the S256 code challenge of a verifier (RFC 7636 section 4.2).
func Challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
