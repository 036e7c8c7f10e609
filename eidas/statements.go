package eidas

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"github.com/onepointledger/onepoint"
)

// OIDQCStatements is the certificate extension qcStatements (RFC 3739 section
// 3.2.6). The variable is read-only.
var OIDQCStatements = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}

// The statements (EN 319 412-5 sections 4.2 and 4.3, TS 119 495 section 5.1).
var (
	oidCompliance  = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 1}
	oidSSCD        = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 4}
	oidPDS         = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 5}
	oidType        = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 6}
	oidLegislation = asn1.ObjectIdentifier{0, 4, 0, 1862, 1, 7}
	oidPSD2        = asn1.ObjectIdentifier{0, 4, 0, 19495, 2}
)

// PDS is one PKI disclosure statement: where the issuer says what its
// certificates are good for.
type PDS struct {
	URL      string `asn1:"ia5"`       // https
	Language string `asn1:"printable"` // ISO 639-1, lower case
}

// PSD2 is the statement of TS 119 495: what the holder may do and who allowed
// it.
type PSD2 struct {
	Roles   []Role
	NCAName string // "Financial Conduct Authority"
	NCAID   string // "GB-FCA"
}

// Statement is one QCStatement this package does not read further.
type Statement struct {
	ID   asn1.ObjectIdentifier
	Info []byte // DER, empty when the statement has none
}

// QCStatements is the content of the qcStatements extension.
type QCStatements struct {
	Compliance  bool     // issued as an EU qualified certificate
	SSCD        bool     // the key lives in a qualified signature or seal creation device
	Types       []QCType // in practice one
	PDS         []PDS
	Legislation []string // countries under whose law it is qualified; the EU when empty
	PSD2        *PSD2    // nil when the certificate says nothing about payment services
	Other       []Statement
	// Warnings are oddities that did not keep the statements from being read.
	// Marshal ignores them.
	Warnings []string
}

type rawStatement struct {
	ID   asn1.ObjectIdentifier
	Info asn1.RawValue `asn1:"optional"`
}

type rawRole struct {
	OID  asn1.ObjectIdentifier
	Name string `asn1:"utf8"`
}

type rawPSD2 struct {
	Roles   []rawRole
	NCAName string `asn1:"utf8"`
	NCAID   string `asn1:"utf8"`
}

// maxStatements bounds the extension: real certificates carry at most a dozen
// statements in a few hundred bytes.
const maxStatements = 64 << 10

// ParseQCStatements reads the value of the qcStatements extension: a list in any
// order, with statements it does not know kept in Other. A bare statement
// instead of a list, which some test authorities issue, is read as a list of
// one. Errors are CodeInvalid.
func ParseQCStatements(der []byte) (QCStatements, error) {
	var q QCStatements
	list, err := splitStatements(der, &q)
	if err != nil {
		return QCStatements{}, unreadable(err)
	}
	for _, raw := range list {
		if err := q.read(raw); err != nil {
			return QCStatements{}, unreadable(err)
		}
	}
	return q, nil
}

func unreadable(err error) error {
	return onepoint.E(onepoint.CodeInvalid, "read QCStatements", "the certificate's qcStatements extension is malformed", err)
}

func splitStatements(der []byte, q *QCStatements) ([]rawStatement, error) {
	if len(der) > maxStatements {
		return nil, fmt.Errorf("longer than %d bytes", maxStatements)
	}
	var list []rawStatement
	listErr := exactly(der, &list)
	if listErr == nil {
		return list, nil
	}
	var one rawStatement
	if err := exactly(der, &one); err != nil {
		return nil, listErr
	}
	q.warn("qcStatements holds a bare statement instead of a list of statements")
	return []rawStatement{one}, nil
}

func (q *QCStatements) read(raw rawStatement) error {
	info := raw.Info.FullBytes
	switch {
	case raw.ID.Equal(oidCompliance):
		q.Compliance = true
	case raw.ID.Equal(oidSSCD):
		q.SSCD = true
	case raw.ID.Equal(oidType):
		return q.readTypes(info)
	case raw.ID.Equal(oidPDS):
		return named("QcPDS", exactly(info, &q.PDS))
	case raw.ID.Equal(oidLegislation):
		return named("QcCClegislation", exactly(info, &q.Legislation))
	case raw.ID.Equal(oidPSD2):
		return q.readPSD2(info)
	default:
		q.Other = append(q.Other, Statement{ID: raw.ID, Info: slices.Clone(info)})
	}
	return nil
}

func (q *QCStatements) readTypes(info []byte) error {
	var oids []asn1.ObjectIdentifier
	if err := exactly(info, &oids); err != nil {
		return named("QcType", err)
	}
	for _, oid := range oids {
		if t, ok := typeOf(oid); !ok {
			q.warn("QcType has the unknown value " + oid.String())
		} else if !slices.Contains(q.Types, t) {
			q.Types = append(q.Types, t)
		}
	}
	return nil
}

