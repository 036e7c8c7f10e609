package as

import (
	"slices"
	"testing"

	"github.com/onepointledger/onepoint"
)

// Every permission of the standard that opens something of its own is told to the
// customer in words.
func TestEveryPermissionIsToldInWords(t *testing.T) {
	alone := []onepoint.Permission{
		onepoint.ReadAccountsBasic, onepoint.ReadAccountsDetail, onepoint.ReadBalances, onepoint.ReadPAN, onepoint.ReadStatementsBasic,
		onepoint.ReadStatementsDetail, onepoint.ReadBeneficiariesBasic, onepoint.ReadBeneficiariesDetail, onepoint.ReadStandingOrdersBasic,
		onepoint.ReadStandingOrdersDetail, onepoint.ReadDirectDebits, onepoint.ReadScheduledPaymentsBasic, onepoint.ReadScheduledPaymentsDetail,
		onepoint.ReadProducts, onepoint.ReadOffers, onepoint.ReadParty, onepoint.ReadPartyPSU, onepoint.ReadTransactionsCredits,
	}
	for _, p := range alone {
		if len(inWords([]onepoint.Permission{p})) != 1 {
			t.Errorf("%s is told in %d lines", p, len(inWords([]onepoint.Permission{p})))
		}
	}
	all := inWords(append(slices.Clone(alone), onepoint.ReadTransactionsDebits, onepoint.ReadTransactionsDetail))
	if len(all) != 13 {
		t.Errorf("%d lines: %q", len(all), all)
	}
}
