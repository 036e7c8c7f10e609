package connectortest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/onepointledger/onepoint"
)

// Config says how to reach the connector under test and its bank.
type Config struct {
	// Offers is what the bank's profile says it offers.
	Offers []string
	// Open returns a fresh connector whose HTTP goes through wrap; the kit injects
	// faults there.
	Open func(t *testing.T, wrap func(http.RoundTripper) http.RoundTripper) onepoint.Connector
	// RedirectURI is the registered one.
	RedirectURI string
	// Visit is the user at the bank's pages: it returns what the bank sends back.
	Visit func(t *testing.T, redirect string, approve bool) url.Values
	// Truth is what the bank's books hold of the accounts that Visit shares.
	Truth func(t *testing.T) []Account
	// Cannot names forged answers that the bank's protocol has no place for.
	Cannot []string
	// Conflicts names forged answers that only the bank can tell from a used code:
	// they are refused with CodeConflict.
	Conflicts []string
}

// Account is one account as the bank's books hold it.
type Account struct {
	onepoint.Account
	Balances     []onepoint.Balance
	Transactions []onepoint.Transaction
}

// Run runs the kit.
func Run(t *testing.T, c Config) {
	t.Helper()
	k := &kit{Config: c}
	t.Run("offers what the profile says", k.offers)
	t.Run("journey", k.journey)
	t.Run("reading", k.reading)
	t.Run("faults", k.faults)
	t.Run("refresh", k.refresh)
	t.Run("revoke", k.revoke)
}

type kit struct{ Config }

func plain(next http.RoundTripper) http.RoundTripper { return next }

func (k *kit) offers(t *testing.T) {
	conn := k.Open(t, plain)
	_, reads := conn.(onepoint.AccountReader)
	if want := slices.Contains(k.Offers, "accounts"); reads != want {
		t.Errorf("reads accounts: %t, the profile says %t", reads, want)
	}
}

func (k *kit) intent(suffix string) onepoint.Intent {
	return onepoint.Intent{
		Purpose: onepoint.Access{Permissions: []onepoint.Permission{
			onepoint.ReadAccountsDetail, onepoint.ReadBalances, onepoint.ReadTransactionsDetail,
			onepoint.ReadTransactionsCredits, onepoint.ReadTransactionsDebits, onepoint.ReadPAN,
		}},
		State: "state-of-the-kit-that-is-long-enough-" + suffix, Nonce: "nonce-of-the-kit-that-is-long-enough-" + suffix,
		Verifier: onepoint.Secret("verifier-of-the-kit-of-43-characters-or-more-" + suffix), RedirectURI: k.RedirectURI,
	}
}

// begin sends the user to the bank and returns the intent and the bank's answer.
func (k *kit) begin(t *testing.T, conn onepoint.Connector, suffix string, approve bool) (onepoint.Intent, url.Values) {
	t.Helper()
	in := k.intent(suffix)
	auth, err := conn.Authorize(t.Context(), in)
	if err != nil {
		t.Fatalf("authorize: %v", err)
	}
	if auth.Phase != onepoint.PhaseAwaitingUser || auth.Redirect == "" || auth.ConsentID == "" {
		t.Fatalf("authorize gives no way forward: %+v", auth)
	}
	if strings.Contains(auth.Redirect, in.Verifier.Reveal()) {
		t.Error("the PKCE verifier is in the address")
	}
	in.ConsentID = auth.ConsentID
	return in, k.Visit(t, auth.Redirect, approve)
}

// connect returns a grant.
func (k *kit) connect(t *testing.T, conn onepoint.Connector, suffix string) onepoint.Grant {
	t.Helper()
	in, params := k.begin(t, conn, suffix, true)
	auth, err := conn.Resume(t.Context(), in, onepoint.Callback{Params: params})
	if err != nil || auth.Phase != onepoint.PhaseAuthorised || auth.Grant.AccessToken == "" || auth.Grant.Expires.IsZero() {
		t.Fatalf("resume: %+v, %v", auth, err)
	}
	return auth.Grant
}

