package fapi

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
)

// SignDetached signs a message body and leaves it out of the signature (RFC 7515
// appendix F): "header..signature".
func SignDetached(key SigningKey, body []byte) (string, error) {
	signed, err := signBytes(key, "", body)
	if err != nil {
		return "", err
	}
	head, rest, _ := strings.Cut(signed, ".")
	_, signature, _ := strings.Cut(rest, ".")
	return head + ".." + signature, nil
}

// VerifyDetached checks a detached signature over a body with one of the keys.
// [onepoint.CodeSignatureInvalid].
func VerifyDetached(token string, body []byte, keys jwk.Set, algs ...string) error {
	const op = "verify message signature"
	bad := func(msg string) error { return onepoint.E(onepoint.CodeSignatureInvalid, op, msg, nil) }
	head, signature, ok := strings.Cut(token, "..")
	if !ok || len(token) > maxToken || strings.Contains(head+signature, "..") || strings.Count(head, ".")+strings.Count(signature, ".") > 0 {
		return bad("the signature is not a detached JWS")
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(head)
	if err != nil || uniqueKeys(raw) != nil {
		return bad("the signature's header is malformed")
	}
	var names map[string]json.RawMessage
	var h header
	if json.Unmarshal(raw, &names) != nil || json.Unmarshal(raw, &h) != nil {
		return bad("the signature's header is malformed")
	}
	for _, name := range []string{"jku", "x5u", "jwk", "x5c", "crit", "b64", "zip"} {
		if _, ok := names[name]; ok {
			return bad("the signature's header must not carry " + name)
		}
	}
	if !slices.Contains(algs, h.Alg) {
		return bad("the message is signed with an algorithm that is not allowed here; use " + strings.Join(algs, " or "))
	}
	return verifySignature(head+"."+base64.RawURLEncoding.EncodeToString(body)+"."+signature, h, keys)
}
