package httpsig

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// KeyIDForm is how the key is named in the Signature header.
type KeyIDForm int

// The forms. All begin with the serial number in hexadecimal; the standard's is
// the first.
const (
	KeyIDComma KeyIDForm = iota // SN=1a2b,CA=CN=Issuer,O=Company,C=DE
	KeyIDSlash                  // SN=1a2b,CA=/CN=Issuer/O=Company/C=DE
	KeyIDName                   // SN=1a2b,DN=CN=Issuer,O=Company,C=DE
)

// KeyID names the certificate in the form, by its serial number and issuer.
func KeyID(cert *x509.Certificate, form KeyIDForm) string {
	serial := fmt.Sprintf("%X", cert.SerialNumber)
	switch form {
	case KeyIDSlash:
		return "SN=" + serial + ",CA=" + issuerName(cert.Issuer, "/", true)
	case KeyIDName:
		return "SN=" + serial + ",DN=" + issuerName(cert.Issuer, ",", false)
	}
	return "SN=" + serial + ",CA=" + issuerName(cert.Issuer, ",", false)
}

// attributeName is the short name of an attribute of a distinguished name, its
// dotted number for one that has none.
func attributeName(oid string) string {
	switch oid {
	case "2.5.4.3":
		return "CN"
	case "2.5.4.6":
		return "C"
	case "2.5.4.7":
		return "L"
	case "2.5.4.8":
		return "ST"
	case "2.5.4.10":
		return "O"
	case "2.5.4.11":
		return "OU"
	}
	return oid
}

// issuerName writes a name most specific attribute first. A quote or backslash
// in a value would end the header's parameter early and is left out, as are
// characters that no header may hold.
func issuerName(name pkix.Name, separator string, leading bool) string {
	var parts []string
	for _, a := range slices.Backward(name.Names) {
		parts = append(parts, attributeName(a.Type.String())+"="+clean(fmt.Sprint(a.Value)))
	}
	s := strings.Join(parts, separator)
	if leading {
		s = separator + s
	}
	return s
}

func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, s)
}

// namesKey reports whether a key id names the certificate: the serial must be
// its own, and whatever of the issuer is given must be in the issuer's name.
func namesKey(keyID string, cert *x509.Certificate) bool {
	head, issuer, _ := strings.Cut(keyID, ",")
	name, text, ok := strings.Cut(strings.TrimSpace(head), "=")
	if !ok || !strings.EqualFold(name, "SN") || text == "" || len(text) > 64 {
		return false
	}
	text = strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(text, ":", "")), "0x")
	serial, ok := new(big.Int).SetString(text, 16)
	if !ok || serial.Cmp(cert.SerialNumber) != 0 {
		return false
	}
	return namesIssuer(issuer, cert.Issuer)
}

// namesIssuer compares after dropping what writers differ in: the label, case,
// separators, blanks and their URL escape, and the order of the attributes.
func namesIssuer(text string, issuer pkix.Name) bool {
	label, rest, ok := strings.Cut(strings.TrimSpace(text), "=")
	if !ok || !strings.EqualFold(label, "CA") && !strings.EqualFold(label, "DN") {
		return false
	}
	known := map[string]bool{}
	for _, a := range issuer.Names {
		known[folded(attributeName(a.Type.String())+"="+clean(fmt.Sprint(a.Value)))] = true
	}
	found := 0
	for _, part := range splitName(rest) {
		part = folded(part)
		if known[part] {
			found++
		} else if kind, _, _ := strings.Cut(part, "="); kind == "cn" || kind == "o" || kind == "c" || kind == "ou" {
			return false
		}
	}
	return found > 0
}

// splitName cuts a name in front of every "type=", wherever the separators are:
// a value may hold a comma or a slash of its own.
func splitName(s string) []string {
	var parts []string
	for _, piece := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '/' || r == '+' }) {
		kind, _, ok := strings.Cut(piece, "=")
		kind = strings.TrimSpace(kind)
		if last := len(parts) - 1; last >= 0 && (!ok || strings.Contains(kind, " ")) {
			parts[last] += piece
			continue
		}
		parts = append(parts, piece)
	}
	return parts
}

func folded(s string) string {
	s = strings.ReplaceAll(s, "%20", "")
	return strings.ToLower(strings.Map(func(r rune) rune {
		switch r {
		case ' ', ',', '/', '+', '\\':
			return -1
		}
		return r
	}, s))
}