func (k *kit) journey(t *testing.T) {
	conn := k.Open(t, plain)
	t.Run("a user who agrees is connected, once", func(t *testing.T) {
		in, params := k.begin(t, conn, "once", true)
		if _, err := conn.Resume(t.Context(), in, onepoint.Callback{Params: params}); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Resume(t.Context(), in, onepoint.Callback{Params: params}); onepoint.CodeOf(err) != onepoint.CodeConflict {
			t.Errorf("the same answer again: %v", err)
		}
	})
	t.Run("a user who refuses is refused, without error", func(t *testing.T) {
		in, params := k.begin(t, conn, "refuse", false)
		auth, err := conn.Resume(t.Context(), in, onepoint.Callback{Params: params})
		if err != nil || auth.Phase != onepoint.PhaseRefused || auth.Reason == "" {
			t.Errorf("got %+v, %v", auth, err)
		}
	})
	forged := []struct {
		name   string
		change func(in *onepoint.Intent, p url.Values)
	}{
		{"another issuer", func(_ *onepoint.Intent, p url.Values) { p.Set("iss", "https://bank.evil.example") }},
		{"another state", func(_ *onepoint.Intent, p url.Values) { p.Set("state", "another") }},
		{"another nonce", func(in *onepoint.Intent, _ url.Values) { in.Nonce = "another" }},
		{"another consent", func(in *onepoint.Intent, _ url.Values) { in.ConsentID = "another" }},
		{"another code", func(_ *onepoint.Intent, p url.Values) { p.Set("code", "another") }},
		{"a tampered ID token", func(_ *onepoint.Intent, p url.Values) {
			head, rest, _ := strings.Cut(p.Get("id_token"), ".")
			p.Set("id_token", head+".e30"+rest)
		}},
		{"a parameter twice", func(_ *onepoint.Intent, p url.Values) { p.Add("code", "second") }},
	}
	for i, f := range forged {
		t.Run(f.name+" is refused", func(t *testing.T) {
			if slices.Contains(k.Cannot, f.name) {
				t.Skip("the bank's protocol has no such thing")
			}
			want := onepoint.CodeProtocol
			if slices.Contains(k.Conflicts, f.name) {
				want = onepoint.CodeConflict
			}
			in, params := k.begin(t, conn, fmt.Sprintf("forged-%d", i), true)
			f.change(&in, params)
			auth, err := conn.Resume(t.Context(), in, onepoint.Callback{Params: params})
			if onepoint.CodeOf(err) != want {
				t.Errorf("got %+v, %v", auth, err)
			}
		})
	}
}

func (k *kit) reading(t *testing.T) {
	conn := k.Open(t, plain)
	reader := conn.(onepoint.AccountReader)
	g := k.connect(t, conn, "read")
	truth := k.Truth(t)
	got, err := reader.Accounts(t.Context(), g)
	if err != nil || len(got) != len(truth) {
		t.Fatalf("%d accounts, %v; the bank has %d", len(got), err, len(truth))
	}
	for _, want := range truth {
		t.Run(want.ID, func(t *testing.T) {
			i := slices.IndexFunc(got, func(a onepoint.Account) bool { return a.ID == want.ID })
			if i < 0 {
				t.Fatal("the account is missing")
			}
			if a := got[i]; a.Currency != want.Currency || a.Type != want.Type || !slices.Equal(a.Identifiers, want.Identifiers) {
				t.Errorf("got %+v, want %+v", a, want.Account)
			}
			k.balances(t, reader, g, want)
			k.transactions(t, reader, g, want)
		})
	}
}

func (k *kit) balances(t *testing.T, reader onepoint.AccountReader, g onepoint.Grant, want Account) {
	balances, err := reader.Balances(t.Context(), g, want.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range want.Balances {
		if !slices.ContainsFunc(balances, func(o onepoint.Balance) bool { return o.Type == b.Type && o.Amount.Equal(b.Amount) }) {
			t.Errorf("balance %s of %s is missing in %v", b.Type, b.Amount, balances)
		}
	}
}

// Shown is what must arrive of a transaction, as one comparable line.
func Shown(t onepoint.Transaction) string {
	exchange := ""
	if t.Exchange != nil {
		exchange = fmt.Sprint(t.Exchange.Instructed, t.Exchange.Rate)
	}
	return strings.Join([]string{
		t.ID, string(t.Status), t.Amount.String(), t.BookingDate.String(), t.ValueDate.String(), t.Information,
		t.Counterparty.Name, t.Counterparty.Identifier.Value, t.Counterparty.Agent, t.Merchant.Name, t.Merchant.CategoryCode,
		t.Reference, t.BankCode, t.ProprietaryCode, exchange,
	}, "|")
}

// SameTransactions says how two sets of transactions differ, "" when they do
// not; the order does not count.
func SameTransactions(got, want []onepoint.Transaction) string {
	lines := func(list []onepoint.Transaction) []string {
		out := make([]string, 0, len(list))
		for _, t := range list {
			out = append(out, Shown(t))
		}
		slices.SortFunc(out, cmp.Compare[string])
		return out
	}
	a, b := lines(got), lines(want)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("got  %s\nwant %s", a[i], b[i])
		}
	}
	if len(a) != len(b) {
		return fmt.Sprintf("%d transactions, want %d", len(a), len(b))
	}
	return ""
}

