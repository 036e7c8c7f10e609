package tpp

import (
	"context"

	"github.com/onepointledger/onepoint"
)

// ConfirmFunds asks the bank whether the connection's account could pay the
// amount. CodeConflict for a connection that is not for this, or has no consent in
// force.
func (c *Connecting) ConfirmFunds(ctx context.Context, workspace, id string, amount onepoint.Money) (bool, error) {
	const op = "confirm funds"
	conn, err := c.Store.Connection(ctx, workspace, id)
	if err != nil {
		return false, err
	}
	if conn.Purpose != PurposeFunds || conn.Status != ConnectionActive {
		return false, onepoint.E(onepoint.CodeConflict, op, "this connection has no consent to confirm funds; make one with the purpose funds", nil)
	}
	if _, err := amount.Minor(); err != nil || amount.IsNegative() || amount.IsZero() {
		return false, onepoint.Missing(op, "amount", "must be positive, with no more decimals than its currency has")
	}
	bank, err := c.Banks.Connector(ctx, workspace, conn.Bank)
	if err != nil {
		return false, err
	}
	confirmer, ok := bank.(onepoint.FundsConfirmer)
	if !ok {
		return false, onepoint.E(onepoint.CodeInvalid, op, "this bank confirms no funds through us", nil)
	}
	grant, err := openGrant(ctx, c.Sealer, conn)
	if err != nil {
		return false, err
	}
	account := onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: conn.About}
	yes, err := confirmer.ConfirmFunds(ctx, grant, account, amount)
	if onepoint.CodeOf(err) == onepoint.CodeTokenInvalid {
		if grant, err = c.renew(ctx, bank, conn, grant); err == nil {
			yes, err = confirmer.ConfirmFunds(ctx, grant, account, amount)
		}
	}
	if err != nil {
		return false, onepoint.E("", op, "", err)
	}
	return yes, nil
}

// renew refreshes a connection's grant and keeps it before it is used.
func (c *Connecting) renew(ctx context.Context, bank onepoint.Connector, conn Connection, old onepoint.Grant) (onepoint.Grant, error) {
	refresher, ok := bank.(onepoint.Refresher)
	if !ok || old.RefreshToken == "" {
		return old, onepoint.E(onepoint.CodeConsentExpired, "renew access", "the bank's permission has ended; connect the bank again", nil)
	}
	grant, err := refresher.Refresh(ctx, old)
	if err != nil {
		return old, err
	}
	sealed, err := sealGrant(ctx, c.Sealer, conn, grant)
	if err != nil {
		return old, err
	}
	_, err = c.Store.UpdateConnection(ctx, conn.Workspace, conn.ID, func(now *Connection) ([]onepoint.Event, error) {
		now.Grant, now.Updated = sealed, c.Now()
		return nil, nil
	})
	return grant, err
}
