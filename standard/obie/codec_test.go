package obie

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint"
)

func london(t testing.TB) codec { return inLondon(t, v4()) }

func inLondon(t testing.TB, v version) codec {
	t.Helper()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	return codec{v, zone}
}

// Whatever transaction a bank shows arrives as it was: through the wire and back.
func TestTransactionsSurviveTheWire(t *testing.T) {
	c := london(t)
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching(`[ -~äöü€]{0,40}`)
		amount := onepoint.MinorMoney(rapid.Int64Range(-1e12, 1e12).Draw(rt, "minor"), rapid.SampledFrom([]onepoint.Currency{"GBP", "JPY", "KWD"}).Draw(rt, "currency"))
		booked := time.Unix(rapid.Int64Range(0, 4e9).Draw(rt, "booked"), rapid.Int64Range(0, 999_999).Draw(rt, "micros")*1000).UTC()
		want := onepoint.Transaction{
			ID: text.Draw(rt, "id"), Reference: text.Draw(rt, "reference"), Amount: amount, BookedAt: booked,
			Status:      rapid.SampledFrom([]onepoint.TransactionStatus{onepoint.StatusBooked, onepoint.StatusPending, onepoint.StatusRejected}).Draw(rt, "status"),
			BookingDate: onepoint.DateOf(booked.In(c.zone)), ValueDate: onepoint.DateOf(booked).AddDays(rapid.IntRange(-3, 3).Draw(rt, "value")),
			Information: text.Draw(rt, "information"), BankCode: rapid.SampledFrom([]string{"", "PMNT-RCDT-ESCT"}).Draw(rt, "code"),
			ProprietaryCode: text.Draw(rt, "proprietary"),
			Counterparty:    onepoint.Counterparty{Name: text.Draw(rt, "name"), Agent: rapid.SampledFrom([]string{"", "MODLGB2L", "QR"}).Draw(rt, "agent")},
			Merchant:        onepoint.Merchant{Name: text.Draw(rt, "merchant"), CategoryCode: rapid.SampledFrom([]string{"", "5812"}).Draw(rt, "mcc")},
		}
		if rapid.Bool().Draw(rt, "identified") {
			want.Counterparty.Identifier = onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: "GB29NWBK60161331926819"}
		}
		if rapid.Bool().Draw(rt, "exchanged") {
			want.Exchange = &onepoint.Exchange{Instructed: onepoint.MustMoney("23.40", "EUR"), Rate: "1.1490", Unit: "GBP", Target: "GBP"}
		}
		if rapid.Bool().Draw(rt, "balance") {
			want.BalanceAfter = &onepoint.Balance{Type: onepoint.BalanceInterimBooked, Amount: amount.Neg(), At: booked}
		}
		wire, err := json.Marshal(c.transactionToWire("acc", want))
		if err != nil {
			rt.Fatal(err)
		}
		var w wireTransaction
		if err := json.Unmarshal(wire, &w); err != nil {
			rt.Fatal(err)
		}
		got, err := c.transactionFromWire(w, nil)
		if err != nil {
			rt.Fatalf("%s: %v", wire, err)
		}
		if !got.Amount.Equal(want.Amount) || want.BalanceAfter != nil && !got.BalanceAfter.Amount.Equal(want.BalanceAfter.Amount) {
			rt.Fatalf("amounts: %v of %s", got, wire)
		}
		got.Amount, got.BalanceAfter = want.Amount, want.BalanceAfter // equal money may have another scale
		if got.Exchange != nil && got.Exchange.Instructed.Equal(want.Exchange.Instructed) {
			got.Exchange.Instructed = want.Exchange.Instructed
		}
		if !reflect.DeepEqual(got, want) {
			rt.Fatalf("got  %+v\nwant %+v\nwire %s", got, want, wire)
		}
	})
}

