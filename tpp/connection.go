package tpp

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
)

// ConnectionStatus says whether a connection can be read.
type ConnectionStatus string

// The statuses.
const (
	ConnectionAwaiting    ConnectionStatus = "awaiting_user"         // the user is, or was, at the bank
	ConnectionActive      ConnectionStatus = "active"                // consent in force
	ConnectionRefused     ConnectionStatus = "refused"               // the user or the bank said no
	ConnectionNeedsReauth ConnectionStatus = "needs_reauthorisation" // consent expired or revoked at the bank
	ConnectionRevoked     ConnectionStatus = "revoked"               // ended here
)

// What a connection's consent is for.
const (
	PurposeAccounts = "accounts"
	PurposeFunds    = "funds"
)

// Connection is one user's consent at one bank.
type Connection struct {
	Workspace   string
	ID          string
	Bank        string // profile id
	Purpose     string // "accounts" or "funds"
	About       string // for funds: the IBAN that may be asked about, when the user named one
	Status      ConnectionStatus
	ConsentID   string // the bank's
	Permissions []onepoint.Permission
	Expires     time.Time // of the consent; zero for no limit
	Message     string    // why it is refused or needs the user
	CreatedBy   string    // user id, or empty when an API key made it
	Redirect    string    // where the user must go, while awaiting
	StateHash   []byte    // SHA-256 of the OAuth state; nil once used
	Journey     []byte    // sealed [Journey]; nil once finished
	Grant       []byte    // sealed onepoint.Grant; nil before and after
	Created     time.Time
	Updated     time.Time
	LastSync    time.Time // end of the last complete sync
	// One sync at a time: whoever holds the lease syncs, until LeaseUntil. A second
	// one would refresh the same token, and banks end a grant whose token is used twice.
	LeaseHolder string
	LeaseUntil  time.Time
}

// Connections stores connections. UpdateConnection is one transaction: the row
// and the events that fn returns commit together; fn may run again on conflict.
type Connections interface {
	CreateConnection(ctx context.Context, c Connection, events ...onepoint.Event) error
	Connection(ctx context.Context, workspace, id string) (Connection, error)    // CodeNotFound
	ConnectionByState(ctx context.Context, stateHash []byte) (Connection, error) // CodeNotFound
	Connections(ctx context.Context, workspace string) ([]Connection, error)     // newest first
	UpdateConnection(ctx context.Context, workspace, id string, fn func(*Connection) ([]onepoint.Event, error)) (Connection, error)
}
