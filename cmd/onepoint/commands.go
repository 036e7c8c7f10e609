package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

// clientCommands are the commands that talk to the platform's API.
type clientCommands struct {
	Banks        banksCmd        `cmd:"" help:"List the banks, and the logins that a model bank publishes."`
	TPP          tppCmd          `cmd:"" name:"tpp" help:"Register at banks, and see how it stands."`
	Certs        certsCmd        `cmd:"" help:"Keys and certificates: request, install, watch, and move banks to new ones."`
	Credentials  credentialsCmd  `cmd:"" help:"Keep the credentials that banks' portals gave."`
	QTSP         qtspCmd         `cmd:"" name:"qtsp" help:"The local test authority."`
	Audit        auditCmd        `cmd:"" help:"Read and prove the audit log."`
	Connect      connectCmd      `cmd:"" help:"Ask a bank for consent to read accounts."`
	Code         codeCmd         `cmd:"" help:"Print the one-time code of a login that a model bank publishes."`
	Connections  connectionsCmd  `cmd:"" help:"List connections."`
	Pay          payCmd          `cmd:"" help:"Order a payment, authorised by the user at the bank."`
	Payments     paymentsCmd     `cmd:"" help:"List payments, newest first."`
	Funds        fundsCmd        `cmd:"" help:"Ask whether an account could pay an amount."`
	Call         callCmd         `cmd:"" help:"Make a call that a bank has beyond accounts, payments and funds."`
	Sync         syncCmd         `cmd:"" help:"Read the bank now; every connection when none is named."`
	Accounts     accountsCmd     `cmd:"" help:"List accounts with their balance."`
	Balances     balancesCmd     `cmd:"" help:"List every balance."`
	Transactions transactionsCmd `cmd:"" help:"List transactions, newest first."`
	Export       exportCmd       `cmd:"" help:"Write transactions as CSV or JSON Lines."`
}

// jsonFlag is on every command.
type jsonFlag struct {
	JSON bool `help:"Print JSON for scripts: the API's own objects, in one array for a list."`
}

// show prints a list: as one JSON array, or as the table that row fills.
func show[T any](c *cliContext, asJSON bool, items []json.RawMessage, none string, titles []string, row func(*table, T)) error {
	if asJSON {
		return printJSON(c.Out, items)
	}
	all, err := decodeAll[T](items)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Fprintln(c.Out, none)
		return nil
	}
	t := &table{titles: titles}
	for _, one := range all {
		row(t, one)
	}
	t.write(c.Out)
	return nil
}

type banksCmd struct{ jsonFlag }

// Run lists banks.
func (b *banksCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	items, err := cl.list(c.Ctx, "/banks", url.Values{}, 0)
	if err != nil {
		return err
	}
	err = show(c, b.JSON, items, "No banks.", []string{"BANK", "NAME", "COUNTRY", "STANDARD", "REGISTRATION"}, func(t *table, one api.Bank) {
		t.add(one.ID, one.Name, one.Country, one.Standard+" "+one.Version, one.Registration.Status)
	})
	if err != nil || b.JSON {
		return err
	}
	banks, err := decodeAll[api.Bank](items)
	if err != nil {
		return err
	}
	for _, bank := range banks {
		if len(bank.TestUsers) == 0 {
			continue
		}
		fmt.Fprintf(c.Out, "\nLogins at %s:\n", bank.Name)
		t := &table{titles: []string{"LOGIN", "PASSWORD", "CODES (TOTP SECRET)", "WHO"}}
		for _, u := range bank.TestUsers {
			t.add(u.Login, u.Password, u.TOTP, u.About)
		}
		t.write(c.Out)
	}
	return nil
}

type connectionsCmd struct{ jsonFlag }

// Run lists connections.
func (l *connectionsCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	items, err := cl.list(c.Ctx, "/connections", url.Values{}, 0)
	if err != nil {
		return err
	}
	return show(c, l.JSON, items, "No connections. Make one with `onepoint connect BANK`.",
		[]string{"CONNECTION", "BANK", "STATUS", ">ACCOUNTS", "UNTIL", "LAST SYNC", "NOTE"}, func(t *table, one api.Connection) {
			note := one.Message
			if one.Sync != nil && one.Sync.Message != "" {
				note = one.Sync.Message
			}
			t.add(one.ID, one.Bank, one.Status, strconv.Itoa(one.Accounts), day(one.Expires), minute(one.LastSync), note)
		})
}

func day(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Local().Format(time.DateOnly)
}

