package as

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"
)

// sameName compares a subject that a client registered as text with the subject
// of a certificate. Clients write the parts in either order, with names or
// numbers for the types, so the parts are compared as a set.
func sameName(registered string, cert *x509.Certificate) bool {
	var have []string
	for _, part := range cert.Subject.Names {
		value, ok := part.Value.(string)
		if !ok {
			return false
		}
		have = append(have, part.Type.String()+"="+strings.ToLower(value))
	}
	want, ok := parseName(registered)
	if !ok || len(want) == 0 {
		return false
	}
	slices.Sort(have)
	slices.Sort(want)
	return slices.Equal(have, want)
}

// attributeTypes are the short names of RFC 4514 section 3, and those that
// eIDAS certificates carry.
func attributeType(name string) string {
	switch strings.ToUpper(name) {
	case "CN":
		return "2.5.4.3"
	case "SERIALNUMBER":
		return "2.5.4.5"
	case "C":
		return "2.5.4.6"
	case "L":
		return "2.5.4.7"
	case "ST":
		return "2.5.4.8"
	case "STREET":
		return "2.5.4.9"
	case "O":
		return "2.5.4.10"
	case "OU":
		return "2.5.4.11"
	case "ORGANIZATIONIDENTIFIER":
		return "2.5.4.97"
	}
	return strings.TrimPrefix(strings.ToUpper(name), "OID.")
}

// parseName reads a distinguished name of RFC 4514, or of RFC 2253 before it:
// parts parted by commas or plus signs, values plain, escaped, quoted, or as #DER.
func parseName(s string) ([]string, bool) {
	var parts []string
	for _, part := range splitName(s) {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, false
		}
		value, ok = attributeValue(strings.TrimSpace(value))
		if !ok {
			return nil, false
		}
		parts = append(parts, attributeType(strings.TrimSpace(name))+"="+strings.ToLower(value))
	}
	return parts, true
}

func splitName(s string) []string {
	var parts []string
	start, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ',', '+':
			if !quoted {
				parts = append(parts, s[start:i])
				start = i + 1
			}
		}
	}
	return append(parts, s[start:])
}

func attributeValue(s string) (string, bool) {
	if der, ok := strings.CutPrefix(s, "#"); ok {
		raw, ok := unhex(der)
		var text string
		if _, err := asn1.Unmarshal(raw, &text); !ok || err != nil {
			return "", false
		}
		return text, true
	}
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' { // as RFC 2253 section 4 wrote it
		s = s[1 : len(s)-1]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			return "", false
		}
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 < len(s) {
			if raw, ok := unhex(s[i+1 : i+3]); ok {
				b.Write(raw)
				i += 2
				continue
			}
		}
		if i++; i >= len(s) {
			return "", false
		}
		b.WriteByte(s[i])
	}
	return b.String(), true
}

func unhex(s string) ([]byte, bool) {
	if len(s)%2 != 0 {
		return nil, false
	}
	out := make([]byte, len(s)/2)
	for i := range out {
		for _, c := range []byte(s[2*i : 2*i+2]) {
			d := strings.IndexByte("0123456789abcdef", c|0x20)
			if d < 0 {
				return nil, false
			}
			out[i] = out[i]<<4 | byte(d)
		}
	}
	return out, true
}
