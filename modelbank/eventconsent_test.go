package modelbank_test

import (
	"context"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/standard/obie"
)

func TestAConsentTellsItsTPPWhatItDidNotDoItself(t *testing.T) {
	consent := func(status onepoint.ConsentStatus, deleted bool, accounts ...string) modelbank.Lodged {
		c := modelbank.Lodged{Consent: onepoint.Consent{ID: "aac_1", TPP: tpp(), Status: status, Accounts: accounts, Updated: noon()}}
		if deleted {
			c.Deleted = noon()
		}
		return c
	}
	const waiting, given, no, ended = onepoint.ConsentAwaiting, onepoint.ConsentAuthorised, onepoint.ConsentRejected, onepoint.ConsentRevoked
	for name, tc := range map[string]struct {
		before, after modelbank.Lodged
		want          obie.EventType
	}{
		"given":                       {consent(waiting, false), consent(given, false, "a"), obie.EventResourceUpdate},
		"refused":                     {consent(waiting, false), consent(no, false), obie.EventResourceUpdate},
		"withdrawn at the bank":       {consent(given, false, "a"), consent(ended, false, "a"), obie.EventConsentRevoked},
		"deleted by its TPP":          {consent(given, false, "a"), consent(ended, true, "a"), ""},
		"deleted after it was ended":  {consent(ended, false, "a"), consent(ended, true, "a"), ""},
		"given again":                 {consent(given, false, "a"), consent(given, false, "a"), ""},
		"given again, other accounts": {consent(given, false, "a"), consent(given, false, "a", "b"), obie.EventLinkedAccountsUpdate},
		"given again after CANC":      {consent(ended, false, "a"), consent(given, false, "a"), obie.EventResourceUpdate},
		"nothing":                     {consent(waiting, false), consent(waiting, false), ""},
	} {
		got := modelbank.ConsentEvents(tc.before, tc.after)
		switch {
		case tc.want == "" && len(got) == 0:
		case len(got) != 1 || got[0].Type != tc.want || got[0].ClientID != tpp().ClientID ||
			got[0].Resource != obie.EventResource{Type: "account-access-consent", ID: "aac_1"}:
			t.Errorf("%s: told %+v, want %q", name, got, tc.want)
		}
	}
}

func TestAnEventCommitsWithItsRowOrNotAtAll(t *testing.T) {
	pgtest.Each(t, func(t *testing.T, url string) {
		b, ctx := newEventBench(t, url), context.Background()
		subscriber := b.client(t, "tpp")
		b.subscribed(t, subscriber, "")
		pool, _ := b.store.Handle()
		for id, commit := range map[string]bool{"kept": true, "dropped": false} {
			tx, err := pool.BeginTx(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			e := modelbank.Event{ID: id, ClientID: "tpp", Type: obie.EventResourceUpdate, Resource: obie.EventResource{Type: "domestic-payment", ID: "p"}, At: time.Now()}
			if err := b.store.PublishIn(ctx, tx, e, e); err != nil {
				t.Fatal(err)
			}
			end := tx.Rollback
			if commit {
				end = tx.Commit
			}
			if err := end(); err != nil {
				t.Fatal(err)
			}
		}
		if got, _ := b.poll(t, subscriber, obie.EventPoll{Max: -1}); len(got) != 1 || got[0] != "kept" {
			t.Errorf("a poll finds %v", got)
		}
	})
}
