package bunq

import (
	"context"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
)

// maxChunk bounds one stored row of numbers.
const maxChunk = 500

// numbered is the number of one booked entry. An entry is found again by when it
// was booked.
type numbered struct {
	N  int64     `json:"n"`
	ID string    `json:"id"`
	At time.Time `json:"at"`
}

// chunk is how numbers are kept: some entries of one account, oldest first.
type chunk struct {
	Entries []numbered `json:"entries"`
}

// statement is what is known of an account's numbers: a copy of its chunks.
type statement struct {
	entries []numbered // oldest first
	byID    map[string]int64
}

func (st *statement) add(rows ...numbered) {
	for _, r := range rows {
		st.entries = append(st.entries, r)
		st.byID[r.ID] = r.N
	}
}

// numbering gives each booked entry of the account that has no number yet the
// next one, oldest first. The core books at the top of the statement only, so
// what is new lies before the first entry that is known.
func (s *Server) numbering(ctx context.Context, account string) (entries []numbered, err error) {
	s.paying.Lock()
	defer s.paying.Unlock()
	st, ok := s.known[account]
	if !ok {
		st = &statement{byID: map[string]int64{}}
		chunks, err := s.chunks.Of(ctx, account, maxRows)
		if err != nil {
			return nil, err
		}
		for _, c := range chunks {
			st.add(c.Entries...)
		}
		s.known[account] = st
	}
	fresh, err := s.unnumbered(ctx, account, st)
	if err != nil {
		return nil, err
	}
	slices.Reverse(fresh)
	for part := range slices.Chunk(fresh, maxChunk) {
		if err := s.keepNumbers(ctx, account, part); err != nil {
			return nil, err
		}
		st.add(part...)
	}
	return slices.Clone(st.entries), nil
}

// unnumbered returns the booked entries without a number, newest first.
func (s *Server) unnumbered(ctx context.Context, account string, st *statement) ([]numbered, error) {
	var fresh []numbered
	var q core.Query
	q.Limit = maxPage
	for {
		page, err := s.Core.Entries(ctx, account, q)
		if err != nil {
			return nil, err
		}
		for _, t := range page.Transactions {
			if t.Status != onepoint.StatusBooked {
				continue // bunq shows what is booked only
			}
			if _, known := st.byID[t.ID]; known {
				return fresh, nil
			}
			fresh = append(fresh, numbered{ID: t.ID, At: t.BookedAt.UTC()})
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return fresh, nil
		}
	}
}

// keepNumbers reserves numbers and keeps them in one row. A crash in between
// leaves a gap, which ids may have.
func (s *Server) keepNumbers(ctx context.Context, account string, part []numbered) error {
	first, err := s.next(ctx, "payment")
	if err != nil {
		return err
	}
	if len(part) > 1 {
		more := int64(len(part) - 1)
		if _, err := s.counters.Update(ctx, "payment", func(n *int64) error { first = *n + 1; *n += more + 1; return nil }); err != nil {
			return err
		}
	}
	for i := range part {
		part[i].N = first + int64(i)
	}
	return s.chunks.Add(ctx, account+"/"+key(first), account, chunk{part})
}

// PaymentNumber is the id under which the API shows a booked entry of an
// account. CodeNotFound for one that it does not show.
func (s *Server) PaymentNumber(ctx context.Context, account, entry string) (int64, error) {
	entries, err := s.numbering(ctx, account)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(entries, func(n numbered) bool { return n.ID == entry })
	if i < 0 {
		return 0, onepoint.E(onepoint.CodeNotFound, "find payment", "", nil)
	}
	return entries[i].N, nil
}

// read returns the entries of the numbers given from the core, by number.
func (s *Server) read(ctx context.Context, account string, wanted []numbered) (map[int64]onepoint.Transaction, error) {
	out := make(map[int64]onepoint.Transaction, len(wanted))
	if len(wanted) == 0 {
		return out, nil
	}
	byID := make(map[string]int64, len(wanted))
	var q core.Query
	q.Since, q.Until = wanted[0].At, wanted[0].At
	for _, w := range wanted {
		byID[w.ID] = w.N
		if w.At.Before(q.Since) {
			q.Since = w.At
		}
		if w.At.After(q.Until) {
			q.Until = w.At
		}
	}
	q.Limit = maxPage
	for {
		page, err := s.Core.Entries(ctx, account, q)
		if err != nil {
			return nil, err
		}
		for _, t := range page.Transactions {
			if n, ok := byID[t.ID]; ok {
				out[n] = t
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return out, nil
		}
	}
}
