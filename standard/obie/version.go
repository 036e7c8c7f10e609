package obie

import "github.com/onepointledger/onepoint"

// version is what differs between versions of the standard.
type version struct {
	name     string // v3.1, v4.0
	base     string // what every API of the version is served below
	legacy   bool   // version 3.1: spelled-out words, error bodies with Code and Message
	consents []pair[onepoint.ConsentStatus]
	statuses []pair[onepoint.TransactionStatus]
	balances []pair[onepoint.BalanceType]
	accounts []pair[onepoint.AccountType]
	mandates []pair[onepoint.ArrangementStatus]
	families []pair[string] // of ISO 20022 bank transaction codes, with their domain, which the wire leaves out
	products []pair[string] // sub-families; none where the code itself is written
}

// aisp is where the account-information API lies below a version's base.
const aisp = "/aisp"

// versions are those that are served, the newest first.
func versions() []version { return []version{v4(), v3()} }

// versionOf finds a version by a name that a bank's profile gives it.
func versionOf(name string) (version, bool) {
	switch name {
	case "v4.0":
		return v4(), true
	case "v3.1", "v3.1.11":
		return v3(), true
	}
	return version{}, false
}

// serves reports whether a consent that was asked through a version may be used
// through this one: never through an older one.
func (v version) serves(lodged string) bool { return lodged <= v.name }

// v4 is version 4.0: four-letter ISO codes.
func v4() version {
	return version{
		name: "v4.0", base: "/open-banking/v4.0",
		consents: []pair[onepoint.ConsentStatus]{
			{onepoint.ConsentAwaiting, "AWAU"},
			{onepoint.ConsentAuthorised, "AUTH"},
			{onepoint.ConsentRejected, "RJCT"},
			{onepoint.ConsentRevoked, "CANC"},
			{onepoint.ConsentExpired, "EXPD"},
		},
		statuses: []pair[onepoint.TransactionStatus]{
			{onepoint.StatusBooked, "BOOK"},
			{onepoint.StatusPending, "PDNG"},
			{onepoint.StatusRejected, "RJCT"},
			{onepoint.StatusPending, "FUTR"},
			{onepoint.StatusPending, "INFO"},
		},
		balances: []pair[onepoint.BalanceType]{
			{onepoint.BalanceInterimAvailable, "ITAV"},
			{onepoint.BalanceInterimBooked, "ITBD"},
			{onepoint.BalanceClosingBooked, "CLBD"},
			{onepoint.BalanceOpeningBooked, "OPBD"},
			{onepoint.BalanceExpected, "XPCD"},
			{onepoint.BalanceOther, "INFO"},
		},
		accounts: accountsV4(),
		mandates: []pair[onepoint.ArrangementStatus]{
			{onepoint.ArrangementActive, "ACTV"},
			{onepoint.ArrangementCancelled, "CANC"},
			{onepoint.ArrangementExpired, "EXPI"},
			{onepoint.ArrangementSuspended, "SUSP"},
		},
		families: familiesV4(),
	}
}

// v3 is version 3.1, in its last issue 3.1.11: words. What it has no word for
// takes the nearest: a consent that has expired is still what its user made it.
func v3() version {
	return version{
		name: "v3.1", base: "/open-banking/v3.1", legacy: true,
		consents: []pair[onepoint.ConsentStatus]{
			{onepoint.ConsentAwaiting, "AwaitingAuthorisation"},
			{onepoint.ConsentAuthorised, "Authorised"},
			{onepoint.ConsentRejected, "Rejected"},
			{onepoint.ConsentRevoked, "Revoked"},
			{onepoint.ConsentExpired, "Authorised"},
		},
		statuses: []pair[onepoint.TransactionStatus]{
			{onepoint.StatusBooked, "Booked"},
			{onepoint.StatusPending, "Pending"},
			{onepoint.StatusRejected, "Rejected"},
		},
		balances: balancesV3(),
		accounts: accountsV3(),
		mandates: []pair[onepoint.ArrangementStatus]{
			{onepoint.ArrangementActive, "Active"},
			{onepoint.ArrangementCancelled, "Inactive"},
			{onepoint.ArrangementExpired, "Inactive"},
			{onepoint.ArrangementSuspended, "Inactive"},
		},
		families: familiesV3(),
		products: productsV3(),
	}
}

