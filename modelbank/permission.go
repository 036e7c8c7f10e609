package modelbank

import (
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// Names of what can be wrong in a consent, as UK Open Banking spells them.
const (
	fieldPermissions = "Data.Permissions"
	fieldExpires     = "Data.ExpirationDateTime"
	fieldFrom        = "Data.TransactionFromDateTime"
	fieldTo          = "Data.TransactionToDateTime"
)

func supported() []onepoint.Permission {
	return []onepoint.Permission{
		onepoint.ReadAccountsBasic, onepoint.ReadAccountsDetail, onepoint.ReadBalances,
		onepoint.ReadBeneficiariesBasic, onepoint.ReadBeneficiariesDetail, onepoint.ReadDirectDebits, onepoint.ReadOffers, onepoint.ReadPAN,
		onepoint.ReadParty, onepoint.ReadPartyPSU, onepoint.ReadProducts,
		onepoint.ReadScheduledPaymentsBasic, onepoint.ReadScheduledPaymentsDetail,
		onepoint.ReadStandingOrdersBasic, onepoint.ReadStandingOrdersDetail, onepoint.ReadStatementsBasic, onepoint.ReadStatementsDetail,
		onepoint.ReadTransactionsBasic, onepoint.ReadTransactionsCredits, onepoint.ReadTransactionsDebits, onepoint.ReadTransactionsDetail,
	}
}

// validateAccess refuses what UK Open Banking tells a bank to refuse
// (account-access-consents, Permissions). Several faults are told at once.
func validateAccess(a onepoint.Access, now time.Time) error {
	var wrong []onepoint.Field
	add := func(field, message string) { wrong = append(wrong, onepoint.Field{Name: field, Message: message}) }
	for _, fault := range permissionFaults(a.Permissions) {
		add(fieldPermissions, fault)
	}
	if !a.Expires.IsZero() && !a.Expires.After(now) {
		add(fieldExpires, "must be in the future")
	}
	if !a.From.IsZero() && !a.To.IsZero() && a.To.Before(a.From) {
		add(fieldTo, "must not be before "+fieldFrom)
	}
	if len(wrong) == 0 {
		return nil
	}
	messages := make([]string, len(wrong))
	for i, f := range wrong {
		messages[i] = f.Name + ": " + f.Message
	}
	e := onepoint.E(onepoint.CodeInvalid, "lodge consent", strings.Join(messages, "; "), nil)
	e.Fields = wrong
	return e
}

func permissionFaults(have []onepoint.Permission) []string {
	if len(have) == 0 {
		return []string{"at least one permission is needed"}
	}
	has := func(wanted ...onepoint.Permission) bool {
		return slices.ContainsFunc(wanted, func(p onepoint.Permission) bool { return slices.Contains(have, p) })
	}
	var faults []string
	known := supported()
	if slices.ContainsFunc(have, func(p onepoint.Permission) bool { return !slices.Contains(known, p) }) {
		faults = append(faults, "holds a permission that this bank does not support")
	}
	if !has(onepoint.ReadAccountsBasic, onepoint.ReadAccountsDetail) {
		faults = append(faults, "needs ReadAccountsBasic or ReadAccountsDetail")
	}
	rows := has(onepoint.ReadTransactionsBasic, onepoint.ReadTransactionsDetail)
	directions := has(onepoint.ReadTransactionsCredits, onepoint.ReadTransactionsDebits)
	if rows && !directions {
		faults = append(faults, "needs ReadTransactionsCredits or ReadTransactionsDebits beside ReadTransactionsBasic or ReadTransactionsDetail")
	}
	if directions && !rows {
		faults = append(faults, "needs ReadTransactionsBasic or ReadTransactionsDetail beside ReadTransactionsCredits or ReadTransactionsDebits")
	}
	return faults
}

// direction is which movements the consent opens.
func direction(c onepoint.Consent) core.Direction {
	credits, debits := c.Allows(onepoint.ReadTransactionsCredits), c.Allows(onepoint.ReadTransactionsDebits)
	switch {
	case credits && !debits:
		return core.Credits
	case debits && !credits:
		return core.Debits
	}
	return ""
}

// showAccount empties what the consent does not cover. What UK Open Banking
// puts below Account (identifiers and the name with them), Servicer and
// StatementFrequencyAndFormat are detail.
func showAccount(c onepoint.Consent, a onepoint.Account) onepoint.Account {
	if !c.Allows(onepoint.ReadAccountsDetail) {
		a.Identifiers, a.Holder, a.Servicer, a.Statements = nil, "", "", ""
		return a
	}
	a.Identifiers = slices.Clone(a.Identifiers)
	for i, id := range a.Identifiers {
		a.Identifiers[i] = showIdentifier(c, id)
	}
	return a
}

// showTransaction empties what the consent does not cover: without
// ReadTransactionsDetail that is TransactionInformation, Balance,
// MerchantDetails, and the agents and accounts of creditor and debtor.
func showTransaction(c onepoint.Consent, t onepoint.Transaction) onepoint.Transaction {
	if !c.Allows(onepoint.ReadTransactionsDetail) {
		t.Information, t.BalanceAfter = "", nil
		t.Merchant, t.Counterparty = onepoint.Merchant{}, onepoint.Counterparty{}
		return t
	}
	t.Counterparty.Identifier = showIdentifier(c, t.Counterparty.Identifier)
	return t
}

// showCreditor empties a creditor for a consent without the detail permission.
func showCreditor(c onepoint.Consent, p onepoint.Counterparty, detail onepoint.Permission) onepoint.Counterparty {
	if !c.Allows(detail) {
		return onepoint.Counterparty{}
	}
	p.Identifier = showIdentifier(c, p.Identifier)
	return p
}

// showStatement empties the amounts of a statement for a consent without
// ReadStatementsDetail.
func showStatement(c onepoint.Consent, s onepoint.Statement) onepoint.Statement {
	if !c.Allows(onepoint.ReadStatementsDetail) {
		s.Opening, s.Closing, s.Credits, s.Debits = onepoint.Money{}, onepoint.Money{}, onepoint.Money{}, onepoint.Money{}
	}
	return s
}

// showIdentifier masks a card number for a consent without ReadPAN.
func showIdentifier(c onepoint.Consent, id onepoint.Identifier) onepoint.Identifier {
	if id.Scheme == onepoint.SchemePAN && !c.Allows(onepoint.ReadPAN) {
		id.Value = maskPAN(id.Value)
	}
	return id
}

// maskPAN leaves the last four digits, in the length of the card number.
func maskPAN(pan string) string {
	const shown = 4
	if len(pan) <= shown {
		return strings.Repeat("X", len(pan))
	}
	return strings.Repeat("X", len(pan)-shown) + pan[len(pan)-shown:]
}
