package saltedge

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

// errand is what a user was sent for: the row behind a redirect address.
type errand struct {
	Kind string
	ID   string
}

// The kinds of errands.
const (
	kindConsent = "consent"
	kindPayment = "payment"
	kindFunds   = "funds"
)

func ended() error {
	return onepoint.E(onepoint.CodeConflict, "visit the bank", "this was decided already, or has ended; return to the application and start again", nil)
}

// begin is the redirect address: it starts the user's visit.
func (s *Server) begin(w http.ResponseWriter, r *http.Request) {
	v, err := s.visit(r.Context(), r.PathValue("id"))
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		err = onepoint.E(onepoint.CodeInvalid, "visit the bank", "this address is not known here; return to the application and start again", err)
	}
	if err == nil {
		err = s.pages.Begin(w, r, v)
	}
	if err != nil {
		s.pages.Fail(w, r, nil, err)
	}
}

func (s *Server) visit(ctx context.Context, id string) (sim.Visit, error) {
	e, err := s.visits.Get(ctx, id)
	if err != nil {
		return sim.Visit{}, err
	}
	var v sim.Visit
	switch e.Kind {
	case kindConsent:
		v, err = s.consentVisit(ctx, e.ID)
	case kindPayment:
		v, err = s.paymentVisit(ctx, e.ID)
	case kindFunds:
		v, err = s.fundsVisit(ctx, e.ID)
	default:
		err = fmt.Errorf("errand of unknown kind %q", e.Kind)
	}
	if err != nil {
		return v, err
	}
	v.Data, err = json.Marshal(e)
	return v, err
}

func (s *Server) consentVisit(ctx context.Context, id string) (sim.Visit, error) {
	row, err := s.consents.Get(ctx, id)
	if err != nil {
		return sim.Visit{}, err
	}
	status, err := s.status(ctx, onepoint.TPP{ClientID: row.Client}, row)
	if err != nil {
		return sim.Visit{}, err
	}
	if status != "received" {
		return sim.Visit{}, ended()
	}
	permissions, _, err := asked(row.Access)
	if err != nil {
		return sim.Visit{}, err
	}
	v := sim.Visit{TPP: row.TPP, Title: "Share your accounts", Choose: "many", Only: row.Only}
	v.Lines = []sim.Line{{Label: "To read", Value: readable(permissions)}, {Label: "Until", Value: row.Until}}
	if row.Recurring {
		v.Lines = append(v.Lines, sim.Line{Label: "How often", Value: fmt.Sprintf("up to %d times a day without you", row.Frequency)})
	}
	return v, nil
}

func readable(permissions []onepoint.Permission) string {
	words := []string{"account details"}
	c := onepoint.Consent{Access: onepoint.Access{Permissions: permissions}}
	if c.Allows(onepoint.ReadBalances) {
		words = append(words, "balances")
	}
	if c.Allows(onepoint.ReadTransactionsDetail) {
		words = append(words, "transactions")
	}
	return strings.Join(words, ", ")
}

// decide records what the user decided and sends them back, to the address as
// the TPP gave it.
func (s *Server) decide(ctx context.Context, v sim.Visit, d sim.Decision) (string, error) {
	var e errand
	if err := json.Unmarshal(v.Data, &e); err != nil {
		return "", fmt.Errorf("decode errand: %w", err)
	}
	switch e.Kind {
	case kindPayment:
		return s.decidePayment(ctx, e.ID, d)
	case kindFunds:
		return s.decideFunds(ctx, e.ID, d)
	}
	row, err := s.consents.Get(ctx, e.ID)
	if err != nil {
		return "", err
	}
	status, err := s.status(ctx, onepoint.TPP{ClientID: row.Client}, row)
	if err != nil {
		return "", err
	}
	if status != "received" { // another visit was faster, or the TPP ended it
		return "", ended()
	}
	if d.Approved {
		err = s.Journey.Approve(ctx, row.BankID, d.Customer, d.Accounts)
	} else {
		err = s.Journey.Reject(ctx, row.BankID)
	}
	return row.Redirect, err
}
