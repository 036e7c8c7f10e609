package obie

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// Pairs of a domain word and its wire word. The first pair of a domain word is
// what is written; every wire word is understood.
type pair[D ~string] struct {
	domain D
	wire   string
}

func toWire[D ~string](table []pair[D], d D, otherwise string) string {
	for _, p := range table {
		if p.domain == d {
			return p.wire
		}
	}
	return otherwise
}

func fromWire[D ~string](table []pair[D], w string, otherwise D) D {
	for _, p := range table {
		if p.wire == w {
			return p.domain
		}
	}
	return otherwise
}

func schemes() []pair[onepoint.IdentifierScheme] {
	return []pair[onepoint.IdentifierScheme]{
		{onepoint.SchemeSortCode, "UK.OBIE.SortCodeAccountNumber"},
		{onepoint.SchemeIBAN, "UK.OBIE.IBAN"},
		{onepoint.SchemeBBAN, "UK.OBIE.BBAN"},
		{onepoint.SchemePAN, "UK.OBIE.PAN"},
		{onepoint.SchemeSortCode, "SortCodeAccountNumber"},
		{onepoint.SchemeIBAN, "IBAN"},
		{onepoint.SchemePAN, "PAN"},
	}
}

const (
	agentScheme = "UK.OBIE.BICFI"
	credit      = "Credit"
	debit       = "Debit"
)

// codec turns domain into wire and back, for one version in one bank's zone.
type codec struct {
	version
	zone *time.Location
}

func broken(what string, err error) error {
	return onepoint.E(onepoint.CodeProtocol, "read the bank's answer", "the bank sent "+what+" that makes no sense", err)
}

// signed is a domain amount from an unsigned one and its indicator. Some banks
// sign the amount as well; the indicator wins, and without one the sign counts.
func signed(a wireAmount, indicator string) (onepoint.Money, error) {
	m, err := onepoint.ParseMoney(string(a.Amount), onepoint.Currency(a.Currency))
	if err != nil {
		return m, broken("an amount", err)
	}
	switch indicator {
	case credit:
		return m.Abs(), nil
	case debit:
		return m.Abs().Neg(), nil
	case "":
		return m, nil
	}
	return m, broken("a credit or debit indicator", nil)
}

func unsigned(m onepoint.Money) (wireAmount, string) {
	indicator := credit
	if m.IsNegative() {
		indicator = debit
	}
	return wireAmount{wireDecimal(m.Abs().Decimal()), string(m.Currency)}, indicator
}

// instant reads a date and time with zone; some banks leave zone or time out.
// Years that would not write back with four digits are refused.
func (c codec) instant(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := c.parse(s)
	if year := t.In(c.zone).Year(); err != nil || year < 1 || year > 9998 {
		return time.Time{}, broken("a date", fmt.Errorf("%.40q", s))
	}
	return t, nil
}

func (c codec) parse(s string) (t time.Time, err error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
		if t, err = time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", time.DateOnly} {
		if t, err = time.ParseInLocation(layout, s, c.zone); err == nil {
			return t, nil
		}
	}
	return t, err
}

// date is the civil date at the bank.
func (c codec) date(t time.Time) onepoint.Date {
	if t.IsZero() {
		return onepoint.Date{}
	}
	return onepoint.DateOf(t.In(c.zone))
}

func (c codec) stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(c.zone).Format(time.RFC3339Nano)
}

func (c codec) midnight(d onepoint.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.Time(c.zone).Format(time.RFC3339)
}

func identifierToWire(i onepoint.Identifier, name string) wireIdentifier {
	return wireIdentifier{
		SchemeName: toWire(schemes(), i.Scheme, "UK.OBIE.BBAN"), Identification: i.Value, Name: name, Secondary: i.Secondary,
	}
}

func identifierFromWire(w wireIdentifier) onepoint.Identifier {
	if w.Identification == "" {
		return onepoint.Identifier{}
	}
	return onepoint.Identifier{Scheme: fromWire(schemes(), w.SchemeName, onepoint.SchemeOther), Value: w.Identification, Secondary: w.Secondary}
}

