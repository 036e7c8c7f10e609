package obie_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// grants is what one drawn consent allows, as the standard's tables say it: kept
// apart from the bank's own rules on purpose.
type grants struct {
	permissions []onepoint.Permission
	accounts    []string
	from, to    time.Time
}

func (g grants) has(of ...onepoint.Permission) bool {
	return slices.ContainsFunc(of, func(p onepoint.Permission) bool { return slices.Contains(g.permissions, p) })
}

func (g grants) sees(t onepoint.Transaction) bool {
	credit := !t.Amount.IsNegative()
	return (credit && g.has(onepoint.ReadTransactionsCredits) || !credit && g.has(onepoint.ReadTransactionsDebits)) &&
		(g.from.IsZero() || !t.BookedAt.Before(g.from)) && (g.to.IsZero() || !t.BookedAt.After(g.to))
}

func drawGrants(rt *rapid.T, now time.Time, held []string) grants {
	var g grants
	optional := append(everyPermission()[1:], (&model{}).permissionsBasic()...)
	g.permissions = []onepoint.Permission{rapid.SampledFrom([]onepoint.Permission{onepoint.ReadAccountsBasic, onepoint.ReadAccountsDetail}).Draw(rt, "accounts")}
	for _, p := range optional {
		if p != onepoint.ReadAccountsBasic && rapid.Bool().Draw(rt, string(p)) {
			g.permissions = append(g.permissions, p)
		}
	}
	rows := g.has(onepoint.ReadTransactionsBasic, onepoint.ReadTransactionsDetail)
	if directions := g.has(onepoint.ReadTransactionsCredits, onepoint.ReadTransactionsDebits); rows && !directions {
		g.permissions = append(g.permissions, onepoint.ReadTransactionsDebits)
	} else if directions && !rows {
		g.permissions = append(g.permissions, onepoint.ReadTransactionsBasic)
	}
	if rapid.Bool().Draw(rt, "limited") {
		g.from = now.Add(-time.Duration(rapid.IntRange(0, 500).Draw(rt, "from")) * 24 * time.Hour)
		g.to = g.from.Add(time.Duration(rapid.IntRange(0, 300).Draw(rt, "days")) * 24 * time.Hour)
	}
	for _, a := range held {
		if len(g.accounts) == 0 || rapid.Bool().Draw(rt, a) {
			g.accounts = append(g.accounts, a)
		}
	}
	return g
}

// Whatever is consented to, the answers hold what that opens and nothing else:
// compared with the bank's books, which know no consent.
func TestNothingLeaksUnderAnyConsent(t *testing.T) {
	m := newModel(t)
	truth := map[string][]core.AccountTruth{}
	for _, customer := range []string{"cus_alice", "cus_bob", "cus_carol"} {
		books, err := m.core.Truth(context.Background(), customer)
		if err != nil {
			t.Fatal(err)
		}
		truth[customer] = books
	}
	rapid.Check(t, func(rt *rapid.T) {
		customer := rapid.SampledFrom([]string{"cus_alice", "cus_bob", "cus_carol"}).Draw(rt, "customer")
		base := rapid.SampledFrom([]string{v3Base, v4Base}).Draw(rt, "version")
		var held []string
		for _, a := range truth[customer] {
			held = append(held, a.Account.ID)
		}
		g := drawGrants(rt, m.now, held)
		m.granted(rt, "drawn", customer, onepoint.Access{Permissions: g.permissions, From: g.from, To: g.to}, g.accounts...)
		for _, a := range truth[customer] {
			if slices.Contains(g.accounts, a.Account.ID) {
				m.sameRows(rt, base, g, a)
			}
		}
		m.hides(rt, base, g, truth[customer])
	})
}

// sameRows: the transactions shown are those of the books that the consent opens.
func (m *model) sameRows(rt *rapid.T, base string, g grants, a core.AccountTruth) {
	path, shown := base+"/accounts/"+a.Account.ID+"/transactions", []string{}
	for path != "" {
		status, body := m.get(rt, path, "drawn")
		if allowed := g.has(onepoint.ReadTransactionsBasic, onepoint.ReadTransactionsDetail); !allowed {
			if status != http.StatusForbidden {
				rt.Fatalf("%s: %d without permission", path, status)
			}
			return
		}
		if status != http.StatusOK {
			rt.Fatalf("%s: %d %v", path, status, body)
		}
		for _, row := range body["Data"].(map[string]any)["Transaction"].([]any) {
			shown = append(shown, row.(map[string]any)["TransactionId"].(string))
		}
		next, _ := body["Links"].(map[string]any)["Next"].(string)
		path = strings.TrimPrefix(next, bankURL)
	}
	var want []string
	for _, t := range a.Transactions {
		if g.sees(t) {
			want = append(want, t.ID)
		}
	}
	if !slices.Equal(shown, want) {
		rt.Fatalf("%s shows %d transactions, the consent opens %d", a.Account.ID, len(shown), len(want))
	}
}

