package obie_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
)

// walk follows one kind of link from a page and returns the transactions of each
// page on the way, with the address of the last.
func (m *model) walk(t *testing.T, path, link string) (pages [][]string, last string) {
	t.Helper()
	for path != "" {
		status, body := m.get(t, path, "user")
		if status != 200 {
			t.Fatalf("%s: %d %v", path, status, body)
		}
		var ids []string
		for _, row := range body["Data"].(map[string]any)["Transaction"].([]any) {
			ids = append(ids, row.(map[string]any)["TransactionId"].(string))
		}
		links := body["Links"].(map[string]any)
		if links["Self"] != bankURL+path || links["First"] == nil {
			t.Errorf("%s: links are %v", path, links)
		}
		if (links["Next"] == nil) != (links["Last"] == links["Self"]) {
			t.Errorf("%s: the last page is not told by its links: %v", path, links)
		}
		pages, last = append(pages, ids), path
		next, _ := links[link].(string)
		path = strings.TrimPrefix(next, bankURL)
	}
	return pages, last
}

// Whoever follows Next to the end and Prev back again sees every transaction
// once each way, with filters kept.
func TestPagesLeadThereAndBack(t *testing.T) {
	for _, base := range []string{v3Base, v4Base} {
		m := newModel(t)
		from := m.now.AddDate(0, -5, 0)
		m.granted(t, "user", "cus_alice", onepoint.Access{Permissions: everyPermission(), From: from}, "acc_alice_current", "acc_alice_savings", "acc_household")
		filter := "?fromBookingDateTime=" + m.now.AddDate(0, -4, 0).Format("2006-01-02T15:04:05")
		for _, path := range []string{
			"/accounts/acc_alice_current/transactions", "/accounts/acc_alice_current/transactions" + filter, "/transactions", "/transactions" + filter,
			"/accounts/acc_alice_current/statements/acc_alice_current.202610/transactions",
		} {
			there, last := m.walk(t, base+path, "Next")
			back, first := m.walk(t, last, "Prev")
			slices.Reverse(back)
			a, b := slices.Concat(there...), slices.Concat(back...)
			if len(there) < 2 || !slices.Equal(a, b) {
				t.Errorf("%s: %d pages with %d rows there, %d with %d back", path, len(there), len(a), len(back), len(b))
			}
			if strings.Contains(path, "?") && !strings.Contains(first, "fromBookingDateTime") {
				t.Errorf("%s: the filter is lost at %s", path, first)
			}
			if slices.Sort(a); len(slices.Compact(a)) != len(b) {
				t.Errorf("%s shows a transaction twice", path)
			}
		}
	}
}

// The filters of the standard ignore the zone, know the time, and narrow.
func TestFiltersKnowTheTime(t *testing.T) {
	m := newModel(t)
	m.granted(t, "user", "cus_alice", onepoint.Access{Permissions: everyPermission()}, "acc_alice_current")
	books, err := m.core.Truth(t.Context(), "cus_alice")
	if err != nil {
		t.Fatal(err)
	}
	zone := books[0].Transactions[0].BookedAt.Location()
	for _, name := range []string{"2026-10-03T12:00:00", "2026-10-03T12:00:00Z", "2026-10-03T12:00:00%2B05:00", "2026-10-03"} {
		since := time.Date(2026, 10, 3, 12, 0, 0, 0, zone)
		if name == "2026-10-03" {
			since = time.Date(2026, 10, 3, 0, 0, 0, 0, zone)
		}
		until := time.Date(2026, 11, 3, 18, 30, 0, 0, zone).Add(time.Second)
		want := 0
		for _, tx := range books[0].Transactions {
			if !tx.BookedAt.Before(since) && tx.BookedAt.Before(until) {
				want++
			}
		}
		pages, _ := m.walk(t, v4Base+"/accounts/acc_alice_current/transactions?fromBookingDateTime="+name+"&toBookingDateTime=2026-11-03T18:30:00", "Next")
		if got := len(slices.Concat(pages...)); got != want || want == 0 {
			t.Errorf("from %s: %d, want %d", name, got, want)
		}
	}
}
