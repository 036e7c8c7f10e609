package op_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/op"
)

func driver() connector.Driver { return op.Driver() }

func TestTwoPaymentsOfOneAuthorizationArePaidBoth(t *testing.T) {
	w := register(t, newBench(t)).wire(t)
	before := w.available(t, "bob", bobEUR)
	first := w.order("sepa-payments", "1", w.body("3.00"))
	body := w.body("4.00")
	body["authorizationId"] = first.str("authorizationId")
	second := w.order("sepa-payments", "2", body)
	third := w.order("sepa-payments", "3", func() map[string]any {
		b := w.body("100.00")
		b["authorizationId"] = first.str("authorizationId")
		return b
	}())
	if second.status != http.StatusCreated || second.str("authorizationId") != first.str("authorizationId") {
		t.Fatalf("%d %s", second.status, second.text)
	}
	if s := w.json(http.MethodDelete, w.profile.Endpoints.Payments+"/sepa-payments/"+third.str("paymentId"), w.token("payments"), nil); s.status != http.StatusNoContent {
		t.Fatalf("cancel: %d %s", s.status, s.text)
	}
	token := w.authorised(first.str("authorizationId"))
	at := w.profile.Endpoints.Payments + "/authorizations/" + first.str("authorizationId")
	for i, one := range []said{first, second} {
		if s := w.json(http.MethodGet, at, w.token("payments"), nil); s.str("status") != "Authorized" {
			t.Errorf("before submission %d: %s", i, s.text)
		}
		if s := w.submit(token, "sepa-payments", one.str("paymentId"), "sub-1", ""); s.status != http.StatusOK || s.str("status") != "Accepted" || s.str("archiveId") == "" {
			t.Errorf("submission %d: %d %s", i, s.status, s.text)
		}
	}
	if s := w.submit(token, "sepa-payments", third.str("paymentId"), "sub-1", ""); s.status != http.StatusUnprocessableEntity || s.violation() != "IllegalState" {
		t.Errorf("the cancelled payment: %d %s", s.status, s.text)
	}
	if w.paid(t, before) != "7.00 EUR" || w.entries(t, "bundle") != 2 {
		t.Errorf("paid %s in %d entries", w.paid(t, before), w.entries(t, "bundle"))
	}
	s := w.json(http.MethodGet, at+"?include=payments", w.token("payments"), nil)
	if list, _ := s.body["payments"].([]any); s.str("status") != "Completed" || len(list) != 3 {
		t.Errorf("%s", s.text)
	}
	if s := w.json(http.MethodGet, at+"/payments", w.token("payments"), nil); len(s.list) != 3 || s.header.Get("x-jws-signature") == "" {
		t.Errorf("%s", s.text)
	}
	if s := w.json(http.MethodDelete, at, w.token("payments"), nil); s.status != http.StatusUnprocessableEntity {
		t.Errorf("revoking what was paid: %d %s", s.status, s.text)
	}
	if s := w.json(http.MethodPost, at+"/sandbox-reject", w.token("payments"), nil); s.status != http.StatusUnprocessableEntity {
		t.Errorf("rejecting what was paid: %d %s", s.status, s.text)
	}
}

func TestForeignPaymentCannotBeBundled(t *testing.T) {
	w := register(t, newBench(t)).wire(t)
	before := w.available(t, "bob", bobEUR)
	domestic, foreign := w.order("sepa-payments", "1", w.body("3.00")), w.order("foreign-payments", "2", w.foreign())
	if foreign.status != http.StatusCreated || foreign.str("paymentType") != "ForeignPayment" {
		t.Fatalf("%d %s", foreign.status, foreign.text)
	}
	into := func(body map[string]any, one said) map[string]any {
		body["authorizationId"] = one.str("authorizationId")
		return body
	}
	for name, s := range map[string]said{
		"foreign to SEPA":    w.order("foreign-payments", "3", into(w.foreign(), domestic)),
		"SEPA to foreign":    w.order("sepa-payments", "4", into(w.body("1.00"), foreign)),
		"foreign to foreign": w.order("foreign-payments", "5", into(w.foreign(), foreign)),
	} {
		if s.status != http.StatusUnprocessableEntity || s.violation() != "PaymentOrder" {
			t.Errorf("%s: %d %s", name, s.status, s.text)
		}
	}
	token := w.authorised(foreign.str("authorizationId"))
	if s := w.submit(token, "foreign-payments", foreign.str("paymentId"), "sub", ""); s.str("status") != "Accepted" || w.paid(t, before) != "20.00 EUR" {
		t.Errorf("%d %s, paid %s", s.status, s.text, w.paid(t, before))
	}
}

