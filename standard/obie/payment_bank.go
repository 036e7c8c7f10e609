package obie

import (
	"context"
	"encoding/json"
	"time"

	"github.com/onepointledger/onepoint"
)

// ConsentState is the state of a payment, VRP or funds-confirmation consent, in
// the words of v4.0.
type ConsentState string

// The states of consents.
const (
	AwaitingUpload        ConsentState = "AWUP" // of a file payment
	AwaitingAuthorisation ConsentState = "AWAU"
	Authorised            ConsentState = "AUTH"
	ConsentRejected       ConsentState = "RJCT"
	Consumed              ConsentState = "COND" // a payment came of it
	Cancelled             ConsentState = "CANC" // of VRP and funds confirmation
	Expired               ConsentState = "EXPD"
)

// OrderState is the state of a payment, in the words of v4.0.
type OrderState string

// The states of payments.
const (
	Received            OrderState = "RCVD"
	Pending             OrderState = "PDNG"
	AwaitingFurther     OrderState = "PATC" // other customers must authorise it too
	Accepted            OrderState = "ACTC" // set up, and waits for its date
	SettlementCompleted OrderState = "ACSC" // the debtor's account was debited
	OrderRejected       OrderState = "RJCT"
	OrderCancelled      OrderState = "CANC"
	InitiationCompleted OrderState = "INCO" // of standing orders and files
	InitiationFailed    OrderState = "INFA"
)

// PaymentConsent is a consent as the bank holds it. Initiation, Risk and what
// else is json.RawMessage are kept as they came, so that nothing is forgotten
// when a payment is compared with its consent.
type PaymentConsent struct {
	ID      string       `json:"id"`
	Kind    string       `json:"kind"` // one of the names of the kinds
	TPP     onepoint.TPP `json:"tpp"`
	Version string       `json:"version"` // "v3.1" or "v4.0": where it was lodged
	State   ConsentState `json:"state"`
	Reason  string       `json:"reason,omitempty"` // code of why it was rejected or cancelled
	Created time.Time    `json:"created"`
	Updated time.Time    `json:"updated"` // when State last changed

	Initiation     json.RawMessage `json:"initiation,omitempty"`
	Risk           json.RawMessage `json:"risk,omitempty"`
	Control        json.RawMessage `json:"control,omitempty"` // ControlParameters of a VRP consent
	Authorisation  json.RawMessage `json:"authorisation,omitempty"`
	SCASupport     json.RawMessage `json:"scaSupport,omitempty"`
	ReadRefund     string          `json:"readRefund,omitempty"` // Yes, No or nothing
	Expires        time.Time       `json:"expires,omitzero"`     // ExpirationDateTime of a funds consent
	Instruction    Instruction     `json:"instruction"`          // what Initiation says
	Limits         VRPLimits       `json:"limits,omitzero"`      // what Control says
	CutOff         time.Time       `json:"cutOff,omitzero"`
	Charges        []Charge        `json:"charges,omitempty"`
	Quote          *Quote          `json:"quote,omitempty"`
	Customer       string          `json:"customer,omitempty"` // who authorised it
	Account        string          `json:"account,omitempty"`  // to be debited, by the bank's id
	Debtor         *AccountName    `json:"debtor,omitempty"`   // the account as others know it
	Deleted        time.Time       `json:"deleted,omitzero"`   // by its TPP
	FileType       string          `json:"fileType,omitempty"` // media type of the uploaded file
	References     []string        `json:"references,omitempty"`
	PSUSawPayments int             `json:"payments,omitempty"` // how many payments came of it
}

// AccountName is an account as others know it.
type AccountName struct {
	Identifier onepoint.Identifier `json:"identifier"`
	Name       string              `json:"name"`
}

// Charge is one charge of a payment (OBCharge2).
type Charge struct {
	Bearer string         `json:"bearer"` // OBChargeBearerType1Code
	Type   string         `json:"type"`   // namespaced: UK.OBIE.CHAPSOut
	Amount onepoint.Money `json:"amount"`
}

// Quote is the exchange rate that the bank gave (OBExchangeRate2).
type Quote struct {
	Unit     onepoint.Currency `json:"unit"`               // 1 of it is …
	Rate     string            `json:"rate"`               // … so much of the other currency
	Type     string            `json:"type"`               // Actual, Agreed or Indicative
	Contract string            `json:"contract,omitempty"` // with Agreed
	Expires  time.Time         `json:"expires,omitzero"`   // with Actual
}

// Execution is one movement of money of an order.
type Execution struct {
	ID     string         `json:"id"` // PaymentTransactionId
	Due    time.Time      `json:"due"`
	State  OrderState     `json:"state"`
	At     time.Time      `json:"at"` // when State was reached
	Amount onepoint.Money `json:"amount"`
	Reason string         `json:"reason,omitempty"` // ISO 20022 code of why it was rejected
}

