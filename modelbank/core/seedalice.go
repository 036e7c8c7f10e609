package core

import (
	"time"

	"github.com/onepointledger/onepoint"
)

func groceries() []shop {
	return []shop{
		{"TESCO STORES 3217 LONDON GBR", "Tesco", "5411", 1240, 8460},
		{"SAINSBURYS S/MKTS LONDON GBR", "Sainsbury's", "5411", 980, 6120},
		{"LIDL GB LONDON GBR", "Lidl", "5411", 760, 4980},
		{"CO-OP GROUP FOOD LONDON GBR", "Co-op", "5411", 320, 1890},
	}
}

func outings() []shop {
	return []shop{
		{"DISHOOM SHOREDITCH LONDON GBR", "Dishoom", "5812", 2150, 6480},
		{"CURZON CINEMAS LONDON GBR", "Curzon", "7832", 1300, 2600},
		{"WATERSTONES LONDON GBR", "Waterstones", "5942", 899, 3497},
		{"BOOTS 1042 LONDON GBR", "Boots", "5912", 350, 2480},
		{"TRAINLINE.COM LONDON GBR", "Trainline", "4112", 1890, 8420},
	}
}

func coffee() shop { return shop{"PRET A MANGER LONDON GBR", "Pret A Manger", "5814", 340, 340} }

// seedAlice is an employee with a current and a savings account.
func seedAlice(s *seeder) {
	id := s.customer("alice", "Alice Harper")
	opened := s.today.AddDays(-6 * 365)
	current := s.account(Account{
		Account: onepoint.Account{
			ID: "acc_alice_current", Identifiers: ukIdentifiers("31926819"), Currency: "GBP", Type: onepoint.AccountCurrent,
			Usage: onepoint.UsagePersonal, Product: "Everyday Current Account", Nickname: "Everyday", Holder: "Ms Alice Harper", Opened: opened,
		},
		Holders: []string{id}, CreditLimit: 50000,
	})
	savings := s.account(Account{
		Account: onepoint.Account{
			ID: "acc_alice_savings", Identifiers: ukIdentifiers("31926827"), Currency: "GBP", Type: onepoint.AccountSavings,
			Usage: onepoint.UsagePersonal, Product: "Instant Saver", Nickname: "Rainy day", Holder: "Ms Alice Harper", Opened: opened,
		},
		Holders: []string{id},
	})
	s.openWith(current, 142317)
	s.openWith(savings, 310000)
	aliceBills(current)
	aliceDays(s, current)
	s.save(current, savings, 26, 25000)
	s.monthlyInterest(savings, 310000, 25000, 38)
	aliceLately(s, current)
}

// openWith is what the account held before the history begins.
func (s *seeder) openWith(a seedAccount, minor int64) {
	first := onepoint.DateOf(time.Date(s.today.Year, s.today.Month-historyMonths, 1, 0, 0, 0, 0, time.UTC))
	a.book(s.at(first, 0, 1), minor, ClearingFPS, Statement{
		Information: "CURRENT ACCOUNT SWITCH BALANCE TRANSFER", Counterparty: onepoint.Counterparty{Name: "Current Account Switch Service"},
		BankCode: "PMNT-RCDT-DMCT", ProprietaryCode: "FPI",
	})
}

