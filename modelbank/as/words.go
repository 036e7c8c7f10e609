package as

import (
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2 January 2006")
}

// inWords says what permissions share, in words that a customer reads.
func inWords(permissions []onepoint.Permission) []string {
	has := func(of ...onepoint.Permission) bool {
		return slices.ContainsFunc(of, func(p onepoint.Permission) bool { return slices.Contains(permissions, p) })
	}
	var words []string
	switch {
	case has(onepoint.ReadAccountsDetail):
		words = append(words, "Your account name, number and sort code")
	case has(onepoint.ReadAccountsBasic):
		words = append(words, "The kind and currency of your accounts")
	}
	if has(onepoint.ReadBalances) {
		words = append(words, "Your balances")
	}
	which := ""
	switch in, out := has(onepoint.ReadTransactionsCredits), has(onepoint.ReadTransactionsDebits); {
	case in && out:
		which = "Your incoming and outgoing payments"
	case in:
		which = "Your incoming payments"
	case out:
		which = "Your outgoing payments"
	}
	switch {
	case which == "":
	case has(onepoint.ReadTransactionsDetail):
		words = append(words, which+", with what they were for and who they were with")
	default:
		words = append(words, which+", with date and amount only")
	}
	return append(words, furtherWords(has)...)
}

// furtherWords are those for everything beside accounts, balances and
// transactions.
func furtherWords(has func(...onepoint.Permission) bool) []string {
	var words []string
	for _, w := range []struct {
		words string
		of    []onepoint.Permission
	}{
		{"Your full card numbers", []onepoint.Permission{onepoint.ReadPAN}},
		{"Your statements", []onepoint.Permission{onepoint.ReadStatementsBasic, onepoint.ReadStatementsDetail}},
		{"The people and companies you have saved to pay", []onepoint.Permission{onepoint.ReadBeneficiariesBasic, onepoint.ReadBeneficiariesDetail}},
		{"Your standing orders", []onepoint.Permission{onepoint.ReadStandingOrdersBasic, onepoint.ReadStandingOrdersDetail}},
		{"Your direct debits", []onepoint.Permission{onepoint.ReadDirectDebits}},
		{"Payments you have planned", []onepoint.Permission{onepoint.ReadScheduledPaymentsBasic, onepoint.ReadScheduledPaymentsDetail}},
		{"The terms of your accounts", []onepoint.Permission{onepoint.ReadProducts}},
		{"Offers the bank has made you", []onepoint.Permission{onepoint.ReadOffers}},
		{"Who holds the accounts, with contact details", []onepoint.Permission{onepoint.ReadParty}},
		{"Your own name and contact details", []onepoint.Permission{onepoint.ReadPartyPSU}},
	} {
		if has(w.of...) {
			words = append(words, w.words)
		}
	}
	return words
}

// heading is the intent's title, or one of its kind.
func (i Intent) heading() string {
	switch {
	case i.Title != "":
		return i.Title
	case i.ConsentID == "":
		return ""
	case i.kind() == IntentFunds:
		return "Let " + i.TPPName + " check for funds?"
	case i.paying():
		return "Pay through " + i.TPPName + "?"
	case i.Renewal:
		return "Keep sharing with " + i.TPPName + "?"
	}
	return "Share with " + i.TPPName + "?"
}

// asks is what the TPP wants, after its name.
func (i Intent) asks() string {
	switch {
	case i.kind() == IntentFunds:
		return "asks to check whether an account of yours holds enough money"
	case i.kind() == IntentVRP:
		return "asks to make payments for you within limits"
	case i.paying():
		return "asks you to approve a payment"
	}
	return "asks to see your accounts"
}

// lead says what agreeing means.
func (i Intent) lead() string {
	switch {
	case i.kind() == IntentFunds:
		return "would learn whether the money is there: yes or no, and nothing else."
	case i.kind() == IntentVRP:
		return "would be able to make payments from your account, within these limits and until you end it:"
	case i.paying():
		return "asks for this payment. It is made only if you approve it:"
	}
	return "would be able to see, but not to move any money:"
}

func (i Intent) allow() string {
	if i.kind() == IntentPayments {
		return "Approve payment"
	}
	return "Allow"
}

func (i Intent) refusal() string { return "Refuse" }

// choose says what the customer chooses; an intent for accounts that does not
// say lets them choose many.
func (i Intent) choose() string {
	if i.Choose == "" && i.kind() == IntentAccounts {
		return ChooseMany
	}
	return i.Choose
}

// money writes an amount as the bank's customers read it: £1,234.50.
func money(m onepoint.Money) string {
	number, currency, ok := strings.Cut(m.String(), " ")
	if !ok {
		return m.String()
	}
	sign, whole, fraction := "", number, ""
	if rest, negative := strings.CutPrefix(number, "-"); negative {
		sign, whole = "−", rest
	}
	if at := strings.IndexByte(whole, '.'); at >= 0 {
		whole, fraction = whole[:at], whole[at:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	symbol := map[string]string{"GBP": "£", "EUR": "€", "USD": "$"}[currency]
	if symbol == "" {
		return sign + whole + fraction + " " + currency
	}
	return sign + symbol + whole + fraction
}
