package saltedge

import (
	"net/http"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/berlin"
)

func (s *Server) accountPath(id string) string { return s.api() + "/v1/accounts/" + id }

// account is one account in the engine's words: the country's own number has a
// name of its own.
func (s *Server) account(a onepoint.Account, balances []onepoint.Balance, transactions bool) berlin.Account {
	w := s.codec.AccountToWire(a)
	if w.BBAN != "" {
		w.Local, w.SortCode, w.BBAN = w.SortCode+w.BBAN, "", ""
	}
	w.BIC = bankBIC
	for _, b := range balances {
		w.Balances = append(w.Balances, s.codec.BalanceToWire(b))
	}
	if transactions {
		w.Links = berlin.Links{"transactions": {Href: s.accountPath(a.ID) + "/transactions"}}
	}
	return w
}

func (s *Server) accounts(r signedRequest) ([]berlin.Account, error) {
	consent, err := s.use(r)
	if err != nil {
		return nil, err
	}
	held, err := s.Bank.Accounts(r.Context(), consent)
	if err != nil {
		return nil, err
	}
	list := make([]berlin.Account, 0, len(held))
	for _, a := range held {
		var balances []onepoint.Balance
		if r.URL.Query().Get("withBalance") == "true" && consent.Allows(onepoint.ReadBalances) {
			if balances, err = s.Bank.Balances(r.Context(), consent, a.ID); err != nil {
				return nil, err
			}
		}
		list = append(list, s.account(a, balances, consent.Allows(onepoint.ReadTransactionsDetail)))
	}
	return list, nil
}

func (s *Server) listAccounts(r signedRequest) (int, any, error) {
	list, err := s.accounts(r)
	return http.StatusOK, berlin.Accounts{Accounts: list}, err
}

func (s *Server) showAccount(r signedRequest) (int, any, error) {
	list, err := s.accounts(r)
	if err != nil {
		return 0, nil, err
	}
	for _, a := range list {
		if a.ResourceID == r.PathValue("account") {
			return http.StatusOK, map[string]berlin.Account{"account": a}, nil
		}
	}
	return 0, nil, refuse(http.StatusNotFound, "RESOURCE_UNKNOWN", "Account was not found")
}

func (s *Server) listBalances(r signedRequest) (int, any, error) {
	consent, err := s.use(r)
	if err != nil {
		return 0, nil, err
	}
	balances, err := s.Bank.Balances(r.Context(), consent, r.PathValue("account"))
	if err != nil {
		return 0, nil, unknownAccount(err)
	}
	out := berlin.Balances{Account: s.reference(r, consent), Balances: make([]berlin.Balance, 0, len(balances))}
	for _, b := range balances {
		out.Balances = append(out.Balances, s.codec.BalanceToWire(b))
	}
	return http.StatusOK, out, nil
}

// unknownAccount is how an account that was not chosen looks: like none.
func unknownAccount(err error) error {
	if onepoint.CodeOf(err) == onepoint.CodeForbidden && strings.Contains(onepoint.MessageOf(err), "account") {
		return refuse(http.StatusNotFound, "RESOURCE_UNKNOWN", "Account was not found")
	}
	return err
}

// reference names the account of a report.
func (s *Server) reference(r signedRequest, consent onepoint.Consent) berlin.AccountReference {
	held, err := s.Bank.Accounts(r.Context(), consent)
	if err != nil {
		return berlin.AccountReference{}
	}
	for _, a := range held {
		if a.ID == r.PathValue("account") {
			w := s.codec.AccountToWire(a)
			return berlin.AccountReference{IBAN: w.IBAN, MaskedPAN: w.MaskedPAN, Currency: w.Currency}
		}
	}
	return berlin.AccountReference{}
}
