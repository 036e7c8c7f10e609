package modelbank

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

// PaymentIntent is a payment, VRP or funds consent as its user is shown it: what
// the authorization server binds the second factor to.
type PaymentIntent struct {
	ConsentID string
	TPPName   string
	Kind      string // payments, vrp or fundsconfirmations
	Title     string
	Lines     []PaymentLine
	Only      string // the account that the TPP named; "": the user chooses one
	Currency  string // of the accounts to choose from
	Expires   time.Time
	Renewal   bool // it was authorised before
}

// PaymentLine is one thing that the user agrees to.
type PaymentLine struct{ Label, Value string }

// Handles reports whether a consent id is one of these consents'.
func (p *Payments) Handles(consentID string) bool {
	prefix, _, _ := strings.Cut(consentID, "_")
	return slices.Contains([]string{paymentPrefix, vrpPrefix, fundsPrefix}, prefix)
}

// Intent is what a client asks the user for. CodeNotFound for an unknown consent,
// CodeForbidden for another client's, CodeConflict for one that cannot be
// authorised any more.
func (p *Payments) Intent(ctx context.Context, clientID, consentID string) (PaymentIntent, error) {
	const op = "read payment intent"
	c, err := p.Store.PaymentConsent(ctx, consentID)
	if err != nil {
		return PaymentIntent{}, onepoint.E("", op, "", err)
	}
	if err := belongs(&c, onepoint.TPP{ClientID: clientID}, c.Kind, op); err != nil {
		return PaymentIntent{}, err
	}
	if err := approvablePayment(&c, p.Now()); err != nil {
		return PaymentIntent{}, err
	}
	in := PaymentIntent{
		ConsentID: c.ID, TPPName: c.TPP.Name, Kind: "payments", Title: "Make a payment", Currency: string(homeCurrency),
		Expires: c.Expires, Renewal: c.Customer != "", Lines: p.lines(&c),
	}
	switch c.Kind {
	case obie.DomesticVRP:
		in.Kind, in.Title, in.Expires = "vrp", "Allow variable recurring payments", c.Limits.ValidTo
	case obie.FundsConfirmation:
		in.Kind, in.Title = "fundsconfirmations", "Allow questions whether money is there"
	}
	if d := c.Instruction.Debtor; d.Value != "" {
		a, err := p.Core.AccountByIdentifier(ctx, d)
		if err != nil {
			return in, onepoint.E(onepoint.CodeConflict, op, "the account named in the request is not at this bank", err)
		}
		in.Only = a.ID
	}
	return in, nil
}

// approvablePayment refuses a consent that its user cannot authorise now.
func approvablePayment(c *obie.PaymentConsent, now time.Time) error {
	renewable := c.Kind == obie.DomesticVRP || c.Kind == obie.FundsConfirmation
	state := consentAt(c, now)
	if c.Deleted.IsZero() && (state == obie.AwaitingAuthorisation || renewable && (state == obie.Authorised || state == obie.Cancelled)) {
		return nil
	}
	return onepoint.E(onepoint.CodeConflict, "authorise payment", "the request has ended: the application must make a new one", nil)
}

// lines are what the user agrees to: amount and payee first.
func (p *Payments) lines(c *obie.PaymentConsent) []PaymentLine {
	var out []PaymentLine
	add := func(label, value string) {
		if value != "" {
			out = append(out, PaymentLine{label, value})
		}
	}
	i := c.Instruction
	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(p.Zone).Format("2 January 2006")
	}
	if !i.Amount.IsZero() {
		add("Amount", i.Amount.String())
	}
	add("Payee", i.Creditor.Name)
	add("Payee's account", i.Creditor.Identifier.Value)
	add("Reference", i.Reference)
	add("Message", i.Information)
	add("On", day(i.Execute))
	if o := i.Order; o != nil {
		add("How often", o.Frequency)
		add("First payment", day(o.First))
		add("Last payment", day(o.Final))
	}
	if f := i.File; f != nil {
		add("Payments in the file", fmt.Sprint(f.Count))
		add("Sum of the file", f.Sum)
	}
	for _, charge := range c.Charges {
		add("Charge", charge.Amount.String())
	}
	if q := c.Quote; q != nil {
		add("Exchange rate", "1 "+string(q.Unit)+" is "+q.Rate+" ("+q.Type+")")
	}
	if l := c.Limits; len(l.Periodic) > 0 {
		add("At most, each payment", l.Individual.String())
		for _, limit := range l.Periodic {
			add("At most, each "+strings.ToLower(limit.Type), limit.Amount.String())
		}
		add("Until", day(l.ValidTo))
	}
	return out
}

