package op_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector/connectortest"
	"github.com/onepointledger/onepoint/modelbank/core"
)

func TestAuthorizationHasAnEndOrARangeOfDays(t *testing.T) {
	w := register(t, newBench(t)).wire(t)
	token := w.token("accounts")
	const both = "ExpirationOrTransactionRange"
	at := func(days int) string { return noon().AddDate(0, 0, days).Format(time.RFC3339) }
	day := func(days int) string { return onepoint.DateOf(noon()).AddDays(days).String() }
	for name, tc := range map[string]struct {
		body map[string]string
		want string // violation; empty: created
	}{
		"an end":                 {map[string]string{"expires": at(89)}, ""},
		"an end in 90 days":      {map[string]string{"expires": at(90)}, ""},
		"a range":                {map[string]string{"transactionFrom": day(-730), "transactionTo": day(0)}, ""},
		"both":                   {map[string]string{"expires": at(1), "transactionFrom": day(-1), "transactionTo": day(0)}, both},
		"an end and a from":      {map[string]string{"expires": at(1), "transactionFrom": day(-1)}, both},
		"neither":                {map[string]string{}, both},
		"from alone":             {map[string]string{"transactionFrom": day(-1)}, both},
		"to alone":               {map[string]string{"transactionTo": day(-1)}, both},
		"an end in 91 days":      {map[string]string{"expires": at(91)}, "InvalidValue"},
		"an end that has passed": {map[string]string{"expires": at(-1)}, "InvalidValue"},
		"an end that is no time": {map[string]string{"expires": "soon"}, "Date"},
		"731 days back":          {map[string]string{"transactionFrom": day(-731), "transactionTo": day(0)}, "InvalidValue"},
		"a range backwards":      {map[string]string{"transactionFrom": day(0), "transactionTo": day(-1)}, "Date"},
		"a day that is none":     {map[string]string{"transactionFrom": "2026-02-30", "transactionTo": day(0)}, "Date"},
		"something unknown":      {map[string]string{"expires": at(1), "more": "x"}, "UnrecognizedProperty"},
	} {
		t.Run(name, func(t *testing.T) {
			s := w.json(http.MethodPost, w.profile.Endpoints.Resource+"/authorizations", token, tc.body)
			if tc.want == "" {
				again := w.json(http.MethodGet, w.profile.Endpoints.Resource+"/authorizations/"+s.str("authorizationId"), token, nil)
				if s.status != http.StatusCreated || again.text != s.text || s.str("status") != "Unauthorized" ||
					s.str("expires") != tc.body["expires"] || s.str("transactionFrom") != tc.body["transactionFrom"] || s.str("transactionTo") != tc.body["transactionTo"] {
					t.Errorf("%d %s, read again %s", s.status, s.text, again.text)
				}
				return
			}
			if s.status != http.StatusBadRequest || s.str("type") != "VALIDATION" || s.violation() != tc.want {
				t.Errorf("%d %s", s.status, s.text)
			}
		})
	}
}

func TestConnectorAsksForNoLongerThanOPAllows(t *testing.T) {
	r := register(t, newBench(t))
	w, conn := r.wire(t), r.open(t, nil)
	for asked, want := range map[time.Duration]time.Duration{0: 90 * 24 * time.Hour, 400 * 24 * time.Hour: 90 * 24 * time.Hour, 48 * time.Hour: 48 * time.Hour} {
		access := onepoint.Access{}
		if asked > 0 {
			access.Expires = noon().Add(asked)
		}
		auth, err := conn.Authorize(t.Context(), intent(access, "a"))
		if err != nil {
			t.Fatal(err)
		}
		s := w.json(http.MethodGet, r.profile.Endpoints.Resource+"/authorizations/"+auth.ConsentID, w.token("accounts"), nil)
		if s.str("expires") != noon().Add(want).Format(time.RFC3339) {
			t.Errorf("asked for %s: %s", asked, s.text)
		}
	}
}

