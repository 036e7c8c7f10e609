package berlin_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/berlin"
)

// Answers as the facts about the engine spell them, with its oddities: amounts
// as strings and as numbers, a category where the remittance is, one exchange
// rate that is no list.
const (
	accountList = `{"accounts":[{"resourceId":"480753","cashAccountType":"CACC","iban":"LT12 1000 0111 0100 1000","bic":"ARTELT2X",
 "ownerName":"John Doe","bankAccountIdentifier":"11101001000","name":"Main","status":"enabled","currency":"EUR","product":"Current",
 "balances":[{"balanceType":"interimAvailable","balanceAmount":{"currency":"EUR","amount":"5166"},"referenceDate":"2026-03-31","creditLimitIncluded":false}],
 "_links":{"transactions":{"href":"/x"}}}]}`
	balanceList = `{"account":{"iban":"LT121000011101001000"},"balances":[
 {"balanceType":"interimAvailable","balanceAmount":{"currency":"EUR","amount":"5166"},"referenceDate":"2026-03-31"},
 {"balanceType":"closingBooked","balanceAmount":{"currency":"EUR","amount":-12.5},"lastChangeDateTime":"2026-03-30T22:00:00"},
 {"balanceType":"forwardAvailable","balanceAmount":{"currency":"EUR","amount":"1.00"}}]}`
	reportBody = `{"account":{"bic":"X","iban":"LT121000011101001000","currency":"EUR"},"transactions":{"pending":[
 {"transactionId":"p1","transactionAmount":{"currency":"EUR","amount":"-3.00"},"valueDate":"2026-03-31"}],"booked":[
 {"transactionId":"t1","creditorName":"Shop","creditorAccount":{"iban":"LT601010012345678901"},"transactionAmount":{"currency":"EUR","amount":"-25.99"},
  "valueDate":"2026-03-30","bookingDate":"2026-03-29T21:00:00Z","remittanceInformationUnstructured":"Books","remittanceInformationStructured":"business_services",
  "endToEndId":"E2E-1","currencyExchange":{"sourceCurrency":"USD","targetCurrency":"EUR","unitCurrency":"USD","exchangeRate":"0.92"}},
 {"transactionId":"t2","debtorName":"Employer","debtorAccount":{"bban":"12345678","sortCode":"04-99-01"},"transactionAmount":{"currency":"EUR","amount":1000},
  "bookingDate":"2026-03-28","endToEndId":"NOTPROVIDED","additionalInformation":"Salary","remittanceInformationStructured":{"reference":"R"}}],
 "_links":{"account":{"href":"/a"}}},"_links":{"account":{"href":"/a"},"next":{"href":"/psd2/v1/accounts/1/transactions?offset=50"}}}`
)

func TestAnswersOfTheSandboxAreRead(t *testing.T) {
	c, b := open(t, map[string][]string{
		"GET /psd2/v1/accounts": {accountList}, "GET /psd2/v1/accounts/480753/balances": {balanceList}, "GET /psd2/v1/accounts/480753/transactions": {reportBody},
	})
	g := onepoint.Grant{ConsentID: "385716"}
	accounts, err := c.Accounts(t.Context(), g)
	if err != nil || len(accounts) != 1 {
		t.Fatalf("got %v, %v", accounts, err)
	}
	a := accounts[0]
	if a.ID != "480753" || a.Type != onepoint.AccountCurrent || a.Holder != "John Doe" || len(a.Identifiers) != 2 ||
		a.Identifiers[0].Value != "LT121000011101001000" || a.Identifiers[1] != (onepoint.Identifier{Scheme: onepoint.SchemeBBAN, Value: "11101001000"}) {
		t.Errorf("got %+v", a)
	}
	balances, err := c.Balances(t.Context(), g, "480753")
	if err != nil || len(balances) != 3 {
		t.Fatalf("got %v, %v", balances, err)
	}
	if balances[0].Amount.Decimal() != "5166.00" || !balances[0].At.Equal(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)) ||
		balances[1].Type != onepoint.BalanceClosingBooked || balances[1].Amount.Decimal() != "-12.50" ||
		balances[2].Type != onepoint.BalanceOther || balances[2].At.IsZero() {
		t.Errorf("got %+v", balances)
	}
	page, err := c.Transactions(t.Context(), g, "480753", onepoint.TransactionQuery{To: onepoint.Date{Year: 2026, Month: 3, Day: 31}})
	if err != nil || len(page.Transactions) != 3 || page.Next != "/psd2/v1/accounts/1/transactions?offset=50" {
		t.Fatalf("got %+v, %v", page, err)
	}
	pending, out, in := page.Transactions[0], page.Transactions[1], page.Transactions[2]
	if pending.Status != onepoint.StatusPending || pending.BookingDate.String() != "2026-03-31" {
		t.Errorf("pending: %+v", pending)
	}
	if out.Amount.Decimal() != "-25.99" || out.BookingDate.String() != "2026-03-29" || out.Counterparty.Name != "Shop" || out.Reference != "E2E-1" ||
		out.Information != "Books" || out.Exchange == nil || out.Exchange.Rate != "0.92" || !json.Valid(out.Raw) {
		t.Errorf("out: %+v", out)
	}
	if in.Amount.Decimal() != "1000.00" || in.Counterparty.Identifier != (onepoint.Identifier{Scheme: onepoint.SchemeSortCode, Value: "04990112345678"}) ||
		in.Reference != "" || in.Information != "Salary" {
		t.Errorf("in: %+v", in)
	}
	last := b.calls[len(b.calls)-1]
	if last.URL.RawQuery != "bookingStatus=both&dateFrom=2024-03-31&dateTo=2026-03-31" || last.Header.Get("Consent-ID") != "385716" {
		t.Errorf("asked %s", last.URL)
	}
}

