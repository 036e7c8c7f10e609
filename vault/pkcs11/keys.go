//go:build pkcs11

package pkcs11

import (
	"context"
	"crypto"
	"crypto/rand"

	p11 "github.com/miekg/pkcs11"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/vault"
)

// pair names a key pair in the token. The id is ours and random: labels repeat.
type pair struct {
	label string
	id    string
	kind  uint // CKK_RSA or CKK_EC
}

func (p pair) template(class uint, more ...*p11.Attribute) []*p11.Attribute {
	return append([]*p11.Attribute{
		p11.NewAttribute(p11.CKA_CLASS, class),
		p11.NewAttribute(p11.CKA_KEY_TYPE, p.kind),
		p11.NewAttribute(p11.CKA_TOKEN, true),
		p11.NewAttribute(p11.CKA_LABEL, p.label),
		p11.NewAttribute(p11.CKA_ID, []byte(p.id)),
	}, more...)
}

// Find returns the public key of a pair that was made here or, with the same
// guards, by the token's own tool.
func (t *token) Find(ctx context.Context, label string, alg vault.Algorithm) (public crypto.PublicKey, err error) {
	err = t.sessions.do(ctx, "find key pair", func(s *session) error {
		_, public, err = t.search(s, label, func(p crypto.PublicKey) bool { return algorithmOf(p) == alg })
		return err
	})
	return public, err
}

// Generate makes a pair whose private half signs and does nothing else, and
// never leaves the token.
func (t *token) Generate(ctx context.Context, label string, alg vault.Algorithm) (public crypto.PublicKey, err error) {
	const op = "make key pair"
	p := pair{label: label, id: rand.Text()}
	var mechanism uint
	var numbers, never []*p11.Attribute
	switch alg {
	case vault.RSA2048:
		p.kind, mechanism = p11.CKK_RSA, p11.CKM_RSA_PKCS_KEY_PAIR_GEN
		numbers = []*p11.Attribute{
			p11.NewAttribute(p11.CKA_MODULUS_BITS, 2048),
			p11.NewAttribute(p11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}),
		}
		never = []*p11.Attribute{p11.NewAttribute(p11.CKA_DECRYPT, false), p11.NewAttribute(p11.CKA_UNWRAP, false)}
	case vault.ECDSAP256:
		p.kind, mechanism = p11.CKK_EC, p11.CKM_EC_KEY_PAIR_GEN
		numbers = []*p11.Attribute{p11.NewAttribute(p11.CKA_EC_PARAMS, curveP256())}
		never = []*p11.Attribute{p11.NewAttribute(p11.CKA_DERIVE, false)}
	default:
		return nil, onepoint.Missing(op, "algorithm", "must be RSA-2048 or ECDSA-P-256")
	}
	half := p.template(p11.CKO_PUBLIC_KEY, append(numbers, p11.NewAttribute(p11.CKA_VERIFY, true))...)
	other := p.template(p11.CKO_PRIVATE_KEY, append(never, guards()...)...)
	err = t.sessions.do(ctx, op, func(s *session) error {
		h, _, err := t.lib.GenerateKeyPair(s.handle, []*p11.Mechanism{p11.NewMechanism(mechanism, nil)}, half, other)
		if err == nil {
			public, err = t.readPublic(s, h, p.kind)
		}
		return err
	})
	return public, err
}

// guards are what a private key must have to be made or used here.
func guards() []*p11.Attribute {
	return []*p11.Attribute{
		p11.NewAttribute(p11.CKA_PRIVATE, true),
		p11.NewAttribute(p11.CKA_SENSITIVE, true),
		p11.NewAttribute(p11.CKA_EXTRACTABLE, false),
		p11.NewAttribute(p11.CKA_SIGN, true),
	}
}

// Signer returns what signs with a pair.
func (t *token) Signer(ctx context.Context, label string, public crypto.PublicKey) (crypto.Signer, error) {
	var found pair
	err := t.sessions.do(ctx, "use key pair", func(s *session) (err error) {
		found, _, err = t.search(s, label, equal(public))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &signer{token: t, pair: found, public: public}, nil
}

// Delete destroys both halves of a pair.
func (t *token) Delete(ctx context.Context, label string, public crypto.PublicKey) error {
	return t.sessions.do(ctx, "delete key pair", func(s *session) error {
		found, _, err := t.search(s, label, equal(public))
		if onepoint.CodeOf(err) == onepoint.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		for _, class := range []uint{p11.CKO_PRIVATE_KEY, p11.CKO_PUBLIC_KEY} {
			handles, err := t.objects(s, found.template(class))
			if err != nil {
				return err
			}
			for _, h := range handles {
				if err := t.lib.DestroyObject(s.handle, h); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func equal(to crypto.PublicKey) func(crypto.PublicKey) bool {
	k, ok := to.(interface{ Equal(crypto.PublicKey) bool })
	return func(p crypto.PublicKey) bool { return ok && k.Equal(p) }
}