func usages() []pair[onepoint.AccountUsage] {
	return []pair[onepoint.AccountUsage]{{onepoint.UsagePersonal, "Personal"}, {onepoint.UsageBusiness, "Business"}}
}

func (c codec) accountToWire(a onepoint.Account) wireAccount {
	w := wireAccount{
		AccountID: a.ID, Status: "Enabled", Currency: string(a.Currency),
		Description: clip(a.Product, 35), Nickname: clip(a.Nickname, 70), OpeningDate: c.midnight(a.Opened),
	}
	if a.Closed {
		w.Status = "Deleted"
	}
	kind, usage := toWire(c.accounts, a.Type, ""), toWire(usages(), a.Usage, "")
	if c.legacy {
		w.AccountType, w.AccountSubType = usage, kind
	} else {
		w.AccountCategory, w.AccountTypeCode = usage, kind
		if a.Statements != "" {
			w.StatementFrequencyAndFormat = []wireDelivery{{toWire(frequencies(), a.Statements, "INDA"), "ONLI", "DPDF"}}
		}
	}
	if a.Servicer != "" {
		w.Servicer = &wireAgent{SchemeName: agentScheme, Identification: a.Servicer}
	}
	for _, i := range a.Identifiers {
		w.Account = append(w.Account, identifierToWire(i, a.Holder))
	}
	return w
}

func (c codec) accountFromWire(w wireAccount) (onepoint.Account, error) {
	if w.AccountID == "" {
		return onepoint.Account{}, broken("an account without id", nil)
	}
	opened, err := c.instant(w.OpeningDate)
	if err != nil {
		return onepoint.Account{}, err
	}
	a := onepoint.Account{
		ID: w.AccountID, Currency: onepoint.Currency(w.Currency), Type: fromWire(c.accounts, cmp.Or(w.AccountTypeCode, w.AccountSubType), onepoint.AccountOther),
		Usage: fromWire(usages(), cmp.Or(w.AccountCategory, w.AccountType), ""), Product: w.Description, Nickname: w.Nickname, Opened: c.date(opened), Closed: w.Status == "Deleted",
	}
	if w.Servicer != nil {
		a.Servicer = w.Servicer.Identification
	}
	if len(w.StatementFrequencyAndFormat) > 0 {
		a.Statements = fromWire(frequencies(), w.StatementFrequencyAndFormat[0].Frequency, "")
	}
	for _, i := range w.Account {
		if id := identifierFromWire(i); id.Value != "" {
			a.Identifiers = append(a.Identifiers, id)
		}
		if a.Holder == "" {
			a.Holder = i.Name
		}
	}
	return a, nil
}

func (c codec) balanceToWire(account string, b onepoint.Balance) wireBalance {
	amount, indicator := unsigned(b.Amount)
	w := wireBalance{
		AccountID: account, CreditDebitIndicator: indicator, Type: toWire(c.balances, b.Type, ""), DateTime: c.stamp(b.At), Amount: amount,
	}
	for _, l := range b.CreditLines {
		line, _ := unsigned(l.Amount)
		w.CreditLine = append(w.CreditLine, wireCreditLine{l.Included, l.Type, &line})
	}
	return w
}

func (c codec) balanceFromWire(w wireBalance) (onepoint.Balance, error) {
	amount, err := signed(w.Amount, w.CreditDebitIndicator)
	if err != nil {
		return onepoint.Balance{}, err
	}
	at, err := c.instant(w.DateTime)
	if err != nil {
		return onepoint.Balance{}, err
	}
	b := onepoint.Balance{Type: fromWire(c.balances, w.Type, onepoint.BalanceOther), Amount: amount, At: at.UTC()}
	for _, l := range w.CreditLine {
		line := onepoint.CreditLine{Included: l.Included, Type: l.Type}
		if l.Amount != nil {
			if line.Amount, err = signed(*l.Amount, credit); err != nil {
				return b, err
			}
		}
		b.CreditLines = append(b.CreditLines, line)
	}
	return b, nil
}

