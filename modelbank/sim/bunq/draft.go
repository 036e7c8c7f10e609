package bunq

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
)

// draft is payments that the user still has to accept in the app.
type draft struct {
	ID      int64     `json:"id"`
	Account string    `json:"account"`
	Orders  []order   `json:"orders"`
	Status  string    `json:"status"`
	Failed  int       `json:"failed"` // payments of an accepted draft that could not be made
	Done    int       `json:"done"`   // payments that were dealt with
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

type draftEntry struct {
	Amount       amount  `json:"amount"`
	Counterparty pointer `json:"counterparty_alias"`
	Description  string  `json:"description"`
}

type draftObject struct {
	ID        int64        `json:"id"`
	Created   string       `json:"created"`
	Updated   string       `json:"updated"`
	Account   int64        `json:"monetary_account_id"`
	Status    string       `json:"status"`
	Type      string       `json:"type"`
	Entries   []draftEntry `json:"entries"`
	Responses []any        `json:"responses"`
	Schedule  any          `json:"schedule"`
}

func (s *Server) showDraft(ctx context.Context, d draft) (draftObject, error) {
	n, err := s.numberOf(ctx, accountKind, d.Account)
	out := draftObject{ID: d.ID, Created: stamp(d.Created), Updated: stamp(d.Updated), Account: n, Status: d.Status, Type: "PAYMENT", Responses: []any{}}
	for _, o := range d.Orders {
		out.Entries = append(out.Entries, draftEntry{amountOf(o.Amount), pointer{"IBAN", o.Creditor.Identifier.Value, o.Creditor.Name}, o.Description})
	}
	return out, err
}

const maxEntries = 100

func (s *Server) addDraft(ctx context.Context, c *call) (answer, error) {
	account, err := s.accountOf(ctx, c)
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Entries []draftEntry `json:"entries"`
		Accepts int          `json:"number_of_required_accepts"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if len(in.Entries) == 0 || len(in.Entries) > maxEntries || in.Accepts != 1 {
		return answer{}, bad("The draft payment needs 1 to 100 entries and one required accept.")
	}
	row := draft{Account: account, Status: orderPending, Created: s.now(), Updated: s.now()}
	for _, e := range in.Entries {
		o, err := s.orderOf(e)
		if err != nil {
			return answer{}, err
		}
		o.Debtor = account
		row.Orders = append(row.Orders, o)
	}
	if row.ID, err = s.next(ctx, "draft_payment"); err != nil {
		return answer{}, err
	}
	return created(row.ID), s.drafts.Add(ctx, key(row.ID), account, row)
}

func (s *Server) orderOf(e draftEntry) (order, error) {
	money, err := e.Amount.positive()
	if err != nil {
		return order{}, err
	}
	to, err := e.Counterparty.creditor()
	if err != nil {
		return order{}, err
	}
	return order{Amount: money, Creditor: to, Description: e.Description}, checkDescription(e.Description)
}

func (s *Server) listDrafts(ctx context.Context, c *call) (answer, error) {
	account, err := s.accountOf(ctx, c)
	if err != nil {
		return answer{}, err
	}
	rows, err := s.drafts.Of(ctx, account, maxRows)
	if err != nil {
		return answer{}, err
	}
	return paged(s, c, "DraftPayment", rows, func(d draft) int64 { return d.ID },
		func(d draft) (any, error) { return s.showDraft(ctx, d) })
}

// draft is the one in the path, on an account that the caller may see.
func (s *Server) draft(ctx context.Context, c *call) (draft, error) {
	account, err := s.accountOf(ctx, c)
	if err != nil {
		return draft{}, err
	}
	id, err := c.number("id")
	if err != nil {
		return draft{}, err
	}
	d, err := s.drafts.Get(ctx, key(id))
	if err == nil && d.Account != account {
		err = missing()
	}
	return d, err
}

func (s *Server) getDraft(ctx context.Context, c *call) (answer, error) {
	d, err := s.draft(ctx, c)
	if err != nil {
		return answer{}, err
	}
	if err := s.finishDraft(ctx, d); err != nil {
		return answer{}, err
	}
	shown, err := s.showDraft(ctx, d)
	return one("DraftPayment", shown), err
}

// putDraft changes a draft that waits. A provider takes it back; to accept it is
// the user's alone, in bunq's app.
func (s *Server) putDraft(ctx context.Context, c *call) (answer, error) {
	d, err := s.draft(ctx, c)
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Status   string `json:"status"`
		Previous string `json:"previous_updated_timestamp"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.Status == orderAccepted {
		return answer{}, fail(http.StatusForbidden, "The draft payment has to be accepted by the user in the bunq app.")
	}
	if in.Status != orderRejected && in.Status != orderCancelled {
		return answer{}, bad("The status must be REJECTED or CANCELLED.")
	}
	_, err = s.drafts.Update(ctx, key(d.ID), func(d *draft) error {
		if d.Status != orderPending {
			return bad("The draft payment is not pending any more.")
		}
		if in.Previous != "" && in.Previous != stamp(d.Updated) {
			return bad("The draft payment was changed in the meantime.")
		}
		d.Status, d.Updated = in.Status, s.now()
		return nil
	})
	return created(d.ID), err
}

// AcceptDraft is the user who accepts a draft payment in bunq's app: its payments
// are made, each once. CodeConflict for one that is not pending.
func (s *Server) AcceptDraft(ctx context.Context, id int64) error {
	const op = "accept the draft payment"
	d, err := s.drafts.Update(ctx, key(id), func(d *draft) error {
		if d.Status != orderPending {
			return onepoint.E(onepoint.CodeConflict, op, "it is not pending any more", nil)
		}
		d.Status, d.Updated = orderAccepted, s.now()
		return nil
	})
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	return s.finishDraft(ctx, d)
}

// finishDraft makes the payments of an accepted draft that are still to be made.
func (s *Server) finishDraft(ctx context.Context, d draft) error {
	if d.Status != orderAccepted || d.Done == len(d.Orders) {
		return nil
	}
	failed := 0
	for i, o := range d.Orders {
		status, err := s.execute(ctx, fmt.Sprintf("bunq_draft_%d_%d", d.ID, i+1), o)
		if err != nil {
			return err
		}
		if status == orderRejected {
			failed++
		}
	}
	_, err := s.drafts.Update(ctx, key(d.ID), func(o *draft) error { o.Done, o.Failed = len(o.Orders), failed; return nil })
	return err
}
