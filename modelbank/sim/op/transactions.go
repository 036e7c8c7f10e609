package op

import (
	"net/http"
	"net/url"

	"github.com/onepointledger/onepoint"
)

type party struct {
	Name       string `json:"name,omitempty"`
	Identifier string `json:"identifier,omitempty"`
	Servicer   string `json:"servicer,omitempty"`
}

type transaction struct {
	ArchiveID   string `json:"archiveId"`
	Message     string `json:"message,omitempty"`
	Reference   string `json:"reference,omitempty"`
	Amount      string `json:"amount"`
	Currency    string `json:"currency"`
	BookingDate string `json:"bookingDate"`
	ValueDate   string `json:"valueDate"`
	PaymentDate string `json:"paymentDate"`
	Payer       *party `json:"payer,omitempty"`
	Recipient   *party `json:"recipient,omitempty"`
	Description string `json:"proprietaryTransactionDescription,omitempty"`
}

// page reads the page of an account that the request asks for, booked entries
// only.
func (s *Server) page(r *http.Request) (onepoint.TransactionPage, error) {
	c, err := s.read(r)
	if err != nil {
		return onepoint.TransactionPage{}, err
	}
	page, err := s.Bank.Transactions(r.Context(), c, r.PathValue("id"), onepoint.TransactionQuery{
		Cursor: r.URL.Query().Get("continuationToken"), Limit: pageSize,
	})
	if err != nil {
		return page, err
	}
	booked := page.Transactions[:0]
	for _, t := range page.Transactions {
		if t.Status == onepoint.StatusBooked {
			booked = append(booked, t)
		}
	}
	page.Transactions = booked
	return page, nil
}

func (s *Server) answerPage(w http.ResponseWriter, r *http.Request, next string, rows any) error {
	self := s.Base + accountsBase + r.URL.Path[len(s.path+accountsBase):]
	links := map[string]any{"self": map[string]string{"href": self}}
	out := map[string]any{"transactions": rows, "links": links}
	if next != "" {
		out["continuationToken"] = next
		links["next"] = map[string]string{"href": self + "?continuationToken=" + url.QueryEscape(next)}
	}
	return writeJSON(w, http.StatusOK, out)
}

func (s *Server) listTransactions(w http.ResponseWriter, r *http.Request) error {
	page, err := s.page(r)
	if err != nil {
		return err
	}
	rows := []transaction{}
	for _, t := range page.Transactions {
		rows = append(rows, s.shown(t))
	}
	return s.answerPage(w, r, page.Next, rows)
}

// days are OP's own: those of Helsinki, wherever the books count theirs.
func (s *Server) days(t onepoint.Transaction) (booked, value onepoint.Date) {
	booked = onepoint.DateOf(t.BookedAt.In(s.Zone))
	if t.ValueDate == t.BookingDate {
		return booked, booked
	}
	return booked, t.ValueDate
}

func (s *Server) shown(t onepoint.Transaction) transaction {
	booked, value := s.days(t)
	out := transaction{
		ArchiveID: t.ID, Message: t.Information, Reference: t.Reference, Amount: amount(t.Amount), Currency: string(t.Amount.Currency),
		BookingDate: booked.String(), ValueDate: value.String(), PaymentDate: booked.String(), Description: t.ProprietaryCode,
	}
	who := t.Counterparty
	if who.Name == "" {
		who.Name = t.Merchant.Name
	}
	switch {
	case who.Name == "" && who.Identifier.Value == "":
	case t.Amount.IsNegative():
		out.Recipient = &party{Name: who.Name, Identifier: who.Identifier.Value, Servicer: who.Agent}
	default:
		out.Payer = &party{Name: who.Name}
	}
	return out
}

// listCardTransactions shows what OP shows of a card: no id, one date.
func (s *Server) listCardTransactions(w http.ResponseWriter, r *http.Request) error {
	page, err := s.page(r)
	if err != nil {
		return err
	}
	rows := []map[string]string{}
	for _, t := range page.Transactions {
		booked, _ := s.days(t)
		row := map[string]string{
			"description": t.Information, "amount": amount(t.Amount), "currency": string(t.Amount.Currency), "postingDate": booked.String(),
		}
		if t.Exchange != nil {
			row["originalAmount"], row["originalCurrency"] = amount(t.Exchange.Instructed), string(t.Exchange.Instructed.Currency)
		}
		rows = append(rows, row)
	}
	return s.answerPage(w, r, page.Next, rows)
}
