package modelbank

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

func londonZone(tb testing.TB) *time.Location {
	tb.Helper()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		tb.Fatal(err)
	}
	return zone
}

// Periods tile time: each instant lies in exactly one, whose neighbour begins
// where it ends.
func TestVRPWindowsTile(t *testing.T) {
	zone := londonZone(t)
	rapid.Check(t, func(rt *rapid.T) {
		p := obie.VRPPeriod{
			Type:      rapid.SampledFrom([]string{"Day", "Week", "Month", "Half-year", "Year", "Fortnight"}).Draw(rt, "type"),
			Alignment: rapid.SampledFrom([]string{"Consent", "Calendar"}).Draw(rt, "alignment"), Amount: onepoint.MustMoney("310.00", "GBP"),
		}
		if p.Type == "Fortnight" {
			p.Alignment = "Consent"
		}
		start := time.Unix(rapid.Int64Range(1_600_000_000, 2_000_000_000).Draw(rt, "start"), 0)
		now := start.Add(time.Duration(rapid.Int64Range(0, 200_000_000).Draw(rt, "age")) * time.Second)
		w, err := vrpWindow(p, start, now, zone)
		if err != nil {
			rt.Fatal(err)
		}
		if now.Before(w.From) || !now.Before(w.To) || w.Limit > 310_00 || w.Limit < 1 {
			rt.Fatalf("%v not in %+v", now, w)
		}
		for _, at := range []time.Time{w.From, w.To.Add(-1)} {
			if at.Before(start) {
				continue
			}
			if same, err := vrpWindow(p, start, at, zone); err != nil || !same.From.Equal(w.From) || !same.To.Equal(w.To) || same.Limit != w.Limit {
				rt.Fatalf("%v: %+v, not %+v", at, same, w)
			}
		}
		if next, err := vrpWindow(p, start, w.To, zone); err != nil || !next.From.Equal(w.To) {
			rt.Fatalf("a gap after %+v: %+v", w, next)
		}
	})
}

func TestFirstCalendarPeriodIsProRata(t *testing.T) {
	zone := londonZone(t)
	p := obie.VRPPeriod{Type: "Month", Alignment: "Calendar", Amount: onepoint.MustMoney("100.00", "GBP")}
	start := time.Date(2027, 3, 20, 15, 0, 0, 0, zone)
	for at, want := range map[time.Time]int64{start: 38_70, start.AddDate(0, 1, 0): 100_00} { // 12 of 31 days, rounded down
		if w, err := vrpWindow(p, start, at, zone); err != nil || w.Limit != want {
			t.Errorf("%v: %+v %v", at, w, err)
		}
	}
}
