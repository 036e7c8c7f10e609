package store

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// Bank is the model bank's database.
type Bank struct {
	*DB
	writes *batch
	pruned atomic.Int64 // when what has expired was last deleted, microseconds
}

// OpenBank opens and migrates the model bank's database: "sqlite:PATH" or
// "postgres://…".
func OpenBank(ctx context.Context, url string, log *slog.Logger) (*Bank, error) {
	db, err := open(ctx, url, "bank", log)
	if err != nil {
		return nil, err
	}
	return &Bank{DB: db, writes: &batch{db: db}}, nil
}
