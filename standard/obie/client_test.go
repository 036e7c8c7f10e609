package obie_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

// direct carries requests to the server without a network, as calls of a TPP
// with a certificate.
type direct struct{ m *model }

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	in := request{method: r.Method, path: r.URL.RequestURI()}.http()
	in.Header = r.Header
	w := httptest.NewRecorder()
	d.m.ServeHTTP(w, in)
	return w.Result(), nil
}

// Everything the bank knows beside its books arrives through the client as the
// bank has it, in both versions.
func TestClientReadsWhatTheBankHas(t *testing.T) {
	for version, base := range map[string]string{"v3.1": v3Base, "v3.1.11": v3Base, "v4.0": v4Base} {
		t.Run(version, func(t *testing.T) {
			m := newModel(t)
			id := m.granted(t, "user", "cus_alice", onepoint.Access{Permissions: everyPermission()}, "acc_alice_current", "acc_household")
			zone, err := time.LoadLocation("Europe/London")
			if err != nil {
				t.Fatal(err)
			}
			client, err := obie.NewClient(obie.ClientConfig{
				Resource: bankURL + base, Version: version, HTTP: &http.Client{Transport: direct{m}}, Zone: zone, Now: func() time.Time { return m.now },
			})
			if err != nil {
				t.Fatal(err)
			}
			g := onepoint.Grant{ConsentID: id, AccessToken: "user"}
			consent, err := m.bank.Consent(t.Context(), onepoint.TPP{ClientID: "client-1"}, id)
			if err != nil {
				t.Fatal(err)
			}
			for _, account := range []string{"acc_alice_current", "acc_household", ""} {
				sameLists(t, m, client, consent, g, account)
			}
			sameParties(t, m, client, consent, g)
		})
	}
}

// same compares two lists, times as instants.
func same[T any](t *testing.T, what string, got []T, gotErr error, want []T, wantErr error) {
	t.Helper()
	if gotErr != nil || wantErr != nil {
		t.Errorf("%s: %v, %v", what, gotErr, wantErr)
		return
	}
	for i := range want {
		inUTC(reflect.ValueOf(&want[i]).Elem())
	}
	if len(want) == 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\ngot  %+v\nwant %+v", what, got, want)
	}
}

func inUTC(v reflect.Value) {
	for i := range v.NumField() {
		if at, ok := v.Field(i).Interface().(time.Time); ok {
			v.Field(i).Set(reflect.ValueOf(at.UTC()))
		}
	}
}

func sameLists(t *testing.T, m *model, client *obie.Client, c onepoint.Consent, g onepoint.Grant, account string) {
	t.Helper()
	ctx := context.Background()
	payees, err := client.Beneficiaries(ctx, g, account)
	truePayees, trueErr := m.bank.Beneficiaries(ctx, c, account)
	same(t, "beneficiaries", payees, err, truePayees, trueErr)
	orders, err := client.StandingOrders(ctx, g, account)
	trueOrders, trueErr := m.bank.StandingOrders(ctx, c, account)
	same(t, "standing orders", orders, err, trueOrders, trueErr)
	waiting, err := client.ScheduledPayments(ctx, g, account)
	trueWaiting, trueErr := m.bank.ScheduledPayments(ctx, c, account)
	same(t, "scheduled payments", waiting, err, trueWaiting, trueErr)
	mandates, err := client.DirectDebits(ctx, g, account)
	trueMandates, trueErr := m.bank.DirectDebits(ctx, c, account)
	if err == nil && len(mandates) > 0 && mandates[0].Frequency.Day == 0 { // 3.1 has no day for them
		for i := range trueMandates {
			trueMandates[i].Frequency.Day = 0
		}
	}
	same(t, "direct debits", mandates, err, trueMandates, trueErr)
	products, err := client.Products(ctx, g, account)
	trueProducts, trueErr := m.bank.Products(ctx, c, account)
	for i := range trueProducts { // amounts of published product data have no currency
		trueProducts[i].OverdraftLimit, trueProducts[i].MaximumCharge = onepoint.Money{}, onepoint.Money{}
	}
	same(t, "products", products, err, trueProducts, trueErr)
	if account != "acc_household" {
		offers, err := client.Offers(ctx, g, account)
		trueOffers, trueErr := m.bank.Offers(ctx, c, account)
		same(t, "offers", offers, err, trueOffers, trueErr)
	}
	q := onepoint.StatementQuery{From: onepoint.Date{Year: 2026, Month: 2, Day: 1}, To: onepoint.Date{Year: 2026, Month: 8, Day: 31}}
	statements, err := client.Statements(ctx, g, account, q)
	trueStatements, trueErr := m.bank.Statements(ctx, c, account, q)
	for i := range trueStatements { // nothing is not written
		trueStatements[i].Fees, trueStatements[i].Interest = onepoint.Money{}, onepoint.Money{}
	}
	same(t, "statements", statements, err, trueStatements, trueErr)
	if want := map[bool]int{true: 14, false: 7}[account == ""]; len(statements) != want {
		t.Errorf("%d statements from February to August, want %d", len(statements), want)
	}
}

func sameParties(t *testing.T, m *model, client *obie.Client, c onepoint.Consent, g onepoint.Grant) {
	t.Helper()
	ctx := t.Context()
	me, err := client.Party(ctx, g)
	trueMe, trueErr := m.bank.Party(ctx, c)
	same(t, "party", []onepoint.Party{me}, err, []onepoint.Party{trueMe}, trueErr)
	both, err := client.Parties(ctx, g, "acc_household")
	trueBoth, trueErr := m.bank.Parties(ctx, c, "acc_household")
	same(t, "parties", both, err, trueBoth, trueErr)
	if len(both) != 2 || both[0].ID != "cus_alice" || both[0].Type != onepoint.PartyJoint {
		t.Errorf("the household's are %+v", both)
	}
	d, err := client.StatementFile(ctx, g, "acc_alice_current", "acc_alice_current.202610")
	if err != nil || d.MediaType != "application/pdf" || !bytes.HasPrefix(d.Content, []byte("%PDF-1.4")) || !strings.HasSuffix(d.Name, ".pdf") {
		t.Errorf("the file: %s %s %.20q %v", d.Name, d.MediaType, d.Content, err)
	}
}

func TestClientKnowsItsVersions(t *testing.T) {
	for version, ok := range map[string]bool{"v3.1": true, "v3.1.11": true, "v4.0": true, "v3": false, "v5.0": false, "": false} {
		if _, err := obie.NewClient(obie.ClientConfig{Resource: bankURL + v4Base, Version: version}); (err == nil) != ok {
			t.Errorf("%s: %v", version, err)
		}
	}
}
