package saltedge_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector/connectortest"
)

func TestConnectorKit(t *testing.T) {
	for _, customer := range []string{"alice", "bob", "carol"} {
		t.Run(customer, func(t *testing.T) {
			r := newRig(t)
			env := r.registered("ledger")
			connectortest.Run(t, connectortest.Config{
				Offers: []string{"accounts", "payments", "funds"}, RedirectURI: redirectURI,
				Open: func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) onepoint.Connector {
					own := *env.HTTP
					own.Transport = wrap(own.Transport)
					e := env
					e.HTTP = &own
					return r.open(e)
				},
				Visit: func(t *testing.T, redirect string, approve bool) url.Values {
					back, page := r.psu(t, redirect, customer, approve)
					if back == nil {
						t.Fatalf("the bank does not send back: %.500s", page)
					}
					return back.Query()
				},
				// Nothing comes back but the user: no issuer, no nonce, no code, no ID token.
				Cannot: []string{"another issuer", "another nonce", "another code", "a tampered ID token", "a parameter twice"},
				NoCode: true,
				Truth:  func(t *testing.T) []connectortest.Account { return r.truth(t, "cus_"+customer) },
			})
		})
	}
}

// truth is the books, as far as this API shows them.
func (r *rig) truth(t *testing.T, customer string) []connectortest.Account {
	t.Helper()
	truth, err := r.core.Truth(t.Context(), customer)
	if err != nil {
		t.Fatal(err)
	}
	var out []connectortest.Account
	for _, a := range truth {
		shown := connectortest.Account{Account: a.Account, Balances: a.Balances}
		shown.Identifiers = identifiers(a.Account.Identifiers)
		for _, row := range a.Transactions {
			shown.Transactions = append(shown.Transactions, project(row))
		}
		out = append(out, shown)
	}
	return out
}

// identifiers: the IBAN first, the country's number without its scheme, a card
// by its last digits.
func identifiers(list []onepoint.Identifier) []onepoint.Identifier {
	var out []onepoint.Identifier
	for _, id := range list {
		switch id.Scheme {
		case onepoint.SchemeSortCode:
			id.Scheme = onepoint.SchemeBBAN
		case onepoint.SchemePAN:
			id.Value = strings.Repeat("X", len(id.Value)-4) + id.Value[len(id.Value)-4:]
		}
		out = append(out, id)
	}
	slices.SortStableFunc(out, func(a, b onepoint.Identifier) int { // IBAN comes last in the alphabet
		return strings.Compare(string(b.Scheme), string(a.Scheme))
	})
	return out
}

// project: no codes of the bank, no agents, no merchants, no instructed amount;
// what is pending has no booking date of its own.
func project(t onepoint.Transaction) onepoint.Transaction {
	t.BankCode, t.ProprietaryCode, t.Counterparty.Agent, t.Merchant = "", "", "", onepoint.Merchant{}
	if t.Exchange != nil {
		t.Exchange = &onepoint.Exchange{Rate: t.Exchange.Rate, Unit: t.Exchange.Unit, Target: t.Exchange.Target}
	}
	if t.Status == onepoint.StatusPending {
		t.BookingDate = t.ValueDate
	}
	return t
}
