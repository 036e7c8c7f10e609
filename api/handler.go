package api

import (
	"context"
	"time"
)

// handler is an operation; errors are the domain's.
type handler[I, O any] func(ctx context.Context, in *I) (*O, error)

func (h handler[I, O]) withProblems() func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, problem(err)
		}
		return out, nil
	}
}

type none struct{}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
