package obie

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// Instruction is what the bank acts on of an Initiation. It is derived from it
// and never compared: the comparison is of the JSON that came.
type Instruction struct {
	Amount          onepoint.Money        `json:"amount,omitzero"` // InstructedAmount, or the first of a standing order
	Creditor        onepoint.Counterparty `json:"creditor,omitzero"`
	Debtor          onepoint.Identifier   `json:"debtor,omitzero"` // zero: the user chooses
	Information     string                `json:"information,omitempty"`
	Reference       string                `json:"reference,omitempty"`
	EndToEnd        string                `json:"endToEnd,omitempty"`
	LocalInstrument string                `json:"localInstrument,omitempty"`
	Execute         time.Time             `json:"execute,omitzero"`    // RequestedExecutionDateTime
	TransferIn      onepoint.Currency     `json:"transferIn,omitzero"` // CurrencyOfTransfer
	ChargeBearer    string                `json:"chargeBearer,omitempty"`
	Rate            *Quote                `json:"rate,omitempty"`  // ExchangeRateInformation, as asked for
	Order           *StandingOrder        `json:"order,omitempty"` // of a standing order
	File            *FileAnnounced        `json:"file,omitempty"`  // of a file payment
}

// StandingOrder is when and what a standing order pays.
type StandingOrder struct {
	Frequency string         `json:"frequency"` // either version's word
	Count     int            `json:"count,omitempty"`
	Point     string         `json:"point,omitempty"`
	First     time.Time      `json:"first"`
	Second    time.Time      `json:"second,omitzero"`  // RecurringPaymentDateTime
	Final     time.Time      `json:"final,omitzero"`   // FinalPaymentDateTime
	Number    int            `json:"number,omitempty"` // NumberOfPayments; 0: no limit
	Recurring onepoint.Money `json:"recurring,omitzero"`
	Last      onepoint.Money `json:"last,omitzero"` // FinalPaymentAmount
}

// FileAnnounced is what a file consent says of the file to come.
type FileAnnounced struct {
	Type  string `json:"type"`
	Hash  string `json:"hash"`            // base64 of the SHA-256
	Count int64  `json:"count,omitempty"` // -1 when not told
	Sum   string `json:"sum,omitempty"`
}

// instructionOf derives the instruction of a checked Initiation.
func (k PaymentKind) instructionOf(in any) (Instruction, error) {
	i := Instruction{
		Creditor: creditorOf(in), Debtor: identifierAt(dig(in, "DebtorAccount")), EndToEnd: textAt(in, "EndToEndIdentification"),
		LocalInstrument: textAt(in, "LocalInstrument"), Execute: timeAt(in, "RequestedExecutionDateTime"),
		TransferIn: onepoint.Currency(textAt(in, "CurrencyOfTransfer")), ChargeBearer: textAt(in, "ChargeBearer"),
	}
	i.Information, i.Reference = remittanceOf(in)
	var err error
	switch {
	case k.File:
		i.File, err = fileOf(in)
		return i, err
	case k.Recurring:
		err = i.readOrder(in, k)
	default:
		i.Amount, err = moneyAt(in, "Data.Initiation.InstructedAmount", "InstructedAmount")
	}
	if err == nil && k.Exchange {
		i.Rate, err = rateOf(dig(in, "ExchangeRateInformation"))
	}
	return i, err
}

func creditorOf(in any) onepoint.Counterparty {
	c := onepoint.Counterparty{Name: textAt(in, "CreditorAccount", "Name"), Identifier: identifierAt(dig(in, "CreditorAccount"))}
	c.Agent = textAt(in, "CreditorAgent", "Identification")
	if name := textAt(in, "Creditor", "Name"); c.Name == "" {
		c.Name = name
	}
	return c
}

func identifierAt(account any) onepoint.Identifier {
	value := textAt(account, "Identification")
	if value == "" {
		return onepoint.Identifier{}
	}
	return onepoint.Identifier{
		Scheme: fromWire(schemes(), textAt(account, "SchemeName"), onepoint.SchemeOther), Value: value,
		Secondary: textAt(account, "SecondaryIdentification"),
	}
}

// timeAt is a date and time that the tables have checked.
func timeAt(in any, names ...string) time.Time {
	t, err := isoTime(textAt(in, names...))
	if err != nil {
		return time.Time{}
	}
	return t
}

// moneyAt reads an amount that must be positive and in whole minor units.
func moneyAt(in any, path string, names ...string) (onepoint.Money, error) {
	w := dig(in, names...)
	if w == nil {
		return onepoint.Money{}, nil
	}
	return moneyOf(textAt(w, "Amount"), textAt(w, "Currency"), path)
}

