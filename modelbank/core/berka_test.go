package core_test

import (
	"context"
	"encoding/csv"
	"io/fs"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// fileRow is what this test reads from trans.asc by itself.
type fileRow struct {
	id, date        string
	amount, balance int64
}

func fileRows(t *testing.T, dir fs.FS) map[string][]fileRow {
	t.Helper()
	f, err := dir.Open("trans.asc")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	hellers := func(s string) int64 {
		n, err := strconv.ParseInt(strings.Replace(s, ".", "", 1), 10, 64) // every amount of the file has two decimals
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	byAccount := make(map[string][]fileRow)
	for _, row := range rows[1:] {
		amount := hellers(row[5])
		if row[3] != "PRIJEM" {
			amount = -amount
		}
		byAccount[row[1]] = append(byAccount[row[1]], fileRow{row[0], row[2], amount, hellers(row[6])})
	}
	return byAccount
}

func minor(t testing.TB, m onepoint.Money) int64 {
	t.Helper()
	n, err := m.Minor()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestBerkaBooksHoldEveryRowOfTheFile(t *testing.T) {
	dir := berkaDir(t)
	bank, c := openSQLite(t), newClock(noon())
	bankCore := newCore(t, bank, c)
	ctx := context.Background()
	start := time.Now()
	if err := bankCore.LoadBerka(ctx, dir, today()); err != nil {
		t.Fatal(err)
	}
	t.Logf("loaded in %v", time.Since(start))
	files := fileRows(t, dir)
	if len(files) != 591 {
		t.Fatalf("the slice has %d accounts with transactions, want 591", len(files))
	}
	shift := onepoint.Date{Year: 1994, Month: 3, Day: 31}.DaysUntil(today())
	rows, roundedOnly := 0, 0
	for account, want := range files {
		got, err := bank.Entries(ctx, "acc_berka_"+account, core.Range{})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("account %s has %d entries, want %d", account, len(got), len(want))
		}
		rows += len(got)
		byID := make(map[string]core.Entry, len(got))
		for _, e := range got {
			byID[e.Movement] = e
		}
		var sum int64
		last := want[0].date
		for _, w := range want {
			e, ok := byID["mov_berka_"+w.id]
			if !ok || minor(t, e.Amount) != w.amount {
				t.Fatalf("row %s is not in the books with its amount", w.id)
			}
			day, err := time.Parse("20060102", "19"+w.date)
			if err != nil {
				t.Fatal(err)
			}
			if moved := onepoint.DateOf(e.BookedAt.In(london(t))); moved != onepoint.DateOf(day).AddDays(shift) {
				t.Fatalf("row %s is booked on %s", w.id, moved)
			}
			sum += w.amount
			last = max(last, w.date)
		}
		balances, err := bankCore.Balances(ctx, "acc_berka_"+account)
		if err != nil {
			t.Fatal(err)
		}
		if minor(t, balances[0].Amount) != sum || minor(t, got[0].BalanceAfter) != sum {
			t.Fatalf("account %s: booked %s, last running balance %s, want the sum %d", account, balances[0].Amount, got[0].BalanceAfter, sum)
		}
		if closes(want, last, sum) {
			roundedOnly++
		}
	}
	if rows != 23932 {
		t.Errorf("%d entries, want 23932", rows)
	}
	// The slice lacks the interest row of the last day for sixteen accounts, so
	// their last balance in the file is one row ahead.
	if roundedOnly != 591-16 {
		t.Errorf("%d accounts close at a balance of their last day, want %d", roundedOnly, 591-16)
	}
}

// closes reports whether the sum is a balance of the account's last day, as near
// as the file's rounding to tenths allows.
func closes(rows []fileRow, last string, sum int64) bool {
	for _, r := range rows {
		if d := r.balance - sum; r.date == last && d >= -80 && d <= 80 {
			return true
		}
	}
	return false
}

func TestBerkaCustomersLogInAndShareAccounts(t *testing.T) {
	bankCore := newCore(t, openSQLite(t), newClock(noon()))
	ctx := context.Background()
	if err := bankCore.LoadBerka(ctx, berkaDir(t), today()); err != nil {
		t.Fatal(err)
	}
	// disp.asc: account 2 is owned by client 2, and client 3 may use it.
	for _, login := range []string{"berka-2", "berka-3"} {
		customer, err := bankCore.Authenticate(ctx, login, core.SandboxPassword)
		if err != nil {
			t.Fatal(err)
		}
		truth, err := bankCore.Truth(ctx, customer.ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(truth) != 1 || truth[0].Account.ID != "acc_berka_2" || truth[0].Account.Currency != "CZK" || len(truth[0].Transactions) == 0 {
			t.Errorf("%s holds %+v", login, truth)
		}
	}
	if err := bankCore.LoadBerka(ctx, berkaDir(t), today().AddDays(1)); err != nil {
		t.Errorf("loading again: %v", err)
	}
}

func berkaFiles() fstest.MapFS {
	return fstest.MapFS{
		"account.asc":  {Data: []byte("\"account_id\";\"district_id\";\"frequency\";\"date\"\r\n2;1;\"POPLATEK MESICNE\";930226\r\n")},
		"client.asc":   {Data: []byte("\"client_id\";\"birth_number\";\"district_id\"\r\n2;\"450204\";1\r\n")},
		"disp.asc":     {Data: []byte("\"disp_id\";\"client_id\";\"account_id\";\"type\"\r\n2;2;2;\"OWNER\"\r\n")},
		"district.asc": {Data: []byte("A1;A2;A3\r\n1;\"Hl.m. Praha\";\"Prague\"\r\n")},
		"trans.asc":    {Data: []byte("\"trans_id\";\"account_id\";\"date\";\"type\";\"operation\";\"amount\";\"balance\";\"k_symbol\";\"bank\";\"account\"\r\n1;2;930226;\"PRIJEM\";\"VKLAD\";1100.00;1100.00;\"\";;\r\n")},
	}
}

func TestBerkaErrorsNameFileAndLine(t *testing.T) {
	header := "trans_id;account_id;date;type;operation;amount;balance;k_symbol;bank;account\r\n"
	for name, tc := range map[string]struct{ file, data, want string }{
		"a file that is absent":       {"disp.asc", "", "disp.asc cannot be opened"},
		"a row that is too short":     {"trans.asc", header + "1;2;930226\r\n", "trans.asc, line 2: has 3 columns of 10"},
		"a day no calendar has":       {"trans.asc", header + "1;2;930231;PRIJEM;VKLAD;1.00;1.00;;;\r\n", "trans.asc, line 2: date"},
		"an unknown direction":        {"trans.asc", header + "1;2;930226;PLUS;VKLAD;1.00;1.00;;;\r\n", "trans.asc, line 2: type"},
		"an amount with an exponent":  {"trans.asc", header + "1;2;930226;PRIJEM;VKLAD;1e9;1.00;;;\r\n", "trans.asc, line 2: amount"},
		"an account that nobody owns": {"trans.asc", header + "1;9;930226;PRIJEM;VKLAD;1.00;1.00;;;\r\n", "not in account.asc"},
		"a client that is not there":  {"disp.asc", "h\r\n2;77;2;OWNER\r\n", "disp.asc: client_id 77"},
	} {
		t.Run(name, func(t *testing.T) {
			files := berkaFiles()
			if files[tc.file] = (&fstest.MapFile{Data: []byte(tc.data)}); tc.data == "" {
				delete(files, tc.file)
			}
			err := newCore(t, openSQLite(t), newClock(noon())).LoadBerka(context.Background(), files, today())
			if onepoint.CodeOf(err) != onepoint.CodeInvalid || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error of %q", err, tc.want)
			}
		})
	}
}
