package obie

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint/fapi"
)

// The signature of messages (Read/Write API, message signing, 3.1.4 and later):
// a detached JWS over the exact bytes of the body, PS256.
const (
	claimIssued   = claimIssuedAt
	maxSignature  = 8 << 10
	signatureSkew = time.Minute
)

// Signers finds what a client signs its messages with.
type Signers interface {
	// MessageKeys are the client's published keys, fetched again when fresh, and the
	// names that it may sign in: "{org-id}/{software-id}" or a certificate's subject.
	// No names: any is taken.
	MessageKeys(ctx context.Context, clientID string, fresh bool) (keys jwk.Set, names []string, err error)
}

// PaymentSigner signs bodies in the name of one party.
type PaymentSigner struct {
	Key    func() fapi.SigningKey // the one of the day: RSA, its Alg PS256
	Issuer string                 // a bank's organisation id, or a TPP's "{org-id}/{software-id}"
	Anchor string                 // the trust anchor; empty: openbanking.org.uk
}

// Sign makes the value of x-jws-signature for a body of the media type.
func (s PaymentSigner) Sign(body []byte, media string, now time.Time) (string, error) {
	key := s.Key()
	if key.Alg != "PS256" || key.Signer == nil {
		return "", errors.New("messages are signed with PS256")
	}
	anchor := s.Anchor
	if anchor == "" {
		anchor = trustAnchor
	}
	head, err := json.Marshal(map[string]any{
		"alg": "PS256", "typ": "JOSE", "cty": media, "kid": key.KeyID, claimIssued: now.Unix(), claimIssuer: s.Issuer, claimAnchor: anchor,
		"crit": []string{claimIssued, claimIssuer, claimAnchor},
	})
	if err != nil {
		return "", fmt.Errorf("encode header: %w", err)
	}
	encoded := base64.RawURLEncoding.EncodeToString(head)
	sum := signedDigest(encoded, body)
	signature, err := key.Signer.Sign(rand.Reader, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	if err != nil {
		return "", fmt.Errorf("sign message: %w", err)
	}
	return encoded + ".." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// messageHeader is the protected header of a signature.
type messageHeader struct {
	Alg      string
	KeyID    string
	Issuer   string
	IssuedAt int64
}

// verifyMessage checks the signature of a body. U019 without one, U018 when it
// is malformed, U017 and U016 for a claim that is missing or wrong, U015 when it
// does not verify.
func verifyMessage(ctx context.Context, signers Signers, clientID, signature string, body []byte, now time.Time) error {
	if signature == "" {
		return breach(codeSignatureAbsent, signatureHeader, "the message must be signed")
	}
	head, raw, sig, err := splitSignature(signature)
	if err != nil {
		return err
	}
	if head.IssuedAt > now.Add(signatureSkew).Unix() {
		return breach(codeSignatureClaim, claimIssued, "the message was signed in the future")
	}
	for _, fresh := range []bool{false, true} {
		keys, names, err := signers.MessageKeys(ctx, clientID, fresh)
		if err != nil {
			return err
		}
		if len(names) > 0 && !slices.Contains(names, head.Issuer) {
			return breach(codeSignatureClaim, claimIssuer, "the message is signed in another's name")
		}
		if verifies(keys, head.KeyID, signedDigest(raw, body), sig) {
			return nil
		}
	}
	return breach(codeSignatureInvalid, signatureHeader, "the signature does not verify with the key named")
}

func verifies(keys jwk.Set, kid string, sum, signature []byte) bool {
	if keys == nil {
		return false
	}
	for i := range keys.Len() {
		key, ok := keys.Key(i)
		if !ok {
			continue
		}
		if id, _ := key.KeyID(); id != kid {
			continue
		}
		if use, ok := key.KeyUsage(); ok && use != "" && use != "sig" {
			continue
		}
		var pub rsa.PublicKey
		if jwk.Export(key, &pub) == nil && pub.N.BitLen() >= 2048 &&
			rsa.VerifyPSS(&pub, crypto.SHA256, sum, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil {
			return true
		}
	}
	return false
}

// splitSignature takes a detached JWS apart and checks its header.
func splitSignature(s string) (messageHeader, string, []byte, error) {
	malformed := func() (messageHeader, string, []byte, error) {
		return messageHeader{}, "", nil, breach(codeSignatureMalformed, signatureHeader, "the signature is not a detached JWS")
	}
	raw, rest, ok := strings.Cut(s, "..")
	if !ok || len(s) > maxSignature || strings.Contains(raw+rest, ".") || rest == "" {
		return malformed()
	}
	head, err := base64.RawURLEncoding.Strict().DecodeString(raw)
	sig, err2 := base64.RawURLEncoding.Strict().DecodeString(rest)
	if err != nil || err2 != nil {
		return malformed()
	}
	v, err := parseJSON(head)
	o, isObject := v.(map[string]any)
	if err != nil || !isObject {
		return malformed()
	}
	h, err := readMessageHeader(o)
	return h, raw, sig, err
}

// readMessageHeader holds the rules of the header: three claims, all of them
// critical, and nothing that is not known.
func readMessageHeader(o map[string]any) (messageHeader, error) {
	var h messageHeader
	for _, name := range []string{"alg", "kid", "crit", claimIssued, claimIssuer, claimAnchor} {
		if o[name] == nil {
			return h, breach(codeSignatureMissing, name, "the signature lacks a claim")
		}
	}
	wrong := func(name, msg string) (messageHeader, error) { return h, breach(codeSignatureClaim, name, msg) }
	for name, v := range o {
		switch name {
		case "alg", "kid", "crit", "typ", "cty", claimIssued, claimIssuer, claimAnchor:
		case "b64":
			if v != true {
				return wrong(name, "since 3.1.4 the body is signed in base64url")
			}
		default:
			return wrong(clipPath(name), "the claim is unknown")
		}
	}
	h.Alg, h.KeyID, h.Issuer = textAt(o, "alg"), textAt(o, "kid"), textAt(o, claimIssuer)
	if typ, ok := o["typ"]; ok && typ != "JOSE" {
		return wrong("typ", "the type is JOSE")
	}
	if h.Alg != "PS256" {
		return wrong("alg", "messages are signed with PS256")
	}
	if h.KeyID == "" || h.Issuer == "" || textAt(o, claimAnchor) == "" {
		return wrong("kid", "a claim is empty")
	}
	n, ok := o[claimIssued].(json.Number)
	seconds, _ := rational(n)
	if !ok || !seconds.IsInt() || !seconds.Num().IsInt64() {
		return wrong(claimIssued, "the instant of signing is a number")
	}
	h.IssuedAt = seconds.Num().Int64()
	want := []string{claimIssued, claimIssuer, claimAnchor}
	crit := wordsAt(o, "crit")
	slices.Sort(crit)
	slices.Sort(want)
	if all, _ := o["crit"].([]any); len(all) != len(crit) || !slices.Equal(crit, want) {
		return wrong("crit", "exactly the three claims of the standard are critical")
	}
	return h, nil
}
