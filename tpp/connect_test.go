package tpp_test

import (
	"bytes"
	"net/url"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/identity"
	"github.com/onepointledger/onepoint/tpp"
)

func firstWorkspace(now time.Time) identity.Workspace {
	return identity.Workspace{ID: workspace, Name: "Test", Created: now}
}

func TestConnectAndReturn(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		conn, err := r.connect.Connect(ctx, tpp.ConnectRequest{Workspace: workspace, Bank: bankID, UserID: "usr_1", Days: 30})
		if err != nil {
			t.Fatal(err)
		}
		if conn.Status != tpp.ConnectionAwaiting || conn.Redirect == "" || !conn.Expires.Equal(r.clock.AddDate(0, 0, 30)) {
			t.Errorf("got %+v", conn)
		}
		in := r.bank.intents[0]
		for what, secret := range map[string]string{"state": in.State, "nonce": in.Nonce, "verifier": in.Verifier.Reveal()} {
			if len(secret) < 43 {
				t.Errorf("%s has only %d characters", what, len(secret))
			}
			if bytes.Contains(conn.Journey, []byte(secret)) || bytes.Contains(conn.StateHash, []byte(secret)) {
				t.Errorf("the %s lies open in the row", what)
			}
		}
		done, err := r.connect.Callback(ctx, tpp.CallbackRequest{Params: r.back("good"), UserID: "usr_1"})
		if err != nil {
			t.Fatal(err)
		}
		if done.Status != tpp.ConnectionActive || done.Grant == nil || done.Journey != nil || bytes.Contains(done.Grant, []byte("refresh-1")) {
			t.Errorf("got %+v", done)
		}
		events, err := r.db.Events(ctx, workspace, 0, 10)
		if err != nil || len(events) != 2 || events[1].Type != onepoint.EventConnectionAuthorised {
			t.Errorf("events %v, %v", events, err)
		}
	})
}

func TestCallbackRefuses(t *testing.T) {
	tests := []struct {
		name  string
		setup func(r *rig, p url.Values) tpp.CallbackRequest
		want  onepoint.Code
	}{
		{"a state of nobody", func(_ *rig, p url.Values) tpp.CallbackRequest {
			p.Set("state", "wrong")
			return tpp.CallbackRequest{Params: p, UserID: "usr_1"}
		}, onepoint.CodeInvalid},
		{"no state", func(_ *rig, p url.Values) tpp.CallbackRequest {
			p.Del("state")
			return tpp.CallbackRequest{Params: p, UserID: "usr_1"}
		}, onepoint.CodeInvalid},
		{"another user", func(_ *rig, p url.Values) tpp.CallbackRequest {
			return tpp.CallbackRequest{Params: p, UserID: "usr_2"}
		}, onepoint.CodeForbidden},
		{"nobody signed in", func(_ *rig, p url.Values) tpp.CallbackRequest {
			return tpp.CallbackRequest{Params: p}
		}, onepoint.CodeForbidden},
		{"a user who took too long", func(r *rig, p url.Values) tpp.CallbackRequest {
			r.clock = r.clock.Add(2 * time.Hour)
			return tpp.CallbackRequest{Params: p, UserID: "usr_1"}
		}, onepoint.CodeConflict},
		{"a code that the bank refuses", func(_ *rig, p url.Values) tpp.CallbackRequest {
			p.Set("code", "bad")
			return tpp.CallbackRequest{Params: p, UserID: "usr_1"}
		}, onepoint.CodeProtocol},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, r *rig) {
				ctx := t.Context()
				conn, err := r.connect.Connect(ctx, tpp.ConnectRequest{Workspace: workspace, Bank: bankID, UserID: "usr_1"})
				if err != nil {
					t.Fatal(err)
				}
				_, err = r.connect.Callback(ctx, tt.setup(r, r.back("good")))
				if onepoint.CodeOf(err) != tt.want {
					t.Fatalf("got %v, want %s", err, tt.want)
				}
				now, err := r.db.Connection(ctx, workspace, conn.ID)
				if err != nil || now.Status == tpp.ConnectionActive || now.Grant != nil {
					t.Errorf("the connection became %+v, %v", now, err)
				}
			})
		})
	}
}

func TestStateWorksOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		ctx := t.Context()
		if _, err := r.connect.Connect(ctx, tpp.ConnectRequest{Workspace: workspace, Bank: bankID}); err != nil {
			t.Fatal(err)
		}
		back := r.back("good")
		results := make(chan error, 8)
		for range cap(results) {
			go func() {
				_, err := r.connect.Callback(ctx, tpp.CallbackRequest{Params: back})
				results <- err
			}()
		}
		passed := 0
		for range cap(results) {
			if err := <-results; err == nil {
				passed++
			} else if code := onepoint.CodeOf(err); code != onepoint.CodeConflict && code != onepoint.CodeInvalid {
				t.Errorf("refused with %v", err)
			}
		}
		if passed != 1 || r.bank.calls["resume"] != 1 {
			t.Errorf("%d callbacks passed, %d codes exchanged; want one", passed, r.bank.calls["resume"])
		}
	})
}

func TestUserWhoRefusesAtTheBank(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		r.bank.refuse = true
		if _, err := r.connect.Connect(t.Context(), tpp.ConnectRequest{Workspace: workspace, Bank: bankID}); err != nil {
			t.Fatal(err)
		}
		conn, err := r.connect.Callback(t.Context(), tpp.CallbackRequest{Params: r.back("")})
		if err != nil || conn.Status != tpp.ConnectionRefused || conn.Message == "" {
			t.Errorf("got %+v, %v", conn, err)
		}
	})
}

func TestConnectRefusesMoreDaysThanTheBankAllows(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		for _, days := range []int{-1, 91} {
			_, err := r.connect.Connect(t.Context(), tpp.ConnectRequest{Workspace: workspace, Bank: bankID, Days: days})
			if onepoint.CodeOf(err) != onepoint.CodeInvalid {
				t.Errorf("%d days: %v", days, err)
			}
		}
	})
}

func TestRevoke(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		conn := r.connected()
		r.bank.fail = func(call string) error {
			return onepoint.E(onepoint.CodeUnavailable, call, "the bank is down", nil)
		}
		if err := r.connect.Revoke(t.Context(), workspace, conn.ID); onepoint.CodeOf(err) != onepoint.CodeUnavailable {
			t.Errorf("with the bank down: %v", err)
		}
		if now, _ := r.db.Connection(t.Context(), workspace, conn.ID); now.Status != tpp.ConnectionActive {
			t.Errorf("status %s although the bank still shares", now.Status)
		}
		r.bank.fail = nil
		if err := r.connect.Revoke(t.Context(), workspace, conn.ID); err != nil {
			t.Fatal(err)
		}
		now, err := r.db.Connection(t.Context(), workspace, conn.ID)
		if err != nil || now.Status != tpp.ConnectionRevoked || now.Grant != nil || !r.bank.revoked {
			t.Errorf("got %+v, %v; revoked at the bank: %t", now, err, r.bank.revoked)
		}
		if _, err := r.connect.RequestSync(t.Context(), workspace, conn.ID); onepoint.CodeOf(err) != onepoint.CodeConflict {
			t.Errorf("sync of a revoked connection: %v", err)
		}
	})
}