func TestSandboxScenarios(t *testing.T) {
	w := register(t, newBench(t)).wire(t)
	before := w.available(t, "bob", bobEUR)
	for scenario, tc := range map[string]struct {
		status     int
		says       string // status of the submission, or violation
		afterwards string // status of the submission put again, without scenario
	}{
		"InsufficientFunds":         {422, "InsufficientFunds", "Accepted"},
		"PaymentSystemUnavailable":  {503, "", "Accepted"},
		"FutureSimulation=PT24H":    {200, "Pending", "Accepted"},
		"PaymentFail":               {200, "Error", "Error"},
		"PaymentFail=AccountClosed": {422, "PaymentFail", "Accepted"},
		"PaymentSubmitFailed":       {200, "Error", "Error"},
		"PaymentSubmitSuccess":      {200, "Accepted", "Accepted"},
	} {
		t.Run(scenario, func(t *testing.T) {
			w := wire{w.registered, t, w.client}
			p := w.order("sepa-payments", scenario, w.body("1.00"))
			token := w.authorised(p.str("authorizationId"))
			s := w.submit(token, "sepa-payments", p.str("paymentId"), "sub", scenario)
			if s.status != tc.status || s.str("status")+s.violation() != tc.says || s.header.Get("x-jws-signature") == "" {
				t.Errorf("%d %s", s.status, s.text)
			}
			if s = w.submit(token, "sepa-payments", p.str("paymentId"), "sub", ""); s.status != http.StatusOK || s.str("status") != tc.afterwards {
				t.Errorf("again: %d %s", s.status, s.text)
			}
			if s = w.submit(token, "sepa-payments", p.str("paymentId"), "another", ""); s.status != http.StatusUnprocessableEntity || s.violation() != "DuplicatePayment" {
				t.Errorf("under another id: %d %s", s.status, s.text)
			}
		})
	}
	if w.paid(t, before) != "5.00 EUR" {
		t.Errorf("paid %s", w.paid(t, before))
	}
}

func TestFutureShowsTheMoneyCredited(t *testing.T) {
	w := register(t, newBench(t)).wire(t)
	p := w.order("sepa-payments", "1", w.body("1.00"))
	w.submit(w.authorised(p.str("authorizationId")), "sepa-payments", p.str("paymentId"), "sub", "")
	at := w.profile.Endpoints.Payments + "/sepa-payments/" + p.str("paymentId") + "/submissions/sub"
	for scenario, want := range map[string]string{"": "Accepted", "FutureSimulation=PT24H": "Credited", "FutureSimulation=nonsense": "Accepted"} {
		if s := w.do(http.MethodGet, at, w.token("payments"), nil, map[string]string{"x-sandbox-scenario": scenario}); s.str("status") != want {
			t.Errorf("%s: %s", scenario, s.text)
		}
	}
	w.advance(time.Minute)
	if s := w.json(http.MethodGet, at, w.token("payments"), nil); s.str("status") != "Credited" {
		t.Errorf("a minute later: %s", s.text)
	}
}

