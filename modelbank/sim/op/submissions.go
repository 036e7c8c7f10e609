package op

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

// paymentCaller is a payments call with a client's or a customer's token.
func (s *Server) paymentCaller(r *http.Request) (caller, error) {
	c, err := s.call(r, "payments", false)
	var fault *gatewayFault
	if errors.As(err, &fault) && fault.status == http.StatusForbidden {
		return s.call(r, "payments", true)
	}
	return c, err
}

func (s *Server) ownPayment(r *http.Request) (payment, caller, error) {
	c, err := s.paymentCaller(r)
	if err != nil {
		return payment{}, c, err
	}
	p, err := s.payments.Get(r.Context(), r.PathValue("id"))
	if err == nil && p.Client != c.client.ID {
		err = onepoint.E(onepoint.CodeNotFound, "read payment", "", nil)
	}
	return p, c, err
}

func (s *Server) readPayment(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.ownPayment(r)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, p.wire())
}

func (s *Server) cancelPayment(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.ownPayment(r)
	if err != nil {
		return err
	}
	_, err = s.payments.Update(r.Context(), p.ID, func(p *payment) error {
		if len(p.Submissions) > 0 {
			return business("IllegalState", "The payment was submitted")
		}
		p.Status, p.Modified = "Revoked", s.Now().UTC()
		return nil
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// submit carries the payment out. The same submission again answers the same,
// except that a pending one is tried again.
func (s *Server) submit(w http.ResponseWriter, r *http.Request) error {
	p, c, err := s.ownPayment(r)
	if err != nil {
		return err
	}
	if c.token.Customer == "" || c.token.Authorization != p.Order {
		return denied(http.StatusForbidden, "Authorization is another")
	}
	if p.Status != "Authorized" && len(p.Submissions) == 0 {
		return business("IllegalState", "The payment is not authorized")
	}
	id := r.PathValue("submission")
	if known, ok := find(p, id); ok && known.Status != "Pending" {
		return writeJSON(w, http.StatusOK, known)
	} else if !ok && len(p.Submissions) > 0 {
		return business("DuplicatePayment", "The payment was submitted under another id")
	}
	status, err := s.execute(r.Context(), p, r.Header.Get("x-sandbox-scenario"))
	if err != nil {
		return err
	}
	now := s.Now().UTC()
	p, err = s.payments.Update(r.Context(), p.ID, func(p *payment) error {
		made := submission{ID: id, Archive: archiveOf(*p), Created: now, Modified: now, Status: status}
		p.Submissions = append(slices.DeleteFunc(p.Submissions, func(s submission) bool { return s.ID == id }), made)
		p.Modified = now
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.complete(r.Context(), p); err != nil {
		return err
	}
	made, _ := find(p, id)
	return writeJSON(w, http.StatusOK, made)
}

// archiveOf is the id of the entry that the payment makes on the payer's account.
func archiveOf(p payment) string { return p.ID + ".1" }

func find(p payment, id string) (submission, bool) {
	i := slices.IndexFunc(p.Submissions, func(s submission) bool { return s.ID == id })
	if i < 0 {
		return submission{}, false
	}
	return p.Submissions[i], true
}

// execute pays, or does what the sandbox's scenario header asks for instead.
func (s *Server) execute(ctx context.Context, p payment, scenario string) (string, error) {
	kind, detail, _ := strings.Cut(scenario, "=")
	switch kind {
	case "InsufficientFunds":
		return "", business("InsufficientFunds", "Insufficient funds")
	case "PaymentSystemUnavailable":
		return "", &apiError{http.StatusServiceUnavailable, "TECHNICAL", "Service unavailable", nil}
	case "FutureSimulation":
		return "Pending", nil
	case "PaymentFail", "PaymentSubmitFailed":
		if detail == "" {
			return "Error", nil
		}
		return "", business("PaymentFail", "The payment failed: "+detail)
	}
	o, err := s.orders.Get(ctx, p.Order)
	if err != nil {
		return "", err
	}
	err = s.Books.Transfer(ctx, core.Transfer{
		ID: p.ID, Debtor: o.Account, Amount: p.Amount, Creditor: p.Payee, Information: p.Message, Reference: p.Reference, Clearing: core.ClearingSEPA,
	})
	switch {
	case errors.Is(err, core.ErrFunds):
		return "Rejected", nil
	case err != nil:
		return "", err
	}
	return "Accepted", nil
}

// complete ends the authorization once all its payments were submitted.
func (s *Server) complete(ctx context.Context, p payment) error {
	all, err := s.payments.Of(ctx, p.Order, 100)
	if err != nil {
		return err
	}
	for _, one := range all {
		if len(one.Submissions) == 0 {
			return nil
		}
	}
	_, err = s.orders.Update(ctx, p.Order, func(o *order) error { o.Status, o.Modified = "Completed", s.Now().UTC(); return nil })
	return err
}

// readSubmission tells how a submission stands. What was accepted has been
// credited by then: the books here take no days.
func (s *Server) readSubmission(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.ownPayment(r)
	if err != nil {
		return err
	}
	found, ok := find(p, r.PathValue("submission"))
	if !ok {
		return onepoint.E(onepoint.CodeNotFound, "read submission", "", nil)
	}
	return writeJSON(w, http.StatusOK, s.now(found))
}

func (s *Server) now(sub submission) submission {
	if sub.Status == "Accepted" && s.Now().Sub(sub.Modified) >= time.Second {
		sub.Status = "Credited"
	}
	return sub
}

func (s *Server) listSubmissions(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.ownPayment(r)
	if err != nil {
		return err
	}
	for i := range p.Submissions {
		p.Submissions[i] = s.now(p.Submissions[i])
	}
	return writeJSON(w, http.StatusOK, p.Submissions)
}

func (s *Server) ownOrder(r *http.Request) (order, caller, error) {
	c, err := s.paymentCaller(r)
	if err != nil {
		return order{}, c, err
	}
	o, err := s.orders.Get(r.Context(), r.PathValue("id"))
	if err == nil && o.Client != c.client.ID {
		err = onepoint.E(onepoint.CodeNotFound, "read authorization", "", nil)
	}
	return o, c, err
}

func (s *Server) readOrder(w http.ResponseWriter, r *http.Request) error {
	o, _, err := s.ownOrder(r)
	if err != nil {
		return err
	}
	out := o.wire()
	if r.URL.Query().Get("include") == "payments" {
		if out["payments"], err = s.wirePayments(r.Context(), o.ID); err != nil {
			return err
		}
	}
	return writeJSON(w, http.StatusOK, out)
}

func (s *Server) wirePayments(ctx context.Context, orderID string) ([]map[string]any, error) {
	all, err := s.payments.Of(ctx, orderID, 100)
	out := []map[string]any{}
	for _, p := range all {
		out = append(out, p.wire())
	}
	return out, err
}

func (s *Server) listPayments(w http.ResponseWriter, r *http.Request) error {
	o, _, err := s.ownOrder(r)
	if err != nil {
		return err
	}
	all, err := s.wirePayments(r.Context(), o.ID)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, all)
}

func (s *Server) revokeOrder(w http.ResponseWriter, r *http.Request) error {
	o, _, err := s.ownOrder(r)
	if err != nil {
		return err
	}
	if o.Status == "Completed" {
		return business("IllegalState", "The payments were submitted")
	}
	if err := s.endOrder(r.Context(), o.ID, "Revoked"); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// sandboxAuthorize skips the pages: a customer's account that holds the currency
// pays, the one named first.
func (s *Server) sandboxAuthorize(w http.ResponseWriter, r *http.Request) error {
	o, _, err := s.ownOrder(r)
	if err != nil {
		return err
	}
	p, err := s.payments.Get(r.Context(), o.Payments[0])
	if err != nil {
		return err
	}
	if p.Payer == "" {
		return invalid("Required", "payer", "Without the pages the payment must name its payer")
	}
	account, err := s.ownAccount(r.Context(), p.Payer)
	if err != nil {
		return err
	}
	if err := s.approveOrder(r.Context(), o.ID, sim.Decision{Approved: true, Customer: "sandbox", Accounts: []string{account}}); err != nil {
		return err
	}
	return s.readOrder(w, r)
}

func (s *Server) sandboxReject(w http.ResponseWriter, r *http.Request) error {
	o, _, err := s.ownOrder(r)
	if err != nil {
		return err
	}
	if err := s.endOrder(r.Context(), o.ID, "Rejected"); err != nil {
		return err
	}
	return s.readOrder(w, r)
}
