package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// busyAccount writes a bank in the form of the PKDD'99 data with one customer,
// berka-1, whose one account has n movements: enough to be caught in the middle
// of reading them.
func busyAccount(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	day := time.Date(1993, 1, 1, 0, 0, 0, 0, time.UTC)
	var rows strings.Builder
	rows.WriteString(`"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";"account"` + "\r\n")
	crowns := 0
	for i := range n {
		kind, operation, amount := "VYDAJ", "PREVOD NA UCET", 10+i%90
		if i%5 == 0 {
			kind, operation, amount = "PRIJEM", "PREVOD Z UCTU", 500
			crowns += amount
		} else {
			crowns -= amount
		}
		date := day.AddDate(0, 0, i*450/n).Format("060102")
		fmt.Fprintf(&rows, "%d;1;%s;%q;%q;%d.00;%d.00;%q;%q;%q\r\n", i+1, date, kind, operation, amount, crowns, "SIPO", "QR", fmt.Sprint(10_000_000+i%37))
	}
	files := map[string]string{
		"account.asc":  "\"account_id\";\"district_id\";\"frequency\";\"date\"\r\n1;1;\"POPLATEK MESICNE\";930101\r\n",
		"client.asc":   "\"client_id\";\"birth_number\";\"district_id\"\r\n1;\"706213\";1\r\n",
		"disp.asc":     "\"disp_id\";\"client_id\";\"account_id\";\"type\"\r\n1;1;1;\"OWNER\"\r\n",
		"district.asc": "A1;A2;A3;A4;A5;A6;A7;A8;A9;A10;A11;A12;A13;A14;A15;A16\r\n1;\"Hl.m. Praha\";\"Prague\";1204953;0;0;0;1;1;100.0;12541;0.29;0.43;167;85677;99107\r\n",
		"trans.asc":    rows.String(),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
