package bunq_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector/connectortest"
	"github.com/onepointledger/onepoint/modelbank/core"
)

func amsterdam(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Amsterdam")
	must(t, err)
	return zone
}

// truth is what bunq shows of a customer's books: what is booked, in bunq's own
// fields, and one balance.
func (w *world) truth(t *testing.T, customer string) []connectortest.Account {
	t.Helper()
	all, err := w.core.Truth(t.Context(), customer)
	must(t, err)
	var out []connectortest.Account
	for _, a := range all {
		n, err := w.sim.AccountNumber(t.Context(), a.Account.ID)
		must(t, err)
		shown := connectortest.Account{Account: a.Account}
		shown.ID, shown.Identifiers = strconv.FormatInt(n, 10), nil
		for _, id := range a.Account.Identifiers {
			if id.Scheme == onepoint.SchemeIBAN {
				shown.Identifiers = append(shown.Identifiers, id)
			}
		}
		shown.Balances = balances(t, a)
		for _, row := range a.Transactions {
			if row.Status == onepoint.StatusBooked {
				shown.Transactions = append(shown.Transactions, w.projected(t, a.Account.ID, row))
			}
		}
		out = append(out, shown)
	}
	return out
}

func balances(t *testing.T, a core.AccountTruth) []onepoint.Balance {
	t.Helper()
	var booked, line onepoint.Money
	line = onepoint.MinorMoney(0, a.Account.Currency)
	for _, b := range a.Balances {
		if b.Type == onepoint.BalanceInterimBooked {
			booked = b.Amount
		}
		for _, l := range b.CreditLines {
			line = l.Amount
		}
	}
	available, err := booked.Add(line)
	must(t, err)
	return []onepoint.Balance{{Type: onepoint.BalanceInterimBooked, Amount: booked}, {Type: onepoint.BalanceInterimAvailable, Amount: available}}
}

func (w *world) projected(t *testing.T, account string, row onepoint.Transaction) onepoint.Transaction {
	t.Helper()
	n, err := w.sim.PaymentNumber(t.Context(), account, row.ID)
	must(t, err)
	out := onepoint.Transaction{
		ID: strconv.FormatInt(n, 10), Reference: row.Reference, Status: row.Status, Amount: row.Amount,
		BookingDate: onepoint.DateOf(row.BookedAt.In(amsterdam(t))), Information: row.Information, ProprietaryCode: codes(row.BankCode),
	}
	if row.Merchant.CategoryCode != "" {
		out.Merchant = row.Merchant
		return out
	}
	out.Counterparty.Name = row.Counterparty.Name
	if row.Counterparty.Identifier.Scheme == onepoint.SchemeIBAN {
		out.Counterparty.Identifier = row.Counterparty.Identifier
	}
	return out
}

// codes are bunq's types of the ISO codes that the demonstration customers have.
func codes(iso string) string {
	switch {
	case strings.HasPrefix(iso, "PMNT-CCRD"):
		return "FIS/PAYMENT"
	case strings.HasSuffix(iso, "-BOOK"):
		return "BUNQ/PAYMENT"
	case strings.HasPrefix(iso, "PMNT-RDDT"):
		return "EBA_SDD/SDD"
	case strings.HasPrefix(iso, "PMNT"):
		return "EBA_SCT/SCT"
	}
	return "BUNQ/BILLING"
}

func TestConnectorKit(t *testing.T) {
	w := newWorld(t, off())
	client := w.onboard(t).Client
	connectortest.Run(t, connectortest.Config{
		Offers:      w.profile.Offers,
		RedirectURI: redirectURI,
		Open: func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) onepoint.Connector {
			return w.open(t, client, wrap)
		},
		Visit: func(t *testing.T, redirect string, approve bool) url.Values {
			return w.visit(t, redirect, "alice", approve)
		},
		Truth:     func(t *testing.T) []connectortest.Account { return w.truth(t, "cus_alice") },
		Cannot:    []string{"another nonce", "a tampered ID token"},
		Conflicts: []string{"another code"},
	})
}

// Every customer's whole books arrive, cards and euro accounts among them.
func TestAllCustomersArrive(t *testing.T) {
	w := newWorld(t, off())
	b := w.open(t, w.onboard(t).Client, nil)
	for _, login := range []string{"alice", "bob", "carol"} {
		g := w.connect(t, b, login, onepoint.Access{})
		got, err := b.Accounts(t.Context(), g)
		must(t, err)
		want := w.truth(t, "cus_"+login)
		if len(got) != len(want) {
			t.Errorf("%s: %d accounts, want %d", login, len(got), len(want))
		}
		for _, a := range want {
			if diff := connectortest.SameTransactions(allPages(t, b, g, a.ID, 0), a.Transactions); diff != "" {
				t.Errorf("%s, account %s: %s", login, a.ID, diff)
			}
		}
	}
}

func allPages(t *testing.T, b bank, g onepoint.Grant, account string, limit int) []onepoint.Transaction {
	t.Helper()
	var all []onepoint.Transaction
	q := onepoint.TransactionQuery{Limit: limit}
	for {
		page, err := b.Transactions(t.Context(), g, account, q)
		must(t, err)
		all = append(all, page.Transactions...)
		if q.Cursor = page.Next; q.Cursor == "" {
			return all
		}
	}
}
