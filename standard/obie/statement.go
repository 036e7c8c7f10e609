package obie

import (
	"strings"

	"github.com/onepointledger/onepoint"
)

type wireStatements struct {
	Statement []wireStatement `json:"Statement"`
}

type wireStatement struct {
	AccountID          string                `json:"AccountId"`
	StatementID        string                `json:"StatementId,omitempty"`
	StatementReference string                `json:"StatementReference,omitempty"`
	Type               string                `json:"Type"`
	StartDateTime      string                `json:"StartDateTime"`
	EndDateTime        string                `json:"EndDateTime"`
	CreationDateTime   string                `json:"CreationDateTime"`
	StatementFee       []wireStatementAmount `json:"StatementFee,omitempty"`
	StatementInterest  []wireStatementAmount `json:"StatementInterest,omitempty"`
	StatementAmount    []wireStatementAmount `json:"StatementAmount,omitempty"`
}

type wireStatementAmount struct {
	CreditDebitIndicator string     `json:"CreditDebitIndicator"`
	Type                 string     `json:"Type"`
	Amount               wireAmount `json:"Amount"`
}

// What the amounts of a statement are (OBExternalStatementAmountType1Code).
const (
	amountOpening = "UK.OBIE.PreviousClosingBalance"
	amountClosing = "UK.OBIE.ClosingBalance"
	amountCredits = "UK.OBIE.TotalCredits"
	amountDebits  = "UK.OBIE.TotalDebits"
	amountTotal   = "UK.OBIE.Total" // of fees, of interest
)

func statementTypes() []pair[onepoint.StatementType] {
	return []pair[onepoint.StatementType]{
		{onepoint.StatementRegular, "RegularPeriodic"},
		{onepoint.StatementInterim, "Interim"},
		{onepoint.StatementAnnual, "Annual"},
		{onepoint.StatementOpening, "AccountOpening"},
		{onepoint.StatementClosing, "AccountClosure"},
	}
}

func (c codec) statementToWire(s onepoint.Statement) wireStatement {
	w := wireStatement{
		AccountID: s.Account, StatementID: s.ID, StatementReference: clip(s.Reference, 35), Type: toWire(statementTypes(), s.Type, "Interim"),
		StartDateTime: c.stamp(s.Start), EndDateTime: c.stamp(s.End), CreationDateTime: c.stamp(s.Created),
	}
	put := func(to *[]wireStatementAmount, kind string, m onepoint.Money) {
		if m.Currency != "" {
			amount, indicator := unsigned(m)
			*to = append(*to, wireStatementAmount{indicator, kind, amount})
		}
	}
	put(&w.StatementAmount, amountOpening, s.Opening)
	put(&w.StatementAmount, amountClosing, s.Closing)
	put(&w.StatementAmount, amountCredits, s.Credits)
	put(&w.StatementAmount, amountDebits, s.Debits.Neg())
	if n := len(w.StatementAmount); n > 0 {
		w.StatementAmount[n-1].CreditDebitIndicator = debit // of nothing, too
	}
	if !s.Fees.IsZero() {
		put(&w.StatementFee, amountTotal, s.Fees.Neg())
	}
	if !s.Interest.IsZero() {
		put(&w.StatementInterest, amountTotal, s.Interest)
	}
	return w
}

func (c codec) statementFromWire(w wireStatement) (onepoint.Statement, error) {
	r := reader{codec: c}
	s := onepoint.Statement{
		ID: w.StatementID, Account: w.AccountID, Reference: w.StatementReference, Type: fromWire(statementTypes(), w.Type, onepoint.StatementInterim),
		Start: r.time(w.StartDateTime), End: r.time(w.EndDateTime), Created: r.time(w.CreationDateTime),
	}
	for _, a := range w.StatementAmount {
		m := r.signed(&a.Amount, a.CreditDebitIndicator)
		switch a.Type {
		case amountOpening, "UK.OBIE.StartingBalance":
			s.Opening = m
		case amountClosing:
			s.Closing = m
		case amountCredits:
			s.Credits = m.Abs()
		case amountDebits:
			s.Debits = m.Abs()
		}
	}
	for _, f := range w.StatementFee {
		if strings.HasSuffix(f.Type, ".Total") {
			s.Fees = r.signed(&f.Amount, f.CreditDebitIndicator).Neg()
		}
	}
	for _, i := range w.StatementInterest {
		if strings.HasSuffix(i.Type, ".Total") {
			s.Interest = r.signed(&i.Amount, i.CreditDebitIndicator)
		}
	}
	return s, r.err
}
