package bunq_test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	simbunq "github.com/onepointledger/onepoint/modelbank/sim/bunq"
)

// named are the fields that an error names.
func named(err error) []string {
	var e *onepoint.Error
	if !errors.As(err, &e) {
		return nil
	}
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Name)
	}
	return out
}

// wrongField is a call that would be right but for one field.
type wrongField struct {
	call         string
	right        map[string]string
	field, value string
}

func askFields() map[string]string {
	return map[string]string{"account": "1", "amount": "1.00", "currency": "EUR", "to": "a@b.example", "description": "x"}
}

func wrongFields() []wrongField {
	ask := askFields()
	draft := map[string]string{"account": "1", "amount": "1.00", "currency": "EUR", "to": aunt, "name": "Aunt May", "description": "x"}
	issue := map[string]string{"amount": "1.00", "currency": "EUR", "to": aunt, "name": "Aunt May", "description": "x", "redirect": redirectURI}
	address := map[string]string{"credential": "1", "ip": "192.0.2.7"}
	return []wrongField{
		{"request-inquiry.create", ask, "amount", ""},
		{"request-inquiry.create", ask, "amount", "0.00"},
		{"request-inquiry.create", ask, "amount", "-1.00"},
		{"request-inquiry.create", ask, "amount", "1.001"},
		{"request-inquiry.create", ask, "amount", "1e3"},
		{"request-inquiry.create", ask, "currency", "euro"},
		{"request-inquiry.create", ask, "to", "Aunt May <a@b.example>"},
		{"request-inquiry.create", ask, "to", "NL91ABNA0417164301"},
		{"request-inquiry.create", ask, "account", "1/../../2"},
		{"request-inquiry.create", ask, "description", strings.Repeat("é", 141)},
		{"request-inquiry.create", ask, "description", "two\nlines"},
		{"request-inquiry.create", ask, "colour", "red"},
		{"draft-payment.create", draft, "to", "a@b.example"},
		{"draft-payment.create", draft, "name", ""},
		{"draft-payment.get", map[string]string{"account": "1"}, "draft", "one"},
		{"draft-payment.cancel", map[string]string{"account": "1"}, "draft", ""},
		{"issuer-transaction.create", issue, "redirect", "http://tpp.example/"},
		{"issuer-transaction.create", issue, "redirect", "https://user@tpp.example/"},
		{"issuer-transaction.create", issue, "expires", "tomorrow"},
		{"issuer-transaction.get", nil, "transaction", "999999999999999999999"},
		{"issuer-transaction.public.get", nil, "uuid", "../../user/1"},
		{"payment.list", map[string]string{"account": "1"}, "count", "201"},
		{"payment.list", map[string]string{"account": "1"}, "older_id", "-1"},
		{"credential-password-ip.ip.add", address, "ip", "192.0.2.700"},
		{"credential-password-ip.ip.add", address, "ip", "fe80::1%eth0"},
		{"credential-password-ip.ip.add", address, "ip", "*"},
		{"credential-password-ip.ip.add", address, "status", "OPEN"},
	}
}

