package api

import (
	"time"

	"github.com/onepointledger/onepoint"
)

// The resources as the API shows them. Identifiers are ours, times are RFC 3339
// in UTC, dates are civil dates, money is a decimal string with its currency.

// Me is who is signed in, and whether the platform has an owner yet.
type Me struct {
	SetupNeeded bool   `json:"setupNeeded" doc:"No owner yet: POST /api/v1/setup first"`
	SignedIn    bool   `json:"signedIn"`
	Email       string `json:"email,omitempty"`
	Name        string `json:"name,omitempty"`
	Workspace   string `json:"workspace,omitempty"`
}

// Bank is one bank of the catalogue, with our registration there.
type Bank struct {
	ID           string       `json:"id" doc:"Stable name, such as model-bank-uk"`
	Name         string       `json:"name"`
	Country      string       `json:"country" doc:"ISO 3166-1 alpha-2"`
	BIC          string       `json:"bic,omitempty"`
	Standard     string       `json:"standard"`
	Version      string       `json:"version"`
	Website      string       `json:"website,omitempty"`
	About        string       `json:"about,omitempty"`
	Offers       []string     `json:"offers" doc:"accounts, payments, funds"`
	Registration Registration `json:"registration"`
	TestUsers    []TestUser   `json:"testUsers" doc:"Logins that a sandbox publishes"`
}

// TestUser is a login that a sandbox publishes.
type TestUser struct {
	Login    string `json:"login"`
	Password string `json:"password"`
	About    string `json:"about"`
	TOTP     string `json:"totp,omitempty" doc:"Secret of its one-time codes (RFC 6238, base32)"`
}

// Registration is the state of our onboarding at a bank.
type Registration struct {
	Bank     string             `json:"bank"`
	Status   string             `json:"status" enum:"not_registered,running,needs_input,waiting_for_bank,failed,registered"`
	ClientID string             `json:"clientId,omitempty"`
	Steps    []RegistrationStep `json:"steps"`
	Message  string             `json:"message,omitempty" doc:"Why it stopped and what to do"`
	Needs    []onepoint.Field   `json:"needs,omitempty" doc:"What a human must answer, in the input of POST /registrations"`
	Guide    []string           `json:"guide,omitempty" doc:"What to do in the bank's portal, step by step"`
	Portal   string             `json:"portal,omitempty" doc:"The bank's developer portal"`
	Files    []string           `json:"files,omitempty" doc:"What the registration made: GET /registrations/{bank}/files/{name}"`
	Updated  *time.Time         `json:"updated,omitempty"`
	Health   RegistrationHealth `json:"health"`
}

// RegistrationHealth says whether a registration can be used, and for how long.
type RegistrationHealth struct {
	Status     string             `json:"status" enum:"none,ok,warn,fail"`
	Message    string             `json:"message,omitempty" doc:"The worst of what follows"`
	Transport  *CertificateHealth `json:"transport,omitempty" doc:"The certificate that opens TLS"`
	Seal       *CertificateHealth `json:"seal,omitempty" doc:"The certificate that signs"`
	Credential *CredentialHealth  `json:"credential,omitempty"`
}

// CertificateHealth is a certificate in one line.
type CertificateHealth struct {
	Name     string    `json:"name" doc:"GET /certificates/{name}"`
	Status   string    `json:"status" enum:"ok,warn,fail"`
	Message  string    `json:"message"`
	NotAfter time.Time `json:"notAfter,omitzero"`
}

// CredentialHealth is a credential set in one line; its secrets are never shown.
type CredentialHealth struct {
	Group      string     `json:"group"`
	Holds      []string   `json:"holds" doc:"client id, client secret, API key, tokens"`
	ValidUntil *time.Time `json:"validUntil,omitempty"`
	Status     string     `json:"status" enum:"ok,warn,fail"`
}

// RegistrationFile is a file that a registration made: PEM, JWT or JSON. No
// private key and no secret is among them.
type RegistrationFile struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

// RegistrationStep is one step of an onboarding.
type RegistrationStep struct {
	Name   string     `json:"name"`
	Title  string     `json:"title"`
	Help   string     `json:"help,omitempty" doc:"What the step does and why"`
	Status string     `json:"status" enum:"pending,running,done,stopped"`
	Done   *time.Time `json:"done,omitempty"`
}

