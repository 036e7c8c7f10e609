package eidas

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/onepointledger/onepoint"
)

// QTSP is a trust service provider for tests and laptops: a root, an issuing
// authority below it, and their keys. What it issues has the profile of a real
// qualified certificate and is trusted only where its root is put. It is safe
// for concurrent use.
type QTSP struct {
	root, issuing *x509.Certificate
	// Functions over the keys instead of the keys: no way of printing a QTSP can
	// reach them.
	sign     func(template *x509.Certificate, key crypto.PublicKey) (*x509.Certificate, error)
	signOCSP func(template ocsp.Response) ([]byte, error)
	signCRL  func(template *x509.RevocationList) ([]byte, error)
	save     func() ([]byte, error)

	revoked *register
}

const (
	rootLife    = 20 * 365 * 24 * time.Hour
	issuingLife = 10 * 365 * 24 * time.Hour
	clockSkew   = 5 * time.Minute // how far clocks may differ: the authorities' validity is put back by it
)

// NewTestQTSP makes a trust service provider with fresh keys, valid from a little
// before now. The keys are ECDSA: it starts in milliseconds, and its own
// algorithm does not bind that of the certificates.
func NewTestQTSP(now time.Time) (*QTSP, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make root key: %w", err)
	}
	issuingKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make issuing key: %w", err)
	}
	start := now.UTC().Truncate(time.Second).Add(-clockSkew)
	rootTemplate, err := authorityTemplate("One Point Test QTSP Root", start, start.Add(rootLife), rootKey.Public())
	if err != nil {
		return nil, err
	}
	root, err := createCertificate(rootTemplate, rootTemplate, rootKey.Public(), rootKey)
	if err != nil {
		return nil, fmt.Errorf("sign root: %w", err)
	}
	template, err := authorityTemplate("One Point Test QTSP Issuing CA", start, start.Add(issuingLife), issuingKey.Public())
	if err != nil {
		return nil, err
	}
	template.MaxPathLenZero = true
	template.KeyUsage |= x509.KeyUsageDigitalSignature         // it signs OCSP answers itself
	template.Policies = []x509.OID{policyOID(2, 5, 29, 32, 0)} // anyPolicy
	template.CRLDistributionPoints = []string{pkiHost + "/root.crl"}
	template.IssuingCertificateURL = []string{pkiHost + "/root.cer"}
	issuing, err := createCertificate(template, root, issuingKey.Public(), rootKey)
	if err != nil {
		return nil, fmt.Errorf("sign issuing authority: %w", err)
	}
	return newQTSP(root, issuing, rootKey, issuingKey), nil
}

func newQTSP(root, issuing *x509.Certificate, rootKey, issuingKey crypto.Signer) *QTSP {
	return &QTSP{
		root: root, issuing: issuing,
		sign: func(template *x509.Certificate, key crypto.PublicKey) (*x509.Certificate, error) {
			return createCertificate(template, issuing, key, issuingKey)
		},
		signOCSP: func(template ocsp.Response) ([]byte, error) {
			return ocsp.CreateResponse(issuing, issuing, template, issuingKey)
		},
		signCRL: func(template *x509.RevocationList) ([]byte, error) {
			return x509.CreateRevocationList(rand.Reader, template, issuing, issuingKey)
		},
		save:    func() ([]byte, error) { return encodeAuthority(root, issuing, rootKey, issuingKey) },
		revoked: &register{entries: map[string]revocation{}},
	}
}

// Roots is a pool with the root alone: what a verifier trusts.
func (q *QTSP) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(q.root)
	return pool
}

// Root is the root certificate.
func (q *QTSP) Root() *x509.Certificate { return q.root }

// Chain is what a holder sends after the own certificate: the issuing authority.
// The root is not part of it; verifiers have it.
func (q *QTSP) Chain() []*x509.Certificate { return []*x509.Certificate{q.issuing} }

// MarshalPEM returns both certificates, both private keys (PKCS#8) and what was
// revoked, to be kept in a file that only its owner reads.
func (q *QTSP) MarshalPEM() ([]byte, error) {
	authority, err := q.save()
	if err != nil {
		return nil, err
	}
	revoked, err := q.revoked.encode()
	return append(authority, revoked...), err
}

func encodeAuthority(root, issuing *x509.Certificate, rootKey, issuingKey crypto.Signer) ([]byte, error) {
	var b bytes.Buffer
	for _, pair := range []struct {
		cert *x509.Certificate
		key  crypto.Signer
	}{{root, rootKey}, {issuing, issuingKey}} {
		der, err := x509.MarshalPKCS8PrivateKey(pair.key)
		if err != nil {
			return nil, fmt.Errorf("encode authority key: %w", err)
		}
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.cert.Raw}))
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	return b.Bytes(), nil
}

// LoadQTSP reads what [QTSP.MarshalPEM] wrote. Errors are CodeInvalid.
func LoadQTSP(data []byte) (*QTSP, error) {
	q, err := loadQTSP(data)
	if err != nil {
		return nil, onepoint.E(onepoint.CodeInvalid, "load test QTSP",
			"the file of the test QTSP is damaged; restore it, or remove it together with every certificate it issued", err)
	}
	return q, nil
}

func loadQTSP(data []byte) (*QTSP, error) {
	var certs []*x509.Certificate
	var keys []crypto.Signer
	var revoked []byte
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, err
			}
			certs = append(certs, c)
		case "PRIVATE KEY":
			k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, errors.New("a private key is malformed")
			}
			signer, ok := k.(crypto.Signer)
			if !ok {
				return nil, errors.New("a private key cannot sign")
			}
			keys = append(keys, signer)
		case revocationsType:
			revoked = block.Bytes
		}
	}
	if len(certs) != 2 || len(keys) != 2 {
		return nil, fmt.Errorf("%d certificates and %d keys instead of two each", len(certs), len(keys))
	}
	for i, c := range certs {
		if public, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(keys[i].Public()) {
			return nil, fmt.Errorf("key %d does not belong to its certificate", i+1)
		}
	}
	if err := certs[1].CheckSignatureFrom(certs[0]); err != nil {
		return nil, fmt.Errorf("the issuing authority is not the root's: %w", err)
	}
	q := newQTSP(certs[0], certs[1], keys[0], keys[1])
	return q, q.revoked.decode(revoked)
}

func authorityTemplate(name string, from, to time.Time, key crypto.PublicKey) (*x509.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	id, err := keyID(key)
	if err != nil {
		return nil, err
	}
	return &x509.Certificate{
		SerialNumber: serial, SubjectKeyId: id, NotBefore: from, NotAfter: to,
		// EN 319 412-3: a trust service provider is a legal person with an identifier.
		Subject: pkix.Name{ExtraNames: Request{
			Subject: Subject{Country: "GB", Organisation: "One Point Test QTSP", CommonName: name}, OrgID: "NTRGB-00000000",
		}.name().ExtraNames},
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, nil
}

func createCertificate(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// newSerial returns 126 random bits, more than the 64 that authorities owe, in a
// positive number of 16 bytes.
func newSerial() (*big.Int, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b[:]), nil
}

// keyID is the subject key identifier: SHA-256 of the key, cut to 160 bits (RFC
// 7093 section 2, method 1).
func keyID(key crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, onepoint.Missing("issue certificate", "publicKey", "must be RSA or ECDSA")
	}
	sum := sha256.Sum256(der)
	return sum[:20], nil
}
