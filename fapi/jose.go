package fapi

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/cert"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/onepointledger/onepoint"
)

// maxToken is the largest JWT that is looked at.
const maxToken = 64 << 10

// SigningKey signs JWTs; the private key may stay elsewhere behind the signer.
type SigningKey struct {
	Signer crypto.Signer
	KeyID  string
	Alg    string // PS256 or ES256, the two that FAPI allows; RS256 for banks outside FAPI
	Chain  []*x509.Certificate
}

// KeyID is the RFC 7638 thumbprint of a public key, in base64url; "" for a key
// of a kind that JWK does not know.
func KeyID(pub crypto.PublicKey) string {
	key, err := jwk.Import(pub)
	if err != nil {
		return ""
	}
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// Thumbprint is the x5t#S256 of a certificate (RFC 8705 section 3.1).
func Thumbprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// HalfHash is the left half of the SHA-256 of s in base64url: c_hash, at_hash
// (OpenID Connect Core 3.3.2.11) and s_hash (FAPI 1 Advanced 5.1) for the *256
// algorithms.
func HalfHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// SignJWT signs claims as a compact JWS with kid and typ in its header.
func SignJWT(key SigningKey, typ string, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	return signBytes(key, typ, payload)
}

func signBytes(key SigningKey, typ string, payload []byte) (string, error) {
	alg, ok := jwa.LookupSignatureAlgorithm(key.Alg)
	if !ok || !slices.Contains(fapiAlgs, key.Alg) && key.Alg != "RS256" {
		return "", fmt.Errorf("sign: algorithm %q is not PS256, ES256 or RS256", key.Alg)
	}
	h := jws.NewHeaders()
	err := h.Set(jws.KeyIDKey, key.KeyID)
	if typ != "" {
		err = errors.Join(err, h.Set(jws.TypeKey, typ))
	}
	if err != nil {
		return "", fmt.Errorf("set header: %w", err)
	}
	token, err := jws.Sign(payload, jws.WithKey(alg, key.Signer, jws.WithProtectedHeaders(h)))
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return string(token), nil
}

// PublicJWKS is the JWK set that others verify our signatures with: kid, use,
// alg, and the certificate chain as x5c, from which UK verifiers take the key.
func PublicJWKS(keys ...SigningKey) ([]byte, error) {
	set := jwk.NewSet()
	for _, k := range keys {
		key, err := jwk.Import(k.Signer.Public())
		if err != nil {
			return nil, fmt.Errorf("describe key: %w", err)
		}
		err = errors.Join(key.Set(jwk.KeyIDKey, k.KeyID), key.Set(jwk.KeyUsageKey, "sig"), key.Set(jwk.AlgorithmKey, k.Alg))
		if len(k.Chain) > 0 {
			chain := &cert.Chain{}
			for _, c := range k.Chain {
				err = errors.Join(err, chain.AddString(base64.StdEncoding.EncodeToString(c.Raw)))
			}
			err = errors.Join(err, key.Set(jwk.X509CertChainKey, chain))
		}
		if err = errors.Join(err, set.AddKey(key)); err != nil {
			return nil, fmt.Errorf("describe key: %w", err)
		}
	}
	return json.Marshal(set)
}

// fapiAlgs are the signature algorithms of FAPI 1 Advanced section 8.6.
var fapiAlgs = []string{"PS256", "ES256"}

// Check says what a JWT must satisfy besides its signature.
type Check struct {
	Issuer           string   // exact; empty: not checked
	Audience         []string // any of these; empty: not checked
	Now              time.Time
	Leeway           time.Duration // for clocks that differ; 0 means 30 s
	MaxLifetime      time.Duration // exp must be present and at most this after nbf, iat or now; 0: exp optional
	RequireNotBefore bool
	RequireID        bool     // jti
	Algs             []string // nil: PS256 and ES256
}

// registered are the claims of RFC 7519 that Check looks at.
type registered struct {
	Issuer    string       `json:"iss"`
	Audience  stringOrList `json:"aud"`
	Expires   *numericDate `json:"exp"`
	NotBefore *numericDate `json:"nbf"`
	IssuedAt  *numericDate `json:"iat"`
	ID        string       `json:"jti"`
}

// stringOrList reads a claim that is one string or a list of them.
type stringOrList []string

// UnmarshalJSON reads either form.
func (l *stringOrList) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*l = stringOrList{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(l))
}

// numericDate reads a JSON number of seconds, whole or not.
type numericDate int64

