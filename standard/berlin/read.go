package berlin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/onepointledger/onepoint"
)

// read makes a call under a grant.
func (c *Client) read(ctx context.Context, op string, g onepoint.Grant, address string, answer any) error {
	h := http.Header{}
	h.Set(consentHeader, g.ConsentID)
	return c.do(ctx, call{op: op, method: http.MethodGet, address: address, header: h, answer: answer})
}

func (c *Client) accountURL(id string) string { return c.Base + "/accounts/" + url.PathEscape(id) }

// Accounts implements onepoint.AccountReader.
func (c *Client) Accounts(ctx context.Context, g onepoint.Grant) ([]onepoint.Account, error) {
	var answer struct {
		Accounts *[]Account `json:"accounts"`
	}
	if err := c.read(ctx, "read accounts", g, c.Base+"/accounts?withBalance=true", &answer); err != nil {
		return nil, err
	}
	if answer.Accounts == nil {
		return nil, broken("a list of accounts", nil)
	}
	accounts := make([]onepoint.Account, 0, len(*answer.Accounts))
	for _, w := range *answer.Accounts {
		a, err := c.codec.Account(w)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
}

// Balances implements onepoint.AccountReader. A balance without a time is of
// now.
func (c *Client) Balances(ctx context.Context, g onepoint.Grant, account string) ([]onepoint.Balance, error) {
	var answer Balances
	if err := c.read(ctx, "read balances", g, c.accountURL(account)+"/balances", &answer); err != nil {
		return nil, err
	}
	balances := make([]onepoint.Balance, 0, len(answer.Balances))
	for _, w := range answer.Balances {
		b, err := c.codec.Balance(w)
		if err != nil {
			return nil, err
		}
		if b.At.IsZero() {
			b.At = c.Now()
		}
		balances = append(balances, b)
	}
	return balances, nil
}

// Transactions implements onepoint.AccountReader. The cursor is the path and
// query of the bank's next link; one that leads away from the bank's own API is
// [onepoint.CodeProtocol].
func (c *Client) Transactions(ctx context.Context, g onepoint.Grant, account string, q onepoint.TransactionQuery) (onepoint.TransactionPage, error) {
	const op = "read transactions"
	address, err := c.pageURL(account, q)
	if err != nil {
		return onepoint.TransactionPage{}, err
	}
	var answer Report
	if err := c.read(ctx, op, g, address, &answer); err != nil {
		return onepoint.TransactionPage{}, err
	}
	var page onepoint.TransactionPage
	for _, part := range []struct {
		status onepoint.TransactionStatus
		rows   []json.RawMessage
	}{{onepoint.StatusPending, answer.Transactions.Pending}, {onepoint.StatusBooked, answer.Transactions.Booked}} {
		for _, raw := range part.rows {
			t, err := c.codec.Transaction(raw, part.status)
			if err != nil {
				return onepoint.TransactionPage{}, err
			}
			page.Transactions = append(page.Transactions, t)
		}
	}
	next := answer.Transactions.Links["next"].Href
	if next == "" {
		next = answer.Links["next"].Href
	}
	if next != "" {
		if page.Next, err = c.place(next); err != nil {
			return onepoint.TransactionPage{}, err
		}
	}
	return page, nil
}

func (c *Client) pageURL(account string, q onepoint.TransactionQuery) (string, error) {
	if q.Cursor != "" {
		return c.follow(q.Cursor)
	}
	from := q.From
	if from.IsZero() {
		from = c.today().AddDays(-c.HistoryDays)
	}
	v := url.Values{"bookingStatus": {"both"}, "dateFrom": {from.String()}}
	if !q.To.IsZero() {
		v.Set("dateTo", q.To.String())
	}
	limit := c.Quirks.PageLimit
	if limit > 0 {
		if q.Limit > 0 {
			limit = min(limit, q.Limit)
		}
		v.Set("paginated", "1")
		v.Set("limit", strconv.Itoa(limit))
		v.Set("offset", "0")
	}
	return c.accountURL(account) + "/transactions?" + v.Encode(), nil
}
