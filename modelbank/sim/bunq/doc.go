// Package bunq simulates bunq's public API as a third-party provider meets it:
// installation, PSD2 credential, device, session, OAuth, accounts, payments,
// drafts and issuer transactions, with bunq's own envelope, signatures, errors
// and rate limits. The customers and the money are the model bank's.
//
// It is a package of its own because bunq follows no standard: nothing of it is
// shared with another bank. What bunq does not document is decided here and
// said so at the place.
package bunq
