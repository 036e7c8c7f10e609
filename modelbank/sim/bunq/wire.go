package bunq

import (
	"time"

	"github.com/onepointledger/onepoint"
)

const timeForm = "2006-01-02 15:04:05.000000"

// stamp is a time as bunq writes it: UTC, without saying so.
func stamp(t time.Time) string { return t.UTC().Format(timeForm) }

// amount is money on the wire.
type amount struct {
	Value    string `json:"value"`
	Currency string `json:"currency"`
}

func amountOf(m onepoint.Money) amount { return amount{m.Decimal(), string(m.Currency)} }

// positive reads an amount that somebody wants to pay or get.
func (a amount) positive() (onepoint.Money, error) {
	m, err := onepoint.ParseMoney(a.Value, onepoint.Currency(a.Currency))
	if err != nil {
		return m, bad("The amount is not valid: " + onepoint.MessageOf(err) + ".")
	}
	if minor, err := m.Minor(); err != nil || minor <= 0 {
		return m, bad("The amount must be greater than zero.")
	}
	return m, nil
}

// pointer names a party: by IBAN, e-mail address or telephone number.
type pointer struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	Name  string `json:"name"`
}

// creditor reads who is to be paid.
func (p pointer) creditor() (onepoint.Counterparty, error) {
	if p.Type != "IBAN" || len(p.Value) < 15 || len(p.Value) > 34 {
		return onepoint.Counterparty{}, bad("The counterparty alias must be a valid IBAN.")
	}
	if p.Name == "" {
		return onepoint.Counterparty{}, bad("A name is required when the counterparty alias is an IBAN.")
	}
	return onepoint.Counterparty{Name: p.Name, Identifier: onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: p.Value}}, nil
}

const maxDescription = 140

func checkDescription(s string) error {
	if len([]rune(s)) > maxDescription {
		return bad("The description may be 140 characters long at most.")
	}
	return nil
}

// pagination says where older and newer objects are; null where there are none.
type pagination struct {
	FutureURL *string `json:"future_url"`
	NewerURL  *string `json:"newer_url"`
	OlderURL  *string `json:"older_url"`
}

// answer is what a successful call gives: objects of one key each.
type answer struct {
	Response   []map[string]any `json:"Response"`
	Pagination *pagination      `json:"Pagination,omitempty"`
}

func object(name string, v any) map[string]any { return map[string]any{name: v} }

type identity struct {
	ID int64 `json:"id"`
}

func one(name string, v any) answer { return answer{Response: []map[string]any{object(name, v)}} }

func created(id int64) answer { return one("Id", identity{id}) }

func list[T any](name string, rows []T) answer {
	a := answer{Response: make([]map[string]any, 0, len(rows)), Pagination: &pagination{}}
	for _, r := range rows {
		a.Response = append(a.Response, object(name, r))
	}
	return a
}
