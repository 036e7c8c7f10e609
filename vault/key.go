package vault

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/onepointledger/onepoint"
)

// Algorithm is the kind of a key pair.
type Algorithm string

// The algorithms, by the signatures they give.
const (
	RSA2048   Algorithm = "RSA-2048"    // PS256
	ECDSAP256 Algorithm = "ECDSA-P-256" // ES256
)

// NewKey returns the public key of the pair kept under a name, making the pair
// on the first call: in [Config.Custody] when there is one. CodeConflict when the
// name has a pair of another kind.
func (v *Vault) NewKey(ctx context.Context, workspace, name string, alg Algorithm) (crypto.PublicKey, error) {
	const op = "make key"
	kept, err := v.kept(ctx, workspace, name)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		kept, err = v.makeKey(ctx, workspace, name, alg)
	}
	if err != nil {
		return nil, wrap(op, name, err)
	}
	if got := algorithmOf(kept.public); got != alg {
		return nil, onepoint.E(onepoint.CodeConflict, op, fmt.Sprintf("the key %s exists and is %s, not %s; choose another name", name, got, alg), nil)
	}
	return kept.public, nil
}

func (v *Vault) makeKey(ctx context.Context, workspace, name string, alg Algorithm) (keptKey, error) {
	if alg != RSA2048 && alg != ECDSAP256 {
		return keptKey{}, onepoint.Missing("make key", "algorithm", "must be RSA-2048 or ECDSA-P-256")
	}
	if v.custody != nil {
		return v.makeInCustody(ctx, workspace, name, alg)
	}
	made, err := generate(alg)
	if err != nil {
		return keptKey{}, err
	}
	stored, err := v.addItem(ctx, workspace, kindKey, name, made)
	if err != nil {
		return keptKey{}, err
	}
	return decodeKept(stored)
}

func generate(alg Algorithm) ([]byte, error) {
	var key crypto.Signer
	var err error
	if alg == RSA2048 {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(key)
}

func decodeKey(der []byte) (crypto.Signer, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("the kept key is malformed")
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("the kept key cannot sign")
	}
	return signer, nil
}

// algorithmOf names the key's kind; longer RSA keys, which come by import, are
// told by their length.
func algorithmOf(key crypto.PublicKey) Algorithm {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return Algorithm(fmt.Sprintf("RSA-%d", k.N.BitLen()))
	case *ecdsa.PublicKey:
		return Algorithm("ECDSA-" + k.Curve.Params().Name)
	}
	return Algorithm(fmt.Sprintf("%T", key))
}

// maxPEM bounds an import: a key and a long chain have some ten kilobytes.
const maxPEM = 256 << 10

// Import keeps a private key made elsewhere, and the certificates beside it when
// data holds any. Its forms are PEM of PKCS#8, PKCS#1 and SEC 1, not encrypted;
// RSA from 2048 bits or ECDSA P-256. The key is sealed in the store, also by a
// vault with [Config.Custody]: hardware cannot vouch for a key made elsewhere.
// Importing the same key again is fine; CodeConflict when the name has another.
func (v *Vault) Import(ctx context.Context, workspace, name string, data []byte) error {
	key, chain, err := readPEM(data)
	if err != nil {
		return err
	}
	return v.keep(ctx, workspace, name, key, chain)
}

// keep seals an imported key under a name, and its certificates.
func (v *Vault) keep(ctx context.Context, workspace, name string, key crypto.Signer, chain []*x509.Certificate) error {
	const op = "import key"
	if len(chain) > 0 && !samePublic(key.Public(), chain[0].PublicKey) {
		return onepoint.E(onepoint.CodeInvalid, op, "the certificate does not belong to the private key", nil)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return onepoint.E(onepoint.CodeInvalid, op, "the private key is of a kind that cannot be kept", nil)
	}
	stored, err := v.addItem(ctx, workspace, kindKey, name, der)
	if err != nil {
		return wrap(op, name, err)
	}
	there, err := decodeKept(stored)
	if err != nil {
		return wrap(op, name, err)
	}
	if !samePublic(there.public, key.Public()) {
		return onepoint.E(onepoint.CodeConflict, op, "another key has the name "+name+"; choose a new one", nil)
	}
	if len(chain) == 0 {
		return nil
	}
	return v.SetChain(ctx, workspace, name, chain)
}

