package bunq

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultPage = 10
	maxPage     = 200
)

// paging is which part of a list a caller wants.
type paging struct {
	count int
	older int64 // only what is older than this
	newer int64 // only what is newer than this
}

func (c *call) paging() (paging, error) {
	p := paging{count: defaultPage}
	q := c.URL.Query()
	if q.Has("older_id") && q.Has("newer_id") {
		return p, bad("The older_id and newer_id cannot be used together.")
	}
	for name, to := range map[string]*int64{"older_id": &p.older, "newer_id": &p.newer} {
		if !q.Has(name) {
			continue
		}
		n, err := strconv.ParseInt(q.Get(name), 10, 64)
		if err != nil || n < 0 {
			return p, bad("The " + name + " must be a number.")
		}
		*to = n
	}
	if q.Has("count") {
		n, err := strconv.Atoi(q.Get("count"))
		if err != nil || n < 1 || n > maxPage {
			return p, bad("The count must be between 1 and 200.")
		}
		p.count = n
	}
	return p, nil
}

// pick returns the ids of a page, newest first, and where it stands among the
// rest.
func (s *Server) pick(c *call, ids []int64, p paging) ([]int64, *pagination) {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Compare(b, a) })
	newest := ids
	if p.older > 0 {
		ids = slices.DeleteFunc(slices.Clone(ids), func(n int64) bool { return n >= p.older })
	}
	if p.newer > 0 {
		ids = slices.DeleteFunc(slices.Clone(ids), func(n int64) bool { return n <= p.newer })
		ids = ids[max(0, len(ids)-p.count):] // the next newer ones
	}
	rest := ids[min(len(ids), p.count):]
	ids = ids[:len(ids)-len(rest)]
	out := &pagination{}
	if len(ids) == 0 {
		return ids, out
	}
	first, last := ids[0], ids[len(ids)-1]
	if last > newest[len(newest)-1] {
		out.OlderURL = s.pageURL(c, p.count, "older_id", last)
	}
	if first < newest[0] {
		out.NewerURL = s.pageURL(c, p.count, "newer_id", first)
	} else {
		out.FutureURL = s.pageURL(c, p.count, "newer_id", first)
	}
	return ids, out
}

// pageURL is relative, as bunq's are: "/v1/user/1/…?count=10&older_id=5".
func (s *Server) pageURL(c *call, count int, name string, id int64) *string {
	u := fmt.Sprintf("%s?count=%d&%s=%d", strings.TrimPrefix(c.URL.Path, s.path), count, name, id)
	return &u
}

// paged shows the part of some rows that a caller wants.
func paged[T any](s *Server, c *call, name string, rows []T, id func(T) int64, show func(T) (any, error)) (answer, error) {
	p, err := c.paging()
	if err != nil {
		return answer{}, err
	}
	byID := make(map[int64]T, len(rows))
	ids := make([]int64, 0, len(rows))
	for _, r := range rows {
		byID[id(r)] = r
		ids = append(ids, id(r))
	}
	picked, around := s.pick(c, ids, p)
	out := answer{Response: []map[string]any{}, Pagination: around}
	for _, n := range picked {
		v, err := show(byID[n])
		if err != nil {
			return answer{}, err
		}
		out.Response = append(out.Response, object(name, v))
	}
	return out, nil
}
