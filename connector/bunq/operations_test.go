package bunq_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/onepointledger/onepoint"
)

// operator makes bunq's own calls for one user, and counts what goes to the bank.
type operator struct {
	t     testing.TB
	w     *world
	bank  bank
	grant onepoint.Grant
	calls atomic.Int64
	made  map[string]bool // operations that succeeded
}

// counted counts what goes to the bank.
type counted struct {
	next  http.RoundTripper
	calls *atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (c counted) RoundTrip(r *http.Request) (*http.Response, error) {
	c.calls.Add(1)
	return c.next.RoundTrip(r)
}

func (w *world) operator(t testing.TB, client onepoint.Client, login string) *operator {
	t.Helper()
	o := &operator{t: t, w: w, made: map[string]bool{}}
	o.bank = w.open(t, client, func(next http.RoundTripper) http.RoundTripper { return counted{next, &o.calls} })
	o.grant = w.connect(t, o.bank, login, onepoint.Access{})
	return o
}

// account is the number of an account of the core's.
func (o *operator) account(id string) string {
	o.t.Helper()
	n, err := o.w.sim.AccountNumber(o.t.Context(), id)
	must(o.t, err)
	return strconv.FormatInt(n, 10)
}

// do makes a call; pairs are field, value, field, value.
func (o *operator) do(name string, pairs ...string) (json.RawMessage, error) {
	in := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		in[pairs[i]] = pairs[i+1]
	}
	g := o.grant
	for _, op := range o.bank.Operations() {
		if op.Name == name && op.Client {
			g = onepoint.Grant{} // as the port says
		}
	}
	answer, err := o.bank.Operate(o.t.Context(), g, name, in)
	o.made[name] = o.made[name] || err == nil
	return answer, err
}

// object is the answer of a call that must succeed.
func (o *operator) object(name string, pairs ...string) map[string]any {
	o.t.Helper()
	answer, err := o.do(name, pairs...)
	if err != nil {
		o.t.Fatalf("%s: %v", name, err)
	}
	return answerOf(o.t, string(answer))
}

// rows is the answer of a list.
func (o *operator) rows(name string, pairs ...string) []map[string]any {
	o.t.Helper()
	answer, err := o.do(name, pairs...)
	if err != nil {
		o.t.Fatalf("%s: %v", name, err)
	}
	var out []map[string]any
	must(o.t, json.Unmarshal(answer, &out))
	return out
}

// create is the number of what a call made.
func (o *operator) create(name string, pairs ...string) string {
	o.t.Helper()
	return idOf(o.object(name, pairs...))
}

// idOf is an object's number.
func idOf(v map[string]any) string {
	n, _ := v["id"].(float64)
	return strconv.FormatInt(int64(n), 10)
}

// balance is what an account holds in the books.
func (w *world) balance(t testing.TB, account string) onepoint.Money {
	t.Helper()
	all, err := w.core.Balances(t.Context(), account)
	must(t, err)
	for _, b := range all {
		if b.Type == onepoint.BalanceInterimBooked {
			return b.Amount
		}
	}
	t.Fatal("no booked balance")
	return onepoint.Money{}
}

// grew fails unless an account holds that much more than before.
func (w *world) grew(t testing.TB, account string, before onepoint.Money, by string) {
	t.Helper()
	want, err := before.Add(onepoint.MustMoney(by, before.Currency))
	must(t, err)
	if got := w.balance(t, account); !got.Equal(want) {
		t.Errorf("%s holds %s, want %s", account, got, want)
	}
}

func TestEveryOperationOnce(t *testing.T) {
	w := newWorld(t, off())
	o := w.operator(t, w.onboard(t).Client, "bob")
	a := o.account("acc_bob_eur")
	o.reads(a)
	o.asksForMoney(a)
	o.drafts(a)
	o.issues()
	o.permits()
	for _, op := range o.bank.Operations() {
		if !o.made[op.Name] {
			t.Errorf("%s was not tried", op.Name)
		}
		if op.Title == "" || op.Changes != (strings.HasSuffix(op.Name, ".create") || strings.HasSuffix(op.Name, ".cancel") || strings.HasSuffix(op.Name, ".add") || strings.HasSuffix(op.Name, ".update")) {
			t.Errorf("%s describes itself wrongly: %+v", op.Name, op)
		}
	}
}