// UnmarshalJSON reads a number within the years that dates have.
func (d *numericDate) UnmarshalJSON(b []byte) error {
	var f float64
	if err := json.Unmarshal(b, &f); err != nil {
		return fmt.Errorf("not a numeric date: %w", err)
	}
	if f < 0 || f > 1e11 {
		return errors.New("a numeric date out of range")
	}
	*d = numericDate(f)
	return nil
}

func (d *numericDate) time() time.Time {
	if d == nil {
		return time.Time{}
	}
	return time.Unix(int64(*d), 0)
}

// VerifyJWT checks the signature with one of the keys, then what c asks, and
// decodes the claims. Keys come only from the set: a jku, x5u, jwk or x5c in the
// header is refused, as are unknown crit entries, unencoded payloads, and
// duplicate claims. Errors: [onepoint.CodeSignatureInvalid] when the signature
// does not verify, [onepoint.CodeInvalid] when a claim is wrong.
func VerifyJWT(token string, keys jwk.Set, c Check, claims any) error {
	const op = "verify token"
	head, payload, err := dissect(token)
	if err != nil {
		return err
	}
	algs := c.Algs
	if algs == nil {
		algs = fapiAlgs
	}
	if !slices.Contains(algs, head.Alg) {
		return onepoint.E(onepoint.CodeSignatureInvalid, op, "the token is signed with an algorithm that is not allowed here; use "+strings.Join(algs, " or "), nil)
	}
	if err := verifySignature(token, head, keys); err != nil {
		return err
	}
	if err := c.claims(payload); err != nil {
		return err
	}
	if err := json.Unmarshal(payload, claims); err != nil {
		return onepoint.E(onepoint.CodeInvalid, op, "a claim of the token has the wrong type", err)
	}
	return nil
}

// header is what a JWS header may say to us.
type header struct {
	Alg   string `json:"alg"`
	KeyID string `json:"kid"`
}

