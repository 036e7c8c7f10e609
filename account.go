package onepoint

import "time"

// IdentifierScheme names how an account is identified.
type IdentifierScheme string

// The schemes in use.
const (
	SchemeIBAN     IdentifierScheme = "IBAN"
	SchemeSortCode IdentifierScheme = "SortCodeAccountNumber" // UK: six digits of sort code, eight of account number
	SchemeBBAN     IdentifierScheme = "BBAN"
	SchemePAN      IdentifierScheme = "PAN" // a card, full or masked
	SchemeOther    IdentifierScheme = "Other"
)

// Identifier is one way the bank names an account.
type Identifier struct {
	Scheme    IdentifierScheme `json:"scheme"`
	Value     string           `json:"value"`
	Secondary string           `json:"secondary,omitempty"` // building society roll number and the like
}

// AccountType is what kind of account it is.
type AccountType string

// The account types.
const (
	AccountCurrent AccountType = "current"
	AccountSavings AccountType = "savings"
	AccountCard    AccountType = "card"
	AccountLoan    AccountType = "loan"
	AccountOther   AccountType = "other"
)

// AccountUsage says whose money an account is for.
type AccountUsage string

// The usages.
const (
	UsagePersonal AccountUsage = "personal"
	UsageBusiness AccountUsage = "business"
)

// Account is one account as a bank shows it under one consent. Fields a consent
// does not cover are empty.
type Account struct {
	ID          string // the bank's resource id; may change with every consent
	Identifiers []Identifier
	Currency    Currency
	Type        AccountType
	Usage       AccountUsage
	Product     string // the bank's name of the product
	Nickname    string // the user's name for it, at the bank
	Holder      string // name of the account holder
	Opened      Date
	Closed      bool
	Servicer    string // BIC of the bank that keeps it
	Statements  Period // how often the bank makes a statement; empty when it does not say
}

// BalanceType says which balance it is. Values are those of the ISO 20022
// balance types that banks send, by name.
type BalanceType string

// The balance types.
const (
	BalanceInterimAvailable BalanceType = "interim_available" // ITAV: what can be spent now
	BalanceInterimBooked    BalanceType = "interim_booked"    // ITBD: booked so far today
	BalanceClosingBooked    BalanceType = "closing_booked"    // CLBD
	BalanceOpeningBooked    BalanceType = "opening_booked"    // OPBD
	BalanceExpected         BalanceType = "expected"          // XPCD: booked and pending
	BalanceOther            BalanceType = "other"
)

// CreditLine is credit that a balance may include.
type CreditLine struct {
	Included bool   `json:"included"`
	Amount   Money  `json:"amount"`
	Type     string `json:"type"` // the standard's word: Pre-Agreed, Emergency, …
}

// Balance is one balance of one account. Amount is negative when the account is
// overdrawn.
type Balance struct {
	Type        BalanceType
	Amount      Money
	At          time.Time // when the bank computed it
	CreditLines []CreditLine
}
