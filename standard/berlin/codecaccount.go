package berlin

import (
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// Account reads an account. CodeProtocol for one without id or currency.
func (c Codec) Account(w Account) (onepoint.Account, error) {
	currency := onepoint.Currency(w.Currency)
	if w.ResourceID == "" || !currency.Valid() {
		return onepoint.Account{}, broken("an account", nil)
	}
	a := onepoint.Account{
		ID: w.ResourceID, Currency: currency, Product: w.Product, Nickname: w.Name, Holder: w.OwnerName,
		Type: fromWire(accountTypes(), w.Type, onepoint.AccountOther), Usage: fromWire(usages(), w.Usage, ""),
		Closed: w.Status == "deleted",
	}
	if w.IBAN != "" {
		a.Identifiers = append(a.Identifiers, AccountReference{IBAN: w.IBAN}.Identifier())
	}
	local := AccountReference{BBAN: w.BBAN, SortCode: w.SortCode}
	if local.BBAN == "" {
		local.BBAN = w.Local
	}
	if id := local.Identifier(); id.Value != "" && id.Value != strings.ReplaceAll(w.IBAN, " ", "") {
		a.Identifiers = append(a.Identifiers, id)
	}
	if w.MaskedPAN != "" {
		a.Identifiers = append(a.Identifiers, AccountReference{MaskedPAN: w.MaskedPAN}.Identifier())
	}
	return a, nil
}

// AccountToWire writes an account.
func (c Codec) AccountToWire(a onepoint.Account) Account {
	w := Account{
		ResourceID: a.ID, Currency: string(a.Currency), Product: a.Product, Name: a.Nickname, OwnerName: a.Holder,
		Type: toWire(accountTypes(), a.Type, "OTHR"), Usage: toWire(usages(), a.Usage, ""), Status: "enabled",
	}
	if a.Closed {
		w.Status = "deleted"
	}
	for _, id := range a.Identifiers {
		r := ReferenceOf(id)
		switch {
		case r.IBAN != "":
			w.IBAN = r.IBAN
		case r.MaskedPAN != "":
			w.MaskedPAN = r.MaskedPAN
		default:
			w.BBAN, w.SortCode = r.BBAN, r.SortCode
		}
	}
	return w
}

// Balance reads a balance; a date without a time is the end of that day.
func (c Codec) Balance(w Balance) (onepoint.Balance, error) {
	m, err := w.Amount.Money()
	if err != nil {
		return onepoint.Balance{}, err
	}
	b := onepoint.Balance{Type: fromWire(balanceTypes(), w.Type, onepoint.BalanceOther), Amount: m}
	switch {
	case w.LastChange != "":
		if b.At, err = c.instant(w.LastChange); err != nil {
			return b, err
		}
	case w.ReferenceDate != "":
		d, err := civil(w.ReferenceDate)
		if err != nil {
			return b, err
		}
		b.At = d.AddDays(1).Time(c.Zone)
	}
	return b, nil
}

// BalanceToWire writes a balance.
func (c Codec) BalanceToWire(b onepoint.Balance) Balance {
	w := Balance{Type: toWire(balanceTypes(), b.Type, "nonInvoiced"), Amount: AmountOf(b.Amount)}
	if !b.At.IsZero() {
		w.LastChange = b.At.UTC().Format(time.RFC3339)
	}
	included := false
	for _, line := range b.CreditLines {
		included = included || line.Included
	}
	w.CreditLimitIncluded = &included
	return w
}
