package bunq

import (
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/onepointledger/onepoint"
)

// field is one value that an operation takes.
type field struct {
	name     string
	expects  string // in words: "must be …"
	fits     func(string) bool
	optional bool
}

func (f field) orNone() field { f.optional = true; return f }

func numberField(name string) field {
	return field{name: name, expects: "bunq's number of it, digits only", fits: isNumber}
}

func accountField() field {
	return field{name: "account", expects: "the number of the monetary account at bunq, digits only", fits: isNumber}
}

// pagingFields choose a part of a list, newest first.
func pagingFields() []field {
	return []field{
		field{name: "count", expects: "how many to list, 1 to 200; bunq lists 10 otherwise", fits: isCount}.orNone(),
		field{name: "older_id", expects: "the number of the last one of the page before", fits: isNumber}.orNone(),
	}
}

func isCount(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1 && n <= maxPage && isNumber(s)
}

// moneyFields are an amount; [checkTogether] looks at both.
func moneyFields() []field {
	return []field{
		{name: "amount", expects: "a positive decimal such as 12.50", fits: isAmount},
		{name: "currency", expects: "three capitals of ISO 4217, such as EUR", fits: func(s string) bool { return onepoint.Currency(s).Valid() }},
	}
}

func isAmount(s string) bool {
	m, err := onepoint.ParseMoney(s, "EUR")
	return err == nil && !m.IsNegative() && !m.IsZero()
}

// checkTogether looks at fields that are right each for itself.
func checkTogether(in map[string]string) []onepoint.Field {
	if value := in["amount"]; value != "" {
		m, err := onepoint.ParseMoney(value, onepoint.Currency(in["currency"]))
		if err == nil {
			_, err = m.Minor()
		}
		if err != nil {
			return []onepoint.Field{{Name: "amount", Message: "must have no more decimals than its currency"}}
		}
	}
	if onepoint.ValidIBAN(in["to"]) && in["name"] == "" {
		return []onepoint.Field{{Name: "name", Message: "is needed with an IBAN: who owns it"}}
	}
	return nil
}

func ibanField(name string) field {
	return field{name: name, expects: "an IBAN without blanks", fits: onepoint.ValidIBAN}
}

func partyField(name string) field {
	return field{name: name, expects: "an IBAN without blanks, or an e-mail address", fits: func(s string) bool {
		return onepoint.ValidIBAN(s) || isEmail(s)
	}}
}

func isEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= 254
}

func textField(name, expects string, most int) field {
	return field{name: name, expects: expects, fits: func(s string) bool {
		return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && strings.TrimSpace(s) != "" && !strings.ContainsFunc(s, unicode.IsControl)
	}}
}

func descriptionField() field {
	return textField("description", "what the other side reads, at most 140 characters", maxDescription)
}

func urlField(name string) field {
	return field{name: name, expects: "an https address without user and fragment", fits: func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil && u.Fragment == "" && len(s) <= 2000
	}}
}

func ipField() field {
	return field{name: "ip", expects: "an IPv4 or IPv6 address", fits: func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && a.Zone() == ""
	}}
}

func statusField() field {
	return field{name: "status", expects: "ACTIVE or INACTIVE", fits: func(s string) bool { return s == active || s == "INACTIVE" }}
}

func timeField(name string) field {
	return field{name: name, expects: "a time such as 2026-03-31T12:00:00Z", fits: func(s string) bool {
		_, err := time.Parse(time.RFC3339, s)
		return err == nil
	}}
}

func uuidField(name string) field {
	return field{name: name, expects: "a UUID", fits: func(s string) bool {
		if len(s) != 36 {
			return false
		}
		for i := range len(s) {
			dash := i == 8 || i == 13 || i == 18 || i == 23
			if dash != (s[i] == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(s[i])) {
				return false
			}
		}
		return true
	}}
}

// shortName keeps a name that a caller chose fit for a message.
func shortName(s string) string {
	if len(s) > 40 || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "one"
	}
	return s
}
