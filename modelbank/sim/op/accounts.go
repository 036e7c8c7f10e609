package op

import (
	"net/http"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

const (
	accountsBase   = "/mtls/accounts-psd2/v1"
	pageSize       = 50
	maxConsentDays = 90
	maxHistoryDays = 730
)

type route func(pattern string, h func(w http.ResponseWriter, r *http.Request) error)

func (s *Server) accountRoutes(at route) {
	at("POST "+accountsBase+"/authorizations", s.lodge)
	at("GET "+accountsBase+"/authorizations/{id}", s.readAuthorization)
	at("DELETE "+accountsBase+"/authorizations/{id}", s.revokeAuthorization)
	at("GET "+accountsBase+"/accounts", s.listAccounts)
	at("GET "+accountsBase+"/accounts/{id}", s.readAccount)
	at("GET "+accountsBase+"/accounts/{id}/transactions", s.listTransactions)
	at("GET "+accountsBase+"/cards", s.listCards)
	at("GET "+accountsBase+"/cards/{id}/transactions", s.listCardTransactions)
}

// authorization is the wire form of a consent.
type authorization struct {
	ID              string `json:"authorizationId"`
	Created         string `json:"created"`
	Modified        string `json:"modified,omitempty"`
	Authorized      string `json:"authorized,omitempty"`
	Expires         string `json:"expires,omitempty"`
	TransactionFrom string `json:"transactionFrom,omitempty"`
	TransactionTo   string `json:"transactionTo,omitempty"`
	Status          string `json:"status"`
}

var authorizationStatus = map[onepoint.ConsentStatus]string{
	onepoint.ConsentAwaiting: "Unauthorized", onepoint.ConsentAuthorised: "Authorized", onepoint.ConsentRejected: "Rejected",
	onepoint.ConsentRevoked: "Revoked", onepoint.ConsentExpired: "Expired",
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func (s *Server) authorization(c onepoint.Consent) authorization {
	a := authorization{
		ID: c.ID, Created: instant(c.Created), Modified: instant(c.Updated), Expires: instant(c.Access.Expires), Status: authorizationStatus[c.Status],
	}
	if c.Status == onepoint.ConsentAuthorised {
		a.Authorized = instant(c.Updated)
	}
	if !c.Access.From.IsZero() {
		a.Expires = ""
		a.TransactionFrom = onepoint.DateOf(c.Access.From.In(s.Zone)).String()
		a.TransactionTo = onepoint.DateOf(c.Access.To.In(s.Zone)).String()
	}
	return a
}

func (s *Server) lodge(w http.ResponseWriter, r *http.Request) error {
	c, err := s.call(r, "accounts", false)
	if err != nil {
		return err
	}
	var in struct {
		Expires         string `json:"expires"`
		TransactionFrom string `json:"transactionFrom"`
		TransactionTo   string `json:"transactionTo"`
	}
	if _, err := readBody(r, &in); err != nil {
		return err
	}
	access, err := s.access(in.Expires, in.TransactionFrom, in.TransactionTo)
	if err != nil {
		return err
	}
	consent, err := s.Bank.Lodge(r.Context(), c.client.tpp(), access)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, s.authorization(consent))
}

// access reads the two forms of an authorization: one until a time, or one for a
// range of days that is used once.
func (s *Server) access(expires, from, to string) (onepoint.Access, error) {
	now := s.Now()
	a := onepoint.Access{Permissions: []onepoint.Permission{
		onepoint.ReadAccountsDetail, onepoint.ReadBalances, onepoint.ReadTransactionsDetail,
		onepoint.ReadTransactionsCredits, onepoint.ReadTransactionsDebits, onepoint.ReadPAN,
	}}
	window := from != "" && to != ""
	if (expires != "") == window || (from == "") != (to == "") {
		return a, invalid("ExpirationOrTransactionRange", "expires", "Give expires, or transactionFrom and transactionTo")
	}
	if expires != "" {
		until, err := time.Parse(time.RFC3339, expires)
		switch {
		case err != nil:
			return a, invalid("Date", "expires", "Must be an RFC 3339 time")
		case !until.After(now) || until.After(now.AddDate(0, 0, maxConsentDays).Add(time.Minute)):
			return a, invalid("InvalidValue", "expires", "Must be in the future, at most 90 days ahead")
		}
		a.Expires = until
		return a, nil
	}
	first, err1 := onepoint.ParseDate(from)
	last, err2 := onepoint.ParseDate(to)
	today := onepoint.DateOf(now.In(s.Zone))
	switch {
	case err1 != nil || err2 != nil || last.Before(first):
		return a, invalid("Date", "transactionFrom", "Must be days, the first not after the last")
	case first.Before(today.AddDays(-maxHistoryDays)):
		return a, invalid("InvalidValue", "transactionFrom", "Must be at most 730 days back")
	}
	a.From, a.To = first.Time(s.Zone), last.AddDays(1).Time(s.Zone).Add(-time.Microsecond)
	a.Expires = now.Add(24 * time.Hour)
	return a, nil
}

// readAuthorization shows an authorization, also one that was revoked.
func (s *Server) readAuthorization(w http.ResponseWriter, r *http.Request) error {
	c, err := s.call(r, "accounts", false)
	if err != nil {
		return err
	}
	ended, err := s.revoked.Get(r.Context(), hash(c.client.ID+"|"+r.PathValue("id")))
	if err == nil {
		return writeJSON(w, http.StatusOK, ended)
	}
	if onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return err
	}
	consent, err := s.ownConsent(r, c)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, s.authorization(consent))
}

