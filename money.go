package onepoint

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/govalues/decimal"
)

// Currency is an ISO 4217 alphabetic code, such as "EUR".
type Currency string

// Exponent returns the number of digits after the decimal point that the
// currency has by ISO 4217, 2 for a code this table does not list.
func (c Currency) Exponent() int {
	switch c {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

// Valid reports whether the code has the shape of an ISO 4217 code.
func (c Currency) Valid() bool {
	if len(c) != 3 {
		return false
	}
	for i := range 3 {
		if c[i] < 'A' || c[i] > 'Z' {
			return false
		}
	}
	return true
}

// Money is an exact amount of one currency. A negative amount leaves the
// account it is seen from. The zero value is no money in no currency.
type Money struct {
	Amount   decimal.Decimal `json:"amount"`
	Currency Currency        `json:"currency"`
}

// Outside bytes come in here: plain decimals only, no exponent, no spaces.
var plainDecimal = regexp.MustCompile(`^-?[0-9]{1,18}(\.[0-9]{1,18})?$`)

// ParseMoney reads a plain decimal such as "-12.30" and a currency code. It
// refuses exponents, blanks, more than 18 digits, and codes that are not three
// capitals, with an error of [CodeInvalid]. Digits beyond the currency's
// exponent are kept: some banks send them.
func ParseMoney(amount string, c Currency) (Money, error) {
	if !c.Valid() {
		return Money{}, E(CodeInvalid, "parse money", "the currency is not a three-letter ISO 4217 code", nil)
	}
	if !plainDecimal.MatchString(amount) {
		return Money{}, E(CodeInvalid, "parse money", "the amount is not a plain decimal number", nil)
	}
	fraction := 0
	if point := strings.IndexByte(amount, '.'); point >= 0 {
		fraction = len(amount) - point - 1
	}
	d, err := decimal.ParseExact(amount, fraction) // Parse alone would round
	if err != nil {
		return Money{}, E(CodeInvalid, "parse money", "the amount has more digits than money can have", err)
	}
	return Money{Amount: d, Currency: c}.canonical(), nil
}

// MustMoney is ParseMoney for constants in tests and seeds; it panics on a
// malformed amount.
func MustMoney(amount string, c Currency) Money {
	m, err := ParseMoney(amount, c)
	if err != nil {
		panic(err)
	}
	return m
}

// MinorMoney makes money from a count of the currency's minor units: 1230 of
// EUR is 12.30.
func MinorMoney(minor int64, c Currency) Money {
	return Money{Amount: decimal.MustNew(minor, c.Exponent()), Currency: c}
}

// Minor returns the amount in the currency's minor units. It is an error of
// [CodeInvalid] when the amount has finer digits or does not fit.
func (m Money) Minor() (int64, error) {
	exp := m.Currency.Exponent()
	whole, frac, ok := m.Amount.Trim(0).Int64(exp)
	if !ok || !m.Amount.Equal(m.Amount.Trunc(exp)) {
		return 0, E(CodeInvalid, "count minor units", "the amount is finer than the currency's smallest unit, or too large", nil)
	}
	scale := int64(1)
	for range exp {
		scale *= 10
	}
	if whole > (1<<62)/scale || whole < -(1<<62)/scale {
		return 0, E(CodeInvalid, "count minor units", "the amount is too large", nil)
	}
	return whole*scale + frac, nil
}

// canonical gives equal amounts one spelling: trailing zeros beyond the
// currency's exponent go, missing ones come, and there is no negative zero.
func (m Money) canonical() Money {
	exp := m.Currency.Exponent()
	m.Amount = m.Amount.Trim(exp)
	if m.Amount.Scale() < exp {
		m.Amount = m.Amount.Pad(exp)
	}
	return m
}

// Add returns m + n. Different currencies are an error of [CodeInvalid].
func (m Money) Add(n Money) (Money, error) {
	if m.Currency != n.Currency {
		return Money{}, E(CodeInvalid, "add money", fmt.Sprintf("cannot add %s to %s", n.Currency, m.Currency), nil)
	}
	sum, err := m.Amount.Add(n.Amount)
	if err != nil {
		return Money{}, E(CodeInvalid, "add money", "the sum has more digits than money can have", err)
	}
	return Money{Amount: sum, Currency: m.Currency}.canonical(), nil
}

// Neg returns -m.
func (m Money) Neg() Money { return Money{Amount: m.Amount.Neg(), Currency: m.Currency} }

// Abs returns the amount without its sign.
func (m Money) Abs() Money { return Money{Amount: m.Amount.Abs(), Currency: m.Currency} }

// IsNegative reports whether the amount is below zero: a debit.
func (m Money) IsNegative() bool { return m.Amount.IsNeg() }

// IsZero reports whether the amount is zero, in whatever currency.
func (m Money) IsZero() bool { return m.Amount.IsZero() }

// Equal reports whether both are the same amount of the same currency; 1.5 and
// 1.50 are the same amount.
func (m Money) Equal(n Money) bool { return m.Currency == n.Currency && m.Amount.Equal(n.Amount) }

// Decimal is the amount as plain digits with at least the currency's exponent,
// such as "-12.30": the form of every wire and every column.
func (m Money) Decimal() string { return m.canonical().Amount.String() }

// String is for people and logs: "-12.30 EUR".
func (m Money) String() string { return strings.TrimSpace(m.Decimal() + " " + string(m.Currency)) }

type moneyJSON struct {
	Amount   string   `json:"amount"`
	Currency Currency `json:"currency"`
}

// MarshalJSON writes {"amount":"-12.30","currency":"EUR"}: never a JSON number,
// which readers turn into a float.
func (m Money) MarshalJSON() ([]byte, error) {
	return json.Marshal(moneyJSON{m.Decimal(), m.Currency})
}

// UnmarshalJSON reads what MarshalJSON writes, under the rules of [ParseMoney].
func (m *Money) UnmarshalJSON(b []byte) error {
	var j moneyJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return E(CodeInvalid, "read money", "money is an object with amount and currency", err)
	}
	if j == (moneyJSON{Amount: "0.00"}) || j == (moneyJSON{}) {
		*m = Money{}
		return nil
	}
	parsed, err := ParseMoney(j.Amount, j.Currency)
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}
