package identity_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/identity"
	"github.com/onepointledger/onepoint/internal/pgtest"
	"github.com/onepointledger/onepoint/store"
)

const workspace = "ws_1"

type rig struct {
	*identity.Service
	db    *store.Platform
	clock time.Time
}

func each(t *testing.T, f func(t *testing.T, r *rig)) {
	pgtest.Each(t, func(t *testing.T, url string) {
		r := &rig{clock: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)}
		var err error
		if r.db, err = store.OpenPlatform(t.Context(), url, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.db.Close() })
		if _, err := r.db.FirstWorkspace(t.Context(), identity.Workspace{ID: workspace, Name: "Test", Created: r.clock}); err != nil {
			t.Fatal(err)
		}
		now := func() time.Time { return r.clock }
		r.Service = identity.New(identity.Config{Users: r.db, Sessions: r.db, Keys: r.db, Now: now, NewID: onepoint.NewIDs(now)})
		f(t, r)
	})
}

func owner() identity.SetupRequest {
	return identity.SetupRequest{Workspace: workspace, Email: "Ada@Example.org", Name: "Ada", Password: "correct horse battery"}
}

func TestOwnerIsMadeOnceAndSignsIn(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		u, token, err := r.Setup(ctx, owner())
		if err != nil || u.Email != "ada@example.org" || !strings.HasPrefix(u.PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Fatalf("got %+v, %v", u, err)
		}
		if _, _, err := r.Setup(ctx, owner()); onepoint.CodeOf(err) != onepoint.CodeConflict {
			t.Errorf("a second owner: %v", err)
		}
		if p, err := r.SessionFor(ctx, token); err != nil || p.UserID != u.ID || p.Workspace != workspace {
			t.Errorf("session: %+v, %v", p, err)
		}
		if _, _, err := r.Login(ctx, " ADA@example.org ", "correct horse battery"); err != nil {
			t.Errorf("login: %v", err)
		}
		for _, wrong := range [][2]string{{"ada@example.org", "wrong horse battery"}, {"eve@example.org", "correct horse battery"}, {"", ""}} {
			_, _, err := r.Login(ctx, wrong[0], wrong[1])
			if onepoint.CodeOf(err) != onepoint.CodeUnauthenticated || onepoint.MessageOf(err) != "e-mail address or password is wrong" {
				t.Errorf("%s: %v", wrong[0], err)
			}
		}
	})
}

func TestSetupNamesEveryFault(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		_, _, err := r.Setup(t.Context(), identity.SetupRequest{Workspace: workspace, Email: "no address", Password: "short"})
		for _, field := range []string{"email", "name", "password"} {
			if err == nil || !strings.Contains(err.Error(), field) {
				t.Errorf("%s is not named in %v", field, err)
			}
		}
		if strings.Contains(err.Error(), "no address") {
			t.Error("the error repeats what the user sent")
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		_, token, err := r.Setup(t.Context(), owner())
		if err != nil {
			t.Fatal(err)
		}
		r.clock = r.clock.Add(31 * 24 * time.Hour)
		if _, err := r.SessionFor(t.Context(), token); onepoint.CodeOf(err) != onepoint.CodeUnauthenticated {
			t.Errorf("after its time: %v", err)
		}
		_, token, err = r.Login(t.Context(), "ada@example.org", "correct horse battery")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Logout(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if _, err := r.SessionFor(t.Context(), token); onepoint.CodeOf(err) != onepoint.CodeUnauthenticated {
			t.Errorf("after logging out: %v", err)
		}
	})
}

func TestAPIKeys(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		k, key, err := r.CreateKey(ctx, workspace, "export script")
		if err != nil || !strings.HasPrefix(key, k.Hint) || len(key) < 40 {
			t.Fatalf("got %+v, %v", k, err)
		}
		if p, err := r.KeyFor(ctx, key); err != nil || p.KeyID != k.ID || p.UserID != "" {
			t.Errorf("got %+v, %v", p, err)
		}
		same, err := r.EnsureLocalKey(ctx, workspace, key)
		if err != nil || same != key {
			t.Errorf("a working key was replaced: %v", err)
		}
		if err := r.db.DeleteAPIKey(ctx, workspace, k.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := r.KeyFor(ctx, key); onepoint.CodeOf(err) != onepoint.CodeUnauthenticated {
			t.Errorf("a deleted key: %v", err)
		}
		if fresh, err := r.EnsureLocalKey(ctx, workspace, key); err != nil || fresh == key {
			t.Errorf("a deleted key was kept: %v", err)
		}
		if err := r.db.DeleteAPIKey(ctx, "ws_other", k.ID); onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("another workspace's key: %v", err)
		}
	})
}
