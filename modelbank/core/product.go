package core

import (
	"context"

	"github.com/onepointledger/onepoint"
)

// catalogue is what the bank sells, by the name that an account carries.
func catalogue() []onepoint.Product {
	gbp := func(minor int64) onepoint.Money { return onepoint.MinorMoney(minor, "GBP") }
	return []onepoint.Product{
		{
			ID: "prd_everyday", Name: "Everyday Current Account", Type: onepoint.ProductPersonalCurrent,
			OverdraftRate: "39.9", OverdraftLimit: gbp(500000), MaximumCharge: gbp(2000),
		},
		{
			ID: "prd_joint", Name: "Joint Current Account", Type: onepoint.ProductPersonalCurrent,
			OverdraftRate: "39.9", OverdraftLimit: gbp(500000), MaximumCharge: gbp(2000),
		},
		{ID: "prd_soletrader", Name: "Sole Trader Account", Type: onepoint.ProductBusinessCurrent, OverdraftRate: "24.5", OverdraftLimit: gbp(1000000)},
		{ID: "prd_euro", Name: "Euro Account", Type: onepoint.ProductBusinessCurrent, Description: "A business account in euros."},
		{ID: "prd_saver", Name: "Instant Saver", Type: onepoint.ProductOther, Description: "Savings that can be taken out at any time.", CreditRate: "3.8"},
		{ID: "prd_platinum", Name: "Platinum Credit Card", Type: onepoint.ProductOther, Description: "A credit card for personal customers."},
	}
}

// Products returns the product behind each account; accounts of a product that
// is no longer sold have none.
func (c *Core) Products(ctx context.Context, accounts []string) ([]onepoint.Product, error) {
	var list []onepoint.Product
	for _, id := range accounts {
		a, err := c.store.Account(ctx, id)
		if err != nil {
			return nil, onepoint.E("", "list products", "", err)
		}
		for _, p := range catalogue() {
			if p.Name == a.Product {
				p.Account = id
				list = append(list, p)
			}
		}
	}
	return list, nil
}
