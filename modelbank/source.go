package modelbank

import (
	"context"
	"slices"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// use reads the consent anew and checks that it is this TPP's, is authorised
// now, and holds one of the permissions.
func (b *Bank) use(ctx context.Context, op string, c onepoint.Consent, needed ...onepoint.Permission) (onepoint.Consent, error) {
	fresh, err := b.consents.LodgedConsent(ctx, c.ID)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return onepoint.Consent{}, onepoint.E(onepoint.CodeConsentInvalid, op, "there is no such consent", err)
	}
	if err != nil {
		return onepoint.Consent{}, onepoint.E("", op, "", err)
	}
	if err := fresh.belongsTo(c.TPP.ClientID, op); err != nil {
		return onepoint.Consent{}, err
	}
	if err := fresh.usable(b.now(), op); err != nil {
		return onepoint.Consent{}, err
	}
	if !fresh.Allows(needed...) {
		return onepoint.Consent{}, onepoint.E(onepoint.CodeForbidden, op, "the user did not consent to this: the permission is missing", nil)
	}
	return fresh.Consent, nil
}

// chosen refuses an account that the user did not choose, in the same words as
// one that does not exist.
func chosen(op string, c onepoint.Consent, account string) error {
	if !slices.Contains(c.Accounts, account) {
		return onepoint.E(onepoint.CodeForbidden, op, "the user did not give access to this account", nil)
	}
	return nil
}

// Accounts returns the accounts that the user chose and still holds.
func (b *Bank) Accounts(ctx context.Context, c onepoint.Consent) ([]onepoint.Account, error) {
	const op = "read accounts"
	c, err := b.use(ctx, op, c, onepoint.ReadAccountsBasic, onepoint.ReadAccountsDetail)
	if err != nil {
		return nil, err
	}
	held, err := b.core.Accounts(ctx, c.Customer)
	if err != nil {
		return nil, onepoint.E("", op, "", err)
	}
	accounts := make([]onepoint.Account, 0, len(c.Accounts))
	for _, a := range held {
		if slices.Contains(c.Accounts, a.ID) {
			accounts = append(accounts, showAccount(c, a))
		}
	}
	return accounts, nil
}

// Balances returns the balances of one chosen account.
func (b *Bank) Balances(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.Balance, error) {
	const op = "read balances"
	c, err := b.use(ctx, op, c, onepoint.ReadBalances)
	if err != nil {
		return nil, err
	}
	if err := chosen(op, c, account); err != nil {
		return nil, err
	}
	balances, err := b.core.Balances(ctx, account)
	if err != nil {
		return nil, onepoint.E("", op, "", err)
	}
	return balances, nil
}

// Transactions returns one page of one chosen account, newest first, within the
// limits of the consent.
func (b *Bank) Transactions(ctx context.Context, c onepoint.Consent, account string, q onepoint.TransactionQuery) (onepoint.TransactionPage, error) {
	const op = "read transactions"
	c, err := b.use(ctx, op, c, onepoint.ReadTransactionsBasic, onepoint.ReadTransactionsDetail)
	if err != nil {
		return onepoint.TransactionPage{}, err
	}
	if err := chosen(op, c, account); err != nil {
		return onepoint.TransactionPage{}, err
	}
	page, err := b.core.Entries(ctx, account, core.Query{TransactionQuery: q, Direction: direction(c)}.Within(c.Access.From, c.Access.To))
	if err != nil {
		return onepoint.TransactionPage{}, onepoint.E("", op, "", err)
	}
	for i, t := range page.Transactions {
		page.Transactions[i] = showTransaction(c, t)
	}
	return page, nil
}
