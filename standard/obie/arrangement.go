package obie

import (
	"time"

	"github.com/onepointledger/onepoint"
)

type wireBeneficiaries struct {
	Beneficiary []wireBeneficiary `json:"Beneficiary"`
}

type wireBeneficiary struct {
	AccountID       string          `json:"AccountId,omitempty"`
	BeneficiaryID   string          `json:"BeneficiaryId,omitempty"`
	BeneficiaryType string          `json:"BeneficiaryType,omitempty"`
	Reference       string          `json:"Reference,omitempty"`
	CreditorAgent   *wireAgent      `json:"CreditorAgent,omitempty"`
	CreditorAccount *wireIdentifier `json:"CreditorAccount,omitempty"`
}

func (c codec) beneficiaryToWire(b onepoint.Beneficiary) wireBeneficiary {
	w := wireBeneficiary{AccountID: b.Account, BeneficiaryID: b.ID, BeneficiaryType: "Ordinary", Reference: clip(b.Reference, 35)}
	if b.Trusted {
		w.BeneficiaryType = "Trusted"
	}
	w.CreditorAccount, w.CreditorAgent = partyToWire(b.Creditor)
	return w
}

func (c codec) beneficiaryFromWire(w wireBeneficiary) (onepoint.Beneficiary, error) {
	return onepoint.Beneficiary{
		ID: w.BeneficiaryID, Account: w.AccountID, Trusted: w.BeneficiaryType == "Trusted", Reference: w.Reference,
		Creditor: partyFromWire(w.CreditorAccount, w.CreditorAgent),
	}, nil
}

type wireDirectDebits struct {
	DirectDebit []wireDirectDebit `json:"DirectDebit"`
}

// wireMandate is OBMandateRelatedInformation1 of version 4.0.
type wireMandate struct {
	MandateIdentification string        `json:"MandateIdentification,omitempty"`
	FirstPaymentDateTime  string        `json:"FirstPaymentDateTime,omitempty"`
	FinalPaymentDateTime  string        `json:"FinalPaymentDateTime,omitempty"`
	Frequency             wireFrequency `json:"Frequency"`
}

type wireDirectDebit struct {
	AccountID             string       `json:"AccountId"`
	DirectDebitID         string       `json:"DirectDebitId,omitempty"`
	MandateIdentification string       `json:"MandateIdentification,omitempty"` // v3
	StatusCode            string       `json:"DirectDebitStatusCode,omitempty"`
	Mandate               *wireMandate `json:"MandateRelatedInformation,omitempty"` // v4
	Name                  string       `json:"Name"`
	PreviousPaymentTime   string       `json:"PreviousPaymentDateTime,omitempty"`
	Frequency             string       `json:"Frequency,omitempty"` // v3
	PreviousPaymentAmount *wireAmount  `json:"PreviousPaymentAmount,omitempty"`
}

func (c codec) directDebitToWire(d onepoint.DirectDebit) wireDirectDebit {
	w := wireDirectDebit{
		AccountID: d.Account, DirectDebitID: d.ID, StatusCode: toWire(c.mandates, d.Status, ""), Name: clip(d.Name, 70),
		PreviousPaymentTime: c.stamp(d.Previous), PreviousPaymentAmount: amountToWire(d.PreviousAmount),
	}
	if c.legacy {
		w.MandateIdentification, w.Frequency = clip(d.Mandate, 35), toWire(mandateFrequencies(), d.Frequency.Period, "UK.OBIE.NotKnown")
		return w
	}
	w.Mandate = &wireMandate{MandateIdentification: clip(d.Mandate, 35), Frequency: frequencyToWire(d.Frequency)}
	return w
}

func (c codec) directDebitFromWire(w wireDirectDebit) (onepoint.DirectDebit, error) {
	d := onepoint.DirectDebit{
		ID: w.DirectDebitID, Account: w.AccountID, Mandate: w.MandateIdentification, Name: w.Name,
		Status:    fromWire(c.mandates, w.StatusCode, onepoint.ArrangementActive),
		Frequency: onepoint.Frequency{Period: fromWire(mandateFrequencies(), w.Frequency, onepoint.PeriodOnDemand)},
	}
	if w.Mandate != nil {
		d.Mandate, d.Frequency = w.Mandate.MandateIdentification, frequencyFromWire(w.Mandate.Frequency)
	}
	r := reader{codec: c}
	d.Previous, d.PreviousAmount = r.time(w.PreviousPaymentTime), r.amount(w.PreviousPaymentAmount)
	return d, r.err
}

type wireScheduledPayments struct {
	ScheduledPayment []wireScheduledPayment `json:"ScheduledPayment"`
}

type wireScheduledPayment struct {
	AccountID          string          `json:"AccountId"`
	ScheduledPaymentID string          `json:"ScheduledPaymentId,omitempty"`
	DateTime           string          `json:"ScheduledPaymentDateTime"`
	ScheduledType      string          `json:"ScheduledType"`
	Reference          string          `json:"Reference,omitempty"`
	InstructedAmount   *wireAmount     `json:"InstructedAmount"`
	CreditorAgent      *wireAgent      `json:"CreditorAgent,omitempty"`
	CreditorAccount    *wireIdentifier `json:"CreditorAccount,omitempty"`
}

func (c codec) scheduledPaymentToWire(p onepoint.ScheduledPayment) wireScheduledPayment {
	w := wireScheduledPayment{
		AccountID: p.Account, ScheduledPaymentID: p.ID, DateTime: c.stamp(p.At), ScheduledType: "Execution",
		Reference: clip(p.Reference, 35), InstructedAmount: amountToWire(p.Amount),
	}
	if p.Arrival {
		w.ScheduledType = "Arrival"
	}
	w.CreditorAccount, w.CreditorAgent = partyToWire(p.Creditor)
	return w
}

func (c codec) scheduledPaymentFromWire(w wireScheduledPayment) (onepoint.ScheduledPayment, error) {
	r := reader{codec: c}
	p := onepoint.ScheduledPayment{
		ID: w.ScheduledPaymentID, Account: w.AccountID, At: r.time(w.DateTime), Arrival: w.ScheduledType == "Arrival",
		Reference: w.Reference, Amount: r.amount(w.InstructedAmount), Creditor: partyFromWire(w.CreditorAccount, w.CreditorAgent),
	}
	return p, r.err
}

// reader reads optional fields and keeps the first fault.
type reader struct {
	codec
	err error
}

func (r *reader) time(s string) time.Time {
	t, err := r.instant(s)
	if err != nil && r.err == nil {
		r.err = err
	}
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

func (r *reader) amount(w *wireAmount) onepoint.Money { return r.signed(w, "") }

func (r *reader) signed(w *wireAmount, indicator string) onepoint.Money {
	if w == nil {
		return onepoint.Money{}
	}
	m, err := signed(*w, indicator)
	if err != nil && r.err == nil {
		r.err = err
	}
	return m
}

// amountToWire is an optional amount without sign.
func amountToWire(m onepoint.Money) *wireAmount {
	if m.Currency == "" {
		return nil
	}
	w, _ := unsigned(m)
	return &w
}
