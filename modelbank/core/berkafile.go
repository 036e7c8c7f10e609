package core

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// The files are outside bytes: bound what is read of each.
const (
	maxBerkaFile = 128 << 20
	maxBerkaRows = 2_000_000
)

// berkaTransaction is one row of trans.asc. Amount is signed.
type berkaTransaction struct {
	id, account int64
	date        onepoint.Date
	kind        string // type: PRIJEM, VYDAJ, VYBER
	operation   string
	symbol      string
	amount      int64 // minor units
	balance     int64 // after it, by the file
	bank        string
	partner     string
}

type berkaAccount struct {
	id, district int64
	opened       onepoint.Date
}

type berkaClient struct {
	id     int64
	female bool
}

type berkaDisposition struct {
	client, account int64
	owner           bool
}

// rowFault says what is wrong in a row: the column and what was expected. It
// never repeats the value.
type rowFault struct{ column, want string }

func (f rowFault) Error() string { return f.column + " must be " + f.want }

// readBerka reads one file and parses each row after the header. Its errors name
// the file and the line.
func readBerka[T any](dir fs.FS, name string, columns int, parse func([]string) (T, error)) ([]T, error) {
	fault := func(line int, message string, cause error) error {
		e := onepoint.E(onepoint.CodeInvalid, "load Berka data", fmt.Sprintf("%s, line %d: %s", name, line, message), cause)
		e.Fields = []onepoint.Field{{Name: name, Message: message}}
		return e
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil, onepoint.E(onepoint.CodeInvalid, "load Berka data", name+" cannot be opened: is this the directory of the data set?", err)
	}
	defer f.Close() //nolint:errcheck // nothing is lost by closing a read
	limited := &io.LimitedReader{R: f, N: maxBerkaFile}
	r := csv.NewReader(limited)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = ';', true, -1, true
	var rows []T
	for first := true; ; first = false {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			if limited.N == 0 {
				return nil, onepoint.E(onepoint.CodeInvalid, "load Berka data", name+" is larger than this loader reads", nil)
			}
			return rows, nil
		}
		line, _ := r.FieldPos(0)
		switch {
		case err != nil:
			return nil, fault(line, "cannot be read as semicolon-separated text", err)
		case first:
			continue
		case len(fields) < columns:
			return nil, fault(line, fmt.Sprintf("has %d columns of %d", len(fields), columns), nil)
		case len(rows) == maxBerkaRows:
			return nil, fault(line, "more rows than this loader reads", nil)
		}
		row, err := parse(fields)
		if err != nil {
			return nil, fault(line, err.Error(), err)
		}
		rows = append(rows, row)
	}
}

func parseBerkaTransaction(f []string) (t berkaTransaction, err error) {
	if t.id, err = berkaID(f[0], "trans_id"); err != nil {
		return t, err
	}
	if t.account, err = berkaID(f[1], "account_id"); err != nil {
		return t, err
	}
	if t.date, err = berkaDate(f[2], "date"); err != nil {
		return t, err
	}
	t.kind, t.operation, t.symbol = berkaText(f[3]), berkaText(f[4]), berkaText(f[7])
	if t.amount, err = berkaAmount(f[5], "amount"); err != nil {
		return t, err
	}
	switch t.kind {
	case "PRIJEM":
	case "VYDAJ", "VYBER":
		t.amount = -t.amount
	default:
		return t, rowFault{"type", "PRIJEM, VYDAJ or VYBER"}
	}
	if t.balance, err = berkaAmount(f[6], "balance"); err != nil {
		return t, err
	}
	t.bank = berkaText(f[8])
	if t.partner = berkaText(f[9]); t.partner == "0" { // how the data say "none"
		t.partner = ""
	}
	if len(t.bank) > 11 || len(t.partner) > 34 || len(t.operation) > 40 || len(t.symbol) > 40 {
		return t, rowFault{"the text of a column", "shorter"}
	}
	return t, nil
}

func parseBerkaAccount(f []string) (a berkaAccount, err error) {
	if a.id, err = berkaID(f[0], "account_id"); err != nil {
		return a, err
	}
	if a.district, err = berkaID(f[1], "district_id"); err != nil {
		return a, err
	}
	a.opened, err = berkaDate(f[3], "date")
	return a, err
}

// parseBerkaClient reads the sex from the birth number: women's months are 50
// higher.
func parseBerkaClient(f []string) (c berkaClient, err error) {
	if c.id, err = berkaID(f[0], "client_id"); err != nil {
		return c, err
	}
	birth := berkaText(f[1])
	if len(birth) != 6 || !digits(birth) {
		return c, rowFault{"birth_number", "six digits"}
	}
	c.female = birth[2] >= '5'
	return c, nil
}

func parseBerkaDisposition(f []string) (d berkaDisposition, err error) {
	if d.client, err = berkaID(f[1], "client_id"); err != nil {
		return d, err
	}
	if d.account, err = berkaID(f[2], "account_id"); err != nil {
		return d, err
	}
	switch berkaText(f[3]) {
	case "OWNER":
		d.owner = true
	case "DISPONENT":
	default:
		return d, rowFault{"type", "OWNER or DISPONENT"}
	}
	return d, nil
}

// berkaDistrict is a row of district.asc: A1 and A2 of it.
type berkaDistrict struct {
	id   int64
	name string
}

func parseBerkaDistrict(f []string) (d berkaDistrict, err error) {
	if d.id, err = berkaID(f[0], "A1"); err != nil {
		return d, err
	}
	if d.name = berkaText(f[1]); d.name == "" || len(d.name) > 50 {
		return d, rowFault{"A2", "a name"}
	}
	return d, nil
}

// berkaText frees a value of blanks and of quotes that were left in it. It is a
// copy: the reader uses its buffer again.
func berkaText(s string) string { return strings.Clone(strings.TrimSpace(strings.Trim(s, `"`))) }

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// berkaID reads a number that fits the eight digits an account number has room
// for.
func berkaID(s, column string) (int64, error) {
	s = berkaText(s)
	if len(s) > 8 || !digits(s) {
		return 0, rowFault{column, "a number of at most eight digits"}
	}
	return strconv.ParseInt(s, 10, 64)
}

// berkaDate reads YYMMDD of the twentieth century; card.asc and others append a
// time of day, which is ignored.
func berkaDate(s, column string) (onepoint.Date, error) {
	s = berkaText(s)
	day, _, _ := strings.Cut(s, " ")
	if len(day) != 6 || !digits(day) {
		return onepoint.Date{}, rowFault{column, "a date as YYMMDD"}
	}
	t, err := time.Parse("20060102", "19"+day)
	if err != nil {
		return onepoint.Date{}, rowFault{column, "a day that the calendar has"}
	}
	return onepoint.DateOf(t), nil
}

func berkaAmount(s, column string) (int64, error) {
	m, err := onepoint.ParseMoney(berkaText(s), "CZK")
	if err != nil {
		return 0, rowFault{column, "an amount such as 123.40"}
	}
	minor, err := m.Minor()
	if err != nil || minor > maxMinor>>20 || minor < -maxMinor>>20 || (column == "amount" && minor < 0) {
		return 0, rowFault{column, "an amount of at most two decimals"}
	}
	return minor, nil
}
