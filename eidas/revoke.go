package eidas

import (
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
)

// register is what a QTSP knows beyond its keys: what it revoked and where it
// says so.
type register struct {
	mu      sync.Mutex
	entries map[string]revocation // by the serial number in hexadecimal
	base    string                // "" names the places that never answer
}

// Revoke revokes the certificate with the serial number from the time given; the
// reason is a CRLReason (RFC 5280 section 5.3.1). What is revoked twice has the
// later call's time and reason. Keep it with [QTSP.MarshalPEM]. Errors are
// CodeInvalid: no serial number, no time, or a reason that no complete list has.
func (q *QTSP) Revoke(serial *big.Int, at time.Time, reason int) error {
	const op = "revoke certificate"
	const removeFromCRL = 8 // of delta lists only
	switch {
	case serial == nil || serial.Sign() <= 0:
		return onepoint.Missing(op, "serial", "must be a certificate's serial number")
	case at.IsZero():
		return onepoint.Missing(op, "at", "must be given")
	case reasonName(reason) == "" || reason == removeFromCRL:
		return onepoint.Missing(op, "reason", "must be a CRLReason of RFC 5280, 0 to 10 without 7 and 8")
	}
	q.revoked.mu.Lock()
	defer q.revoked.mu.Unlock()
	q.revoked.entries[serial.Text(16)] = revocation{at: at.UTC().Truncate(time.Second), reason: reason}
	return nil
}

// SetRevocationURL makes certificates issued from now on name base+"/ocsp" as
// their OCSP responder and base+"/crl" as their CRL, where
// [QTSP.RevocationHandler] is to be served; "" undoes it. A [Request] that names
// its own goes first. It is not kept in the QTSP's file. Errors are CodeInvalid:
// not an http or https address.
func (q *QTSP) SetRevocationURL(base string) error {
	base = strings.TrimSuffix(base, "/")
	if err := checkURLs("base", base); base != "" && err != nil {
		return err
	}
	q.revoked.mu.Lock()
	defer q.revoked.mu.Unlock()
	q.revoked.base = base
	return nil
}

// revocationURLs are what the certificate of r names.
func (q *QTSP) revocationURLs(r Request) (responders, lists []string) {
	q.revoked.mu.Lock()
	base := q.revoked.base
	q.revoked.mu.Unlock()
	responders, lists = []string{pkiHost + "/ocsp"}, []string{pkiHost + "/issuing.crl"}
	if base != "" {
		responders, lists = []string{base + "/ocsp"}, []string{base + "/crl"}
	}
	if len(r.OCSPServer) > 0 {
		responders = r.OCSPServer
	}
	if len(r.CRLDistributionPoints) > 0 {
		lists = r.CRLDistributionPoints
	}
	return responders, lists
}

// checkURLs wants what a uniformResourceIdentifier of a certificate may be: an
// IA5String (RFC 5280 section 4.2.1.6).
func checkURLs(field string, list ...string) error {
	for _, s := range list {
		u, err := url.Parse(s)
		if err != nil || !askable(u) || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) {
			return onepoint.Missing("request certificate", field, "must be an http or https address in ASCII")
		}
	}
	return nil
}

// in reports the revocation of a serial number that is in force.
func (g *register) in(serial *big.Int, now time.Time) (revocation, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	e, ok := g.entries[serial.Text(16)]
	return e, ok && !e.at.After(now)
}

// sorted lists what is revoked, in a steady order.
func (g *register) sorted() []revocationRecord {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []revocationRecord
	for _, serial := range slices.Sorted(maps.Keys(g.entries)) {
		list = append(list, revocationRecord{Serial: serial, At: g.entries[serial].at, Reason: g.entries[serial].reason})
	}
	return list
}

// revocationsType is the PEM block of a QTSP's file with a JSON list of records;
// a QTSP that revoked nothing has none.
const revocationsType = "ONEPOINT REVOCATIONS"

type revocationRecord struct {
	Serial string    `json:"serial"` // hexadecimal
	At     time.Time `json:"at"`
	Reason int       `json:"reason"`
}

func (g *register) encode() ([]byte, error) {
	list := g.sorted()
	if len(list) == 0 {
		return nil, nil
	}
	data, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("encode revocations: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: revocationsType, Bytes: data}), nil
}

func (g *register) decode(data []byte) error {
	if data == nil {
		return nil
	}
	var list []revocationRecord
	if err := json.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("read revocations: %w", err)
	}
	for _, r := range list {
		serial, ok := new(big.Int).SetString(r.Serial, 16)
		if !ok || serial.Sign() <= 0 || r.At.IsZero() || reasonName(r.Reason) == "" {
			return errors.New("a revocation is malformed")
		}
		g.entries[serial.Text(16)] = revocation{at: r.At, reason: r.Reason}
	}
	return nil
}
