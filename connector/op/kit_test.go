package op_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector/connectortest"
	"github.com/onepointledger/onepoint/modelbank/core"
	simop "github.com/onepointledger/onepoint/modelbank/sim/op"
)

// shown is what OP's API can show of the books, written after its documentation
// and not after the simulator.
func shown(truth []core.AccountTruth) []connectortest.Account {
	var out []connectortest.Account
	for _, a := range truth {
		id := a.Account.Identifiers[0]
		for _, other := range a.Account.Identifiers {
			if other.Scheme == onepoint.SchemeIBAN {
				id = other
			}
		}
		one := connectortest.Account{Account: onepoint.Account{
			ID: a.Account.ID, Identifiers: []onepoint.Identifier{id}, Currency: a.Account.Currency, Type: onepoint.AccountOther,
		}}
		isCard := a.Account.Type == onepoint.AccountCard
		if isCard {
			pan := id.Value
			one.ID, one.Currency, one.Type = "card:"+a.Account.ID, "EUR", onepoint.AccountCard
			one.Identifiers = []onepoint.Identifier{{Scheme: onepoint.SchemePAN, Value: pan[:6] + "******" + pan[len(pan)-4:]}}
		}
		for _, b := range a.Balances {
			if !isCard && (b.Type == onepoint.BalanceInterimBooked || b.Type == onepoint.BalanceInterimAvailable) {
				one.Balances = append(one.Balances, b)
			}
		}
		for _, t := range a.Transactions {
			if t.Status != onepoint.StatusBooked {
				continue
			}
			if isCard {
				one.Transactions = append(one.Transactions, cardEntry(t))
			} else {
				one.Transactions = append(one.Transactions, entry(t))
			}
		}
		out = append(out, one)
	}
	return out
}

func entry(t onepoint.Transaction) onepoint.Transaction {
	e := onepoint.Transaction{
		ID: t.ID, Reference: t.Reference, Status: t.Status, Amount: t.Amount, BookingDate: t.BookingDate, ValueDate: t.ValueDate,
		Information: t.Information, ProprietaryCode: t.ProprietaryCode,
	}
	e.Counterparty.Name = t.Counterparty.Name
	if e.Counterparty.Name == "" {
		e.Counterparty.Name = t.Merchant.Name
	}
	if t.Amount.IsNegative() {
		e.Counterparty.Identifier, e.Counterparty.Agent = t.Counterparty.Identifier, t.Counterparty.Agent
	}
	return e
}

func cardEntry(t onepoint.Transaction) onepoint.Transaction {
	e := onepoint.Transaction{Status: t.Status, Amount: t.Amount, BookingDate: t.BookingDate, ValueDate: t.BookingDate, Information: t.Information}
	if t.Exchange != nil {
		e.Exchange = &onepoint.Exchange{Instructed: t.Exchange.Instructed}
	}
	return e
}

func (b *bench) truth(t testing.TB, login string) []connectortest.Account {
	t.Helper()
	return shown(must[[]core.AccountTruth](t)(b.core.Truth(t.Context(), "cus_"+login)))
}

// cardAbroad puts an entry with an original amount on carol's card.
func (b *bench) cardAbroad(t testing.TB) {
	t.Helper()
	pounds, euros := onepoint.MustMoney("-42.50", "GBP"), onepoint.MustMoney("50.00", "EUR")
	_, err := b.core.Post(t.Context(), core.Movement{ID: "mov_abroad", Legs: []core.Leg{
		{Account: "acc_carol_card", Amount: pounds, Statement: core.Statement{
			Information: "STOCKMANN HELSINKI FIN", Exchange: &onepoint.Exchange{Instructed: euros, Rate: "1.1764", Unit: "GBP", Target: "GBP"},
		}},
		{Account: core.Internal(core.CardScheme, "GBP"), Amount: pounds.Neg()},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestConnectorPassesTheKit(t *testing.T) {
	for _, login := range []string{"alice", "bob", "carol"} {
		for _, busy := range []int64{0, 3} {
			if busy > 0 && login != "bob" {
				continue
			}
			t.Run(fmt.Sprintf("%s, every %d-th read busy", login, busy), func(t *testing.T) {
				b := newBench(t, func(c *simop.Config) { c.BusyEvery = busy })
				b.cardAbroad(t)
				r := register(t, b)
				connectortest.Run(t, connectortest.Config{
					Offers: r.profile.Offers, RedirectURI: redirect,
					Open: func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) onepoint.Connector {
						return r.open(t, wrap)
					},
					Visit: func(t *testing.T, start string, approve bool) url.Values {
						return r.visit(t, start, login, approve)
					},
					Truth: func(t *testing.T) []connectortest.Account { return r.truth(t, login) },
				})
			})
		}
	}
}
