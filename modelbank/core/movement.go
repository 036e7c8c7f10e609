package core

import (
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
)

// Movement is one thing that happened to money: a journal row with two or more
// legs that sum to zero in each currency.
type Movement struct {
	ID      string    // empty: the core makes one
	At      time.Time // zero: now
	Pending bool      // affects what is available, not what is booked
	Covered string    // an account whose available balance must not go below zero; empty for none
	Legs    []Leg
}

// Leg is a movement's effect on one account, signed from the account's view.
type Leg struct {
	Account string
	Amount  onepoint.Money
	Statement
}

// Statement is what the account's statement says about an entry.
type Statement struct {
	Information     string
	Reference       string
	Counterparty    onepoint.Counterparty
	Merchant        onepoint.Merchant
	Exchange        *onepoint.Exchange
	ValueDate       onepoint.Date // zero: the booking date
	BankCode        string        // ISO 20022 domain-family-subfamily
	ProprietaryCode string
}

// statusReleased is a pending entry that was never booked: reads skip it.
const statusReleased onepoint.TransactionStatus = "released"

// Entry is one leg in the books.
type Entry struct {
	Movement     string
	Leg          int // from 1
	Account      string
	Seq          int64 // counts up within the account
	BookedAt     time.Time
	Status       onepoint.TransactionStatus // booked, pending, or released
	Amount       onepoint.Money
	BalanceAfter onepoint.Money // booked balance after it; zero while pending
	Statement
}

// ID is what the bank calls the entry; it stays when a pending entry is booked.
func (e Entry) ID() string { return fmt.Sprintf("%s.%d", e.Movement, e.Leg) }

// validate holds the rule of double entry.
func (m Movement) validate() error {
	const op = "post movement"
	if len(m.Legs) < 2 {
		return onepoint.Missing(op, "Legs", "a movement has at least two")
	}
	sums := make(map[onepoint.Currency]onepoint.Money, 2)
	for i, leg := range m.Legs {
		if leg.Account == "" || !leg.Amount.Currency.Valid() {
			return onepoint.Missing(op, fmt.Sprintf("Legs[%d]", i), "an account and an amount are needed")
		}
		if _, err := leg.Amount.Minor(); err != nil {
			return onepoint.E("", op, "", err)
		}
		sum, seen := sums[leg.Amount.Currency]
		if !seen {
			sums[leg.Amount.Currency] = leg.Amount
			continue
		}
		sum, err := sum.Add(leg.Amount)
		if err != nil {
			return onepoint.E("", op, "", err)
		}
		sums[leg.Amount.Currency] = sum
	}
	for c, sum := range sums {
		if !sum.IsZero() {
			return onepoint.Missing(op, "Legs", "the legs in "+string(c)+" do not sum to zero")
		}
	}
	return nil
}
