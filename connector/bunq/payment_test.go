package bunq_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
)

const aunt = "NL91ABNA0417164300"

func euros(value string) onepoint.Payment {
	return onepoint.Payment{
		ID: "pay_1", Scheme: onepoint.SchemeSEPA, Amount: onepoint.MustMoney(value, "EUR"), Information: "rent of May",
		Creditor: onepoint.Counterparty{Name: "Aunt May", Identifier: onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: aunt}},
	}
}

// booked counts what an account paid to our creditor.
func (w *world) booked(t *testing.T, account string) (n int) {
	t.Helper()
	truth, err := w.core.Truth(t.Context(), "cus_bob")
	must(t, err)
	for _, a := range truth {
		for _, row := range a.Transactions {
			if a.Account.ID == account && row.Counterparty.Identifier.Value == aunt {
				n++
			}
		}
	}
	return n
}

func TestAcceptedPaymentMovesMoneyOnce(t *testing.T) {
	w := newWorld(t, off())
	b := w.open(t, w.onboard(t).Client, nil)
	p := euros("12.34")
	in := intent(p, "pay")
	auth, err := b.Authorize(t.Context(), in)
	must(t, err)
	in.ConsentID = auth.ConsentID
	waiting, err := b.PaymentState(t.Context(), onepoint.Grant{ConsentID: auth.ConsentID}, p)
	if err != nil || waiting.Status != onepoint.PaymentAwaiting {
		t.Errorf("before the user decides: %+v, %v", waiting, err)
	}
	again, err := b.Authorize(t.Context(), in)
	if err != nil || again.ConsentID != auth.ConsentID {
		t.Errorf("asked again while it waits: %+v, %v", again, err)
	}
	params := w.visit(t, auth.Redirect, "bob", true, "acc_bob_eur")
	done, err := b.Resume(t.Context(), in, onepoint.Callback{Params: params})
	if err != nil || done.Phase != onepoint.PhaseAuthorised || done.Grant.ConsentID != auth.ConsentID {
		t.Fatalf("resume: %+v, %v", done, err)
	}
	for range 3 {
		state, err := b.Submit(t.Context(), done.Grant, p)
		if err != nil || state.Status != onepoint.PaymentCompleted || state.BankCode != "COMPLETED" {
			t.Errorf("submit: %+v, %v", state, err)
		}
		w.restart(t)
	}
	if n := w.booked(t, "acc_bob_eur"); n != 1 {
		t.Errorf("paid %d times", n)
	}
	resp, err := w.http(nil).Get(auth.Redirect)
	must(t, err)
	if text := body(t, resp); resp.StatusCode != http.StatusBadRequest || !strings.Contains(text, "was decided") {
		t.Errorf("the page can be used again: %s", resp.Status)
	}
	other := p
	other.Amount = onepoint.MustMoney("12.35", "EUR")
	if _, err := b.PaymentState(t.Context(), done.Grant, other); onepoint.CodeOf(err) != onepoint.CodeProtocol {
		t.Errorf("another payment under this id: %v", err)
	}
}

// A payment that takes all there is, looked at again and again, stays made.
func TestPaymentOfEverythingIsMadeOnce(t *testing.T) {
	w := newWorld(t, off())
	b := w.open(t, w.onboard(t).Client, nil)
	all, err := w.core.Balances(t.Context(), "acc_bob_eur")
	must(t, err)
	p := euros(all[1].Amount.Decimal())
	in := intent(p, "all")
	auth, err := b.Authorize(t.Context(), in)
	must(t, err)
	in.ConsentID = auth.ConsentID
	params := w.visit(t, auth.Redirect, "bob", true, "acc_bob_eur")
	done, err := b.Resume(t.Context(), in, onepoint.Callback{Params: params})
	must(t, err)
	// The bank died after the money moved and before it noted so.
	must(t, w.config.Store.UpdateSimRow(t.Context(), "bunq", "issuer_transaction", auth.ConsentID, func(row []byte) ([]byte, error) {
		return []byte(strings.Replace(string(row), `"COMPLETED"`, `"ACCEPTED"`, 1)), nil
	}))
	state, err := b.PaymentState(t.Context(), done.Grant, p)
	if n := w.booked(t, "acc_bob_eur"); err != nil || state.Status != onepoint.PaymentCompleted || n != 1 {
		t.Errorf("%+v, %v, paid %d times", state, err, n)
	}
}