// Connection is one consent at one bank.
type Connection struct {
	ID          string     `json:"id"`
	Bank        string     `json:"bank"`
	BankName    string     `json:"bankName"`
	Purpose     string     `json:"purpose" enum:"accounts,funds" doc:"What the consent is for"`
	Status      string     `json:"status" enum:"awaiting_user,active,refused,needs_reauthorisation,revoked"`
	Message     string     `json:"message,omitempty"`
	Redirect    string     `json:"redirect,omitempty" doc:"Send the user here, while awaiting_user"`
	Permissions []string   `json:"permissions"`
	Expires     *time.Time `json:"expires,omitempty" doc:"Until when the consent lasts; absent for no end"`
	Accounts    int        `json:"accounts"`
	Created     time.Time  `json:"created"`
	LastSync    *time.Time `json:"lastSync,omitempty"`
	Sync        *Sync      `json:"sync,omitempty" doc:"The newest sync"`
}

// Sync is one run over one connection. The same object is the data of
// sync.progress, sync.finished and sync.failed events.
type Sync struct {
	ID            string     `json:"id"`
	Connection    string     `json:"connection"`
	State         string     `json:"state" enum:"running,complete,partial,failed"`
	AccountsTotal int        `json:"accountsTotal"`
	AccountsDone  int        `json:"accountsDone"`
	Seen          int        `json:"seen" doc:"Transactions read from the bank"`
	Added         int        `json:"added"`
	Updated       int        `json:"updated"`
	Message       string     `json:"message,omitempty"`
	Started       time.Time  `json:"started"`
	Finished      *time.Time `json:"finished,omitempty"`
}

// Account is one account of the ledger.
type Account struct {
	ID          string                `json:"id"`
	Bank        string                `json:"bank"`
	BankName    string                `json:"bankName"`
	Connection  string                `json:"connection"`
	Name        string                `json:"name" doc:"The user's name for it, else the product"`
	Holder      string                `json:"holder,omitempty"`
	Type        string                `json:"type" enum:"current,savings,card,loan,other"`
	Usage       string                `json:"usage,omitempty"`
	Product     string                `json:"product,omitempty"`
	Currency    string                `json:"currency"`
	Identifiers []onepoint.Identifier `json:"identifiers"`
	Balance     *Balance              `json:"balance,omitempty" doc:"The one to show: booked, else available"`
	Updated     time.Time             `json:"updated"`
}

// Balance is the latest balance of one type of one account.
type Balance struct {
	Account     string                `json:"account"`
	Type        string                `json:"type"`
	Amount      onepoint.Money        `json:"amount" doc:"Negative when overdrawn"`
	At          *time.Time            `json:"at,omitempty"`
	CreditLines []onepoint.CreditLine `json:"creditLines,omitempty"`
	Fetched     time.Time             `json:"fetched"`
}

// Transaction is one row of the ledger.
type Transaction struct {
	ID              string                `json:"id"`
	Account         string                `json:"account"`
	Status          string                `json:"status" enum:"booked,pending,rejected,vanished"`
	Amount          onepoint.Money        `json:"amount" doc:"Negative when it left the account"`
	BookingDate     string                `json:"bookingDate,omitempty" format:"date"`
	ValueDate       string                `json:"valueDate,omitempty" format:"date"`
	Information     string                `json:"information,omitempty"`
	Counterparty    onepoint.Counterparty `json:"counterparty,omitzero"`
	Merchant        onepoint.Merchant     `json:"merchant,omitzero"`
	Exchange        *onepoint.Exchange    `json:"exchange,omitempty"`
	Reference       string                `json:"reference,omitempty"`
	BankID          string                `json:"bankId,omitempty" doc:"The bank's own id"`
	BankCode        string                `json:"bankCode,omitempty"`
	ProprietaryCode string                `json:"proprietaryCode,omitempty"`
	FirstSeen       time.Time             `json:"firstSeen"`
	Updated         time.Time             `json:"updated"`
}

// APIKey is a key without the key itself.
type APIKey struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Hint     string     `json:"hint" doc:"Its first characters"`
	Key      string     `json:"key,omitempty" doc:"The key itself: only in the answer that makes it"`
	Created  time.Time  `json:"created"`
	LastUsed *time.Time `json:"lastUsed,omitempty"`
}

// Worse lowers the status to that of a part, with the part's message.
func (h *RegistrationHealth) Worse(status, message string) {
	rank := map[string]int{"none": 0, "ok": 1, "warn": 2, "fail": 3}
	if rank[status] > rank[h.Status] {
		h.Status, h.Message = status, message
	}
}
