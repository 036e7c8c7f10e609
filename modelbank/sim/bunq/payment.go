package bunq

import (
	"context"
	"slices"
	"strings"

	"github.com/onepointledger/onepoint"
)

type labelUser struct {
	UUID        string `json:"uuid"`
	DisplayName string `json:"display_name"`
	Country     string `json:"country"`
	NickName    string `json:"public_nick_name"`
}

// party is a bunq alias of a payment: an account with its holder.
type party struct {
	IBAN         *string   `json:"iban"`
	DisplayName  string    `json:"display_name"`
	Country      string    `json:"country"`
	IsLight      bool      `json:"is_light"`
	LabelUser    labelUser `json:"label_user"`
	MerchantCode string    `json:"merchant_category_code,omitempty"`
}

type paymentObject struct {
	ID           int64  `json:"id"`
	Created      string `json:"created"`
	Updated      string `json:"updated"`
	Account      int64  `json:"monetary_account_id"`
	Amount       amount `json:"amount"`
	Description  string `json:"description"`
	Type         string `json:"type"`
	SubType      string `json:"sub_type"`
	Alias        party  `json:"alias"`
	Counterparty party  `json:"counterparty_alias"`
	Reference    string `json:"merchant_reference,omitempty"`
	After        amount `json:"balance_after_mutation"`
	Attachment   []any  `json:"attachment"`
}

func partyOf(name, iban, merchantCode string) party {
	p := party{DisplayName: name, Country: "NL", MerchantCode: merchantCode}
	if iban != "" {
		p.IBAN, p.Country = &iban, iban[:2]
	}
	p.LabelUser = labelUser{UUID: stableUUID("user/" + name + iban), DisplayName: name, Country: p.Country, NickName: name}
	return p
}

// kindOf is bunq's type and sub type of an ISO 20022 bank transaction code.
func kindOf(code string) (string, string) {
	switch {
	case strings.HasPrefix(code, "PMNT-CCRD"):
		return "FIS", "PAYMENT"
	case strings.HasSuffix(code, "-BOOK"):
		return "BUNQ", "PAYMENT"
	case strings.HasPrefix(code, "PMNT-RDDT"), strings.HasPrefix(code, "PMNT-IDDT"):
		return "EBA_SDD", "SDD"
	case strings.HasPrefix(code, "PMNT-"):
		return "EBA_SCT", "SCT"
	}
	return "BUNQ", "BILLING"
}

func showPayment(n, account int64, a onepoint.Account, t onepoint.Transaction) paymentObject {
	iban := ""
	if id := t.Counterparty.Identifier; id.Scheme == onepoint.SchemeIBAN && len(id.Value) > 2 {
		iban = id.Value
	}
	name := t.Counterparty.Name
	if t.Merchant.CategoryCode != "" {
		name = t.Merchant.Name
	}
	out := paymentObject{
		ID: n, Created: stamp(t.BookedAt), Updated: stamp(t.BookedAt), Account: account, Amount: amountOf(t.Amount),
		Description: t.Information, Alias: partyOf(a.Holder, ibanOf(a), ""),
		Counterparty: partyOf(name, iban, t.Merchant.CategoryCode), Reference: t.Reference, Attachment: []any{},
	}
	out.Type, out.SubType = kindOf(t.BankCode)
	if t.BalanceAfter != nil {
		out.After = amountOf(t.BalanceAfter.Amount)
	}
	return out
}

func (s *Server) listPayments(ctx context.Context, c *call) (answer, error) {
	id, err := s.accountOf(ctx, c)
	if err != nil {
		return answer{}, err
	}
	p, err := c.paging()
	if err != nil {
		return answer{}, err
	}
	entries, err := s.numbering(ctx, id)
	if err != nil {
		return answer{}, err
	}
	numbers := make([]int64, len(entries))
	for i, e := range entries {
		numbers[i] = e.N
	}
	picked, around := s.pick(c, numbers, p)
	out := answer{Response: []map[string]any{}, Pagination: around}
	shown, err := s.payments(ctx, c, id, entries, picked)
	for _, p := range shown {
		out.Response = append(out.Response, object("Payment", p))
	}
	return out, err
}

func (s *Server) getPayment(ctx context.Context, c *call) (answer, error) {
	id, err := s.accountOf(ctx, c)
	if err != nil {
		return answer{}, err
	}
	n, err := c.number("id")
	if err != nil {
		return answer{}, err
	}
	entries, err := s.numbering(ctx, id)
	if err != nil {
		return answer{}, err
	}
	shown, err := s.payments(ctx, c, id, entries, []int64{n})
	if err != nil {
		return answer{}, err
	}
	if len(shown) == 0 {
		return answer{}, missing()
	}
	return one("Payment", shown[0]), nil
}

// payments shows the entries of the numbers picked, in that order.
func (s *Server) payments(ctx context.Context, c *call, account string, entries []numbered, picked []int64) ([]paymentObject, error) {
	a, err := s.Core.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	number, err := c.number("a")
	if err != nil {
		return nil, err
	}
	var wanted []numbered
	for _, e := range entries {
		if slices.Contains(picked, e.N) {
			wanted = append(wanted, e)
		}
	}
	read, err := s.read(ctx, account, wanted)
	if err != nil {
		return nil, err
	}
	out := make([]paymentObject, 0, len(picked))
	for _, n := range picked {
		if t, ok := read[n]; ok {
			out = append(out, showPayment(n, number, a, t))
		}
	}
	return out, nil
}
