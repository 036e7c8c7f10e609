package berlin

import (
	"encoding/json"

	"github.com/onepointledger/onepoint"
)

// Transaction reads an entry and keeps it byte for byte. A pending entry
// without a booking date takes its value date.
func (c Codec) Transaction(raw json.RawMessage, status onepoint.TransactionStatus) (onepoint.Transaction, error) {
	var w Transaction
	if err := json.Unmarshal(raw, &w); err != nil {
		return onepoint.Transaction{}, broken("a transaction", err)
	}
	t := onepoint.Transaction{
		ID: w.ID, Reference: w.EndToEndID, Status: status, Information: w.information(),
		BankCode: w.BankCode, ProprietaryCode: w.Proprietary, Raw: append([]byte(nil), raw...),
	}
	if t.Reference == "NOTPROVIDED" { // what ISO 20022 writes for none
		t.Reference = ""
	}
	var err error
	if t.Amount, err = w.Amount.Money(); err != nil {
		return t, err
	}
	if c.Unsigned && w.leaves() {
		t.Amount = t.Amount.Abs().Neg()
	}
	if t.BookingDate, err = civil(w.BookingDate); err != nil {
		return t, err
	}
	if t.ValueDate, err = civil(w.ValueDate); err != nil {
		return t, err
	}
	if t.BookingDate.IsZero() {
		t.BookingDate = t.ValueDate
	}
	if t.BookingDate.IsZero() && status == onepoint.StatusBooked {
		return t, broken("a booked transaction without date", nil)
	}
	t.Counterparty = w.counterparty(t.Amount.IsNegative())
	t.Exchange = w.exchange(t.Amount)
	return t, nil
}

func (w Transaction) information() string {
	if w.Unstructured != "" {
		return w.Unstructured
	}
	return w.Additional
}

// leaves tells money that goes out by the parties: only the other side is
// named.
func (w Transaction) leaves() bool {
	creditor := w.CreditorName != "" || w.CreditorAccount != nil
	debtor := w.DebtorName != "" || w.DebtorAccount != nil
	return creditor && !debtor
}

// counterparty is the creditor of what left, the debtor of what came; where a
// bank names one side only, that one.
func (w Transaction) counterparty(left bool) onepoint.Counterparty {
	creditor := party(w.CreditorName, w.CreditorAccount, w.CreditorAgent)
	debtor := party(w.DebtorName, w.DebtorAccount, w.DebtorAgent)
	other, same := debtor, creditor
	if left {
		other, same = creditor, debtor
	}
	if other == (onepoint.Counterparty{}) {
		return same
	}
	return other
}

func party(name string, account *AccountReference, agent string) onepoint.Counterparty {
	p := onepoint.Counterparty{Name: name, Agent: agent}
	if account != nil {
		p.Identifier = account.Identifier()
	}
	return p
}

// exchange keeps the rate; the wire does not say what was instructed.
func (w Transaction) exchange(booked onepoint.Money) *onepoint.Exchange {
	if len(w.Exchange) == 0 || w.Exchange[0].Rate == "" {
		return nil
	}
	x := w.Exchange[0]
	e := &onepoint.Exchange{Rate: x.Rate, Unit: x.UnitCurrency, Target: x.TargetCurrency}
	if e.Target == "" {
		e.Target = string(booked.Currency)
	}
	return e
}

// TransactionToWire writes an entry. A pending one has no booking date yet.
func (c Codec) TransactionToWire(t onepoint.Transaction) Transaction {
	w := Transaction{
		ID: t.ID, EndToEndID: t.Reference, Amount: AmountOf(t.Amount), ValueDate: t.ValueDate.String(),
		Unstructured: t.Information, BankCode: t.BankCode, Proprietary: t.ProprietaryCode,
	}
	if t.Status == onepoint.StatusBooked {
		w.BookingDate = t.BookingDate.String()
	}
	var account *AccountReference
	if t.Counterparty.Identifier.Value != "" {
		r := ReferenceOf(t.Counterparty.Identifier)
		account = &r
	}
	if t.Amount.IsNegative() {
		w.CreditorName, w.CreditorAccount, w.CreditorAgent = t.Counterparty.Name, account, t.Counterparty.Agent
	} else {
		w.DebtorName, w.DebtorAccount, w.DebtorAgent = t.Counterparty.Name, account, t.Counterparty.Agent
	}
	if x := t.Exchange; x != nil {
		w.Exchange = Exchanges{{
			SourceCurrency: string(x.Instructed.Currency), TargetCurrency: x.Target, UnitCurrency: x.Unit, Rate: x.Rate,
		}}
	}
	return w
}
