package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/identity"
)

var (
	_ identity.Users    = (*Platform)(nil)
	_ identity.Sessions = (*Platform)(nil)
	_ identity.Keys     = (*Platform)(nil)
)

// FirstWorkspace implements identity.Users.
func (p *Platform) FirstWorkspace(ctx context.Context, w identity.Workspace) (identity.Workspace, error) {
	err := p.tx(ctx, func(tx *sql.Tx) error {
		var created int64
		err := tx.QueryRowContext(ctx, `SELECT id, name, created FROM workspaces ORDER BY created, id LIMIT 1`).Scan(&w.ID, &w.Name, &created)
		if err == nil {
			w.Created = fromMicros(created)
			return nil
		}
		if onepoint.CodeOf(failed("", err)) != onepoint.CodeNotFound {
			return failed("read workspace", err)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO workspaces (id, name, created) VALUES ($1, $2, $3)`, w.ID, w.Name, micros(w.Created))
		return failed("create workspace", err)
	})
	return w, err
}

// CreateOwner implements identity.Users.
func (p *Platform) CreateOwner(ctx context.Context, u identity.User) error {
	return p.tx(ctx, func(tx *sql.Tx) error {
		var id string
		err := tx.QueryRowContext(ctx, `SELECT id FROM workspaces WHERE id = $1`+p.forUpdate(), u.Workspace).Scan(&id)
		if err != nil {
			return failed("find workspace", err)
		}
		var users int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM users WHERE workspace = $1`, u.Workspace).Scan(&users); err != nil {
			return failed("count users", err)
		}
		if users > 0 {
			return onepoint.E(onepoint.CodeConflict, "create owner", "this ledger has an owner already; sign in", nil)
		}
		_, err = tx.ExecContext(ctx,
			`INSERT INTO users (workspace, id, email, name, password_hash, created) VALUES ($1, $2, $3, $4, $5, $6)`,
			u.Workspace, u.ID, u.Email, u.Name, u.PasswordHash, micros(u.Created))
		return failed("create owner", err)
	})
}

const userColumns = `SELECT workspace, id, email, name, password_hash, created FROM users `

func (p *Platform) user(ctx context.Context, where string, args ...any) (identity.User, error) {
	var u identity.User
	var created int64
	err := p.read.QueryRowContext(ctx, userColumns+where, args...).Scan(&u.Workspace, &u.ID, &u.Email, &u.Name, &u.PasswordHash, &created)
	u.Created = fromMicros(created)
	return u, failed("find user", err)
}

// UserByEmail implements identity.Users.
func (p *Platform) UserByEmail(ctx context.Context, email string) (identity.User, error) {
	return p.user(ctx, `WHERE email = $1`, email)
}

// User implements identity.Users.
func (p *Platform) User(ctx context.Context, workspace, id string) (identity.User, error) {
	return p.user(ctx, `WHERE workspace = $1 AND id = $2`, workspace, id)
}

// HasOwner implements identity.Users.
func (p *Platform) HasOwner(ctx context.Context, workspace string) (bool, error) {
	var n int
	err := p.read.QueryRowContext(ctx, `SELECT count(*) FROM users WHERE workspace = $1`, workspace).Scan(&n)
	return n > 0, failed("count users", err)
}

// CreateSession implements identity.Sessions. It prunes ended sessions on the
// way.
func (p *Platform) CreateSession(ctx context.Context, s identity.Session) error {
	return p.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires < $1`, micros(s.Created)); err != nil {
			return failed("prune sessions", err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (hash, workspace, user_id, created, expires) VALUES ($1, $2, $3, $4, $5)`,
			s.Hash, s.Workspace, s.UserID, micros(s.Created), micros(s.Expires))
		return failed("create session", err)
	})
}

// Session implements identity.Sessions.
func (p *Platform) Session(ctx context.Context, hash []byte) (identity.Session, error) {
	s := identity.Session{Hash: hash}
	var created, expires int64
	err := p.read.QueryRowContext(ctx, `SELECT workspace, user_id, created, expires FROM sessions WHERE hash = $1`, hash).
		Scan(&s.Workspace, &s.UserID, &created, &expires)
	s.Created, s.Expires = fromMicros(created), fromMicros(expires)
	return s, failed("find session", err)
}

// DeleteSession implements identity.Sessions.
func (p *Platform) DeleteSession(ctx context.Context, hash []byte) error {
	_, err := p.write.ExecContext(ctx, `DELETE FROM sessions WHERE hash = $1`, hash)
	return failed("delete session", err)
}

// CreateAPIKey implements identity.Keys.
func (p *Platform) CreateAPIKey(ctx context.Context, k identity.APIKey) error {
	_, err := p.write.ExecContext(ctx,
		`INSERT INTO api_keys (workspace, id, name, hash, hint, created, last_used) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		k.Workspace, k.ID, k.Name, k.Hash, k.Hint, micros(k.Created), micros(k.LastUsed))
	return failed("create API key", err)
}

const keyColumns = `SELECT workspace, id, name, hash, hint, created, last_used FROM api_keys `

func scanKey(row interface{ Scan(...any) error }) (identity.APIKey, error) {
	var k identity.APIKey
	var created, used int64
	err := row.Scan(&k.Workspace, &k.ID, &k.Name, &k.Hash, &k.Hint, &created, &used)
	k.Created, k.LastUsed = fromMicros(created), fromMicros(used)
	return k, err
}

// APIKeys implements identity.Keys.
func (p *Platform) APIKeys(ctx context.Context, workspace string) ([]identity.APIKey, error) {
	return collect(ctx, p.DB, "list API keys", scanKey, keyColumns+`WHERE workspace = $1 ORDER BY created DESC, id DESC`, workspace)
}

// APIKeyByHash implements identity.Keys.
func (p *Platform) APIKeyByHash(ctx context.Context, hash []byte) (identity.APIKey, error) {
	k, err := scanKey(p.read.QueryRowContext(ctx, keyColumns+`WHERE hash = $1`, hash))
	return k, failed("find API key", err)
}

// DeleteAPIKey implements identity.Keys.
func (p *Platform) DeleteAPIKey(ctx context.Context, workspace, id string) error {
	res, err := p.write.ExecContext(ctx, `DELETE FROM api_keys WHERE workspace = $1 AND id = $2`, workspace, id)
	if err != nil {
		return failed("delete API key", err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return failed("delete API key", sql.ErrNoRows)
	}
	return nil
}

// TouchAPIKey implements identity.Keys.
func (p *Platform) TouchAPIKey(ctx context.Context, workspace, id string, at time.Time) error {
	_, err := p.write.ExecContext(ctx, `UPDATE api_keys SET last_used = $1 WHERE workspace = $2 AND id = $3`, micros(at), workspace, id)
	return failed("note the use of an API key", err)
}

// collect runs a query and scans every row of its answer.
func collect[T any](ctx context.Context, db *DB, op string, scan func(interface{ Scan(...any) error }) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, failed(op, err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, failed(op, err)
		}
		all = append(all, one)
	}
	return all, failed(op, rows.Err())
}
