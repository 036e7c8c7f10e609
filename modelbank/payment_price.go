package modelbank

import (
	"math/big"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

// tableRate is the model bank's own table: what one unit is worth in pounds, and
// the other way round.
func tableRate(unit, other onepoint.Currency) (string, bool) {
	pounds := map[onepoint.Currency]string{"EUR": "0.8500", "USD": "0.7800", "CZK": "0.0340", "CHF": "0.8900", "JPY": "0.0052"}
	if other == homeCurrency {
		r, ok := pounds[unit]
		return r, ok
	}
	r, ok := new(big.Rat).SetString(pounds[other])
	if unit != homeCurrency || !ok {
		return "", false
	}
	return r.Inv(r).FloatString(6), true
}

// price adds charges and, to an international consent, the exchange rate.
func (p *Payments) price(c *obie.PaymentConsent, now time.Time) error {
	i := &c.Instruction
	if !international(c.Kind) {
		if i.Amount.Currency != homeCurrency {
			return obie.Breach(obie.CodeUnsupportedCurrency, "Data.Initiation.InstructedAmount.Currency", "domestic payments are in pounds")
		}
		if i.LocalInstrument == chaps {
			c.Charges = []obie.Charge{{Bearer: "BorneByDebtor", Type: "UK.OBIE.CHAPSOut", Amount: onepoint.MinorMoney(2000, homeCurrency)}}
		}
		return nil
	}
	bearer := i.ChargeBearer
	if bearer == "" {
		bearer = "Shared"
	}
	if bearer != "BorneByCreditor" {
		c.Charges = []obie.Charge{{Bearer: bearer, Type: "UK.OBIE.SWIFT", Amount: onepoint.MinorMoney(500, homeCurrency)}}
	}
	return p.quote(c, now)
}

// quote gives the rate between the bank's currency and the currency of transfer.
// What the TPP asks for decides its type: Actual holds for a quarter of an hour;
// Agreed is answered as asked; without a wish the bank names an indicative one.
func (p *Payments) quote(c *obie.PaymentConsent, now time.Time) error {
	const path = "Data.Initiation.ExchangeRateInformation."
	i := &c.Instruction
	if in := i.Amount.Currency; in != homeCurrency && in != i.TransferIn {
		return obie.Breach(obie.CodeUnsupportedCurrency, "Data.Initiation.InstructedAmount.Currency", "the amount is in pounds or in the currency of transfer")
	}
	asked := i.Rate
	if i.TransferIn == homeCurrency {
		if asked != nil {
			return obie.Breach(obie.CodeFieldUnexpected, "Data.Initiation.ExchangeRateInformation", "nothing is exchanged")
		}
		return nil
	}
	q := &obie.Quote{Unit: i.TransferIn, Type: "Indicative"}
	if asked != nil {
		q.Unit, q.Type, q.Contract, q.Rate = asked.Unit, asked.Type, asked.Contract, asked.Rate
	}
	other := homeCurrency
	switch q.Unit {
	case homeCurrency:
		other = i.TransferIn
	case i.TransferIn:
	default:
		return obie.Breach(obie.CodeFieldInvalid, path+"UnitCurrency", "the unit is one of the two currencies")
	}
	rate, ok := p.Rate(q.Unit, other)
	if !ok {
		return obie.Breach(obie.CodeUnsupportedCurrency, "Data.Initiation.CurrencyOfTransfer", "the bank does not deal in this currency")
	}
	switch q.Type {
	case "Agreed":
		if !near(q.Rate, rate) {
			return obie.Breach(obie.CodeFieldInvalid, path+"ExchangeRate", "the bank has agreed on no such rate")
		}
	case "Actual":
		q.Rate, q.Expires = rate, now.Add(quoteLife)
	default:
		q.Rate = rate
	}
	c.Quote = q
	return nil
}

// near reports whether a rate is within a tenth of ours: nobody agreed on more.
func near(a, b string) bool {
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	if !okX || !okY || x.Sign() <= 0 || y.Sign() <= 0 {
		return false
	}
	ratio := new(big.Rat).Quo(x, y)
	return ratio.Cmp(big.NewRat(9, 10)) >= 0 && ratio.Cmp(big.NewRat(11, 10)) <= 0
}

// debitOf is what an amount costs the account, rounded half up to the penny.
func debitOf(amount onepoint.Money, q *obie.Quote) (onepoint.Money, error) {
	const op = "exchange money"
	if amount.Currency == homeCurrency {
		return amount, nil
	}
	if q == nil {
		return onepoint.Money{}, obie.Breach(obie.CodeUnsupportedCurrency, "Data.Initiation.InstructedAmount.Currency", "there is no rate for this currency")
	}
	value, ok := new(big.Rat).SetString(amount.Decimal())
	rate, okRate := new(big.Rat).SetString(q.Rate)
	if !ok || !okRate || rate.Sign() <= 0 {
		return onepoint.Money{}, onepoint.E(onepoint.CodeInternal, op, "", nil)
	}
	if q.Unit == amount.Currency {
		value.Mul(value, rate)
	} else {
		value.Quo(value, rate)
	}
	value.Add(value.Mul(value, big.NewRat(100, 1)), big.NewRat(1, 2))
	pence := new(big.Int).Quo(value.Num(), value.Denom())
	if !pence.IsInt64() || pence.Sign() <= 0 {
		return onepoint.Money{}, obie.Breach(obie.CodeFieldInvalid, "Data.Initiation.InstructedAmount.Amount", "the amount is too large or too small")
	}
	return onepoint.MinorMoney(pence.Int64(), homeCurrency), nil
}

// costs is what the debtor pays in charges.
func costs(charges []obie.Charge) int64 {
	var sum int64
	for _, c := range charges {
		if minor, err := c.Amount.Minor(); err == nil && c.Bearer != "BorneByCreditor" {
			sum += minor
		}
	}
	return sum
}
