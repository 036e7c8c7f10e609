package core

import (
	"fmt"
	"strconv"

	"github.com/onepointledger/onepoint"
)

// Where the model bank's accounts live. The BIC-like bank code and the sort
// code are of the right shape and belong to no real bank.
const (
	ukBankCode    = "ONEP"
	ukSortCode    = "049901"
	bankBIC       = "MODLGB2L"
	czechBankCode = "8899"
	cardPrefix    = "52000000"
)

// iban puts the check digits of ISO 13616 between country and BBAN: the number
// they form modulo 97, letters counting from A = 10, is 1.
func iban(country, bban string) string {
	return fmt.Sprintf("%s%02d%s", country, 98-mod97(bban+country+"00"), bban)
}

func mod97(s string) int {
	rest := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			rest = (rest*10 + int(r-'0')) % 97
		case r >= 'A' && r <= 'Z':
			rest = (rest*100 + int(r-'A') + 10) % 97
		}
	}
	return rest
}

// ukIdentifiers names a sterling account: sort code and number, and IBAN.
func ukIdentifiers(number string) []onepoint.Identifier {
	return []onepoint.Identifier{
		{Scheme: onepoint.SchemeSortCode, Value: ukSortCode + number},
		{Scheme: onepoint.SchemeIBAN, Value: iban("GB", ukBankCode+ukSortCode+number)},
	}
}

// czechNumber makes the ten digits of a Czech account number from an account id
// of the data set: the last two make the weighted sum a multiple of 11.
func czechNumber(id int64) string {
	digits := fmt.Sprintf("%08d00", id)
	weights := [10]int{6, 3, 7, 9, 10, 5, 8, 4, 2, 1}
	sum := 0
	for i, w := range weights {
		sum += w * int(digits[i]-'0')
	}
	need := (11 - sum%11) % 11
	// The last two weigh 2 and 1.
	tens := need / 3
	return digits[:8] + strconv.Itoa(tens) + strconv.Itoa(need-2*tens)
}

// czechIdentifiers names a Czech account: IBAN, and its national form.
func czechIdentifiers(id int64) []onepoint.Identifier {
	number := czechNumber(id)
	return []onepoint.Identifier{
		{Scheme: onepoint.SchemeIBAN, Value: iban("CZ", czechBankCode+"000000"+number)},
		{Scheme: onepoint.SchemeBBAN, Value: number + "/" + czechBankCode},
	}
}

// cardNumber appends the check digit of ISO 7812 (Luhn) to the prefix and the
// seven digits.
func cardNumber(seven string) string {
	body := cardPrefix + seven
	sum := 0
	for i := range len(body) {
		d := int(body[len(body)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return body + strconv.Itoa((10-sum%10)%10)
}
