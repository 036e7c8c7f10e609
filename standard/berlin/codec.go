package berlin

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// Codec turns domain into wire and back, in one bank's zone.
type Codec struct {
	Zone     *time.Location
	Unsigned bool // amounts of transactions carry no sign: the parties tell it
}

func broken(what string, err error) error {
	return onepoint.E(onepoint.CodeProtocol, "read the bank's answer", "the bank sent "+what+" that makes no sense", err)
}

// AmountOf writes money.
func AmountOf(m onepoint.Money) Amount {
	return Amount{Currency: string(m.Currency), Amount: json.Number(m.Decimal())}
}

// Money reads an amount; CodeProtocol for one that is none.
func (a Amount) Money() (onepoint.Money, error) {
	m, err := onepoint.ParseMoney(string(a.Amount), onepoint.Currency(a.Currency))
	if err != nil {
		return m, broken("an amount", err)
	}
	return m, nil
}

const sortCodeDigits = 6

// ReferenceOf writes an identifier.
func ReferenceOf(id onepoint.Identifier) AccountReference {
	switch id.Scheme {
	case onepoint.SchemeIBAN:
		return AccountReference{IBAN: id.Value}
	case onepoint.SchemeSortCode:
		if len(id.Value) > sortCodeDigits {
			return AccountReference{SortCode: id.Value[:sortCodeDigits], BBAN: id.Value[sortCodeDigits:]}
		}
	case onepoint.SchemePAN:
		return AccountReference{MaskedPAN: id.Value}
	}
	return AccountReference{BBAN: id.Value}
}

// Identifier reads a reference; zero for an empty one.
func (r AccountReference) Identifier() onepoint.Identifier {
	switch {
	case r.IBAN != "":
		return onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: strings.ReplaceAll(r.IBAN, " ", "")}
	case r.SortCode != "" && r.BBAN != "":
		return onepoint.Identifier{Scheme: onepoint.SchemeSortCode, Value: strings.ReplaceAll(r.SortCode, "-", "") + r.BBAN}
	case r.BBAN != "":
		return onepoint.Identifier{Scheme: onepoint.SchemeBBAN, Value: r.BBAN}
	case r.PAN != "":
		return onepoint.Identifier{Scheme: onepoint.SchemePAN, Value: r.PAN}
	case r.MaskedPAN != "":
		return onepoint.Identifier{Scheme: onepoint.SchemePAN, Value: r.MaskedPAN}
	}
	return onepoint.Identifier{}
}

// instant reads a date and time; banks leave the zone out.
func (c Codec) instant(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	t, err := time.ParseInLocation("2006-01-02T15:04:05.999999999", text, c.Zone)
	if err != nil {
		return t, broken("a time", err)
	}
	return t, nil
}

// civil reads a date, or the date of a date and time.
func civil(text string) (onepoint.Date, error) {
	if text == "" {
		return onepoint.Date{}, nil
	}
	day, _, _ := strings.Cut(text, "T")
	d, err := onepoint.ParseDate(day)
	if err != nil {
		return d, broken("a date", err)
	}
	return d, nil
}
