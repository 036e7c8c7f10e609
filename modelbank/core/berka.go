package core

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
)

// LoadBerka loads the PKDD'99 ("Berka") data set of a Czech bank from dir:
// account.asc, client.asc, disp.asc, district.asc, trans.asc. It takes every
// transaction and every account that has one, moves all dates by the same
// number of days so that the last transaction is of today, and gives each client
// of those accounts the login "berka-" and their client_id. The names are
// invented; the data have none. On a bank that holds the data it does nothing.
//
// The bank's own rounding stays outside: the books are the exact sum of the
// amounts, from which the balance column of the file differs by tenths of a
// crown. Errors of CodeInvalid name the file and the line.
func (c *Core) LoadBerka(ctx context.Context, dir fs.FS, today onepoint.Date) error {
	const op = "load Berka data"
	data, err := readBerkaData(dir)
	if err != nil {
		return err
	}
	hash, err := hashPassword(SandboxPassword)
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	batch, err := data.batch(today, c.zone, hash)
	if err != nil {
		return err
	}
	loaded, err := c.store.Load(ctx, loadBerka, c.now(), batch)
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	if loaded {
		c.log.InfoContext(ctx, "Berka data loaded", "customers", len(batch.Customers), "accounts", len(batch.Accounts), "movements", len(batch.Movements))
	}
	return nil
}

type berkaData struct {
	accounts     []berkaAccount
	clients      []berkaClient
	dispositions []berkaDisposition
	districts    []berkaDistrict
	transactions []berkaTransaction
}

func readBerkaData(dir fs.FS) (d berkaData, err error) {
	if d.accounts, err = readBerka(dir, "account.asc", 4, parseBerkaAccount); err != nil {
		return d, err
	}
	if d.clients, err = readBerka(dir, "client.asc", 3, parseBerkaClient); err != nil {
		return d, err
	}
	if d.dispositions, err = readBerka(dir, "disp.asc", 4, parseBerkaDisposition); err != nil {
		return d, err
	}
	if d.districts, err = readBerka(dir, "district.asc", 2, parseBerkaDistrict); err != nil {
		return d, err
	}
	d.transactions, err = readBerka(dir, "trans.asc", 10, parseBerkaTransaction)
	return d, err
}

// batch turns the rows into the bank's own.
func (d berkaData) batch(today onepoint.Date, zone *time.Location, passwordHash string) (Batch, error) {
	var last onepoint.Date
	byAccount := make(map[int64][]berkaTransaction)
	for _, t := range d.transactions {
		byAccount[t.account] = append(byAccount[t.account], t)
		if last.Before(t.date) {
			last = t.date
		}
	}
	days := 0 // by which every date moves
	if !last.IsZero() {
		days = last.DaysUntil(today)
	}
	var b Batch
	if err := d.people(&b, byAccount, days, passwordHash); err != nil {
		return Batch{}, err
	}
	for _, a := range d.accounts {
		b.Movements = append(b.Movements, berkaMovements(byAccount[a.id], days, zone)...)
	}
	slices.SortStableFunc(b.Movements, func(x, y Movement) int { return x.At.Compare(y.At) })
	return b, nil
}

// people adds the accounts that have transactions, and who holds them.
func (d berkaData) people(b *Batch, byAccount map[int64][]berkaTransaction, days int, passwordHash string) error {
	districts := make(map[int64]string, len(d.districts))
	for _, x := range d.districts {
		districts[x.id] = x.name
	}
	clients := make(map[int64]berkaClient, len(d.clients))
	for _, x := range d.clients {
		clients[x.id] = x
	}
	holders := make(map[int64][]berkaDisposition)
	for _, x := range d.dispositions {
		holders[x.account] = append(holders[x.account], x)
	}
	added, found := make(map[int64]bool), 0
	for _, a := range d.accounts {
		if len(byAccount[a.id]) == 0 {
			continue
		}
		found++
		who := holders[a.id]
		slices.SortStableFunc(who, func(x, y berkaDisposition) int { return cmp.Compare(btoi(y.owner), btoi(x.owner)) })
		account := berkaAccountOf(a, districts[a.district], days)
		for i, h := range who {
			client, known := clients[h.client]
			if !known {
				return onepoint.E(onepoint.CodeInvalid, "load Berka data", fmt.Sprintf("disp.asc: client_id %d is not in client.asc", h.client), nil)
			}
			customer := client.customer(passwordHash)
			if !added[client.id] {
				added[client.id] = true
				b.Customers = append(b.Customers, customer)
			}
			if i == 0 {
				account.Holder = customer.Name
			}
			account.Holders = append(account.Holders, customer.ID)
		}
		b.Accounts = append(b.Accounts, account)
	}
	if found != len(byAccount) {
		return onepoint.E(onepoint.CodeInvalid, "load Berka data", "trans.asc: has transactions of accounts that are not in account.asc", nil)
	}
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func berkaAccountID(id int64) string { return fmt.Sprintf("acc_berka_%d", id) }

func berkaAccountOf(a berkaAccount, district string, days int) Account {
	product := "Personal Account"
	if district != "" {
		product += ", " + district
	}
	return Account{Account: onepoint.Account{
		ID: berkaAccountID(a.id), Identifiers: czechIdentifiers(a.id), Currency: "CZK", Type: onepoint.AccountCurrent,
		Usage: onepoint.UsagePersonal, Product: product, Opened: a.opened.AddDays(days),
	}}
}

func (c berkaClient) customer(passwordHash string) Customer {
	women := []string{"Jana", "Marie", "Eva", "Hana", "Anna", "Lenka", "Věra", "Alena", "Petra", "Lucie", "Zuzana"}
	men := []string{"Jan", "Petr", "Josef", "Pavel", "Martin", "Tomáš", "Jaroslav", "Miroslav", "Karel", "Zdeněk", "Václav"}
	families := [][2]string{
		{"Novák", "Nováková"},
		{"Svoboda", "Svobodová"},
		{"Novotný", "Novotná"},
		{"Dvořák", "Dvořáková"},
		{"Černý", "Černá"},
		{"Procházka", "Procházková"},
		{"Kučera", "Kučerová"},
		{"Veselý", "Veselá"},
		{"Horák", "Horáková"},
		{"Němec", "Němcová"},
		{"Pokorný", "Pokorná"},
		{"Marek", "Marková"},
		{"Hájek", "Hájková"},
	}
	first, family := men[c.id%11], families[c.id/11%13][0]
	if c.female {
		first, family = women[c.id%11], families[c.id/11%13][1]
	}
	return Customer{
		ID: fmt.Sprintf("cus_berka_%d", c.id), Login: fmt.Sprintf("berka-%d", c.id), Name: first + " " + family, PasswordHash: passwordHash,
	}
}

// berkaMovements turns one account's transactions into movements, a second apart
// from midnight on each day.
func berkaMovements(rows []berkaTransaction, days int, zone *time.Location) []Movement {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(x, y berkaTransaction) int { return x.date.DaysUntil(y.date) * -1 })
	movements := make([]Movement, 0, len(rows))
	var balance int64
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].date == rows[0].date {
			n++
		}
		chain(rows[:n], balance)
		midnight := rows[0].date.AddDays(days).Time(zone)
		for i, t := range rows[:n] {
			balance += t.amount
			movements = append(movements, t.movement(midnight.Add(time.Duration(i)*time.Second)))
		}
		rows = rows[n:]
	}
	return movements
}