func moneyOf(amount, currency, path string) (onepoint.Money, error) {
	m, err := onepoint.ParseMoney(amount, onepoint.Currency(currency))
	if err != nil {
		return m, invalid(path+".Amount", "the amount is no amount of money")
	}
	if minor, err := m.Minor(); err != nil || minor <= 0 {
		return m, invalid(path+".Amount", "the amount must be positive and in whole minor units")
	}
	return m, nil
}

// remittanceOf reads either version's remittance information.
func remittanceOf(in any) (information, reference string) {
	r := dig(in, "RemittanceInformation")
	information, reference = textAt(r, "Unstructured"), textAt(r, "Reference")
	if lines, ok := dig(r, "Unstructured").([]any); ok {
		var texts []string
		for _, l := range lines {
			if s, ok := l.(string); ok {
				texts = append(texts, s)
			}
		}
		information = strings.Join(texts, " ")
	}
	if parts, ok := dig(r, "Structured").([]any); ok && len(parts) > 0 {
		reference = textAt(parts[0], "CreditorReferenceInformation", "Reference")
	}
	if reference == "" {
		reference = textAt(in, "Reference")
	}
	return information, reference
}

// readOrder reads a standing order. FinalPaymentAmount needs to know which
// payment is the last; a number and a final date contradict each other.
func (i *Instruction) readOrder(in any, k PaymentKind) error {
	const path = "Data.Initiation."
	dates, o := in, &StandingOrder{Frequency: textAt(in, "Frequency")}
	if m := dig(in, "MandateRelatedInformation"); m != nil {
		dates, o.Frequency = m, textAt(m, "Frequency", "Type")
		o.Point = textAt(m, "Frequency", "PointInTime")
		if n, ok := dig(m, "Frequency", "CountPerPeriod").(json.Number); ok {
			o.Count, _ = strconv.Atoi(string(n)) // the table has checked it
		}
	}
	o.First, o.Final = timeAt(dates, "FirstPaymentDateTime"), timeAt(dates, "FinalPaymentDateTime")
	o.Second = timeAt(dates, "RecurringPaymentDateTime")
	o.Number, _ = strconv.Atoi(textAt(in, "NumberOfPayments")) // the table has checked it
	first := "FirstPaymentAmount"
	if k.International {
		first = "InstructedAmount"
	}
	var err error
	if i.Amount, err = moneyAt(in, path+first, first); err != nil {
		return err
	}
	if o.Recurring, err = moneyAt(in, path+"RecurringPaymentAmount", "RecurringPaymentAmount"); err != nil {
		return err
	}
	if o.Last, err = moneyAt(in, path+"FinalPaymentAmount", "FinalPaymentAmount"); err != nil {
		return err
	}
	i.Order = o
	return o.check(path)
}

func (o *StandingOrder) check(path string) error {
	switch {
	case o.First.IsZero():
		return missing(path + "MandateRelatedInformation.FirstPaymentDateTime")
	case !o.Last.IsZero() && o.Final.IsZero() && o.Number == 0:
		return breach(CodeFieldExpected, path+"FinalPaymentDateTime", "a final amount needs the number of payments or the final date")
	case o.Number > 0 && !o.Final.IsZero():
		return breach(codeUnexpected, path+"NumberOfPayments", "the number of payments and the final date exclude each other")
	case !o.Final.IsZero() && o.Final.Before(o.First):
		return breach(codeInvalidDate, path+"FinalPaymentDateTime", "the last payment cannot come before the first")
	}
	_, err := o.Next(o.First, time.UTC)
	return err
}

// rateOf reads the rate that is asked for: Agreed brings its rate and contract,
// the others must not.
func rateOf(r any) (*Quote, error) {
	const path = "Data.Initiation.ExchangeRateInformation."
	if r == nil {
		return nil, nil
	}
	q := &Quote{Unit: onepoint.Currency(textAt(r, "UnitCurrency")), Type: textAt(r, "RateType"), Contract: textAt(r, "ContractIdentification")}
	if n, ok := dig(r, "ExchangeRate").(json.Number); ok {
		q.Rate = string(n)
	}
	for _, f := range []struct{ name, value string }{{"ExchangeRate", q.Rate}, {"ContractIdentification", q.Contract}} {
		switch {
		case q.Type == "Agreed" && f.value == "":
			return nil, breach(CodeFieldExpected, path+f.name, "an agreed rate names its rate and its contract")
		case q.Type != "Agreed" && f.value != "":
			return nil, breach(codeUnexpected, path+f.name, "only an agreed rate names its rate and its contract")
		}
	}
	return q, nil
}

func fileOf(in any) (*FileAnnounced, error) {
	f := &FileAnnounced{Type: textAt(in, "FileType"), Hash: textAt(in, "FileHash"), Count: -1}
	if s := textAt(in, "NumberOfTransactions"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, invalid("Data.Initiation.NumberOfTransactions", "the field must be a number")
		}
		f.Count = n
	}
	if n, ok := dig(in, "ControlSum").(json.Number); ok {
		f.Sum = string(n)
	}
	return f, nil
}