// PaymentOrder is a payment resource as the bank holds it.
type PaymentOrder struct {
	ID          string          `json:"id"`
	Kind        string          `json:"kind"`
	ConsentID   string          `json:"consentId"`
	TPP         onepoint.TPP    `json:"tpp"`
	Version     string          `json:"version"`
	State       OrderState      `json:"state"`
	Reason      string          `json:"reason,omitempty"`
	Created     time.Time       `json:"created"`
	Updated     time.Time       `json:"updated"`
	Initiation  json.RawMessage `json:"initiation"`
	Risk        json.RawMessage `json:"risk,omitempty"`
	Detail      json.RawMessage `json:"detail,omitempty"` // Instruction of a VRP payment
	VRPType     string          `json:"vrpType,omitempty"`
	Method      string          `json:"method,omitempty"`      // PSUAuthenticationMethod
	Interaction string          `json:"interaction,omitempty"` // PSUInteractionType
	Instruction Instruction     `json:"instruction"`
	Account     string          `json:"account"`
	Debit       onepoint.Money  `json:"debit"` // of one execution, in the account's currency
	Debtor      *AccountName    `json:"debtor,omitempty"`
	Refund      bool            `json:"refund,omitempty"` // tell the account for a refund
	Charges     []Charge        `json:"charges,omitempty"`
	Quote       *Quote          `json:"quote,omitempty"`
	Multi       *MultiAuth      `json:"multi,omitempty"`
	Due         time.Time       `json:"due,omitzero"` // of the next execution; zero: none
	Executions  []Execution     `json:"executions,omitempty"`
}

// MultiAuth is how far several authorisations of one payment have come
// (OBMultiAuthorisation1).
type MultiAuth struct {
	State    string    `json:"state"` // AWAF, AUTH or RJCT
	Required int       `json:"required"`
	By       []string  `json:"by"` // customers who authorised it
	Updated  time.Time `json:"updated"`
	Expires  time.Time `json:"expires"`
}

// Idempotency is what makes a repeated request the same request: the key within
// one endpoint of one client, and the digest of the body.
type Idempotency struct {
	Endpoint string
	Key      string
	Digest   string // SHA-256 of the body, in base64
}

// PaymentSubmission asks to carry out a consent.
type PaymentSubmission struct {
	Kind        string
	ConsentID   string
	Version     string
	Initiation  json.RawMessage
	Risk        json.RawMessage
	Detail      json.RawMessage // Instruction of a VRP payment
	Instruction Instruction     // what Initiation, or Detail, says
	VRPType     string
	Method      string
	Interaction string
	Idempotency Idempotency
}

// PaymentBank is the bank behind the payment, VRP and funds-confirmation APIs.
// Where the standard has a code for what is wrong, the error carries a [Rule].
// For a consent or payment: CodeNotFound when it is unknown or was deleted,
// CodeForbidden when it is another TPP's.
type PaymentBank interface {
	// LodgePayment records a consent of any kind. A repeated key gives the consent
	// of the first time, with the state that it has now.
	LodgePayment(ctx context.Context, tpp onepoint.TPP, c PaymentConsent, key Idempotency) (PaymentConsent, error)
	// PaymentConsent returns a consent of the kind.
	PaymentConsent(ctx context.Context, tpp onepoint.TPP, kind, id string) (PaymentConsent, error)
	// DeletePaymentConsent ends a VRP or funds consent at its TPP's wish.
	DeletePaymentConsent(ctx context.Context, tpp onepoint.TPP, kind, id string) error
	// Migrate replaces what a VRP consent of an older version holds (v4.0, PUT and
	// PATCH): only its form, never what the user agreed to.
	Migrate(ctx context.Context, tpp onepoint.TPP, id string, change func(PaymentConsent) (PaymentConsent, error)) (PaymentConsent, error)
	// UploadFile takes the file that a file consent announced.
	UploadFile(ctx context.Context, tpp onepoint.TPP, id, media string, content []byte, key Idempotency) error
	// File returns it.
	File(ctx context.Context, tpp onepoint.TPP, id string) (media string, content []byte, err error)
	// Report says what became of each payment of a file.
	Report(ctx context.Context, tpp onepoint.TPP, order string) (media string, content []byte, err error)
	// FundsFor says whether the account of an authorised consent could pay. A zero
	// amount asks for the amount of the consent.
	FundsFor(ctx context.Context, tpp onepoint.TPP, q FundsQuestion) (bool, time.Time, error)
	// Submit carries the consent out, once for each key; a consent of one of the
	// seven kinds is carried out once.
	Submit(ctx context.Context, tpp onepoint.TPP, s PaymentSubmission) (PaymentOrder, error)
	// PaymentOrder returns a payment of the kind.
	PaymentOrder(ctx context.Context, tpp onepoint.TPP, kind, id string) (PaymentOrder, error)
}

// FundsQuestion asks whether money is there.
type FundsQuestion struct {
	Kind      string
	ConsentID string
	Amount    onepoint.Money
	Reference string // of a CBPII question: it may be used once
}
