package obie

import (
	"cmp"

	"github.com/onepointledger/onepoint"
)

type wireProducts struct {
	Product []wireProduct `json:"Product"`
}

type wireProduct struct {
	ProductName      string     `json:"ProductName,omitempty"`
	ProductID        string     `json:"ProductId,omitempty"`
	AccountID        string     `json:"AccountId"`
	ProductType      string     `json:"ProductType"`
	OtherProductType *wireOther `json:"OtherProductType,omitempty"`
	BCA              *wireTerms `json:"BCA,omitempty"`
	PCA              *wireTerms `json:"PCA,omitempty"`
}

// wireTerms is what OBBCAData1 and OBPCAData1 share.
type wireTerms struct {
	ProductDetails *wireDetails   `json:"ProductDetails,omitempty"`
	Overdraft      *wireOverdraft `json:"Overdraft,omitempty"`
}

type wireDetails struct {
	MonthlyMaximumCharge string `json:"MonthlyMaximumCharge,omitempty"`
}

type wireOverdraft struct {
	Sets []wireOverdraftSet `json:"OverdraftTierBandSet"`
}

type wireOverdraftSet struct {
	TierBandMethod      string              `json:"TierBandMethod"`
	OverdraftType       string              `json:"OverdraftType,omitempty"`
	AuthorisedIndicator bool                `json:"AuthorisedIndicator"`
	Bands               []wireOverdraftBand `json:"OverdraftTierBand"`
}

type wireOverdraftBand struct {
	TierValueMin string `json:"TierValueMin"`
	TierValueMax string `json:"TierValueMax,omitempty"`
	EAR          string `json:"EAR,omitempty"`
}

type wireOther struct {
	Name           string        `json:"Name"`
	Description    string        `json:"Description"`
	CreditInterest *wireInterest `json:"CreditInterest,omitempty"`
}

type wireInterest struct {
	Sets []wireInterestSet `json:"TierBandSet"`
}

type wireInterestSet struct {
	TierBandMethod string             `json:"TierBandMethod"`
	Destination    string             `json:"Destination"`
	Bands          []wireInterestBand `json:"TierBand"`
}

type wireInterestBand struct {
	TierValueMinimum     string `json:"TierValueMinimum"`
	ApplicationFrequency string `json:"ApplicationFrequency"`
	RateType             string `json:"FixedVariableInterestRateType"`
	AER                  string `json:"AER"`
}

func productTypes() []pair[onepoint.ProductType] {
	return []pair[onepoint.ProductType]{
		{onepoint.ProductPersonalCurrent, "PersonalCurrentAccount"},
		{onepoint.ProductBusinessCurrent, "BusinessCurrentAccount"},
		{onepoint.ProductCommercialCard, "CommercialCreditCard"},
		{onepoint.ProductBusinessLoan, "SMELoan"},
		{onepoint.ProductOther, "Other"},
	}
}

// productToWire writes the same in both versions; codes of the published product
// data are four letters below OtherProductType and words below BCA and PCA.
func (c codec) productToWire(p onepoint.Product) wireProduct {
	w := wireProduct{ProductName: p.Name, ProductID: p.ID, AccountID: p.Account, ProductType: toWire(productTypes(), p.Type, "Other")}
	switch p.Type {
	case onepoint.ProductPersonalCurrent:
		w.PCA = termsToWire(p)
	case onepoint.ProductBusinessCurrent:
		w.BCA = termsToWire(p)
	case onepoint.ProductOther:
		w.OtherProductType = &wireOther{Name: p.Name, Description: cmp.Or(p.Description, p.Name)}
		if p.CreditRate != "" {
			w.OtherProductType.CreditInterest = &wireInterest{[]wireInterestSet{{
				"INWH", "INSC", []wireInterestBand{{TierValueMinimum: "0", ApplicationFrequency: "FQMY", RateType: "INVA", AER: p.CreditRate}},
			}}}
		}
	}
	return w
}

func termsToWire(p onepoint.Product) *wireTerms {
	t := &wireTerms{}
	if p.MaximumCharge.Currency != "" && p.Type == onepoint.ProductPersonalCurrent {
		t.ProductDetails = &wireDetails{p.MaximumCharge.Decimal()}
	}
	if p.OverdraftRate != "" {
		band := wireOverdraftBand{TierValueMin: "0", EAR: p.OverdraftRate}
		if p.OverdraftLimit.Currency != "" {
			band.TierValueMax = p.OverdraftLimit.Decimal()
		}
		t.Overdraft = &wireOverdraft{[]wireOverdraftSet{{"Whole", "OnDemand", true, []wireOverdraftBand{band}}}}
	}
	return t
}

// productFromWire reads what productToWire writes: the first band of each set.
// The published data name no currency, so limits and charges are left out.
func (c codec) productFromWire(w wireProduct) (onepoint.Product, error) {
	p := onepoint.Product{ID: w.ProductID, Account: w.AccountID, Name: w.ProductName, Type: fromWire(productTypes(), w.ProductType, onepoint.ProductOther)}
	for _, t := range []*wireTerms{w.PCA, w.BCA} {
		if t != nil && t.Overdraft != nil && len(t.Overdraft.Sets) > 0 && len(t.Overdraft.Sets[0].Bands) > 0 {
			p.OverdraftRate = t.Overdraft.Sets[0].Bands[0].EAR
		}
	}
	if o := w.OtherProductType; o != nil {
		p.Name, p.Description = cmp.Or(p.Name, o.Name), o.Description
		if i := o.CreditInterest; i != nil && len(i.Sets) > 0 && len(i.Sets[0].Bands) > 0 {
			p.CreditRate = i.Sets[0].Bands[0].AER
		}
	}
	return p, nil
}
