package saltedge_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/sim/saltedge"
	"github.com/onepointledger/onepoint/standard/berlin"
)

const (
	bobEUR   = "acc_bob_eur"
	creditor = "DE89370400440532013000"
)

func payment(id, amount string) onepoint.Payment {
	return onepoint.Payment{
		ID: id, Scheme: onepoint.SchemeSEPA, Amount: onepoint.MustMoney(amount, "EUR"), Information: "Invoice 7",
		Creditor: onepoint.Counterparty{Name: "Nordlicht Verlag", Identifier: onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: creditor}},
	}
}

func intent(p onepoint.Purpose, state string) onepoint.Intent {
	return onepoint.Intent{Purpose: p, State: state, RedirectURI: redirectURI, PSU: onepoint.PSU{IP: "192.0.2.1"}}
}

// booked is what the euro account holds.
func (r *rig) booked(t *testing.T, account string) onepoint.Money {
	t.Helper()
	balances, err := r.core.Balances(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range balances {
		if b.Type == onepoint.BalanceInterimBooked {
			return b.Amount
		}
	}
	t.Fatal("no balance")
	return onepoint.Money{}
}

func minus(t *testing.T, a, b onepoint.Money) onepoint.Money {
	t.Helper()
	m, err := a.Add(b.Neg())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPaymentMovesMoneyExactlyOnce(t *testing.T) {
	r := newRig(t)
	c := r.open(r.registered("ledger"))
	p := payment("pay_1", "12.34")
	before := r.booked(t, bobEUR)
	in := intent(p, "state-1")
	first, err := c.Authorize(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	in.ConsentID = first.ConsentID
	if _, err := c.Resume(t.Context(), in, onepoint.Callback{Params: url.Values{"state": {"state-1"}}}); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("before the user decided: %v", err)
	}
	again, err := c.Authorize(t.Context(), intent(p, "state-1")) // the same order again is the same payment
	if err != nil || again.ConsentID != first.ConsentID {
		t.Fatalf("got %v, %v; want %s", again, err, first.ConsentID)
	}
	back, page := r.psu(t, first.Redirect, "bob", true, bobEUR)
	if back == nil {
		t.Fatalf("page: %.800s", page)
	}
	if twice, _ := r.psu(t, first.Redirect, "bob", true, bobEUR); twice != nil {
		t.Error("the payment could be authorised twice")
	}
	auth, err := c.Resume(t.Context(), in, onepoint.Callback{Params: back.Query()})
	if err != nil || auth.Phase != onepoint.PhaseAuthorised || auth.Grant.ConsentID != first.ConsentID {
		t.Fatalf("got %+v, %v", auth, err)
	}
	for range 3 {
		state, err := c.Submit(t.Context(), auth.Grant, p)
		if err != nil || state.Status != onepoint.PaymentCompleted || state.BankCode != "ACSC" {
			t.Fatalf("got %+v, %v", state, err)
		}
	}
	if moved := minus(t, before, r.booked(t, bobEUR)); !moved.Equal(p.Amount) {
		t.Errorf("%s left the account, want %s", moved, p.Amount)
	}
	other := p
	other.Amount = onepoint.MustMoney("99.00", "EUR")
	if _, err := c.Authorize(t.Context(), intent(other, "s")); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("another order under the same id: %v", err)
	}
}

func TestTwoVisitsAtOncePayOnce(t *testing.T) {
	r := newRig(t)
	c := r.open(r.registered("ledger"))
	before := r.booked(t, bobEUR)
	auth, err := c.Authorize(t.Context(), intent(payment("pay_2", "5.00"), "s"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { r.psu(t, auth.Redirect, "bob", true, bobEUR) })
	}
	wg.Wait()
	if moved := minus(t, before, r.booked(t, bobEUR)); moved.Decimal() != "5.00" {
		t.Errorf("%s left the account", moved)
	}
}

func TestPaymentsThatDoNotHappen(t *testing.T) {
	r := newRig(t)
	c := r.open(r.registered("ledger"))
	before := r.booked(t, bobEUR)
	try := func(p onepoint.Payment, approve bool) (onepoint.Authorization, error) {
		in := intent(p, "s")
		auth, err := c.Authorize(t.Context(), in)
		if err != nil {
			return auth, err
		}
		in.ConsentID = auth.ConsentID
		back, page := r.psu(t, auth.Redirect, "bob", approve, bobEUR)
		if back == nil {
			t.Fatalf("page: %.800s", page)
		}
		return c.Resume(t.Context(), in, onepoint.Callback{Params: back.Query()})
	}
	if auth, err := try(payment("refused", "1.00"), false); err != nil || auth.Phase != onepoint.PhaseRefused || auth.Reason == "" {
		t.Errorf("refused: %+v, %v", auth, err)
	}
	if auth, err := try(payment("too much", "99999999.00"), true); err != nil || auth.Phase != onepoint.PhaseRefused || !strings.Contains(auth.Reason, "money") {
		t.Errorf("too much: %+v, %v", auth, err)
	}
	stranger := payment("stranger", "1.00")
	stranger.Debtor = onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: creditor}
	if _, err := try(stranger, true); onepoint.CodeOf(err) != onepoint.CodeConsentInvalid {
		t.Errorf("a debtor that this bank does not hold: %v", err)
	}
	for name, change := range map[string]func(*onepoint.Payment){
		"nothing":               func(p *onepoint.Payment) { p.Amount = onepoint.MustMoney("0.00", "EUR") },
		"less than nothing":     func(p *onepoint.Payment) { p.Amount = onepoint.MustMoney("-1.00", "EUR") },
		"nobody":                func(p *onepoint.Payment) { p.Creditor.Name = "" },
		"another currency":      func(p *onepoint.Payment) { p.Amount = onepoint.MustMoney("1.00", "GBP") },
		"a scheme without name": func(p *onepoint.Payment) { p.Scheme = "carrier pigeon" },
	} {
		p := payment("bad "+name, "1.00")
		change(&p)
		if _, err := try(p, true); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := r.booked(t, bobEUR); !after.Equal(before) {
		t.Errorf("%s became %s", before, after)
	}
}

func TestPaymentCancelledBeforeItsUserDecides(t *testing.T) {
	r := newRig(t)
	env := r.registered("ledger")
	c := r.open(env)
	in := intent(payment("pay_3", "1.00"), "s")
	auth, err := c.Authorize(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	path := api + "/payments/sepa-credit-transfers/" + auth.ConsentID
	if got := r.raw(t, env, "DELETE", path, "", nil, nil); got.status != 204 {
		t.Fatalf("cancel: %d %s", got.status, got.body)
	}
	if back, _ := r.psu(t, auth.Redirect, "bob", true, bobEUR); back != nil {
		t.Error("a cancelled payment could be authorised")
	}
	if got := decode[berlin.PaymentStatus](t, r.raw(t, env, "GET", path+"/status", "", nil, nil)); got.Status != "CANC" {
		t.Errorf("status %s", got.Status)
	}
	if got := r.raw(t, env, "GET", api+"/payments/internal-transfer/"+auth.ConsentID, "", nil, nil); got.status != 404 {
		t.Errorf("under another product: %d", got.status)
	}
	if got := r.raw(t, env, "POST", api+"/payments/target-2-payments", "{}", nil, nil); got.code() != "PRODUCT_UNKNOWN" {
		t.Errorf("an unknown product: %s", got.body)
	}
	paid, err := c.Authorize(t.Context(), intent(payment("pay_4", "1.00"), "s"))
	if err != nil {
		t.Fatal(err)
	}
	r.psu(t, paid.Redirect, "bob", true, bobEUR)
	if got := r.raw(t, env, "DELETE", api+"/payments/sepa-credit-transfers/"+paid.ConsentID, "", nil, nil); got.status != 405 || got.code() != "CANCELLATION_INVALID" {
		t.Errorf("cancel what was paid: %d %s", got.status, got.body)
	}
}

func TestFundsAreConfirmedOrNot(t *testing.T) {
	r := newRig(t)
	c := r.open(r.registered("ledger"))
	truth, err := r.core.Truth(t.Context(), "cus_bob")
	if err != nil {
		t.Fatal(err)
	}
	var account onepoint.Identifier
	for _, a := range truth {
		if a.Account.ID == bobEUR {
			account = a.Account.Identifiers[0]
		}
	}
	in := intent(onepoint.Funds{Account: account}, "s")
	auth, err := c.Authorize(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	in.ConsentID = auth.ConsentID
	back, page := r.psu(t, auth.Redirect, "bob", true)
	if back == nil {
		t.Fatalf("page: %.800s", page)
	}
	done, err := c.Resume(t.Context(), in, onepoint.Callback{Params: back.Query()})
	if err != nil || done.Phase != onepoint.PhaseAuthorised {
		t.Fatalf("got %+v, %v", done, err)
	}
	for amount, want := range map[string]bool{"1.00": true, "99999999.00": false} {
		if yes, err := c.ConfirmFunds(t.Context(), done.Grant, account, onepoint.MustMoney(amount, "EUR")); err != nil || yes != want {
			t.Errorf("%s: %t, %v", amount, yes, err)
		}
	}
	other := truth[0].Account.Identifiers[0]
	if _, err := c.ConfirmFunds(t.Context(), done.Grant, other, onepoint.MustMoney("1.00", "GBP")); onepoint.CodeOf(err) != onepoint.CodeConsentInvalid {
		t.Errorf("another account: %v", err)
	}
	if _, err := c.ConfirmFunds(t.Context(), onepoint.Grant{}, account, onepoint.MustMoney("1.00", "EUR")); onepoint.CodeOf(err) != onepoint.CodeConsentInvalid {
		t.Errorf("without consent: %v", err)
	}
}

func (r *rig) connected(t *testing.T, c *berlin.Client, login string) onepoint.Grant {
	t.Helper()
	in := intent(onepoint.Access{Permissions: []onepoint.Permission{onepoint.ReadAccountsDetail, onepoint.ReadBalances, onepoint.ReadTransactionsDetail}}, "s")
	auth, err := c.Authorize(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	in.ConsentID = auth.ConsentID
	back, page := r.psu(t, auth.Redirect, login, true)
	if back == nil {
		t.Fatalf("page: %.800s", page)
	}
	done, err := c.Resume(t.Context(), in, onepoint.Callback{Params: back.Query()})
	if err != nil || done.Phase != onepoint.PhaseAuthorised {
		t.Fatalf("got %+v, %v", done, err)
	}
	return done.Grant
}

func TestUnattendedCallsAreCounted(t *testing.T) {
	r := newRig(t, func(c *saltedge.Config) { c.Unattended = 4 })
	env := r.registered("ledger")
	c := r.open(env)
	g := r.connected(t, c, "alice")
	for n := range 4 {
		if _, err := c.Accounts(t.Context(), g); err != nil {
			t.Fatalf("call %d: %v", n+1, err)
		}
	}
	if _, err := c.Accounts(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeRateLimited {
		t.Errorf("the fifth: %v", err)
	}
	attended := func(q *http.Request) {
		q.Header.Set("PSU-IP-Address", "192.0.2.1")
		q.Header.Set("Consent-ID", g.ConsentID)
	}
	if got := r.raw(t, env, "GET", api+"/accounts", "", attended, nil); got.status != 200 {
		t.Errorf("with the user: %d %s", got.status, got.body)
	}
	r.advance(24 * time.Hour)
	if _, err := c.Accounts(t.Context(), g); err != nil {
		t.Errorf("the next day: %v", err)
	}
}

func TestPagesLeadToEveryRowOnce(t *testing.T) {
	r := newRig(t)
	env := r.registered("ledger")
	c := r.open(env)
	g := r.connected(t, c, "alice")
	c.Quirks.PageLimit = 7
	seen := map[string]bool{}
	var q onepoint.TransactionQuery
	for {
		page, err := c.Transactions(t.Context(), g, "acc_alice_current", q)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page.Transactions {
			if seen[row.ID] {
				t.Fatalf("%s twice", row.ID)
			}
			seen[row.ID] = true
		}
		if page.Next == "" {
			break
		}
		if len(page.Transactions) != 7 || !strings.HasPrefix(page.Next, "/salt-edge/artea_sandbox/api/berlingroup/v1/accounts/acc_alice_current/transactions?") {
			t.Fatalf("%d rows, next %s", len(page.Transactions), page.Next)
		}
		q.Cursor = page.Next
	}
	truth, err := r.core.Truth(context.Background(), "cus_alice")
	if err != nil || len(seen) != len(truth[0].Transactions) {
		t.Errorf("%d rows, the books hold %d, %v", len(seen), len(truth[0].Transactions), err)
	}
	own := func(q *http.Request) { q.Header.Set("Consent-ID", g.ConsentID) }
	all := r.raw(t, env, "GET", api+"/accounts/acc_alice_current/transactions?bookingStatus=booked&dateFrom=2000-01-01", "", own, nil)
	if got := decode[berlin.Report](t, all); len(got.Transactions.Pending) != 0 || len(got.Transactions.Booked) == 0 || got.Links["next"].Href != "" {
		t.Errorf("unpaged: %d booked, %d pending", len(got.Transactions.Booked), len(got.Transactions.Pending))
	}
	one := decode[berlin.Report](t, r.raw(t, env, "GET", api+"/accounts/acc_alice_current/transactions?bookingStatus=both&dateFrom=2000-01-01&paginated=1&limit=1", "", own, nil))
	if one.Links["next"].Href == "" || one.Links["next"] != one.Transactions.Links["next"] {
		t.Errorf("next must be at both levels: %v %v", one.Links, one.Transactions.Links)
	}
	for _, query := range []string{"dateFrom=2000-01-01", "bookingStatus=both", "bookingStatus=both&dateFrom=x", "bookingStatus=both&dateFrom=2026-02-01&dateTo=2026-01-01", "bookingStatus=both&dateFrom=2000-01-01&paginated=1&limit=0", "bookingStatus=both&dateFrom=2000-01-01&paginated=1&offset=-1"} {
		if got := r.raw(t, env, "GET", api+"/accounts/acc_alice_current/transactions?"+query, "", own, nil); got.status != 400 {
			t.Errorf("%s: %d", query, got.status)
		}
	}
	if got := r.raw(t, env, "GET", api+"/accounts/acc_bob_eur/transactions?bookingStatus=both&dateFrom=2000-01-01", "", own, nil); got.status != 404 {
		t.Errorf("another's account: %d %s", got.status, got.body)
	}
}

func TestConsentsEndAtOnce(t *testing.T) {
	r := newRig(t)
	env := r.registered("ledger")
	c := r.open(env)
	g := r.connected(t, c, "alice")
	thief := r.env("thief", "PSDGB-FCA-999999")
	r.registerBG(t, thief)
	time.Sleep(10 * time.Millisecond)
	if _, err := r.open(thief).Accounts(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeConsentInvalid {
		t.Errorf("another TPP reads: %v", err)
	}
	if got := r.raw(t, thief, "DELETE", api+"/consents/"+g.ConsentID, "", nil, nil); got.status != 403 {
		t.Errorf("another TPP deletes: %d", got.status)
	}
	r.advance(181 * 24 * time.Hour)
	if _, err := c.Accounts(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeConsentExpired {
		t.Errorf("after its last day: %v", err)
	}
	if err := c.Revoke(t.Context(), g); err != nil {
		t.Errorf("revoke what has expired: %v", err)
	}
}
