package modelbank

import (
	"context"
	"log/slog"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/standard/obie"
)

// PaymentCore is the core banking system as payments need it; package core
// implements it.
type PaymentCore interface {
	Accounts(ctx context.Context, customer string) ([]onepoint.Account, error)
	AccountByIdentifier(ctx context.Context, id onepoint.Identifier) (onepoint.Account, error)
	// Transfer moves money once for each id; [core.ErrFunds] is the cause when the
	// account does not cover it.
	Transfer(ctx context.Context, t core.Transfer) error
	HasFunds(ctx context.Context, account string, amount onepoint.Money) (bool, error)
}

// Order is a payment as the bank keeps it: with who is carrying it out.
type Order struct {
	obie.PaymentOrder
	Claim        string    `json:"claim,omitempty"`
	ClaimedUntil time.Time `json:"claimedUntil,omitzero"`
}

// PaymentKey is an idempotency key that was used. Keys are told apart by client
// and endpoint.
type PaymentKey struct {
	ClientID string
	obie.Idempotency
	Resource string // what came of the request
	Used     time.Time
}

// PaymentTx is a transaction that holds one consent: nobody else changes it, or
// adds a payment to it, meanwhile.
type PaymentTx interface {
	// Key finds a key used after the instant; false when there is none.
	Key(clientID string, i obie.Idempotency, after time.Time) (PaymentKey, bool, error)
	// PutKey stores a key, in place of one used at or before the instant. CodeConflict
	// for one that was used later.
	PutKey(k PaymentKey, after time.Time) error
	Order(id string) (Order, error) // CodeNotFound
	PutOrder(o Order) error         // a new one
	// Spent sums, in minor units, what the consent's payments took that were made
	// from the one instant to before the other and were not rejected.
	Spent(from, to time.Time) (int64, error)
}

// PaymentStore keeps consents, payments, keys and files.
type PaymentStore interface {
	// CreatePaymentConsent writes a new consent and the key that it came with, if
	// any. CodeConflict when the key was used after the instant: nothing is written.
	CreatePaymentConsent(ctx context.Context, c obie.PaymentConsent, k PaymentKey, after time.Time) error
	PaymentConsent(ctx context.Context, id string) (obie.PaymentConsent, error) // CodeNotFound
	// PaymentKey finds a key used after the instant. CodeNotFound.
	PaymentKey(ctx context.Context, clientID string, i obie.Idempotency, after time.Time) (PaymentKey, error)
	// ChangePaymentConsent runs fn in a transaction that holds the consent and
	// writes what fn made of it. An error of fn changes nothing and is returned; fn
	// may run more than once.
	ChangePaymentConsent(ctx context.Context, id string, fn func(PaymentTx, *obie.PaymentConsent) error) (obie.PaymentConsent, error)
	// CustomerPaymentConsents are the newest consents that a customer authorised.
	CustomerPaymentConsents(ctx context.Context, customer string, limit int) ([]obie.PaymentConsent, error)
	PaymentOrder(ctx context.Context, id string) (Order, error) // CodeNotFound
	// ChangePaymentOrder is the same for a payment.
	ChangePaymentOrder(ctx context.Context, id string, fn func(*Order) error) (Order, error)
	// DuePayments are the ids of payments of which something is due, the longest due
	// first.
	DuePayments(ctx context.Context, now time.Time, limit int) ([]string, error)
	// PutPaymentFile stores the file of a consent, in place of an earlier one.
	PutPaymentFile(ctx context.Context, consent, media string, content []byte) error
	PaymentFile(ctx context.Context, consent string) (media string, content []byte, err error) // CodeNotFound
}

// CutOff is what happens to an order that comes after the day's cut-off time.
type CutOff string

// The strategies.
const (
	RejectAfterCutOff CutOff = "reject" // U012
	LaterAfterCutOff  CutOff = "later"  // carried out on the next working day
)

