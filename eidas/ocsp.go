package eidas

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/onepointledger/onepoint"
)

// Media types of RFC 6960 appendix A.
const (
	ocspRequestType  = "application/ocsp-request"
	ocspResponseType = "application/ocsp-response"
)

// askOCSP returns the first answer that holds. A responder that says, signed,
// that it does not know the certificate ends the search: a CRL, which lists
// nothing but what was revoked, would turn a forged certificate into a good one.
func (r *Revocation) askOCSP(ctx context.Context, leaf, issuer *x509.Certificate) (Status, error) {
	addresses := sources(leaf.OCSPServer)
	if len(addresses) == 0 {
		return Status{}, errors.New("the certificate names no OCSP responder that HTTP reaches")
	}
	key := leaf.SerialNumber.String() + " " + fingerprint(issuer)
	if s, ok := r.statuses.get(key, r.now()); ok {
		return s, nil
	}
	request, err := ocsp.CreateRequest(leaf, issuer, nil) // SHA-1 names the issuer, as every responder takes it (RFC 5019 section 2.1.1)
	if err != nil {
		return Status{}, fmt.Errorf("make OCSP request: %w", err)
	}
	var failures []error
	for _, address := range addresses {
		answer, err := r.answer(ctx, address, request, leaf, issuer)
		if err != nil {
			failures = append(failures, fmt.Errorf("OCSP: %w", err))
			continue
		}
		if answer.Status == ocsp.Unknown {
			return Status{}, onepoint.E(onepoint.CodeCertificateInvalid, checkOp, "the certificate's issuer does not know it; ask the issuer", nil)
		}
		s := Status{State: Good}
		if answer.Status == ocsp.Revoked {
			s = Status{State: Revoked, RevokedAt: answer.RevokedAt, Reason: answer.RevocationReason}
		}
		r.statuses.put(key, s, len(answer.Raw), answer.NextUpdate, r.now())
		return s, nil
	}
	return Status{}, errors.Join(failures...)
}

func (r *Revocation) answer(ctx context.Context, address string, request []byte, leaf, issuer *x509.Certificate) (*ocsp.Response, error) {
	der, err := r.fetch(ctx, address, request, maxOCSP)
	if err != nil {
		return nil, err
	}
	return readAnswer(der, leaf, issuer, r.now())
}

// readAnswer holds an answer to RFC 6960 section 3.2: about this certificate,
// signed by its issuer or for it, and of now.
func readAnswer(der []byte, leaf, issuer *x509.Certificate, now time.Time) (*ocsp.Response, error) {
	// Without the issuer: the library would take its own certificate, which some
	// responders enclose, for a forged one.
	answer, err := ocsp.ParseResponseForCert(der, leaf, nil)
	if err != nil {
		return nil, err
	}
	if err := sound(answer.SignatureAlgorithm); err != nil {
		return nil, err
	}
	if err := authorised(answer, issuer, now); err != nil {
		return nil, err
	}
	if err := about(answer, leaf, issuer); err != nil {
		return nil, err
	}
	return answer, fresh(answer.ThisUpdate, answer.NextUpdate, now)
}

// authorised wants the signature of the issuer, or of a responder that the
// issuer itself certified for it (RFC 6960 section 4.2.2.2). Whether that
// responder's certificate was revoked is not asked: they live for weeks, and
// nearly all say id-pkix-ocsp-nocheck.
func authorised(answer *ocsp.Response, issuer *x509.Certificate, now time.Time) error {
	responder := answer.Certificate
	if responder == nil || responder.Equal(issuer) {
		return answer.CheckSignatureFrom(issuer)
	}
	if err := answer.CheckSignatureFrom(responder); err != nil {
		return err
	}
	if err := issuedBy(responder, issuer); err != nil {
		return fmt.Errorf("the answer is signed by a stranger: %w", err)
	}
	if !slices.Contains(responder.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
		return errors.New("the answer's signer was not certified for OCSP (id-kp-OCSPSigning)")
	}
	if now.After(responder.NotAfter) || now.Before(responder.NotBefore.Add(-clockSkew)) {
		return errors.New("the certificate of the answer's signer is not valid now")
	}
	if s := weakness(responder); s != "" {
		return errors.New("the answer's signer is too weak: " + s)
	}
	return nil
}

// certID is CertID, responseIDs the part of ResponseData that leads to it (RFC
// 6960 sections 4.1.1 and 4.2.1).
type certID struct {
	HashAlgorithm  pkix.AlgorithmIdentifier
	IssuerNameHash []byte
	IssuerKeyHash  []byte
	SerialNumber   *big.Int
}

type responseIDs struct {
	Version     int `asn1:"optional,default:0,explicit,tag:0"`
	ResponderID asn1.RawValue
	ProducedAt  time.Time `asn1:"generalized"`
	Responses   []struct{ CertID certID }
}

// about wants the answer to name the issuer. The library compares the serial
// number alone, and a responder that serves two authorities with one key has
// two certificates with the same number.
func about(answer *ocsp.Response, leaf, issuer *x509.Certificate) error {
	var data responseIDs
	if _, err := asn1.Unmarshal(answer.TBSResponseData, &data); err != nil {
		return fmt.Errorf("read CertID: %w", err)
	}
	name, key, err := issuerHashes(issuer, answer.IssuerHash)
	if err != nil {
		return err
	}
	for _, one := range data.Responses { // the library takes the first with the number, so does this
		id := one.CertID
		if id.SerialNumber == nil || id.SerialNumber.Cmp(leaf.SerialNumber) != 0 {
			continue
		}
		if bytes.Equal(id.IssuerNameHash, name) && bytes.Equal(id.IssuerKeyHash, key) {
			return nil
		}
		break
	}
	return errors.New("the answer is about another issuer's certificate")
}

// issuerHashes are the hashes of a CertID: of the issuer's name and of the bits
// of its key.
func issuerHashes(issuer *x509.Certificate, hash crypto.Hash) (name, key []byte, err error) {
	if !hash.Available() {
		return nil, nil, errors.New("the hash of the CertID is not known")
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		PublicKey asn1.BitString
	}
	if _, err := asn1.Unmarshal(issuer.RawSubjectPublicKeyInfo, &info); err != nil {
		return nil, nil, fmt.Errorf("read the issuer's key: %w", err)
	}
	h := hash.New()
	h.Write(issuer.RawSubject)
	name = h.Sum(nil)
	h.Reset()
	h.Write(info.PublicKey.RightAlign())
	return name, h.Sum(nil), nil
}

func fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return string(sum[:])
}
