package obie

import (
	"github.com/onepointledger/onepoint"
)

type wireStandingOrders struct {
	StandingOrder []wireStandingOrder `json:"StandingOrder"`
}

// wireStandingOrder is OBStandingOrder6; what version 4.0 moved into the mandate
// is marked v3.
type wireStandingOrder struct {
	AccountID            string          `json:"AccountId"`
	StandingOrderID      string          `json:"StandingOrderId,omitempty"`
	Frequency            string          `json:"Frequency,omitempty"`            // v3
	Reference            string          `json:"Reference,omitempty"`            // v3
	FirstPaymentDateTime string          `json:"FirstPaymentDateTime,omitempty"` // v3
	NextPaymentDateTime  string          `json:"NextPaymentDateTime,omitempty"`
	LastPaymentDateTime  string          `json:"LastPaymentDateTime,omitempty"`
	FinalPaymentDateTime string          `json:"FinalPaymentDateTime,omitempty"` // v3
	StatusCode           string          `json:"StandingOrderStatusCode,omitempty"`
	FirstPaymentAmount   *wireAmount     `json:"FirstPaymentAmount,omitempty"`
	NextPaymentAmount    *wireAmount     `json:"NextPaymentAmount,omitempty"`
	LastPaymentAmount    *wireAmount     `json:"LastPaymentAmount,omitempty"`
	CreditorAgent        *wireAgent      `json:"CreditorAgent,omitempty"`
	CreditorAccount      *wireIdentifier `json:"CreditorAccount,omitempty"`
	Mandate              *wireMandate    `json:"MandateRelatedInformation,omitempty"` // v4
	Remittance           *wireRemittance `json:"RemittanceInformation,omitempty"`     // v4
}

// wireRemittance is OBRemittanceInformation2 of version 4.0.
type wireRemittance struct {
	Structured   []wireStructuredRemittance `json:"Structured,omitempty"`
	Unstructured []string                   `json:"Unstructured,omitempty"`
}

type wireStructuredRemittance struct {
	CreditorReferenceInformation *wireCreditorReference `json:"CreditorReferenceInformation,omitempty"`
}

type wireCreditorReference struct {
	Reference string `json:"Reference,omitempty"`
}

func (c codec) standingOrderToWire(o onepoint.StandingOrder) wireStandingOrder {
	w := wireStandingOrder{
		AccountID: o.Account, StandingOrderID: o.ID, StatusCode: toWire(c.mandates, o.Status, ""),
		NextPaymentDateTime: c.stamp(o.Next), LastPaymentDateTime: c.stamp(o.Last),
		FirstPaymentAmount: amountToWire(o.FirstAmount), NextPaymentAmount: amountToWire(o.NextAmount), LastPaymentAmount: amountToWire(o.LastAmount),
	}
	w.CreditorAccount, w.CreditorAgent = partyToWire(o.Creditor)
	if c.legacy {
		w.Frequency, w.Reference = frequencyToText(o.Frequency), clip(o.Reference, 35)
		w.FirstPaymentDateTime, w.FinalPaymentDateTime = c.stamp(o.First), c.stamp(o.Final)
		return w
	}
	w.Mandate = &wireMandate{Frequency: frequencyToWire(o.Frequency), FirstPaymentDateTime: c.stamp(o.First), FinalPaymentDateTime: c.stamp(o.Final)}
	if o.Reference != "" {
		w.Remittance = &wireRemittance{Structured: []wireStructuredRemittance{
			{CreditorReferenceInformation: &wireCreditorReference{Reference: clip(o.Reference, 35)}},
		}}
	}
	return w
}

func (c codec) standingOrderFromWire(w wireStandingOrder) (onepoint.StandingOrder, error) {
	r := reader{codec: c}
	o := onepoint.StandingOrder{
		ID: w.StandingOrderID, Account: w.AccountID, Reference: w.Reference, Status: fromWire(c.mandates, w.StatusCode, onepoint.ArrangementActive),
		First: r.time(w.FirstPaymentDateTime), FirstAmount: r.amount(w.FirstPaymentAmount),
		Last: r.time(w.LastPaymentDateTime), LastAmount: r.amount(w.LastPaymentAmount),
		Next: r.time(w.NextPaymentDateTime), NextAmount: r.amount(w.NextPaymentAmount),
		Final: r.time(w.FinalPaymentDateTime), Creditor: partyFromWire(w.CreditorAccount, w.CreditorAgent),
	}
	switch {
	case w.Mandate != nil:
		o.Frequency = frequencyFromWire(w.Mandate.Frequency)
		o.First, o.Final = r.time(w.Mandate.FirstPaymentDateTime), r.time(w.Mandate.FinalPaymentDateTime)
	case w.Frequency != "":
		o.Frequency = frequencyFromText(w.Frequency)
	}
	if w.Remittance != nil {
		o.Reference = w.Remittance.reference()
	}
	return o, r.err
}

// reference is the first there is: structured, else the first line of text.
func (w *wireRemittance) reference() string {
	for _, s := range w.Structured {
		if s.CreditorReferenceInformation != nil && s.CreditorReferenceInformation.Reference != "" {
			return s.CreditorReferenceInformation.Reference
		}
	}
	if len(w.Unstructured) > 0 {
		return w.Unstructured[0]
	}
	return ""
}
