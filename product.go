package onepoint

import "time"

// ProductType is which published product a bank's product is.
type ProductType string

// The types (UK Open Banking, OBReadProduct2 ProductType).
const (
	ProductPersonalCurrent ProductType = "personal_current"
	ProductBusinessCurrent ProductType = "business_current"
	ProductCommercialCard  ProductType = "commercial_card"
	ProductBusinessLoan    ProductType = "business_loan"
	ProductOther           ProductType = "other"
)

// Product is the bank's product behind an account, with the terms that a holder
// compares. Rates are yearly percentages as plain decimals, such as "3.8";
// empty where the product has none.
type Product struct {
	ID             string      `json:"id"`
	Account        string      `json:"account,omitempty"`
	Name           string      `json:"name"`
	Type           ProductType `json:"type"`
	Description    string      `json:"description,omitempty"`
	CreditRate     string      `json:"creditRate,omitempty"`    // annual equivalent rate (AER) on what is in credit
	OverdraftRate  string      `json:"overdraftRate,omitempty"` // effective annual rate (EAR) of an arranged overdraft
	OverdraftLimit Money       `json:"overdraftLimit,omitzero"` // the most that can be arranged
	MaximumCharge  Money       `json:"maximumCharge,omitzero"`  // the most a month's unarranged borrowing costs
}

// OfferType is what an offer is about.
type OfferType string

// The types (UK Open Banking, OBReadOffer1 OfferType).
const (
	OfferBalanceTransfer OfferType = "balance_transfer"
	OfferLimitIncrease   OfferType = "limit_increase"
	OfferMoneyTransfer   OfferType = "money_transfer"
	OfferRate            OfferType = "promotional_rate"
	OfferOther           OfferType = "other"
)

// Offer is something the bank offers to the holder of an account (UK Open
// Banking, OBReadOffer1). Rate is a yearly percentage as a plain decimal.
type Offer struct {
	ID          string    `json:"id"`
	Account     string    `json:"account"`
	Type        OfferType `json:"type"`
	Description string    `json:"description,omitempty"`
	Start       time.Time `json:"start,omitzero"`
	End         time.Time `json:"end,omitzero"`
	Rate        string    `json:"rate,omitempty"`
	Term        string    `json:"term,omitempty"`
	Amount      Money     `json:"amount,omitzero"`
	Fee         Money     `json:"fee,omitzero"`
	URL         string    `json:"url,omitempty"`
}
