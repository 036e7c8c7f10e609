package modelbank_test

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/store"
)

// bench is a seeded bank with a clock that moves.
type bench struct {
	*modelbank.Bank
	core    *core.Core
	store   *store.Bank
	micros  atomic.Int64
	revoked []string
}

func (b *bench) now() time.Time          { return time.UnixMicro(b.micros.Load()).UTC() }
func (b *bench) advance(d time.Duration) { b.micros.Add(d.Microseconds()) }

func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

func newBench(tb testing.TB, url string) *bench {
	tb.Helper()
	b := &bench{}
	b.micros.Store(noon().UnixMicro())
	log := slog.New(slog.DiscardHandler)
	var err error
	if b.store, err = store.OpenBank(context.Background(), url, log); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := b.store.Close(); err != nil {
			tb.Error(err)
		}
	})
	ids := onepoint.NewIDs(b.now)
	b.core = core.New(core.Config{Store: b.store, Now: b.now, NewID: ids, Log: log})
	if err := b.core.Seed(context.Background(), onepoint.DateOf(noon())); err != nil {
		tb.Fatal(err)
	}
	b.Bank = modelbank.New(modelbank.Config{
		Core: b.core, Consents: b.store, Now: b.now, NewID: ids, Log: log,
		OnRevoke: func(_ context.Context, id string) error { b.revoked = append(b.revoked, id); return nil },
	})
	return b
}

func sqlite(tb testing.TB) *bench {
	tb.Helper()
	return newBench(tb, "sqlite:"+tb.TempDir()+"/bank.db")
}

func tpp() onepoint.TPP {
	return onepoint.TPP{ClientID: "client-1", OrganisationID: "PSDGB-FCA-123456", Name: "Ledger App"}
}

func everything() []onepoint.Permission {
	return []onepoint.Permission{
		onepoint.ReadAccountsDetail, onepoint.ReadBalances, onepoint.ReadTransactionsDetail,
		onepoint.ReadTransactionsCredits, onepoint.ReadTransactionsDebits, onepoint.ReadPAN,
	}
}

// granted lodges a consent and lets the customer approve it.
func (b *bench) granted(tb testing.TB, customer string, a onepoint.Access, accounts ...string) onepoint.Consent {
	tb.Helper()
	c, err := b.Lodge(context.Background(), tpp(), a)
	if err != nil {
		tb.Fatal(err)
	}
	if err := b.Journey().Approve(context.Background(), c.ID, customer, accounts); err != nil {
		tb.Fatal(err)
	}
	return c
}

func wantCode(t *testing.T, what string, err error, want onepoint.Code) {
	t.Helper()
	if got := onepoint.CodeOf(err); got != want {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

func TestLodgeRefusesWhatTheStandardTellsToRefuse(t *testing.T) {
	b := sqlite(t)
	p := func(permissions ...onepoint.Permission) onepoint.Access {
		return onepoint.Access{Permissions: permissions}
	}
	timed := func(expires, from, to time.Time) onepoint.Access {
		return onepoint.Access{Permissions: everything(), Expires: expires, From: from, To: to}
	}
	var never time.Time
	for name, tc := range map[string]struct {
		access onepoint.Access
		field  string // empty: accepted
	}{
		"no permission":                 {p(), "Data.Permissions"},
		"an unsupported permission":     {p(onepoint.ReadAccountsBasic, "ReadMinds"), "Data.Permissions"},
		"no ReadAccounts":               {p(onepoint.ReadBalances), "Data.Permissions"},
		"transactions, no direction":    {p(onepoint.ReadAccountsBasic, onepoint.ReadTransactionsBasic), "Data.Permissions"},
		"direction, no transactions":    {p(onepoint.ReadAccountsBasic, onepoint.ReadTransactionsDebits), "Data.Permissions"},
		"an expiry that has passed":     {timed(noon(), never, never), "Data.ExpirationDateTime"},
		"an interval the wrong way":     {timed(never, noon(), noon().Add(-time.Hour)), "Data.TransactionToDateTime"},
		"accounts only":                 {p(onepoint.ReadAccountsBasic), ""},
		"duplicates":                    {p(onepoint.ReadAccountsBasic, onepoint.ReadAccountsBasic), ""},
		"everything for ever":           {timed(never, never, never), ""},
		"everything, within all limits": {timed(noon().Add(time.Hour), noon().Add(-time.Hour), noon()), ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := b.Lodge(context.Background(), tpp(), tc.access)
			if tc.field == "" {
				if err != nil || c.Status != onepoint.ConsentAwaiting || c.ID == "" {
					t.Errorf("got %+v, %v", c, err)
				}
				return
			}
			wantCode(t, name, err, onepoint.CodeInvalid)
			var e *onepoint.Error
			if !asError(err, &e) || len(e.Fields) == 0 || e.Fields[0].Name != tc.field {
				t.Errorf("fields are %+v, want %s", e, tc.field)
			}
		})
	}
}

func TestConsentReadsBackAsLodgedAndOnlyByItsTPP(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		b, ctx := newBench(t, url), context.Background()
		access := onepoint.Access{Permissions: everything(), Expires: noon().Add(90 * 24 * time.Hour), From: noon().Add(-time.Hour), To: noon()}
		lodged, err := b.Lodge(ctx, tpp(), access)
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.Consent(ctx, tpp(), lodged.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.TPP != tpp() || !got.Access.Expires.Equal(access.Expires) || !got.Access.From.Equal(access.From) || !got.Access.To.Equal(access.To) ||
			!slices.Equal(got.Access.Permissions, access.Permissions) || !got.Created.Equal(noon()) {
			t.Errorf("got %+v", got)
		}
		_, err = b.Consent(ctx, onepoint.TPP{ClientID: "client-2"}, lodged.ID)
		wantCode(t, "another TPP's consent", err, onepoint.CodeForbidden)
		wantCode(t, "revoking another TPP's", b.Revoke(ctx, onepoint.TPP{ClientID: "client-2"}, lodged.ID), onepoint.CodeForbidden)
		_, err = b.Consent(ctx, tpp(), "aac_unknown")
		wantCode(t, "an unknown consent", err, onepoint.CodeNotFound)
		wantCode(t, "revoking an unknown one", b.Revoke(ctx, tpp(), "aac_unknown"), onepoint.CodeNotFound)
	})
}

