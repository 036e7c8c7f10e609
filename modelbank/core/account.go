package core

import (
	"strings"

	"github.com/onepointledger/onepoint"
)

// Account is an account as the bank keeps it. Holders are customer ids; an
// internal account has none.
type Account struct {
	onepoint.Account
	Holders     []string // only when loading; reads leave it empty
	CreditLimit int64    // arranged overdraft or card limit, in minor units
	Position    Position // where it stands
}

// InternalKind is what an internal account of the bank is for.
type InternalKind string

// The kinds. Clearing accounts stand for the rest of the world behind a payment
// scheme until it settles.
const (
	Cash                 InternalKind = "cash"
	ClearingFPS          InternalKind = "clearing.fps"  // UK Faster Payments
	ClearingBacs         InternalKind = "clearing.bacs" // UK direct debits and credits
	ClearingSEPA         InternalKind = "clearing.sepa" // SEPA Credit Transfer and Direct Debit
	ClearingCertis       InternalKind = "clearing.certis"
	CardScheme           InternalKind = "cards"
	InterestPaid         InternalKind = "interest.paid"
	InterestCharged      InternalKind = "interest.charged"
	Fees                 InternalKind = "fees"
	ForeignExchange      InternalKind = "fx" // the bank's position in each currency
	internalPrefix                    = "internal:"
	internalProductTitle              = "Internal account "
)

// Internal returns the id of the bank's own account of that kind and currency.
func Internal(k InternalKind, c onepoint.Currency) string {
	return internalPrefix + string(k) + ":" + string(c)
}

// InternalAccount returns the account that an id made by [Internal] names, and
// false for any other id.
func InternalAccount(id string) (Account, bool) {
	rest, ok := strings.CutPrefix(id, internalPrefix)
	if !ok {
		return Account{}, false
	}
	kind, currency, ok := strings.Cut(rest, ":")
	c := onepoint.Currency(currency)
	if !ok || kind == "" || !c.Valid() {
		return Account{}, false
	}
	return Account{
		Account:  onepoint.Account{ID: id, Currency: c, Type: onepoint.AccountOther, Usage: onepoint.UsageBusiness, Product: internalProductTitle + kind},
		Position: Position{Account: id, Currency: c},
	}, true
}
