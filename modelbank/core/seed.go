package core

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
)

// SandboxPassword is every seeded customer's password: the money is not real
// and neither are they.
const SandboxPassword = "onepoint-demo"

// SandboxTOTP is the secret of their one-time codes (RFC 6238, base32), as
// published as the password.
const SandboxTOTP = "ONEPOINTDEMOCUSTOMERSTOTPSECRETS"

// Names under which data are loaded: each at most once.
const (
	loadDemo  = "demo"
	loadBerka = "berka"
)

// historyMonths is how far back the seeded customers' history goes.
const historyMonths = 18

// Seed gives the bank its demonstration customers alice, bob and carol, with a
// history that ends today. It is the same for the same day. On a bank that has
// them it does nothing.
func (c *Core) Seed(ctx context.Context, today onepoint.Date) error {
	const op = "seed the bank"
	hash, err := hashPassword(SandboxPassword)
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	s := &seeder{
		today: today, zone: c.zone, passwordHash: hash,
		random: rand.New(rand.NewPCG(1, 2)), // repeatable on purpose
	}
	seedAlice(s)
	seedBob(s)
	seedCarol(s)
	seedInformation(s)
	loaded, err := c.store.Load(ctx, loadDemo, c.now(), s.finish(c.now()))
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	if loaded {
		c.log.InfoContext(ctx, "bank seeded", "customers", len(s.batch.Customers), "accounts", len(s.batch.Accounts), "movements", len(s.batch.Movements))
	}
	return nil
}

// seeder writes a batch of invented history.
type seeder struct {
	today        onepoint.Date
	zone         *time.Location
	random       *rand.Rand
	passwordHash string
	batch        Batch
}

func (s *seeder) customer(login, name string) string {
	id := "cus_" + login
	s.batch.Customers = append(s.batch.Customers, Customer{ID: id, Login: login, Name: name, PasswordHash: s.passwordHash})
	return id
}

func (s *seeder) account(a Account) seedAccount {
	s.batch.Accounts = append(s.batch.Accounts, a)
	return seedAccount{s: s, id: a.ID, currency: a.Currency}
}

// at is a time of day, in the bank's zone. No seeded hour is one that a change
// of the clocks skips.
func (s *seeder) at(d onepoint.Date, hour, minute int) time.Time {
	return time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, s.zone)
}

func (s *seeder) move(at time.Time, pending bool, legs ...Leg) {
	s.batch.Movements = append(s.batch.Movements, Movement{
		ID: fmt.Sprintf("mov_demo_%05d", len(s.batch.Movements)+1), At: at, Pending: pending, Legs: legs,
	})
}

// finish puts the movements in order; what would lie in the future happens now.
func (s *seeder) finish(now time.Time) Batch {
	for i, m := range s.batch.Movements {
		if m.At.After(now) {
			s.batch.Movements[i].At = now
		}
	}
	slices.SortStableFunc(s.batch.Movements, func(a, b Movement) int { return a.At.Compare(b.At) })
	return s.batch
}

// between picks an amount in minor units, both ends possible.
func (s *seeder) between(low, high int64) int64 { return low + s.random.Int64N(high-low+1) }

// months calls fn with the first day of each month of the history, up to the
// current one.
func (s *seeder) months(fn func(first onepoint.Date)) {
	for back := historyMonths; back >= 0; back-- {
		t := time.Date(s.today.Year, s.today.Month-time.Month(back), 1, 0, 0, 0, 0, time.UTC)
		fn(onepoint.DateOf(t))
	}
}

// days calls fn with each day of the history up to yesterday.
func (s *seeder) days(fn func(d onepoint.Date, weekday time.Weekday)) {
	first := onepoint.DateOf(time.Date(s.today.Year, s.today.Month-historyMonths, 1, 0, 0, 0, 0, time.UTC))
	for d := first; d.Before(s.today); d = d.AddDays(1) {
		fn(d, d.Time(time.UTC).Weekday())
	}
}

// past reports whether a day lies before today.
func (s *seeder) past(d onepoint.Date) bool { return d.Before(s.today) }

// workday is d, or the next Monday when d is on a weekend.
func workday(d onepoint.Date) onepoint.Date {
	switch d.Time(time.UTC).Weekday() {
	case time.Saturday:
		return d.AddDays(2)
	case time.Sunday:
		return d.AddDays(1)
	}
	return d
}