func (k *kit) transactions(t *testing.T, reader onepoint.AccountReader, g onepoint.Grant, want Account) {
	var all []onepoint.Transaction
	var q onepoint.TransactionQuery
	for pages := 0; ; pages++ {
		page, err := reader.Transactions(t.Context(), g, want.ID, q)
		if err != nil {
			t.Fatalf("page %d: %v", pages, err)
		}
		again, err := reader.Transactions(t.Context(), g, want.ID, q) // a drop at any page: the cursor still works
		if err != nil || SameTransactions(again.Transactions, page.Transactions) != "" {
			t.Fatalf("page %d read again differs: %v", pages, err)
		}
		for _, row := range page.Transactions {
			if len(row.Raw) == 0 {
				t.Error("the bank's own payload was not kept")
			}
		}
		all = append(all, page.Transactions...)
		if page.Next == "" {
			break
		}
		if pages > 10_000 {
			t.Fatal("the pages do not end")
		}
		q.Cursor = page.Next
	}
	if diff := SameTransactions(all, want.Transactions); diff != "" {
		t.Error(diff)
	}
	k.window(t, reader, g, want)
}

// window asks for some days only.
func (k *kit) window(t *testing.T, reader onepoint.AccountReader, g onepoint.Grant, want Account) {
	if len(want.Transactions) < 3 {
		return
	}
	middle := want.Transactions[len(want.Transactions)/2].BookingDate
	q := onepoint.TransactionQuery{From: middle.AddDays(-3), To: middle}
	page, err := reader.Transactions(t.Context(), g, want.ID, q)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range page.Transactions {
		if row.BookingDate.Before(q.From) || q.To.Before(row.BookingDate) {
			t.Errorf("asked for %s to %s, got %s", q.From, q.To, row.BookingDate)
		}
	}
	if page.Next == "" && !slices.ContainsFunc(page.Transactions, func(r onepoint.Transaction) bool { return r.BookingDate == middle }) {
		t.Errorf("the last day, %s, is left out", middle)
	}
}

func (k *kit) refresh(t *testing.T) {
	conn := k.Open(t, plain)
	refresher, ok := conn.(onepoint.Refresher)
	if !ok {
		t.Skip("the connector does not refresh")
	}
	reader := conn.(onepoint.AccountReader)
	g := k.connect(t, conn, "refresh")
	for range 3 {
		next, err := refresher.Refresh(t.Context(), g)
		if err != nil || next.AccessToken == g.AccessToken || next.ConsentID != g.ConsentID {
			t.Fatalf("refresh: %v, %v", next, err)
		}
		if _, err := reader.Accounts(t.Context(), next); err != nil {
			t.Fatalf("the renewed token: %v", err)
		}
		g = next
	}
}

func (k *kit) revoke(t *testing.T) {
	conn := k.Open(t, plain)
	revoker, ok := conn.(onepoint.Revoker)
	if !ok {
		t.Skip("the connector does not revoke")
	}
	g := k.connect(t, conn, "revoke")
	for range 2 { // what is gone may be revoked again
		if err := revoker.Revoke(t.Context(), g); err != nil {
			t.Fatalf("revoke: %v", err)
		}
	}
	_, err := conn.(onepoint.AccountReader).Accounts(t.Context(), g)
	switch onepoint.CodeOf(err) {
	case onepoint.CodeTokenInvalid, onepoint.CodeConsentInvalid, onepoint.CodeConsentExpired:
	default:
		t.Errorf("reading after the revocation: %v", err)
	}
	if refresher, ok := conn.(onepoint.Refresher); ok {
		if _, err := refresher.Refresh(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeConsentExpired {
			t.Errorf("refreshing after the revocation: %v", err)
		}
	}
}
