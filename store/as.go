package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/as"
)

var _ as.Store = (*Bank)(nil)

const recordFields = `kind, hash, client_id, consent_id, family, grant_type, scope, subject, thumbprint, data, spent, expires`

// PutRecords implements as.Records.
func (b *Bank) PutRecords(ctx context.Context, records ...as.Record) error {
	if len(records) == 1 {
		_, err := b.writes.exec(ctx, putRecord, recordValues(records[0])...)
		return recordFailed(records[0], err)
	}
	return b.tx(ctx, func(tx *sql.Tx) error { return putRecords(ctx, tx, records) })
}

const putRecord = `INSERT INTO as_records (` + recordFields + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
	ON CONFLICT (kind, hash) DO UPDATE SET data = excluded.data, expires = excluded.expires`

func recordValues(r as.Record) []any {
	return []any{
		string(r.Kind), r.Hash, r.ClientID, r.ConsentID, r.Family, r.GrantType, r.Scope, r.Subject, r.Thumbprint, r.Data, r.Spent, micros(r.Expires),
	}
}

// recordFailed is CodeNotFound for a record of a client that was deleted
// meanwhile.
func recordFailed(r as.Record, err error) error {
	if orphaned(err) {
		return onepoint.E(onepoint.CodeNotFound, "write "+string(r.Kind), "the client was deleted", nil)
	}
	return failed("write "+string(r.Kind), err)
}

func putRecords(ctx context.Context, tx *sql.Tx, records []as.Record) error {
	for _, r := range records {
		if _, err := tx.ExecContext(ctx, putRecord, recordValues(r)...); err != nil {
			return recordFailed(r, err)
		}
	}
	return nil
}

// Record implements as.Records.
func (b *Bank) Record(ctx context.Context, k as.Kind, hash []byte) (as.Record, error) {
	var r as.Record
	var expires int64
	err := b.read.QueryRowContext(ctx, `SELECT `+recordFields+` FROM as_records WHERE kind = $1 AND hash = $2`, string(k), hash).
		Scan(&r.Kind, &r.Hash, &r.ClientID, &r.ConsentID, &r.Family, &r.GrantType, &r.Scope, &r.Subject, &r.Thumbprint, &r.Data, &r.Spent, &expires)
	r.Expires = fromMicros(expires)
	return r, failed("find "+string(k), err)
}

// Spend implements as.Records.
func (b *Bank) Spend(ctx context.Context, k as.Kind, hash []byte, follow ...as.Record) error {
	return b.tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE as_records SET spent = TRUE WHERE kind = $1 AND hash = $2 AND spent = FALSE`, string(k), hash)
		if err != nil {
			return failed("spend "+string(k), err)
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return onepoint.E(onepoint.CodeConflict, "spend "+string(k), "it was used before", err)
		}
		return putRecords(ctx, tx, follow)
	})
}

// EndFamily implements as.Records.
func (b *Bank) EndFamily(ctx context.Context, family string) error {
	if family == "" {
		return nil
	}
	_, err := b.write.ExecContext(ctx, `DELETE FROM as_records WHERE family = $1`, family)
	return failed("end tokens", err)
}

// EndConsent implements as.Records.
func (b *Bank) EndConsent(ctx context.Context, consentID string) error {
	if consentID == "" {
		return nil
	}
	_, err := b.write.ExecContext(ctx, `DELETE FROM as_records WHERE consent_id = $1`, consentID)
	return failed("end tokens", err)
}

// AccessToken implements as.Tokens.
func (b *Bank) AccessToken(ctx context.Context, hash []byte) (fapi.TokenInfo, error) {
	var t fapi.TokenInfo
	var scope string
	var expires int64
	err := b.read.QueryRowContext(ctx,
		`SELECT r.client_id, c.org_id, c.name, r.grant_type, r.scope, r.consent_id, r.subject, r.thumbprint, r.expires
		 FROM as_records r JOIN as_clients c ON c.id = r.client_id WHERE r.kind = 'access' AND r.hash = $1`, hash).
		Scan(&t.ClientID, &t.OrganisationID, &t.ClientName, &t.GrantType, &scope, &t.ConsentID, &t.Subject, &t.Thumbprint, &expires)
	t.Scopes, t.Expires = strings.Fields(scope), fromMicros(expires)
	return t, failed("find access token", err)
}

