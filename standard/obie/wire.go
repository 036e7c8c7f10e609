package obie

import "encoding/json"

// The wire types of the account-information API, as in account-info-openapi.yaml
// of v3.1.11 and v4.0; a field that one version alone has is empty in the other.
// Only what this program reads or writes is named;
// what else a bank sends is kept in the raw payload.

type wireConsentRequest struct {
	Data *wireAccess `json:"Data"`
	Risk *struct{}   `json:"Risk"`
}

type wireAccess struct {
	Permissions             []string `json:"Permissions"`
	ExpirationDateTime      string   `json:"ExpirationDateTime,omitempty"`
	TransactionFromDateTime string   `json:"TransactionFromDateTime,omitempty"`
	TransactionToDateTime   string   `json:"TransactionToDateTime,omitempty"`
}

type wireConsent struct {
	Data struct {
		ConsentID               string   `json:"ConsentId"`
		CreationDateTime        string   `json:"CreationDateTime"`
		Status                  string   `json:"Status"`
		StatusUpdateDateTime    string   `json:"StatusUpdateDateTime"`
		Permissions             []string `json:"Permissions"`
		ExpirationDateTime      string   `json:"ExpirationDateTime,omitempty"`
		TransactionFromDateTime string   `json:"TransactionFromDateTime,omitempty"`
		TransactionToDateTime   string   `json:"TransactionToDateTime,omitempty"`
	} `json:"Data"`
	Risk  struct{}  `json:"Risk"`
	Links wireLinks `json:"Links"`
	Meta  wireMeta  `json:"Meta"`
}

type wireLinks struct {
	Self  string `json:"Self"`
	First string `json:"First,omitempty"`
	Prev  string `json:"Prev,omitempty"`
	Next  string `json:"Next,omitempty"`
	Last  string `json:"Last,omitempty"`
}

type wireMeta struct {
	TotalPages int `json:"TotalPages,omitempty"`
}

type wireIdentifier struct {
	SchemeName     string `json:"SchemeName,omitempty"`
	Identification string `json:"Identification,omitempty"`
	Name           string `json:"Name,omitempty"`
	Secondary      string `json:"SecondaryIdentification,omitempty"`
}

type wireAccount struct {
	AccountID       string           `json:"AccountId"`
	Status          string           `json:"Status,omitempty"`
	Currency        string           `json:"Currency,omitempty"`
	AccountCategory string           `json:"AccountCategory,omitempty"` // v4
	AccountTypeCode string           `json:"AccountTypeCode,omitempty"` // v4
	AccountType     string           `json:"AccountType,omitempty"`     // v3
	AccountSubType  string           `json:"AccountSubType,omitempty"`  // v3
	Description     string           `json:"Description,omitempty"`
	Nickname        string           `json:"Nickname,omitempty"`
	OpeningDate     string           `json:"OpeningDate,omitempty"`
	Account         []wireIdentifier `json:"Account,omitempty"`
	Servicer        *wireAgent       `json:"Servicer,omitempty"`

	StatementFrequencyAndFormat []wireDelivery `json:"StatementFrequencyAndFormat,omitempty"` // v4
}

// wireDelivery says how often and as what statements are made.
type wireDelivery struct {
	Frequency           string `json:"Frequency,omitempty"`
	CommunicationMethod string `json:"CommunicationMethod,omitempty"`
	Format              string `json:"Format,omitempty"`
}

type wireAmount struct {
	Amount   wireDecimal `json:"Amount"`
	Currency string      `json:"Currency"`
}

// wireDecimal is an amount on the wire: a string by the standard, a bare number
// at some banks. The digits are kept as they came.
type wireDecimal string

// UnmarshalJSON reads a string or a number, and null as nothing.
func (d *wireDecimal) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(d))
	}
	if string(b) != "null" {
		var n json.Number
		if err := json.Unmarshal(b, &n); err != nil {
			return err
		}
		*d = wireDecimal(n)
	}
	return nil
}

type wireCreditLine struct {
	Included bool        `json:"Included"`
	Type     string      `json:"Type,omitempty"`
	Amount   *wireAmount `json:"Amount,omitempty"`
}

