package eidas

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
)

// RevocationState is what an issuer says about a certificate it issued.
type RevocationState int

// The states. The zero value is the one that says nothing.
const (
	Unknown RevocationState = iota // not told: the certificate names neither OCSP nor a CRL
	Good                           // not revoked
	Revoked                        // revoked, or on hold
)

// Status is the outcome of a revocation check. RevokedAt and Reason, the
// CRLReason of RFC 5280 section 5.3.1, are set for Revoked alone.
type Status struct {
	State     RevocationState
	RevokedAt time.Time
	Reason    int
}

// String names the state, the day and the reason: "revoked on 2026-11-21
// (keyCompromise)".
func (s Status) String() string {
	switch s.State {
	case Good:
		return "good"
	case Revoked:
		return "revoked on " + day(s.RevokedAt) + " (" + reasonName(s.Reason) + ")"
	}
	return "unknown"
}

// Revocation asks issuers whether they revoked a certificate: OCSP (RFC 6960)
// where the certificate names a responder, its CRL (RFC 5280 section 6.3) where
// it does not or no responder gives an answer that holds. Answers are kept in
// memory until their nextUpdate, at most an hour. The zero value is ready; it is
// safe for concurrent use and must not be copied.
type Revocation struct {
	HTTP *http.Client     // http.DefaultClient when nil; its redirects are followed to http and https only
	Now  func() time.Time // time.Now when nil

	statuses cache[Status]
	lists    cache[*revocationList]
}

const keepAnswer = time.Hour // an answer is asked for again after it, whatever its nextUpdate

// Check asks for the status of leaf, which issuer issued. [Verify] leaf first:
// the addresses asked are those that leaf names.
//
// Errors are CodeInvalid: a certificate is missing; CodeCertificateInvalid:
// issuer did not issue leaf, or its responder says that it does not know leaf
// (RFC 6960 section 2.2), which never happens to a sound certificate;
// CodeUnavailable: nobody gave an answer that holds, so that the caller decides
// whether to go on. Its cause wraps ctx's error when that ended.
func (r *Revocation) Check(ctx context.Context, leaf, issuer *x509.Certificate) (Status, error) {
	if leaf == nil || issuer == nil {
		return Status{}, onepoint.E(onepoint.CodeInvalid, checkOp, "the certificate and its issuer's are needed", nil)
	}
	if err := issuedBy(leaf, issuer); err != nil {
		return Status{}, onepoint.E(onepoint.CodeCertificateInvalid, checkOp, "the certificate was not issued by the authority given", err)
	}
	if len(leaf.OCSPServer)+len(leaf.CRLDistributionPoints) == 0 {
		return Status{State: Unknown}, nil
	}
	s, err := r.askOCSP(ctx, leaf, issuer)
	if err == nil || onepoint.CodeOf(err) == onepoint.CodeCertificateInvalid {
		return s, err
	}
	s, crlErr := r.readCRL(ctx, leaf, issuer)
	if crlErr == nil {
		return s, nil
	}
	return Status{}, onepoint.E(onepoint.CodeUnavailable, checkOp,
		"the certificate's issuer does not tell whether it was revoked; try again later", errors.Join(err, crlErr))
}

const checkOp = "check revocation"

// issuedBy compares the names too: CheckSignatureFrom looks at the key alone.
func issuedBy(cert, issuer *x509.Certificate) error {
	if !bytes.Equal(cert.RawIssuer, issuer.RawSubject) {
		return errors.New("the issuer has another name")
	}
	return cert.CheckSignatureFrom(issuer)
}

func (r *Revocation) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

// fresh refuses an answer that is not, or no longer, valid. Without nextUpdate
// newer information is always to be had (RFC 6960 section 4.2.2.1), so that an
// old answer was not made for us.
func fresh(thisUpdate, nextUpdate, now time.Time) error {
	if nextUpdate.IsZero() {
		nextUpdate = thisUpdate.Add(keepAnswer)
	}
	switch {
	case thisUpdate.After(now.Add(clockSkew)):
		return errors.New("the answer is from the future: " + thisUpdate.UTC().Format(time.RFC3339))
	case now.After(nextUpdate.Add(clockSkew)):
		return errors.New("the answer is out of date since " + nextUpdate.UTC().Format(time.RFC3339))
	}
	return nil
}

// sound refuses the hashes for which a second message can be made that has the
// same signature (ETSI TS 119 312).
func sound(a x509.SignatureAlgorithm) error {
	switch a {
	case x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
		x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512, x509.PureEd25519:
		return nil
	}
	return errors.New("the answer is signed with " + a.String())
}

// reasonName is the CRLReason as RFC 5280 section 5.3.1 spells it, "" for none
// of it.
func reasonName(reason int) string {
	names := []string{
		"unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded", "cessationOfOperation",
		"certificateHold", "", "removeFromCRL", "privilegeWithdrawn", "aACompromise",
	}
	if reason < 0 || reason >= len(names) {
		return ""
	}
	return names[reason]
}
