package onepoint

import "context"

// ASPSP is the bank behind a standard's server: the mirror of [Connector] and
// [AccountReader]. Every method enforces the consent's rules; a server only
// translates.
type ASPSP interface {
	// Lodge records a consent that awaits its user. [CodeInvalid] when the bank
	// does not accept such a consent.
	Lodge(ctx context.Context, tpp TPP, p Purpose) (Consent, error)
	// Consent returns a consent with the status it has now. [CodeNotFound] for an
	// unknown one, [CodeForbidden] for another TPP's.
	Consent(ctx context.Context, tpp TPP, id string) (Consent, error)
	// Revoke ends a consent for good; the same errors as Consent.
	Revoke(ctx context.Context, tpp TPP, id string) error
	AccountSource
}

// AccountSource is the reading half of [ASPSP]. Each call needs an authorised
// consent: [CodeConsentInvalid] or [CodeConsentExpired] otherwise,
// [CodeForbidden] for an account or a permission that the user did not grant.
// What a permission hides is empty in the result.
type AccountSource interface {
	Accounts(ctx context.Context, c Consent) ([]Account, error)
	Balances(ctx context.Context, c Consent, account string) ([]Balance, error)
	Transactions(ctx context.Context, c Consent, account string, q TransactionQuery) (TransactionPage, error)
}
