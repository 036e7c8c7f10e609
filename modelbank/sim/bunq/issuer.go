package bunq

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

// issuerLife is how long a user has to accept a payment.
const issuerLife = 10 * time.Minute

// issuerTransaction is a payment that a provider initiates; the user chooses the
// account on bunq's page.
type issuerTransaction struct {
	ID       int64     `json:"id"`
	Provider int64     `json:"provider"`
	UUID     string    `json:"uuid"`
	Order    order     `json:"order"`
	Redirect string    `json:"redirect"`
	Status   string    `json:"status"`
	Expires  time.Time `json:"expires"`
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
}

type issuerObject struct {
	ID           int64        `json:"id"`
	Created      string       `json:"created"`
	Updated      string       `json:"updated"`
	UUID         string       `json:"public_uuid"`
	Counterparty pointer      `json:"counterparty_alias"`
	Amount       amount       `json:"amount"`
	Description  string       `json:"description"`
	Redirect     string       `json:"url_redirect"`
	Expires      string       `json:"time_expiry"`
	Status       string       `json:"status"`
	Alias        *aliasObject `json:"alias,omitempty"`
}

func (s *Server) showIssuer(ctx context.Context, t issuerTransaction) (issuerObject, error) {
	out := issuerObject{
		ID: t.ID, Created: stamp(t.Created), Updated: stamp(t.Updated), UUID: t.UUID, Amount: amountOf(t.Order.Amount),
		Counterparty: pointer{"IBAN", t.Order.Creditor.Identifier.Value, t.Order.Creditor.Name},
		Description:  t.Order.Description, Redirect: t.Redirect, Expires: stamp(t.Expires), Status: t.Status,
	}
	if t.Order.Debtor != "" {
		a, err := s.Core.Account(ctx, t.Order.Debtor)
		if err != nil {
			return out, err
		}
		out.Alias = &aliasObject{"IBAN", ibanOf(a), a.Holder}
	}
	return out, nil
}

