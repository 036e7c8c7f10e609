package onepoint_test

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint"
)

func TestParseMoney(t *testing.T) {
	tests := []struct {
		name, amount, currency string
		want                   string // "" for refused
	}{
		{"keeps two digits", "12.30", "EUR", "12.30 EUR"},
		{"pads to the currency's exponent", "5", "GBP", "5.00 GBP"},
		{"pads three for dinars", "1.5", "KWD", "1.500 KWD"},
		{"none for yen", "1200", "JPY", "1200 JPY"},
		{"keeps finer digits that banks send", "0.12345", "EUR", "0.12345 EUR"},
		{"drops zeros beyond the exponent", "1.50000", "EUR", "1.50 EUR"},
		{"negative zero is zero", "-0.00", "EUR", "0.00 EUR"},
		{"eighteen digits", "1234567890123456.78", "EUR", "1234567890123456.78 EUR"},
		{"refuses exponents", "1e3", "EUR", ""},
		{"refuses blanks", " 1", "EUR", ""},
		{"refuses a comma", "1,50", "EUR", ""},
		{"refuses NaN", "NaN", "EUR", ""},
		{"refuses infinity", "Inf", "EUR", ""},
		{"refuses a plus sign", "+1", "EUR", ""},
		{"refuses nothing", "", "EUR", ""},
		{"refuses a bare point", "1.", "EUR", ""},
		{"refuses nineteen digits", "1234567890123456789", "EUR", ""},
		{"refuses more digits than money can have", "123456789012345678.123456789", "EUR", ""},
		{"refuses lower-case currency", "1", "eur", ""},
		{"refuses no currency", "1", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := onepoint.ParseMoney(tt.amount, onepoint.Currency(tt.currency))
			if tt.want == "" {
				if onepoint.CodeOf(err) != onepoint.CodeInvalid {
					t.Fatalf("got %v, %v; want it refused", m, err)
				}
				return
			}
			if err != nil || m.String() != tt.want {
				t.Errorf("got %q, %v; want %q", m, err, tt.want)
			}
		})
	}
}

func TestMinorUnits(t *testing.T) {
	tests := []struct {
		amount, currency string
		want             int64
		refused          bool
	}{
		{"12.30", "EUR", 1230, false},
		{"-0.05", "EUR", -5, false},
		{"7", "JPY", 7, false},
		{"1.234", "KWD", 1234, false},
		{"0.001", "EUR", 0, true},
		{"99999999999999999.99", "EUR", 0, true},
	}
	for _, tt := range tests {
		got, err := onepoint.MustMoney(tt.amount, onepoint.Currency(tt.currency)).Minor()
		if (err != nil) != tt.refused || got != tt.want {
			t.Errorf("%s %s: got %d, %v", tt.amount, tt.currency, got, err)
		}
	}
}

// Sums of money agree with exact rational arithmetic, and every spelling of an
// amount survives its own JSON.
func TestMoneyIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.SliceOfN(rapid.Int64Range(-1_000_000_000_00, 1_000_000_000_00), 1, 50).Draw(t, "minor")
		c := rapid.SampledFrom([]onepoint.Currency{"EUR", "JPY", "KWD", "CZK"}).Draw(t, "currency")
		sum, exact := onepoint.MinorMoney(0, c), new(big.Int)
		for _, n := range minor {
			m := onepoint.MinorMoney(n, c)
			b, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			var back onepoint.Money
			if err := json.Unmarshal(b, &back); err != nil || !back.Equal(m) {
				t.Fatalf("%s came back as %v, %v", b, back, err)
			}
			if sum, err = sum.Add(back); err != nil {
				t.Fatal(err)
			}
			exact.Add(exact, big.NewInt(n))
		}
		got, err := sum.Minor()
		if err != nil || got != exact.Int64() {
			t.Fatalf("sum %v (%d, %v), exactly %v", sum, got, err, exact)
		}
	})
}

func TestAddRefusesOtherCurrency(t *testing.T) {
	_, err := onepoint.MustMoney("1", "EUR").Add(onepoint.MustMoney("1", "GBP"))
	if onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("got %v", err)
	}
}

func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{"0", "-1.50", "1e9", "999999999999999999.999999999999999999", "٣", "1_0", "0x1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := onepoint.ParseMoney(s, "EUR")
		if err != nil {
			return
		}
		exact, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("took %q, which is no number", s)
		}
		got, _ := new(big.Rat).SetString(m.Decimal())
		if got.Cmp(exact) != 0 || strings.ContainsAny(m.Decimal(), "eE+ ") {
			t.Fatalf("%q became %q", s, m.Decimal())
		}
	})
}
