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
	p, err = s.payments.Update(r.Context(), p.ID, func(p *payment) error {
		if len(p.Submissions) > 0 {
			return business("IllegalState", "The payment was submitted")
		}
		p.Status, p.Modified = "Revoked", s.Now().UTC()
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.settle(r.Context(), p.Order); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// submit carries the payment out. The same submission again answers the same,
// except that a pending one is tried again. The submission is written down before
// the money moves: of two at once with different ids one is refused, and one that
// a crash cut short is carried out by its repetition.
func (s *Server) submit(w http.ResponseWriter, r *http.Request) error {
	p, c, err := s.ownPayment(r)
	if err != nil {
		return err
	}
	if c.token.Customer == "" || c.token.Authorization != p.Order {
		return denied(http.StatusForbidden, "Authorization is another")
	}
	id, scenario := r.PathValue("submission"), r.Header.Get("x-sandbox-scenario")
	if err := refusedScenario(scenario); err != nil {
		return err
	}
	if p, err = s.payments.Update(r.Context(), p.ID, s.begin(id)); err != nil {
		return err
	}
	made, _ := find(p, id)
	if made.Status != "Pending" {
		return writeJSON(w, http.StatusOK, made)
	}
	status, err := s.execute(r.Context(), p, scenario)
	if err != nil {
		return err
	}
	p, err = s.payments.Update(r.Context(), p.ID, func(p *payment) error {
		for i := range p.Submissions {
			if p.Submissions[i].ID == id && p.Submissions[i].Status == "Pending" {
				p.Submissions[i].Status, p.Submissions[i].Modified = status, s.Now().UTC()
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.settle(r.Context(), p.Order); err != nil {
		return err
	}
	made, _ = find(p, id)
	return writeJSON(w, http.StatusOK, made)
}

// begin adds a submission that waits, unless it is there.
func (s *Server) begin(id string) func(*payment) error {
	return func(p *payment) error {
		if _, ok := find(*p, id); ok {
			return nil
		}
		switch {
		case len(p.Submissions) > 0:
			return business("DuplicatePayment", "The payment was submitted under another id")
		case p.Status == "Revoked" || p.Status == "Rejected": // the authorization itself was checked with the token
			return business("IllegalState", "The payment is not authorized")
		}
		now := s.Now().UTC()
		p.Submissions = append(p.Submissions, submission{ID: id, Archive: archiveOf(*p), Created: now, Modified: now, Status: "Pending"})
		p.Modified = now
		return nil
	}
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

// refusedScenario is the error that the sandbox's scenario header asks for.
func refusedScenario(scenario string) error {
	kind, detail, _ := strings.Cut(scenario, "=")
	switch {
	case kind == "InsufficientFunds":
		return business("InsufficientFunds", "Insufficient funds")
	case kind == "PaymentSystemUnavailable":
		return &apiError{http.StatusServiceUnavailable, "TECHNICAL", "Service unavailable", nil}
	case kind == "PaymentFail" && detail != "":
		return business("PaymentFail", "The payment failed: "+detail)
	}
	return nil
}

// execute pays, or gives the status that the sandbox's scenario header asks for.
func (s *Server) execute(ctx context.Context, p payment, scenario string) (string, error) {
	switch kind, _, _ := strings.Cut(scenario, "="); kind {
	case "FutureSimulation":
		return "Pending", nil
	case "PaymentFail", "PaymentSubmitFailed":
		return "Error", nil
	}
	o, err := s.orders.Get(ctx, p.Order)
	if err != nil {
		return "", err
	}
	if o.Status != "Authorized" && o.Status != "Completed" {
		return "", business("IllegalState", "The payment is not authorized")
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

// settle tells by its payments how an authorization stands: completed once all
// that were not revoked are submitted, revoked once all are.
func (s *Server) settle(ctx context.Context, orderID string) error {
	all, err := s.payments.Of(ctx, orderID, maxBundle)
	if err != nil {
		return err
	}
	waiting, revoked := 0, 0
	for _, p := range all {
		switch {
		case p.Status == "Revoked":
			revoked++
		case len(p.Submissions) == 0:
			waiting++
		}
	}
	_, err = s.orders.Update(ctx, orderID, func(o *order) error {
		switch {
		case revoked == len(all):
			o.Status = "Revoked"
		case waiting == 0 && o.Status == "Authorized":
			o.Status = "Completed"
		default:
			return nil
		}
		o.Modified = s.Now().UTC()
		return nil
	})
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
	return writeJSON(w, http.StatusOK, s.at(s.Now().Add(ahead(r)), found))
}

// ahead is how far the sandbox's scenario header looks into the future:
// "FutureSimulation=PT24H".
func ahead(r *http.Request) time.Duration {
	kind, detail, _ := strings.Cut(r.Header.Get("x-sandbox-scenario"), "=")
	period, ok := strings.CutPrefix(detail, "PT")
	d, err := time.ParseDuration(strings.ToLower(period))
	if kind != "FutureSimulation" || !ok || err != nil || d < 0 {
		return 0
	}
	return d
}

func (s *Server) at(now time.Time, sub submission) submission {
	if sub.Status == "Accepted" && now.Sub(sub.Modified) >= time.Second {
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
		p.Submissions[i] = s.at(s.Now().Add(ahead(r)), p.Submissions[i])
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
	all, err := s.payments.Of(ctx, orderID, maxBundle)
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
	status := "Revoked"
	all, err := s.payments.Of(r.Context(), o.ID, maxBundle)
	if err != nil {
		return err
	}
	for _, p := range all {
		if len(p.Submissions) > 0 {
			status = "PartiallyRevoked"
		}
	}
	switch o.Status {
	case "Revoked", "PartiallyRevoked", "Rejected": // has ended already
	default:
		if err := s.endOrder(r.Context(), o.ID, status, "Unauthorized", "Authorized"); err != nil {
			return err
		}
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
	if o.Payer == "" {
		return invalid("Required", "payer", "Without the pages the payment must name its payer")
	}
	account, err := s.ownAccount(r.Context(), o.Payer)
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
	if err := s.endOrder(r.Context(), o.ID, "Rejected", "Unauthorized"); err != nil {
		return err
	}
	return s.readOrder(w, r)
}