// workdayBefore is d, or the Friday before when d is on a weekend: paydays.
func workdayBefore(d onepoint.Date) onepoint.Date {
	switch d.Time(time.UTC).Weekday() {
	case time.Saturday:
		return d.AddDays(-1)
	case time.Sunday:
		return d.AddDays(-2)
	}
	return d
}

// seedAccount is one account that is being given a history.
type seedAccount struct {
	s        *seeder
	id       string
	currency onepoint.Currency
}

// book posts an amount against an internal account.
func (a seedAccount) book(at time.Time, minor int64, against InternalKind, st Statement) {
	amount := onepoint.MinorMoney(minor, a.currency)
	a.s.move(at, false, Leg{a.id, amount, st}, Leg{Internal(against, a.currency), amount.Neg(), Statement{}})
}

// hold is book for an item that is pending.
func (a seedAccount) hold(at time.Time, minor int64, against InternalKind, st Statement) {
	amount := onepoint.MinorMoney(minor, a.currency)
	a.s.move(at, true, Leg{a.id, amount, st}, Leg{Internal(against, a.currency), amount.Neg(), Statement{}})
}

// regular is something that comes every month.
type regular struct {
	day        int
	minor      int64
	against    InternalKind
	hour       int
	early      bool // moved before a weekend, not after
	skip       func(time.Month) bool
	text       string
	reference  string
	party      onepoint.Counterparty
	code       string
	bankCode   string
	drift      int64 // the amount varies by up to this
	yearlyRise int64 // and changes by this every April
}

func (a seedAccount) every(r regular) {
	var paid []payment
	defer func() { a.arrange(r, paid) }()
	a.s.months(func(first onepoint.Date) {
		day := workday(first.AddDays(r.day - 1))
		if r.early {
			day = workdayBefore(first.AddDays(r.day - 1))
		}
		if !a.s.past(day) || (r.skip != nil && r.skip(first.Month)) {
			return
		}
		minor := r.minor
		if r.drift > 0 {
			minor += a.s.between(-r.drift, r.drift)
		}
		if april := (onepoint.Date{Year: a.s.today.Year, Month: time.April, Day: 1}); !first.Before(april) {
			minor += r.yearlyRise
		}
		paid = append(paid, payment{a.s.at(day, r.hour, 5), minor})
		a.book(a.s.at(day, r.hour, 5), minor, r.against, Statement{
			Information: r.text, Reference: r.reference, Counterparty: r.party, ProprietaryCode: r.code, BankCode: r.bankCode,
		})
	})
}

// shop is a merchant with what a visit costs.
type shop struct {
	text      string
	name      string
	category  string // ISO 18245
	low, high int64
}

func (sh shop) statement() Statement {
	return Statement{
		Information: sh.text, Merchant: onepoint.Merchant{Name: sh.name, CategoryCode: sh.category},
		BankCode: "PMNT-CCRD-POSD", ProprietaryCode: "DEB",
	}
}

func (a seedAccount) visit(d onepoint.Date, hour int, sh shop) {
	a.book(a.s.at(d, hour, int(a.s.between(0, 59))), -a.s.between(sh.low, sh.high), CardScheme, sh.statement())
}

// transfer moves money between two accounts of this bank in one currency.
func (s *seeder) transfer(at time.Time, from, to seedAccount, minor int64, out, in Statement) {
	out.BankCode, out.ProprietaryCode = "PMNT-ICDT-BOOK", "TFR"
	in.BankCode, in.ProprietaryCode = "PMNT-RCDT-BOOK", "TFR"
	s.move(at, false,
		Leg{from.id, onepoint.MinorMoney(-minor, from.currency), out},
		Leg{to.id, onepoint.MinorMoney(minor, to.currency), in})
}

func (s *seeder) pick(shops []shop) shop { return shops[s.random.IntN(len(shops))] }

func partyUK(name, sortCodeNumber string) onepoint.Counterparty {
	return onepoint.Counterparty{Name: name, Identifier: onepoint.Identifier{Scheme: onepoint.SchemeSortCode, Value: sortCodeNumber}}
}

func partyIBAN(name, country, bban, bic string) onepoint.Counterparty {
	return onepoint.Counterparty{Name: name, Identifier: onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: iban(country, bban)}, Agent: bic}
}
