package obie

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

const (
	signatureHeader = "x-jws-signature"
	claimIssuedAt   = "http://openbanking.org.uk/iat"
	claimIssuer     = "http://openbanking.org.uk/iss"
	claimAnchor     = "http://openbanking.org.uk/tan"
	trustAnchor     = "openbanking.org.uk"
)

// SignerKeys finds the public keys of a TPP and how it names itself in the iss of
// a signature, "{org-id}/{software-id}". fresh: a key was not among those known.
type SignerKeys func(ctx context.Context, clientID string, fresh bool) (keys jwk.Set, issuer string, err error)

// EventSignature signs message bodies, and checks those of others, as the
// standard asks since 3.1.4: a detached JWS without b64, whose crit names the
// three claims of Open Banking.
type EventSignature struct {
	Key    func() fapi.SigningKey // the one of the day, PS256
	Issuer string                 // ours: "{org-id}" for a bank, "{org-id}/{software-id}" for a TPP
	Keys   SignerKeys
	Now    onepoint.Clock
}

type signatureClaims struct {
	Alg      string   `json:"alg"`
	KeyID    string   `json:"kid"`
	Type     string   `json:"typ,omitempty"`
	Content  string   `json:"cty,omitempty"`
	IssuedAt *float64 `json:"http://openbanking.org.uk/iat"`
	Issuer   string   `json:"http://openbanking.org.uk/iss"`
	Anchor   string   `json:"http://openbanking.org.uk/tan"`
	Critical []string `json:"crit"`
}

func criticalClaims() []string { return []string{claimIssuedAt, claimIssuer, claimAnchor} }

// Sign returns the x-jws-signature of a body.
func (s EventSignature) Sign(body []byte) (string, error) {
	key, now := s.Key(), float64(s.Now().Unix())
	head, err := json.Marshal(signatureClaims{
		Alg: "PS256", KeyID: key.KeyID, Type: "JOSE", Content: "application/json",
		IssuedAt: &now, Issuer: s.Issuer, Anchor: trustAnchor, Critical: criticalClaims(),
	})
	if err != nil {
		return "", fmt.Errorf("encode signature header: %w", err)
	}
	protected := base64.RawURLEncoding.EncodeToString(head)
	digest := signedDigest(protected, body)
	signature, err := key.Signer.Sign(rand.Reader, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	if err != nil {
		return "", fmt.Errorf("sign message: %w", err)
	}
	return protected + ".." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func signedDigest(protected string, body []byte) []byte {
	sum := sha256.Sum256([]byte(protected + "." + base64.RawURLEncoding.EncodeToString(body)))
	return sum[:]
}

// Check verifies the x-jws-signature that a TPP sent with a body.
func (s EventSignature) Check(ctx context.Context, clientID, signature string, body []byte) error {
	if signature == "" {
		return badEvent("U019", "UK.OBIE.Signature.Missing", "the signature of the message is missing", signatureHeader)
	}
	var refused *eventRefusal
	for _, fresh := range []bool{false, true} {
		keys, issuer, err := s.Keys(ctx, clientID, fresh)
		if err != nil {
			return err
		}
		err = s.verify(signature, body, keys, issuer)
		if !errors.As(err, &refused) || refused.v4 != "U015" {
			return err
		}
	}
	return refused
}

func (s EventSignature) verify(signature string, body []byte, keys jwk.Set, issuer string) error {
	malformed := badEvent("U018", "UK.OBIE.Signature.Malformed", "the signature of the message is not a detached JWS", signatureHeader)
	protected, sig, ok := strings.Cut(signature, "..")
	if !ok || len(signature) > 16<<10 || strings.Contains(protected+sig, ".") {
		return malformed
	}
	head, err1 := base64.RawURLEncoding.Strict().DecodeString(protected)
	raw, err2 := base64.RawURLEncoding.Strict().DecodeString(sig)
	if err1 != nil || err2 != nil {
		return malformed
	}
	claims, err := s.claims(head, issuer)
	if err != nil {
		return err
	}
	if !verifiesWithOne(keys, claims.KeyID, signedDigest(protected, body), raw) {
		return badEvent("U015", "UK.OBIE.Signature.Invalid", "the signature of the message does not verify with a published key", signatureHeader)
	}
	return nil
}

// claims reads the protected header and refuses what the standard does not name.
func (s EventSignature) claims(head []byte, issuer string) (c signatureClaims, err error) {
	wrong := func(msg string) (signatureClaims, error) {
		return c, badEvent("U016", "UK.OBIE.Signature.InvalidClaim", msg, signatureHeader)
	}
	var names map[string]json.RawMessage
	if json.Unmarshal(head, &names) != nil || json.Unmarshal(head, &c) != nil {
		return c, badEvent("U018", "UK.OBIE.Signature.Malformed", "the header of the signature is malformed", signatureHeader)
	}
	known := append(criticalClaims(), "alg", "kid", "typ", "cty", "crit")
	for name := range names {
		if !slices.Contains(known, name) {
			return wrong("the header of the signature has a claim that is not allowed")
		}
	}
	for _, name := range append(criticalClaims(), "alg", "kid", "crit") {
		if _, ok := names[name]; !ok {
			return c, badEvent("U017", "UK.OBIE.Signature.MissingClaim", "the header of the signature lacks "+name, signatureHeader)
		}
	}
	slices.Sort(c.Critical)
	switch {
	case c.Alg != "PS256":
		return wrong("alg must be PS256")
	case c.Type != "" && c.Type != "JOSE", c.Content != "" && c.Content != "json" && c.Content != "application/json":
		return wrong("typ must be JOSE and cty application/json, where present")
	case !slices.Equal(c.Critical, criticalClaims()):
		return wrong("crit must name the three claims of Open Banking and nothing else")
	case c.IssuedAt == nil || *c.IssuedAt > float64(s.Now().Unix()+30):
		return wrong(claimIssuedAt + " must be a time in the past")
	case c.Issuer != issuer || c.Anchor == "":
		return wrong(claimIssuer + " must name the sender, and " + claimAnchor + " the trust anchor")
	}
	return c, nil
}

func verifiesWithOne(keys jwk.Set, kid string, digest, signature []byte) bool {
	for i := range keys.Len() {
		key, ok := keys.Key(i)
		if !ok {
			continue
		}
		if id, _ := key.KeyID(); id != kid {
			continue
		}
		var pub rsa.PublicKey
		if jwk.Export(key, &pub) != nil {
			continue
		}
		if rsa.VerifyPSS(&pub, crypto.SHA256, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil {
			return true
		}
	}
	return false
}
