package core

import (
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
)

// seedBob is a freelancer with a sterling and a euro account that share no
// identifier.
func seedBob(s *seeder) {
	id := s.customer("bob", "Bob Okafor")
	opened := s.today.AddDays(-3*365 - 40)
	gbp := s.account(Account{
		Account: onepoint.Account{
			ID: "acc_bob_gbp", Identifiers: ukIdentifiers("70872490"), Currency: "GBP", Type: onepoint.AccountCurrent,
			Usage: onepoint.UsageBusiness, Product: "Sole Trader Account", Nickname: "Studio", Holder: "Mr Bob Okafor t/a Okafor Design", Opened: opened,
		},
		Holders: []string{id}, CreditLimit: 200000,
	})
	eur := s.account(Account{
		Account: onepoint.Account{
			ID: "acc_bob_eur", Identifiers: ukIdentifiers("70872514")[1:], Currency: "EUR", Type: onepoint.AccountCurrent,
			Usage: onepoint.UsageBusiness, Product: "Euro Account", Nickname: "Euro", Holder: "Mr Bob Okafor t/a Okafor Design", Opened: opened,
		},
		Holders: []string{id},
	})
	s.openWith(gbp, 412050)
	bobInvoices(s, gbp, eur)
	bobCosts(gbp)
	bobDays(s, gbp)
	bobConverts(s, gbp, eur)
	hotel := shop{"HOTEL ADLON BERLIN DEU", "Hotel Adlon", "7011", 0, 0}
	s.cardAbroad(gbp, s.at(s.today.AddDays(-2), 22, 10), 18990, hotel, false)
	s.cardAbroad(gbp, s.at(s.today, 0, 20), 2340, shop{"BVG APP BERLIN DEU", "BVG", "4111", 0, 0}, true)
}

func bobInvoices(s *seeder, gbp, eur seedAccount) {
	clients := []onepoint.Counterparty{
		partyUK("Marlowe & Finch LLP", "40221177310294"), partyUK("Brightwater Media Ltd", "08993312004571"), partyUK("Tern Publishing", "60831166420918"),
	}
	hamburg := partyIBAN("Nordlicht Verlag GmbH", "DE", "200505501015871393", "HASPDEHHXXX")
	number := 240
	s.months(func(first onepoint.Date) {
		for range 2 {
			number++
			d := workday(first.AddDays(int(s.between(3, 24))))
			if !s.past(d) {
				continue
			}
			client := clients[s.random.IntN(len(clients))]
			ref := fmt.Sprintf("INV-%04d", number)
			gbp.book(s.at(d, 10, int(s.between(0, 59))), s.between(62000, 218000), ClearingFPS, Statement{
				Information: client.Name + " " + ref, Reference: ref, Counterparty: client, BankCode: "PMNT-RCDT-DMCT", ProprietaryCode: "FPI",
			})
		}
		number++
		if d := workday(first.AddDays(11)); s.past(d) {
			ref := fmt.Sprintf("RE %04d", number)
			eur.book(s.at(d, 8, 15), 145000, ClearingSEPA, Statement{
				Information: "SEPA CREDIT NORDLICHT VERLAG GMBH " + ref, Reference: ref, Counterparty: hamburg, ValueDate: d,
				BankCode: "PMNT-RCDT-ESCT", ProprietaryCode: "SCT",
			})
		}
	})
}

func bobCosts(a seedAccount) {
	quarterly := func(m time.Month) bool { return m != time.January && m != time.July }
	for _, r := range []regular{
		{
			day: 3, minor: -38000, against: ClearingFPS, hour: 3, text: "HACKNEY STUDIOS UNIT 9", reference: "UNIT 9",
			party: partyUK("Hackney Studios CIC", "20451890116633"), code: "SO", bankCode: "PMNT-ICDT-STDO",
		},
		{day: 8, minor: -5498, against: CardScheme, hour: 4, text: "ADOBE SYSTEMS SOFTWARE IRELAND", code: "DEB", bankCode: "PMNT-CCRD-POSD"},
		{
			day: 28, minor: -90000, drift: 12000, against: ClearingFPS, hour: 9, text: "BOB OKAFOR DRAWINGS", reference: "DRAWINGS",
			party: partyUK("Bob Okafor", "11223344556677"), code: "FPO", bankCode: "PMNT-ICDT-DMCT",
		},
		{
			day: 30, minor: -184000, skip: quarterly, against: ClearingFPS, hour: 9, text: "HMRC SELF ASSESSMENT", reference: "4471209931K",
			party: partyUK("HMRC Self Assessment", "08321012001039"), code: "FPO", bankCode: "PMNT-ICDT-DMCT",
		},
		{day: 27, minor: -650, against: Fees, hour: 23, text: "ACCOUNT FEE", code: "CHG", bankCode: "ACMT-MDOP-CHRG"},
	} {
		a.every(r)
	}
}