func accountsV4() []pair[onepoint.AccountType] {
	return []pair[onepoint.AccountType]{
		{onepoint.AccountCurrent, "CACC"},
		{onepoint.AccountSavings, "SVGS"},
		{onepoint.AccountCard, "CARD"},
		{onepoint.AccountLoan, "LOAN"},
		{onepoint.AccountOther, "OTHR"},
		{onepoint.AccountSavings, "LLSV"},
		{onepoint.AccountSavings, "ONDP"},
		{onepoint.AccountLoan, "MORT"},
		{onepoint.AccountCurrent, "TRAN"},
		{onepoint.AccountCurrent, "SLRY"},
	}
}

func familiesV4() []pair[string] {
	return []pair[string]{
		{"PMNT-RCDT", "RCDT"},
		{"PMNT-ICDT", "ICDT"},
		{"PMNT-RDDT", "RDDT"},
		{"PMNT-CCRD", "CCRD"},
		{"PMNT-CNTR", "CNTR"},
		{"ACMT-MCOP", "MCOP"},
		{"ACMT-MDOP", "MDOP"},
	}
}

func balancesV3() []pair[onepoint.BalanceType] {
	return []pair[onepoint.BalanceType]{
		{onepoint.BalanceInterimAvailable, "InterimAvailable"},
		{onepoint.BalanceInterimBooked, "InterimBooked"},
		{onepoint.BalanceClosingBooked, "ClosingBooked"},
		{onepoint.BalanceOpeningBooked, "OpeningBooked"},
		{onepoint.BalanceExpected, "Expected"},
		{onepoint.BalanceOther, "Information"},
	}
}

func accountsV3() []pair[onepoint.AccountType] {
	return []pair[onepoint.AccountType]{
		{onepoint.AccountCurrent, "CurrentAccount"},
		{onepoint.AccountSavings, "Savings"},
		{onepoint.AccountCard, "CreditCard"},
		{onepoint.AccountLoan, "Loan"},
		{onepoint.AccountOther, "Wallet"},
		{onepoint.AccountCard, "ChargeCard"},
		{onepoint.AccountCard, "PrePaidCard"},
		{onepoint.AccountLoan, "Mortgage"},
		{onepoint.AccountOther, "EMoney"},
	}
}

func familiesV3() []pair[string] {
	return []pair[string]{
		{"PMNT-RCDT", "ReceivedCreditTransfers"},
		{"PMNT-ICDT", "IssuedCreditTransfers"},
		{"PMNT-RDDT", "ReceivedDirectDebits"},
		{"PMNT-CCRD", "CustomerCardTransactions"},
		{"PMNT-CNTR", "CounterTransactions"},
		{"ACMT-MCOP", "MiscellaneousCreditOperations"},
		{"ACMT-MDOP", "MiscellaneousDebitOperations"},
	}
}

func productsV3() []pair[string] {
	return []pair[string]{
		{"DMCT", "DomesticCreditTransfer"},
		{"ESCT", "SEPACreditTransfer"},
		{"BOOK", "InternalBookTransfer"},
		{"STDO", "StandingOrder"},
		{"SALA", "PayrollSalaryPayment"},
		{"PMDD", "PaymentDirectDebit"},
		{"POSD", "PointOfSalePaymentDebitCard"},
		{"POSC", "PointOfSalePaymentCreditCard"},
		{"CWDL", "CashWithdrawal"},
		{"CDPT", "CashDeposit"},
		{"RIMB", "Reimbursement"},
		{"INTR", "Interest"},
		{"CHRG", "Charges"},
	}
}
