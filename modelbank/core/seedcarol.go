package core

import (
	"time"

	"github.com/onepointledger/onepoint"
)

// seedCarol saves, pays with a credit card, and shares a household account with
// alice, who must have been seeded.
func seedCarol(s *seeder) {
	id := s.customer("carol", "Carol Lindqvist")
	opened := s.today.AddDays(-9 * 365)
	joint := s.account(Account{
		Account: onepoint.Account{
			ID: "acc_household", Identifiers: ukIdentifiers("55779920"), Currency: "GBP", Type: onepoint.AccountCurrent,
			Usage: onepoint.UsagePersonal, Product: "Joint Current Account", Nickname: "Household", Holder: "Ms C Lindqvist & Ms A Harper", Opened: opened,
		},
		Holders: []string{id, "cus_alice"}, CreditLimit: 100000,
	})
	savings := s.account(Account{
		Account: onepoint.Account{
			ID: "acc_carol_savings", Identifiers: ukIdentifiers("55779938"), Currency: "GBP", Type: onepoint.AccountSavings,
			Usage: onepoint.UsagePersonal, Product: "Instant Saver", Holder: "Ms Carol Lindqvist", Opened: opened,
		},
		Holders: []string{id},
	})
	card := s.account(Account{
		Account: onepoint.Account{
			ID: "acc_carol_card", Identifiers: []onepoint.Identifier{{Scheme: onepoint.SchemePAN, Value: cardNumber("4471209")}},
			Currency: "GBP", Type: onepoint.AccountCard, Usage: onepoint.UsagePersonal, Product: "Platinum Credit Card",
			Nickname: "Credit card", Holder: "Ms Carol Lindqvist", Opened: opened,
		},
		Holders: []string{id}, CreditLimit: 500000,
	})
	s.openWith(joint, 210480)
	s.openWith(savings, 1840000)
	household(joint)
	s.save(joint, savings, 27, 40000)
	s.monthlyInterest(savings, 1840000, 40000, 41)
	carolCard(s, card, joint)
	card.hold(s.at(s.today, 0, 55), -6720, CardScheme, shop{"JOHN LEWIS OXFORD ST LONDON", "John Lewis", "5311", 0, 0}.statement())
}

func household(a seedAccount) {
	for _, r := range []regular{
		{
			day: 28, minor: 338020, yearlyRise: 7100, against: ClearingBacs, early: true, text: "BARTS HEALTH NHS TRUST 2210984", reference: "2210984",
			party: partyUK("Barts Health NHS Trust", "60700210027218"), code: "BGC", bankCode: "PMNT-RCDT-SALA",
		},
		{
			day: 1, minor: -148260, against: ClearingBacs, hour: 3, text: "NATIONWIDE BS MORTGAGE 0219/884120", reference: "0219884120",
			party: onepoint.Counterparty{Name: "Nationwide Building Society"}, code: "DD", bankCode: "PMNT-RDDT-PMDD",
		},
		{
			day: 10, minor: -3650, against: ClearingBacs, hour: 3, text: "THAMES WATER 9002211876", reference: "9002211876",
			party: onepoint.Counterparty{Name: "Thames Water"}, code: "DD", bankCode: "PMNT-RDDT-PMDD",
		},
		{
			day: 16, minor: -9240, drift: 2100, against: ClearingBacs, hour: 3, text: "EDF ENERGY 671012208841", reference: "671012208841",
			party: onepoint.Counterparty{Name: "EDF Energy"}, code: "DD", bankCode: "PMNT-RDDT-PMDD",
		},
	} {
		a.every(r)
	}
}

// carolCard spends through each month; the statement is paid in full from the
// household account ten days into the next.
func carolCard(s *seeder, card, from seedAccount) {
	shops := append(groceries(), outings()...)
	owed := int64(0)
	s.days(func(d onepoint.Date, weekday time.Weekday) {
		if weekday == time.Wednesday || weekday == time.Saturday || weekday == time.Sunday {
			sh := s.pick(shops)
			minor := s.between(sh.low, sh.high)
			st := sh.statement()
			st.ProprietaryCode, st.BankCode = "BCC", "PMNT-CCRD-POSC"
			card.book(s.at(d, 15, int(s.between(0, 59))), -minor, CardScheme, st)
			owed += minor
		}
		if d.Day == 10 && owed > 0 {
			s.transfer(s.at(d, 3, 45), from, card, owed,
				Statement{Information: "PLATINUM CREDIT CARD STATEMENT"}, Statement{Information: "PAYMENT RECEIVED - THANK YOU"})
			owed = 0
		}
	})
}
