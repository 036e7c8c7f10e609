package obie

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/onepointledger/onepoint"
)

// frequencies are the codes of version 4.0 (OBFrequency6Code).
func frequencies() []pair[onepoint.Period] {
	return []pair[onepoint.Period]{
		{onepoint.PeriodDay, "DAIL"},
		{onepoint.PeriodWeek, "WEEK"},
		{onepoint.PeriodFortnight, "FRTN"},
		{onepoint.PeriodMonth, "MNTH"},
		{onepoint.PeriodQuarter, "QURT"},
		{onepoint.PeriodHalfYear, "MIAN"},
		{onepoint.PeriodYear, "YEAR"},
		{onepoint.PeriodOnDemand, "ADHO"},
		{onepoint.PeriodDay, "WODL"},
		{onepoint.PeriodDay, "INDA"},
	}
}

// mandateFrequencies are those of a direct debit in version 3.1.
func mandateFrequencies() []pair[onepoint.Period] {
	return []pair[onepoint.Period]{
		{onepoint.PeriodDay, "UK.OBIE.Daily"},
		{onepoint.PeriodWeek, "UK.OBIE.Weekly"},
		{onepoint.PeriodFortnight, "UK.OBIE.Fortnightly"},
		{onepoint.PeriodMonth, "UK.OBIE.Monthly"},
		{onepoint.PeriodQuarter, "UK.OBIE.Quarterly"},
		{onepoint.PeriodHalfYear, "UK.OBIE.HalfYearly"},
		{onepoint.PeriodYear, "UK.OBIE.Annual"},
		{onepoint.PeriodOnDemand, "UK.OBIE.NotKnown"},
	}
}

// wireFrequency is OBFrequency6 of version 4.0.
type wireFrequency struct {
	Type           string `json:"Type"`
	CountPerPeriod int    `json:"CountPerPeriod,omitempty"`
	PointInTime    string `json:"PointInTime,omitempty"`
}

func frequencyToWire(f onepoint.Frequency) wireFrequency {
	w := wireFrequency{Type: toWire(frequencies(), f.Period, "NONE")}
	if f.Day > 0 && f.Day < 100 {
		w.PointInTime = fmt.Sprintf("%02d", f.Day)
	}
	return w
}

func frequencyFromWire(w wireFrequency) onepoint.Frequency {
	if strings.ContainsRune(w.Type, ':') || strings.HasPrefix(w.Type, "Evry") { // 4.0 takes the older text as well
		return frequencyFromText(w.Type)
	}
	f := onepoint.Frequency{Period: fromWire(frequencies(), w.Type, onepoint.PeriodOnDemand)}
	if n, err := strconv.Atoi(w.PointInTime); err == nil && n > 0 {
		f.Day = n
	}
	return f
}

// intervals are the months of version 3.1's IntrvlMnthDay.
func intervals() []pair[onepoint.Period] {
	return []pair[onepoint.Period]{
		{onepoint.PeriodMonth, "01"},
		{onepoint.PeriodQuarter, "03"},
		{onepoint.PeriodHalfYear, "06"},
		{onepoint.PeriodYear, "12"},
	}
}

// frequencyToText is a frequency as version 3.1 writes it (OBStandingOrder6,
// Frequency): "IntrvlMnthDay:01:05" is the fifth of every month.
func frequencyToText(f onepoint.Frequency) string {
	switch months := toWire(intervals(), f.Period, ""); {
	case f.Period == onepoint.PeriodDay:
		return "EvryDay"
	case f.Period == onepoint.PeriodWeek:
		return fmt.Sprintf("IntrvlWkDay:01:%02d", min(max(f.Day, 1), 7))
	case f.Period == onepoint.PeriodFortnight:
		return fmt.Sprintf("IntrvlWkDay:02:%02d", min(max(f.Day, 1), 7))
	case months != "":
		return fmt.Sprintf("IntrvlMnthDay:%s:%02d", months, min(max(f.Day, 1), 31))
	}
	return "NotKnown"
}

func frequencyFromText(s string) onepoint.Frequency {
	parts := strings.Split(s, ":")
	last, err := strconv.Atoi(parts[len(parts)-1])
	if err != nil {
		last = 0
	}
	switch {
	case parts[0] == "EvryDay" || parts[0] == "EvryWorkgDay":
		return onepoint.Frequency{Period: onepoint.PeriodDay}
	case s == "QtrDay" || parts[0] == "QtrDay":
		return onepoint.Frequency{Period: onepoint.PeriodQuarter}
	case len(parts) == 3 && parts[0] == "IntrvlWkDay" && parts[1] == "01":
		return onepoint.Frequency{Period: onepoint.PeriodWeek, Day: last}
	case len(parts) == 3 && parts[0] == "IntrvlWkDay" && parts[1] == "02":
		return onepoint.Frequency{Period: onepoint.PeriodFortnight, Day: last}
	case len(parts) == 3 && parts[0] == "WkInMnthDay":
		return onepoint.Frequency{Period: onepoint.PeriodMonth}
	case len(parts) == 3 && parts[0] == "IntrvlMnthDay":
		return onepoint.Frequency{Period: fromWire(intervals(), parts[1], onepoint.PeriodOnDemand), Day: max(last, 0)}
	}
	return onepoint.Frequency{Period: onepoint.PeriodOnDemand}
}
