package identity

import (
	"context"
	"time"
)

// Workspace is the tenant; every row of the platform belongs to one.
type Workspace struct {
	ID      string
	Name    string
	Created time.Time
}

// User signs in with a password.
type User struct {
	Workspace    string
	ID           string
	Email        string // lower case
	Name         string
	PasswordHash string // argon2id in PHC form
	Created      time.Time
}

// Session is one signed-in browser.
type Session struct {
	Hash      []byte // SHA-256 of the cookie's token
	Workspace string
	UserID    string
	Created   time.Time
	Expires   time.Time
}

// APIKey lets a program in.
type APIKey struct {
	Workspace string
	ID        string
	Name      string
	Hash      []byte // SHA-256 of the key
	Hint      string // its first characters, to tell keys apart
	Created   time.Time
	LastUsed  time.Time // zero when never; kept to the minute
}

// Principal is whoever a request comes from: a user or a key.
type Principal struct {
	Workspace string
	UserID    string // empty for an API key
	KeyID     string // empty for a session
}

// Users stores workspaces and their users.
type Users interface {
	// FirstWorkspace returns the oldest workspace, made with the ID and name given
	// when there is none.
	FirstWorkspace(ctx context.Context, w Workspace) (Workspace, error)
	// CreateOwner adds the first user of a workspace. CodeConflict when it has one.
	CreateOwner(ctx context.Context, u User) error
	UserByEmail(ctx context.Context, email string) (User, error)  // CodeNotFound
	User(ctx context.Context, workspace, id string) (User, error) // CodeNotFound
	HasOwner(ctx context.Context, workspace string) (bool, error)
}

// Sessions stores signed-in browsers.
type Sessions interface {
	CreateSession(ctx context.Context, s Session) error
	Session(ctx context.Context, hash []byte) (Session, error) // CodeNotFound
	DeleteSession(ctx context.Context, hash []byte) error
}

// Keys stores API keys.
type Keys interface {
	CreateAPIKey(ctx context.Context, k APIKey) error
	APIKeys(ctx context.Context, workspace string) ([]APIKey, error)
	APIKeyByHash(ctx context.Context, hash []byte) (APIKey, error) // CodeNotFound
	DeleteAPIKey(ctx context.Context, workspace, id string) error  // CodeNotFound
	TouchAPIKey(ctx context.Context, workspace, id string, at time.Time) error
}
