package as

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/onepointledger/onepoint/fapi"
)

// Kind says what a record is for.
type Kind string

// The kinds of records.
const (
	KindRequest     Kind = "request"     // a pushed authorization request
	KindInteraction Kind = "interaction" // a user at the pages
	KindCode        Kind = "code"
	KindAccess      Kind = "access"
	KindRefresh     Kind = "refresh"
)

// Record is one short-lived thing that is found by a random handle. Only the
// handle's hash is stored.
type Record struct {
	Kind       Kind
	Hash       []byte // SHA-256 of the handle
	ClientID   string
	ConsentID  string
	Family     string // what came of one authorization: replay of a part ends all
	GrantType  string
	Scope      string
	Subject    string
	Thumbprint string // x5t#S256 of the certificate it is bound to
	Data       []byte // JSON of the kind's own
	Spent      bool   // used up; kept so that a second use is recognised
	Expires    time.Time
}

// Client is one registered client.
type Client struct {
	ID         string
	OrgID      string
	SoftwareID string
	Name       string // of the software, for the consent page
	Created    time.Time
	Metadata   fapi.ClientMetadata
	Statement  fapi.SoftwareStatement
	SecretHash []byte // SHA-256 of its secret, with client_secret_basic
}

// Records stores records.
type Records interface {
	// PutRecords writes records, new or known, in one transaction. CodeNotFound when
	// their client was deleted.
	PutRecords(ctx context.Context, r ...Record) error
	// Record finds one, spent or not, expired or not. CodeNotFound.
	Record(ctx context.Context, k Kind, hash []byte) (Record, error)
	// Spend marks a record spent and writes what comes of it, in one transaction.
	// CodeConflict when it was spent before: then nothing is written.
	Spend(ctx context.Context, k Kind, hash []byte, follow ...Record) error
	// EndFamily deletes the tokens and codes of one authorization.
	EndFamily(ctx context.Context, family string) error
	// EndConsent deletes the tokens and codes of one consent.
	EndConsent(ctx context.Context, consentID string) error
}

// Tokens is the resource server's way to a token: one indexed read.
type Tokens interface {
	// AccessToken finds an access token with its client's organisation and name.
	// CodeNotFound.
	AccessToken(ctx context.Context, hash []byte) (fapi.TokenInfo, error)
	// EndAccess deletes one access token.
	EndAccess(ctx context.Context, hash []byte) error
}

// Clients stores registrations.
type Clients interface {
	PutClient(ctx context.Context, c Client) error
	Client(ctx context.Context, id string) (Client, error)                      // CodeNotFound
	ClientOfSoftware(ctx context.Context, org, software string) (Client, error) // CodeNotFound
	// DeleteClient removes a client and every record of its in one transaction.
	DeleteClient(ctx context.Context, id string) error
}

// Nonces accepts identifiers once.
type Nonces interface {
	// UseNonce accepts an identifier within a scope. CodeConflict when it came
	// before and has not expired.
	UseNonce(ctx context.Context, scope, id string, now, expires time.Time) error
}

// Store is everything the server keeps.
type Store interface {
	Records
	Tokens
	Clients
	Nonces
	Sessions
	KeyNames
}

// handle makes an unguessable handle of 256 bits, and its hash.
func handle(prefix string) (string, []byte) {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand does not fail on any supported system
	}
	h := prefix + base64.RawURLEncoding.EncodeToString(b[:])
	return h, hash(h)
}

func hash(handle string) []byte {
	sum := sha256.Sum256([]byte(handle))
	return sum[:]
}
