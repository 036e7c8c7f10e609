package saltedge_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/sim/saltedge"
	"github.com/onepointledger/onepoint/standard/berlin"
)

// shaky takes an order and dies before it can say so, once.
type shaky struct {
	saltedge.Core
	died bool
}

func (s *shaky) Transfer(ctx context.Context, t core.Transfer) error {
	err := s.Core.Transfer(ctx, t)
	if !s.died {
		s.died = true
		return errors.New("died")
	}
	return err
}

func TestPaymentLeftByACrashIsCarriedOnOnce(t *testing.T) {
	r := newRig(t, func(c *saltedge.Config) { c.Core = &shaky{Core: c.Core} })
	env := r.registered("ledger")
	c := r.open(env)
	before := r.booked(t, bobEUR)
	p := payment("pay_crash", "3.21")
	auth, err := c.Authorize(t.Context(), intent(p, "s"))
	if err != nil {
		t.Fatal(err)
	}
	path := api + "/payments/sepa-credit-transfers/" + auth.ConsentID
	if got := decode[berlin.Payment](t, r.raw(t, env, "GET", path, "", nil, nil)); got.Links["scaRedirect"].Href != auth.Redirect || got.CreditorName != p.Creditor.Name {
		t.Errorf("got %+v", got)
	}
	r.psu(t, auth.Redirect, "bob", true, bobEUR)
	for range 2 {
		state, err := c.PaymentState(t.Context(), onepoint.Grant{ConsentID: auth.ConsentID}, p)
		if err != nil || state.Status != onepoint.PaymentCompleted {
			t.Fatalf("got %+v, %v", state, err)
		}
	}
	if moved := minus(t, before, r.booked(t, bobEUR)); !moved.Equal(p.Amount) {
		t.Errorf("%s left the account", moved)
	}
	links := decode[berlin.Payment](t, r.raw(t, env, "GET", path, "", nil, nil)).Links
	sca := decode[berlin.SCAStatus](t, r.raw(t, env, "GET", links["scaStatus"].Href[len("/salt-edge"):], "", nil, nil))
	if sca.Status != "finalised" || links["scaRedirect"].Href != "" {
		t.Errorf("got %+v %+v", sca, links)
	}
}

func TestSmallResourcesOfAConsent(t *testing.T) {
	r := newRig(t)
	env := r.registered("ledger")
	c := r.open(env)
	g := r.connected(t, c, "alice")
	with := func(q *http.Request) { q.Header.Set("Consent-ID", g.ConsentID) }
	one := decode[struct{ Account berlin.Account }](t, r.raw(t, env, "GET", api+"/accounts/acc_alice_current?withBalance=true", "", with, nil))
	if one.Account.ResourceID != "acc_alice_current" || len(one.Account.Balances) != 3 || one.Account.Local == "" || one.Account.BBAN != "" {
		t.Errorf("got %+v", one)
	}
	if got := r.raw(t, env, "GET", api+"/accounts/acc_bob_eur", "", with, nil); got.status != 404 {
		t.Errorf("another's account: %d", got.status)
	}
	if got := r.raw(t, env, "GET", api+"/accounts", "", nil, nil); got.code() != "FORMAT_ERROR" {
		t.Errorf("no consent: %s", got.body)
	}
	links := decode[berlin.Consent](t, r.raw(t, env, "GET", api+"/consents/"+g.ConsentID, "", nil, nil)).Links
	sca := decode[berlin.SCAStatus](t, r.raw(t, env, "GET", links["scaStatus"].Href[len("/salt-edge"):], "", nil, nil))
	if sca.Status != "finalised" {
		t.Errorf("got %+v", sca)
	}
	if got := r.raw(t, env, "GET", api+"/consents/"+g.ConsentID+"/authorisations/1", "", nil, nil); got.status != 404 {
		t.Errorf("an unknown authorisation: %d", got.status)
	}
	const funds = "/artea_sandbox/api/berlingroup/v2/consents/confirmation-of-funds"
	stranger := decode[berlin.ConsentCreated](t, r.raw(t, env, "POST", funds, `{"account":{"iban":"`+creditor+`"}}`, nil, nil))
	time.Sleep(10 * time.Millisecond)
	if s := decode[berlin.ConsentStatus](t, r.raw(t, env, "GET", funds+"/"+stranger.ID+"/status", "", nil, nil)); s.Status != "rejected" {
		t.Errorf("funds of an account elsewhere: %s", s.Status)
	}
	if got := r.raw(t, env, "DELETE", funds+"/"+stranger.ID, "", nil, nil); got.status != 204 {
		t.Errorf("delete: %d %s", got.status, got.body)
	}
}

func TestAccountsOnlyOpensNothingElse(t *testing.T) {
	r := newRig(t)
	env := r.registered("ledger")
	c := r.open(env)
	in := intent(onepoint.Access{Permissions: []onepoint.Permission{onepoint.ReadAccountsBasic}}, "s")
	auth, err := c.Authorize(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	r.psu(t, auth.Redirect, "alice", true)
	g := onepoint.Grant{ConsentID: auth.ConsentID}
	if list, err := c.Accounts(t.Context(), g); err != nil || len(list) == 0 {
		t.Errorf("accounts: %v, %v", list, err)
	}
	if _, err := c.Balances(t.Context(), g, "acc_alice_current"); onepoint.CodeOf(err) != onepoint.CodeForbidden {
		t.Errorf("balances: %v", err)
	}
	if _, err := c.Transactions(t.Context(), g, "acc_alice_current", onepoint.TransactionQuery{}); onepoint.CodeOf(err) != onepoint.CodeForbidden {
		t.Errorf("transactions: %v", err)
	}
}