func TestWrongFieldsMakeNoCall(t *testing.T) {
	w := newWorld(t, off())
	o := w.operator(t, w.onboard(t).Client, "bob")
	before := o.calls.Load()
	for _, tt := range wrongFields() {
		in := map[string]string{}
		maps.Copy(in, tt.right)
		in[tt.field] = tt.value
		_, err := o.bank.Operate(t.Context(), o.grant, tt.call, in)
		if onepoint.CodeOf(err) != onepoint.CodeInvalid || !slices.Equal(named(err), []string{tt.field}) {
			t.Errorf("%s with %s %q: %v names %v", tt.call, tt.field, tt.value, err, named(err))
		}
		if len(tt.value) > 5 && err != nil && strings.Contains(err.Error(), tt.value) {
			t.Errorf("%s repeats what was sent: %v", tt.call, err)
		}
	}
	if n := o.calls.Load() - before; n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

func TestWrongCallsAreNotMade(t *testing.T) {
	w := newWorld(t, off())
	o := w.operator(t, w.onboard(t).Client, "bob")
	before := o.calls.Load()
	if _, err := o.bank.Operate(t.Context(), o.grant, "request-inquiry.create", nil); len(named(err)) != 5 {
		t.Errorf("without any field: %v", err)
	}
	unnamed := askFields()
	unnamed["to"] = aunt
	if _, err := o.bank.Operate(t.Context(), o.grant, "request-inquiry.create", unnamed); !slices.Equal(named(err), []string{"name"}) {
		t.Errorf("an IBAN without a name: %v", err)
	}
	if _, err := o.bank.Operate(t.Context(), o.grant, "card.order", nil); onepoint.CodeOf(err) != onepoint.CodeNotFound {
		t.Errorf("an unknown operation: %v", err)
	}
	if _, err := o.bank.Operate(t.Context(), onepoint.Grant{}, "user.get", nil); onepoint.CodeOf(err) != onepoint.CodeTokenInvalid {
		t.Errorf("without a grant: %v", err)
	}
	if n := o.calls.Load() - before; n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

func TestStrangersThingsAreNotFound(t *testing.T) {
	w := newWorld(t, off())
	bob := w.operator(t, w.onboard(t).Client, "bob")
	account := bob.account("acc_bob_eur")
	request := bob.create("request-inquiry.create", "account", account, "amount", "1.00", "currency", "EUR", "to", "a@b.example", "description", "x")
	draft := bob.create("draft-payment.create", "account", account, "amount", "1.00", "currency", "EUR", "to", aunt, "name", "Aunt May", "description", "x")
	issued := bob.create("issuer-transaction.create", "amount", "1.00", "currency", "EUR", "to", aunt, "name", "Aunt May", "description", "x", "redirect", redirectURI)
	key := idOf(bob.rows("credential-password-ip.list")[0])

	must(t, secrets{w}.Remove(t.Context())) // another TPP begins with nothing
	must(t, w.vault.Delete(t.Context(), workspace, "bunq-installation"))
	w.certify(t, "stranger")
	alice := w.operator(t, w.onboard(t).Client, "alice")
	own := alice.account("acc_alice_current")
	for _, tt := range [][]string{
		{"monetary-account.get", "account", account},
		{"payment.list", "account", account},
		{"payment.get", "account", own, "payment", "999999"},
		{"request-inquiry.create", "account", account, "amount", "1.00", "currency", "EUR", "to", "sugardaddy@bunq.com", "description", "x"},
		{"request-inquiry.list", "account", account},
		{"request-inquiry.get", "account", account, "request", request},
		{"request-inquiry.get", "account", own, "request", request},
		{"draft-payment.create", "account", account, "amount", "1.00", "currency", "EUR", "to", aunt, "name", "Aunt May", "description", "x"},
		{"draft-payment.list", "account", account},
		{"draft-payment.get", "account", own, "draft", draft},
		{"draft-payment.cancel", "account", own, "draft", draft},
		{"issuer-transaction.get", "transaction", issued},
		{"issuer-transaction.public.get", "uuid", "00000000-0000-4000-8000-000000000000"},
		{"credential-password-ip.get", "credential", key},
		{"credential-password-ip.ip.list", "credential", key},
		{"credential-password-ip.ip.add", "credential", key, "ip", "192.0.2.7"},
		{"credential-password-ip.ip.get", "credential", key, "address", "1"},
		{"credential-password-ip.ip.update", "credential", key, "address", "1", "ip", "192.0.2.7"},
	} {
		if answer, err := alice.do(tt[0], tt[1:]...); onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("%v: %s, %v", tt, answer, err)
		}
	}
}

// An operation on an endpoint that the connector calls anyway shares its pace.
func TestOperationsKeepBunqsPace(t *testing.T) {
	w := newWorld(t, off())
	client := w.onboard(t).Client
	w.profile.Onboarding.Options = nil
	w.config.Now = time.Now // limits are counted as the pacer counts them
	o := w.operator(t, client, "bob")
	w.config.Limits = simbunq.Limits{}
	w.restart(t)
	for range 2 {
		if _, err := o.bank.Accounts(t.Context(), o.grant); err != nil {
			t.Fatal(err)
		}
		if _, err := o.do("monetary-account.list"); err != nil {
			t.Fatal(err)
		}
	}
}

// answering says something else than bunq did, unsigned things aside.
type answering struct {
	next http.RoundTripper
	say  func(*http.Response)
}

// RoundTrip implements http.RoundTripper.
func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := a.next.RoundTrip(r)
	if err == nil && strings.Contains(r.URL.Path, "draft-payment") {
		a.say(resp)
	}
	return resp, err
}

func TestOperationThatChangesNothingOrAnswersWrongly(t *testing.T) {
	w := newWorld(t, off())
	client := w.onboard(t).Client
	for status, want := range map[int]onepoint.Code{399: "", http.StatusOK: onepoint.CodeProtocol, http.StatusServiceUnavailable: onepoint.CodeUnavailable} {
		b := w.open(t, client, func(next http.RoundTripper) http.RoundTripper {
			return answering{next, func(r *http.Response) {
				r.StatusCode, r.Body = status, io.NopCloser(strings.NewReader(`{"Response":[]}`))
				if status != http.StatusOK {
					r.Header.Del("X-Bunq-Server-Signature")
				}
			}}
		})
		g := w.connect(t, b, "bob", onepoint.Access{})
		answer, err := b.Operate(t.Context(), g, "draft-payment.cancel", map[string]string{"account": "1", "draft": "1"})
		if onepoint.CodeOf(err) != want || want == "" && string(answer) != "{}" {
			t.Errorf("status %d: %s, %v", status, answer, err)
		}
	}
}
