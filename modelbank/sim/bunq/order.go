package bunq

import (
	"context"
	"errors"

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
	case errors.Is(err, core.ErrFunds), onepoint.CodeOf(err) == onepoint.CodeInvalid:
		return orderRejected, nil
	}
	return "", err
}
