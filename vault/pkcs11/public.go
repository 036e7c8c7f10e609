//go:build pkcs11

package pkcs11

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/asn1"
	"math/big"

	p11 "github.com/miekg/pkcs11"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/vault"
)

// curveP256 is the DER of the curve's object identifier, 1.2.840.10045.3.1.7.
func curveP256() []byte {
	return []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}
}

// readPublic reads a public key object. CodeInvalid when it is of a kind that we
// do not make.
func (t *token) readPublic(s *session, h p11.ObjectHandle, kind uint) (crypto.PublicKey, error) {
	wanted := []*p11.Attribute{p11.NewAttribute(p11.CKA_MODULUS, nil), p11.NewAttribute(p11.CKA_PUBLIC_EXPONENT, nil)}
	if kind == p11.CKK_EC {
		wanted = []*p11.Attribute{p11.NewAttribute(p11.CKA_EC_PARAMS, nil), p11.NewAttribute(p11.CKA_EC_POINT, nil)}
	}
	got, err := t.lib.GetAttributeValue(s.handle, h, wanted)
	if err != nil {
		return nil, err
	}
	if kind == p11.CKK_EC {
		return ecPublic(got[0].Value, got[1].Value)
	}
	return rsaPublic(got[0].Value, got[1].Value)
}

func rsaPublic(modulus, exponent []byte) (crypto.PublicKey, error) {
	n, e := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent)
	if n.BitLen() < 2048 || e.BitLen() > 31 || e.Bit(0) == 0 {
		return nil, strange(nil)
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

// ecPublic takes the point as an OCTET STRING, as the standard says, or bare, as
// some modules give it.
func ecPublic(params, point []byte) (crypto.PublicKey, error) {
	if !bytes.Equal(params, curveP256()) {
		return nil, strange(nil)
	}
	var inner []byte
	if rest, err := asn1.Unmarshal(point, &inner); err == nil && len(rest) == 0 {
		point = inner
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, strange(err)
	}
	return public, nil
}

func strange(cause error) error {
	return onepoint.E(onepoint.CodeInvalid, "read public key", "the public key in the token is neither RSA from 2048 bits nor ECDSA P-256", cause)
}

// algorithmOf is "" for a key that a vault would not make.
func algorithmOf(public crypto.PublicKey) vault.Algorithm {
	switch k := public.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() == 2048 {
			return vault.RSA2048
		}
	case *ecdsa.PublicKey:
		return vault.ECDSAP256
	}
	return ""
}