// read is the whole text of an answer that is allowed, or "".
func (m *model) read(rt *rapid.T, path string, allowed bool, accept string) string {
	resp := m.do(request{method: http.MethodGet, path: path, token: "drawn", header: map[string]string{"Accept": accept}})
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		rt.Fatal(err)
	}
	if allowed && resp.StatusCode == http.StatusOK {
		return string(content)
	}
	if allowed || resp.StatusCode != http.StatusForbidden {
		rt.Fatalf("%s: %d, allowed %t: %.300s", path, resp.StatusCode, allowed, content)
	}
	return ""
}

// hides looks in every list over all accounts for what the consent keeps back.
func (m *model) hides(rt *rapid.T, base string, g grants, truth []core.AccountTruth) {
	type pair struct{ basic, detail onepoint.Permission }
	for path, p := range map[string]pair{
		"/accounts":           {onepoint.ReadAccountsBasic, onepoint.ReadAccountsDetail},
		"/balances":           {onepoint.ReadBalances, onepoint.ReadBalances},
		"/transactions":       {onepoint.ReadTransactionsBasic, onepoint.ReadTransactionsDetail},
		"/beneficiaries":      {onepoint.ReadBeneficiariesBasic, onepoint.ReadBeneficiariesDetail},
		"/standing-orders":    {onepoint.ReadStandingOrdersBasic, onepoint.ReadStandingOrdersDetail},
		"/scheduled-payments": {onepoint.ReadScheduledPaymentsBasic, onepoint.ReadScheduledPaymentsDetail},
		"/statements":         {onepoint.ReadStatementsBasic, onepoint.ReadStatementsDetail},
		"/direct-debits":      {onepoint.ReadDirectDebits, onepoint.ReadDirectDebits},
		"/products":           {onepoint.ReadProducts, onepoint.ReadProducts},
		"/offers":             {onepoint.ReadOffers, onepoint.ReadOffers},
		"/party":              {onepoint.ReadPartyPSU, onepoint.ReadPartyPSU},
	} {
		text := m.read(rt, base+path, g.has(p.basic, p.detail), "application/json")
		if !g.has(p.detail) {
			for _, field := range []string{
				"CreditorA", "DebtorA", `"Account":[{"SchemeName`, "Servicer", "StatementFrequency", `"StatementAmount"`,
				"TransactionInformation", "MerchantDetails", `"Balance":{`, "SortCodeAccountNumber", "IBAN", "PAN",
			} {
				if strings.Contains(text, field) {
					rt.Fatalf("%s shows %s without detail: %.400s", path, field, text)
				}
			}
		}
		for _, a := range truth {
			if !slices.Contains(g.accounts, a.Account.ID) && strings.Contains(text, `"AccountId":"`+a.Account.ID+`"`) {
				rt.Fatalf("%s shows %s, which was not shared", path, a.Account.ID)
			}
			for _, id := range a.Account.Identifiers {
				if id.Scheme == onepoint.SchemePAN && !g.has(onepoint.ReadPAN) && strings.Contains(text, id.Value) {
					rt.Fatalf("%s shows a card number without ReadPAN", path)
				}
			}
		}
	}
	m.statementsWithin(rt, base, g)
}

// statementsWithin: each statement shown lies in the window whole, and its file
// needs detail and masks a card.
func (m *model) statementsWithin(rt *rapid.T, base string, g grants) {
	if !g.has(onepoint.ReadStatementsBasic, onepoint.ReadStatementsDetail) {
		return
	}
	_, body := m.get(rt, base+"/statements", "drawn")
	for i, row := range body["Data"].(map[string]any)["Statement"].([]any) {
		s := row.(map[string]any)
		start, errStart := time.Parse(time.RFC3339, s["StartDateTime"].(string))
		end, errEnd := time.Parse(time.RFC3339, s["EndDateTime"].(string))
		if errStart != nil || errEnd != nil || !g.from.IsZero() && (start.Before(g.from) || end.After(g.to)) {
			rt.Fatalf("a statement from %v to %v, the window is %v to %v", start, end, g.from, g.to)
		}
		if i > 0 {
			continue
		}
		file := base + "/accounts/" + s["AccountId"].(string) + "/statements/" + s["StatementId"].(string) + "/file"
		text := m.read(rt, file, g.has(onepoint.ReadStatementsDetail), "text/plain")
		if strings.Contains(text, "PAN 5200") && !g.has(onepoint.ReadPAN) {
			rt.Fatalf("the file shows a card number: %.300s", text)
		}
	}
}