// PaymentsConfig is what payments need.
type PaymentsConfig struct {
	Core  PaymentCore
	Store PaymentStore
	Zone  *time.Location // the bank's: days, and the periods of limits, begin here
	// First is the state in which a payment begins: PDNG, which every version of the
	// standard knows, or RCVD, as the later text of v4.0 has it. Empty: PDNG.
	First obie.OrderState
	// CutOffHour is the hour, in Zone, after which a CHAPS payment is too late for
	// the day, and AfterCutOff what happens then. Zero and empty: 17, reject.
	CutOffHour  int
	AfterCutOff CutOff
	// Authorisers says how many customers must authorise a payment from an account.
	// Nil: one.
	Authorisers func(account string) int
	// Rate says how much of the other currency one of the unit is. Nil: a table.
	Rate func(unit, other onepoint.Currency) (string, bool)
	// OnRevoke ends the tokens of a consent. Nil: there are none.
	OnRevoke func(ctx context.Context, consentID string) error
	Now      onepoint.Clock
	NewID    onepoint.IDs
	Log      *slog.Logger
}

// Payments is the model bank's payment initiation, variable recurring payments
// and confirmation of funds. It implements [obie.PaymentBank]; its methods are
// safe for concurrent use, also by several processes over one store.
type Payments struct{ PaymentsConfig }

var _ obie.PaymentBank = (*Payments)(nil)

// The bank's currency: payments leave accounts that are kept in it.
const homeCurrency onepoint.Currency = "GBP"

// How long things last.
const (
	keyLife   = 24 * time.Hour   // of an idempotency key
	quoteLife = 15 * time.Minute // of an actual exchange rate
	multiLife = 7 * 24 * time.Hour
	claimLife = time.Minute // of the right to carry an order out
)

// NewPayments makes payments.
func NewPayments(c PaymentsConfig) *Payments {
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.First == "" {
		c.First = obie.Pending
	}
	if c.CutOffHour == 0 {
		c.CutOffHour = 17
	}
	if c.AfterCutOff == "" {
		c.AfterCutOff = RejectAfterCutOff
	}
	if c.Authorisers == nil {
		c.Authorisers = func(string) int { return 1 }
	}
	if c.Rate == nil {
		c.Rate = tableRate
	}
	if c.OnRevoke == nil {
		c.OnRevoke = func(context.Context, string) error { return nil }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Payments{c}
}

func (p *Payments) instant() time.Time { return p.Now().UTC().Truncate(time.Microsecond) }

// PaymentConsent implements [obie.PaymentBank].
func (p *Payments) PaymentConsent(ctx context.Context, tpp onepoint.TPP, kind, id string) (obie.PaymentConsent, error) {
	const op = "read payment consent"
	c, err := p.Store.PaymentConsent(ctx, id)
	if err != nil {
		return obie.PaymentConsent{}, onepoint.E("", op, "", err)
	}
	if err := belongs(&c, tpp, kind, op); err != nil {
		return obie.PaymentConsent{}, err
	}
	c.State = consentAt(&c, p.Now())
	return c, nil
}

// belongs refuses a consent of another kind as unknown, and another TPP's.
func belongs(c *obie.PaymentConsent, tpp onepoint.TPP, kind, op string) error {
	if c.Kind != kind || !c.Deleted.IsZero() && c.TPP.ClientID == tpp.ClientID {
		return onepoint.E(onepoint.CodeNotFound, op, "there is no such consent", nil)
	}
	if tpp.ClientID == "" || c.TPP.ClientID != tpp.ClientID {
		return onepoint.E(onepoint.CodeForbidden, op, "the consent is another TPP's", nil)
	}
	return nil
}

// consentAt is the consent's state with expiry taken into account.
func consentAt(c *obie.PaymentConsent, now time.Time) obie.ConsentState {
	end := c.Expires
	if c.Kind == obie.DomesticVRP {
		end = c.Limits.ValidTo
	}
	if c.State == obie.Authorised && !end.IsZero() && !now.Before(end) {
		return obie.Expired
	}
	return c.State
}

// PaymentOrder implements [obie.PaymentBank].
func (p *Payments) PaymentOrder(ctx context.Context, tpp onepoint.TPP, kind, id string) (obie.PaymentOrder, error) {
	const op = "read payment"
	o, err := p.Store.PaymentOrder(ctx, id)
	if err != nil {
		return obie.PaymentOrder{}, onepoint.E("", op, "", err)
	}
	if o.Kind != kind {
		return obie.PaymentOrder{}, onepoint.E(onepoint.CodeNotFound, op, "there is no such payment", nil)
	}
	if tpp.ClientID == "" || o.TPP.ClientID != tpp.ClientID {
		return obie.PaymentOrder{}, onepoint.E(onepoint.CodeForbidden, op, "the payment is another TPP's", nil)
	}
	return o.PaymentOrder, nil
}
