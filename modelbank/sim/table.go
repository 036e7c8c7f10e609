package sim

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/onepointledger/onepoint"
)

// Store keeps the simulators' rows as documents.
type Store interface {
	// AddSimRow stores a new document. CodeConflict when the id is taken.
	AddSimRow(ctx context.Context, sim, kind, id, owner string, document []byte) error
	// SimRow returns a document. CodeNotFound.
	SimRow(ctx context.Context, sim, kind, id string) ([]byte, error)
	// UpdateSimRow changes a document in one transaction that nobody else changes it
	// in; fn giving nil removes it. An error of fn changes nothing and is returned.
	// CodeNotFound.
	UpdateSimRow(ctx context.Context, sim, kind, id string, fn func([]byte) ([]byte, error)) error
	// SimRows returns the documents of an owner, oldest first.
	SimRows(ctx context.Context, sim, kind, owner string, limit int) ([][]byte, error)
}

// Table is the rows of one kind of one simulator.
type Table[T any] struct {
	Store Store
	Sim   string
	Kind  string
}

// Add stores a new row. CodeConflict when the id is taken.
func (t Table[T]) Add(ctx context.Context, id, owner string, row T) error {
	document, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("encode %s: %w", t.Kind, err)
	}
	return t.Store.AddSimRow(ctx, t.Sim, t.Kind, id, owner, document)
}

// Get returns a row. CodeNotFound.
func (t Table[T]) Get(ctx context.Context, id string) (row T, err error) {
	document, err := t.Store.SimRow(ctx, t.Sim, t.Kind, id)
	if err != nil {
		return row, err
	}
	return t.decode(document)
}

// Update changes a row alone; an error of fn changes nothing and is returned.
// CodeNotFound.
func (t Table[T]) Update(ctx context.Context, id string, fn func(*T) error) (row T, err error) {
	err = t.Store.UpdateSimRow(ctx, t.Sim, t.Kind, id, func(document []byte) ([]byte, error) {
		if row, err = t.decode(document); err != nil {
			return nil, err
		}
		if err := fn(&row); err != nil {
			return nil, err
		}
		return json.Marshal(row)
	})
	return row, err
}

// Take returns a row and removes it: of two takers one gets it. CodeNotFound.
func (t Table[T]) Take(ctx context.Context, id string) (row T, err error) {
	err = t.Store.UpdateSimRow(ctx, t.Sim, t.Kind, id, func(document []byte) ([]byte, error) {
		row, err = t.decode(document)
		return nil, err
	})
	return row, err
}

// Remove ends a row; one that is not there is no error.
func (t Table[T]) Remove(ctx context.Context, id string) error {
	_, err := t.Take(ctx, id)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return nil
	}
	return err
}

// Of returns the rows of an owner, oldest first, at most limit.
func (t Table[T]) Of(ctx context.Context, owner string, limit int) ([]T, error) {
	documents, err := t.Store.SimRows(ctx, t.Sim, t.Kind, owner, limit)
	if err != nil {
		return nil, err
	}
	rows := make([]T, 0, len(documents))
	for _, d := range documents {
		row, err := t.decode(d)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (t Table[T]) decode(document []byte) (row T, err error) {
	if err := json.Unmarshal(document, &row); err != nil {
		return row, fmt.Errorf("decode %s: %w", t.Kind, err)
	}
	return row, nil
}

// Next counts up: the next number of a name, from 1.
func Next(ctx context.Context, s Store, sim, name string) (int64, error) {
	counters := Table[int64]{s, sim, "counter"}
	for {
		n, err := counters.Update(ctx, name, func(n *int64) error { *n++; return nil })
		if onepoint.CodeOf(err) != onepoint.CodeNotFound {
			return n, err
		}
		if err := counters.Add(ctx, name, "", 0); err != nil && onepoint.CodeOf(err) != onepoint.CodeConflict {
			return 0, err
		}
	}
}
