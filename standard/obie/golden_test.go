package obie

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
)

// golden is one thing as the tables of both versions of the standard write it,
// set down by hand from them and not from what this program prints.
type golden struct {
	name   string
	v3, v4 string
	write  func(c codec) any
	read   func(c codec, wire []byte) (any, error)
	want   any // what reading gives; nil when it is not read back
}

func gbp(amount string) onepoint.Money { return onepoint.MustMoney(amount, "GBP") }

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// reading decodes the wire into W and turns it with read.
func reading[W, T any](read func(codec, W) (T, error)) func(codec, []byte) (any, error) {
	return func(c codec, wire []byte) (any, error) {
		var w W
		if err := json.Unmarshal(wire, &w); err != nil {
			return nil, err
		}
		return read(c, w)
	}
}

func landlord() onepoint.Counterparty {
	return onepoint.Counterparty{
		Name: "J Harris Lettings", Agent: "MODLGB2L",
		Identifier: onepoint.Identifier{Scheme: onepoint.SchemeSortCode, Value: "30962114588212"},
	}
}

const landlordWire = `"CreditorAgent":{"SchemeName":"UK.OBIE.BICFI","Identification":"MODLGB2L"},
	"CreditorAccount":{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"30962114588212","Name":"J Harris Lettings"}`

func goldens() []golden {
	return append(append(bookGoldens(), arrangementGoldens()...), otherGoldens()...)
}

func bookGoldens() []golden {
	account := onepoint.Account{
		ID: "22289", Currency: "GBP", Type: onepoint.AccountCurrent, Usage: onepoint.UsagePersonal, Nickname: "Bills", Holder: "Mr Kevin",
		Identifiers: []onepoint.Identifier{{Scheme: onepoint.SchemeSortCode, Value: "80200110203345", Secondary: "00021"}},
		Servicer:    "MODLGB2L",
	}
	savings := account
	savings.Type, savings.Usage, savings.Closed = onepoint.AccountSavings, onepoint.UsageBusiness, true
	number := `"Account":[{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"80200110203345","Name":"Mr Kevin","SecondaryIdentification":"00021"}],
		"Servicer":{"SchemeName":"UK.OBIE.BICFI","Identification":"MODLGB2L"}`
	readAccount := reading(codec.accountFromWire)
	balance := onepoint.Balance{Type: onepoint.BalanceInterimAvailable, Amount: gbp("-12.30"), At: at("2026-04-05T10:43:07Z"), CreditLines: []onepoint.CreditLine{{Included: true, Amount: gbp("1000.00"), Type: "Pre-Agreed"}}}
	balanceWire := func(kind string) string {
		return `{"AccountId":"22289","Amount":{"Amount":"12.30","Currency":"GBP"},"CreditDebitIndicator":"Debit","Type":"` + kind + `",
			"DateTime":"2026-04-05T11:43:07+01:00","CreditLine":[{"Included":true,"Amount":{"Amount":"1000.00","Currency":"GBP"},"Type":"Pre-Agreed"}]}`
	}
	row := onepoint.Transaction{
		ID: "123", Reference: "Ref 1", Status: onepoint.StatusPending, Amount: gbp("-10.00"), BookedAt: at("2026-01-05T10:43:07Z"),
		BookingDate: onepoint.Date{Year: 2026, Month: 1, Day: 5}, ValueDate: onepoint.Date{Year: 2026, Month: 1, Day: 6},
		Information: "Cash", BankCode: "PMNT-ICDT-DMCT", ProprietaryCode: "FPO",
		BalanceAfter: &onepoint.Balance{Type: onepoint.BalanceInterimBooked, Amount: gbp("230.00"), At: at("2026-01-05T10:43:07Z")},
	}
	rowWire := func(status, family, product, kind string) string {
		return `{"AccountId":"22289","TransactionId":"123","TransactionReference":"Ref 1","Amount":{"Amount":"10.00","Currency":"GBP"},"CreditDebitIndicator":"Debit",
			"Status":"` + status + `","TransactionMutability":"Mutable","BookingDateTime":"2026-01-05T10:43:07Z","ValueDateTime":"2026-01-06T00:00:00Z","TransactionInformation":"Cash",
			"BankTransactionCode":{"Code":"` + family + `","SubCode":"` + product + `"},"ProprietaryBankTransactionCode":{"Code":"FPO"},
			"Balance":{"Amount":{"Amount":"230.00","Currency":"GBP"},"CreditDebitIndicator":"Credit","Type":"` + kind + `"}}`
	}
	return []golden{
		{
			"a current account", `{"AccountId":"22289","Status":"Enabled","Currency":"GBP","AccountType":"Personal","AccountSubType":"CurrentAccount","Nickname":"Bills",` + number + `}`,
			`{"AccountId":"22289","Status":"Enabled","Currency":"GBP","AccountCategory":"Personal","AccountTypeCode":"CACC","Nickname":"Bills",` + number + `}`,
			func(c codec) any { return c.accountToWire(account) }, readAccount, account,
		},
		{
			"a closed savings account of a business", `{"AccountId":"22289","Status":"Deleted","Currency":"GBP","AccountType":"Business","AccountSubType":"Savings","Nickname":"Bills",` + number + `}`,
			`{"AccountId":"22289","Status":"Deleted","Currency":"GBP","AccountCategory":"Business","AccountTypeCode":"SVGS","Nickname":"Bills",` + number + `}`,
			func(c codec) any { return c.accountToWire(savings) }, readAccount, savings,
		},
		{
			"an overdrawn balance", balanceWire("InterimAvailable"), balanceWire("ITAV"),
			func(c codec) any { return c.balanceToWire("22289", balance) }, reading(codec.balanceFromWire), balance,
		},
		{
			"a pending debit", rowWire("Pending", "IssuedCreditTransfers", "DomesticCreditTransfer", "InterimBooked"), rowWire("PDNG", "ICDT", "DMCT", "ITBD"),
			func(c codec) any { return c.transactionToWire("22289", row) },
			reading(func(c codec, w wireTransaction) (onepoint.Transaction, error) { return c.transactionFromWire(w, nil) }), row,
		},
	}
}