func TestReadsNeedAnAuthorisedConsentAtTheMomentOfTheCall(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		b, ctx := newBench(t, url), context.Background()
		const account = "acc_alice_current"
		read := func(c onepoint.Consent) map[string]error {
			_, errA := b.Accounts(ctx, c)
			_, errB := b.Balances(ctx, c, account)
			_, errT := b.Transactions(ctx, c, account, onepoint.TransactionQuery{})
			return map[string]error{"accounts": errA, "balances": errB, "transactions": errT}
		}
		want := func(state string, c onepoint.Consent, code onepoint.Code) {
			t.Helper()
			for what, err := range read(c) {
				wantCode(t, state+": "+what, err, code)
			}
		}
		access := onepoint.Access{Permissions: everything(), Expires: noon().Add(time.Hour)}
		waiting, err := b.Lodge(ctx, tpp(), access)
		if err != nil {
			t.Fatal(err)
		}
		want("awaiting", waiting, onepoint.CodeConsentInvalid)
		forged := waiting
		forged.Status, forged.Customer, forged.Accounts = onepoint.ConsentAuthorised, "cus_alice", []string{account}
		want("forged by the caller", forged, onepoint.CodeConsentInvalid)

		c := b.granted(t, "cus_alice", access, account)
		want("authorised", c, "")
		other := c
		other.TPP.ClientID = "client-2"
		want("another TPP", other, onepoint.CodeForbidden)
		if err := b.Revoke(ctx, tpp(), c.ID); err != nil {
			t.Fatal(err)
		}
		want("revoked", c, onepoint.CodeConsentInvalid)
		_, err = b.Consent(ctx, tpp(), c.ID)
		wantCode(t, "reading a deleted consent", err, onepoint.CodeNotFound)
		if err := b.Revoke(ctx, tpp(), c.ID); err != nil || !slices.Equal(b.revoked, []string{c.ID, c.ID}) {
			t.Errorf("revoking again: %v, told of %v", err, b.revoked)
		}
		wantCode(t, "approving a revoked one", b.Journey().Approve(ctx, c.ID, "cus_alice", []string{account}), onepoint.CodeConflict)

		c = b.granted(t, "cus_alice", access, account)
		b.advance(time.Hour)
		want("expired", c, onepoint.CodeConsentExpired)
		if got, err := b.Consent(ctx, tpp(), c.ID); err != nil || got.Status != onepoint.ConsentExpired {
			t.Errorf("got %s, %v", got.Status, err)
		}
		wantCode(t, "renewing an expired one", b.Journey().Approve(ctx, c.ID, "cus_alice", []string{account}), onepoint.CodeConsentExpired)
	})
}

func TestReadsStayWithinTheChosenAccountsAndPermissions(t *testing.T) {
	b, ctx := sqlite(t), context.Background()
	c := b.granted(t, "cus_alice", onepoint.Access{Permissions: []onepoint.Permission{onepoint.ReadAccountsBasic}}, "acc_alice_savings")
	accounts, err := b.Accounts(ctx, c)
	if err != nil || len(accounts) != 1 || accounts[0].ID != "acc_alice_savings" {
		t.Fatalf("got %+v, %v", accounts, err)
	}
	if accounts[0].Identifiers != nil || accounts[0].Holder != "" || accounts[0].Currency != "GBP" || accounts[0].Product == "" {
		t.Errorf("basic shows %+v", accounts[0])
	}
	_, err = b.Balances(ctx, c, "acc_alice_savings")
	wantCode(t, "balances without permission", err, onepoint.CodeForbidden)
	_, err = b.Transactions(ctx, c, "acc_alice_savings", onepoint.TransactionQuery{})
	wantCode(t, "transactions without permission", err, onepoint.CodeForbidden)

	c = b.granted(t, "cus_alice", onepoint.Access{Permissions: everything()}, "acc_alice_savings")
	for _, account := range []string{"acc_alice_current", "acc_bob_gbp", "acc_unknown", "internal:cash:GBP", ""} {
		_, err = b.Balances(ctx, c, account)
		wantCode(t, "balances of "+account, err, onepoint.CodeForbidden)
		_, err = b.Transactions(ctx, c, account, onepoint.TransactionQuery{})
		wantCode(t, "transactions of "+account, err, onepoint.CodeForbidden)
	}
}

