package eidas

import "encoding/asn1"

// Role is what a payment service provider may do, by its name in ETSI TS 119
// 495 section 5.1.
type Role string

// The roles of PSD2.
const (
	RoleAS Role = "PSP_AS" // account servicing: the bank
	RolePI Role = "PSP_PI" // payment initiation
	RoleAI Role = "PSP_AI" // account information
	RoleIC Role = "PSP_IC" // issuing of card-based payment instruments: confirmation of funds
)

// roleOIDs gives each role its object identifier, id-psd2-role-psp-*.
var roleOIDs = map[Role]asn1.ObjectIdentifier{
	RoleAS: {0, 4, 0, 19495, 1, 1},
	RolePI: {0, 4, 0, 19495, 1, 2},
	RoleAI: {0, 4, 0, 19495, 1, 3},
	RoleIC: {0, 4, 0, 19495, 1, 4},
}

// OID returns the role's object identifier, nil for an unknown role.
func (r Role) OID() asn1.ObjectIdentifier { return roleOIDs[r] }

func roleOf(oid asn1.ObjectIdentifier) (Role, bool) {
	for r, o := range roleOIDs {
		if o.Equal(oid) {
			return r, true
		}
	}
	return "", false
}

// QCType is what a qualified certificate is for (EN 319 412-5 section 4.2.3).
type QCType string

// The types.
const (
	TypeSign QCType = "esign" // signature of a natural person
	TypeSeal QCType = "eseal" // seal of a legal person: a QSEAL
	TypeWeb  QCType = "web"   // website authentication: a QWAC
)

var typeOIDs = map[QCType]asn1.ObjectIdentifier{
	TypeSign: {0, 4, 0, 1862, 1, 6, 1},
	TypeSeal: {0, 4, 0, 1862, 1, 6, 2},
	TypeWeb:  {0, 4, 0, 1862, 1, 6, 3},
}

// OID returns the type's object identifier, nil for an unknown type.
func (t QCType) OID() asn1.ObjectIdentifier { return typeOIDs[t] }

// name is how people call a certificate of the type.
func (t QCType) name() string {
	switch t {
	case TypeWeb:
		return "a QWAC (QcType web)"
	case TypeSeal:
		return "a QSEAL (QcType eseal)"
	case TypeSign:
		return "a signature certificate (QcType esign)"
	}
	return "of type " + string(t)
}

func typeOf(oid asn1.ObjectIdentifier) (QCType, bool) {
	for t, o := range typeOIDs {
		if o.Equal(oid) {
			return t, true
		}
	}
	return "", false
}