func arrangementGoldens() []golden {
	payee := onepoint.Beneficiary{ID: "Ben1", Account: "22289", Trusted: true, Reference: "Rent", Creditor: landlord()}
	payeeWire := `{"AccountId":"22289","BeneficiaryId":"Ben1","BeneficiaryType":"Trusted","Reference":"Rent",` + landlordWire + `}`
	mandate := onepoint.DirectDebit{
		ID: "DD03", Account: "22289", Mandate: "Caravanners", Name: "Towbar Club 3", Status: onepoint.ArrangementActive,
		Frequency: onepoint.Frequency{Period: onepoint.PeriodMonth}, Previous: at("2026-04-05T10:43:07Z"), PreviousAmount: gbp("0.57"),
	}
	ended := mandate
	ended.Status = onepoint.ArrangementCancelled
	order := onepoint.StandingOrder{
		ID: "Ben3", Account: "22289", Frequency: onepoint.Frequency{Period: onepoint.PeriodMonth, Day: 1}, Reference: "FLAT 12B", Status: onepoint.ArrangementActive,
		First: at("2026-01-01T00:00:00Z"), FirstAmount: gbp("1050.00"), Next: at("2026-12-01T00:00:00Z"), NextAmount: gbp("1085.00"), Creditor: landlord(),
	}
	const orderWire = `"NextPaymentDateTime":"2026-12-01T00:00:00Z","FirstPaymentAmount":{"Amount":"1050.00","Currency":"GBP"},"NextPaymentAmount":{"Amount":"1085.00","Currency":"GBP"},` + landlordWire
	waiting := onepoint.ScheduledPayment{ID: "SP03", Account: "22289", At: at("2026-12-05T00:00:00Z"), Arrival: true, Reference: "Teeth", Amount: gbp("10.00"), Creditor: landlord()}
	waitingWire := `{"AccountId":"22289","ScheduledPaymentId":"SP03","ScheduledPaymentDateTime":"2026-12-05T00:00:00Z","ScheduledType":"Arrival","Reference":"Teeth",
		"InstructedAmount":{"Amount":"10.00","Currency":"GBP"},` + landlordWire + `}`
	const debitWire = `"Name":"Towbar Club 3","PreviousPaymentDateTime":"2026-04-05T11:43:07+01:00","PreviousPaymentAmount":{"Amount":"0.57","Currency":"GBP"}`
	return []golden{
		{"a payee", payeeWire, payeeWire, func(c codec) any { return c.beneficiaryToWire(payee) }, reading(codec.beneficiaryFromWire), payee},
		{
			"a mandate", `{"AccountId":"22289","DirectDebitId":"DD03","MandateIdentification":"Caravanners","DirectDebitStatusCode":"Active","Frequency":"UK.OBIE.Monthly",` + debitWire + `}`,
			`{"AccountId":"22289","DirectDebitId":"DD03","DirectDebitStatusCode":"ACTV","MandateRelatedInformation":{"MandateIdentification":"Caravanners","Frequency":{"Type":"MNTH"}},` + debitWire + `}`,
			func(c codec) any { return c.directDebitToWire(mandate) }, reading(codec.directDebitFromWire), mandate,
		},
		{
			"a mandate that was cancelled", `{"AccountId":"22289","DirectDebitId":"DD03","MandateIdentification":"Caravanners","DirectDebitStatusCode":"Inactive","Frequency":"UK.OBIE.Monthly",` + debitWire + `}`,
			`{"AccountId":"22289","DirectDebitId":"DD03","DirectDebitStatusCode":"CANC","MandateRelatedInformation":{"MandateIdentification":"Caravanners","Frequency":{"Type":"MNTH"}},` + debitWire + `}`,
			func(c codec) any { return c.directDebitToWire(ended) }, reading(codec.directDebitFromWire), ended,
		},
		{
			"a standing order", `{"AccountId":"22289","StandingOrderId":"Ben3","Frequency":"IntrvlMnthDay:01:01","Reference":"FLAT 12B","FirstPaymentDateTime":"2026-01-01T00:00:00Z","StandingOrderStatusCode":"Active",` + orderWire + `}`,
			`{"AccountId":"22289","StandingOrderId":"Ben3","StandingOrderStatusCode":"ACTV",
			"MandateRelatedInformation":{"FirstPaymentDateTime":"2026-01-01T00:00:00Z","Frequency":{"Type":"MNTH","PointInTime":"01"}},
			"RemittanceInformation":{"Structured":[{"CreditorReferenceInformation":{"Reference":"FLAT 12B"}}]},` + orderWire + `}`,
			func(c codec) any { return c.standingOrderToWire(order) }, reading(codec.standingOrderFromWire), order,
		},
		{"a payment that waits", waitingWire, waitingWire, func(c codec) any { return c.scheduledPaymentToWire(waiting) }, reading(codec.scheduledPaymentFromWire), waiting},
	}
}

