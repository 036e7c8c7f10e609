package bunq

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
)

type accountObject struct {
	ID          int64         `json:"id"`
	Created     string        `json:"created"`
	Updated     string        `json:"updated"`
	Alias       []aliasObject `json:"alias"`
	Balance     amount        `json:"balance"`
	Currency    string        `json:"currency"`
	DailyLimit  amount        `json:"daily_limit"`
	Overdraft   amount        `json:"overdraft_limit"`
	Description string        `json:"description"`
	DisplayName string        `json:"display_name"`
	UUID        string        `json:"public_uuid"`
	Status      string        `json:"status"`
	SubStatus   string        `json:"sub_status"`
	UserID      int64         `json:"user_id"`
	Country     string        `json:"country"`
}

// wrapperOf is the key under which bunq shows an account of a type.
func wrapperOf(t onepoint.AccountType) string {
	switch t {
	case onepoint.AccountCurrent:
		return "MonetaryAccountBank"
	case onepoint.AccountSavings:
		return "MonetaryAccountSavings"
	case onepoint.AccountCard:
		return "MonetaryAccountCard"
	}
	return "MonetaryAccountExternal"
}

func ibanOf(a onepoint.Account) string {
	for _, id := range a.Identifiers {
		if id.Scheme == onepoint.SchemeIBAN {
			return id.Value
		}
	}
	return ""
}

// stableUUID is a UUID that belongs to a thing for good.
func stableUUID(name string) string {
	h := digest("uuid", name)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
}

func (s *Server) showAccount(ctx context.Context, g grant, a onepoint.Account) (accountObject, error) {
	n, err := s.numberOf(ctx, accountKind, a.ID)
	if err != nil {
		return accountObject{}, err
	}
	balances, err := s.Core.Balances(ctx, a.ID)
	if err != nil {
		return accountObject{}, err
	}
	zero := onepoint.MinorMoney(0, a.Currency)
	booked, line := zero, zero
	for _, b := range balances {
		if b.Type == onepoint.BalanceInterimBooked {
			booked = b.Amount
		}
		for _, l := range b.CreditLines {
			line = l.Amount
		}
	}
	opened := a.Opened.Time(s.Zone)
	if a.Opened.IsZero() {
		opened = time.Unix(0, 0)
	}
	out := accountObject{
		ID: n, Created: stamp(opened), Updated: stamp(opened), Alias: []aliasObject{}, Balance: amountOf(booked), Currency: string(a.Currency),
		DailyLimit: amountOf(onepoint.MinorMoney(1_000_000, a.Currency)), Overdraft: amountOf(line),
		Description: a.Nickname, DisplayName: a.Holder, UUID: stableUUID(a.ID), Status: "ACTIVE", SubStatus: "NONE", UserID: g.User, Country: "NL",
	}
	if out.Description == "" {
		out.Description = a.Product
	}
	if iban := ibanOf(a); iban != "" {
		out.Alias = append(out.Alias, aliasObject{"IBAN", iban, a.Holder})
	}
	if a.Closed {
		out.Status, out.SubStatus = "CANCELLED", "REDEMPTION_VOLUNTARY"
	}
	return out, nil
}

func (s *Server) listAccounts(ctx context.Context, c *call) (answer, error) {
	if err := s.owns(ctx, c); err != nil {
		return answer{}, err
	}
	p, err := c.paging()
	if err != nil {
		return answer{}, err
	}
	if c.grant == nil {
		return list[accountObject]("MonetaryAccountBank", nil), nil
	}
	rows := map[int64]map[string]any{}
	var numbers []int64
	for _, id := range c.grant.Accounts {
		a, err := s.Core.Account(ctx, id)
		if err != nil {
			return answer{}, err
		}
		shown, err := s.showAccount(ctx, *c.grant, a)
		if err != nil {
			return answer{}, err
		}
		rows[shown.ID] = object(wrapperOf(a.Type), shown)
		numbers = append(numbers, shown.ID)
	}
	picked, around := s.pick(c, numbers, p)
	out := answer{Response: []map[string]any{}, Pagination: around}
	for _, n := range picked {
		out.Response = append(out.Response, rows[n])
	}
	return out, nil
}

func (s *Server) getAccount(ctx context.Context, c *call) (answer, error) {
	id, err := s.accountOf(ctx, c)
	if err != nil {
		return answer{}, err
	}
	a, err := s.Core.Account(ctx, id)
	if err != nil {
		return answer{}, err
	}
	shown, err := s.showAccount(ctx, *c.grant, a)
	return one(wrapperOf(a.Type), shown), err
}
