package bunq

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestPick(t *testing.T) {
	ids := []int64{10, 20, 30, 40, 50}
	tests := []struct {
		name                 string
		p                    paging
		want                 string
		older, newer, future string
	}{
		{"the newest", paging{count: 2}, "[50 40]", "older_id=40", "", "newer_id=50"},
		{"further back", paging{count: 2, older: 40}, "[30 20]", "older_id=20", "newer_id=30", ""},
		{"the last", paging{count: 2, older: 20}, "[10]", "", "newer_id=10", ""},
		{"between two ids", paging{count: 2, older: 35}, "[30 20]", "older_id=20", "newer_id=30", ""},
		{"the next newer ones", paging{count: 2, newer: 20}, "[40 30]", "older_id=30", "newer_id=40", ""},
		{"all", paging{count: 9}, "[50 40 30 20 10]", "", "", "newer_id=50"},
		{"nothing older", paging{count: 2, older: 10}, "[]", "", "", ""},
	}
	s := &Server{path: "/bunq"}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &call{Request: httptest.NewRequest(http.MethodGet, "https://bank.example/bunq/v1/user/1/payment", nil)}
			got, around := s.pick(c, ids, tt.p)
			if fmt.Sprint(got) != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
			for _, u := range []struct {
				got  *string
				want string
			}{{around.OlderURL, tt.older}, {around.NewerURL, tt.newer}, {around.FutureURL, tt.future}} {
				switch want := fmt.Sprintf("/v1/user/1/payment?count=%d&%s", tt.p.count, u.want); {
				case u.want == "" && u.got != nil:
					t.Errorf("got %s, want none", *u.got)
				case u.want != "" && (u.got == nil || *u.got != want):
					t.Errorf("got %v, want %s", u.got, want)
				}
			}
		})
	}
}

func TestRatesSlide(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	r := newRates(Limits{}, func() time.Time { return now })
	from := func(address, method string) bool {
		req := httptest.NewRequest(method, "/x", nil)
		req.RemoteAddr = address
		return r.allow(req, method+" /x")
	}
	for i, step := range []struct {
		after   time.Duration
		address string
		method  string
		want    bool
	}{
		{0, "10.0.0.1:1", "GET", true},
		{2 * time.Second, "10.0.0.1:2", "GET", true},
		{0, "10.0.0.1:1", "GET", true},
		{0, "10.0.0.1:1", "GET", false},
		{0, "10.0.0.2:1", "GET", true},
		{0, "10.0.0.1:1", "PUT", true},
		{time.Second, "10.0.0.1:1", "GET", true}, // the first is three seconds old
		{0, "10.0.0.1:1", "GET", false},
	} {
		now = now.Add(step.after)
		if got := from(step.address, step.method); got != step.want {
			t.Errorf("call %d: %t", i, got)
		}
	}
}