func minute(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

type accountsCmd struct{ jsonFlag }

// Run lists accounts.
func (l *accountsCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	items, err := cl.list(c.Ctx, "/accounts", url.Values{}, 0)
	if err != nil {
		return err
	}
	return show(c, l.JSON, items, "No accounts. Connect a bank with `onepoint connect BANK`.",
		[]string{"ACCOUNT", "BANK", "NAME", "TYPE", "NUMBER", ">BALANCE"}, func(t *table, one api.Account) {
			number, balance := "-", "-"
			if len(one.Identifiers) > 0 {
				number = one.Identifiers[0].Value
			}
			if one.Balance != nil {
				balance = one.Balance.Amount.String()
			}
			t.add(one.ID, one.BankName, shorten(one.Name, 30), one.Type, number, balance)
		})
}

type balancesCmd struct {
	jsonFlag
	Account string `help:"Only this account's." placeholder:"ID"`
}

// Run lists balances.
func (l *balancesCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	q := url.Values{}
	if l.Account != "" {
		q.Set("account", l.Account)
	}
	items, err := cl.list(c.Ctx, "/balances", q, 0)
	if err != nil {
		return err
	}
	return show(c, l.JSON, items, "No balances.", []string{"ACCOUNT", "TYPE", ">AMOUNT", "AT"}, func(t *table, one api.Balance) {
		t.add(one.Account, one.Type, one.Amount.String(), minute(one.At))
	})
}

// selection is the filter of transactions.
type selection struct {
	Account string `help:"Only this account's." placeholder:"ID"`
	From    string `help:"Booked on or after." placeholder:"YYYY-MM-DD"`
	To      string `help:"Booked on or before." placeholder:"YYYY-MM-DD"`
	Search  string `help:"Words that the text, counterparty or merchant must hold." placeholder:"WORDS"`
}

func (s selection) query() (url.Values, error) {
	q := url.Values{}
	for name, value := range map[string]string{"account": s.Account, "from": s.From, "to": s.To, "q": s.Search} {
		if value == "" {
			continue
		}
		if name == "from" || name == "to" {
			if _, err := onepoint.ParseDate(value); err != nil {
				return nil, onepoint.Missing("list transactions", "--"+name, "must be a date like 2026-03-31")
			}
		}
		q.Set(name, value)
	}
	return q, nil
}

type transactionsCmd struct {
	jsonFlag
	selection
	Limit int `help:"At most this many; 0 for all." default:"50"`
}

// Run lists transactions.
func (l *transactionsCmd) Run(c *cliContext) error {
	if l.Limit < 0 {
		return onepoint.Missing("list transactions", "--limit", "must not be negative")
	}
	q, err := l.query()
	if err != nil {
		return err
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	q.Set("limit", "500")
	if l.Limit > 0 && l.Limit < 500 {
		q.Set("limit", strconv.Itoa(l.Limit))
	}
	items, err := cl.list(c.Ctx, "/transactions", q, l.Limit)
	if err != nil {
		return err
	}
	return show(c, l.JSON, items, "No transactions.", []string{"DATE", "STATUS", ">AMOUNT", "CURRENCY", "TEXT", "COUNTERPARTY"}, func(t *table, one api.Transaction) {
		who := cmp.Or(one.Merchant.Name, one.Counterparty.Name)
		t.add(cmp.Or(one.BookingDate, one.ValueDate), one.Status, one.Amount.Decimal(), string(one.Amount.Currency), shorten(one.Information, 44), shorten(who, 28))
	})
}

type exportCmd struct {
	selection
	Format string `help:"csv or jsonl." enum:"csv,jsonl" default:"csv"`
	Output string `help:"File to write; - is standard output." short:"o" default:"-" placeholder:"FILE"`
}

// Run streams the export. A file appears whole or not at all.
func (e *exportCmd) Run(c *cliContext) error {
	q, err := e.query()
	if err != nil {
		return err
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	q.Set("format", e.Format)
	resp, err := cl.send(c.Ctx, http.MethodGet, "/export?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if e.Output == "-" {
		_, err = io.Copy(c.Out, resp.Body)
		return brokeOff(err)
	}
	tmp := e.Output + ".part"
	f, err := os.Create(tmp)
	if err != nil {
		return fmt.Errorf("write %s: %w", e.Output, err)
	}
	defer os.Remove(tmp) //nolint:errcheck // gone after the rename
	if _, err := io.Copy(f, resp.Body); err != nil {
		f.Close()
		return brokeOff(err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", e.Output, err)
	}
	if err := os.Rename(tmp, e.Output); err != nil {
		return fmt.Errorf("write %s: %w", e.Output, err)
	}
	return nil
}

func brokeOff(err error) error {
	if err == nil {
		return nil
	}
	return onepoint.E(onepoint.CodeUnavailable, "export", "the export broke off before its end; run it again", err)
}
