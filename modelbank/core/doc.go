// Package core is the model bank's core banking system: customers who can log
// in, their accounts, and double-entry books.
//
// It is a package because the books have rules of their own, whatever API shows
// them: a [Movement] has legs that sum to zero in each currency, so no posting
// makes or loses money; an account's booked balance is the sum of its booked
// entries, and every booked entry carries the balance after it. The other side
// of a customer's entry is an internal account of the bank: cash, the clearing
// account of a payment scheme, interest, fees, cards, or the position in
// foreign exchange.
//
// [Apply], [Settle] and [Release] are that arithmetic, without I/O; a [Store]
// locks the positions they change and writes what they return.
//
// [Core.Seed] fills an empty bank with a few lively customers, and
// [Core.LoadBerka] with real accounts of a Czech bank of 1993.
package core