func (b *bench) all(t *testing.T, c onepoint.Consent, account string) []onepoint.Transaction {
	t.Helper()
	var all []onepoint.Transaction
	q := onepoint.TransactionQuery{Limit: 50}
	for {
		page, err := b.Transactions(context.Background(), c, account, q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Transactions...)
		if q.Cursor = page.Next; q.Cursor == "" {
			return all
		}
	}
}

func TestPermissionsDecideFieldsAndRows(t *testing.T) {
	b, ctx := sqlite(t), context.Background()
	const account = "acc_alice_current"
	truth, err := b.core.Truth(ctx, "cus_alice")
	if err != nil {
		t.Fatal(err)
	}
	books := truth[0].Transactions
	grant := func(a onepoint.Access, permissions ...onepoint.Permission) []onepoint.Transaction {
		a.Permissions = append([]onepoint.Permission{onepoint.ReadAccountsBasic}, permissions...)
		return b.all(t, b.granted(t, "cus_alice", a, account), account)
	}
	full := grant(onepoint.Access{}, onepoint.ReadTransactionsDetail, onepoint.ReadTransactionsCredits, onepoint.ReadTransactionsDebits)
	if len(full) != len(books) {
		t.Fatalf("%d transactions, the books hold %d", len(full), len(books))
	}
	for i, tx := range full {
		if tx.ID != books[i].ID || !tx.Amount.Equal(books[i].Amount) || tx.Information != books[i].Information {
			t.Fatalf("place %d shows %+v, the books hold %+v", i, tx, books[i])
		}
	}
	basic := grant(onepoint.Access{}, onepoint.ReadTransactionsBasic, onepoint.ReadTransactionsCredits, onepoint.ReadTransactionsDebits)
	for _, tx := range basic {
		if tx.Information != "" || tx.BalanceAfter != nil || tx.Merchant != (onepoint.Merchant{}) || tx.Counterparty != (onepoint.Counterparty{}) {
			t.Fatalf("basic shows %+v", tx)
		}
		if tx.ID == "" || tx.Amount.IsZero() || tx.BookingDate.IsZero() || tx.BankCode == "" {
			t.Fatalf("basic hides %+v", tx)
		}
	}
	credits := grant(onepoint.Access{}, onepoint.ReadTransactionsBasic, onepoint.ReadTransactionsCredits)
	debits := grant(onepoint.Access{}, onepoint.ReadTransactionsBasic, onepoint.ReadTransactionsDebits)
	if len(credits) == 0 || len(credits)+len(debits) != len(books) {
		t.Errorf("%d credits and %d debits of %d", len(credits), len(debits), len(books))
	}
	for _, tx := range credits {
		if tx.Amount.IsNegative() {
			t.Errorf("a debit among the credits: %+v", tx)
		}
	}
	from, to := noon().AddDate(0, -3, 0), noon().AddDate(0, -1, 0)
	limited := grant(onepoint.Access{From: from, To: to}, onepoint.ReadTransactionsBasic, onepoint.ReadTransactionsCredits, onepoint.ReadTransactionsDebits)
	want := 0
	for _, tx := range books {
		if !tx.BookedAt.Before(from) && !tx.BookedAt.After(to) {
			want++
		}
	}
	if want == 0 || len(limited) != want {
		t.Errorf("%d transactions within the limits of the consent, want %d", len(limited), want)
	}
}

func TestCardNumberIsMaskedWithoutReadPAN(t *testing.T) {
	b, ctx := sqlite(t), context.Background()
	show := func(permissions ...onepoint.Permission) string {
		accounts, err := b.Accounts(ctx, b.granted(t, "cus_carol", onepoint.Access{Permissions: permissions}, "acc_carol_card"))
		if err != nil || len(accounts) != 1 {
			t.Fatalf("got %+v, %v", accounts, err)
		}
		return accounts[0].Identifiers[0].Value
	}
	whole := show(onepoint.ReadAccountsDetail, onepoint.ReadPAN)
	if got, want := show(onepoint.ReadAccountsDetail), "XXXXXXXXXXXX"+whole[12:]; got != want || len(whole) != 16 {
		t.Errorf("shows %s, want %s", got, want)
	}
}
