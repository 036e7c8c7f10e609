package as

import (
	"context"
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

// Intent is a consent as its user is shown it.
type Intent struct {
	ConsentID   string
	TPPName     string
	Permissions []onepoint.Permission
	Expires     time.Time // zero: until it is revoked
	From, To    time.Time // of the transactions; zero: open
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
