package saltedge

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/berlin"
)

const (
	maxPage  = 500
	bankPage = 1000
)

// report is an account report in the engine's words: the way to the next page
// stands at both levels.
type report struct {
	Account struct {
		BIC      string `json:"bic"`
		IBAN     string `json:"iban,omitempty"`
		Currency string `json:"currency"`
		Local    string `json:"bank_account_identifier,omitempty"`
	} `json:"account"`
	Transactions struct {
		Booked  []berlin.Transaction `json:"booked"`
		Pending []berlin.Transaction `json:"pending"`
		Links   berlin.Links         `json:"_links"`
	} `json:"transactions"`
	Links berlin.Links `json:"_links"`
}

// window is what of an account is asked for.
type window struct {
	onepoint.TransactionQuery
	booked, pending bool
	limit, offset   int // limit 0: everything at once
}

func (s *Server) window(v url.Values) (window, error) {
	w := window{booked: v.Get("bookingStatus") != "pending", pending: v.Get("bookingStatus") != "booked"}
	if !slices.Contains([]string{"booked", "pending", "both"}, v.Get("bookingStatus")) {
		return w, format("bookingStatus must be booked, pending or both")
	}
	if v.Get("dateFrom") == "" {
		return w, format("dateFrom is missing")
	}
	for name, to := range map[string]*onepoint.Date{"dateFrom": &w.From, "dateTo": &w.To} {
		if text := v.Get(name); text != "" {
			d, err := onepoint.ParseDate(text)
			if err != nil {
				return w, format(name + " must be a date")
			}
			*to = d
		}
	}
	if !w.To.IsZero() && w.To.Before(w.From) {
		return w, refuse(http.StatusBadRequest, "PERIOD_INVALID", "dateTo lies before dateFrom")
	}
	if v.Get("paginated") != "1" && v.Get("paginated") != "true" {
		return w, nil
	}
	w.limit = s.PageSize
	for name, to := range map[string]*int{"limit": &w.limit, "offset": &w.offset} {
		if text := v.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || name == "limit" && (n == 0 || n > maxPage) {
				return w, format(name + " is invalid")
			}
			*to = n
		}
	}
	return w, nil
}

// rows are the rows of the window, and whether there are more.
func (s *Server) rows(r signedRequest, consent onepoint.Consent, w window) ([]onepoint.Transaction, bool, error) {
	var rows []onepoint.Transaction
	q := w.TransactionQuery
	q.Limit = bankPage
	for {
		page, err := s.Bank.Transactions(r.Context(), consent, r.PathValue("account"), q)
		if err != nil {
			return nil, false, unknownAccount(err)
		}
		for _, t := range page.Transactions {
			pending := t.Status == onepoint.StatusPending
			if pending && w.pending || !pending && w.booked {
				rows = append(rows, t)
			}
		}
		if page.Next == "" || w.limit > 0 && len(rows) > w.offset+w.limit {
			break
		}
		q.Cursor = page.Next
	}
	if w.limit == 0 {
		return rows, false, nil
	}
	end := min(w.offset+w.limit, len(rows))
	return rows[min(w.offset, len(rows)):end], end < len(rows), nil
}

func (s *Server) listTransactions(r signedRequest) (int, any, error) {
	w, err := s.window(r.URL.Query())
	if err != nil {
		return 0, nil, err
	}
	consent, err := s.use(r)
	if err != nil {
		return 0, nil, err
	}
	rows, more, err := s.rows(r, consent, w)
	if err != nil {
		return 0, nil, err
	}
	var out report
	ref := s.reference(r, consent)
	out.Account.BIC, out.Account.IBAN, out.Account.Currency = bankBIC, ref.IBAN, ref.Currency
	out.Transactions.Booked, out.Transactions.Pending = []berlin.Transaction{}, []berlin.Transaction{}
	for _, t := range rows {
		if t.Status == onepoint.StatusPending {
			out.Transactions.Pending = append(out.Transactions.Pending, s.transaction(t))
		} else {
			out.Transactions.Booked = append(out.Transactions.Booked, s.transaction(t))
		}
	}
	out.Links = berlin.Links{"account": {Href: s.accountPath(r.PathValue("account"))}}
	if more {
		v := r.URL.Query()
		v.Set("offset", strconv.Itoa(w.offset+w.limit))
		v.Set("limit", strconv.Itoa(w.limit))
		out.Links["next"] = berlin.Link{Href: s.accountPath(r.PathValue("account")) + "/transactions?" + v.Encode()}
	}
	out.Transactions.Links = out.Links
	return http.StatusOK, out, nil
}

// transaction is a row in the engine's words: no codes of the bank, no agents,
// and a category where others have the structured remittance.
func (s *Server) transaction(t onepoint.Transaction) berlin.Transaction {
	w := s.codec.TransactionToWire(t)
	w.BankCode, w.Proprietary, w.CreditorAgent, w.DebtorAgent = "", "", "", ""
	w.Structured = berlin.Structured{Reference: category(t)}
	return w
}

func category(t onepoint.Transaction) string {
	switch t.Merchant.CategoryCode {
	case "5411":
		return "groceries"
	case "5812", "5814":
		return "cafes_and_restaurants"
	case "4112", "4111":
		return "transportation"
	case "":
		if t.Amount.IsNegative() {
			return "transfer"
		}
		return "income"
	}
	return "shopping"
}
