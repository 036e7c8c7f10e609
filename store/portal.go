package store

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank"
)

var _ modelbank.PortalStore = (*Bank)(nil)

// Bounds of what one page of the portal reads.
const (
	mostListed   = 100    // rows on a page
	mostExamined = 2_000  // rows a search looks at before it shows what it has
	mostCounted  = 10_000 // further counting stops
	mostNames    = 2_000  // different TPP names that a search compares
	mostMatching = 20     // of them that it follows
	mostSearch   = 100    // characters of a search, and of a cursor's id
)

// place is where a page ended: rows are ordered by a time and the id.
type place struct {
	at int64
	id string
}

func newest() place { return place{at: math.MaxInt64} }

func (p place) cursor() string { return strconv.FormatInt(p.at, 36) + "." + p.id }

func parsePlace(cursor string) (place, error) {
	if cursor == "" {
		return newest(), nil
	}
	at, id, ok := strings.Cut(cursor, ".")
	n, err := strconv.ParseInt(at, 36, 64)
	if !ok || err != nil || id == "" || len(id) > mostSearch || plain(id) != id {
		return place{}, onepoint.E(onepoint.CodeInvalid, "read cursor", "this is no page of the list; start from the first", err)
	}
	return place{at: n, id: id}, nil
}

// plain is text as both databases take it: valid, without control characters.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// needle is what is searched for, cut to a length that costs nothing.
func needle(search string) string {
	s := strings.TrimSpace(plain(search))
	if r := []rune(s); len(r) > mostSearch {
		s = string(r[:mostSearch])
	}
	return strings.ToLower(s)
}

func bounded(limit int) int {
	if limit <= 0 {
		return mostListed
	}
	return min(limit, mostListed)
}

// span is one range of an index of consents.
type span struct {
	where string // of one parameter, $1; empty for all
	arg   string
}

// spans are the ranges in which the consents of a query lie.
func (b *Bank) spans(ctx context.Context, q modelbank.ConsentQuery) ([]span, error) {
	search := needle(q.Search)
	switch {
	case q.Customer != "":
		return []span{{`customer_id = $1`, q.Customer}}, nil
	case search != "":
		return b.searched(ctx, search, strings.TrimSpace(plain(q.Search)))
	case q.Status == onepoint.ConsentExpired:
		return []span{{`status = $1`, string(onepoint.ConsentAuthorised)}}, nil
	case q.Status != "":
		return []span{{`status = $1`, string(q.Status)}}, nil
	}
	return []span{{}}, nil
}

// searched are the ranges of a search: one consent, one customer's, and those of
// every TPP whose name holds it.
func (b *Bank) searched(ctx context.Context, search, exact string) ([]span, error) {
	found := []span{{`id = $1`, exact}}
	customer, err := b.CustomerByLogin(ctx, search)
	switch {
	case err == nil:
		found = append(found, span{`customer_id = $1`, customer.ID})
	case onepoint.CodeOf(err) != onepoint.CodeNotFound:
		return nil, err
	}
	names, err := b.tppNames(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if strings.Contains(strings.ToLower(name), search) && len(found) < mostMatching {
			found = append(found, span{`tpp_name = $1`, name})
		}
	}
	return found, nil
}

// tppNames are the different names in the consents. It goes from name to name
// through the index, so what it costs grows with the TPPs, not with the consents.
func (b *Bank) tppNames(ctx context.Context) ([]string, error) {
	const op = "list names of TPPs"
	rows, err := b.read.QueryContext(ctx, `WITH RECURSIVE names(n) AS (
		SELECT (SELECT tpp_name FROM consents ORDER BY tpp_name LIMIT 1)
		UNION ALL
		SELECT (SELECT tpp_name FROM consents WHERE tpp_name > names.n ORDER BY tpp_name LIMIT 1) FROM names WHERE names.n IS NOT NULL)
		SELECT n FROM names WHERE n IS NOT NULL LIMIT $1`, mostNames)
	if err != nil {
		return nil, failed(op, err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, failed(op, err)
		}
		names = append(names, name)
	}
	return names, failed(op, rows.Err())
}

// ConsentPage implements [modelbank.PortalStore].
func (b *Bank) ConsentPage(ctx context.Context, q modelbank.ConsentQuery) (modelbank.ListedPage, error) {
	after, err := parsePlace(q.After)
	if err != nil {
		return modelbank.ListedPage{}, err
	}
	spans, err := b.spans(ctx, q)
	if err != nil {
		return modelbank.ListedPage{}, err
	}
	return b.listed(ctx, spans, "created", after, q)
}

