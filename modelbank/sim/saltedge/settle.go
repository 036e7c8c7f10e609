package saltedge

import (
	"context"
	"errors"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

// statusTaken is a payment that its user has authorised and the books have not
// taken yet.
const statusTaken = "ACCP"

func (s *Server) paymentVisit(ctx context.Context, id string) (sim.Visit, error) {
	row, err := s.payments.Get(ctx, id)
	if err != nil {
		return sim.Visit{}, err
	}
	if s.shown(row) != "RCVD" || s.Now().Before(row.Ready) {
		return sim.Visit{}, ended()
	}
	m, err := row.Order.Amount.Money()
	if err != nil {
		return sim.Visit{}, err
	}
	v := sim.Visit{TPP: row.TPP, Title: "Approve a payment", Choose: "one", Only: row.Debtor, Currency: string(m.Currency)}
	v.Lines = []sim.Line{
		{Label: "Amount", Value: m.String()},
		{Label: "To", Value: row.Order.CreditorName + ", " + row.Order.CreditorAccount.Identifier().Value},
	}
	if text := row.Order.Unstructured; text != "" {
		v.Lines = append(v.Lines, sim.Line{Label: "Message", Value: text})
	}
	return v, nil
}

// decidePayment records the user's decision, then lets the books pay. Of two
// decisions the first counts.
func (s *Server) decidePayment(ctx context.Context, id string, d sim.Decision) (string, error) {
	row, err := s.payments.Update(ctx, id, func(p *paymentRow) error {
		if p.Status != "RCVD" || p.Refused {
			return ended()
		}
		if !d.Approved {
			p.Status, p.Reason = "RJCT", "The customer refused the payment"
			return nil
		}
		p.Status, p.Debtor = statusTaken, d.Accounts[0]
		return nil
	})
	if err != nil || !d.Approved {
		return row.Redirect, err
	}
	if _, err := s.settle(ctx, row); err != nil {
		s.Log.ErrorContext(ctx, "saltedge settlement is left for later", "payment", id, "error", err)
	}
	return row.Redirect, nil
}

// settle moves the money, once however often it is called.
func (s *Server) settle(ctx context.Context, row paymentRow) (paymentRow, error) {
	m, err := row.Order.Amount.Money()
	if err != nil {
		return row, err
	}
	clearing := core.ClearingSEPA
	if m.Currency == "GBP" {
		clearing = core.ClearingFPS
	}
	err = s.Core.Transfer(ctx, core.Transfer{
		ID: "mov_saltedge_" + row.ID, Debtor: row.Debtor, Amount: m, Clearing: clearing,
		Creditor:    onepoint.Counterparty{Name: row.Order.CreditorName, Identifier: row.Order.CreditorAccount.Identifier(), Agent: row.Order.CreditorAgent},
		Information: row.Order.Unstructured, Reference: row.Order.EndToEndID,
	})
	status, reason := "ACSC", ""
	switch {
	case errors.Is(err, core.ErrFunds):
		status, reason = "RJCT", "The account does not hold enough money"
	case onepoint.CodeOf(err) == onepoint.CodeInvalid:
		status, reason = "RJCT", onepoint.MessageOf(err)
	case err != nil:
		return row, err
	}
	return s.payments.Update(ctx, row.ID, func(p *paymentRow) error {
		if p.Status == statusTaken {
			p.Status, p.Reason = status, reason
		}
		return nil
	})
}
