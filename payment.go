package onepoint

// PaymentScheme is how the money travels.
type PaymentScheme string

// The schemes.
const (
	SchemeSEPA          PaymentScheme = "sepa"          // SEPA Credit Transfer, euro
	SchemeSEPAInstant   PaymentScheme = "sepa_instant"  // SEPA Instant Credit Transfer, euro
	SchemeDomestic      PaymentScheme = "domestic"      // the country's own, such as Faster Payments
	SchemeInternational PaymentScheme = "international" // anything else, by correspondent banks
	SchemeBookTransfer  PaymentScheme = "book_transfer" // within the bank
)

// Payment asks to move money once. It is a [Purpose]: the user authorises
// exactly this amount to exactly this creditor.
type Payment struct {
	ID          string // ours: the idempotency key at the bank, the same on every repetition
	Scheme      PaymentScheme
	Amount      Money        // positive
	Creditor    Counterparty // name and identifier are needed
	Debtor      Identifier   // zero: the user chooses at the bank
	Information string       // free text for the creditor; this or Reference
	Reference   string       // the creditor's structured reference
}

func (Payment) purpose() {}

// PaymentStatus is how far a payment has come. Values are ours; each standard's
// map onto them.
type PaymentStatus string

// The statuses. Accepted means that the bank has taken the order on; only
// completed means that the money has arrived, and only rejected, cancelled and
// completed are final.
const (
	PaymentAwaiting  PaymentStatus = "awaiting_authorisation"
	PaymentReady     PaymentStatus = "authorised" // and not yet submitted
	PaymentPending   PaymentStatus = "pending"
	PaymentAccepted  PaymentStatus = "accepted"
	PaymentCompleted PaymentStatus = "completed"
	PaymentRejected  PaymentStatus = "rejected"
	PaymentCancelled PaymentStatus = "cancelled"
)

// Final reports whether the status cannot change any more.
func (s PaymentStatus) Final() bool {
	return s == PaymentCompleted || s == PaymentRejected || s == PaymentCancelled
}

// PaymentState is what the bank says of one payment.
type PaymentState struct {
	ID       string // the bank's
	Status   PaymentStatus
	BankCode string // the bank's own word for it
	Reason   string // why it was rejected, for the user
}

// Funds asks to learn whether an account could pay an amount. It is a
// [Purpose].
type Funds struct {
	Account Identifier
}

func (Funds) purpose() {}
