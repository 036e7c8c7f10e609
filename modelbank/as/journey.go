package as

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/onepointledger/onepoint"
)

// Journey is the bank behind the login and consent pages.
type Journey interface {
	// Intent is what a TPP asks for. Errors: CodeNotFound, CodeForbidden for
	// another client's, CodeConflict and CodeConsentExpired for one that can no
	// longer be authorised.
	Intent(ctx context.Context, clientID, consentID string) (Intent, error)
	// Authenticate checks a login. Errors: CodeUnauthenticated, CodeRateLimited
	// while the login is locked.
	Authenticate(ctx context.Context, login, password string) (Customer, error)
	// Accounts are those the customer may share.
	Accounts(ctx context.Context, customer string) ([]Choice, error)
	// Approve authorises the consent for the accounts chosen.
	Approve(ctx context.Context, consentID, customer string, accounts []string) error
	// Reject ends a consent that its user refused.
	Reject(ctx context.Context, consentID string) error
}

// Dashboard is the bank behind the customer's own page of connected apps. A
// Journey that implements it gets the page.
type Dashboard interface {
	// Connected are the consents that the customer gave, the newest first.
	Connected(ctx context.Context, customer string) ([]Connection, error)
	// Disconnect ends a consent at the customer's wish. CodeNotFound for one that
	// is not theirs. Repeating it is no error.
	Disconnect(ctx context.Context, customer, consentID string) error
}

// Line is one thing that the customer agrees to.
type Line struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Choose says how many accounts the customer chooses for an intent.
const (
	ChooseMany = "many"
	ChooseOne  = "one"
)

// Intent is a consent as its user is shown it.
type Intent struct {
	ConsentID string
	TPPName   string
	Kind      string // IntentAccounts and so on; empty: accounts
	Title     string // heading of the page, such as "Pay Acme Ltd"; empty: one of the kind
	Lines     []Line // what is agreed: for a payment at least its amount and payee
	Choose    string // ChooseMany, ChooseOne, or "" when there is nothing to choose
	Only      string // an account that the TPP named: no other can be chosen
	Currency  string // of the accounts that can be chosen; empty: any
	Renewal   bool   // it was authorised before, and is authorised again

	// Of account access.
	Permissions []onepoint.Permission
	Expires     time.Time // zero: until it is revoked
	From, To    time.Time // of the transactions; zero: open
}

// kind is the intent's kind, accounts when none is told.
func (i Intent) kind() string {
	if i.Kind == "" {
		return IntentAccounts
	}
	return i.Kind
}

// paying says whether money moves: then the second factor is bound to the
// intent's lines (RTS 2018/389 article 5).
func (i Intent) paying() bool { return i.kind() == IntentPayments || i.kind() == IntentVRP }

// digest is what the second factor is bound to: everything that the customer is
// shown of the intent.
func (i Intent) digest() []byte {
	encoded, err := json.Marshal([]any{i.ConsentID, i.TPPName, i.kind(), i.Title, i.Lines, i.Only, i.Currency})
	if err != nil {
		panic(err) // strings encode
	}
	sum := sha256.Sum256(encoded)
	return sum[:]
}

// Customer is who logged in.
type Customer struct{ ID, Name string }

// Choice is one account that can be shared.
type Choice struct {
	ID         string
	Name       string
	Identifier string
	Currency   string
	Balance    onepoint.Money
}

// Connection is one consent on the customer's page of connected apps.
type Connection struct {
	ConsentID string
	TPPName   string
	Kind      string
	Title     string   // "Reads your accounts"
	Accounts  []string // by the names their owner knows
	Active    bool
	Status    string // in words, such as "ended by you"
	Given     time.Time
	Expires   time.Time // zero: until it is revoked
}
