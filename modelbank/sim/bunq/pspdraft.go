package bunq

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
)

// pspDraft is a payment that a provider prepares from a user's IBAN; the user
// sees it at the next authorisation and agrees to it there.
type pspDraft struct {
	ID         int64     `json:"id"`
	Provider   int64     `json:"provider"`
	SenderIBAN string    `json:"senderIban"`
	Order      order     `json:"order"`
	Status     string    `json:"status"`
	Created    time.Time `json:"created"`
}

type pspDraftObject struct {
	ID           int64  `json:"id"`
	Created      string `json:"created"`
	Updated      string `json:"updated"`
	SenderIBAN   string `json:"sender_iban"`
	ReceiverIBAN string `json:"receiver_iban"`
	Amount       amount `json:"amount"`
	Status       string `json:"status"`
}

func showPSPDraft(d pspDraft) pspDraftObject {
	return pspDraftObject{d.ID, stamp(d.Created), stamp(d.Created), d.SenderIBAN, d.Order.Creditor.Identifier.Value, amountOf(d.Order.Amount), d.Status}
}

func (s *Server) addPSPDraft(ctx context.Context, c *call) (answer, error) {
	p, err := s.asProvider(ctx, c, "PISP")
	if err != nil {
		return answer{}, err
	}
	var in struct {
		SenderIBAN  string `json:"sender_iban"`
		IBAN        string `json:"counterparty_iban"`
		Name        string `json:"counterparty_name"`
		Description string `json:"description"`
		Amount      amount `json:"amount"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	o, err := s.orderOf(draftEntry{in.Amount, pointer{"IBAN", in.IBAN, in.Name}, in.Description})
	if err != nil {
		return answer{}, err
	}
	sender, err := s.Core.AccountByIdentifier(ctx, onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: in.SenderIBAN})
	if err != nil {
		return answer{}, unless(err, bad("The sender IBAN is not an account at bunq."))
	}
	o.Debtor = sender.ID
	row := pspDraft{Provider: p.ID, SenderIBAN: in.SenderIBAN, Order: o, Status: orderPending, Created: s.now()}
	if row.ID, err = s.next(ctx, "psp_draft_payment"); err != nil {
		return answer{}, err
	}
	return created(row.ID), s.pspDrafts.Add(ctx, key(row.ID), key(p.ID), row)
}

func (s *Server) listPSPDrafts(ctx context.Context, c *call) (answer, error) {
	p, err := s.asProvider(ctx, c, "PISP")
	if err != nil {
		return answer{}, err
	}
	rows, err := s.pspDrafts.Of(ctx, key(p.ID), maxRows)
	if err != nil {
		return answer{}, err
	}
	return paged(s, c, "PaymentServiceProviderDraftPayment", rows, func(d pspDraft) int64 { return d.ID },
		func(d pspDraft) (any, error) { return showPSPDraft(d), nil })
}

func (s *Server) pspDraft(ctx context.Context, c *call) (pspDraft, error) {
	p, err := s.asProvider(ctx, c, "PISP")
	if err != nil {
		return pspDraft{}, err
	}
	id, err := c.number("id")
	if err != nil {
		return pspDraft{}, err
	}
	d, err := s.pspDrafts.Get(ctx, key(id))
	if err == nil && d.Provider != p.ID {
		err = missing()
	}
	return d, err
}

func (s *Server) getPSPDraft(ctx context.Context, c *call) (answer, error) {
	d, err := s.pspDraft(ctx, c)
	if err != nil {
		return answer{}, err
	}
	d, err = s.finishPSPDraft(ctx, d)
	return one("PaymentServiceProviderDraftPayment", showPSPDraft(d)), err
}

func (s *Server) putPSPDraft(ctx context.Context, c *call) (answer, error) {
	d, err := s.pspDraft(ctx, c)
	if err != nil {
		return answer{}, err
	}
	status, err := c.ending()
	if err != nil {
		return answer{}, err
	}
	_, err = s.pspDrafts.Update(ctx, key(d.ID), func(d *pspDraft) error {
		if d.Status != orderPending {
			return bad("The draft payment is not pending any more.")
		}
		d.Status = status
		return nil
	})
	return created(d.ID), err
}

// ending reads a status that takes something back.
func (c *call) ending() (string, error) {
	var in struct {
		Status string `json:"status"`
	}
	if err := c.decode(&in); err != nil {
		return "", err
	}
	if in.Status != orderRejected && in.Status != orderCancelled {
		return "", bad("The status must be REJECTED or CANCELLED.")
	}
	return in.Status, nil
}

func (s *Server) waitingDrafts(ctx context.Context, provider int64) ([]pspDraft, error) {
	rows, err := s.pspDrafts.Of(ctx, key(provider), maxRows)
	if err != nil {
		return nil, err
	}
	var out []pspDraft
	for _, d := range rows {
		if d.Status == orderPending {
			out = append(out, d)
		}
	}
	return out, nil
}

// acceptPSPDraft is the customer's yes to a payment that the authorisation
// showed. Another customer's payment stays as it is.
func (s *Server) acceptPSPDraft(ctx context.Context, id int64, customer string) error {
	d, err := s.pspDrafts.Get(ctx, key(id))
	if err != nil {
		return err
	}
	held, err := s.Core.Accounts(ctx, customer)
	if err != nil {
		return err
	}
	mine := false
	for _, a := range held {
		mine = mine || a.ID == d.Order.Debtor
	}
	if !mine || d.Status != orderPending {
		return nil
	}
	d, err = s.pspDrafts.Update(ctx, key(id), func(o *pspDraft) error {
		if o.Status == orderPending {
			o.Status = orderAccepted
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = s.finishPSPDraft(ctx, d)
	return err
}

func (s *Server) finishPSPDraft(ctx context.Context, d pspDraft) (pspDraft, error) {
	if d.Status != orderAccepted {
		return d, nil
	}
	status, err := s.execute(ctx, "bunq_psp_draft_"+key(d.ID), d.Order)
	if err != nil {
		return d, err
	}
	return s.pspDrafts.Update(ctx, key(d.ID), func(o *pspDraft) error {
		if o.Status == orderAccepted { // else somebody was here at the same time
			o.Status = status
		}
		return nil
	})
}