// readPSD2 takes a role by its object identifier; the name beside it is text for
// people and only compared.
func (q *QCStatements) readPSD2(info []byte) error {
	var raw rawPSD2
	if err := exactly(info, &raw); err != nil {
		return named("PSD2", err)
	}
	if q.PSD2 != nil {
		return errors.New("two PSD2 statements")
	}
	p := &PSD2{NCAName: raw.NCAName, NCAID: raw.NCAID}
	for _, r := range raw.Roles {
		role, ok := roleOf(r.OID)
		switch {
		case !ok:
			q.warn(fmt.Sprintf("the role %s (%q) is unknown and ignored", r.OID, r.Name))
			continue
		case string(role) != r.Name:
			q.warn(fmt.Sprintf("the role %s is %s, but the certificate names it %q", r.OID, role, r.Name))
		}
		if !slices.Contains(p.Roles, role) {
			p.Roles = append(p.Roles, role)
		}
	}
	q.PSD2 = p
	return nil
}

func (q *QCStatements) warn(s string) { q.Warnings = append(q.Warnings, s) }

// Marshal writes the extension's value in a fixed order: compliance, SSCD, type,
// PDS, legislation, PSD2, then Other. Errors are CodeInvalid: an unknown role or
// type, or text that its field cannot hold.
func (q QCStatements) Marshal() ([]byte, error) {
	var b builder
	if q.Compliance {
		b.add(oidCompliance, nil)
	}
	if q.SSCD {
		b.add(oidSSCD, nil)
	}
	if len(q.Types) > 0 {
		oids := make([]asn1.ObjectIdentifier, len(q.Types))
		for i, t := range q.Types {
			if oids[i] = t.OID(); oids[i] == nil {
				return nil, onepoint.Missing("write QCStatements", "type", "must be web, eseal or esign")
			}
		}
		b.add(oidType, oids)
	}
	if len(q.PDS) > 0 {
		b.add(oidPDS, q.PDS)
	}
	if len(q.Legislation) > 0 {
		b.add(oidLegislation, q.Legislation)
	}
	if q.PSD2 != nil {
		raw, err := q.PSD2.raw()
		if err != nil {
			return nil, err
		}
		b.add(oidPSD2, raw)
	}
	for _, s := range q.Other {
		b.addRaw(s.ID, s.Info)
	}
	return b.bytes()
}

func (p PSD2) raw() (rawPSD2, error) {
	const op = "write QCStatements"
	raw := rawPSD2{NCAName: p.NCAName, NCAID: p.NCAID}
	for _, r := range p.Roles {
		oid := r.OID()
		if oid == nil {
			return rawPSD2{}, onepoint.Missing(op, "roles", "must be PSP_AS, PSP_PI, PSP_AI or PSP_IC")
		}
		raw.Roles = append(raw.Roles, rawRole{OID: oid, Name: string(r)})
	}
	if len(raw.Roles) == 0 {
		return rawPSD2{}, onepoint.Missing(op, "roles", "at least one is needed")
	}
	if n := len([]rune(p.NCAName)); n < 1 || n > 256 {
		return rawPSD2{}, onepoint.Missing(op, "ncaName", "must have 1 to 256 characters")
	}
	if n := len([]rune(p.NCAID)); n < 1 || n > 256 {
		return rawPSD2{}, onepoint.Missing(op, "ncaId", "must have 1 to 256 characters")
	}
	return raw, nil
}

// builder collects statements and keeps the first error.
type builder struct {
	list []rawStatement
	err  error
}

func (b *builder) add(id asn1.ObjectIdentifier, info any) {
	var der []byte
	if info != nil {
		var err error
		if der, err = asn1.Marshal(info); err != nil && b.err == nil {
			b.err = err
		}
	}
	b.addRaw(id, der)
}

func (b *builder) addRaw(id asn1.ObjectIdentifier, der []byte) {
	s := rawStatement{ID: id}
	if len(der) > 0 { // an empty, non-nil value would not count as absent
		s.Info.FullBytes = der
	}
	b.list = append(b.list, s)
}

func (b *builder) bytes() ([]byte, error) {
	if b.err == nil {
		var der []byte
		if der, b.err = asn1.Marshal(b.list); b.err == nil {
			return der, nil
		}
	}
	return nil, onepoint.E(onepoint.CodeInvalid, "write QCStatements", "a text of the QCStatements cannot be encoded", b.err)
}

// exactly unmarshals der and refuses bytes after it.
func exactly(der []byte, into any) error {
	rest, err := asn1.Unmarshal(der, into)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes after the end", len(rest))
	}
	return err
}

func named(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
