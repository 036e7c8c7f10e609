package op_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
)

const bobEUR = "acc_bob_eur"

func sepa(id, amount string) onepoint.Payment {
	return onepoint.Payment{
		ID: id, Scheme: onepoint.SchemeSEPA, Amount: onepoint.MustMoney(amount, "EUR"), Information: "Invoice 7",
		Creditor: onepoint.Counterparty{Name: "Nordlicht Verlag", Identifier: onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: "DE89370400440532013000"}},
	}
}

// paid is what left bob's account since before.
func (b *bench) paid(t testing.TB, before onepoint.Money) string {
	t.Helper()
	return must[onepoint.Money](t)(before.Add(b.available(t, "bob", bobEUR).Neg())).String()
}

// entries counts what bob's statement shows of a payment.
func (b *bench) entries(t testing.TB, information string) (n int) {
	t.Helper()
	for _, a := range b.truth(t, "bob") {
		for _, row := range a.Transactions {
			if a.ID == bobEUR && row.Information == information {
				n++
			}
		}
	}
	return n
}

func TestPaymentMovesMoneyOnce(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	before, p := r.available(t, "bob", bobEUR), sepa("pmt_1", "12.34")
	g := r.grant(t, conn, p, "bob", bobEUR)
	if s, err := conn.PaymentState(t.Context(), g, p); err != nil || s.Status != onepoint.PaymentReady || r.paid(t, before) != "0.00 EUR" {
		t.Fatalf("before the submission: %+v, %v, paid %s", s, err, r.paid(t, before))
	}
	for range 2 {
		if s, err := conn.Submit(t.Context(), g, p); err != nil || s.Status != onepoint.PaymentAccepted || s.ID == "" {
			t.Fatalf("submit: %+v, %v", s, err)
		}
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if s, err := conn.Submit(t.Context(), g, p); err != nil || s.Status != onepoint.PaymentAccepted {
				t.Errorf("submit: %+v, %v", s, err)
			}
		})
	}
	wg.Wait()
	if r.paid(t, before) != "12.34 EUR" || r.entries(t, "Invoice 7") != 1 {
		t.Errorf("paid %s in %d entries", r.paid(t, before), r.entries(t, "Invoice 7"))
	}
	r.advance(time.Minute)
	if s, err := conn.PaymentState(t.Context(), g, p); err != nil || s.Status != onepoint.PaymentCompleted || !s.Status.Final() {
		t.Errorf("afterwards: %+v, %v", s, err)
	}
	reads := r.grant(t, conn, onepoint.Access{}, "bob", bobEUR)
	page, err := conn.Transactions(t.Context(), reads, bobEUR, onepoint.TransactionQuery{})
	if err != nil || page.Transactions[0].Counterparty.Name != "Nordlicht Verlag" || page.Transactions[0].Counterparty.Identifier.Value != "DE89370400440532013000" {
		t.Errorf("the statement shows %+v, %v", page.Transactions[0], err)
	}
}

func TestTenFirstSubmissionsAtOnceMoveMoneyOnce(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	before, p := r.available(t, "bob", bobEUR), sepa("pmt_ten", "5.00")
	g := r.grant(t, conn, p, "bob", bobEUR)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if s, err := conn.Submit(t.Context(), g, p); err != nil || s.Status != onepoint.PaymentAccepted {
				t.Errorf("submit: %+v, %v", s, err)
			}
		})
	}
	wg.Wait()
	if r.paid(t, before) != "5.00 EUR" || r.entries(t, "Invoice 7") != 1 {
		t.Errorf("paid %s in %d entries", r.paid(t, before), r.entries(t, "Invoice 7"))
	}
}

func TestTenOrdersAtOnceWithOneKeyAreOnePayment(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	var mu sync.Mutex
	ids := map[string]bool{}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			auth, err := conn.Authorize(t.Context(), intent(sepa("pmt_one", "5.00"), "one"))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			ids[auth.ConsentID] = true
		})
	}
	wg.Wait()
	if len(ids) != 1 || ids[""] {
		t.Errorf("the orders are %v", ids)
	}
}