// Approve records that the customer authorises the consent for one account of
// theirs. CodeInvalid without exactly one, CodeForbidden for one that is not
// theirs, not in pounds, or not the one that the TPP named, CodeConflict for a
// consent that has ended.
func (p *Payments) Approve(ctx context.Context, consentID, customer string, accounts []string) error {
	const op = "authorise payment"
	if len(accounts) != 1 {
		return onepoint.Missing(op, "accounts", "choose one account")
	}
	held, err := p.Core.Accounts(ctx, customer)
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	n := slices.IndexFunc(held, func(a onepoint.Account) bool {
		return a.ID == accounts[0] && !a.Closed && a.Currency == homeCurrency && (a.Type == onepoint.AccountCurrent || a.Type == onepoint.AccountSavings)
	})
	if n < 0 {
		return onepoint.E(onepoint.CodeForbidden, op, "payments cannot be made from this account", nil)
	}
	now := p.instant()
	_, err = p.Store.ChangePaymentConsent(ctx, consentID, func(_ PaymentTx, c *obie.PaymentConsent) error {
		return p.approve(c, customer, held[n], now)
	})
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	p.Log.InfoContext(ctx, "payment consent authorised", "consent", consentID)
	return nil
}

func (p *Payments) approve(c *obie.PaymentConsent, customer string, account onepoint.Account, now time.Time) error {
	const op = "authorise payment"
	if err := approvablePayment(c, now); err != nil {
		return err
	}
	if d := c.Instruction.Debtor; d.Value != "" && !slices.ContainsFunc(account.Identifiers, func(i onepoint.Identifier) bool { return i.Scheme == d.Scheme && i.Value == d.Value }) {
		return onepoint.E(onepoint.CodeForbidden, op, "the application named another account", nil)
	}
	if c.Customer != "" && (c.Customer != customer || c.Account != account.ID) {
		return onepoint.E(onepoint.CodeForbidden, op, "only the customer who gave this consent can renew it, for the same account", nil)
	}
	if p.Authorisers(account.ID) > 1 && single(c.Authorisation) {
		return onepoint.E(onepoint.CodeForbidden, op, "several customers must authorise payments from this account, and the application asked for one", nil)
	}
	if c.State != obie.Authorised {
		if err := moveConsent(c, obie.Authorised, now); err != nil {
			return err
		}
	}
	c.Customer, c.Account = customer, account.ID
	c.Debtor = &obie.AccountName{Name: account.Holder}
	if len(account.Identifiers) > 0 {
		c.Debtor.Identifier = account.Identifiers[0]
	}
	return nil
}

// single reports whether the TPP asked for a payment that one customer authorises.
func single(authorisation json.RawMessage) bool {
	var a struct{ AuthorisationType string }
	return json.Unmarshal(authorisation, &a) == nil && a.AuthorisationType == "Single"
}

// Reject records the customer's no. To a renewal it changes nothing.
func (p *Payments) Reject(ctx context.Context, consentID string) error {
	now := p.instant()
	_, err := p.Store.ChangePaymentConsent(ctx, consentID, func(_ PaymentTx, c *obie.PaymentConsent) error {
		if c.Customer != "" || c.State == obie.ConsentRejected {
			return nil
		}
		c.Reason = reasonCustomer
		return moveConsent(c, obie.ConsentRejected, now)
	})
	if err != nil {
		return onepoint.E("", "reject payment consent", "", err)
	}
	return nil
}

// Withdraw ends a VRP or funds consent at its customer's wish: it can be
// authorised again. CodeNotFound for one that is not theirs, CodeConflict for a
// payment's, which cannot be withdrawn.
func (p *Payments) Withdraw(ctx context.Context, customer, consentID string) error {
	const op = "withdraw consent"
	now := p.instant()
	_, err := p.Store.ChangePaymentConsent(ctx, consentID, func(_ PaymentTx, c *obie.PaymentConsent) error {
		if c.Customer != customer {
			return onepoint.E(onepoint.CodeNotFound, op, "there is no such consent", nil)
		}
		if c.State == obie.Cancelled {
			return nil
		}
		c.Reason = reasonCustomer
		return moveConsent(c, obie.Cancelled, now)
	})
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	if err := p.OnRevoke(ctx, consentID); err != nil {
		return onepoint.E("", op, "", err)
	}
	return nil
}
