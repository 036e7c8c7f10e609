package obie

import "github.com/onepointledger/onepoint"

type wireOffers struct {
	Offer []wireOffer `json:"Offer"`
}

type wireOffer struct {
	AccountID     string      `json:"AccountId"`
	OfferID       string      `json:"OfferId,omitempty"`
	OfferType     string      `json:"OfferType,omitempty"`
	Description   string      `json:"Description,omitempty"`
	StartDateTime string      `json:"StartDateTime,omitempty"`
	EndDateTime   string      `json:"EndDateTime,omitempty"`
	Rate          string      `json:"Rate,omitempty"`
	Term          string      `json:"Term,omitempty"`
	URL           string      `json:"URL,omitempty"`
	Amount        *wireAmount `json:"Amount,omitempty"`
	Fee           *wireAmount `json:"Fee,omitempty"`
}

func offerTypes() []pair[onepoint.OfferType] {
	return []pair[onepoint.OfferType]{
		{onepoint.OfferBalanceTransfer, "BalanceTransfer"},
		{onepoint.OfferLimitIncrease, "LimitIncrease"},
		{onepoint.OfferMoneyTransfer, "MoneyTransfer"},
		{onepoint.OfferRate, "PromotionalRate"},
		{onepoint.OfferOther, "Other"},
	}
}

func (c codec) offerToWire(o onepoint.Offer) wireOffer {
	return wireOffer{
		AccountID: o.Account, OfferID: o.ID, OfferType: toWire(offerTypes(), o.Type, "Other"), Description: clip(o.Description, 500),
		StartDateTime: c.stamp(o.Start), EndDateTime: c.stamp(o.End), Rate: o.Rate, Term: o.Term, URL: o.URL,
		Amount: amountToWire(o.Amount), Fee: amountToWire(o.Fee),
	}
}

func (c codec) offerFromWire(w wireOffer) (onepoint.Offer, error) {
	r := reader{codec: c}
	o := onepoint.Offer{
		ID: w.OfferID, Account: w.AccountID, Type: fromWire(offerTypes(), w.OfferType, onepoint.OfferOther), Description: w.Description,
		Start: r.time(w.StartDateTime), End: r.time(w.EndDateTime), Rate: w.Rate, Term: w.Term, URL: w.URL,
		Amount: r.amount(w.Amount), Fee: r.amount(w.Fee),
	}
	return o, r.err
}