func (o *operator) reads(account string) {
	o.t.Helper()
	if who := o.object("user.get"); who["UserApiKey"] == nil {
		o.t.Errorf("user: %v", who)
	}
	if who := o.object("provider.get"); who["UserPaymentServiceProvider"] == nil {
		o.t.Errorf("provider: %v", who)
	}
	if all := o.rows("monetary-account.list", "count", "200"); len(all) == 0 || all[0]["MonetaryAccountBank"] == nil && all[0]["MonetaryAccountSavings"] == nil && all[0]["MonetaryAccountCard"] == nil {
		o.t.Errorf("accounts: %v", all)
	}
	if one := o.object("monetary-account.get", "account", account); one["MonetaryAccountBank"] == nil {
		o.t.Errorf("account: %v", one)
	}
	first := o.rows("payment.list", "account", account, "count", "3")
	next := o.rows("payment.list", "account", account, "count", "2", "older_id", idOf(first[0]))
	if len(first) != 3 || len(next) != 2 || idOf(next[0]) != idOf(first[1]) || idOf(next[1]) != idOf(first[2]) {
		o.t.Errorf("pages: %v then %v", first, next)
	}
	if one := o.object("payment.get", "account", account, "payment", idOf(first[1])); idOf(one) != idOf(first[1]) || one["amount"] == nil {
		o.t.Errorf("payment: %v", one)
	}
}

// Sugar daddy gives up to 500 at once; for more, and of others, one has to wait.
func (o *operator) asksForMoney(account string) {
	o.t.Helper()
	const books = "acc_bob_eur"
	before := o.w.balance(o.t, books)
	ask := func(amount, to, name string) string {
		return o.create("request-inquiry.create", "account", account, "amount", amount, "currency", "EUR", "to", to, "name", name, "description", "pocket money")
	}
	given := ask("500.00", "sugardaddy@bunq.com", "")
	o.w.grew(o.t, books, before, "500.00")
	ask("500.01", "sugardaddy@bunq.com", "")
	waiting := ask("1.00", aunt, "Aunt May")
	o.w.grew(o.t, books, before, "500.00")
	for id, status := range map[string]string{given: "ACCEPTED", waiting: "PENDING"} {
		if one := o.object("request-inquiry.get", "account", account, "request", id); one["status"] != status {
			o.t.Errorf("request: %v, want %s", one, status)
		}
	}
	if all := o.rows("request-inquiry.list", "account", account); len(all) != 3 || idOf(all[0]) != waiting {
		o.t.Errorf("requests: %v", all)
	}
}

func (o *operator) drafts(account string) {
	o.t.Helper()
	const books = "acc_bob_eur"
	before := o.w.balance(o.t, books)
	prepare := func() string {
		return o.create("draft-payment.create", "account", account, "amount", "12.30", "currency", "EUR", "to", aunt, "name", "Aunt May", "description", "rent")
	}
	taken, accepted := prepare(), prepare()
	if id := o.create("draft-payment.cancel", "account", account, "draft", taken); id != taken {
		o.t.Errorf("cancelled %s, not %s", id, taken)
	}
	o.w.grew(o.t, books, before, "0")
	for _, id := range []string{accepted, taken} {
		n, err := strconv.ParseInt(id, 10, 64)
		must(o.t, err)
		err = o.w.sim.AcceptDraft(o.t.Context(), n)
		if again := o.w.sim.AcceptDraft(o.t.Context(), n); (err == nil) != (id == accepted) || onepoint.CodeOf(again) != onepoint.CodeConflict {
			o.t.Errorf("accept %s: %v, again: %v", id, err, again)
		}
	}
	o.w.grew(o.t, books, before, "-12.30")
	if one := o.object("draft-payment.get", "account", account, "draft", accepted); one["status"] != "ACCEPTED" {
		o.t.Errorf("draft: %v", one)
	}
	if _, err := o.do("draft-payment.cancel", "account", account, "draft", accepted); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		o.t.Errorf("cancelled after it was paid: %v", err)
	}
	o.w.grew(o.t, books, before, "-12.30")
	if all := o.rows("draft-payment.list", "account", account); len(all) != 2 || idOf(all[0]) != accepted || all[1]["status"] != "CANCELLED" {
		o.t.Errorf("drafts: %v", all)
	}
}
