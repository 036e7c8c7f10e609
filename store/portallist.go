package store

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/modelbank/directory"
)

// count counts rows, up to where counting stops.
func (b *Bank) count(ctx context.Context, name, from string, args ...any) (modelbank.Count, error) {
	c := modelbank.Count{Name: name}
	err := b.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM `+from+` LIMIT `+placeholders(len(args)+1, 1)+`) AS counted`,
		append(args, mostCounted+1)...).Scan(&c.N)
	if c.Over = c.N > mostCounted; c.Over {
		c.N = mostCounted
	}
	return c, failed("count "+name, err)
}

// ConsentCounts implements [modelbank.PortalStore].
func (b *Bank) ConsentCounts(ctx context.Context, now time.Time) ([]modelbank.Count, error) {
	authorised, at := string(onepoint.ConsentAuthorised), micros(now)
	asked := []struct {
		status onepoint.ConsentStatus
		from   string
		args   []any
	}{
		{onepoint.ConsentAwaiting, `consents WHERE status = $1`, []any{string(onepoint.ConsentAwaiting)}},
		{onepoint.ConsentAuthorised, `consents WHERE status = $1 AND expires > $2`, []any{authorised, at}},
		{onepoint.ConsentExpired, `consents WHERE status = $1 AND expires > 0 AND expires <= $2`, []any{authorised, at}},
		{onepoint.ConsentRejected, `consents WHERE status = $1`, []any{string(onepoint.ConsentRejected)}},
		{onepoint.ConsentRevoked, `consents WHERE status = $1`, []any{string(onepoint.ConsentRevoked)}},
	}
	counts := make([]modelbank.Count, len(asked))
	for i, a := range asked {
		var err error
		if counts[i], err = b.count(ctx, string(a.status), a.from, a.args...); err != nil {
			return nil, err
		}
	}
	endless, err := b.count(ctx, "", `consents WHERE status = $1 AND expires = 0`, authorised)
	sum := &counts[1]
	sum.N += endless.N
	if sum.Over = sum.Over || endless.Over || sum.N > mostCounted; sum.Over {
		sum.N = mostCounted
	}
	return counts, err
}

// ClientCount implements [modelbank.PortalStore].
func (b *Bank) ClientCount(ctx context.Context) (modelbank.Count, error) {
	return b.count(ctx, "clients", `as_clients`)
}

// ClientPage implements [modelbank.PortalStore].
func (b *Bank) ClientPage(ctx context.Context, q modelbank.ListQuery) ([]as.Client, string, error) {
	after, err := parsePlace(q.After)
	if err != nil {
		return nil, "", err
	}
	search, limit := needle(q.Search), bounded(q.Limit)
	matches := func(c as.Client) bool {
		return search == "" || strings.Contains(strings.ToLower(c.Name), search) ||
			strings.ToLower(c.ID) == search || strings.ToLower(c.OrgID) == search
	}
	const window = 200
	var page []as.Client
	for examined := 0; examined < mostExamined; examined += window {
		rows, err := b.clientsAfter(ctx, after, window)
		if err != nil {
			return nil, "", err
		}
		for _, c := range rows {
			if matches(c) {
				if len(page) == limit {
					return page, after.cursor(), nil
				}
				page = append(page, c)
			}
			after = place{micros(c.Created), c.ID}
		}
		if len(rows) < window {
			return page, "", nil
		}
	}
	return page, after.cursor(), nil
}

// clientsAfter reads clients without what nobody needs to see: statements and
// secrets.
func (b *Bank) clientsAfter(ctx context.Context, after place, limit int) ([]as.Client, error) {
	const op = "list clients"
	rows, err := b.read.QueryContext(ctx, `SELECT id, org_id, software_id, name, metadata, created FROM as_clients
		WHERE (created, id) < ($1, $2) ORDER BY created DESC, id DESC LIMIT $3`, after.at, after.id, limit)
	if err != nil {
		return nil, failed(op, err)
	}
	defer rows.Close()
	var list []as.Client
	for rows.Next() {
		var c as.Client
		var metadata string
		var created int64
		if err := rows.Scan(&c.ID, &c.OrgID, &c.SoftwareID, &c.Name, &metadata, &created); err != nil {
			return nil, failed(op, err)
		}
		if err := json.Unmarshal([]byte(metadata), &c.Metadata); err != nil {
			return nil, failed(op, err)
		}
		c.Created, c.Metadata.SoftwareStatement = fromMicros(created), ""
		list = append(list, c)
	}
	return list, failed(op, rows.Err())
}

// SoftwarePage implements [modelbank.PortalStore].
func (b *Bank) SoftwarePage(ctx context.Context, q modelbank.ListQuery) ([]directory.Software, string, error) {
	const op = "list software"
	org, id, ok := strings.Cut(q.After, " ")
	if q.After != "" && (!ok || len(q.After) > 2*mostSearch || plain(q.After) != q.After) {
		return nil, "", onepoint.E(onepoint.CodeInvalid, op, "this is no page of the list; start from the first", nil)
	}
	limit := bounded(q.Limit)
	rows, err := b.read.QueryContext(ctx, `SELECT org_id, id, name, redirect_uris, roles, created, updated FROM directory_software
		WHERE (org_id, id) > ($1, $2) ORDER BY org_id, id LIMIT $3`, org, id, limit+1)
	if err != nil {
		return nil, "", failed(op, err)
	}
	defer rows.Close()
	var list []directory.Software
	for rows.Next() {
		var s directory.Software
		var redirects, roles string
		var created, updated int64
		err := rows.Scan(&s.OrgID, &s.ID, &s.Name, &redirects, &roles, &created, &updated)
		err = errors.Join(err, json.Unmarshal([]byte(redirects), &s.RedirectURIs), json.Unmarshal([]byte(roles), &s.Roles))
		if err != nil {
			return nil, "", failed(op, err)
		}
		s.Created, s.Updated = fromMicros(created), fromMicros(updated)
		list = append(list, s)
	}
	next := ""
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].OrgID + " " + list[limit-1].ID
	}
	return list, next, failed(op, rows.Err())
}
