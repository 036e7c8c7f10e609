package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/directory"
	"github.com/onepointledger/onepoint/store"
)

func openListed(t testing.TB, url string) *store.Bank {
	t.Helper()
	ctx := context.Background()
	db, err := store.OpenBank(ctx, url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	customers := []core.Customer{{ID: "cus_alice", Login: "alice", Name: "Alice", PasswordHash: "x"}, {ID: "cus_bob", Login: "bob", Name: "Bob", PasswordHash: "x"}}
	if _, err := db.Load(ctx, "test", noon, core.Batch{Customers: customers}); err != nil {
		t.Fatal(err)
	}
	return db
}

// lodge writes consents 0..n-1: of five TPPs, every third Alice's, every seventh
// expired; every second time is shared by two.
func lodge(t testing.TB, db *store.Bank, n int) []modelbank.Lodged {
	t.Helper()
	var all []modelbank.Lodged
	for i := range n {
		c := modelbank.Lodged{Consent: onepoint.Consent{
			ID: fmt.Sprintf("aac_%04d", i), Status: onepoint.ConsentAwaiting, Created: noon.Add(time.Duration(i/2) * time.Minute),
			TPP: onepoint.TPP{ClientID: fmt.Sprint("cli_", i%5), OrganisationID: "ORG", Name: fmt.Sprintf("Tpp Number %d", i%5)},
		}}
		c.Updated = c.Created.Add(time.Duration(n-i) * time.Hour)
		if i%3 == 0 {
			c.Status, c.Customer = onepoint.ConsentAuthorised, "cus_alice"
		}
		if i%7 == 0 {
			c.Access.Expires = noon.Add(time.Hour)
		}
		if err := db.CreateConsent(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	slices.Reverse(all)
	return all
}

func TestConsentPagesHoldEachConsentOnce(t *testing.T) {
	later := noon.Add(2 * time.Hour)
	expired := func(c modelbank.Lodged) bool {
		return c.Status == onepoint.ConsentAuthorised && !c.Access.Expires.IsZero()
	}
	cases := []struct {
		name string
		q    modelbank.ConsentQuery
		want func(modelbank.Lodged) bool
	}{
		{"all", modelbank.ConsentQuery{}, func(modelbank.Lodged) bool { return true }},
		{"of a customer", modelbank.ConsentQuery{Customer: "cus_alice"}, func(c modelbank.Lodged) bool { return c.Customer == "cus_alice" }},
		{"of another customer", modelbank.ConsentQuery{Customer: "cus_bob"}, func(modelbank.Lodged) bool { return false }},
		{"awaiting", modelbank.ConsentQuery{Status: onepoint.ConsentAwaiting}, func(c modelbank.Lodged) bool { return c.Status == onepoint.ConsentAwaiting }},
		{"expired", modelbank.ConsentQuery{Status: onepoint.ConsentExpired}, expired},
		{"active", modelbank.ConsentQuery{Status: onepoint.ConsentAuthorised}, func(c modelbank.Lodged) bool {
			return c.Status == onepoint.ConsentAuthorised && !expired(c)
		}},
		{"by login", modelbank.ConsentQuery{ListQuery: modelbank.ListQuery{Search: " Alice "}}, func(c modelbank.Lodged) bool { return c.Customer == "cus_alice" }},
		{"by id", modelbank.ConsentQuery{ListQuery: modelbank.ListQuery{Search: "aac_0017"}}, func(c modelbank.Lodged) bool { return c.ID == "aac_0017" }},
		{"by a name", modelbank.ConsentQuery{ListQuery: modelbank.ListQuery{Search: "number 3"}}, func(c modelbank.Lodged) bool { return c.TPP.ClientID == "cli_3" }},
		{"by a part of all names", modelbank.ConsentQuery{ListQuery: modelbank.ListQuery{Search: "TPP"}}, func(modelbank.Lodged) bool { return true }},
		{"by login and expired", modelbank.ConsentQuery{ListQuery: modelbank.ListQuery{Search: "alice"}, Status: onepoint.ConsentExpired}, expired},
		{"by nothing known", modelbank.ConsentQuery{ListQuery: modelbank.ListQuery{Search: "%_'\"; DROP TABLE consents"}}, func(modelbank.Lodged) bool { return false }},
	}
	pgtest.Each(t, func(t *testing.T, url string) {
		db := openListed(t, url)
		all := lodge(t, db, 90)
		for _, c := range cases {
			var want, got []string
			for _, one := range all {
				if c.want(one) {
					want = append(want, one.ID)
				}
			}
			q := c.q
			q.Now, q.Limit = later, 7
			for pages := 0; pages < 40; pages++ {
				page, err := db.ConsentPage(context.Background(), q)
				if err != nil {
					t.Fatalf("%s: %v", c.name, err)
				}
				for _, one := range page.Consents {
					got = append(got, one.ID)
					if (one.Customer == "cus_alice") != (one.Login == "alice") {
						t.Errorf("%s: %s has login %q", c.name, one.ID, one.Login)
					}
				}
				if q.After = page.Next; q.After == "" {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", c.name, got, want)
			}
		}
	})
}

func TestConsentCountsAndChanges(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		db := openListed(t, url)
		lodge(t, db, 84)
		counts, err := db.ConsentCounts(context.Background(), noon.Add(2*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(counts); got != "[{awaiting_authorisation 56 false} {authorised 24 false} {expired 4 false} {rejected 0 false} {revoked 0 false}]" {
			t.Errorf("got %s", got)
		}
		page, err := db.ConsentChanges(context.Background(), modelbank.ListQuery{Limit: 3}, noon)
		if err != nil || len(page.Consents) != 3 || page.Consents[0].ID != "aac_0000" || page.Next == "" {
			t.Errorf("got %v %v", page, err)
		}
		for _, bad := range []string{"x", "1.", ".a", "zzzzzzzzzzzzzzzzzzzz.a", "1.\x00", "1." + strings.Repeat("a", 200)} {
			if _, err := db.ConsentChanges(context.Background(), modelbank.ListQuery{After: bad}, noon); onepoint.CodeOf(err) != onepoint.CodeInvalid {
				t.Errorf("cursor %q: %v", bad, err)
			}
		}
	})
}

func TestClientAndSoftwarePages(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		db, ctx := openListed(t, url), context.Background()
		for i := range 12 {
			c := as.Client{ID: fmt.Sprintf("cli_%02d", i), OrgID: fmt.Sprint("ORG-", i%2), SoftwareID: fmt.Sprint(i), Name: fmt.Sprint("App ", i), Created: noon}
			c.Metadata = fapi.ClientMetadata{TokenAuthMethod: "private_key_jwt", SoftwareStatement: "signed"}
			s := directory.Software{OrgID: c.OrgID, ID: c.SoftwareID, Name: c.Name, Roles: []string{"AISP"}, JWKS: []byte(`{}`), Created: noon, Updated: noon}
			if err := db.PutClient(ctx, c); err != nil {
				t.Fatal(err)
			}
			if _, err := db.SaveSoftware(ctx, s); err != nil {
				t.Fatal(err)
			}
		}
		for search, want := range map[string]int{"": 12, "app 1": 3, "APP 11": 1, "org-1": 6, "cli_03": 1, "nobody": 0} {
			seen := map[string]bool{}
			for after := ""; ; {
				page, next, err := db.ClientPage(ctx, modelbank.ListQuery{Search: search, After: after, Limit: 5})
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range page {
					seen[c.ID] = true
					if c.Metadata.SoftwareStatement != "" {
						t.Error("the statement is in the list")
					}
				}
				if after = next; after == "" {
					break
				}
			}
			if len(seen) != want {
				t.Errorf("%q: %d of %d", search, len(seen), want)
			}
		}
		var software []string
		for after := ""; ; {
			page, next, err := db.SoftwarePage(ctx, modelbank.ListQuery{After: after, Limit: 5})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page {
				software = append(software, s.OrgID+s.ID)
			}
			if after = next; after == "" {
				break
			}
		}
		if len(software) != 12 || !slices.IsSorted(software) {
			t.Errorf("software %v", software)
		}
		if n, err := db.ClientCount(ctx); err != nil || n.N != 12 || n.Over {
			t.Errorf("count %v %v", n, err)
		}
	})
}

// FuzzConsentSearch: whatever is searched for, the list answers, in bounds.
func FuzzConsentSearch(f *testing.F) {
	db := openListed(f, "sqlite:"+f.TempDir()+"/bank.db")
	lodge(f, db, 20)
	for _, seed := range []string{"", "alice", "aac_0001", "number", "%", "'", "\x00", "\xff", "<script>", strings.Repeat("ß", 500), "İ"} {
		f.Add(seed, "")
	}
	f.Add("a", "1.a")
	f.Fuzz(func(t *testing.T, search, after string) {
		page, err := db.ConsentPage(context.Background(), modelbank.ConsentQuery{
			ListQuery: modelbank.ListQuery{Search: search, After: after, Limit: 10}, Now: noon,
		})
		if err != nil && (onepoint.CodeOf(err) != onepoint.CodeInvalid || after == "") {
			t.Fatalf("%q %q: %v", search, after, err)
		}
		if len(page.Consents) > 10 || !utf8.ValidString(page.Next) {
			t.Fatalf("%q: %d consents, next %q", search, len(page.Consents), page.Next)
		}
	})
}
