package onepoint_test

import (
	"strings"
	"testing"

	"github.com/onepointledger/onepoint"
)

// Examples of the IBAN registry of SWIFT (ISO 13616).
func TestValidIBAN(t *testing.T) {
	for _, good := range []string{"FI2112345600000785", "DE89370400440532013000", "GB29NWBK60161331926819", "NL91ABNA0417164300", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"} {
		if !onepoint.ValidIBAN(good) {
			t.Errorf("%s is refused", good)
		}
		for i := range good {
			if wrong := good[:i] + string('0'+(good[i]-'0'+1)%10) + good[i+1:]; good[i] >= '0' && good[i] <= '9' && onepoint.ValidIBAN(wrong) {
				t.Errorf("%s is accepted with a wrong digit: %s", good, wrong)
			}
		}
	}
	for _, bad := range []string{"", "FI", "fi2112345600000785", "FI21 1234 5600 0007 85", "1234567890123456", strings.Repeat("9", 40)} {
		if onepoint.ValidIBAN(bad) {
			t.Errorf("%q is accepted", bad)
		}
	}
}
