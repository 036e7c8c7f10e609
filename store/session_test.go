package store_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/modelbank/directory"
	"github.com/onepointledger/onepoint/store"
)

func eachBank(t *testing.T, fn func(t *testing.T, b *store.Bank)) {
	pgtest.Each(t, func(t *testing.T, url string) {
		b, err := store.OpenBank(t.Context(), url, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		fn(t, b)
	})
}

func wantCode(t *testing.T, what string, err error, code onepoint.Code) {
	t.Helper()
	if onepoint.CodeOf(err) != code {
		t.Errorf("%s: got %v, want %q", what, err, code)
	}
}

func TestSessionsAreSpentOnceAndListedWhileTheyLive(t *testing.T) {
	eachBank(t, func(t *testing.T, b *store.Bank) {
		ctx, now := context.Background(), time.Now().UTC().Truncate(time.Microsecond)
		put := func(id, customer string, expires time.Time) {
			err := b.PutSession(ctx, as.Session{Kind: as.SessionConfirmation, Hash: []byte(id), Customer: customer, Data: []byte(id), Expires: expires})
			if err != nil {
				t.Fatal(err)
			}
		}
		put("a", "alice", now.Add(time.Minute))
		put("b", "alice", now.Add(-time.Minute))
		put("c", "bob", now.Add(time.Minute))
		put("d", "alice", now.Add(time.Minute))
		put("e", "", now.Add(time.Minute))
		if err := b.SpendSession(ctx, as.SessionConfirmation, []byte("d")); err != nil {
			t.Fatal(err)
		}
		wantCode(t, "spent twice", b.SpendSession(ctx, as.SessionConfirmation, []byte("d")), onepoint.CodeConflict)
		list, err := b.SessionsOf(ctx, as.SessionConfirmation, "alice", now)
		if err != nil || len(list) != 1 || string(list[0].Hash) != "a" {
			t.Errorf("got %+v, %v", list, err)
		}
		if list, err := b.SessionsOf(ctx, as.SessionConfirmation, "", now); err != nil || len(list) != 0 {
			t.Errorf("nobody's: %+v, %v", list, err)
		}
		_, err = b.Session(ctx, as.SessionDevice, []byte("a"))
		wantCode(t, "of another kind", err, onepoint.CodeNotFound)
		put("a", "alice", now.Add(time.Hour))
		if s, err := b.Session(ctx, as.SessionConfirmation, []byte("a")); err != nil || !s.Expires.Equal(now.Add(time.Hour)) {
			t.Errorf("got %+v, %v", s, err)
		}
	})
}

func TestTriesAtOnceCannotPassTheLimitTogether(t *testing.T) {
	eachBank(t, func(t *testing.T, b *store.Bank) {
		ctx, now := context.Background(), time.Now()
		if err := b.FactorPassed(ctx, "alice", now); err != nil {
			t.Fatal(err)
		}
		var allowed atomic.Int64
		var group sync.WaitGroup
		for range 40 {
			group.Go(func() {
				switch err := b.TryFactor(ctx, "alice", 5, now, now.Add(time.Minute)); onepoint.CodeOf(err) {
				case "":
					allowed.Add(1)
				case onepoint.CodeRateLimited:
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if allowed.Load() != 5 {
			t.Errorf("%d of 40 tries were let through, want 5", allowed.Load())
		}
		if err := b.TryFactor(ctx, "alice", 5, now.Add(2*time.Minute), now.Add(3*time.Minute)); err != nil {
			t.Errorf("after the lock: %v", err)
		}
		if err := b.FactorPassed(ctx, "alice", now); err != nil {
			t.Fatal(err)
		}
		f, err := b.Factor(ctx, "alice")
		if err != nil || f.Failures != 0 || !f.LockedUntil.IsZero() || f.Strong.IsZero() {
			t.Errorf("got %+v, %v", f, err)
		}
		if f, err := b.Factor(ctx, "nobody"); err != nil || !f.Strong.IsZero() {
			t.Errorf("got %+v, %v", f, err)
		}
	})
}

func TestIdentifiersAreAcceptedOnceByOneOfMany(t *testing.T) {
	eachBank(t, func(t *testing.T, b *store.Bank) {
		ctx, now := context.Background(), time.Now()
		var accepted atomic.Int64
		var group sync.WaitGroup
		for range 32 {
			group.Go(func() {
				if err := b.UseNonce(ctx, "s", "one", now, now.Add(time.Minute)); err == nil {
					accepted.Add(1)
				} else if onepoint.CodeOf(err) != onepoint.CodeConflict {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if accepted.Load() != 1 {
			t.Errorf("accepted %d times", accepted.Load())
		}
		if err := b.UseNonce(ctx, "other", "one", now, now.Add(time.Minute)); err != nil {
			t.Errorf("in another scope: %v", err)
		}
		later := now.Add(2 * time.Minute)
		if err := b.UseNonce(ctx, "s", "one", later, later.Add(time.Minute)); err != nil {
			t.Errorf("after its end: %v", err)
		}
		wantCode(t, "and again", b.UseNonce(ctx, "s", "one", later, later.Add(time.Minute)), onepoint.CodeConflict)
		wantCode(t, "a token of no client", b.PutRecords(ctx, as.Record{Kind: as.KindAccess, Hash: []byte("h"), ClientID: "nobody"}), onepoint.CodeNotFound)
	})
}

func TestKeysAreListedYoungestFirstWithTheirEnd(t *testing.T) {
	eachBank(t, func(t *testing.T, b *store.Bank) {
		ctx, now := context.Background(), time.Now().UTC().Truncate(time.Microsecond)
		for i, name := range []string{"signing", "signing-2", "signing-3"} {
			at := now.Add(time.Duration(i) * time.Hour)
			if err := b.RotateKey(ctx, as.KeyName{Name: name, Created: at}, at.Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		wantCode(t, "the same again", b.RotateKey(ctx, as.KeyName{Name: "signing-3"}, now), onepoint.CodeConflict)
		keys, err := b.SigningKeys(ctx)
		if err != nil || len(keys) != 3 || keys[0].Name != "signing-3" || !keys[0].Until.IsZero() || !keys[2].Until.Equal(now.Add(time.Hour+time.Minute)) {
			t.Errorf("got %+v, %v", keys, err)
		}
	})
}

func TestDirectoryKeepsStanding(t *testing.T) {
	eachBank(t, func(t *testing.T, b *store.Bank) {
		ctx := context.Background()
		s := directory.Software{
			OrgID: "org", ID: "soft", Name: "App", JWKS: []byte(`{"keys":[]}`), Revoked: []byte(`{"keys":[]}`),
			Status: directory.StatusActive, Created: time.Now(), Updated: time.Now(),
		}
		if _, err := b.SaveSoftware(ctx, s); err != nil {
			t.Fatal(err)
		}
		_, _, err := b.Standing(ctx, "org", "none")
		wantCode(t, "an unknown software", err, onepoint.CodeNotFound)
		if err := b.PutOrganisation(ctx, directory.Organisation{ID: "org", Status: directory.StatusRevoked}); err != nil {
			t.Fatal(err)
		}
		s.ID = "another"
		if again, err := b.SaveSoftware(ctx, s); err != nil || again.ID != "soft" {
			t.Errorf("saved again: %+v, %v", again, err)
		}
		_, err = b.UpdateSoftware(ctx, "org", "soft", func(s *directory.Software) error { s.Status = directory.StatusRevoked; return nil })
		if err != nil {
			t.Fatal(err)
		}
		org, software, err := b.Standing(ctx, "org", "soft")
		if err != nil || org != directory.StatusRevoked || software != directory.StatusRevoked {
			t.Errorf("got %s, %s, %v", org, software, err)
		}
		if list, err := b.SoftwareOf(ctx, "org"); err != nil || len(list) != 1 {
			t.Errorf("got %+v, %v", list, err)
		}
	})
}
