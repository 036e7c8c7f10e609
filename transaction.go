package onepoint

import "time"

// TransactionStatus says whether the bank has booked a movement.
type TransactionStatus string

// The statuses. Vanished is ours alone: a pending movement that the bank no
// longer shows and never booked.
const (
	StatusBooked   TransactionStatus = "booked"
	StatusPending  TransactionStatus = "pending"
	StatusRejected TransactionStatus = "rejected"
	StatusVanished TransactionStatus = "vanished"
)

// Counterparty is the other side of a movement, as far as the bank tells.
type Counterparty struct {
	Name       string     `json:"name,omitempty"`
	Identifier Identifier `json:"identifier,omitzero"`
	Agent      string     `json:"agent,omitempty"` // BIC or bank code
}

// Merchant is where a card was used.
type Merchant struct {
	Name         string `json:"name,omitempty"`
	CategoryCode string `json:"categoryCode,omitempty"` // ISO 18245
}

// Exchange is how an amount in another currency became the booked one.
type Exchange struct {
	Instructed Money  `json:"instructed"`       // what was asked for, in its own currency
	Rate       string `json:"rate"`             // plain decimal
	Unit       string `json:"unit,omitempty"`   // the currency the rate counts in
	Target     string `json:"target,omitempty"` // the currency converted to
}

// Transaction is one movement on one account as the bank shows it. Amount is
// signed from the account's view: negative left it. Dates are the bank's own
// civil dates; BookedAt keeps the exact instant when the bank gives one.
type Transaction struct {
	ID              string // the bank's id; empty when it gives none, and not always stable
	Reference       string // the bank's or payer's reference
	Status          TransactionStatus
	Amount          Money
	BookingDate     Date
	ValueDate       Date
	BookedAt        time.Time
	Information     string // what the statement says
	Counterparty    Counterparty
	Merchant        Merchant
	Exchange        *Exchange
	BankCode        string // ISO 20022 domain-family-subfamily, "PMNT-RCDT-ESCT"
	ProprietaryCode string // the bank's own code
	BalanceAfter    *Balance
	Raw             []byte // what the bank sent, byte for byte; only sealed at rest
}

// TransactionQuery asks for movements whose booking date lies in From … To,
// both inclusive, either open when zero; Since and Until say the same to the
// instant. Cursor continues a former page.
type TransactionQuery struct {
	From   Date
	To     Date
	Since  time.Time
	Until  time.Time
	Cursor string
	Oldest bool // the last page, instead of one that a cursor names
	Limit  int  // at most this many, 0 for the bank's own page size
}

// TransactionPage is one page, with the cursors of its neighbours. Next is empty
// on the last; Prev on the first, and where the bank gives no way back.
type TransactionPage struct {
	Transactions []Transaction
	Next         string
	Prev         string
}