func TestPaymentThatIsNotMade(t *testing.T) {
	w := newWorld(t, off())
	b := w.open(t, w.onboard(t).Client, nil)
	tests := []struct {
		name   string
		amount string
		after  func(redirect string) url.Values
		want   onepoint.PaymentStatus
	}{
		{"refused by the user", "1.00", func(r string) url.Values { return w.visit(t, r, "bob", false, "acc_bob_eur") }, onepoint.PaymentRejected},
		{"more than there is", "99999999.00", func(r string) url.Values { return w.visit(t, r, "bob", true, "acc_bob_eur") }, onepoint.PaymentRejected},
		{"too late", "1.00", func(string) url.Values { w.clock.Advance(11 * time.Minute); return nil }, onepoint.PaymentCancelled},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := euros(tt.amount)
			in := intent(p, strconv.Itoa(i))
			auth, err := b.Authorize(t.Context(), in)
			must(t, err)
			in.ConsentID = auth.ConsentID
			params := tt.after(auth.Redirect)
			if params == nil {
				params = url.Values{"state": {in.State}}
			}
			done, err := b.Resume(t.Context(), in, onepoint.Callback{Params: params})
			if err != nil || done.Phase != onepoint.PhaseRefused || done.Reason == "" {
				t.Errorf("resume: %+v, %v", done, err)
			}
			state, err := b.PaymentState(t.Context(), onepoint.Grant{ConsentID: auth.ConsentID}, p)
			if err != nil || state.Status != tt.want || state.Reason == "" {
				t.Errorf("state: %+v, %v", state, err)
			}
		})
	}
	if n := w.booked(t, "acc_bob_eur"); n != 0 {
		t.Errorf("paid %d times", n)
	}
	in := intent(euros("1.00"), "forged")
	auth, err := b.Authorize(t.Context(), in)
	must(t, err)
	in.ConsentID = auth.ConsentID
	if _, err := b.Resume(t.Context(), in, onepoint.Callback{Params: url.Values{"state": {"another"}}}); onepoint.CodeOf(err) != onepoint.CodeProtocol {
		t.Errorf("another state: %v", err)
	}
}

