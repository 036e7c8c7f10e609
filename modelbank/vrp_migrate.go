package modelbank

import (
	"encoding/json"

	"github.com/onepointledger/onepoint/standard/obie"
)

// sameTerms reports whether two forms of a VRP consent say the same to its user:
// limits, debtor and creditor.
func sameTerms(a, b *obie.PaymentConsent) bool {
	terms := func(c *obie.PaymentConsent) []byte {
		l := c.Limits
		l.ValidFrom, l.ValidTo = l.ValidFrom.UTC(), l.ValidTo.UTC()
		out, err := json.Marshal([]any{l, c.Instruction.Debtor, c.Instruction.Creditor})
		if err != nil {
			panic(err) // plain values encode
		}
		return out
	}
	return obie.SameJSON(terms(a), terms(b))
}
