package onepoint

import "context"

// Connector is one bank as one registered TPP client sees it. It keeps no state:
// what must survive a restart is in its results. It offers more by also
// implementing the interfaces below; implementing one is the declaration.
// All methods are safe for concurrent use.
type Connector interface {
	// Authorize lodges the intent at the bank and says where the user must go.
	// [CodeInvalid] for a purpose that the bank does not serve.
	Authorize(ctx context.Context, in Intent) (Authorization, error)
	// Resume finishes the journey with what came back. A user who refused is a
	// refused Authorization and no error. Errors: [CodeProtocol] for an answer that
	// does not belong to the intent (issuer, nonce, hashes), [CodeConflict] for a
	// code that was used or has expired.
	Resume(ctx context.Context, in Intent, cb Callback) (Authorization, error)
}

// AccountReader reads accounts under a grant. Errors: [CodeConsentExpired] and
// [CodeConsentInvalid] when the user must consent again, [CodeTokenInvalid] when
// a refresh may help, [CodeForbidden] for a permission the consent lacks,
// [CodeRateLimited], [CodeUnavailable], [CodeProtocol].
type AccountReader interface {
	Accounts(ctx context.Context, g Grant) ([]Account, error)
	Balances(ctx context.Context, g Grant, account string) ([]Balance, error)
	Transactions(ctx context.Context, g Grant, account string, q TransactionQuery) (TransactionPage, error)
}

// Payer carries out a payment that its user has authorised. g.ConsentID is the
// payment's id at the bank.
type Payer interface {
	// Submit gives the order. Repeating it with the same p.ID never pays twice.
	// [CodeUnavailable] leaves open whether the bank took it: ask PaymentState.
	Submit(ctx context.Context, g Grant, p Payment) (PaymentState, error)
	// PaymentState asks how the payment stands.
	PaymentState(ctx context.Context, g Grant, p Payment) (PaymentState, error)
}

// FundsConfirmer says whether an account could pay an amount, under a grant for
// [Funds].
type FundsConfirmer interface {
	ConfirmFunds(ctx context.Context, g Grant, account Identifier, amount Money) (bool, error)
}

// Refresher renews an access token without the user. [CodeConsentExpired] means
// that the user is needed after all.
type Refresher interface {
	Refresh(ctx context.Context, g Grant) (Grant, error)
}

// Revoker ends the consent at the bank. Revoking what is already gone is no
// error.
type Revoker interface {
	Revoke(ctx context.Context, g Grant) error
}
