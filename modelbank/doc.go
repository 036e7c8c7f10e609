// Package modelbank is the account-servicing side (ASPSP): the rules of consent
// over the books of package core.
//
// It is a package because what a third-party provider may see is decided in one
// place, whichever API asks: [Bank] implements onepoint.ASPSP, and each call
// reads the consent anew, so that a revocation holds for the very next call.
// The authorization server (package as) talks to the same consents through
// [Bank.Journey].
//
// A consent moves only along these edges, in the words of UK Open Banking v4.0:
//
//	AWAU → AUTH, RJCT, CANC     the user decides, or the TPP deletes it
//	AUTH → AUTH                 authorised again, by the same customer
//	AUTH → CANC                 revoked
//	AUTH → EXPD                 by the clock alone; nothing is written
package modelbank
