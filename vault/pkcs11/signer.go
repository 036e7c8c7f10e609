//go:build pkcs11

package pkcs11

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"time"

	p11 "github.com/miekg/pkcs11"

	"github.com/onepointledger/onepoint"
)

const opSign = "sign in token"

// maxWait bounds how long a signature waits for a session: crypto.Signer has no
// context.
const maxWait = 30 * time.Second

// signer signs in the token. It holds the pair's name, not its handle, which
// changes with the session.
type signer struct {
	token  *token
	pair   pair
	public crypto.PublicKey
}

// Public returns the public key.
func (k *signer) Public() crypto.PublicKey { return k.public }

// Sign signs a digest of SHA-256, SHA-384 or SHA-512: with RSA by PKCS #1 v1.5, or
// by PSS with a salt as long as the hash when opts are [rsa.PSSOptions]; with ECDSA
// into ASN.1. The randomness is the token's own. CodeInvalid for anything else.
func (k *signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	mechanism, input, err := k.prepare(digest, opts)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxWait)
	defer cancel()
	var sig []byte
	err = k.token.sessions.do(ctx, opSign, func(s *session) error {
		h, err := k.token.private(s, k.pair)
		if err != nil {
			return err
		}
		if err := k.token.lib.SignInit(s.handle, []*p11.Mechanism{mechanism}, h); err != nil {
			return err
		}
		sig, err = k.token.lib.Sign(s.handle, input)
		return err
	})
	if err == nil && k.pair.kind == p11.CKK_EC {
		sig, err = encodeECDSA(sig)
	}
	return sig, err
}

// prepare says how the token is to sign, and what.
func (k *signer) prepare(digest []byte, opts crypto.SignerOpts) (*p11.Mechanism, []byte, error) {
	if opts == nil {
		return nil, nil, onepoint.Missing(opSign, "hash", "must be named")
	}
	h, ok := hashes(opts.HashFunc())
	if !ok || len(digest) != opts.HashFunc().Size() {
		return nil, nil, onepoint.Missing(opSign, "hash", "must be SHA-256, SHA-384 or SHA-512, and the digest as long")
	}
	pss, isPSS := opts.(*rsa.PSSOptions)
	switch {
	case k.pair.kind == p11.CKK_EC:
		// The curve takes the leftmost 256 bits; not every token cuts by itself.
		return p11.NewMechanism(p11.CKM_ECDSA, nil), digest[:32], nil
	case !isPSS:
		return p11.NewMechanism(p11.CKM_RSA_PKCS, nil), append(bytes.Clone(h.prefix), digest...), nil
	case pss.SaltLength != rsa.PSSSaltLengthEqualsHash && pss.SaltLength != len(digest):
		return nil, nil, onepoint.Missing(opSign, "salt", "must be as long as the hash")
	}
	params := p11.NewPSSParams(h.hash, h.mgf, uint(len(digest)))
	return p11.NewMechanism(p11.CKM_RSA_PKCS_PSS, params), digest, nil
}

// hash is a hash function in the token's terms.
type hash struct {
	hash, mgf uint
	prefix    []byte // DigestInfo before the digest, RFC 8017 section 9.2
}

func hashes(h crypto.Hash) (hash, bool) {
	prefix := func(oid, size byte) []byte {
		return []byte{
			0x30, 17 + size, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, oid, 0x05, 0x00, 0x04, size,
		}
	}
	switch h {
	case crypto.SHA256:
		return hash{p11.CKM_SHA256, p11.CKG_MGF1_SHA256, prefix(1, 32)}, true
	case crypto.SHA384:
		return hash{p11.CKM_SHA384, p11.CKG_MGF1_SHA384, prefix(2, 48)}, true
	case crypto.SHA512:
		return hash{p11.CKM_SHA512, p11.CKG_MGF1_SHA512, prefix(3, 64)}, true
	}
	return hash{}, false
}

// encodeECDSA turns the token's two numbers of 32 bytes into ASN.1.
func encodeECDSA(sig []byte) ([]byte, error) {
	if len(sig) != 64 {
		return nil, onepoint.E(onepoint.CodeUnavailable, opSign, "the token gave a malformed signature", nil)
	}
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])})
}

// Format keeps what the signer holds from fmt.
func (k *signer) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[private key in token]") }