func bobDays(s *seeder, a seedAccount) {
	abroad := []shop{
		{"SNCF PARIS FRA", "SNCF", "4112", 3900, 14800},
		{"CAFE DE FLORE PARIS FRA", "Cafe de Flore", "5812", 1450, 4200},
		{"MODULOR BERLIN DEU", "Modulor", "5943", 890, 7650},
	}
	s.days(func(d onepoint.Date, weekday time.Weekday) {
		switch {
		case weekday == time.Monday && s.random.IntN(2) == 0:
			a.visit(d, 12, s.pick(groceries()))
		case weekday == time.Thursday && s.random.IntN(3) == 0:
			sh := s.pick(abroad)
			s.cardAbroad(a, s.at(d, 13, int(s.between(0, 59))), s.between(sh.low, sh.high), sh, false)
		}
	})
}

// rateScale is how many units of a rate make 1: rates have four decimals.
const rateScale = 10000

// rate is euros for a pound, in ten-thousandths.
func (s *seeder) rate() int64 { return s.between(11420, 11890) }

func rateText(rate int64) string { return fmt.Sprintf("%d.%04d", rate/rateScale, rate%rateScale) }

// sterling converts euro cents, rounding half up.
func sterling(cents, rate int64) int64 { return (cents*rateScale + rate/2) / rate }

// cardAbroad pays euros with a sterling account: the bank sells the euros, so
// its position in each currency takes the other side.
func (s *seeder) cardAbroad(a seedAccount, at time.Time, cents int64, sh shop, pending bool) {
	rate := s.rate()
	euros, pounds := onepoint.MinorMoney(cents, "EUR"), onepoint.MinorMoney(sterling(cents, rate), "GBP")
	st := sh.statement()
	st.Information += fmt.Sprintf(" EUR %s @ %s", euros.Decimal(), rateText(rate))
	st.Exchange = &onepoint.Exchange{Instructed: euros, Rate: rateText(rate), Unit: "GBP", Target: "GBP"}
	s.move(at, pending,
		Leg{a.id, pounds.Neg(), st},
		Leg{Internal(ForeignExchange, "GBP"), pounds, Statement{}},
		Leg{Internal(ForeignExchange, "EUR"), euros.Neg(), Statement{}},
		Leg{Internal(CardScheme, "EUR"), euros, Statement{}})
}

// bobConverts moves euros home every other month.
func bobConverts(s *seeder, gbp, eur seedAccount) {
	month := 0
	s.months(func(first onepoint.Date) {
		month++
		d := workday(first.AddDays(19))
		if month%2 == 1 || !s.past(d) {
			return
		}
		rate := s.rate()
		cents := int64(250000)
		euros, pounds := onepoint.MinorMoney(cents, "EUR"), onepoint.MinorMoney(sterling(cents, rate), "GBP")
		exchange := &onepoint.Exchange{Instructed: euros, Rate: rateText(rate), Unit: "GBP", Target: "GBP"}
		out := Statement{Information: "TO STERLING ACCOUNT @ " + rateText(rate), Reference: "EURO HOME", Exchange: exchange, BankCode: "PMNT-ICDT-BOOK", ProprietaryCode: "TFR"}
		in := Statement{Information: "FROM EURO ACCOUNT @ " + rateText(rate), Reference: "EURO HOME", Exchange: exchange, BankCode: "PMNT-RCDT-BOOK", ProprietaryCode: "TFR"}
		s.move(s.at(d, 11, 0), false,
			Leg{eur.id, euros.Neg(), out}, Leg{Internal(ForeignExchange, "EUR"), euros, Statement{}},
			Leg{Internal(ForeignExchange, "GBP"), pounds.Neg(), Statement{}}, Leg{gbp.id, pounds, in})
	})
}