func TestWrongPaymentsAreNotAskedFor(t *testing.T) {
	w := newWorld(t, off())
	b := w.open(t, w.onboard(t).Client, nil)
	for name, change := range map[string]func(*onepoint.Payment){
		"no amount":     func(p *onepoint.Payment) { p.Amount = onepoint.MustMoney("0", "EUR") },
		"no name":       func(p *onepoint.Payment) { p.Creditor.Name = "" },
		"no IBAN":       func(p *onepoint.Payment) { p.Creditor.Identifier.Scheme = onepoint.SchemeSortCode },
		"too much text": func(p *onepoint.Payment) { p.Information = strings.Repeat("é", 141) },
	} {
		p := euros("1.00")
		change(&p)
		if _, err := b.Authorize(t.Context(), intent(p, "wrong")); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// When bunq has ended our own session, a call opens another.
func TestEndedOwnSessionIsReplaced(t *testing.T) {
	w := newWorld(t, off())
	b := w.open(t, w.onboard(t).Client, nil)
	w.raw(t).call("DELETE", "/session/0", "")
	if _, err := b.Authorize(t.Context(), intent(euros("1.00"), "ended")); err != nil {
		t.Error(err)
	}
}

func TestFunds(t *testing.T) {
	w := newWorld(t, off())
	b := w.open(t, w.onboard(t).Client, nil)
	account, err := w.core.Account(t.Context(), "acc_bob_eur")
	must(t, err)
	g := w.connect(t, b, "bob", onepoint.Funds{Account: account.Identifiers[0]})
	for value, want := range map[string]bool{"0.01": true, "99999999.00": false} {
		got, err := b.ConfirmFunds(t.Context(), g, account.Identifiers[0], onepoint.MustMoney(value, "EUR"))
		if err != nil || got != want {
			t.Errorf("%s: %t, %v", value, got, err)
		}
	}
	savings, err := w.core.Account(t.Context(), "acc_alice_savings")
	must(t, err)
	if _, err := b.ConfirmFunds(t.Context(), g, savings.Identifiers[1], onepoint.MustMoney("1", "GBP")); onepoint.CodeOf(err) != onepoint.CodeForbidden {
		t.Errorf("an account that was not shared: %v", err)
	}
}

func TestDraftIsPaidWhenTheUserAccepts(t *testing.T) {
	w := newWorld(t, off())
	b := w.open(t, w.onboard(t).Client, nil)
	g := w.connect(t, b, "bob", onepoint.Access{})
	n, err := w.sim.AccountNumber(t.Context(), "acc_bob_eur")
	must(t, err)
	r := w.raw(t)
	r.token = g.AccessToken
	path := fmt.Sprintf("/%s/monetary-account/%d/draft-payment", g.Scope, n)
	r.call("POST", path, `{"number_of_required_accepts":1,"entries":[
		{"amount":{"value":"1.00","currency":"EUR"},"counterparty_alias":{"type":"IBAN","value":"`+aunt+`","name":"Aunt May"},"description":"one"},
		{"amount":{"value":"2.00","currency":"EUR"},"counterparty_alias":{"type":"IBAN","value":"`+aunt+`","name":"Aunt May"},"description":"two"}]}`)
	if r.call("PUT", path+"/1", `{"status":"ACCEPTED"}`); r.last.StatusCode != http.StatusForbidden {
		t.Errorf("a provider accepted its own draft: %s", r.last.Status)
	}
	must(t, w.sim.AcceptDraft(t.Context(), 1))
	if err := w.sim.AcceptDraft(t.Context(), 1); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("accepted twice: %v", err)
	}
	got := r.get(path + "/1")["Response"].([]any)[0].(map[string]any)["DraftPayment"].(map[string]any)
	if paid := w.booked(t, "acc_bob_eur"); got["status"] != "ACCEPTED" || paid != 2 {
		t.Errorf("%v, and %d payments", got, paid)
	}
}

func TestProviderDraftIsPaidWithTheNextConsent(t *testing.T) {
	w := newWorld(t, off())
	client := w.onboard(t).Client
	b := w.open(t, client, nil)
	account, err := w.core.Account(t.Context(), "acc_bob_eur")
	must(t, err)
	r := w.raw(t)
	path := "/user/" + client.Facts["psp_user_id"] + "/payment-service-provider-draft-payment"
	r.call("POST", path, `{"sender_iban":"`+account.Identifiers[0].Value+`","counterparty_iban":"`+aunt+`","counterparty_name":"Aunt May","description":"x","amount":{"value":"3.00","currency":"EUR"}}`)
	w.connect(t, b, "alice", onepoint.Access{}) // not alice's to decide
	if n := w.booked(t, "acc_bob_eur"); n != 0 {
		t.Fatalf("another customer's consent paid %d times", n)
	}
	w.connect(t, b, "bob", onepoint.Access{})
	got := r.get(path + "/1")["Response"].([]any)[0].(map[string]any)["PaymentServiceProviderDraftPayment"].(map[string]any)
	if n := w.booked(t, "acc_bob_eur"); n != 1 || got["status"] != "COMPLETED" {
		t.Errorf("paid %d times, %v", n, got)
	}
}
