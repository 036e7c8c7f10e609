package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
)

type payCmd struct {
	jsonFlag
	Bank      string `arg:"" help:"The bank's id, as 'onepoint banks' shows it."`
	Amount    string `arg:"" help:"Such as 12.50."`
	Currency  string `help:"ISO 4217." default:"EUR"`
	ToName    string `help:"Who is paid." required:"" placeholder:"NAME"`
	To        string `help:"The IBAN that is paid." required:"" placeholder:"IBAN"`
	ToBIC     string `help:"The BIC of the creditor's bank, for an international payment." placeholder:"BIC"`
	From      string `help:"The IBAN that pays; without it the user chooses at the bank." placeholder:"IBAN"`
	Text      string `help:"What the creditor reads." placeholder:"WORDS"`
	Reference string `help:"The creditor's reference, instead of --text."`
	Scheme    string `help:"How the money travels." default:"sepa" enum:"sepa,sepa_instant,domestic,international,book_transfer"`
	Key       string `help:"Idempotency key: the same key never pays twice. Made when absent."`
	PSU       string `name:"psu" help:"Login at a local model bank, with --approve." placeholder:"LOGIN"`
	Password  string `help:"Password at the local model bank; the published one by default." env:"ONEPOINT_PSU_PASSWORD" placeholder:"WORD"`
	Approve   bool   `help:"Log in and agree at a local model bank, and return when paid: for tests and demos."`
	Refuse    bool   `help:"Log in and refuse instead."`
}

// Run orders the payment; it prints where the user must go, or goes there itself.
func (p *payCmd) Run(c *cliContext) error {
	driving := p.Approve || p.Refuse
	if driving != (p.PSU != "") || p.Approve && p.Refuse {
		return onepoint.Missing("pay", "--psu", "goes together with --approve or --refuse")
	}
	amount, err := onepoint.ParseMoney(p.Amount, onepoint.Currency(p.Currency))
	if err != nil {
		return onepoint.Missing("pay", "AMOUNT", "must be a decimal such as 12.50")
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	paid, err := p.order(c, cl, amount)
	if err != nil {
		return err
	}
	if driving {
		if paid, err = p.drive(c, cl, paid); err != nil {
			return err
		}
	}
	if p.JSON {
		return printJSON(c.Out, paid)
	}
	if !driving {
		fmt.Fprintf(c.Out, "Open this address, log in at %s and agree:\n\n  %s\n\nThen `onepoint payments` shows %s.\n", paid.BankName, paid.Redirect, paid.ID)
		return nil
	}
	fmt.Fprintf(c.Out, "%s: %s, %s to %s\n", paid.ID, paid.Status, paid.Amount, paid.Creditor.Name)
	return nil
}

func (p *payCmd) order(c *cliContext, cl *client, amount onepoint.Money) (paid api.Payment, err error) {
	if p.Key == "" {
		p.Key = rand.Text()
	}
	in := map[string]any{
		"bank": p.Bank, "scheme": p.Scheme, "amount": amount, "information": p.Text, "reference": p.Reference,
		"creditor": map[string]any{"name": p.ToName, "agent": p.ToBIC, "identifier": map[string]string{"scheme": "IBAN", "value": p.To}},
	}
	if p.From != "" {
		in["debtor"] = map[string]string{"scheme": "IBAN", "value": p.From}
	}
	return paid, cl.callWith(c.Ctx, http.MethodPost, "/payments", http.Header{"Idempotency-Key": {p.Key}}, in, &paid)
}

func (p *payCmd) drive(c *cliContext, cl *client, paid api.Payment) (api.Payment, error) {
	if paid.Redirect == "" {
		return paid, onepoint.E(onepoint.CodeConflict, "pay", "this payment was authorised or refused before; it is "+paid.Status, nil)
	}
	flat, err := visitBank(c, cl, bankVisit{Bank: p.Bank, Redirect: paid.Redirect, PSU: p.PSU, Password: p.Password, Approve: p.Approve})
	if err != nil {
		return paid, err
	}
	if err := cl.call(c.Ctx, http.MethodPost, "/payments/callback", map[string]any{"params": flat}, &paid); err != nil {
		return paid, err
	}
	for paid.Status != "completed" && paid.Status != "rejected" && paid.Status != "cancelled" {
		if err := pause(c, 200*time.Millisecond); err != nil {
			return paid, err
		}
		if err := cl.call(c.Ctx, http.MethodGet, "/payments/"+url.PathEscape(paid.ID), nil, &paid); err != nil {
			return paid, err
		}
	}
	if paid.Status != "completed" {
		if p.JSON {
			if err := printJSON(c.Out, paid); err != nil {
				return paid, err
			}
		}
		return paid, onepoint.E(onepoint.CodeConflict, "pay", "not paid: "+paid.Message, nil)
	}
	return paid, nil
}

type paymentsCmd struct{ jsonFlag }

// Run lists payments.
func (l *paymentsCmd) Run(c *cliContext) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	items, err := cl.list(c.Ctx, "/payments", url.Values{}, 0)
	if err != nil {
		return err
	}
	return show(c, l.JSON, items, "No payments.", []string{"PAYMENT", "BANK", "STATUS", ">AMOUNT", "TO", "CREATED", "NOTE"}, func(t *table, one api.Payment) {
		t.add(one.ID, one.Bank, one.Status, one.Amount.String(), shorten(one.Creditor.Name, 28), minute(&one.Created), one.Message)
	})
}

type fundsCmd struct {
	jsonFlag
	Connection string `arg:"" help:"A connection made with 'onepoint connect BANK --funds'."`
	Amount     string `arg:"" help:"Such as 12.50."`
	Currency   string `help:"ISO 4217." default:"EUR"`
}

// Run asks the bank.
func (f *fundsCmd) Run(c *cliContext) error {
	amount, err := onepoint.ParseMoney(f.Amount, onepoint.Currency(f.Currency))
	if err != nil {
		return onepoint.Missing("confirm funds", "AMOUNT", "must be a decimal such as 12.50")
	}
	cl, err := c.client()
	if err != nil {
		return err
	}
	var answer api.Funds
	if err := cl.call(c.Ctx, http.MethodPost, "/connections/"+url.PathEscape(f.Connection)+"/funds", map[string]any{"amount": amount}, &answer); err != nil {
		return err
	}
	if f.JSON {
		return printJSON(c.Out, answer)
	}
	if answer.Available {
		fmt.Fprintf(c.Out, "yes, %s is available\n", answer.Amount)
	} else {
		fmt.Fprintf(c.Out, "no, %s is not available\n", answer.Amount)
	}
	return nil
}
