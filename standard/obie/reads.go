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

func (s *Server) accounts(r *http.Request) (int, any, error) {
	consent, err := s.consent(r)
	if err != nil {
		return 0, nil, err
	}
	accounts, err := s.Bank.Accounts(r.Context(), consent)
	if err != nil {
		return 0, nil, err
	}
	list := wireAccounts{Account: make([]wireAccount, 0, len(accounts))}
	for _, a := range accounts {
		list.Account = append(list.Account, s.codec.accountToWire(a))
	}
	return http.StatusOK, page(s, r, list), nil
}

func (s *Server) account(r *http.Request) (int, any, error) {
	consent, err := s.consent(r)
	if err != nil {
		return 0, nil, err
	}
	accounts, err := s.Bank.Accounts(r.Context(), consent)
	if err != nil {
		return 0, nil, err
	}
	for _, a := range accounts {
		if a.ID == r.PathValue("account") {
			return http.StatusOK, page(s, r, wireAccounts{[]wireAccount{s.codec.accountToWire(a)}}), nil
		}
	}
	return 0, nil, onepoint.E(onepoint.CodeForbidden, "read account", "the user did not share this account", nil)
}

func (s *Server) balancesOf(r *http.Request, consent onepoint.Consent, account string, list *wireBalances) error {
	balances, err := s.Bank.Balances(r.Context(), consent, account)
	if err != nil {
		return err
	}
	for _, b := range balances {
		list.Balance = append(list.Balance, s.codec.balanceToWire(account, b))
	}
	return nil
}

func (s *Server) balances(r *http.Request) (int, any, error) {
	consent, err := s.consent(r)
	if err != nil {
		return 0, nil, err
	}
	list := wireBalances{Balance: []wireBalance{}}
	if err := s.balancesOf(r, consent, r.PathValue("account"), &list); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, page(s, r, list), nil
}

func (s *Server) allBalances(r *http.Request) (int, any, error) {
	consent, err := s.consent(r)
	if err != nil {
		return 0, nil, err
	}
	list := wireBalances{Balance: []wireBalance{}}
	for _, account := range consent.Accounts {
		if err := s.balancesOf(r, consent, account, &list); err != nil {
			return 0, nil, err
		}
	}
	return http.StatusOK, page(s, r, list), nil
}

func (s *Server) transactions(r *http.Request) (int, any, error) {
	consent, err := s.consent(r)
	if err != nil {
		return 0, nil, err
	}
	q, err := s.query(r.URL.Query())
	if err != nil {
		return 0, nil, err
	}
	account := r.PathValue("account")
	got, err := s.Bank.Transactions(r.Context(), consent, account, q)
	if err != nil {
		return 0, nil, err
	}
	list := wireTransactions{Transaction: make([]wireTransaction, 0, len(got.Transactions))}
	for _, t := range got.Transactions {
		list.Transaction = append(list.Transaction, s.codec.transactionToWire(account, t))
	}
	return http.StatusOK, wirePage[wireTransactions]{Data: list, Links: s.links(r, got.Next)}, nil
}

// allTransactions is every consented account's, one account after the other; the
// cursor says which account and where in it.
func (s *Server) allTransactions(r *http.Request) (int, any, error) {
	consent, err := s.consent(r)
	if err != nil {
		return 0, nil, err
	}
	q, err := s.query(r.URL.Query())
	if err != nil {
		return 0, nil, err
	}
	account, inner, err := bulkPlace(consent.Accounts, q.Cursor)
	if err != nil {
		return 0, nil, err
	}
	list := wireTransactions{Transaction: []wireTransaction{}}
	q.Cursor = inner
	next := ""
	if account < len(consent.Accounts) {
		id := consent.Accounts[account]
		got, err := s.Bank.Transactions(r.Context(), consent, id, q)
		if err != nil {
			return 0, nil, err
		}
		for _, t := range got.Transactions {
			list.Transaction = append(list.Transaction, s.codec.transactionToWire(id, t))
		}
		next = bulkNext(consent.Accounts, account, got.Next)
	}
	return http.StatusOK, wirePage[wireTransactions]{Data: list, Links: s.links(r, next)}, nil
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

func bulkNext(accounts []string, at int, inner string) string {
	if inner == "" {
		if at++; at >= len(accounts) {
			return ""
		}
	}
	return base64.RawURLEncoding.EncodeToString([]byte(accounts[at] + "|" + inner))
}

// query reads filters and cursor. The standard's filters ignore the zone.
func (s *Server) query(v url.Values) (onepoint.TransactionQuery, error) {
	q := onepoint.TransactionQuery{Cursor: v.Get(cursorParameter), Limit: s.PageSize}
	for name, to := range map[string]*onepoint.Date{fromParameter: &q.From, toParameter: &q.To} {
		text := v.Get(name)
		if text == "" {
			continue
		}
		d, err := civilDate(text)
		if err != nil {
			return q, &refusal{http.StatusBadRequest, "U003", "is no ISO 8601 date and time", name}
		}
		*to = d
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return q, fieldInvalid(toParameter, "lies before "+fromParameter)
	}
	return q, nil
}

func civilDate(text string) (onepoint.Date, error) {
	var err error
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateOnly} {
		var t time.Time
		if t, err = time.Parse(layout, strings.ReplaceAll(text, " ", "+")); err == nil {
			return onepoint.DateOf(t), nil
		}
	}
	return onepoint.Date{}, err
}

// links are those of a page, filters kept. The list is read by cursor, so there
// is no way back and no count of pages.
func (s *Server) links(r *http.Request, next string) wireLinks {
	l := wireLinks{Self: s.self(r)}
	v := r.URL.Query()
	at := func(cursor string) string {
		v.Del(cursorParameter)
		if cursor != "" {
			v.Set(cursorParameter, cursor)
		}
		if len(v) == 0 {
			return s.BaseURL + r.URL.Path
		}
		return s.BaseURL + r.URL.Path + "?" + v.Encode()
	}
	if v.Has(cursorParameter) || next != "" {
		l.First = at("")
	}
	if next != "" {
		l.Next = at(next)
	} else {
		l.Last = l.Self
	}
	return l
}
