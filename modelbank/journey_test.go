package modelbank_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/core"
)

func asError(err error, target **onepoint.Error) bool { return errors.As(err, target) }

func TestJourneyShowsTheIntentAndTheCustomersAccounts(t *testing.T) {
	b, ctx := sqlite(t), context.Background()
	j := b.Journey()
	access := onepoint.Access{Permissions: everything(), Expires: noon().Add(time.Hour)}
	c, err := b.Lodge(ctx, tpp(), access)
	if err != nil {
		t.Fatal(err)
	}
	intent, err := j.Intent(ctx, "client-1", c.ID)
	if err != nil || intent.ConsentID != c.ID || intent.TPPName != "Ledger App" || !intent.Expires.Equal(access.Expires) || len(intent.Permissions) != len(access.Permissions) {
		t.Errorf("got %+v, %v", intent, err)
	}
	_, err = j.Intent(ctx, "client-2", c.ID)
	wantCode(t, "another client's intent", err, onepoint.CodeForbidden)
	_, err = j.Intent(ctx, "client-1", "aac_unknown")
	wantCode(t, "an unknown intent", err, onepoint.CodeNotFound)

	who, err := j.Authenticate(ctx, "alice", core.SandboxPassword)
	if err != nil || who.ID != "cus_alice" || who.Name != "Alice Harper" {
		t.Fatalf("got %+v, %v", who, err)
	}
	_, err = j.Authenticate(ctx, "alice", "guess")
	wantCode(t, "a wrong password", err, onepoint.CodeUnauthenticated)
	choices, err := j.Accounts(ctx, who.ID)
	if err != nil || len(choices) != 3 {
		t.Fatalf("got %+v, %v", choices, err)
	}
	if got := choices[0]; got.ID != "acc_alice_current" || got.Name != "Everyday" || got.Identifier != "04-99-01 31926819" || got.Currency != "GBP" || got.Balance.IsZero() {
		t.Errorf("the first choice is %+v", got)
	}
	choices, err = j.Accounts(ctx, "cus_carol")
	if err != nil || choices[2].Identifier != "XXXXXXXXXXXX"+choices[2].Identifier[12:] {
		t.Errorf("the page shows carol's card as %+v, %v", choices, err)
	}
}

func TestApprovalTakesOnlyTheCustomersOwnAccounts(t *testing.T) {
	b, ctx := sqlite(t), context.Background()
	j := b.Journey()
	c, err := b.Lodge(ctx, tpp(), onepoint.Access{Permissions: everything()})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, "no account", j.Approve(ctx, c.ID, "cus_alice", nil), onepoint.CodeInvalid)
	wantCode(t, "another's account", j.Approve(ctx, c.ID, "cus_alice", []string{"acc_alice_current", "acc_bob_gbp"}), onepoint.CodeForbidden)
	wantCode(t, "an internal account", j.Approve(ctx, c.ID, "cus_alice", []string{"internal:cash:GBP"}), onepoint.CodeForbidden)
	wantCode(t, "nobody", j.Approve(ctx, c.ID, "", []string{"acc_alice_current"}), onepoint.CodeForbidden)
	if got, err := b.Consent(ctx, tpp(), c.ID); err != nil || got.Status != onepoint.ConsentAwaiting || got.Customer != "" {
		t.Errorf("after refused approvals: %+v, %v", got, err)
	}
	if err := j.Approve(ctx, c.ID, "cus_alice", []string{"acc_alice_current", "acc_household", "acc_household"}); err != nil {
		t.Fatal(err)
	}
	got, err := b.Consent(ctx, tpp(), c.ID)
	if err != nil || got.Status != onepoint.ConsentAuthorised || got.Customer != "cus_alice" || len(got.Accounts) != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	wantCode(t, "renewed by another customer", j.Approve(ctx, c.ID, "cus_carol", []string{"acc_household"}), onepoint.CodeForbidden)
	if err := j.Approve(ctx, c.ID, "cus_alice", []string{"acc_alice_savings"}); err != nil {
		t.Errorf("renewed by the same: %v", err)
	}
	if err := j.Reject(ctx, c.ID); err != nil {
		t.Errorf("refusing a renewal: %v", err)
	}
	got, err = b.Consent(ctx, tpp(), c.ID)
	if err != nil || got.Status != onepoint.ConsentAuthorised || len(got.Accounts) != 1 {
		t.Errorf("after a refused renewal: %+v, %v", got, err)
	}
}

// Whatever is done to a consent in whatever order, its status moves only along
// the edges of the standard, and data flow only while it is authorised.
func TestConsentMovesOnlyAlongItsEdges(t *testing.T) {
	b, ctx := sqlite(t), context.Background()
	j := b.Journey()
	const (
		await, auth, rejected, revoked, expired = onepoint.ConsentAwaiting, onepoint.ConsentAuthorised, onepoint.ConsentRejected, onepoint.ConsentRevoked, onepoint.ConsentExpired
	)
	type edge struct{ from, to onepoint.ConsentStatus }
	allowed := map[string]map[edge]bool{
		"approve": {{await, auth}: true, {auth, auth}: true},
		"reject":  {{await, rejected}: true, {auth, auth}: true, {rejected, rejected}: true},
		"revoke":  {{await, revoked}: true, {auth, revoked}: true, {rejected, rejected}: true, {revoked, revoked}: true, {expired, expired}: true},
		"wait":    {{auth, expired}: true},
	}
	rapid.Check(t, func(t *rapid.T) {
		lodged, err := b.Lodge(ctx, tpp(), onepoint.Access{Permissions: everything(), Expires: b.now().Add(3 * time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		status := func() onepoint.ConsentStatus {
			c, err := b.store.LodgedConsent(ctx, lodged.ID)
			if err != nil {
				t.Fatal(err)
			}
			if c.Status == auth && !b.now().Before(c.Access.Expires) {
				return expired
			}
			return c.Status
		}
		deleted := false
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			before := status()
			action := rapid.SampledFrom([]string{"approve", "reject", "revoke", "wait"}).Draw(t, "action")
			switch action {
			case "approve":
				err = j.Approve(ctx, lodged.ID, "cus_bob", []string{"acc_bob_eur"})
			case "reject":
				err = j.Reject(ctx, lodged.ID)
			case "revoke":
				err = b.Revoke(ctx, tpp(), lodged.ID)
				deleted = true
			case "wait":
				b.advance(time.Hour)
				err = nil
			}
			after := status()
			if after != before && !allowed[action][edge{before, after}] {
				t.Fatalf("%s moved the consent from %s to %s", action, before, after)
			}
			if err != nil && after != before {
				t.Fatalf("%s failed with %v and moved the consent from %s to %s", action, err, before, after)
			}
			if _, err := b.Balances(ctx, lodged, "acc_bob_eur"); (err == nil) != (after == auth && !deleted) {
				t.Fatalf("%s consent, deleted %v: reading gave %v", after, deleted, err)
			}
		}
	})
}

var _ onepoint.ASPSP = (*modelbank.Bank)(nil)
