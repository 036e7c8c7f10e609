package tpp

import (
	"strings"
	"unicode/utf8"

	"github.com/onepointledger/onepoint"
)

// What every scheme carries (SEPA rulebook: name 70, text 140, reference 35).
const (
	maxCreditorName = 70
	maxInformation  = 140
	maxReference    = 35
)

// CheckOrder refuses an order that no bank could carry out. CodeInvalid, naming
// every field that is wrong.
func CheckOrder(o onepoint.Payment) error {
	var faults []onepoint.Field
	must := func(ok bool, name, message string) {
		if !ok {
			faults = append(faults, onepoint.Field{Name: name, Message: message})
		}
	}
	_, err := o.Amount.Minor()
	must(err == nil && o.Amount.Currency.Valid() && !o.Amount.IsNegative() && !o.Amount.IsZero(),
		"amount", "must be positive, with no more decimals than its currency has")
	must(fits(o.Creditor.Name, 1, maxCreditorName), "creditor.name", "must have 1 to 70 characters")
	must(o.Creditor.Identifier.Value != "", "creditor.identifier", "is missing")
	must(o.Creditor.Identifier.Scheme != onepoint.SchemeIBAN || onepoint.ValidIBAN(o.Creditor.Identifier.Value),
		"creditor.identifier", "is no IBAN: a digit or letter is wrong")
	must(o.Debtor.Value == "" || o.Debtor.Scheme != onepoint.SchemeIBAN || onepoint.ValidIBAN(o.Debtor.Value),
		"debtor", "is no IBAN: a digit or letter is wrong")
	must(fits(o.Information, 0, maxInformation), "information", "must have at most 140 characters")
	must(fits(o.Reference, 0, maxReference), "reference", "must have at most 35 characters")
	switch o.Scheme {
	case onepoint.SchemeSEPA, onepoint.SchemeSEPAInstant:
		must(o.Amount.Currency == "EUR", "amount", "a SEPA payment is in euro")
		must(o.Creditor.Identifier.Scheme == onepoint.SchemeIBAN, "creditor.identifier", "a SEPA payment goes to an IBAN")
	case onepoint.SchemeDomestic, onepoint.SchemeInternational, onepoint.SchemeBookTransfer:
	default:
		must(false, "scheme", "must be sepa, sepa_instant, domestic, international or book_transfer")
	}
	if len(faults) == 0 {
		return nil
	}
	words := make([]string, len(faults))
	for i, f := range faults {
		words[i] = f.Name + " " + f.Message
	}
	return &onepoint.Error{Code: onepoint.CodeInvalid, Op: "pay", Msg: strings.Join(words, "; "), Fields: faults}
}

func fits(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return utf8.ValidString(s) && n >= least && n <= most && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' })
}
