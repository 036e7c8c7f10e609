package obie

import (
	"strconv"
	"time"

	"github.com/onepointledger/onepoint"
)

// VRPLimits is what a user allows a variable recurring payment to take
// (OBDomesticVRPControlParameters).
type VRPLimits struct {
	ValidFrom    time.Time      `json:"validFrom,omitzero"`
	ValidTo      time.Time      `json:"validTo,omitzero"`
	Individual   onepoint.Money `json:"individual"` // MaximumIndividualAmount
	Periodic     []VRPPeriod    `json:"periodic"`
	Types        []string       `json:"types"`
	Methods      []string       `json:"methods"`
	Interactions []string       `json:"interactions,omitempty"`
}

// VRPPeriod is one periodic limit.
type VRPPeriod struct {
	Type      string         `json:"type"`      // Day, Week, Fortnight, Month, Half-year, Year
	Alignment string         `json:"alignment"` // Consent or Calendar
	Amount    onepoint.Money `json:"amount"`
}

// limitsOf reads checked control parameters.
func limitsOf(c any) (VRPLimits, error) {
	const path = "Data.ControlParameters."
	l := VRPLimits{
		ValidFrom: timeAt(c, "ValidFromDateTime"), ValidTo: timeAt(c, "ValidToDateTime"), Types: wordsAt(c, "VRPType"),
		Methods: wordsAt(c, "PSUAuthenticationMethods"), Interactions: wordsAt(c, "PSUInteractionTypes"),
	}
	if len(l.Interactions) == 0 {
		l.Interactions = []string{"OffSession"} // the default of the standard
	}
	var err error
	if l.Individual, err = moneyAt(c, path+"MaximumIndividualAmount", "MaximumIndividualAmount"); err != nil {
		return l, err
	}
	if !l.ValidTo.IsZero() && !l.ValidTo.After(l.ValidFrom) {
		return l, breach(codeInvalidDate, path+"ValidToDateTime", "the consent must end after it begins")
	}
	limits, _ := dig(c, "PeriodicLimits").([]any)
	for i, w := range limits {
		p := VRPPeriod{Type: textAt(w, "PeriodType"), Alignment: textAt(w, "PeriodAlignment")}
		where := path + "PeriodicLimits[" + strconv.Itoa(i) + "]"
		if p.Amount, err = moneyOf(textAt(w, "Amount"), textAt(w, "Currency"), where); err != nil {
			return l, err
		}
		if p.Amount.Currency != l.Individual.Currency {
			return l, invalid(where+".Currency", "all limits are in one currency")
		}
		if p.Type == "Fortnight" && p.Alignment == "Calendar" {
			return l, invalid(where+".PeriodAlignment", "a fortnight is aligned to the consent")
		}
		l.Periodic = append(l.Periodic, p)
	}
	return l, nil
}

// wordsAt are the strings of an array.
func wordsAt(in any, names ...string) []string {
	a, _ := dig(in, names...).([]any)
	var words []string
	for _, v := range a {
		if s, ok := v.(string); ok {
			words = append(words, s)
		}
	}
	return words
}

// vrpInstruction derives what a VRP payment asks for: the creditor of the
// instruction, the debtor and the text of either.
func vrpInstruction(initiation, instruction any) (Instruction, error) {
	i := Instruction{
		Creditor: creditorOf(instruction), Debtor: identifierAt(dig(initiation, "DebtorAccount")),
		EndToEnd: textAt(instruction, "EndToEndIdentification"), LocalInstrument: textAt(instruction, "LocalInstrument"),
	}
	i.Information, i.Reference = remittanceOf(instruction)
	if i.Information == "" && i.Reference == "" {
		i.Information, i.Reference = remittanceOf(initiation)
	}
	var err error
	i.Amount, err = moneyAt(instruction, "Data.Instruction.InstructedAmount", "InstructedAmount")
	return i, err
}
