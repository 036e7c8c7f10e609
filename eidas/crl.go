package eidas

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

const crlType = "application/pkix-crl" // RFC 5280 section 4.2.1.13

// revocationList is what is kept of a CRL.
type revocationList struct {
	entries map[string]revocation // by serialKey
	scope   issuingDistributionPoint
}

type revocation struct {
	at     time.Time
	reason int
}

func serialKey(serial *big.Int) string { return serial.Text(62) }

// status is Good for what a list does not name: it lists nothing else.
func (l *revocationList) status(serial *big.Int) Status {
	if e, ok := l.entries[serialKey(serial)]; ok {
		return Status{State: Revoked, RevokedAt: e.at, Reason: e.reason}
	}
	return Status{State: Good}
}

// readCRL returns what the first list says that holds and covers the leaf.
func (r *Revocation) readCRL(ctx context.Context, leaf, issuer *x509.Certificate) (Status, error) {
	addresses := sources(leaf.CRLDistributionPoints)
	if len(addresses) == 0 {
		return Status{}, errors.New("the certificate names no CRL that HTTP reaches")
	}
	var failures []error
	for _, address := range addresses {
		list, err := r.list(ctx, address, issuer)
		if err == nil {
			err = list.scope.covers(leaf)
		}
		if err == nil {
			return list.status(leaf.SerialNumber), nil
		}
		failures = append(failures, fmt.Errorf("CRL: %w", err))
	}
	return Status{}, errors.Join(failures...)
}

// list is the CRL at the address, from the cache when this issuer's is there.
func (r *Revocation) list(ctx context.Context, address string, issuer *x509.Certificate) (*revocationList, error) {
	key := address + " " + fingerprint(issuer)
	if list, ok := r.lists.get(key, r.now()); ok {
		return list, nil
	}
	der, err := r.fetch(ctx, address, nil, maxCRL)
	if err != nil {
		return nil, err
	}
	list, nextUpdate, err := parseCRL(der, issuer, r.now())
	if err != nil {
		return nil, err
	}
	r.lists.put(key, list, len(der), nextUpdate, r.now())
	return list, nil
}

// parseCRL reads a complete CRL that the issuer itself signed. Indirect and
// delta lists, which RFC 5280 marks as critical, are refused.
func parseCRL(der []byte, issuer *x509.Certificate, now time.Time) (*revocationList, time.Time, error) {
	crl, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, time.Time{}, err
	}
	if err := verifyCRL(crl, issuer, now); err != nil {
		return nil, time.Time{}, err
	}
	list := &revocationList{entries: make(map[string]revocation, len(crl.RevokedCertificateEntries))}
	if list.scope, err = scopeOf(crl); err != nil {
		return nil, time.Time{}, err
	}
	for _, e := range crl.RevokedCertificateEntries {
		for _, x := range e.Extensions {
			if x.Critical { // RFC 5280 section 5.3: such a list must not be used at all
				return nil, time.Time{}, fmt.Errorf("an entry of the list has the critical extension %s", x.Id)
			}
		}
		list.entries[serialKey(e.SerialNumber)] = revocation{at: e.RevocationTime, reason: e.ReasonCode}
	}
	return list, crl.NextUpdate, nil
}

func verifyCRL(crl *x509.RevocationList, issuer *x509.Certificate, now time.Time) error {
	if !bytes.Equal(crl.RawIssuer, issuer.RawSubject) {
		return errors.New("the list is another issuer's")
	}
	if err := sound(crl.SignatureAlgorithm); err != nil {
		return err
	}
	if err := crl.CheckSignatureFrom(issuer); err != nil {
		return err
	}
	if crl.NextUpdate.IsZero() {
		return errors.New("the list has no nextUpdate") // RFC 5280 section 5.1.2.5
	}
	return fresh(crl.ThisUpdate, crl.NextUpdate, now)
}

// issuingDistributionPoint is the extension of RFC 5280 section 5.2.5: the part
// of the issuer's certificates that a list is about. The zero value is all.
type issuingDistributionPoint struct {
	DistributionPoint struct {
		FullName     []asn1.RawValue `asn1:"optional,tag:0"`
		RelativeName asn1.RawValue   `asn1:"optional,tag:1"`
	} `asn1:"optional,tag:0"`
	OnlyUserCerts      bool           `asn1:"optional,tag:1"`
	OnlyCACerts        bool           `asn1:"optional,tag:2"`
	OnlySomeReasons    asn1.BitString `asn1:"optional,tag:3"`
	IndirectCRL        bool           `asn1:"optional,tag:4"`
	OnlyAttributeCerts bool           `asn1:"optional,tag:5"`
}

var oidIssuingDistributionPoint = asn1.ObjectIdentifier{2, 5, 29, 28}

func scopeOf(crl *x509.RevocationList) (issuingDistributionPoint, error) {
	var scope issuingDistributionPoint
	for _, x := range crl.Extensions {
		if x.Critical && !x.Id.Equal(oidIssuingDistributionPoint) {
			return scope, fmt.Errorf("the list has the critical extension %s", x.Id)
		}
	}
	der := extension(crl.Extensions, oidIssuingDistributionPoint)
	if der == nil {
		return scope, nil
	}
	if rest, err := asn1.Unmarshal(der, &scope); err != nil || len(rest) > 0 {
		return scope, errors.New("the list's issuingDistributionPoint is malformed")
	}
	if scope.IndirectCRL || scope.OnlyAttributeCerts || scope.OnlySomeReasons.BitLength > 0 {
		return scope, errors.New("the list is indirect, of attribute certificates, or of some reasons only")
	}
	return scope, nil
}

// covers wants the list to be the one the leaf names (RFC 5280 section 6.3.3
// (b)(2)): an issuer may split its list, and the other part says nothing.
func (s issuingDistributionPoint) covers(leaf *x509.Certificate) error {
	if s.OnlyCACerts && !leaf.IsCA || s.OnlyUserCerts && leaf.IsCA {
		return errors.New("the list is not about this kind of certificate")
	}
	names := s.DistributionPoint.FullName
	if len(names) == 0 && len(s.DistributionPoint.RelativeName.FullBytes) == 0 {
		return nil
	}
	const uri = 6 // of GeneralName
	for _, n := range names {
		if n.Class == asn1.ClassContextSpecific && n.Tag == uri && slices.Contains(leaf.CRLDistributionPoints, string(n.Bytes)) {
			return nil
		}
	}
	return errors.New("the list is another part of the issuer's than the certificate names")
}