func (s *Server) addIssuer(ctx context.Context, c *call) (answer, error) {
	p, err := s.asProvider(ctx, c, "PISP")
	if err != nil {
		return answer{}, err
	}
	var in struct {
		draftEntry
		Redirect string `json:"url_redirect"`
		Expiry   string `json:"time_expiry"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	o, err := s.orderOf(in.draftEntry)
	if err != nil {
		return answer{}, err
	}
	if !s.redirectable(in.Redirect) {
		return answer{}, bad("The url_redirect must be a valid HTTPS address.")
	}
	now := s.now()
	row := issuerTransaction{Provider: p.ID, UUID: newUUID(), Order: o, Redirect: in.Redirect, Status: orderPending, Expires: now.Add(issuerLife), Created: now, Updated: now}
	if in.Expiry != "" {
		if row.Expires, err = time.Parse(timeForm, in.Expiry); err != nil || !row.Expires.After(now) {
			return answer{}, bad("The time_expiry must be a time in the future.")
		}
	}
	if row.ID, err = s.next(ctx, "issuer_transaction"); err != nil {
		return answer{}, err
	}
	if err := s.issuers.Add(ctx, key(row.ID), key(p.ID), row); err != nil {
		return answer{}, err
	}
	return created(row.ID), s.issuerUUIDs.Add(ctx, row.UUID, "", row.ID)
}

// current is what has become of a transaction by now: an accepted one is
// executed if it was not yet, one that waited too long has expired.
func (s *Server) current(ctx context.Context, t issuerTransaction) (issuerTransaction, error) {
	switch {
	case t.Status == orderPending && !s.now().Before(t.Expires):
		return s.issuers.Update(ctx, key(t.ID), func(o *issuerTransaction) error {
			if o.Status == orderPending {
				o.Status, o.Updated = orderExpired, s.now()
			}
			return nil
		})
	case t.Status == orderAccepted:
		status, err := s.execute(ctx, "bunq_issuer_"+key(t.ID), t.Order)
		if err != nil {
			return t, err
		}
		return s.issuers.Update(ctx, key(t.ID), func(o *issuerTransaction) error {
			if o.Status == orderAccepted { // else somebody was here at the same time
				o.Status, o.Updated = status, s.now()
			}
			return nil
		})
	}
	return t, nil
}

func (s *Server) issuerAnswer(ctx context.Context, t issuerTransaction, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	if t, err = s.current(ctx, t); err != nil {
		return answer{}, err
	}
	shown, err := s.showIssuer(ctx, t)
	return one("PaymentServiceProviderIssuerTransaction", shown), err
}

func (s *Server) listIssuers(ctx context.Context, c *call) (answer, error) {
	p, err := s.asProvider(ctx, c, "PISP")
	if err != nil {
		return answer{}, err
	}
	rows, err := s.issuers.Of(ctx, key(p.ID), maxRows)
	if err != nil {
		return answer{}, err
	}
	return paged(s, c, "PaymentServiceProviderIssuerTransaction", rows, func(t issuerTransaction) int64 { return t.ID },
		func(t issuerTransaction) (any, error) {
			t, err := s.current(ctx, t)
			if err != nil {
				return nil, err
			}
			return s.showIssuer(ctx, t)
		})
}

func (s *Server) issuer(ctx context.Context, c *call) (issuerTransaction, error) {
	p, err := s.asProvider(ctx, c, "PISP")
	if err != nil {
		return issuerTransaction{}, err
	}
	id, err := c.number("id")
	if err != nil {
		return issuerTransaction{}, err
	}
	t, err := s.issuers.Get(ctx, key(id))
	if err == nil && t.Provider != p.ID {
		err = missing()
	}
	return t, err
}

func (s *Server) getIssuer(ctx context.Context, c *call) (answer, error) {
	t, err := s.issuer(ctx, c)
	return s.issuerAnswer(ctx, t, err)
}

func (s *Server) getIssuerPublic(ctx context.Context, c *call) (answer, error) {
	if err := s.owns(ctx, c); err != nil {
		return answer{}, err
	}
	t, err := s.issuerByUUID(ctx, c.PathValue("uuid"))
	return s.issuerAnswer(ctx, t, err)
}

func (s *Server) issuerByUUID(ctx context.Context, uuid string) (issuerTransaction, error) {
	id, err := s.issuerUUIDs.Get(ctx, strings.ToLower(uuid))
	if err != nil {
		return issuerTransaction{}, err
	}
	return s.issuers.Get(ctx, key(id))
}

func (s *Server) putIssuer(ctx context.Context, c *call) (answer, error) {
	t, err := s.issuer(ctx, c)
	if err != nil {
		return answer{}, err
	}
	status, err := c.ending()
	if err != nil {
		return answer{}, err
	}
	_, err = s.issuers.Update(ctx, key(t.ID), func(t *issuerTransaction) error {
		if t.Status != orderPending {
			return bad("The transaction is not pending any more.")
		}
		t.Status, t.Updated = status, s.now()
		return nil
	})
	return created(t.ID), err
}

// payPage is where the user decides about a transaction.
func (s *Server) payPage(w http.ResponseWriter, r *http.Request) error {
	ctx, gone := r.Context(), onepoint.E(onepoint.CodeConflict, "show the payment", "This payment is not known, or was decided or has expired.", nil)
	t, err := s.issuerByUUID(ctx, r.URL.Query().Get("transactionId"))
	if err != nil {
		return unless(err, gone)
	}
	if t, err = s.current(ctx, t); err != nil {
		return err
	}
	if t.Status != orderPending {
		return gone
	}
	p, err := s.providers.Get(ctx, key(t.Provider))
	if err != nil {
		return err
	}
	data, err := json.Marshal(visitData{Issuer: t.ID})
	if err != nil {
		return err
	}
	return s.pages.Begin(w, r, sim.Visit{
		TPP: p.Name, Title: "Accept a payment", Choose: "one", Currency: string(t.Order.Amount.Currency), Data: data,
		Lines: []sim.Line{
			{Label: "Amount", Value: t.Order.Amount.String()},
			{Label: "To", Value: t.Order.Creditor.Name},
			{Label: "IBAN", Value: t.Order.Creditor.Identifier.Value},
			{Label: "For", Value: t.Order.Description},
		},
	})
}

// decidePayment records the decision; the first one counts. What was accepted is
// kept before the money moves, so that a crash in between pays once.
func (s *Server) decidePayment(ctx context.Context, id int64, d sim.Decision) (string, error) {
	t, err := s.issuers.Update(ctx, key(id), func(t *issuerTransaction) error {
		if t.Status != orderPending || !s.now().Before(t.Expires) {
			return onepoint.E(onepoint.CodeConflict, "decide about the payment", "This payment was decided already or has expired.", nil)
		}
		t.Status, t.Updated = orderRejected, s.now()
		if d.Approved {
			t.Status, t.Order.Debtor = orderAccepted, d.Accounts[0]
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if _, err := s.current(ctx, t); err != nil {
		return "", err
	}
	return t.Redirect, nil
}
