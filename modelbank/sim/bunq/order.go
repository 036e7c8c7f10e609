package bunq

import (
	"context"
	"errors"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// What becomes of an order. bunq's own list for issuer transactions is not
// published; these are the names it uses elsewhere.
const (
	orderPending   = "PENDING"
	orderAccepted  = "ACCEPTED"  // the user agreed, the money has not moved yet
	orderCompleted = "COMPLETED" // the money has moved
	orderRejected  = "REJECTED"
	orderCancelled = "CANCELLED"
	orderExpired   = "EXPIRED"
)

// execute moves the money of an order that was accepted and returns what has
// become of it. It may be repeated: the movement's id is the order's. A crash
// between the user's yes and the money is mended at the next look at the order.
func (s *Server) execute(ctx context.Context, id string, o order) (status string, err error) {
	err = s.Core.Transfer(ctx, core.Transfer{
		ID: id, Debtor: o.Debtor, Amount: o.Amount, Creditor: o.Creditor, Information: o.Description, Clearing: core.ClearingSEPA,
	})
	switch {
	case err == nil:
		return orderCompleted, nil
	case errors.Is(err, core.ErrFunds):
		// The money may be lacking because this very order took it before.
		made, err := s.made(ctx, id, o.Debtor)
		if made {
			return orderCompleted, err
		}
		return orderRejected, err
	case onepoint.CodeOf(err) == onepoint.CodeInvalid:
		return orderRejected, nil
	}
	return "", err
}

// made reports whether an order is in the books already, among the newest
// entries: orders are repeated soon or never.
func (s *Server) made(ctx context.Context, id, debtor string) (bool, error) {
	var q core.Query
	q.Limit = 1000
	page, err := s.Core.Entries(ctx, debtor, q)
	for _, t := range page.Transactions {
		if strings.HasPrefix(t.ID, id+".") {
			return true, nil
		}
	}
	return false, err
}