func otherGoldens() []golden {
	statement := onepoint.Statement{
		ID: "8sfhke-sifhkeuf-97813", Account: "22289", Reference: "002", Type: onepoint.StatementRegular,
		Start: at("2026-08-01T00:00:00+01:00"), End: at("2026-08-31T23:59:59+01:00"), Created: at("2026-09-01T01:00:00+01:00"),
		Opening: gbp("-5.00"), Closing: gbp("395.00"), Credits: gbp("600.00"), Debits: gbp("200.00"), Fees: gbp("6.50"), Interest: gbp("0.00"),
	}
	statementWire := `{"AccountId":"22289","StatementId":"8sfhke-sifhkeuf-97813","StatementReference":"002","Type":"RegularPeriodic",
		"StartDateTime":"2026-08-01T00:00:00+01:00","EndDateTime":"2026-08-31T23:59:59+01:00","CreationDateTime":"2026-09-01T01:00:00+01:00",
		"StatementFee":[{"CreditDebitIndicator":"Debit","Type":"UK.OBIE.Total","Amount":{"Amount":"6.50","Currency":"GBP"}}],
		"StatementAmount":[{"Amount":{"Amount":"5.00","Currency":"GBP"},"CreditDebitIndicator":"Debit","Type":"UK.OBIE.PreviousClosingBalance"},
		{"Amount":{"Amount":"395.00","Currency":"GBP"},"CreditDebitIndicator":"Credit","Type":"UK.OBIE.ClosingBalance"},
		{"Amount":{"Amount":"600.00","Currency":"GBP"},"CreditDebitIndicator":"Credit","Type":"UK.OBIE.TotalCredits"},
		{"Amount":{"Amount":"200.00","Currency":"GBP"},"CreditDebitIndicator":"Debit","Type":"UK.OBIE.TotalDebits"}]}`
	party := onepoint.Party{
		ID: "PABC123", Type: onepoint.PartySole, Name: "Semiotec", LegalName: "Semiotec Limited", Structure: "PrivateLimitedCompany", Role: "Principal",
		Email: "contact@semiotec.example", Phone: "+44-2079460123", Address: onepoint.Address{Street: "Street", Building: "15", PostCode: "NW1 1AB", Town: "London", Country: "GB"},
	}
	partyWire := func(home string) string {
		return `{"PartyId":"PABC123","PartyType":"Sole","Name":"Semiotec","FullLegalName":"Semiotec Limited","LegalStructure":"UK.OBIE.PrivateLimitedCompany","AccountRole":"UK.OBIE.Principal",
			"EmailAddress":"contact@semiotec.example","Phone":"+44-2079460123","Relationships":{"Account":{"Related":"https://bank.example/accounts/22289","Id":"22289"}},
			"Address":[{"AddressType":"` + home + `","StreetName":"Street","BuildingNumber":"15","PostCode":"NW1 1AB","TownName":"London","Country":"GB"}]}`
	}
	ref := &refusal{400, "U002", "must be in the future", "Data.ExpirationDateTime"}
	return []golden{
		{"a statement", statementWire, statementWire, func(c codec) any { return c.statementToWire(statement) }, reading(codec.statementFromWire), func() any {
			s := statement
			s.Interest = onepoint.Money{} // none is none
			return s
		}()},
		{"a party", partyWire("Residential"), partyWire("HOME"), func(c codec) any {
			return c.personToWire(party, "22289", "https://bank.example/accounts/22289")
		}, reading(codec.personFromWire), party},
		{
			"an error", `{"Code":"400 BadRequest","Id":"i-1","Message":"must be in the future","Errors":[{"ErrorCode":"UK.OBIE.Field.Invalid","Message":"must be in the future","Path":"Data.ExpirationDateTime"}]}`,
			`{"Id":"i-1","Errors":[{"ErrorCode":"U002","Message":"must be in the future","Path":"Data.ExpirationDateTime"}]}`,
			func(c codec) any { return c.refusalToWire(ref, "i-1") }, nil, nil,
		},
	}
}

