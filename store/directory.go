package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/onepointledger/onepoint/modelbank/directory"
)

var _ directory.Store = (*Bank)(nil)

// SaveSoftware implements directory.Store.
func (b *Bank) SaveSoftware(ctx context.Context, s directory.Software) (directory.Software, error) {
	redirects, err1 := json.Marshal(s.RedirectURIs)
	roles, err2 := json.Marshal(s.Roles)
	if err := errors.Join(err1, err2); err != nil {
		return s, fmt.Errorf("encode software: %w", err)
	}
	var created int64
	err := b.write.QueryRowContext(ctx,
		`INSERT INTO directory_software (org_id, id, name, redirect_uris, roles, jwks, created, updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		 ON CONFLICT (org_id, name) DO UPDATE SET redirect_uris = excluded.redirect_uris, roles = excluded.roles,
		 jwks = excluded.jwks, updated = excluded.updated RETURNING id, created`,
		s.OrgID, s.ID, s.Name, string(redirects), string(roles), string(s.JWKS), micros(s.Created), micros(s.Updated)).Scan(&s.ID, &created)
	s.Created = fromMicros(created)
	return s, failed("save software", err)
}

// Software implements directory.Store.
func (b *Bank) Software(ctx context.Context, org, id string) (directory.Software, error) {
	s := directory.Software{OrgID: org, ID: id}
	var redirects, roles, jwks string
	var created, updated int64
	err := b.read.QueryRowContext(ctx, `SELECT name, redirect_uris, roles, jwks, created, updated FROM directory_software WHERE org_id = $1 AND id = $2`, org, id).
		Scan(&s.Name, &redirects, &roles, &jwks, &created, &updated)
	if err != nil {
		return s, failed("find software", err)
	}
	s.JWKS, s.Created, s.Updated = []byte(jwks), fromMicros(created), fromMicros(updated)
	return s, errors.Join(json.Unmarshal([]byte(redirects), &s.RedirectURIs), json.Unmarshal([]byte(roles), &s.Roles))
}
