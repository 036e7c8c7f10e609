package obie

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

const (
	fromParameter   = "fromBookingDateTime"
	toParameter     = "toBookingDateTime"
	cursorParameter = "page"
)

// page wraps a list that fits one page.
func page[T any](s *Server, r *http.Request, data T) wirePage[T] {
	return wirePage[T]{data, wireLinks{Self: s.self(r)}, wireMeta{TotalPages: 1}}
}

func (s *Server) self(r *http.Request) string { return s.BaseURL + r.URL.RequestURI() }

func (a *api) accounts(r *http.Request) (int, any, error) {
	consent, err := a.consent(r)
	if err != nil {
		return 0, nil, err
	}
	accounts, err := a.Bank.Accounts(r.Context(), consent)
	if err != nil {
		return 0, nil, err
	}
	list := wireAccounts{Account: make([]wireAccount, 0, len(accounts))}
	for _, one := range accounts {
		list.Account = append(list.Account, a.codec.accountToWire(one))
	}
	return http.StatusOK, page(a.Server, r, list), nil
}

func (a *api) account(r *http.Request) (int, any, error) {
	consent, err := a.consent(r)
	if err != nil {
		return 0, nil, err
	}
	accounts, err := a.Bank.Accounts(r.Context(), consent)
	if err != nil {
		return 0, nil, err
	}
	for _, one := range accounts {
		if one.ID == r.PathValue("account") {
			return http.StatusOK, page(a.Server, r, wireAccounts{[]wireAccount{a.codec.accountToWire(one)}}), nil
		}
	}
	return 0, nil, onepoint.E(onepoint.CodeForbidden, "read account", "the user did not share this account", nil)
}

func (a *api) balancesOf(r *http.Request, consent onepoint.Consent, account string, list *wireBalances) error {
	balances, err := a.Bank.Balances(r.Context(), consent, account)
	if err != nil {
		return err
	}
	for _, b := range balances {
		list.Balance = append(list.Balance, a.codec.balanceToWire(account, b))
	}
	return nil
}

func (a *api) balances(r *http.Request) (int, any, error) {
	consent, err := a.consent(r)
	if err != nil {
		return 0, nil, err
	}
	list := wireBalances{Balance: []wireBalance{}}
	if err := a.balancesOf(r, consent, r.PathValue("account"), &list); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, page(a.Server, r, list), nil
}

func (a *api) allBalances(r *http.Request) (int, any, error) {
	consent, err := a.consent(r)
	if err != nil {
		return 0, nil, err
	}
	list := wireBalances{Balance: []wireBalance{}}
	for _, account := range consent.Accounts {
		if err := a.balancesOf(r, consent, account, &list); err != nil {
			return 0, nil, err
		}
	}
	return http.StatusOK, page(a.Server, r, list), nil
}

func (a *api) transactions(r *http.Request) (int, any, error) {
	consent, err := a.consent(r)
	if err != nil {
		return 0, nil, err
	}
	q, err := a.query(r.URL.Query())
	if err != nil {
		return 0, nil, err
	}
	account := r.PathValue("account")
	got, err := a.Bank.Transactions(r.Context(), consent, account, q)
	if err != nil {
		return 0, nil, err
	}
	return a.transactionPage(r, account, got)
}

// transactionPage writes a page of one account.
func (a *api) transactionPage(r *http.Request, account string, got onepoint.TransactionPage) (int, any, error) {
	list := wireTransactions{Transaction: make([]wireTransaction, 0, len(got.Transactions))}
	for _, t := range got.Transactions {
		list.Transaction = append(list.Transaction, a.codec.transactionToWire(account, t))
	}
	return http.StatusOK, wirePage[wireTransactions]{Data: list, Links: a.links(r, got.Prev, got.Next)}, nil
}

// allTransactions is every consented account's, one account after the other; the
// cursor says which account and where in it.
func (a *api) allTransactions(r *http.Request) (int, any, error) {
	consent, err := a.consent(r)
	if err != nil {
		return 0, nil, err
	}
	q, err := a.query(r.URL.Query())
	if err != nil {
		return 0, nil, err
	}
	at, inner, err := bulkPlace(consent.Accounts, q.Cursor)
	if err != nil {
		return 0, nil, err
	}
	if q.Cursor = inner; inner == bulkEnd {
		q.Cursor, q.Oldest = "", true
	}
	id := consent.Accounts[at]
	got, err := a.Bank.Transactions(r.Context(), consent, id, q)
	if err != nil {
		return 0, nil, err
	}
	switch {
	case got.Next != "":
		got.Next = bulkCursor(id, got.Next)
	case at+1 < len(consent.Accounts):
		got.Next = bulkCursor(consent.Accounts[at+1], "")
	}
	switch {
	case got.Prev != "":
		got.Prev = bulkCursor(id, got.Prev)
	case at > 0:
		got.Prev = bulkCursor(consent.Accounts[at-1], bulkEnd)
	}
	return a.transactionPage(r, id, got)
}

// bulkEnd is the place of an account's last page.
const bulkEnd = "end"

func bulkCursor(account, inner string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(account + "|" + inner))
}

func bulkPlace(accounts []string, cursor string) (at int, inner string, err error) {
	if cursor == "" {
		return 0, "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	id, inner, ok := strings.Cut(string(raw), "|")
	if err == nil && ok {
		for i, a := range accounts {
			if a == id {
				return i, inner, nil
			}
		}
	}
	return 0, "", fieldInvalid(cursorParameter, "is not a page of this list")
}

// query reads filters and cursor.
func (s *Server) query(v url.Values) (onepoint.TransactionQuery, error) {
	q := onepoint.TransactionQuery{Cursor: v.Get(cursorParameter), Limit: s.PageSize}
	var err error
	if q.Since, err = s.filter(v, fromParameter); err != nil {
		return q, err
	}
	if q.Until, err = s.filter(v, toParameter); err != nil {
		return q, err
	}
	if !q.Until.IsZero() {
		if q.Until.Before(q.Since) {
			return q, fieldInvalid(toParameter, "lies before "+fromParameter)
		}
		if q.Until.Nanosecond() == 0 { // the whole of the second that it names
			q.Until = q.Until.Add(time.Second - time.Microsecond)
		}
	}
	return q, nil
}

// filter reads a date and time of a query as the bank's own: the standard's
// filters ignore the zone, and a date alone is its midnight.
func (s *Server) filter(v url.Values, name string) (time.Time, error) {
	text := v.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, strings.ReplaceAll(text, " ", "+")); err == nil {
			return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), s.Zone), nil
		}
	}
	return time.Time{}, &refusal{http.StatusBadRequest, "U003", "is no ISO 8601 date and time", name}
}

// links are those of a page, filters kept: no Prev on the first, no Next on the
// last. The list is read by cursor, so how many pages it has is not known.
func (a *api) links(r *http.Request, prev, next string) wireLinks {
	l := wireLinks{Self: a.self(r)}
	v := r.URL.Query()
	at := func(cursor string) string {
		v.Del(cursorParameter)
		if cursor != "" {
			v.Set(cursorParameter, cursor)
		}
		if len(v) == 0 {
			return a.BaseURL + r.URL.Path
		}
		return a.BaseURL + r.URL.Path + "?" + v.Encode()
	}
	l.First = at("")
	if prev != "" {
		l.Prev = at(prev)
	}
	if next != "" {
		l.Next = at(next)
	} else {
		l.Last = l.Self
	}
	return l
}