// chain orders one day's rows so that each row's balance follows from the one
// before as nearly as can be: the data do not tell the order within a day.
func chain(day []berkaTransaction, balance int64) {
	for i := range day {
		best := i
		for j := i + 1; j < len(day); j++ {
			if day[j].gap(balance) < day[best].gap(balance) {
				best = j
			}
		}
		day[i], day[best] = day[best], day[i]
		balance = day[i].balance
	}
}

// gap is how far the balance before the row, by its own account, is from the one
// given.
func (t berkaTransaction) gap(balance int64) int64 {
	d := t.balance - t.amount - balance
	return max(d, -d)
}

func (t berkaTransaction) movement(at time.Time) Movement {
	against, st := t.statement()
	amount := onepoint.MinorMoney(t.amount, "CZK")
	return Movement{
		ID: fmt.Sprintf("mov_berka_%d", t.id), At: at,
		Legs: []Leg{{berkaAccountID(t.account), amount, st}, {Internal(against, "CZK"), amount.Neg(), Statement{}}},
	}
}

// statement says in English what operation and k_symbol say in Czech, and which
// internal account takes the other side.
func (t berkaTransaction) statement() (InternalKind, Statement) {
	st := Statement{ProprietaryCode: t.kind + "/" + t.operation + "/" + t.symbol}
	if t.partner != "" || t.bank != "" {
		st.Counterparty.Agent = t.bank
		if t.partner != "" {
			st.Counterparty.Identifier = onepoint.Identifier{Scheme: onepoint.SchemeBBAN, Value: t.partner}
		}
	}
	switch t.symbol { // what the bank itself charges or pays, whatever the operation
	case "UROK":
		st.Information, st.BankCode = "INTEREST CREDITED", "ACMT-MCOP-INTR"
		return InterestPaid, st
	case "SANKC. UROK":
		st.Information, st.BankCode = "PENALTY INTEREST", "ACMT-MDOP-INTR"
		return InterestCharged, st
	case "SLUZBY":
		st.Information, st.BankCode = "STATEMENT FEE", "ACMT-MDOP-CHRG"
		return Fees, st
	}
	against := ClearingCertis
	switch t.operation {
	case "VKLAD":
		against, st.Information, st.BankCode = Cash, "CASH DEPOSIT", "PMNT-CNTR-CDPT"
	case "VYBER":
		against, st.Information, st.BankCode = Cash, "CASH WITHDRAWAL", "PMNT-CNTR-CWDL"
	case "VYBER KARTOU":
		against, st.Information, st.BankCode = CardScheme, "CARD WITHDRAWAL", "PMNT-CCRD-CWDL"
	case "PREVOD Z UCTU":
		st.Information, st.BankCode = "TRANSFER FROM ACCOUNT", "PMNT-RCDT-DMCT"
	case "PREVOD NA UCET":
		st.Information, st.BankCode = "TRANSFER TO ACCOUNT", "PMNT-ICDT-DMCT"
	default:
		st.Information = "TRANSACTION"
	}
	purposes := map[string]string{
		"SIPO": "HOUSEHOLD PAYMENT", "UVER": "LOAN PAYMENT", "POJISTNE": "INSURANCE", "LEASING": "LEASING", "DUCHOD": "PENSION",
	}
	if purpose := purposes[t.symbol]; purpose != "" {
		st.Information += " - " + purpose
	}
	return against, st
}
