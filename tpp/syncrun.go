package tpp

import (
	"context"
	"time"
)

// SyncState is how far a sync has come.
type SyncState string

// The states.
const (
	SyncRunning  SyncState = "running"
	SyncComplete SyncState = "complete"
	SyncPartial  SyncState = "partial" // something optional, such as balances, failed
	SyncFailed   SyncState = "failed"
)

// Sync is one run over one connection. A run that died is taken up again under
// the same id.
type Sync struct {
	Workspace     string
	ID            string
	Connection    string
	State         SyncState
	AccountsTotal int
	AccountsDone  int
	Change        Change
	Message       string // for the user, when it failed or is partial
	Started       time.Time
	Finished      time.Time // zero while running
}

// Syncs stores sync runs.
type Syncs interface {
	// SaveSync writes the run as it is, whether new or known.
	SaveSync(ctx context.Context, s Sync) error
	// LastSync returns the newest run of a connection. CodeNotFound when there is
	// none.
	LastSync(ctx context.Context, workspace, connection string) (Sync, error)
}
