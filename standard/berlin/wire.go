package berlin

import "encoding/json"

// Link is one hyperlink of a resource; Href may be relative.
type Link struct {
	Href string `json:"href"`
}

// Links are hyperlinks by relation: scaRedirect, status, next.
type Links map[string]Link

// Amount is an amount as the standard writes it: a decimal string.
type Amount struct {
	Currency string      `json:"currency"`
	Amount   json.Number `json:"amount"` // some banks send a number
}

// MarshalJSON writes the amount as a string, as the standard has it.
func (a Amount) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Currency string `json:"currency"`
		Amount   string `json:"amount"`
	}{a.Currency, string(a.Amount)})
}

// AccountReference names an account. SortCode is beside the standard: UK banks
// add it to the account number.
type AccountReference struct {
	IBAN      string `json:"iban,omitempty"`
	BBAN      string `json:"bban,omitempty"`
	PAN       string `json:"pan,omitempty"`
	MaskedPAN string `json:"maskedPan,omitempty"`
	SortCode  string `json:"sortCode,omitempty"`
	Currency  string `json:"currency,omitempty"`
}

// Account is one account of the list (accountDetails).
type Account struct {
	ResourceID string    `json:"resourceId"`
	IBAN       string    `json:"iban,omitempty"`
	BBAN       string    `json:"bban,omitempty"`
	MaskedPAN  string    `json:"maskedPan,omitempty"`
	SortCode   string    `json:"sortCode,omitempty"`
	Local      string    `json:"bankAccountIdentifier,omitempty"` // Salt Edge's name for the country's own number
	BIC        string    `json:"bic,omitempty"`
	Currency   string    `json:"currency"`
	OwnerName  string    `json:"ownerName,omitempty"`
	Name       string    `json:"name,omitempty"`
	Product    string    `json:"product,omitempty"`
	Type       string    `json:"cashAccountType,omitempty"`
	Status     string    `json:"status,omitempty"`
	Usage      string    `json:"usage,omitempty"`
	Balances   []Balance `json:"balances,omitempty"`
	Links      Links     `json:"_links,omitempty"`
}

// Accounts is the answer of GET /accounts.
type Accounts struct {
	Accounts []Account `json:"accounts"`
}

// Balance is one balance.
type Balance struct {
	Type                string `json:"balanceType"`
	Amount              Amount `json:"balanceAmount"`
	CreditLimitIncluded *bool  `json:"creditLimitIncluded,omitempty"`
	LastChange          string `json:"lastChangeDateTime,omitempty"`
	ReferenceDate       string `json:"referenceDate,omitempty"`
}

// Balances is the answer of GET /accounts/{id}/balances.
type Balances struct {
	Account  AccountReference `json:"account"`
	Balances []Balance        `json:"balances"`
}

// Exchange is how an amount was converted (reportExchangeRate).
type Exchange struct {
	SourceCurrency string `json:"sourceCurrency,omitempty"`
	TargetCurrency string `json:"targetCurrency,omitempty"`
	UnitCurrency   string `json:"unitCurrency,omitempty"`
	Rate           string `json:"exchangeRate,omitempty"`
	Contract       string `json:"contractIdentification,omitempty"`
	QuotationDate  string `json:"quotationDate,omitempty"`
}

// Transaction is one entry of an account report.
type Transaction struct {
	ID              string            `json:"transactionId,omitempty"`
	EndToEndID      string            `json:"endToEndId,omitempty"`
	BookingDate     string            `json:"bookingDate,omitempty"`
	ValueDate       string            `json:"valueDate,omitempty"`
	Amount          Amount            `json:"transactionAmount"`
	CreditorName    string            `json:"creditorName,omitempty"`
	CreditorAccount *AccountReference `json:"creditorAccount,omitempty"`
	CreditorAgent   string            `json:"creditorAgent,omitempty"`
	DebtorName      string            `json:"debtorName,omitempty"`
	DebtorAccount   *AccountReference `json:"debtorAccount,omitempty"`
	DebtorAgent     string            `json:"debtorAgent,omitempty"`
	Unstructured    string            `json:"remittanceInformationUnstructured,omitempty"`
	Structured      Structured        `json:"remittanceInformationStructured,omitzero"`
	Additional      string            `json:"additionalInformation,omitempty"`
	Exchange        Exchanges         `json:"currencyExchange,omitempty"`
	BankCode        string            `json:"bankTransactionCode,omitempty"`
	Proprietary     string            `json:"proprietaryBankTransactionCode,omitempty"`
}

// Report is what GET /accounts/{id}/transactions answers; the entries stay raw,
// so that each can be kept byte for byte.
type Report struct {
	Account      AccountReference `json:"account"`
	Transactions Entries          `json:"transactions"`
	Links        Links            `json:"_links,omitempty"`
}

// Entries are the entries of a report by status.
type Entries struct {
	Booked  []json.RawMessage `json:"booked"`
	Pending []json.RawMessage `json:"pending"`
	Links   Links             `json:"_links,omitempty"`
}