// ownConsent returns a TPP's consent; another's is not there.
func (s *Server) ownConsent(r *http.Request, c caller) (onepoint.Consent, error) {
	consent, err := s.Bank.Consent(r.Context(), c.client.tpp(), r.PathValue("id"))
	if onepoint.CodeOf(err) == onepoint.CodeForbidden {
		err = onepoint.E(onepoint.CodeNotFound, "read authorization", "", err)
	}
	return consent, err
}

func (s *Server) revokeAuthorization(w http.ResponseWriter, r *http.Request) error {
	c, err := s.call(r, "accounts", false)
	if err != nil {
		return err
	}
	key := hash(c.client.ID + "|" + r.PathValue("id"))
	if _, err := s.revoked.Get(r.Context(), key); err == nil {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	consent, err := s.ownConsent(r, c)
	if err != nil {
		return err
	}
	if err := s.Bank.Revoke(r.Context(), c.client.tpp(), consent.ID); err != nil {
		return err
	}
	ended := s.authorization(consent)
	if consent.Status == onepoint.ConsentAwaiting || consent.Status == onepoint.ConsentAuthorised {
		ended.Status, ended.Modified = "Revoked", instant(s.Now())
	}
	if err := s.revoked.Add(r.Context(), key, c.client.ID, ended); err != nil && onepoint.CodeOf(err) != onepoint.CodeConflict {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// read is a read call under a customer's token, with the consent that allows it.
func (s *Server) read(r *http.Request) (onepoint.Consent, error) {
	c, err := s.call(r, "accounts", true)
	if err != nil {
		return onepoint.Consent{}, err
	}
	if n := s.reads.Add(1); s.BusyEvery > 0 && n%s.BusyEvery == 0 {
		return onepoint.Consent{}, &apiError{http.StatusServiceUnavailable, "TECHNICAL", "Service unavailable", nil}
	}
	return s.Bank.Consent(r.Context(), c.client.tpp(), c.token.Authorization)
}

type account struct {
	ID                     string `json:"accountId"`
	Product                string `json:"productName"`
	Scheme                 string `json:"identifierSchema"`
	Identifier             string `json:"identifier"`
	ServicerScheme         string `json:"servicerSchema"`
	Servicer               string `json:"servicer"`
	Owner                  string `json:"owner"`
	NetBalance             string `json:"netBalance,omitempty"`
	GrossBalance           string `json:"grossBalance,omitempty"`
	CounterBalance         string `json:"counterBalance,omitempty"`
	CoverReservationAmount string `json:"coverReservationAmount,omitempty"`
	Currency               string `json:"currency"`
}

// iban is the account's IBAN, or else its first identifier.
func iban(a onepoint.Account) onepoint.Identifier {
	for _, id := range a.Identifiers {
		if id.Scheme == onepoint.SchemeIBAN {
			return id
		}
	}
	if len(a.Identifiers) == 0 {
		return onepoint.Identifier{}
	}
	return a.Identifiers[0]
}

func (s *Server) account(r *http.Request, c onepoint.Consent, a onepoint.Account) (account, error) {
	balances, err := s.Bank.Balances(r.Context(), c, a.ID)
	if err != nil {
		return account{}, err
	}
	id := iban(a)
	out := account{
		ID: a.ID, Product: a.Product, Scheme: "BBAN", Identifier: id.Value, ServicerScheme: "BIC", Servicer: "OKOYFIHH",
		Owner: a.Holder, Currency: string(a.Currency),
	}
	if id.Scheme == onepoint.SchemeIBAN {
		out.Scheme = "IBAN"
	}
	for _, b := range balances {
		switch b.Type {
		case onepoint.BalanceInterimAvailable:
			out.NetBalance = amount(b.Amount)
		case onepoint.BalanceInterimBooked:
			out.GrossBalance = amount(b.Amount)
		}
	}
	return out, nil
}

// amount writes a decimal as OP does: without zeros at the end, but with one
// decimal at least.
func amount(m onepoint.Money) string {
	text := m.Decimal()
	if !strings.Contains(text, ".") {
		return text + ".0"
	}
	text = strings.TrimRight(text, "0")
	if strings.HasSuffix(text, ".") {
		text += "0"
	}
	return text
}

func (s *Server) listAccounts(w http.ResponseWriter, r *http.Request) error {
	c, err := s.read(r)
	if err != nil {
		return err
	}
	held, err := s.Bank.Accounts(r.Context(), c)
	if err != nil {
		return err
	}
	out := []account{}
	for _, a := range held {
		if a.Type == onepoint.AccountCard {
			continue
		}
		one, err := s.account(r, c, a)
		if err != nil {
			return err
		}
		out = append(out, one)
	}
	return writeJSON(w, http.StatusOK, out)
}

func (s *Server) readAccount(w http.ResponseWriter, r *http.Request) error {
	c, err := s.read(r)
	if err != nil {
		return err
	}
	held, err := s.Bank.Accounts(r.Context(), c)
	if err != nil {
		return err
	}
	for _, a := range held {
		if a.ID == r.PathValue("id") && a.Type != onepoint.AccountCard {
			one, err := s.account(r, c, a)
			if err != nil {
				return err
			}
			return writeJSON(w, http.StatusOK, one)
		}
	}
	return onepoint.E(onepoint.CodeNotFound, "read account", "", nil)
}

func (s *Server) listCards(w http.ResponseWriter, r *http.Request) error {
	c, err := s.read(r)
	if err != nil {
		return err
	}
	held, err := s.Bank.Accounts(r.Context(), c)
	if err != nil {
		return err
	}
	out := []map[string]string{}
	for _, a := range held {
		if a.Type == onepoint.AccountCard {
			out = append(out, map[string]string{"cardId": a.ID, "productName": a.Product, "cardNumber": maskCard(iban(a).Value)})
		}
	}
	return writeJSON(w, http.StatusOK, out)
}

func maskCard(pan string) string {
	if len(pan) < 10 {
		return pan
	}
	return pan[:6] + "******" + pan[len(pan)-4:]
}
