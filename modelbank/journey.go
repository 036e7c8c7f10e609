package modelbank

import (
	"context"
	"slices"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/as"
)

// Journey is the bank as its authorization server sees it: who the user is, and
// what they decide about a consent. It is a type of its own because an account
// to choose from is another thing than an account a TPP may read.
type Journey struct{ bank *Bank }

var _ as.Journey = Journey{}

// Journey returns the bank's side of the authorization server's journey.
func (b *Bank) Journey() Journey { return Journey{bank: b} }

// Intent returns what a client asks the user for. CodeNotFound for an unknown or
// deleted consent, CodeForbidden for another client's, CodeConflict for one that
// has ended, CodeConsentExpired for one that is past its expiry.
func (j Journey) Intent(ctx context.Context, clientID, consentID string) (as.Intent, error) {
	const op = "read intent"
	c, err := j.bank.consents.LodgedConsent(ctx, consentID)
	if err != nil {
		return as.Intent{}, onepoint.E("", op, "", err)
	}
	if err := c.belongsTo(clientID, op); err != nil {
		return as.Intent{}, err
	}
	if err := c.approvable(j.bank.now(), op); err != nil {
		return as.Intent{}, err
	}
	return as.Intent{
		ConsentID: c.ID, TPPName: c.TPP.Name, Kind: as.IntentAccounts, Choose: as.ChooseMany,
		Renewal: c.Status == onepoint.ConsentAuthorised, Permissions: slices.Clone(c.Access.Permissions),
		Expires: c.Access.Expires, From: c.Access.From, To: c.Access.To,
	}, nil
}

// Authenticate checks a customer's login. CodeUnauthenticated when it is wrong,
// CodeRateLimited while it is locked.
func (j Journey) Authenticate(ctx context.Context, login, password string) (as.Customer, error) {
	c, err := j.bank.core.Authenticate(ctx, login, password)
	if err != nil {
		return as.Customer{}, err
	}
	return as.Customer{ID: c.ID, Name: c.Name}, nil
}

// Accounts returns the accounts a customer can choose from, with what is booked
// on each. Closed accounts are no choice.
func (j Journey) Accounts(ctx context.Context, customer string) ([]as.Choice, error) {
	const op = "list accounts to choose from"
	held, err := j.bank.core.Accounts(ctx, customer)
	if err != nil {
		return nil, onepoint.E("", op, "", err)
	}
	choices := make([]as.Choice, 0, len(held))
	for _, a := range held {
		if a.Closed {
			continue
		}
		balances, err := j.bank.core.Balances(ctx, a.ID)
		if err != nil {
			return nil, onepoint.E("", op, "", err)
		}
		choices = append(choices, as.Choice{
			ID: a.ID, Name: displayName(a), Identifier: displayIdentifier(a), Currency: string(a.Currency), Balance: booked(balances),
		})
	}
	return choices, nil
}

// Approve records that the customer gives access to these accounts. CodeInvalid
// without an account, CodeForbidden for an account that is not theirs and for
// renewing another's consent, CodeConflict for a consent that has ended,
// CodeConsentExpired past its expiry, CodeNotFound for an unknown one.
func (j Journey) Approve(ctx context.Context, consentID, customer string, accounts []string) error {
	const op = "approve consent"
	accounts = slices.Compact(slices.Sorted(slices.Values(accounts)))
	if len(accounts) == 0 {
		return onepoint.Missing(op, "accounts", "choose at least one account")
	}
	held, err := j.bank.core.Accounts(ctx, customer)
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	for _, id := range accounts {
		if !slices.ContainsFunc(held, func(a onepoint.Account) bool { return a.ID == id && !a.Closed }) {
			return onepoint.E(onepoint.CodeForbidden, op, "one of the accounts is not yours to share", nil)
		}
	}
	now := j.bank.instant()
	_, err = j.bank.consents.UpdateConsent(ctx, consentID, func(c *Lodged) error { return c.approve(now, customer, accounts) })
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	j.bank.log.InfoContext(ctx, "consent approved", "consent", consentID, "accounts", len(accounts))
	return nil
}

// Reject records the customer's no. Refusing to renew a consent leaves it as it
// is. CodeConflict for a consent that was revoked, CodeNotFound for an unknown
// one.
func (j Journey) Reject(ctx context.Context, consentID string) error {
	now := j.bank.instant()
	_, err := j.bank.consents.UpdateConsent(ctx, consentID, func(c *Lodged) error { return c.reject(now) })
	if err != nil {
		return onepoint.E("", "reject consent", "", err)
	}
	j.bank.log.InfoContext(ctx, "consent rejected", "consent", consentID)
	return nil
}

// displayName is what the customer calls the account.
func displayName(a onepoint.Account) string {
	if a.Nickname != "" {
		return a.Nickname
	}
	return a.Product
}

// displayIdentifier writes the account's first identifier as its owner is used
// to: 04-99-01 31926819. A card shows its last four digits.
func displayIdentifier(a onepoint.Account) string {
	if len(a.Identifiers) == 0 {
		return ""
	}
	switch id := a.Identifiers[0]; {
	case id.Scheme == onepoint.SchemePAN:
		return maskPAN(id.Value)
	case id.Scheme == onepoint.SchemeSortCode && len(id.Value) == 14:
		return id.Value[:2] + "-" + id.Value[2:4] + "-" + id.Value[4:6] + " " + id.Value[6:]
	default:
		return id.Value
	}
}

// booked is the balance that the consent page shows: what the account holds,
// without any credit line.
func booked(balances []onepoint.Balance) onepoint.Money {
	for _, b := range balances {
		if b.Type == onepoint.BalanceInterimBooked {
			return b.Amount
		}
	}
	return onepoint.Money{}
}