func TestRefusedPaymentPaysNothing(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	before, in := r.available(t, "bob", bobEUR), intent(sepa("pmt_no", "10.00"), "no")
	auth, err := conn.Authorize(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	in.ConsentID = auth.ConsentID
	done, err := conn.Resume(t.Context(), in, onepoint.Callback{Params: r.visit(t, auth.Redirect, "bob", false)})
	if err != nil || done.Phase != onepoint.PhaseRefused || done.Reason == "" {
		t.Errorf("%+v, %v", done, err)
	}
	s, err := conn.PaymentState(t.Context(), onepoint.Grant{ConsentID: in.ConsentID}, onepoint.Payment{})
	if err != nil || s.Status != onepoint.PaymentRejected || s.Reason == "" || r.paid(t, before) != "0.00 EUR" {
		t.Errorf("%+v, %v, paid %s", s, err, r.paid(t, before))
	}
	if p := r.browser(t).get(auth.Redirect); p.back.Get("error") != "invalid_request" {
		t.Errorf("asking again: %d %v", p.status, p.back)
	}
}

func TestPageShowsWhatIsPaid(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	pay := sepa("pmt_page", "12.34")
	pay.Debtor = onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: r.ibanOf(t, "bob", bobEUR)}
	auth, err := conn.Authorize(t.Context(), intent(pay, "page"))
	if err != nil {
		t.Fatal(err)
	}
	p := r.browser(t).login(auth.Redirect, "bob")
	for _, text := range []string{"12.34 EUR", "Nordlicht Verlag", "DE89370400440532013000", "Invoice 7", "One Point Ledger"} {
		if !strings.Contains(p.text, text) {
			t.Errorf("the page does not say %s", text)
		}
	}
	if len(p.picks) != 1 || p.picks[0] != bobEUR {
		t.Errorf("the page offers %v", p.picks)
	}
	if p := r.browser(t).login(auth.Redirect, "alice"); len(p.picks) != 0 || p.fault == "" {
		t.Errorf("another customer may pay from %v", p.picks)
	}
}

func TestPaymentWithoutFundsIsRejectedWithAReason(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	all := r.available(t, "bob", bobEUR)
	p := sepa("pmt_much", plus(t, all, "0.01").Decimal())
	g := r.grant(t, conn, p, "bob", bobEUR)
	for range 2 {
		if s, err := conn.Submit(t.Context(), g, p); err != nil || s.Status != onepoint.PaymentRejected || s.Reason == "" {
			t.Errorf("%+v, %v", s, err)
		}
	}
	if s, err := conn.PaymentState(t.Context(), g, p); err != nil || s.Status != onepoint.PaymentRejected || s.Reason == "" {
		t.Errorf("%+v, %v", s, err)
	}
	if r.paid(t, all) != "0.00 EUR" {
		t.Errorf("paid %s", r.paid(t, all))
	}
}

func TestPaymentThatOPDoesNotMakeIsRefusedHere(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	for name, change := range map[string]func(*onepoint.Payment){
		"a domestic payment":       func(p *onepoint.Payment) { p.Scheme = onepoint.SchemeDomestic },
		"SEPA in pounds":           func(p *onepoint.Payment) { p.Amount = onepoint.MustMoney("1.00", "GBP") },
		"text and reference":       func(p *onepoint.Payment) { p.Reference = "RF18539007547034" },
		"no name":                  func(p *onepoint.Payment) { p.Creditor.Name = "" },
		"no account":               func(p *onepoint.Payment) { p.Creditor.Identifier.Value = "" },
		"SEPA to no IBAN":          func(p *onepoint.Payment) { p.Creditor.Identifier.Scheme = onepoint.SchemeSortCode },
		"nothing to be recognised": func(p *onepoint.Payment) { p.ID = "" },
	} {
		p := sepa("pmt_x", "1.00")
		change(&p)
		if _, err := conn.Authorize(t.Context(), intent(p, "x")); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := sepa("pmt_zero", "0.00")
	if _, err := conn.Authorize(t.Context(), intent(p, "x")); onepoint.CodeOf(err) != onepoint.CodeInvalid || !strings.Contains(onepoint.MessageOf(err), "EuroCents") {
		t.Errorf("nothing to pay: %v", err)
	}
}

func TestTamperedAnswerIsNotBelieved(t *testing.T) {
	r := register(t, newBench(t))
	a := &answered{at: "/payments-psd2/"}
	conn := r.open(t, func(next http.RoundTripper) http.RoundTripper { a.next = next; return a })
	p := sepa("pmt_t", "1.00")
	g := r.grant(t, conn, p, "bob", bobEUR)
	for name, with := range map[string]func(*http.Response, string) string{
		"another body": func(_ *http.Response, body string) string { return strings.Replace(body, "Authorized", "Completed", 1) },
		"no signature": func(resp *http.Response, body string) string { resp.Header.Del("x-jws-signature"); return body },
		"another signature": func(resp *http.Response, body string) string {
			resp.Header.Set("x-jws-signature", r.wire(t).seal([]byte(body)))
			return body
		},
		"an altered signature": func(resp *http.Response, body string) string {
			resp.Header.Set("x-jws-signature", strings.Replace(resp.Header.Get("x-jws-signature"), "..", "..A", 1))
			return body
		},
	} {
		a.with = with
		if _, err := conn.PaymentState(t.Context(), g, p); onepoint.CodeOf(err) != onepoint.CodeProtocol {
			t.Errorf("%s: %v", name, err)
		}
	}
	a.with = nil
	if _, err := conn.PaymentState(t.Context(), g, p); err != nil {
		t.Error(err)
	}
}
