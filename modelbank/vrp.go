package modelbank

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

// window is a period of a limit: from its first instant to before its end.
type window struct {
	From, To time.Time
	Limit    int64 // in minor units
}

// vrpWindow is the period of the limit that now lies in. Days begin at midnight
// in the bank's zone. A period aligned to the consent is counted from the day on
// which the consent becomes valid; the first of the calendar counts only the days
// that are left of it, rounded down.
func vrpWindow(p obie.VRPPeriod, start, now time.Time, zone *time.Location) (window, error) {
	limit, err := p.Amount.Minor()
	if err != nil {
		return window{}, err
	}
	begin := midnight(start.In(zone))
	if p.Alignment == "Calendar" {
		w := calendarWindow(p.Type, now.In(zone))
		w.Limit = limit
		if begin.After(w.From) && begin.Before(w.To) {
			whole, left := days(w.From, w.To), days(begin, w.To)
			share := new(big.Int).Mul(big.NewInt(limit), big.NewInt(left))
			w.Limit = share.Div(share, big.NewInt(whole)).Int64()
		}
		return w, nil
	}
	return consentWindow(p.Type, begin, now.In(zone), limit), nil
}

func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// days between two midnights: clocks that change in between do not matter.
func days(from, to time.Time) int64 {
	utc := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int64(utc(to).Sub(utc(from)) / (24 * time.Hour))
}

func calendarWindow(period string, now time.Time) window {
	year, month, day := now.Date()
	date := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, now.Location()) }
	switch period {
	case "Day":
		return window{From: date(year, month, day), To: date(year, month, day+1)}
	case "Week":
		monday := day - (int(now.Weekday())+6)%7
		return window{From: date(year, month, monday), To: date(year, month, monday+7)}
	case "Month":
		return window{From: date(year, month, 1), To: date(year, month+1, 1)}
	case "Half-year":
		half := time.January + (month-1)/6*6
		return window{From: date(year, half, 1), To: date(year, half+6, 1)}
	}
	return window{From: date(year, time.January, 1), To: date(year+1, time.January, 1)}
}

// consentWindow counts periods from the consent's first day. Months keep the day
// of that day, or take the month's last.
func consentWindow(period string, begin, now time.Time, limit int64) window {
	step := func(n int) time.Time {
		switch period {
		case "Day":
			return begin.AddDate(0, 0, n)
		case "Week":
			return begin.AddDate(0, 0, 7*n)
		case "Fortnight":
			return begin.AddDate(0, 0, 14*n)
		case "Month":
			return monthsAfter(begin, n)
		case "Half-year":
			return monthsAfter(begin, 6*n)
		}
		return monthsAfter(begin, 12*n)
	}
	length := map[string]int64{"Day": 1, "Week": 7, "Fortnight": 14, "Month": 31, "Half-year": 184, "Year": 366}[period]
	n := 0
	if now.After(begin) {
		n = int(days(begin, midnight(now)) / length)
	}
	for !now.Before(step(n + 1)) {
		n++
	}
	return window{From: step(n), To: step(n + 1), Limit: limit}
}

func monthsAfter(t time.Time, n int) time.Time {
	last := time.Date(t.Year(), t.Month()+time.Month(n)+1, 0, 0, 0, 0, 0, t.Location())
	return time.Date(last.Year(), last.Month(), min(t.Day(), last.Day()), 0, 0, 0, 0, t.Location())
}

// withinLimits says which control parameter a payment would break (U014), if any.
// spent sums what the consent's payments took in a period; it must see every
// payment that came before, so the consent must be locked.
func withinLimits(c *obie.PaymentConsent, s obie.PaymentSubmission, now time.Time, zone *time.Location, spent func(from, to time.Time) (int64, error)) error {
	const path = "Data.ControlParameters."
	l := c.Limits
	amount := s.Instruction.Amount
	broken := func(parameter, msg string) error { return obie.Breach(obie.CodeControlParameters, path+parameter, msg) }
	switch {
	case !l.ValidFrom.IsZero() && now.Before(l.ValidFrom):
		return broken("ValidFromDateTime", "the consent is not valid yet")
	case !l.ValidTo.IsZero() && !now.Before(l.ValidTo):
		return broken("ValidToDateTime", "the consent is not valid any more")
	case !slices.Contains(l.Types, s.VRPType):
		return broken("VRPType", "the user did not agree to payments of this type")
	case !slices.Contains(l.Methods, s.Method):
		return broken("PSUAuthenticationMethods", "the user did not agree to this way of authentication")
	case s.Interaction != "" && !slices.Contains(l.Interactions, s.Interaction):
		return broken("PSUInteractionTypes", "the user did not agree to this kind of interaction")
	case amount.Currency != l.Individual.Currency:
		return broken("MaximumIndividualAmount", "the payment is in another currency than the limit")
	}
	minor, err := amount.Minor()
	if err != nil {
		return onepoint.E("", "check limits", "", err)
	}
	if most, err := l.Individual.Minor(); err != nil || minor > most {
		return broken("MaximumIndividualAmount", "the payment is larger than any single one may be")
	}
	start := c.Created
	if !l.ValidFrom.IsZero() {
		start = l.ValidFrom
	}
	for i, p := range l.Periodic {
		w, err := vrpWindow(p, start, now, zone)
		if err != nil {
			return onepoint.E("", "check limits", "", err)
		}
		taken, err := spent(w.From, w.To)
		if err != nil {
			return err
		}
		if taken > w.Limit-minor {
			return broken(fmt.Sprintf("PeriodicLimits[%d].Amount", i), "the payments of the "+p.Type+" would be more than the user allowed")
		}
	}
	return nil
}