func TestUnsignedAmountsTakeTheirSignFromTheParties(t *testing.T) {
	c := berlin.Codec{Zone: time.UTC, Unsigned: true}
	for raw, want := range map[string]string{
		`{"transactionAmount":{"currency":"EUR","amount":"5.00"},"bookingDate":"2026-03-30","creditorName":"Shop"}`:                            "-5.00",
		`{"transactionAmount":{"currency":"EUR","amount":"5.00"},"bookingDate":"2026-03-30","debtorName":"Friend"}`:                            "5.00",
		`{"transactionAmount":{"currency":"EUR","amount":"-5.00"},"bookingDate":"2026-03-30","creditorName":"Shop"}`:                           "-5.00",
		`{"transactionAmount":{"currency":"EUR","amount":"5.00"},"bookingDate":"2026-03-30","creditorName":"Me","debtorAccount":{"iban":"X"}}`: "5.00",
	} {
		got, err := c.Transaction([]byte(raw), onepoint.StatusBooked)
		if err != nil || got.Amount.Decimal() != want {
			t.Errorf("%s: %v, %v", raw, got.Amount, err)
		}
	}
}

func TestPaymentStatusesBothWays(t *testing.T) {
	for wire, want := range map[string]onepoint.PaymentStatus{
		"RCVD": onepoint.PaymentAwaiting, "PATC": onepoint.PaymentAwaiting, "PDNG": onepoint.PaymentPending, "ACTC": onepoint.PaymentPending,
		"ACCP": onepoint.PaymentAccepted, "ACSP": onepoint.PaymentAccepted, "ACFC": onepoint.PaymentAccepted, "ACWC": onepoint.PaymentAccepted,
		"ACSC": onepoint.PaymentCompleted, "ACCC": onepoint.PaymentCompleted, "RJCT": onepoint.PaymentRejected, "CANC": onepoint.PaymentCancelled,
		"NEWS": onepoint.PaymentPending,
	} {
		if got := berlin.PaymentStatusFromWire(wire); got != want {
			t.Errorf("%s is %s, want %s", wire, got, want)
		}
		if back := berlin.PaymentStatusFromWire(berlin.PaymentStatusToWire(want)); back != want {
			t.Errorf("%s comes back as %s", want, back)
		}
	}
}

// FuzzTransaction: whatever a bank sends is a transaction or a protocol error,
// and what was read can be written and read again.
func FuzzTransaction(f *testing.F) {
	f.Add(`{"transactionId":"t1","transactionAmount":{"currency":"EUR","amount":"-25.99"},"bookingDate":"2026-03-30"}`)
	f.Add(`{"transactionAmount":{"currency":"EUR","amount":1e5},"bookingDate":"2026-03-30","currencyExchange":[]}`)
	f.Fuzz(func(t *testing.T, raw string) {
		c := berlin.Codec{Zone: time.UTC}
		got, err := c.Transaction([]byte(raw), onepoint.StatusBooked)
		if err != nil {
			if onepoint.CodeOf(err) != onepoint.CodeProtocol {
				t.Fatalf("%q: %v", raw, err)
			}
			return
		}
		wire, err := json.Marshal(c.TransactionToWire(got))
		if err != nil {
			t.Fatal(err)
		}
		again, err := c.Transaction(wire, onepoint.StatusBooked)
		if err != nil || !again.Amount.Equal(got.Amount) || again.BookingDate != got.BookingDate {
			t.Fatalf("%q became %s: %v", raw, wire, err)
		}
	})
}