func TestWireIsAsTheStandardsTablesSay(t *testing.T) {
	for _, g := range goldens() {
		for _, v := range versions() {
			want := g.v4
			if v.legacy {
				want = g.v3
			}
			t.Run(v.name+" "+g.name, func(t *testing.T) {
				c := inLondon(t, v)
				wire, err := json.Marshal(g.write(c))
				if err != nil {
					t.Fatal(err)
				}
				var got, expected any
				if err := json.Unmarshal(wire, &got); err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal([]byte(want), &expected); err != nil {
					t.Fatalf("the golden: %v", err)
				}
				if !reflect.DeepEqual(got, expected) {
					t.Errorf("writes %s\nwant   %s", wire, want)
				}
				if g.read == nil {
					return
				}
				back, err := g.read(c, []byte(want))
				if err != nil || !reflect.DeepEqual(back, g.want) {
					t.Errorf("reads %+v, %v\nwant  %+v", back, err, g.want)
				}
			})
		}
	}
}

// Words of every table, set down by hand.
func TestVocabulariesOfBothVersions(t *testing.T) {
	three, four := v3(), v4()
	for status, want := range map[onepoint.ConsentStatus][2]string{
		onepoint.ConsentAwaiting: {"AwaitingAuthorisation", "AWAU"}, onepoint.ConsentAuthorised: {"Authorised", "AUTH"},
		onepoint.ConsentRejected: {"Rejected", "RJCT"}, onepoint.ConsentRevoked: {"Revoked", "CANC"}, onepoint.ConsentExpired: {"Authorised", "EXPD"},
	} {
		if a, b := toWire(three.consents, status, ""), toWire(four.consents, status, ""); a != want[0] || b != want[1] {
			t.Errorf("%s: %s and %s, want %v", status, a, b, want)
		}
	}
	for f, want := range map[onepoint.Frequency][2]string{
		{Period: onepoint.PeriodDay}: {"EvryDay", "DAIL"}, {Period: onepoint.PeriodWeek, Day: 3}: {"IntrvlWkDay:01:03", "WEEK"},
		{Period: onepoint.PeriodFortnight, Day: 5}: {"IntrvlWkDay:02:05", "FRTN"}, {Period: onepoint.PeriodMonth, Day: 31}: {"IntrvlMnthDay:01:31", "MNTH"},
		{Period: onepoint.PeriodQuarter, Day: 1}: {"IntrvlMnthDay:03:01", "QURT"}, {Period: onepoint.PeriodHalfYear, Day: 1}: {"IntrvlMnthDay:06:01", "MIAN"},
		{Period: onepoint.PeriodYear, Day: 9}: {"IntrvlMnthDay:12:09", "YEAR"}, {Period: onepoint.PeriodOnDemand}: {"NotKnown", "ADHO"},
	} {
		text, wire := frequencyToText(f), frequencyToWire(f)
		if text != want[0] || wire.Type != want[1] {
			t.Errorf("%+v: %s and %s, want %v", f, text, wire.Type, want)
		}
		if frequencyFromText(text) != f || frequencyFromWire(wire) != f {
			t.Errorf("%+v reads back as %+v and %+v", f, frequencyFromText(text), frequencyFromWire(wire))
		}
	}
}