// EndAccess implements as.Tokens.
func (b *Bank) EndAccess(ctx context.Context, hash []byte) error {
	_, err := b.write.ExecContext(ctx, `DELETE FROM as_records WHERE kind = 'access' AND hash = $1`, hash)
	return failed("end access token", err)
}

// PutClient implements as.Clients.
func (b *Bank) PutClient(ctx context.Context, c as.Client) error {
	metadata, err1 := json.Marshal(c.Metadata)
	statement, err2 := json.Marshal(c.Statement)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("encode client: %w", err)
	}
	_, err := b.write.ExecContext(ctx,
		`INSERT INTO as_clients (id, org_id, software_id, name, metadata, statement, created, secret_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		 ON CONFLICT (id) DO UPDATE SET name = excluded.name, metadata = excluded.metadata, statement = excluded.statement,
		 secret_hash = excluded.secret_hash`,
		c.ID, c.OrgID, c.SoftwareID, c.Name, string(metadata), string(statement), micros(c.Created), c.SecretHash)
	return failed("write client", err)
}

func (b *Bank) asClient(ctx context.Context, where string, args ...any) (as.Client, error) {
	var c as.Client
	var metadata, statement string
	var created int64
	err := b.read.QueryRowContext(ctx, `SELECT id, org_id, software_id, name, metadata, statement, created, secret_hash FROM as_clients `+where, args...).
		Scan(&c.ID, &c.OrgID, &c.SoftwareID, &c.Name, &metadata, &statement, &created, &c.SecretHash)
	if err != nil {
		return c, failed("find client", err)
	}
	c.Created = fromMicros(created)
	return c, errors.Join(json.Unmarshal([]byte(metadata), &c.Metadata), json.Unmarshal([]byte(statement), &c.Statement))
}

// Client implements as.Clients.
func (b *Bank) Client(ctx context.Context, id string) (as.Client, error) {
	return b.asClient(ctx, `WHERE id = $1`, id)
}

// ClientOfSoftware implements as.Clients.
func (b *Bank) ClientOfSoftware(ctx context.Context, org, software string) (as.Client, error) {
	return b.asClient(ctx, `WHERE org_id = $1 AND software_id = $2`, org, software)
}

// DeleteClient implements as.Clients. What the client holds goes with it.
func (b *Bank) DeleteClient(ctx context.Context, id string) error {
	_, err := b.write.ExecContext(ctx, `DELETE FROM as_clients WHERE id = $1`, id)
	return failed("delete client", err)
}

// UseNonce implements as.Nonces.
func (b *Bank) UseNonce(ctx context.Context, scope, id string, now, expires time.Time) error {
	if err := b.prune(ctx, now); err != nil {
		return err
	}
	rows, err := b.writes.exec(ctx, `INSERT INTO as_nonces (scope, id, expires) VALUES ($1, $2, $3)
		ON CONFLICT (scope, id) DO UPDATE SET expires = excluded.expires WHERE as_nonces.expires < $4`, scope, id, micros(expires), micros(now))
	if err == nil && rows != 1 {
		return onepoint.E(onepoint.CodeConflict, "use identifier", "it was used before", nil)
	}
	return failed("use identifier", err)
}

// pruneEvery is how often what has expired is deleted.
const pruneEvery = time.Minute

// prune deletes what has expired, once a minute by whoever comes first. Spent
// records stay a while after their end, to recognise a replay.
func (b *Bank) prune(ctx context.Context, now time.Time) error {
	last := b.pruned.Load()
	if now.Sub(time.UnixMicro(last)) < pruneEvery || !b.pruned.CompareAndSwap(last, now.UnixMicro()) {
		return nil
	}
	for _, table := range []string{"as_nonces", "as_records", "as_sessions"} {
		if _, err := b.write.ExecContext(ctx, `DELETE FROM `+table+` WHERE expires < $1`, micros(now.Add(-time.Hour))); err != nil {
			return failed("prune", err)
		}
	}
	return nil
}
