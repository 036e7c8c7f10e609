package portal

import (
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank"
)

// words are the functions of the pages.
func (p *Portal) words() template.FuncMap {
	return template.FuncMap{
		"day":     func(t time.Time) string { return p.when(t, "2 January 2006") },
		"moment":  func(t time.Time) string { return p.when(t, "2 Jan 2006, 15:04") },
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"money":   money,
		"shares":  shares,
		"status":  statusWord,
		"tone":    tone,
		"ended":   ended,
		"counted": counted,
		"named":   func(name string) string { return statusWord(onepoint.ConsentStatus(name)) },
		"tab": func(here, name, to, text string) map[string]any {
			return map[string]any{"On": here == name, "To": to, "Text": text}
		},
		"kind": accountKind,
		"date": func(d onepoint.Date) string { return d.Time(time.UTC).Format("2 Jan 2006") },
	}
}

func (p *Portal) when(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.In(p.Zone).Format(layout)
}

// money writes an amount as the bank's customers read it: £1,234.50.
func money(m onepoint.Money) string {
	number, currency := m.Decimal(), string(m.Currency)
	if currency == "" {
		return ""
	}
	sign := ""
	if rest, negative := strings.CutPrefix(number, "-"); negative {
		sign, number = "−", rest
	}
	whole, fraction, cents := strings.Cut(number, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if cents {
		whole += "." + fraction
	}
	switch currency {
	case "GBP":
		return sign + "£" + whole
	case "EUR":
		return sign + "€" + whole
	case "USD":
		return sign + "$" + whole
	}
	return sign + whole + " " + currency
}

func accountKind(a onepoint.Account) string {
	words := map[onepoint.AccountType]string{
		onepoint.AccountCurrent: "Current account", onepoint.AccountSavings: "Savings account",
		onepoint.AccountCard: "Credit card", onepoint.AccountLoan: "Loan",
	}
	if word := words[a.Type]; word != "" {
		return word
	}
	return "Account"
}

// shares says what permissions share, in words that a customer reads.
func shares(permissions []onepoint.Permission) []string {
	has := func(of ...onepoint.Permission) bool {
		return slices.ContainsFunc(of, func(p onepoint.Permission) bool { return slices.Contains(permissions, p) })
	}
	var words []string
	switch {
	case has(onepoint.ReadAccountsDetail):
		words = append(words, "Your account name, number and sort code")
	case has(onepoint.ReadAccountsBasic):
		words = append(words, "The kind and currency of your accounts")
	}
	if has(onepoint.ReadBalances) {
		words = append(words, "Your balances")
	}
	if which := directions(has); which != "" {
		detail := ", with date and amount only"
		if has(onepoint.ReadTransactionsDetail) {
			detail = ", with what they were for and who they were with"
		}
		words = append(words, which+detail)
	}
	if has(onepoint.ReadPAN) {
		words = append(words, "Your full card numbers")
	}
	return append(words, further(permissions)...)
}

func directions(has func(...onepoint.Permission) bool) string {
	switch in, out := has(onepoint.ReadTransactionsCredits), has(onepoint.ReadTransactionsDebits); {
	case in && out:
		return "Your incoming and outgoing payments"
	case in:
		return "Your incoming payments"
	case out:
		return "Your outgoing payments"
	}
	return ""
}

// further names the permissions of resources beside accounts, balances and
// transactions, whatever their level: ReadStandingOrdersDetail is "Your standing
// orders".
func further(permissions []onepoint.Permission) []string {
	var words []string
	for _, permission := range permissions {
		name := string(permission)
		if known(permission) || !strings.HasPrefix(name, "Read") {
			continue
		}
		name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(name, "Read"), "Basic"), "Detail")
		word := "Your " + spaced(name)
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words
}

func known(p onepoint.Permission) bool {
	return p == onepoint.ReadPAN || p == onepoint.ReadBalances ||
		strings.HasPrefix(string(p), "ReadAccounts") || strings.HasPrefix(string(p), "ReadTransactions")
}

// spaced turns StandingOrders into standing orders.
func spaced(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return strings.ToLower(b.String())
}

func statusWord(s onepoint.ConsentStatus) string {
	switch s {
	case onepoint.ConsentAwaiting:
		return "Awaiting"
	case onepoint.ConsentAuthorised:
		return "Active"
	case onepoint.ConsentRejected:
		return "Refused"
	case onepoint.ConsentRevoked:
		return "Ended"
	case onepoint.ConsentExpired:
		return "Expired"
	}
	return string(s)
}

// tone is how a status looks; the word beside it says the same.
func tone(s onepoint.ConsentStatus) string {
	switch s {
	case onepoint.ConsentAuthorised:
		return "good"
	case onepoint.ConsentAwaiting:
		return "open"
	}
	return "over"
}

// ended says who ended a consent.
func ended(c modelbank.Lodged) string {
	switch {
	case !c.Deleted.IsZero():
		return "Ended by the app"
	case c.Status == onepoint.ConsentRevoked:
		return "Ended by you"
	case c.Status == onepoint.ConsentExpired:
		return "Expired"
	case c.Status == onepoint.ConsentRejected:
		return "You refused"
	}
	return ""
}

func counted(c modelbank.Count) string {
	n := strconv.Itoa(c.N)
	for i := len(n) - 3; i > 0; i -= 3 {
		n = n[:i] + "," + n[i:]
	}
	if c.Over {
		return n + "+"
	}
	return n
}