func readPEM(data []byte) (key crypto.Signer, chain []*x509.Certificate, err error) {
	bad := func(msg string) (crypto.Signer, []*x509.Certificate, error) {
		return nil, nil, onepoint.E(onepoint.CodeInvalid, "import key", msg, nil)
	}
	if len(data) > maxPEM {
		return bad("the PEM file is too long")
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE":
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return bad("a certificate in the PEM file is malformed")
			}
			chain = append(chain, cert)
		case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY":
			if key != nil {
				return bad("the PEM file holds more than one private key")
			}
			if key = parseKey(block); key == nil {
				return bad("the private key in the PEM file is malformed or encrypted; give it as plain PKCS#8, PKCS#1 or SEC 1")
			}
		case "ENCRYPTED PRIVATE KEY":
			return bad("the private key is encrypted; decrypt it first: openssl pkey -in FILE")
		}
	}
	if key == nil {
		return bad("the PEM file holds no private key")
	}
	return key, chain, acceptable(key)
}

// acceptable refuses keys that no bank takes.
func acceptable(key crypto.Signer) error {
	bad := func(msg string) error { return onepoint.E(onepoint.CodeInvalid, "import key", msg, nil) }
	switch k := key.Public().(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return bad("the RSA key has fewer than 2048 bits")
		}
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return bad("the ECDSA key is not on P-256")
		}
	default:
		return bad("the private key is neither RSA nor ECDSA")
	}
	return nil
}

// parseKey drops the parser's error, which may quote the key.
func parseKey(block *pem.Block) crypto.Signer {
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil
	}
	return signer
}

func samePublic(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// SetChain keeps the certificates of a key, leaf first, in place of former ones.
// CodeInvalid when the leaf is not of this key or a certificate did not sign the
// one before it; CodeNotFound when there is no such key.
func (v *Vault) SetChain(ctx context.Context, workspace, name string, chain []*x509.Certificate) error {
	const op = "keep certificate"
	if len(chain) == 0 {
		return onepoint.Missing(op, "certificate", "at least one is needed")
	}
	kept, err := v.kept(ctx, workspace, name)
	if err != nil {
		return wrap(op, name, err)
	}
	if !samePublic(kept.public, chain[0].PublicKey) {
		return onepoint.E(onepoint.CodeInvalid, op, "the certificate does not belong to the key "+name, nil)
	}
	for i, c := range chain[1:] {
		if err := chain[i].CheckSignatureFrom(c); err != nil {
			return onepoint.E(onepoint.CodeInvalid, op, "the certificates are not a chain, leaf first", err)
		}
	}
	var b bytes.Buffer
	for _, c := range chain {
		b.Write(c.Raw) // DER delimits itself
	}
	sealed, err := v.sealItem(ctx, workspace, kindChain, name, b.Bytes())
	if err == nil {
		err = v.store.PutVaultItem(ctx, workspace, kindChain, name, sealed, v.now())
	}
	return wrap(op, name, err)
}

// Chain returns the certificates of a key, leaf first. CodeNotFound when none
// were set.
func (v *Vault) Chain(ctx context.Context, workspace, name string) ([]*x509.Certificate, error) {
	der, err := v.item(ctx, workspace, kindChain, name)
	if err != nil {
		return nil, wrap("read certificate", name, err)
	}
	chain, err := x509.ParseCertificates(der)
	return chain, wrap("read certificate", name, err)
}

// Signer returns what signs with a key: a crypto.Signer that gives the key to
// nobody. It holds the key in memory, or its place in custody, so keep it instead
// of asking for every signature. CodeNotFound when there is no such key,
// CodeConflict when it lies in a custody that this vault has not.
func (v *Vault) Signer(ctx context.Context, workspace, name string) (crypto.Signer, error) {
	kept, err := v.kept(ctx, workspace, name)
	if err != nil {
		return nil, wrap("use key", name, err)
	}
	key, err := v.openKept(ctx, name, kept)
	if err != nil {
		return nil, wrap("use key", name, err)
	}
	return &signer{public: kept.public, sign: key.Sign}, nil
}

// TLS returns a key with its certificates for a TLS client or server.
// CodeNotFound when there is no such key or no certificate.
func (v *Vault) TLS(ctx context.Context, workspace, name string) (*tls.Certificate, error) {
	key, err := v.Signer(ctx, workspace, name)
	if err != nil {
		return nil, err
	}
	chain, err := v.Chain(ctx, workspace, name)
	if err != nil {
		return nil, err
	}
	c := &tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, cert := range chain {
		c.Certificate = append(c.Certificate, cert.Raw)
	}
	return c, nil
}

func (v *Vault) kept(ctx context.Context, workspace, name string) (keptKey, error) {
	plain, err := v.item(ctx, workspace, kindKey, name)
	if err != nil {
		return keptKey{}, err
	}
	return decodeKept(plain)
}