func TestSandboxAuthorizeAndRejectSkipThePages(t *testing.T) {
	w := register(t, newBench(t)).wire(t)
	at := w.profile.Endpoints.Payments + "/authorizations/"
	p := w.order("sepa-payments", "1", w.body("1.00"))
	if s := w.json(http.MethodPost, at+p.str("authorizationId")+"/sandbox-authorize", w.token("payments"), nil); s.status != http.StatusOK || s.str("status") != "Authorized" {
		t.Errorf("authorize: %d %s", s.status, s.text)
	}
	if s := w.json(http.MethodPost, at+p.str("authorizationId")+"/sandbox-reject", w.token("payments"), nil); s.status != http.StatusUnprocessableEntity {
		t.Errorf("reject what is authorised: %d %s", s.status, s.text)
	}
	p = w.order("sepa-payments", "2", w.body("1.00"))
	if s := w.json(http.MethodPost, at+p.str("authorizationId")+"/sandbox-reject", w.token("payments"), nil); s.status != http.StatusOK || s.str("status") != "Rejected" {
		t.Errorf("reject: %d %s", s.status, s.text)
	}
	if s := w.json(http.MethodPost, at+p.str("authorizationId")+"/sandbox-authorize", w.token("payments"), nil); s.status != http.StatusUnprocessableEntity {
		t.Errorf("authorize what is rejected: %d %s", s.status, s.text)
	}
	body := w.body("1.00")
	delete(body, "payer")
	p = w.order("sepa-payments", "3", body)
	if s := w.json(http.MethodPost, at+p.str("authorizationId")+"/sandbox-authorize", w.token("payments"), nil); s.status != http.StatusBadRequest || s.violation() != "Required" {
		t.Errorf("no payer: %d %s", s.status, s.text)
	}
}

func TestAnotherClientsPaymentIsNotFound(t *testing.T) {
	b := newBench(t)
	r := register(t, b)
	owner := r.wire(t)
	p := owner.order("sepa-payments", "1", owner.body("1.00"))
	other := register(t, b).wire(t) // replaces the credentials: it is the caller now
	body := other.body("1.00")
	body["authorizationId"] = p.str("authorizationId")
	base, token := b.profile.Endpoints.Payments, other.token("payments")
	for name, s := range map[string]said{
		"the payment":       other.json(http.MethodGet, base+"/sepa-payments/"+p.str("paymentId"), token, nil),
		"cancelling it":     other.json(http.MethodDelete, base+"/sepa-payments/"+p.str("paymentId"), token, nil),
		"its submissions":   other.json(http.MethodGet, base+"/sepa-payments/"+p.str("paymentId")+"/submissions", token, nil),
		"the authorization": other.json(http.MethodGet, base+"/authorizations/"+p.str("authorizationId"), token, nil),
		"its payments":      other.json(http.MethodGet, base+"/authorizations/"+p.str("authorizationId")+"/payments", token, nil),
		"revoking it":       other.json(http.MethodDelete, base+"/authorizations/"+p.str("authorizationId"), token, nil),
		"authorizing it":    other.json(http.MethodPost, base+"/authorizations/"+p.str("authorizationId")+"/sandbox-authorize", token, nil),
		"joining it":        other.order("sepa-payments", "2", body),
	} {
		if s.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", name, s.status, s.text)
		}
	}
}

func TestScenarioErrorsOfASubmissionAreRejections(t *testing.T) {
	r := register(t, newBench(t))
	a := &scenario{}
	conn := r.open(t, func(next http.RoundTripper) http.RoundTripper { a.next = next; return a })
	p := sepa("pmt_scenario", "1.00")
	g := r.grant(t, conn, p, "bob", bobEUR)
	a.name = "PaymentSystemUnavailable"
	if _, err := conn.Submit(t.Context(), g, p); onepoint.CodeOf(err) != onepoint.CodeUnavailable || a.puts != 1 {
		t.Errorf("%v after %d calls", err, a.puts)
	}
	for name, words := range map[string]string{"InsufficientFunds": "OP refused: Insufficient funds; InsufficientFunds", "PaymentFail=LimitExceeded": "OP refused: The payment failed: LimitExceeded; PaymentFail"} {
		a.name = name
		if s, err := conn.Submit(t.Context(), g, p); err != nil || s.Status != onepoint.PaymentRejected || s.Reason != words || s.ID == "" {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

// scenario sends the sandbox's header with every submission.
type scenario struct {
	next http.RoundTripper
	name string
	puts int
}

func (s *scenario) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPut {
		s.puts++
		r = r.Clone(r.Context())
		r.Header.Set("x-sandbox-scenario", s.name)
	}
	return s.next.RoundTrip(r)
}
