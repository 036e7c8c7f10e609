package obie

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Next is when the payment after the one at prev is due, in the bank's zone and
// at the same time of day. Working days are Monday to Friday. U025 for a
// frequency that the bank does not serve.
func (o *StandingOrder) Next(prev time.Time, zone *time.Location) (time.Time, error) {
	prev = prev.In(zone)
	word, rest, _ := strings.Cut(o.Frequency, ":")
	a, b, _ := strings.Cut(rest, ":")
	n, _ := strconv.Atoi(a) // the table has checked it; 0 where there is none
	d, _ := strconv.Atoi(b)
	switch word {
	case "EvryDay", "DAIL":
		return prev.AddDate(0, 0, 1), nil
	case "EvryWorkgDay", "WODL":
		return afterWorkingDay(prev), nil
	case "IntrvlDay":
		return prev.AddDate(0, 0, n), nil
	case "WEEK":
		return prev.AddDate(0, 0, 7), nil
	case "FRTN":
		return prev.AddDate(0, 0, 14), nil
	case "FOWK":
		return prev.AddDate(0, 0, 28), nil
	case "IntrvlWkDay":
		return weeksOn(prev, n, d), nil
	case "WkInMnthDay":
		return weekInMonth(prev, n, d), nil
	case "IntrvlMnthDay":
		return months(prev, n, d), nil
	case "QtrDay":
		return quarterDay(prev, a), nil
	case "MNTH", "TWMH", "QURT", "FOMH", "MIAN", "YEAR":
		step := map[string]int{"MNTH": 1, "TWMH": 2, "QURT": 3, "FOMH": 4, "MIAN": 6, "YEAR": 12}[word]
		return months(prev, step, o.First.In(zone).Day()), nil
	}
	return time.Time{}, breach(CodeUnsupportedFrequency, "Data.Initiation.Frequency", "the bank does not serve this frequency")
}

func afterWorkingDay(t time.Time) time.Time {
	for t = t.AddDate(0, 0, 1); t.Weekday() == time.Saturday || t.Weekday() == time.Sunday; {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// weeksOn is the day (1 is Monday) of the n-th week from now.
func weeksOn(t time.Time, n, day int) time.Time {
	is := (int(t.Weekday())+6)%7 + 1
	return t.AddDate(0, 0, 7*n+day-is)
}

// weekInMonth is the day of the n-th week of the next month that has it after t.
func weekInMonth(t time.Time, week, day int) time.Time {
	for m := 0; ; m++ {
		first := onDay(t, m, 1)
		is := (int(first.Weekday())+6)%7 + 1
		found := first.AddDate(0, 0, (day-is+7)%7+7*(week-1))
		if found.Month() == first.Month() && found.After(t) {
			return found
		}
	}
}

// months is the day of the month n months on; a negative day counts from the
// month's end, and a day that the month has not is its last.
func months(t time.Time, n, day int) time.Time { return onDay(t, n, day) }

func onDay(t time.Time, n, day int) time.Time {
	h, m, s := t.Clock()
	last := time.Date(t.Year(), t.Month()+time.Month(n)+1, 0, h, m, s, t.Nanosecond(), t.Location())
	if day < 0 {
		return last.AddDate(0, 0, day+1)
	}
	return last.AddDate(0, 0, min(day, last.Day())-last.Day())
}

// quarterDay is the next quarter day of the calendar named.
func quarterDay(t time.Time, calendar string) time.Time {
	days := map[string][4]string{
		"ENGLISH": {"03-25", "06-24", "09-29", "12-25"}, "SCOTTISH": {"02-02", "05-15", "08-01", "11-11"}, "RECEIVED": {"03-20", "06-19", "09-24", "12-20"},
	}[calendar]
	h, m, s := t.Clock()
	for year := t.Year(); ; year++ {
		for _, d := range days {
			on, err := time.ParseInLocation(time.DateOnly, fmt.Sprintf("%04d-%s", year, d), t.Location())
			if err != nil {
				panic(err) // the days above are dates
			}
			if on = time.Date(on.Year(), on.Month(), on.Day(), h, m, s, 0, t.Location()); on.After(t) {
				return on
			}
		}
	}
}