type wireBalance struct {
	AccountID            string           `json:"AccountId"`
	CreditDebitIndicator string           `json:"CreditDebitIndicator"`
	Type                 string           `json:"Type"`
	DateTime             string           `json:"DateTime"`
	Amount               wireAmount       `json:"Amount"`
	CreditLine           []wireCreditLine `json:"CreditLine,omitempty"`
}

type wireBankCode struct {
	Code    string `json:"Code"`
	SubCode string `json:"SubCode"`
}

type wireProprietaryCode struct {
	Code   string `json:"Code"`
	Issuer string `json:"Issuer,omitempty"`
}

type wireRunningBalance struct {
	CreditDebitIndicator string     `json:"CreditDebitIndicator"`
	Type                 string     `json:"Type"`
	Amount               wireAmount `json:"Amount"`
}

type wireMerchant struct {
	MerchantName         string `json:"MerchantName,omitempty"`
	MerchantCategoryCode string `json:"MerchantCategoryCode,omitempty"`
}

type wireExchange struct {
	SourceCurrency   string      `json:"SourceCurrency"`
	TargetCurrency   string      `json:"TargetCurrency,omitempty"`
	UnitCurrency     string      `json:"UnitCurrency,omitempty"`
	ExchangeRate     json.Number `json:"ExchangeRate"`
	InstructedAmount *wireAmount `json:"InstructedAmount,omitempty"`
}

type wireAgent struct {
	SchemeName     string `json:"SchemeName,omitempty"`
	Identification string `json:"Identification,omitempty"`
}

type wireTransaction struct {
	AccountID            string               `json:"AccountId"`
	TransactionID        string               `json:"TransactionId,omitempty"`
	Reference            string               `json:"TransactionReference,omitempty"`
	CreditDebitIndicator string               `json:"CreditDebitIndicator"`
	Status               string               `json:"Status"`
	Mutability           string               `json:"TransactionMutability,omitempty"`
	BookingDateTime      string               `json:"BookingDateTime"`
	ValueDateTime        string               `json:"ValueDateTime,omitempty"`
	Information          string               `json:"TransactionInformation,omitempty"`
	Amount               wireAmount           `json:"Amount"`
	CurrencyExchange     *wireExchange        `json:"CurrencyExchange,omitempty"`
	BankTransactionCode  *wireBankCode        `json:"BankTransactionCode,omitempty"`
	ProprietaryCode      *wireProprietaryCode `json:"ProprietaryBankTransactionCode,omitempty"`
	Balance              *wireRunningBalance  `json:"Balance,omitempty"`
	MerchantDetails      *wireMerchant        `json:"MerchantDetails,omitempty"`
	CreditorAgent        *wireAgent           `json:"CreditorAgent,omitempty"`
	CreditorAccount      *wireIdentifier      `json:"CreditorAccount,omitempty"`
	DebtorAgent          *wireAgent           `json:"DebtorAgent,omitempty"`
	DebtorAccount        *wireIdentifier      `json:"DebtorAccount,omitempty"`
}

// wirePage is any answer that lists resources.
type wirePage[T any] struct {
	Data  T         `json:"Data"`
	Links wireLinks `json:"Links"`
	Meta  wireMeta  `json:"Meta"`
}

type wireAccounts struct {
	Account []wireAccount `json:"Account"`
}

type wireBalances struct {
	Balance []wireBalance `json:"Balance"`
}

type wireTransactions struct {
	Transaction []wireTransaction `json:"Transaction"`
}

type wireError struct {
	ErrorCode string `json:"ErrorCode"`
	Message   string `json:"Message,omitempty"`
	Path      string `json:"Path,omitempty"`
}

// wireErrors is OBErrorResponse1; Code and Message are version 3.1's.
type wireErrors struct {
	Code    string      `json:"Code,omitempty"`
	ID      string      `json:"Id,omitempty"`
	Message string      `json:"Message,omitempty"`
	Errors  []wireError `json:"Errors"`
}