func (c codec) transactionToWire(account string, t onepoint.Transaction) wireTransaction {
	amount, indicator := unsigned(t.Amount)
	w := wireTransaction{
		AccountID: account, TransactionID: t.ID, Reference: t.Reference, CreditDebitIndicator: indicator,
		Status: toWire(c.statuses, t.Status, toWire(c.statuses, onepoint.StatusRejected, "")), Mutability: "Immutable", ValueDateTime: c.midnight(t.ValueDate),
		Information: t.Information, Amount: amount, CurrencyExchange: exchangeToWire(t.Exchange),
	}
	if t.Status == onepoint.StatusPending {
		w.Mutability = "Mutable"
	}
	if w.BookingDateTime = c.stamp(t.BookedAt); w.BookingDateTime == "" {
		w.BookingDateTime = c.midnight(t.BookingDate)
	}
	w.BankTransactionCode = c.bankCodeToWire(t.BankCode)
	if t.ProprietaryCode != "" {
		w.ProprietaryCode = &wireProprietaryCode{Code: t.ProprietaryCode}
	}
	if t.BalanceAfter != nil {
		after, side := unsigned(t.BalanceAfter.Amount)
		w.Balance = &wireRunningBalance{side, toWire(c.balances, t.BalanceAfter.Type, ""), after}
	}
	if t.Merchant != (onepoint.Merchant{}) {
		w.MerchantDetails = &wireMerchant{t.Merchant.Name, t.Merchant.CategoryCode}
	}
	counterpartyToWire(&w, t)
	return w
}

// bankCodeToWire splits a code into its family and its sub-family; version 3.1
// spells both out. The domain of a family that the table does not know stays.
func (c codec) bankCodeToWire(code string) *wireBankCode {
	at := strings.LastIndexByte(code, '-')
	if at <= 0 {
		return nil
	}
	family, product := code[:at], code[at+1:]
	return &wireBankCode{toWire(c.families, family, family), toWire(c.products, product, product)}
}

func (c codec) bankCodeFromWire(w wireBankCode) string {
	return strings.Trim(fromWire(c.families, w.Code, w.Code)+"-"+fromWire(c.products, w.SubCode, w.SubCode), "-")
}

// counterpartyToWire names the other side: the debtor of what came in, the
// creditor of what went out.
func counterpartyToWire(w *wireTransaction, t onepoint.Transaction) {
	account, agent := partyToWire(t.Counterparty)
	if t.Amount.IsNegative() {
		w.CreditorAccount, w.CreditorAgent = account, agent
	} else {
		w.DebtorAccount, w.DebtorAgent = account, agent
	}
}

// partyToWire splits the other side into its account and its bank.
func partyToWire(p onepoint.Counterparty) (account *wireIdentifier, agent *wireAgent) {
	if p.Name != "" || p.Identifier.Value != "" {
		account = &wireIdentifier{Name: p.Name}
		if p.Identifier.Value != "" {
			*account = identifierToWire(p.Identifier, p.Name)
		}
	}
	if p.Agent != "" {
		agent = &wireAgent{Identification: p.Agent}
		if len(p.Agent) == 8 || len(p.Agent) == 11 { // a BIC; banks have codes of their own too
			agent.SchemeName = agentScheme
		}
	}
	return account, agent
}

func exchangeToWire(e *onepoint.Exchange) *wireExchange {
	if e == nil {
		return nil
	}
	w := &wireExchange{
		SourceCurrency: string(e.Instructed.Currency), TargetCurrency: e.Target, UnitCurrency: e.Unit, ExchangeRate: json.Number(e.Rate),
	}
	amount, _ := unsigned(e.Instructed)
	w.InstructedAmount = &amount
	return w
}

