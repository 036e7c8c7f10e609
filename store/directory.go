package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/onepointledger/onepoint/modelbank/directory"
)

var _ directory.Store = (*Bank)(nil)

const softwareFields = `org_id, id, name, redirect_uris, roles, jwks, revoked_jwks, status, created, updated`

// SaveSoftware implements directory.Store.
func (b *Bank) SaveSoftware(ctx context.Context, s directory.Software) (directory.Software, error) {
	redirects, err1 := json.Marshal(s.RedirectURIs)
	roles, err2 := json.Marshal(s.Roles)
	if err := errors.Join(err1, err2); err != nil {
		return s, fmt.Errorf("encode software: %w", err)
	}
	row := b.write.QueryRowContext(ctx,
		`INSERT INTO directory_software (`+softwareFields+`) VALUES `+tuples(1, 10)+`
		 ON CONFLICT (org_id, name) DO UPDATE SET redirect_uris = excluded.redirect_uris, roles = excluded.roles,
		 jwks = excluded.jwks, updated = excluded.updated RETURNING `+softwareFields,
		s.OrgID, s.ID, s.Name, string(redirects), string(roles), string(s.JWKS), string(s.Revoked), s.Status, micros(s.Created), micros(s.Updated))
	s, err := scanSoftware(row.Scan)
	return s, failed("save software", err)
}

func scanSoftware(scan func(...any) error) (directory.Software, error) {
	var s directory.Software
	var redirects, roles, jwks, revoked string
	var created, updated int64
	if err := scan(&s.OrgID, &s.ID, &s.Name, &redirects, &roles, &jwks, &revoked, &s.Status, &created, &updated); err != nil {
		return s, err
	}
	s.JWKS, s.Revoked, s.Created, s.Updated = []byte(jwks), []byte(revoked), fromMicros(created), fromMicros(updated)
	return s, errors.Join(json.Unmarshal([]byte(redirects), &s.RedirectURIs), json.Unmarshal([]byte(roles), &s.Roles))
}

// Software implements directory.Store.
func (b *Bank) Software(ctx context.Context, org, id string) (directory.Software, error) {
	s, err := scanSoftware(b.read.QueryRowContext(ctx, `SELECT `+softwareFields+` FROM directory_software WHERE org_id = $1 AND id = $2`, org, id).Scan)
	return s, failed("find software", err)
}

// SoftwareOf implements directory.Store.
func (b *Bank) SoftwareOf(ctx context.Context, org string) ([]directory.Software, error) {
	rows, err := b.read.QueryContext(ctx, `SELECT `+softwareFields+` FROM directory_software WHERE org_id = $1 ORDER BY name`, org)
	if err != nil {
		return nil, failed("list software", err)
	}
	defer rows.Close()
	var list []directory.Software
	for rows.Next() {
		s, err := scanSoftware(rows.Scan)
		if err != nil {
			return nil, failed("list software", err)
		}
		list = append(list, s)
	}
	return list, failed("list software", rows.Err())
}

// UpdateSoftware implements directory.Store.
func (b *Bank) UpdateSoftware(ctx context.Context, org, id string, fn func(*directory.Software) error) (directory.Software, error) {
	var s directory.Software
	err := b.tx(ctx, func(tx *sql.Tx) (err error) {
		s, err = scanSoftware(tx.QueryRowContext(ctx, `SELECT `+softwareFields+` FROM directory_software WHERE org_id = $1 AND id = $2`+b.forUpdate(), org, id).Scan)
		if err != nil {
			return failed("find software", err)
		}
		if err := fn(&s); err != nil {
			return err
		}
		redirects, err1 := json.Marshal(s.RedirectURIs)
		roles, err2 := json.Marshal(s.Roles)
		if err := errors.Join(err1, err2); err != nil {
			return fmt.Errorf("encode software: %w", err)
		}
		_, err = tx.ExecContext(ctx, `UPDATE directory_software SET redirect_uris = $3, roles = $4, jwks = $5, revoked_jwks = $6, status = $7, updated = $8
			WHERE org_id = $1 AND id = $2`, org, id, string(redirects), string(roles), string(s.JWKS), string(s.Revoked), s.Status, micros(s.Updated))
		return failed("write software", err)
	})
	return s, err
}

// Organisation implements directory.Store.
func (b *Bank) Organisation(ctx context.Context, id string) (directory.Organisation, error) {
	o := directory.Organisation{ID: id, Status: directory.StatusActive}
	var updated int64
	err := b.read.QueryRowContext(ctx, `SELECT name, status, updated FROM directory_organisations WHERE id = $1`, id).Scan(&o.Name, &o.Status, &updated)
	if errors.Is(err, sql.ErrNoRows) {
		return o, nil
	}
	o.Updated = fromMicros(updated)
	return o, failed("find organisation", err)
}

// PutOrganisation implements directory.Store.
func (b *Bank) PutOrganisation(ctx context.Context, o directory.Organisation) error {
	_, err := b.write.ExecContext(ctx, `INSERT INTO directory_organisations (id, name, status, updated) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, status = excluded.status, updated = excluded.updated`,
		o.ID, o.Name, o.Status, micros(o.Updated))
	return failed("write organisation", err)
}

// Standing implements directory.Store.
func (b *Bank) Standing(ctx context.Context, org, software string) (orgStatus, softwareStatus string, err error) {
	err = b.read.QueryRowContext(ctx, `SELECT COALESCE(o.status, 'Active'), s.status FROM directory_software s
		LEFT JOIN directory_organisations o ON o.id = s.org_id WHERE s.org_id = $1 AND s.id = $2`, org, software).Scan(&orgStatus, &softwareStatus)
	return orgStatus, softwareStatus, failed("find standing", err)
}
