package berlin

import "github.com/onepointledger/onepoint"

// word pairs a domain word with its wire word. The first pair of a domain word
// is what is written; every wire word is understood.
type word[D ~string] struct {
	domain D
	wire   string
}

func toWire[D ~string](table []word[D], d D, otherwise string) string {
	for _, w := range table {
		if w.domain == d {
			return w.wire
		}
	}
	return otherwise
}

func fromWire[D ~string](table []word[D], wire string, otherwise D) D {
	for _, w := range table {
		if w.wire == wire {
			return w.domain
		}
	}
	return otherwise
}

func balanceTypes() []word[onepoint.BalanceType] {
	return []word[onepoint.BalanceType]{
		{onepoint.BalanceInterimAvailable, "interimAvailable"},
		{onepoint.BalanceInterimBooked, "interimBooked"},
		{onepoint.BalanceClosingBooked, "closingBooked"},
		{onepoint.BalanceOpeningBooked, "openingBooked"},
		{onepoint.BalanceExpected, "expected"},
		{onepoint.BalanceOther, "nonInvoiced"},
		{onepoint.BalanceExpected, "authorised"}, // before 1.3.4
	}
}

func accountTypes() []word[onepoint.AccountType] {
	return []word[onepoint.AccountType]{
		{onepoint.AccountCurrent, "CACC"},
		{onepoint.AccountSavings, "SVGS"},
		{onepoint.AccountCard, "CARD"},
		{onepoint.AccountLoan, "LOAN"},
		{onepoint.AccountOther, "OTHR"},
		{onepoint.AccountSavings, "LLSV"},
		{onepoint.AccountSavings, "ONDP"},
		{onepoint.AccountCurrent, "TRAN"},
		{onepoint.AccountCurrent, "SLRY"},
		{onepoint.AccountLoan, "MGLD"},
	}
}

func usages() []word[onepoint.AccountUsage] {
	return []word[onepoint.AccountUsage]{{onepoint.UsagePersonal, "PRIV"}, {onepoint.UsageBusiness, "ORGA"}}
}

func paymentStatuses() []word[onepoint.PaymentStatus] {
	return []word[onepoint.PaymentStatus]{
		{onepoint.PaymentAwaiting, "RCVD"},
		{onepoint.PaymentPending, "PDNG"},
		{onepoint.PaymentAccepted, "ACSP"},
		{onepoint.PaymentCompleted, "ACCC"},
		{onepoint.PaymentRejected, "RJCT"},
		{onepoint.PaymentCancelled, "CANC"},
		{onepoint.PaymentAwaiting, "PATC"}, // not all who must have authorised it
		{onepoint.PaymentPending, "ACTC"},
		{onepoint.PaymentAccepted, "ACCP"},
		{onepoint.PaymentAccepted, "ACFC"},
		{onepoint.PaymentAccepted, "ACWC"},
		{onepoint.PaymentAccepted, "ACWP"},
		// Settled on the debtor's account: as far as most banks ever tell.
		{onepoint.PaymentCompleted, "ACSC"},
	}
}

// PaymentStatusToWire is the transactionStatus of a payment status.
func PaymentStatusToWire(s onepoint.PaymentStatus) string {
	return toWire(paymentStatuses(), s, "RCVD")
}

// PaymentStatusFromWire is what a transactionStatus means; one that is not
// known is pending: it must not look final.
func PaymentStatusFromWire(s string) onepoint.PaymentStatus {
	return fromWire(paymentStatuses(), s, onepoint.PaymentPending)
}