func aliceBills(a seedAccount) {
	fortnightly := func(m time.Month) bool { return m == time.February || m == time.March }
	for _, r := range []regular{
		{
			day: 25, minor: 291540, yearlyRise: 8750, against: ClearingBacs, hour: 0, early: true, text: "NORTHWIND LOGISTICS LTD SALARY", reference: "SALARY 004417",
			party: partyUK("Northwind Logistics Ltd", "20000055779911"), code: "BGC", bankCode: "PMNT-RCDT-SALA",
		},
		{
			day: 1, minor: -105000, yearlyRise: -3500, against: ClearingFPS, hour: 3, text: "J HARRIS LETTINGS FLAT 12B RENT", reference: "FLAT 12B",
			party: partyUK("J Harris Lettings", "30962114588212"), code: "SO", bankCode: "PMNT-ICDT-STDO",
		},
		{
			day: 5, minor: -14200, skip: fortnightly, against: ClearingBacs, hour: 3, text: "LB HACKNEY COUNCIL TAX 70229918", reference: "70229918",
			party: onepoint.Counterparty{Name: "London Borough of Hackney"}, code: "DD", bankCode: "PMNT-RDDT-PMDD",
		},
		{
			day: 14, minor: -11850, against: ClearingBacs, hour: 3, text: "OCTOPUS ENERGY A-3F2B9C11", reference: "A-3F2B9C11",
			party: onepoint.Counterparty{Name: "Octopus Energy"}, code: "DD", bankCode: "PMNT-RDDT-PMDD",
		},
		{
			day: 18, minor: -3099, against: ClearingBacs, hour: 3, text: "HYPEROPTIC LTD 8844120", reference: "8844120",
			party: onepoint.Counterparty{Name: "Hyperoptic Ltd"}, code: "DD", bankCode: "PMNT-RDDT-PMDD",
		},
		{
			day: 21, minor: -1200, against: ClearingBacs, hour: 3, text: "SMARTY MOBILE", reference: "07700900143",
			party: onepoint.Counterparty{Name: "Smarty"}, code: "DD", bankCode: "PMNT-RDDT-PMDD",
		},
		{day: 9, minor: -1299, against: CardScheme, hour: 4, text: "NETFLIX.COM LONDON GBR", code: "DEB", bankCode: "PMNT-CCRD-POSD"},
		{day: 12, minor: -4000, against: Cash, hour: 17, text: "CASH LINK NOTEMACHINE LONDON E8", code: "CPT", bankCode: "PMNT-CCRD-CWDL"},
	} {
		a.every(r)
	}
}

func aliceDays(s *seeder, a seedAccount) {
	tfl := shop{"TFL TRAVEL CH TFL.GOV.UK/CP GBR", "Transport for London", "4111", 280, 850}
	s.days(func(d onepoint.Date, weekday time.Weekday) {
		switch weekday {
		case time.Tuesday, time.Wednesday, time.Thursday:
			a.visit(d, 6, tfl)
			if s.random.IntN(3) == 0 {
				a.visit(d, 9, coffee())
			}
		case time.Saturday:
			a.visit(d, 11, s.pick(groceries()))
			if s.random.IntN(2) == 0 {
				a.visit(d, 19, s.pick(outings()))
			}
		case time.Friday:
			if s.random.IntN(3) > 0 {
				a.visit(d, 20, s.pick(groceries()))
			}
		}
	})
}

// save transfers to savings every month.
func (s *seeder) save(from, to seedAccount, day int, minor int64) {
	s.months(func(first onepoint.Date) {
		if d := workday(first.AddDays(day - 1)); s.past(d) {
			s.transfer(s.at(d, 3, 30), from, to, minor,
				Statement{Information: "TO SAVINGS", Reference: "RAINY DAY"}, Statement{Information: "FROM CURRENT ACCOUNT", Reference: "RAINY DAY"})
		}
	})
}

// monthlyInterest pays interest on a balance that grows by the same amount every
// month, at a yearly rate in tenths of a percent.
func (s *seeder) monthlyInterest(a seedAccount, balance, growth, tenths int64) {
	s.months(func(first onepoint.Date) {
		d := first.AddDays(27)
		if !s.past(d) {
			return
		}
		balance += growth
		interest := balance * tenths / 12000
		a.book(s.at(d, 23, 50), interest, InterestPaid, Statement{
			Information: "INTEREST (GROSS)", BankCode: "ACMT-MCOP-INTR", ProprietaryCode: "INT",
		})
		balance += interest
	})
}

// aliceLately is what the last days hold for whoever reads them: a refund, two
// equal coffees at one instant, and card items that are still pending.
func aliceLately(s *seeder, a seedAccount) {
	order := shop{"ASOS.COM LONDON GBR", "ASOS", "5651", 4599, 4599}
	a.book(s.at(s.today.AddDays(-9), 21, 14), -order.low, CardScheme, order.statement())
	refund := order.statement()
	refund.Information, refund.BankCode = "REFUND ASOS.COM LONDON GBR", "PMNT-CCRD-RIMB"
	a.book(s.at(s.today.AddDays(-4), 3, 2), order.low, CardScheme, refund)
	for range 2 {
		a.book(s.at(s.today.AddDays(-1), 9, 12), -coffee().low, CardScheme, coffee().statement())
	}
	a.hold(s.at(s.today, 0, 40), -2385, CardScheme, shop{"UBER *TRIP HELP.UBER.COM", "Uber", "4121", 0, 0}.statement())
	a.hold(s.at(s.today, 1, 5), -coffee().low, CardScheme, coffee().statement())
}