func exchangeFromWire(w *wireExchange) (*onepoint.Exchange, error) {
	if w == nil || w.InstructedAmount == nil {
		return nil, nil
	}
	amount, err := signed(*w.InstructedAmount, credit)
	if err != nil {
		return nil, err
	}
	return &onepoint.Exchange{Instructed: amount, Rate: w.ExchangeRate.String(), Unit: w.UnitCurrency, Target: w.TargetCurrency}, nil
}

func (c codec) transactionFromWire(w wireTransaction, raw []byte) (onepoint.Transaction, error) {
	amount, err := signed(w.Amount, w.CreditDebitIndicator)
	if err != nil {
		return onepoint.Transaction{}, err
	}
	booked, err := c.instant(w.BookingDateTime)
	if err != nil {
		return onepoint.Transaction{}, err
	}
	value, err := c.instant(w.ValueDateTime)
	if err != nil {
		return onepoint.Transaction{}, err
	}
	t := onepoint.Transaction{
		ID: w.TransactionID, Reference: w.Reference, Status: fromWire(c.statuses, w.Status, onepoint.StatusBooked), Amount: amount,
		BookingDate: c.date(booked), ValueDate: c.date(value), Information: w.Information, Raw: raw,
	}
	if !booked.IsZero() {
		t.BookedAt = booked.UTC()
	}
	if w.BankTransactionCode != nil {
		t.BankCode = c.bankCodeFromWire(*w.BankTransactionCode)
	}
	if w.ProprietaryCode != nil {
		t.ProprietaryCode = w.ProprietaryCode.Code
	}
	if w.MerchantDetails != nil {
		t.Merchant = onepoint.Merchant{Name: w.MerchantDetails.MerchantName, CategoryCode: w.MerchantDetails.MerchantCategoryCode}
	}
	if w.Balance != nil {
		after, err := signed(w.Balance.Amount, w.Balance.CreditDebitIndicator)
		if err != nil {
			return t, err
		}
		t.BalanceAfter = &onepoint.Balance{Type: fromWire(c.balances, w.Balance.Type, onepoint.BalanceOther), Amount: after, At: t.BookedAt}
	}
	if t.Exchange, err = exchangeFromWire(w.CurrencyExchange); err != nil {
		return t, err
	}
	t.Counterparty = counterpartyFromWire(w, amount.IsNegative())
	return t, nil
}

func counterpartyFromWire(w wireTransaction, out bool) onepoint.Counterparty {
	if out {
		return partyFromWire(w.CreditorAccount, w.CreditorAgent)
	}
	return partyFromWire(w.DebtorAccount, w.DebtorAgent)
}

func partyFromWire(account *wireIdentifier, agent *wireAgent) onepoint.Counterparty {
	var p onepoint.Counterparty
	if account != nil {
		p.Name, p.Identifier = account.Name, identifierFromWire(*account)
	}
	if agent != nil {
		p.Agent = agent.Identification
	}
	return p
}

func permissionsToWire(list []onepoint.Permission) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = string(p)
	}
	return out
}

func (c codec) consentToWire(consent onepoint.Consent, self string) wireConsent {
	var w wireConsent
	w.Data.ConsentID, w.Data.Status = consent.ID, toWire(c.consents, consent.Status, "")
	w.Data.CreationDateTime, w.Data.StatusUpdateDateTime = c.stamp(consent.Created), c.stamp(consent.Updated)
	w.Data.Permissions = permissionsToWire(consent.Access.Permissions)
	w.Data.ExpirationDateTime = c.stamp(consent.Access.Expires)
	w.Data.TransactionFromDateTime, w.Data.TransactionToDateTime = c.stamp(consent.Access.From), c.stamp(consent.Access.To)
	w.Links.Self, w.Meta.TotalPages = self, 1
	return w
}

func (c codec) accessToWire(a onepoint.Access) wireConsentRequest {
	return wireConsentRequest{Risk: &struct{}{}, Data: &wireAccess{
		Permissions: permissionsToWire(a.Permissions), ExpirationDateTime: c.stamp(a.Expires),
		TransactionFromDateTime: c.stamp(a.From), TransactionToDateTime: c.stamp(a.To),
	}}
}
