package modelbank_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/standard/obie"
)

// line carries the client's calls to the counter.
type line struct {
	*counter
	calls []string
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	l.calls = append(l.calls, r.Method+" "+r.URL.Path)
	r = r.Clone(r.Context())
	r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	return w.Result(), nil
}

// oauth is an authorization server that gives what is asked.
type oauth struct{}

func (oauth) ClientCredentials(_ context.Context, scope string) (fapi.TokenResponse, error) {
	return fapi.TokenResponse{AccessToken: "client=cli_1 grant=client scope=" + scope}, nil
}

func (oauth) AuthorizeURL(_ context.Context, r fapi.RequestObject) (string, error) {
	return "https://bank.example/as?scope=" + url.QueryEscape(r.Scope), nil
}

func (oauth) VerifyCallback(context.Context, url.Values, fapi.Expected) (string, error) {
	return "code", nil
}

func (oauth) Exchange(context.Context, string, string, string) (fapi.TokenResponse, error) {
	return fapi.TokenResponse{}, nil
}

func (oauth) VerifyIDToken(context.Context, fapi.TokenResponse, fapi.Expected) error { return nil }

func (oauth) Refresh(context.Context, string) (fapi.TokenResponse, error) {
	return fapi.TokenResponse{}, nil
}

func newPayer(t *testing.T, c *counter, version string) (*obie.PayerClient, *line) {
	t.Helper()
	l, banks := &line{counter: c}, keySet(t, c.banks)
	client, err := obie.NewClient(obie.ClientConfig{
		Resource: "https://bank.example/open-banking/" + version + "/aisp", Version: version, OAuth: oauth{}, HTTP: &http.Client{Transport: l},
		ResponseType: "code", Zone: time.UTC, Now: c.now, NewID: onepoint.NewIDs(c.now),
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := obie.NewPayerClient(client, obie.PayerConfig{
		Sign:     obie.PaymentSigner{Key: func() fapi.SigningKey { return c.mine }, Issuer: "org1/soft1"},
		BankKeys: func(context.Context, bool) (jwk.Set, error) { return banks, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, l
}

func TestClientPaysAtTheModelBank(t *testing.T) {
	for version := range versions() {
		for _, scheme := range []onepoint.PaymentScheme{onepoint.SchemeDomestic, onepoint.SchemeInternational} {
			t.Run(version+" "+string(scheme), func(t *testing.T) {
				c := newCounter(t)
				client, _ := newPayer(t, c, version)
				ctx := context.Background()
				order := onepoint.Payment{
					ID: "pay_01", Scheme: scheme, Amount: onepoint.MustMoney("12.30", "GBP"), Information: "Lunch", Reference: "INV7",
					Creditor: onepoint.Counterparty{Name: "Acme", Identifier: onepoint.Identifier{Scheme: onepoint.SchemeSortCode, Value: "12345612345678"}},
				}
				var a onepoint.Authorization
				for range 2 { // repeated, it is the same consent
					again, err := client.Authorize(ctx, onepoint.Intent{Purpose: order, State: "s"})
					if err != nil || a.ConsentID != "" && again.ConsentID != a.ConsentID || !strings.Contains(again.Redirect, "openid+payments") {
						t.Fatalf("%+v %v", again, err)
					}
					a = again
				}
				g := onepoint.Grant{ConsentID: a.ConsentID, AccessToken: userToken(a.ConsentID), Scope: "openid payments"}
				if s, err := client.PaymentState(ctx, g, order); err != nil || s.Status != onepoint.PaymentAwaiting {
					t.Errorf("%+v %v", s, err)
				}
				if err := c.pay.Approve(ctx, a.ConsentID, paula, []string{payAccount}); err != nil {
					t.Fatal(err)
				}
				if s, err := client.PaymentState(ctx, g, order); err != nil || s.Status != onepoint.PaymentReady {
					t.Errorf("%+v %v", s, err)
				}
				first, err := client.Submit(ctx, g, order)
				if err != nil || first.ID == "" {
					t.Fatal(err)
				}
				// After a restart the payment is found again, and not made again.
				client, l := newPayer(t, c, version)
				for range 3 {
					if s, err := client.PaymentState(ctx, g, order); err != nil || s.Status != onepoint.PaymentCompleted || s.ID != first.ID {
						t.Errorf("%+v %v", s, err)
					}
				}
				if posts := strings.Count(strings.Join(l.calls, "\n"), "POST"); posts != 1 {
					t.Errorf("%d repetitions of the POST", posts)
				}
				if paid := 1000_00 - c.booked(t, payAccount); paid != 12_30 && scheme == onepoint.SchemeDomestic {
					t.Errorf("paid %d", paid)
				}
			})
		}
	}
}

func TestClientConfirmsFunds(t *testing.T) {
	for version := range versions() {
		c := newCounter(t)
		client, _ := newPayer(t, c, version)
		ctx := context.Background()
		account := onepoint.Identifier{Scheme: onepoint.SchemeSortCode, Value: "04990100000000"}
		a, err := client.Authorize(ctx, onepoint.Intent{Purpose: onepoint.Funds{Account: account}})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.pay.Approve(ctx, a.ConsentID, paula, []string{payAccount}); err != nil {
			t.Fatal(err)
		}
		scope := "fundsconfirmations"
		g := onepoint.Grant{ConsentID: a.ConsentID, AccessToken: strings.Replace(userToken(a.ConsentID), "payments", scope, 1), Scope: scope}
		for amount, want := range map[string]bool{"1000.00": true, "1000.01": false} {
			if ok, err := client.ConfirmFunds(ctx, g, account, onepoint.MustMoney(amount, "GBP")); err != nil || ok != want {
				t.Errorf("%s: %v %v", amount, ok, err)
			}
		}
		if err := client.Revoke(ctx, g); err != nil {
			t.Error(err)
		}
		if err := client.Revoke(ctx, g); err != nil {
			t.Error(err)
		}
		if _, err := client.ConfirmFunds(ctx, g, account, onepoint.MustMoney("1.00", "GBP")); err == nil {
			t.Error("a deleted consent still answers")
		}
	}
}

func TestClientRefusesAnAnswerThatTheBankDidNotSign(t *testing.T) {
	c := newCounter(t)
	client, _ := newPayer(t, c, "v4.0")
	c.banks = rsaKey(t, "bank-1")
	_, err := client.Authorize(context.Background(), onepoint.Intent{Purpose: onepoint.Payment{
		ID: "pay_01", Scheme: onepoint.SchemeDomestic, Amount: onepoint.MustMoney("1.00", "GBP"),
		Creditor: onepoint.Counterparty{Name: "Acme", Identifier: onepoint.Identifier{Scheme: onepoint.SchemeSortCode, Value: "12345612345678"}},
	}})
	if onepoint.CodeOf(err) != onepoint.CodeProtocol {
		t.Error(err)
	}
}
