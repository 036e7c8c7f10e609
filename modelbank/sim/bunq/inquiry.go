package bunq

import (
	"context"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// sugarDaddy is the sandbox's giver: what is asked of it, up to its limit, comes
// at once.
const (
	sugarDaddy      = "sugardaddy@bunq.com"
	sugarDaddyLimit = 50_000 // minor units
)

// inquiry is a request to be paid.
type inquiry struct {
	ID           int64          `json:"id"`
	Account      string         `json:"account"`
	Amount       onepoint.Money `json:"amount"`
	Counterparty pointer        `json:"counterparty"`
	Description  string         `json:"description"`
	AllowBunqme  bool           `json:"allowBunqme"`
	Status       string         `json:"status"`
	Created      time.Time      `json:"created"`
}

type inquiryObject struct {
	ID           int64   `json:"id"`
	Created      string  `json:"created"`
	Updated      string  `json:"updated"`
	Account      int64   `json:"monetary_account_id"`
	Inquired     amount  `json:"amount_inquired"`
	Responded    *amount `json:"amount_responded"`
	Status       string  `json:"status"`
	Description  string  `json:"description"`
	Counterparty pointer `json:"counterparty_alias"`
	AllowBunqme  bool    `json:"allow_bunqme"`
}

func (s *Server) showInquiry(ctx context.Context, q inquiry) (inquiryObject, error) {
	n, err := s.numberOf(ctx, accountKind, q.Account)
	out := inquiryObject{
		ID: q.ID, Created: stamp(q.Created), Updated: stamp(q.Created), Account: n, Inquired: amountOf(q.Amount),
		Status: q.Status, Description: q.Description, Counterparty: q.Counterparty, AllowBunqme: q.AllowBunqme,
	}
	if q.Status == "ACCEPTED" {
		out.Responded = &out.Inquired
	}
	return out, err
}

func (s *Server) addInquiry(ctx context.Context, c *call) (answer, error) {
	account, err := s.accountOf(ctx, c)
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Inquired     amount  `json:"amount_inquired"`
		Counterparty pointer `json:"counterparty_alias"`
		Description  string  `json:"description"`
		AllowBunqme  bool    `json:"allow_bunqme"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	money, err := in.Inquired.positive()
	if err != nil {
		return answer{}, err
	}
	if err := checkDescription(in.Description); err != nil {
		return answer{}, err
	}
	if !slices.Contains([]string{"EMAIL", "PHONE_NUMBER", "IBAN"}, in.Counterparty.Type) || in.Counterparty.Value == "" {
		return answer{}, bad("The counterparty alias is not valid.")
	}
	a, err := s.Core.Account(ctx, account)
	if err != nil {
		return answer{}, err
	}
	if a.Currency != money.Currency {
		return answer{}, bad("The currency must be that of the account.")
	}
	row := inquiry{Account: account, Amount: money, Counterparty: in.Counterparty, Description: in.Description, AllowBunqme: in.AllowBunqme, Status: "PENDING", Created: s.now()}
	if row.ID, err = s.next(ctx, "request_inquiry"); err != nil {
		return answer{}, err
	}
	if err := s.inquiries.Add(ctx, key(row.ID), account, row); err != nil {
		return answer{}, err
	}
	return created(row.ID), s.give(ctx, row)
}

// give is sugar daddy's answer to a request. The movement has the request's id,
// so that it happens once.
func (s *Server) give(ctx context.Context, q inquiry) error {
	minor, err := q.Amount.Minor()
	if err != nil || q.Counterparty.Type != "EMAIL" || q.Counterparty.Value != sugarDaddy || minor > sugarDaddyLimit {
		return err
	}
	if q.Status == "PENDING" {
		_, err = s.Core.Post(ctx, core.Movement{ID: "bunq_request_" + key(q.ID), Legs: []core.Leg{
			{Account: q.Account, Amount: q.Amount, Statement: core.Statement{
				Information: q.Description, Counterparty: onepoint.Counterparty{Name: "Sugar Daddy"}, BankCode: "PMNT-RCDT-BOOK",
			}},
			{Account: core.Internal(core.ClearingSEPA, q.Amount.Currency), Amount: q.Amount.Neg()},
		}})
		if err != nil && onepoint.CodeOf(err) != onepoint.CodeConflict {
			return err
		}
	}
	_, err = s.inquiries.Update(ctx, key(q.ID), func(o *inquiry) error { o.Status = "ACCEPTED"; return nil })
	return err
}

func (s *Server) listInquiries(ctx context.Context, c *call) (answer, error) {
	account, err := s.accountOf(ctx, c)
	if err != nil {
		return answer{}, err
	}
	rows, err := s.inquiries.Of(ctx, account, maxRows)
	if err != nil {
		return answer{}, err
	}
	return paged(s, c, "RequestInquiry", rows, func(q inquiry) int64 { return q.ID },
		func(q inquiry) (any, error) { return s.showInquiry(ctx, q) })
}

func (s *Server) getInquiry(ctx context.Context, c *call) (answer, error) {
	account, err := s.accountOf(ctx, c)
	if err != nil {
		return answer{}, err
	}
	id, err := c.number("id")
	if err != nil {
		return answer{}, err
	}
	q, err := s.inquiries.Get(ctx, key(id))
	if err != nil {
		return answer{}, err
	}
	if q.Account != account {
		return answer{}, missing()
	}
	shown, err := s.showInquiry(ctx, q)
	return one("RequestInquiry", shown), err
}
