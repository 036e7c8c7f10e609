package bunq

import (
	"context"

	"github.com/onepointledger/onepoint"
)

// confirmFunds says whether an account that the user shared could pay an amount.
func (s *Server) confirmFunds(ctx context.Context, c *call) (answer, error) {
	if err := s.owns(ctx, c); err != nil {
		return answer{}, err
	}
	var in struct {
		Pointer pointer `json:"pointer_iban"`
		Amount  amount  `json:"amount"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	money, err := in.Amount.positive()
	if err != nil {
		return answer{}, err
	}
	if in.Pointer.Type != "IBAN" {
		return answer{}, bad("The pointer must be an IBAN.")
	}
	a, err := s.Core.AccountByIdentifier(ctx, onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: in.Pointer.Value})
	if err != nil {
		return answer{}, unless(err, forbidden()) // nobody learns which accounts there are
	}
	if c.grant == nil || !c.grant.shares(a.ID) {
		return answer{}, forbidden()
	}
	enough, err := s.Core.HasFunds(ctx, a.ID, money)
	return one("ConfirmationOfFunds", map[string]bool{"has_sufficient_funds": enough}), err
}
