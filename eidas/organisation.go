package eidas

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/onepointledger/onepoint"
)

// OrganisationID is the organizationIdentifier (X.520 attribute 2.5.4.97) of a
// payment service provider: "PSD", country, "-", authority, "-", the id that
// authority gave, as in "PSDGB-FCA-123456" (ETSI TS 119 495 section 5.2.1).
type OrganisationID struct {
	Country string // ISO 3166-1 alpha-2 of the authority
	NCA     string // the national competent authority, 2 to 8 capitals
	ID      string // the provider's id at the authority; it may hold hyphens
}

// maxPSPID bounds the id within the organizationIdentifier.
const maxPSPID = 200

// ParseOrganisationID reads an organizationIdentifier of the PSD kind. Other
// kinds (VAT, NTR, LEI) are refused with CodeInvalid.
func ParseOrganisationID(s string) (OrganisationID, error) {
	const want = `expected PSD, a country, "-", 2 to 8 capitals of the authority, "-" and the provider's id, as in PSDGB-FCA-123456`
	bad := func() (OrganisationID, error) {
		return OrganisationID{}, onepoint.Missing("read organizationIdentifier", "organizationIdentifier", want)
	}
	rest, ok := strings.CutPrefix(s, "PSD")
	if !ok {
		return bad()
	}
	country, rest, ok := strings.Cut(rest, "-")
	if !ok || len(country) != 2 || !capitals(country) {
		return bad()
	}
	nca, id, ok := strings.Cut(rest, "-")
	if !ok || len(nca) < 2 || len(nca) > 8 || !capitals(nca) {
		return bad()
	}
	if id == "" || len(id) > maxPSPID || !utf8.ValidString(id) || strings.TrimSpace(id) != id || strings.ContainsFunc(id, unicode.IsControl) {
		return bad()
	}
	return OrganisationID{Country: country, NCA: nca, ID: id}, nil
}

// String writes what [ParseOrganisationID] reads; "" for the zero value.
func (o OrganisationID) String() string {
	if o == (OrganisationID{}) {
		return ""
	}
	return "PSD" + o.Country + "-" + o.NCA + "-" + o.ID
}

// NCAID is the authority as the PSD2 statement names it: "GB-FCA".
func (o OrganisationID) NCAID() string {
	if o == (OrganisationID{}) {
		return ""
	}
	return o.Country + "-" + o.NCA
}

func capitals(s string) bool {
	for _, c := range []byte(s) {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return s != ""
}

// NCAName returns the name of a national competent authority by its id, such as
// "GB-FCA", and the id itself for one that is not in the table (TS 119 495 V1.2.1
// annex D; authorities merge and new ones come, so the table is a convenience).
func NCAName(id string) string {
	if name, ok := authorities[id]; ok {
		return name
	}
	return id
}

var authorities = map[string]string{
	"AT-FMA":    "Austria Financial Market Authority",
	"BE-NBB":    "National Bank of Belgium",
	"BG-BNB":    "Bulgarian National Bank",
	"CY-CBC":    "Central Bank of Cyprus",
	"CZ-CNB":    "Czech National Bank",
	"DE-BAFIN":  "Federal Financial Supervisory Authority",
	"DK-DFSA":   "Danish Financial Supervisory Authority",
	"EE-FI":     "Estonia Financial Supervisory Authority",
	"ES-BE":     "Bank of Spain",
	"FI-FINFSA": "Finnish Financial Supervisory Authority",
	"FR-ACPR":   "Prudential Supervisory and Resolution Authority",
	"GB-FCA":    "Financial Conduct Authority",
	"GR-BOG":    "Bank of Greece",
	"HR-CNB":    "Croatian National Bank",
	"HU-CBH":    "Central Bank of Hungary",
	"IE-CBI":    "Central Bank of Ireland",
	"IS-FME":    "Financial Supervisory Authority of Iceland",
	"IT-BI":     "Bank of Italy",
	"LI-FMA":    "Financial Market Authority Liechtenstein",
	"LT-BL":     "Bank of Lithuania",
	"LU-CSSF":   "Commission for the Supervision of the Financial Sector",
	"LV-FCMC":   "Financial and Capital Market Commission",
	"MT-MFSA":   "Malta Financial Services Authority",
	"NL-DNB":    "The Netherlands Bank",
	"NO-FSA":    "Financial Supervisory Authority of Norway",
	"PL-PFSA":   "Polish Financial Supervision Authority",
	"PT-BP":     "Bank of Portugal",
	"RO-NBR":    "National Bank of Romania",
	"SE-FINA":   "Swedish Financial Supervisory Authority",
	"SI-BS":     "Bank of Slovenia",
	"SK-NBS":    "National Bank of Slovakia",
}
