package onepoint

import "time"

// ArrangementStatus says whether a direct debit or standing order still runs.
type ArrangementStatus string

// The statuses. UK Open Banking v4.0 writes them ACTV, CANC, EXPI, SUSP
// (ExternalMandateStatus1Code); v3.1 knows active and inactive only.
const (
	ArrangementActive    ArrangementStatus = "active"
	ArrangementCancelled ArrangementStatus = "cancelled"
	ArrangementExpired   ArrangementStatus = "expired"
	ArrangementSuspended ArrangementStatus = "suspended"
)

// Period is how long it takes until something comes again.
type Period string

// The periods. On demand is a thing without rhythm of its own, such as a
// direct debit whose creditor collects when there is something to collect.
const (
	PeriodDay       Period = "day"
	PeriodWeek      Period = "week"
	PeriodFortnight Period = "fortnight"
	PeriodMonth     Period = "month"
	PeriodQuarter   Period = "quarter"
	PeriodHalfYear  Period = "half_year"
	PeriodYear      Period = "year"
	PeriodOnDemand  Period = "on_demand"
)

// Frequency is when something comes again: every Period, on its Day, which
// counts from 1: Monday in a week, the 1st in anything longer. Zero is any day.
type Frequency struct {
	Period Period `json:"period"`
	Day    int    `json:"day,omitempty"`
}

// Next returns the first date after d on which the rhythm falls, counted from a
// date on which it fell, or no date for a rhythm that is none. Months that are
// too short give their last day.
func (f Frequency) Next(anchor, d Date) Date {
	months := map[Period]int{PeriodMonth: 1, PeriodQuarter: 3, PeriodHalfYear: 6, PeriodYear: 12}[f.Period]
	days := map[Period]int{PeriodDay: 1, PeriodWeek: 7, PeriodFortnight: 14}[f.Period]
	switch {
	case anchor.IsZero():
		return Date{}
	case d.Before(anchor):
		return anchor
	case days > 0:
		return anchor.AddDays((anchor.DaysUntil(d)/days + 1) * days)
	case months > 0:
		passed := (d.Year-anchor.Year)*12 + int(d.Month) - int(anchor.Month)
		for n := passed / months * months; ; n += months {
			if next := f.inMonth(anchor, n); d.Before(next) {
				return next
			}
		}
	}
	return Date{}
}

// inMonth is the date of the rhythm n months after the anchor's month.
func (f Frequency) inMonth(anchor Date, n int) Date {
	day := f.Day
	if day == 0 {
		day = anchor.Day
	}
	last := time.Date(anchor.Year, anchor.Month+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC)
	return Date{last.Year(), last.Month(), min(day, last.Day())}
}

// Beneficiary is a payee whom the user keeps at the bank (UK Open Banking,
// OBBeneficiary5). Creditor is empty for a consent without detail.
type Beneficiary struct {
	ID        string       `json:"id"`
	Account   string       `json:"account"` // the bank's resource id
	Trusted   bool         `json:"trusted,omitempty"`
	Reference string       `json:"reference,omitempty"`
	Creditor  Counterparty `json:"creditor,omitzero"`
}

// DirectDebit is a mandate by which a creditor collects from the account (UK
// Open Banking, OBReadDirectDebit2). Amounts are positive.
type DirectDebit struct {
	ID             string            `json:"id"`
	Account        string            `json:"account"`
	Mandate        string            `json:"mandate"`
	Name           string            `json:"name"` // of the creditor's service
	Status         ArrangementStatus `json:"status"`
	Frequency      Frequency         `json:"frequency"`
	Previous       time.Time         `json:"previous,omitzero"` // when it last collected
	PreviousAmount Money             `json:"previousAmount,omitzero"`
}

// StandingOrder is an order to pay the same creditor again and again (UK Open
// Banking, OBStandingOrder6). Amounts are positive; zero times and amounts are
// not known. Creditor is empty for a consent without detail.
type StandingOrder struct {
	ID          string            `json:"id"`
	Account     string            `json:"account"`
	Frequency   Frequency         `json:"frequency"`
	Reference   string            `json:"reference,omitempty"`
	Status      ArrangementStatus `json:"status"`
	First       time.Time         `json:"first,omitzero"`
	FirstAmount Money             `json:"firstAmount,omitzero"`
	Last        time.Time         `json:"last,omitzero"` // the one before now
	LastAmount  Money             `json:"lastAmount,omitzero"`
	Next        time.Time         `json:"next,omitzero"`
	NextAmount  Money             `json:"nextAmount,omitzero"`
	Final       time.Time         `json:"final,omitzero"` // after which none follows
	Creditor    Counterparty      `json:"creditor,omitzero"`
}

// ScheduledPayment is one payment that waits for its day (UK Open Banking,
// OBScheduledPayment3). Arrival says that the money is to be there on that day
// rather than to leave. Amount is positive.
type ScheduledPayment struct {
	ID        string       `json:"id"`
	Account   string       `json:"account"`
	At        time.Time    `json:"at"`
	Arrival   bool         `json:"arrival,omitempty"`
	Reference string       `json:"reference,omitempty"`
	Amount    Money        `json:"amount"`
	Creditor  Counterparty `json:"creditor,omitzero"`
}
