package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

var (
	_ tpp.Connections = (*Platform)(nil)
	_ tpp.EventLog    = (*Platform)(nil)
)

const connectionFields = `workspace, id, bank, status, consent_id, permissions, expires, message, created_by, redirect,
	state_hash, journey, grant_sealed, created, updated, last_sync, lease_holder, lease_until, purpose, about`

const connectionColumns = `SELECT ` + connectionFields + ` FROM connections `

func scanConnection(row interface{ Scan(...any) error }) (tpp.Connection, error) {
	var c tpp.Connection
	var permissions string
	var expires, created, updated, synced, lease int64
	err := row.Scan(&c.Workspace, &c.ID, &c.Bank, &c.Status, &c.ConsentID, &permissions, &expires, &c.Message, &c.CreatedBy,
		&c.Redirect, &c.StateHash, &c.Journey, &c.Grant, &created, &updated, &synced, &c.LeaseHolder, &lease, &c.Purpose, &c.About)
	if err != nil {
		return c, err
	}
	c.Expires, c.Created, c.Updated = fromMicros(expires), fromMicros(created), fromMicros(updated)
	c.LastSync, c.LeaseUntil = fromMicros(synced), fromMicros(lease)
	return c, json.Unmarshal([]byte(permissions), &c.Permissions)
}

func connectionValues(c tpp.Connection) ([]any, error) {
	permissions, err := json.Marshal(c.Permissions)
	if err != nil {
		return nil, fmt.Errorf("encode permissions: %w", err)
	}
	return []any{
		c.Workspace, c.ID, c.Bank, string(c.Status), c.ConsentID, string(permissions), micros(c.Expires), c.Message, c.CreatedBy,
		c.Redirect, c.StateHash, c.Journey, c.Grant, micros(c.Created), micros(c.Updated), micros(c.LastSync), c.LeaseHolder, micros(c.LeaseUntil),
		c.Purpose, c.About,
	}, nil
}

// CreateConnection implements tpp.Connections.
func (p *Platform) CreateConnection(ctx context.Context, c tpp.Connection, events ...onepoint.Event) error {
	values, err := connectionValues(c)
	if err != nil {
		return err
	}
	return p.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO connections (`+connectionFields+`) VALUES `+tuples(1, len(values)), values...)
		if err != nil {
			return failed("create connection", err)
		}
		return p.record(ctx, tx, c.Workspace, events)
	})
}

// Connection implements tpp.Connections.
func (p *Platform) Connection(ctx context.Context, workspace, id string) (tpp.Connection, error) {
	c, err := scanConnection(p.read.QueryRowContext(ctx, connectionColumns+`WHERE workspace = $1 AND id = $2`, workspace, id))
	return c, failed("find connection", err)
}

// ConnectionByState implements tpp.Connections.
func (p *Platform) ConnectionByState(ctx context.Context, stateHash []byte) (tpp.Connection, error) {
	c, err := scanConnection(p.read.QueryRowContext(ctx, connectionColumns+`WHERE state_hash = $1`, stateHash))
	return c, failed("find connection by state", err)
}

// Connections implements tpp.Connections.
func (p *Platform) Connections(ctx context.Context, workspace string) ([]tpp.Connection, error) {
	return collect(ctx, p.DB, "list connections", scanConnection, connectionColumns+`WHERE workspace = $1 ORDER BY created DESC, id DESC`, workspace)
}

// UpdateConnection implements tpp.Connections.
func (p *Platform) UpdateConnection(ctx context.Context, workspace, id string, fn func(*tpp.Connection) ([]onepoint.Event, error)) (tpp.Connection, error) {
	var c tpp.Connection
	err := p.tx(ctx, func(tx *sql.Tx) error {
		var err error
		c, err = scanConnection(tx.QueryRowContext(ctx, connectionColumns+`WHERE workspace = $1 AND id = $2`+p.forUpdate(), workspace, id))
		if err != nil {
			return failed("read connection", err)
		}
		events, err := fn(&c)
		if err != nil {
			return err
		}
		v, err := connectionValues(c)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx,
			`UPDATE connections SET bank = $3, status = $4, consent_id = $5, permissions = $6, expires = $7, message = $8, created_by = $9,
			 redirect = $10, state_hash = $11, journey = $12, grant_sealed = $13, created = $14, updated = $15, last_sync = $16,
			 lease_holder = $17, lease_until = $18, purpose = $19, about = $20 WHERE workspace = $1 AND id = $2`, v...)
		if err != nil {
			return failed("save connection", err)
		}
		return p.record(ctx, tx, workspace, events)
	})
	return c, err
}
