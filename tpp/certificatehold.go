package tpp

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
)

// holdSyncs takes the sync leases of the bank's active connections, waiting for
// syncs that run. The caller releases what is returned, also beside an error.
func (c *Certificates) holdSyncs(ctx context.Context, workspace, bank string) ([]Connection, error) {
	all, err := c.Sync.Connections.Connections(ctx, workspace)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, holdLimit)
	defer cancel()
	var held []Connection
	for _, conn := range all {
		if conn.Bank != bank || conn.Status != ConnectionActive {
			continue
		}
		got, err := c.hold(ctx, conn)
		if onepoint.CodeOf(err) == onepoint.CodeConsentInvalid {
			continue // it ended meanwhile
		}
		if err != nil {
			return held, err
		}
		held = append(held, got)
	}
	return held, nil
}

func (c *Certificates) hold(ctx context.Context, conn Connection) (Connection, error) {
	for {
		_, err := c.Sync.lease(ctx, conn.Workspace, conn.ID)
		if err == nil {
			return c.lengthen(ctx, conn)
		}
		if onepoint.CodeOf(err) != onepoint.CodeConflict {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return conn, onepoint.E(onepoint.CodeConflict, "use certificates", "a sync of this bank keeps running; try again once it is done", err)
		case <-time.After(leasePoll):
		}
	}
}

const (
	leasePoll = 200 * time.Millisecond
	holdLimit = 30 * time.Second // to wait for syncs that run
)

// lengthen keeps a lease for as long as a move may last: nothing renews it.
func (c *Certificates) lengthen(ctx context.Context, conn Connection) (Connection, error) {
	return c.Sync.Connections.UpdateConnection(ctx, conn.Workspace, conn.ID, func(now *Connection) ([]onepoint.Event, error) {
		now.LeaseUntil = c.Now().Add(moveLimit)
		return nil, nil
	})
}

// renewAccess gets a token that is bound to the new certificate, and says what
// is left when that fails. The next sync then tries again.
func (c *Certificates) renewAccess(ctx context.Context, conn Connection) (left string) {
	failed := func(err error) string {
		c.Log.WarnContext(ctx, "access not renewed", "connection", conn.ID, "error", err)
		return "the access of connection " + conn.ID + " was not renewed: " + onepoint.MessageOf(err)
	}
	bank, err := c.Banks.Connector(ctx, conn.Workspace, conn.Bank)
	if err != nil {
		return failed(err)
	}
	grant, err := openGrant(ctx, c.Sync.Sealer, conn)
	if err != nil {
		return failed(err)
	}
	r := &run{Syncing: c.Sync, conn: conn, bank: bank, grant: grant}
	if err := r.refresh(ctx); err != nil {
		return failed(err)
	}
	return ""
}