func TestRangeShowsItsDaysOnly(t *testing.T) {
	r := register(t, newBench(t))
	w, conn := r.wire(t), r.open(t, nil)
	from, to := onepoint.DateOf(noon()).AddDays(-40), onepoint.DateOf(noon()).AddDays(-10)
	s := w.json(http.MethodPost, r.profile.Endpoints.Resource+"/authorizations", w.token("accounts"),
		map[string]string{"transactionFrom": from.String(), "transactionTo": to.String()})
	in := intent(onepoint.Access{}, "range")
	in.ConsentID = s.str("authorizationId")
	auth, err := conn.Authorize(t.Context(), in)
	if err != nil || auth.ConsentID != in.ConsentID {
		t.Fatalf("%+v, %v", auth, err)
	}
	auth, err = conn.Resume(t.Context(), in, onepoint.Callback{Params: r.visit(t, auth.Redirect, "alice", true)})
	if err != nil {
		t.Fatal(err)
	}
	var got, want []onepoint.Transaction
	for cursor := "-"; cursor != ""; {
		page, err := conn.Transactions(t.Context(), auth.Grant, "acc_alice_current", onepoint.TransactionQuery{Cursor: strings.Trim(cursor, "-")})
		if err != nil {
			t.Fatal(err)
		}
		got, cursor = append(got, page.Transactions...), page.Next
	}
	for _, row := range r.truth(t, "alice")[0].Transactions {
		if !row.BookingDate.Before(from) && !to.Before(row.BookingDate) {
			want = append(want, row)
		}
	}
	if diff := connectortest.SameTransactions(got, want); diff != "" || len(want) == 0 {
		t.Error(diff, len(want))
	}
}

func TestDaysAreThoseOfHelsinki(t *testing.T) {
	r := register(t, newBench(t))
	at := time.Date(2026, 11, 20, 22, 30, 0, 0, time.UTC) // the 20th in London, the 21st in Helsinki
	london := must[*time.Location](t)(time.LoadLocation("Europe/London"))
	books := core.New(core.Config{Store: r.db, Now: r.now, NewID: r.ids, Zone: london, Log: slog.New(slog.DiscardHandler)})
	amount := onepoint.MustMoney("-1.00", "EUR")
	if _, err := books.Post(t.Context(), core.Movement{ID: "mov_late", At: at, Legs: []core.Leg{
		{Account: "acc_bob_eur", Amount: amount}, {Account: core.Internal(core.Cash, "EUR"), Amount: amount.Neg()},
	}}); err != nil {
		t.Fatal(err)
	}
	conn := r.open(t, nil)
	g := r.grant(t, conn, onepoint.Access{}, "bob")
	page, err := conn.Transactions(t.Context(), g, "acc_bob_eur", onepoint.TransactionQuery{})
	if err != nil || page.Transactions[0].ID != "mov_late.1" || page.Transactions[0].BookingDate.String() != "2026-11-21" {
		t.Errorf("got %+v, %v", page.Transactions[0], err)
	}
}

func TestEveryPageOfALongHistoryArrivesOnce(t *testing.T) {
	r := register(t, newBench(t))
	for i := range 130 {
		amount := onepoint.MinorMoney(int64(-100-i), "EUR")
		_, err := r.core.Post(t.Context(), core.Movement{ID: fmt.Sprintf("mov_many_%03d", i), Pending: i%40 == 7, Legs: []core.Leg{
			{Account: "acc_bob_eur", Amount: amount, Statement: core.Statement{Information: "many"}},
			{Account: core.Internal(core.Cash, "EUR"), Amount: amount.Neg()},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	conn := r.open(t, nil)
	g := r.grant(t, conn, onepoint.Access{}, "bob", "acc_bob_eur")
	var all []onepoint.Transaction
	var q onepoint.TransactionQuery
	pages := 0
	for {
		page, err := conn.Transactions(t.Context(), g, "acc_bob_eur", q)
		if err != nil {
			t.Fatal(err)
		}
		all, q.Cursor, pages = append(all, page.Transactions...), page.Next, pages+1
		if page.Next == "" {
			break
		}
	}
	for _, account := range r.truth(t, "bob") {
		if account.ID == "acc_bob_eur" {
			if diff := connectortest.SameTransactions(all, account.Transactions); diff != "" || pages < 3 {
				t.Errorf("%d pages: %s", pages, diff)
			}
		}
	}
	if _, err := conn.Transactions(t.Context(), g, "acc_bob_eur", onepoint.TransactionQuery{Cursor: "nonsense"}); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("a made-up cursor: %v", err)
	}
	if _, err := conn.Transactions(t.Context(), g, "acc_bob_gbp", onepoint.TransactionQuery{}); onepoint.CodeOf(err) != onepoint.CodeForbidden {
		t.Errorf("an account that was not chosen: %v", err)
	}
}