// dissect takes a compact JWS apart without believing it, and refuses headers
// that try to bring their own key.
func dissect(token string) (header, []byte, error) {
	const op = "read token"
	var h header
	bad := func(msg string, err error) (header, []byte, error) {
		return h, nil, onepoint.E(onepoint.CodeInvalid, op, msg, err)
	}
	if len(token) > maxToken {
		return bad("the token is too large", nil)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return bad("the token is not a compact JWS of three parts", nil)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(parts[0])
	if err != nil {
		return bad("the token's header is not base64url", err)
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return bad("the token's payload is not base64url", err)
	}
	if err := errors.Join(uniqueKeys(raw), uniqueKeys(payload)); err != nil {
		return bad("the token's JSON is malformed or repeats a name", err)
	}
	var names map[string]json.RawMessage
	if err := json.Unmarshal(raw, &names); err != nil {
		return bad("the token's header is no JSON object", err)
	}
	for _, name := range []string{"jku", "x5u", "jwk", "x5c", "crit", "b64", "zip"} {
		if _, ok := names[name]; ok {
			return bad("the token's header must not carry "+name, nil)
		}
	}
	if err := json.Unmarshal(raw, &h); err != nil {
		return bad("the token's header has a member of the wrong type", err)
	}
	return h, payload, nil
}

func verifySignature(token string, head header, keys jwk.Set) error {
	alg, ok := jwa.LookupSignatureAlgorithm(head.Alg)
	if !ok {
		return onepoint.E(onepoint.CodeSignatureInvalid, "verify token", "the token's algorithm is unknown", nil)
	}
	var last error
	for _, key := range candidates(head, keys) {
		if _, last = jws.Verify([]byte(token), jws.WithKey(alg, key)); last == nil {
			return nil
		}
	}
	return onepoint.E(onepoint.CodeSignatureInvalid, "verify token", "the token's signature does not verify with any published key of its signer", last)
}

// candidates are the keys that may have made the signature: the one named, or,
// without a kid, every key of the right kind.
func candidates(head header, keys jwk.Set) []jwk.Key {
	kind := jwa.RSA()
	if head.Alg == "ES256" {
		kind = jwa.EC()
	}
	var found []jwk.Key
	for i := range keys.Len() {
		key, ok := keys.Key(i)
		if !ok || key.KeyType() != kind {
			continue
		}
		if id, _ := key.KeyID(); head.KeyID != "" && id != head.KeyID {
			continue
		}
		if use, ok := key.KeyUsage(); ok && use != "" && use != "sig" {
			continue
		}
		if a, ok := key.Algorithm(); ok && a.String() != "" && a.String() != head.Alg {
			continue
		}
		found = append(found, key)
		if len(found) == 8 { // nobody rotates that many at once
			break
		}
	}
	return found
}

func (c Check) claims(payload []byte) error {
	const op = "check claims"
	bad := func(field, msg string) error {
		return &onepoint.Error{Code: onepoint.CodeInvalid, Op: op, Msg: field + " " + msg, Fields: []onepoint.Field{{Name: field, Message: msg}}}
	}
	var r registered
	if err := json.Unmarshal(payload, &r); err != nil {
		return onepoint.E(onepoint.CodeInvalid, op, "a registered claim of the token has the wrong type", err)
	}
	leeway := c.Leeway
	if leeway == 0 {
		leeway = 30 * time.Second
	}
	if c.Issuer != "" && r.Issuer != c.Issuer {
		return bad("iss", "is not the expected issuer")
	}
	if len(c.Audience) > 0 && !slices.ContainsFunc(c.Audience, func(a string) bool { return slices.Contains(r.Audience, a) }) {
		return bad("aud", "does not name the receiver")
	}
	if r.Expires != nil && !c.Now.Before(r.Expires.time().Add(leeway)) {
		return bad("exp", "has passed")
	}
	if r.NotBefore != nil && c.Now.Add(leeway).Before(r.NotBefore.time()) {
		return bad("nbf", "lies in the future")
	}
	if r.IssuedAt != nil && c.Now.Add(leeway).Before(r.IssuedAt.time()) {
		return bad("iat", "lies in the future")
	}
	if c.RequireNotBefore && r.NotBefore == nil {
		return bad("nbf", "is missing")
	}
	if c.RequireID && r.ID == "" {
		return bad("jti", "is missing")
	}
	return c.lifetime(r, bad)
}

func (c Check) lifetime(r registered, bad func(field, msg string) error) error {
	if c.MaxLifetime == 0 {
		return nil
	}
	if r.Expires == nil {
		return bad("exp", "is missing")
	}
	start := c.Now
	if r.NotBefore != nil {
		start = r.NotBefore.time()
	} else if r.IssuedAt != nil {
		start = r.IssuedAt.time()
	}
	if r.Expires.time().Sub(start) > c.MaxLifetime {
		return bad("exp", "lies too far ahead")
	}
	return nil
}

// DecodeUnverified decodes the claims without believing them: to find out whose
// keys to verify with, and nothing else.
func DecodeUnverified(token string, claims any) error {
	_, payload, err := dissect(token)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(payload, claims); err != nil {
		return onepoint.E(onepoint.CodeInvalid, "read token", "a claim of the token has the wrong type", err)
	}
	return nil
}

// uniqueKeys refuses JSON that is no single object or names a member twice:
// readers differ in which of the two they believe.
func uniqueKeys(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	t, err := dec.Token()
	if err != nil {
		return err
	}
	if t != json.Delim('{') {
		return errors.New("not an object")
	}
	if err := uniqueMembers(dec, 0); err != nil {
		return err
	}
	if dec.More() {
		return errors.New("more after the object")
	}
	return nil
}

func uniqueMembers(dec *json.Decoder, depth int) error {
	if depth > 32 {
		return errors.New("nested too deep")
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		folded, plain := foldedName(name)
		if !ok || !plain || seen[folded] {
			return fmt.Errorf("member %.40q twice, or in a spelling that readers take differently", name)
		}
		seen[folded] = true
		if err := uniqueValue(dec, depth); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// foldedName is how encoding/json compares names: without regard to case. A name
// outside ASCII, where letters fold in surprising ways (ſ is s), and a known name
// in another case are refused: another reader would not take them for the same.
func foldedName(name string) (folded string, plain bool) {
	for i := range len(name) {
		if name[i] >= 0x80 {
			return name, false
		}
	}
	folded = strings.ToLower(name)
	known := []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "alg", "kid", "typ", "crit", "b64"}
	return folded, folded == name || !slices.Contains(known, folded)
}

func uniqueValue(dec *json.Decoder, depth int) error {
	t, err := dec.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		return uniqueMembers(dec, depth+1)
	case json.Delim('['):
		if depth > 32 {
			return errors.New("nested too deep")
		}
		for dec.More() {
			if err := uniqueValue(dec, depth+1); err != nil {
				return err
			}
		}
		_, err = dec.Token()
	}
	return err
}
