package berlin

// AccessRights is what a consent opens. Empty lists mean that the user chooses
// the accounts at the bank.
type AccessRights struct {
	Accounts     *[]AccountReference `json:"accounts,omitempty"`
	Balances     *[]AccountReference `json:"balances,omitempty"`
	Transactions *[]AccountReference `json:"transactions,omitempty"`
	AllPSD2      string              `json:"allPsd2,omitempty"`           // allAccounts, allAccountsWithOwnerName
	Available    string              `json:"availableAccounts,omitempty"` // the same values
}

// ConsentRequest is the body of POST /consents.
type ConsentRequest struct {
	Access    AccessRights `json:"access"`
	Recurring bool         `json:"recurringIndicator"`
	Until     string       `json:"validUntil"`
	Frequency int          `json:"frequencyPerDay"`
	Combined  bool         `json:"combinedServiceIndicator"`
}

// ConsentCreated is the answer to it.
type ConsentCreated struct {
	ID     string `json:"consentId"`
	Status string `json:"consentStatus"`
	Links  Links  `json:"_links"`
}

// Consent is the answer of GET /consents/{id}.
type Consent struct {
	Access    AccessRights `json:"access"`
	Recurring bool         `json:"recurringIndicator"`
	Until     string       `json:"validUntil"`
	Frequency int          `json:"frequencyPerDay"`
	Status    string       `json:"consentStatus"`
	Links     Links        `json:"_links,omitempty"`
}

// ConsentStatus is the answer of GET /consents/{id}/status.
type ConsentStatus struct {
	Status string `json:"consentStatus"`
}

// The values of consentStatus. Accepted is not the standard's: Salt Edge's
// engine says so while it prepares the user's journey.
const (
	ConsentReceived   = "received"
	ConsentAccepted   = "accepted"
	ConsentValid      = "valid"
	ConsentPartial    = "partiallyAuthorised"
	ConsentRejected   = "rejected"
	ConsentExpired    = "expired"
	ConsentRevoked    = "revokedByPsu"
	ConsentTerminated = "terminatedByTpp"
)

// FundsConsentRequest is the body of POST /v2/consents/confirmation-of-funds.
type FundsConsentRequest struct {
	Account AccountReference `json:"account"`
}

// FundsRequest is the body of POST /funds-confirmations.
type FundsRequest struct {
	Account AccountReference `json:"account"`
	Amount  Amount           `json:"instructedAmount"`
}

// FundsAnswer is the answer to it. A missing answer is told from no.
type FundsAnswer struct {
	Available *bool `json:"fundsAvailable"`
}

// PaymentOrder is the body of POST /payments/{product}.
type PaymentOrder struct {
	EndToEndID      string            `json:"endToEndIdentification,omitempty"`
	Debtor          *AccountReference `json:"debtorAccount,omitempty"`
	Amount          Amount            `json:"instructedAmount"`
	CreditorAccount AccountReference  `json:"creditorAccount"`
	CreditorAgent   string            `json:"creditorAgent,omitempty"`
	CreditorName    string            `json:"creditorName"`
	Unstructured    string            `json:"remittanceInformationUnstructured,omitempty"`
	Structured      Structured        `json:"remittanceInformationStructured,omitzero"`
}

// PaymentCreated is the answer to it.
type PaymentCreated struct {
	ID     string `json:"paymentId"`
	Status string `json:"transactionStatus"`
	Links  Links  `json:"_links"`
}

// Payment is the answer of GET /payments/{product}/{id}.
type Payment struct {
	PaymentOrder
	Status string `json:"transactionStatus"`
	Links  Links  `json:"_links,omitempty"`
}

// PaymentStatus is the answer of GET /payments/{product}/{id}/status.
type PaymentStatus struct {
	Status string `json:"transactionStatus"`
	Funds  *bool  `json:"fundsAvailable,omitempty"`
	Reason string `json:"psuMessage,omitempty"`
}

// SCAStatus is the answer of GET …/authorisations/{id}.
type SCAStatus struct {
	Status string `json:"scaStatus"`
}

// Messages is the error body of every call.
type Messages struct {
	Messages []Message `json:"tppMessages"`
}

// Message is one message of it.
type Message struct {
	Category string `json:"category,omitempty"`
	Code     string `json:"code,omitempty"`
	Path     string `json:"path,omitempty"`
	Text     string `json:"text,omitempty"`
}
