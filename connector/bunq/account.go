package bunq

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

const timeForm = "2006-01-02 15:04:05.999999"

// instant reads bunq's time, which is UTC and does not say so.
func instant(text string) (time.Time, error) {
	t, err := time.Parse(timeForm, text)
	if err != nil {
		return t, broken("a time", err)
	}
	return t.UTC(), nil
}

type wireMoney struct {
	Value    string `json:"value"`
	Currency string `json:"currency"`
}

func (m wireMoney) money() (onepoint.Money, error) {
	out, err := onepoint.ParseMoney(m.Value, onepoint.Currency(m.Currency))
	if err != nil {
		return out, broken("an amount", err)
	}
	return out, nil
}

type wireAlias struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	Name  string `json:"name"`
}

type wireAccount struct {
	ID          json.Number `json:"id"`
	Created     string      `json:"created"`
	Alias       []wireAlias `json:"alias"`
	Balance     *wireMoney  `json:"balance"`
	Currency    string      `json:"currency"`
	Overdraft   *wireMoney  `json:"overdraft_limit"`
	Description string      `json:"description"`
	DisplayName string      `json:"display_name"`
	Status      string      `json:"status"`
}

// typeOf is the type of an account by the key that bunq shows it under; a kind
// that is not known is an account all the same.
func typeOf(kind string) onepoint.AccountType {
	switch kind {
	case "MonetaryAccountBank", "MonetaryAccountJoint", "MonetaryAccountLight":
		return onepoint.AccountCurrent
	case "MonetaryAccountSavings", "MonetaryAccountExternalSavings":
		return onepoint.AccountSavings
	case "MonetaryAccountCard":
		return onepoint.AccountCard
	}
	return onepoint.AccountOther
}

func (c *Connector) account(el element) (onepoint.Account, error) {
	var w wireAccount
	if err := el.decode(&w); err != nil {
		return onepoint.Account{}, err
	}
	if !isNumber(w.ID.String()) || !onepoint.Currency(w.Currency).Valid() {
		return onepoint.Account{}, broken("an account", nil)
	}
	a := onepoint.Account{
		ID: w.ID.String(), Currency: onepoint.Currency(w.Currency), Type: typeOf(el.Kind), Product: productOf(el.Kind),
		Nickname: w.Description, Holder: w.DisplayName, Closed: w.Status == "CANCELLED",
	}
	for _, alias := range w.Alias {
		if alias.Type != "IBAN" {
			continue
		}
		a.Identifiers = append(a.Identifiers, onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: alias.Value})
		if alias.Name != "" {
			a.Holder = alias.Name
		}
	}
	if w.Created != "" {
		t, err := instant(w.Created)
		if err != nil {
			return onepoint.Account{}, err
		}
		a.Opened = onepoint.DateOf(t.In(c.zone))
	}
	return a, nil
}

// productOf is the kind in words: "bunq Savings".
func productOf(kind string) string {
	return "bunq " + kindShown(strings.TrimPrefix(kind, "MonetaryAccount"))
}

// maxAccountPages bounds a list whose pages do not end.
const maxAccountPages = 100

// Accounts implements onepoint.AccountReader.
func (c *Connector) Accounts(ctx context.Context, g onepoint.Grant) ([]onepoint.Account, error) {
	const op = opAccounts
	var accounts []onepoint.Account
	query := "?count=200"
	for range maxAccountPages {
		e, err := c.asUser(ctx, g, request{op: op, method: http.MethodGet, path: "/monetary-account" + query})
		if err != nil {
			return nil, err
		}
		for _, el := range e.Elements {
			a, err := c.account(el)
			if err != nil {
				return nil, err
			}
			accounts = append(accounts, a)
		}
		older, err := e.olderID()
		if err != nil {
			return nil, err
		}
		if older == "" {
			return accounts, nil
		}
		query = "?count=200&older_id=" + older
	}
	return nil, onepoint.E(onepoint.CodeProtocol, op, "bunq's list of accounts does not end", nil)
}

func accountPath(account string) (string, error) {
	if !isNumber(account) {
		return "", onepoint.E(onepoint.CodeNotFound, "find account", "bunq has no account of this id", nil)
	}
	return "/monetary-account/" + account, nil
}

// Balances implements onepoint.AccountReader. bunq books at once and knows one
// balance; what can be spent is that and the overdraft.
func (c *Connector) Balances(ctx context.Context, g onepoint.Grant, account string) ([]onepoint.Balance, error) {
	const op = opAccount
	path, err := accountPath(account)
	if err != nil {
		return nil, err
	}
	e, err := c.asUser(ctx, g, request{op: op, method: http.MethodGet, path: path})
	if err != nil {
		return nil, err
	}
	if len(e.Elements) != 1 {
		return nil, broken("the account", nil)
	}
	var w wireAccount
	if err := e.Elements[0].decode(&w); err != nil {
		return nil, err
	}
	if w.Balance == nil { // an account elsewhere may be shown without
		return nil, nil
	}
	booked, err := w.Balance.money()
	if err != nil {
		return nil, err
	}
	at := c.env.Now().UTC()
	available := onepoint.Balance{Type: onepoint.BalanceInterimAvailable, Amount: booked, At: at}
	if w.Overdraft != nil {
		line, err := w.Overdraft.money()
		if err != nil {
			return nil, err
		}
		if !line.IsZero() {
			available.CreditLines = []onepoint.CreditLine{{Included: true, Amount: line, Type: "Pre-Agreed"}}
			if available.Amount, err = booked.Add(line); err != nil {
				return nil, broken("the overdraft", err)
			}
		}
	}
	return []onepoint.Balance{{Type: onepoint.BalanceInterimBooked, Amount: booked, At: at}, available}, nil
}