// ConsentChanges implements [modelbank.PortalStore].
func (b *Bank) ConsentChanges(ctx context.Context, q modelbank.ListQuery, now time.Time) (modelbank.ListedPage, error) {
	after, err := parsePlace(q.After)
	if err != nil {
		return modelbank.ListedPage{}, err
	}
	return b.listed(ctx, []span{{}}, "updated", after, modelbank.ConsentQuery{ListQuery: q, Now: now})
}

// listed reads windows of the ranges until a page is full, the ranges end, or
// enough was looked at.
func (b *Bank) listed(ctx context.Context, spans []span, order string, after place, q modelbank.ConsentQuery) (modelbank.ListedPage, error) {
	limit := bounded(q.Limit)
	window := limit + 1
	if q.Status != "" {
		window = max(window, 200)
	}
	var page modelbank.ListedPage
	for examined := 0; examined < mostExamined; {
		rows, err := b.window(ctx, spans, order, after, window)
		if err != nil {
			return page, err
		}
		for _, c := range rows {
			here := placeOf(c, order)
			if q.Shows(&c) {
				if len(page.Consents) == limit {
					page.Next = after.cursor()
					return page, b.nameLogins(ctx, page.Consents)
				}
				page.Consents = append(page.Consents, modelbank.Listed{Lodged: c})
			}
			after = here
		}
		examined += len(rows)
		if len(rows) < window {
			return page, b.nameLogins(ctx, page.Consents)
		}
	}
	page.Next = after.cursor()
	return page, b.nameLogins(ctx, page.Consents)
}

func placeOf(c modelbank.Lodged, order string) place {
	if order == "updated" {
		return place{micros(c.Updated), c.ID}
	}
	return place{micros(c.Created), c.ID}
}

// window is the next rows of the ranges together, newest first, each once.
func (b *Bank) window(ctx context.Context, spans []span, order string, after place, limit int) ([]modelbank.Lodged, error) {
	var all []modelbank.Lodged
	for _, s := range spans {
		rows, err := b.spanned(ctx, s, order, after, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	slices.SortFunc(all, func(x, y modelbank.Lodged) int {
		p, q := placeOf(x, order), placeOf(y, order)
		return cmp.Or(cmp.Compare(q.at, p.at), cmp.Compare(q.id, p.id))
	})
	all = slices.CompactFunc(all, func(x, y modelbank.Lodged) bool { return x.ID == y.ID })
	return all[:min(len(all), limit)], nil
}

func (b *Bank) spanned(ctx context.Context, s span, order string, after place, limit int) ([]modelbank.Lodged, error) {
	const op = "list consents"
	var args []any
	where := ""
	if s.where != "" {
		where, args = s.where+` AND `, []any{s.arg}
	}
	n := len(args)
	at := func(i int) string { return "$" + strconv.Itoa(n+i) }
	args = append(args, after.at, after.id, limit)
	rows, err := b.read.QueryContext(ctx, `SELECT `+consentColumns+` FROM consents WHERE `+where+
		`(`+order+`, id) < (`+at(1)+`, `+at(2)+`) ORDER BY `+order+` DESC, id DESC LIMIT `+at(3), args...)
	if err != nil {
		return nil, failed(op, err)
	}
	defer rows.Close()
	var list []modelbank.Lodged
	for rows.Next() {
		c, err := scanConsent(rows)
		if err != nil {
			return nil, failed(op, err)
		}
		list = append(list, c)
	}
	return list, failed(op, rows.Err())
}

// nameLogins fills in the logins of the consents' customers.
func (b *Bank) nameLogins(ctx context.Context, list []modelbank.Listed) error {
	const op = "read logins"
	var ids []any
	for _, c := range list {
		if c.Customer != "" && !slices.Contains(ids, any(c.Customer)) {
			ids = append(ids, c.Customer)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := b.read.QueryContext(ctx, `SELECT id, login FROM customers WHERE id IN (`+placeholders(1, len(ids))+`)`, ids...)
	if err != nil {
		return failed(op, err)
	}
	defer rows.Close()
	logins := map[string]string{}
	for rows.Next() {
		var id, login string
		if err := rows.Scan(&id, &login); err != nil {
			return failed(op, err)
		}
		logins[id] = login
	}
	for i := range list {
		list[i].Login = logins[list[i].Customer]
	}
	return failed(op, rows.Err())
}
