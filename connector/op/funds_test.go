package op_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
)

// available is what the account could pay now.
func (b *bench) available(t testing.TB, login, account string) onepoint.Money {
	t.Helper()
	for _, a := range b.truth(t, login) {
		for _, balance := range a.Balances {
			if a.ID == account && balance.Type == onepoint.BalanceInterimAvailable {
				return balance.Amount
			}
		}
	}
	t.Fatalf("%s has no account %s", login, account)
	return onepoint.Money{}
}

func plus(t testing.TB, m onepoint.Money, amount string) onepoint.Money {
	t.Helper()
	return must[onepoint.Money](t)(m.Add(onepoint.MustMoney(amount, m.Currency)))
}

func TestFundsAreConfirmedToTheCent(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	all := r.available(t, "bob", "acc_bob_eur")
	iban := onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: r.ibanOf(t, "bob", "acc_bob_eur")}
	for name, purpose := range map[string]onepoint.Funds{"an account that the user picks": {}, "an account that is named": {Account: iban}} {
		t.Run(name, func(t *testing.T) {
			g := r.grant(t, conn, purpose, "bob")
			for amount, want := range map[onepoint.Money]bool{
				all: true, plus(t, all, "0.01"): false, plus(t, all, "-0.01"): true, onepoint.MustMoney("0.01", "EUR"): true, plus(t, all, "100000"): false,
			} {
				if got, err := conn.ConfirmFunds(t.Context(), g, iban, amount); err != nil || got != want {
					t.Errorf("%s of %s: %t, %v", amount, all, got, err)
				}
			}
			if _, err := conn.ConfirmFunds(t.Context(), g, iban, onepoint.MustMoney("1.00", "GBP")); onepoint.CodeOf(err) != onepoint.CodeInvalid {
				t.Errorf("another currency: %v", err)
			}
			if _, err := conn.ConfirmFunds(t.Context(), g, iban, onepoint.MustMoney("-1.00", "EUR")); onepoint.CodeOf(err) != onepoint.CodeInvalid {
				t.Errorf("a negative amount: %v", err)
			}
			if err := conn.Revoke(t.Context(), g); err != nil {
				t.Fatal(err)
			}
			if yes, err := conn.ConfirmFunds(t.Context(), g, iban, onepoint.MustMoney("1.00", "EUR")); yes || onepoint.CodeOf(err) != onepoint.CodeConsentInvalid {
				t.Errorf("revoked: %t, %v", yes, err)
			}
			if err := conn.Revoke(t.Context(), g); err != nil {
				t.Errorf("revoked again: %v", err)
			}
		})
	}
}

func (b *bench) ibanOf(t testing.TB, login, account string) string {
	t.Helper()
	for _, a := range b.truth(t, login) {
		if a.ID == account {
			return a.Identifiers[0].Value
		}
	}
	t.Fatalf("%s has no account %s", login, account)
	return ""
}

func TestFundsOfAnAccountInAnotherCurrencyCannotBeAsked(t *testing.T) {
	r := register(t, newBench(t))
	conn := r.open(t, nil)
	auth, err := conn.Authorize(t.Context(), intent(onepoint.Funds{Account: onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: r.ibanOf(t, "bob", "acc_bob_gbp")}}, "gbp"))
	if err != nil {
		t.Fatal(err)
	}
	if p := r.browser(t).login(auth.Redirect, "bob"); len(p.picks) != 0 || p.fault == "" {
		t.Errorf("the page offers %v, %q", p.picks, p.fault)
	}
}

func TestFundsConsentEnds(t *testing.T) {
	r := register(t, newBench(t))
	w, conn := r.wire(t), r.open(t, nil)
	g := r.grant(t, conn, onepoint.Funds{}, "bob")
	at := r.profile.Endpoints.Funds + "/authorizations/" + g.ConsentID
	if s := w.json(http.MethodGet, at, w.token("fundsconfirmations"), nil); s.str("status") != "Authorized" || s.str("expires") != noon().AddDate(1, 0, 0).Format(time.RFC3339) {
		t.Errorf("%s", s.text)
	}
	other := w.json(http.MethodPost, r.profile.Endpoints.Funds+"/funds-confirmations", g.AccessToken, map[string]string{"authorizationId": "another", "amountEUR": "1.00"})
	if other.status != http.StatusForbidden {
		t.Errorf("another authorization: %d %s", other.status, other.text)
	}
	for expires, want := range map[string]int{noon().AddDate(1, 0, 2).Format(time.RFC3339): 400, noon().Format(time.RFC3339): 400, "soon": 400, noon().AddDate(0, 1, 0).Format(time.RFC3339): 201} {
		if s := w.json(http.MethodPost, r.profile.Endpoints.Funds+"/authorizations", w.token("fundsconfirmations"), map[string]string{"expires": expires}); s.status != want {
			t.Errorf("until %s: %d %s", expires, s.status, s.text)
		}
	}
}

func TestRefusedFundsConsentStaysRefused(t *testing.T) {
	r := register(t, newBench(t))
	w, conn := r.wire(t), r.open(t, nil)
	in := intent(onepoint.Funds{}, "no")
	auth, err := conn.Authorize(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	in.ConsentID = auth.ConsentID
	one, two := r.browser(t), r.browser(t) // two windows on the same request
	first, second := one.login(auth.Redirect, "bob"), two.login(auth.Redirect, "bob")
	done, err := conn.Resume(t.Context(), in, onepoint.Callback{Params: one.decide(first, false)})
	if err != nil || done.Phase != onepoint.PhaseRefused || done.Reason == "" {
		t.Errorf("%+v, %v", done, err)
	}
	if back := two.decide(second, true); back.Get("error") != "server_error" || back.Get("code") != "" {
		t.Errorf("the other window: %v", back)
	}
	s := w.json(http.MethodGet, r.profile.Endpoints.Funds+"/authorizations/"+in.ConsentID, w.token("fundsconfirmations"), nil)
	if s.str("status") != "Rejected" {
		t.Errorf("%s", s.text)
	}
}