func TestOdditiesOfRealBanks(t *testing.T) {
	c := london(t)
	tests := []struct {
		name, json, amount, booked string
		refused                    bool
	}{
		{"unsigned with an indicator", `{"CreditDebitIndicator":"Debit","Status":"BOOK","BookingDateTime":"2026-11-20T10:00:00Z","Amount":{"Amount":"3.40","Currency":"GBP"}}`, "-3.40", "2026-11-20", false},
		{"signed as well", `{"CreditDebitIndicator":"Debit","Status":"BOOK","BookingDateTime":"2026-11-20T10:00:00Z","Amount":{"Amount":"-3.40","Currency":"GBP"}}`, "-3.40", "2026-11-20", false},
		{"signed without an indicator", `{"Status":"BOOK","BookingDateTime":"2026-11-20T10:00:00Z","Amount":{"Amount":"-3.40","Currency":"GBP"}}`, "-3.40", "2026-11-20", false},
		{"an amount that is a number", `{"CreditDebitIndicator":"Credit","Status":"BOOK","BookingDateTime":"2026-11-20","Amount":{"Amount":3.4,"Currency":"GBP"}}`, "3.40", "2026-11-20", false},
		{"pending without a date", `{"CreditDebitIndicator":"Debit","Status":"PDNG","Amount":{"Amount":"1","Currency":"GBP"}}`, "-1.00", "", false},
		{"null where a value is expected", `{"CreditDebitIndicator":"Debit","Status":"PDNG","BookingDateTime":null,"MerchantDetails":null,"Amount":{"Amount":"1","Currency":"GBP"}}`, "-1.00", "", false},
		{"midnight in summer stays on its day", `{"CreditDebitIndicator":"Debit","Status":"BOOK","BookingDateTime":"2026-07-01T00:00:00+01:00","Amount":{"Amount":"1","Currency":"GBP"}}`, "-1.00", "2026-07-01", false},
		{"an amount in words", `{"CreditDebitIndicator":"Debit","Status":"BOOK","Amount":{"Amount":"NaN","Currency":"GBP"}}`, "", "", true},
		{"an exponent", `{"CreditDebitIndicator":"Debit","Status":"BOOK","Amount":{"Amount":1e3,"Currency":"GBP"}}`, "", "", true},
		{"an unknown indicator", `{"CreditDebitIndicator":"CRDT?","Status":"BOOK","Amount":{"Amount":"1","Currency":"GBP"}}`, "", "", true},
		{"no amount", `{"CreditDebitIndicator":"Debit","Status":"BOOK"}`, "", "", true},
		{"a date that is none", `{"CreditDebitIndicator":"Debit","BookingDateTime":"yesterday","Amount":{"Amount":"1","Currency":"GBP"}}`, "", "", true},
	}
	client := &Client{codec: c}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := client.readTransaction([]byte(tt.json))
			if tt.refused {
				if onepoint.CodeOf(err) != onepoint.CodeProtocol {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			if err != nil || got.Amount.Decimal() != tt.amount || got.BookingDate.String() != tt.booked {
				t.Errorf("got %s on %s, %v", got.Amount, got.BookingDate, err)
			}
		})
	}
}

func TestLinksStayAtTheBank(t *testing.T) {
	c, err := NewClient(ClientConfig{Resource: "https://bank.example/open-banking/v4.0/aisp", Version: "v4.0", Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	for link, ok := range map[string]bool{
		"https://bank.example/open-banking/v4.0/aisp/accounts/1/transactions?page=2": true,
		"/open-banking/v4.0/aisp/accounts/1/transactions?page=2":                     true,
		"https://mallory.example/open-banking/v4.0/aisp/accounts":                    false,
		"https://bank.example.mallory.example/open-banking/v4.0/aisp/accounts":       false,
		"https://bank.example@mallory.example/open-banking/v4.0/aisp/accounts":       false,
		"http://bank.example/open-banking/v4.0/aisp/accounts":                        false,
		"https://bank.example/as/token":                                              false,
		"https://bank.example/open-banking/v4.0/aisp/../../../as/token":              false,
		"//mallory.example/open-banking/v4.0/aisp/accounts":                          false,
	} {
		if _, err := c.follow(link); (err == nil) != ok {
			t.Errorf("%s: %v", link, err)
		}
	}
}

func FuzzReadTransaction(f *testing.F) {
	f.Add([]byte(`{"CreditDebitIndicator":"Debit","Status":"BOOK","BookingDateTime":"2026-11-20T10:00:00Z","Amount":{"Amount":"3.40","Currency":"GBP"}}`))
	f.Add([]byte(`{"Amount":{"Amount":1e400,"Currency":"GBP"}}`))
	client := &Client{codec: london(f)}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := client.readTransaction(raw)
		if err == nil && !got.Amount.Currency.Valid() {
			t.Fatalf("took %q", raw)
		}
	})
}

// A consent request is refused with a code that both versions know, or gives
// permissions that can be written again.
func FuzzConsentRequest(f *testing.F) {
	for _, seed := range []string{
		`{"Data":{"Permissions":["ReadAccountsBasic"]},"Risk":{}}`, `{"Data":{"Permissions":null},"Risk":{}}`, `{"Risk":{},"Data":[]}`, `null`, `{"Data":null,"Risk":{}} {}`,
		`{"Data":{"Permissions":["ReadBalances"],"ExpirationDateTime":"2027-05-02T00:00:00.123+00:00","TransactionToDateTime":"2026-12-03"},"Risk":{}}`,
	} {
		f.Add([]byte(seed))
	}
	codecs := []codec{inLondon(f, v3()), inLondon(f, v4())}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, c := range codecs {
			a, err := c.readConsentRequest(body)
			var ref *refusal
			switch {
			case err == nil && (a.Permissions == nil && !bytes.Contains(body, []byte("[")) || a.Version != c.name):
				t.Fatalf("took %q as %+v", body, a)
			case err != nil && (!errors.As(err, &ref) || ref.status != 400 || c.legacy == (c.errorCode(ref.code) == ref.code)):
				t.Fatalf("%q: %v", body, err)
			case err == nil:
				wire, err := json.Marshal(c.accessToWire(a))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.readConsentRequest(wire); err != nil && a.Permissions != nil {
					t.Fatalf("%q became %s: %v", body, wire, err)
				}
			}
		}
	})
}
