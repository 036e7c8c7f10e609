package core

import (
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
)

// payment is one of a row that comes regularly.
type payment struct {
	at    time.Time
	minor int64
}

// arrange puts the mandate or the order behind regular payments beside them, so
// that what the bank says of either is what its books hold.
func (a seedAccount) arrange(r regular, paid []payment) {
	if len(paid) == 0 {
		return
	}
	first, last := paid[0], paid[len(paid)-1]
	money := func(p payment) onepoint.Money { return onepoint.MinorMoney(p.minor, a.currency).Abs() }
	monthly := onepoint.Frequency{Period: onepoint.PeriodMonth, Day: r.day}
	switch r.code {
	case "DD":
		a.s.batch.DirectDebits = append(a.s.batch.DirectDebits, onepoint.DirectDebit{
			ID: fmt.Sprintf("dd_%02d_%s", len(a.s.batch.DirectDebits)+1, a.id), Account: a.id, Mandate: r.reference, Name: r.party.Name,
			Status: onepoint.ArrangementActive, Frequency: monthly, Previous: last.at, PreviousAmount: money(last),
		})
	case "SO":
		a.s.batch.StandingOrders = append(a.s.batch.StandingOrders, onepoint.StandingOrder{
			ID: fmt.Sprintf("so_%02d_%s", len(a.s.batch.StandingOrders)+1, a.id), Account: a.id, Frequency: monthly, Reference: r.reference,
			Status: onepoint.ArrangementActive, First: first.at, FirstAmount: money(first), Last: last.at, LastAmount: money(last),
			NextAmount: money(last), Creditor: r.party,
		})
		a.s.beneficiary(a.id, r.party, r.reference, false)
	}
}

func (s *seeder) beneficiary(account string, creditor onepoint.Counterparty, reference string, trusted bool) {
	s.batch.Beneficiaries = append(s.batch.Beneficiaries, onepoint.Beneficiary{
		ID: fmt.Sprintf("ben_%02d_%s", len(s.batch.Beneficiaries)+1, account), Account: account, Trusted: trusted, Reference: reference, Creditor: creditor,
	})
}

func (s *seeder) schedule(account string, days int, amount onepoint.Money, creditor onepoint.Counterparty, reference string) {
	s.batch.ScheduledPayments = append(s.batch.ScheduledPayments, onepoint.ScheduledPayment{
		ID: fmt.Sprintf("sp_%02d_%s", len(s.batch.ScheduledPayments)+1, account), Account: account, At: s.at(s.today.AddDays(days), 0, 0),
		Reference: reference, Amount: amount, Creditor: creditor,
	})
}

func (s *seeder) offer(o onepoint.Offer, days int) {
	o.ID = fmt.Sprintf("off_%02d_%s", len(s.batch.Offers)+1, o.Account)
	o.Start, o.End = s.at(s.today.AddDays(-20), 0, 0), s.at(s.today.AddDays(days), 23, 59)
	s.batch.Offers = append(s.batch.Offers, o)
}

// savings is the order that seeder.save carried out.
func (s *seeder) savings(from, to, reference string, day int, minor int64) {
	var paid []payment
	s.months(func(first onepoint.Date) {
		if d := workday(first.AddDays(day - 1)); s.past(d) {
			paid = append(paid, payment{s.at(d, 3, 30), -minor})
		}
	})
	var creditor onepoint.Counterparty
	for _, a := range s.batch.Accounts {
		if a.ID == to {
			creditor = partyOf(a)
		}
	}
	seedAccount{s: s, id: from, currency: "GBP"}.arrange(regular{day: day, code: "SO", reference: reference, party: creditor}, paid)
}

// seedInformation gives the demonstration customers what they keep beside their
// money.
func seedInformation(s *seeder) {
	s.savings("acc_alice_current", "acc_alice_savings", "RAINY DAY", 26, 25000)
	s.savings("acc_household", "acc_carol_savings", "RAINY DAY", 27, 40000)
	s.beneficiary("acc_alice_current", partyUK("Carol Lindqvist", ukSortCode+"55779938"), "ALICE", true)
	s.beneficiary("acc_alice_current", partyUK("Dr P Anand Dental", "20318800441277"), "HARPER A", false)
	s.beneficiary("acc_bob_gbp", partyUK("HMRC Self Assessment", "08321012001039"), "4471209931K", false)
	s.beneficiary("acc_bob_eur", partyIBAN("Nordlicht Verlag GmbH", "DE", "200505501015871393", "HASPDEHHXXX"), "OKAFOR", false)
	s.beneficiary("acc_household", partyUK("Hackney Forest School", "30914700219861"), "LINDQVIST", false)
	s.schedule("acc_alice_current", 9, onepoint.MinorMoney(18500, "GBP"), partyUK("Dr P Anand Dental", "20318800441277"), "HARPER A")
	s.schedule("acc_household", 17, onepoint.MinorMoney(46000, "GBP"), partyUK("Hackney Forest School", "30914700219861"), "LINDQVIST")
	s.offer(onepoint.Offer{
		Account: "acc_carol_card", Type: onepoint.OfferBalanceTransfer, Description: "Move balances from other cards at no interest for 18 months.",
		Rate: "0", Term: "18 months", Amount: onepoint.MinorMoney(250000, "GBP"), Fee: onepoint.MinorMoney(7250, "GBP"),
	}, 40)
	s.offer(onepoint.Offer{
		Account: "acc_alice_current", Type: onepoint.OfferLimitIncrease, Description: "Your arranged overdraft could be higher.",
		Amount: onepoint.MinorMoney(100000, "GBP"),
	}, 25)
	seedParties(s)
}

func seedParties(s *seeder) {
	home := func(building, street, postCode string) onepoint.Address {
		return onepoint.Address{Building: building, Street: street, PostCode: postCode, Town: "London", Country: "GB"}
	}
	s.batch.Parties = append(s.batch.Parties,
		onepoint.Party{
			ID: "cus_alice", Number: "0040112233", Type: onepoint.PartySole, Name: "Ms Alice Harper", LegalName: "Alice Jane Harper", Structure: "Individual",
			Role: "Principal", Email: "alice@harper.example", Mobile: "+44-7700900143", Address: home("12B", "Richmond Road", "E8 3HN"),
		},
		onepoint.Party{
			ID: "cus_bob", Number: "0040112241", Type: onepoint.PartySole, Name: "Mr Bob Okafor", LegalName: "Robert Chidi Okafor", Structure: "Sole",
			Role: "Principal", Email: "bob@okafor-design.example", Phone: "+44-2079460158", Address: home("9", "Andre Street", "E8 2AA"),
		},
		onepoint.Party{
			ID: "cus_carol", Number: "0040098117", Type: onepoint.PartySole, Name: "Ms Carol Lindqvist", LegalName: "Carol Ingrid Lindqvist", Structure: "Individual",
			Role: "Principal", Email: "carol@lindqvist.example", Mobile: "+44-7700900876", Address: home("41", "Navarino Road", "E8 1AG"),
		})
}
