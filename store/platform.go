package store

import (
	"context"
	"database/sql"
	"log/slog"
	"sync/atomic"

	"github.com/onepointledger/onepoint"
)

// Platform is the TPP side's database.
type Platform struct {
	*DB
	// InTx is called inside every transaction that commits events, after they
	// were written: the job queue adds the jobs they start. Set it before use.
	InTx func(ctx context.Context, tx *sql.Tx, events []onepoint.Event) error

	log      *slog.Logger
	added    atomic.Int64 // transactions this process has added
	analysed atomic.Int64 // of those, when statistics were last made
}

// OpenPlatform opens and migrates the platform's database: "sqlite:PATH" or
// "postgres://…".
func OpenPlatform(ctx context.Context, url string, log *slog.Logger) (*Platform, error) {
	db, err := open(ctx, url, "platform", log)
	if err != nil {
		return nil, err
	}
	return &Platform{DB: db, log: log}, nil
}
