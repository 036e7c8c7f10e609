package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/onepointledger/onepoint"
)

const (
	sessionLife   = 30 * 24 * time.Hour
	shortPassword = 12
	longPassword  = 256
	keyPrefix     = "opk_"
	hintLength    = len(keyPrefix) + 6
)

// Config is what the service needs.
type Config struct {
	Users    Users
	Sessions Sessions
	Keys     Keys
	Now      onepoint.Clock
	NewID    onepoint.IDs
}

// Service lets people and programs in.
type Service struct {
	Config
	hasher hasher
}

// New makes the service.
func New(c Config) *Service { return &Service{Config: c, hasher: newHasher()} }

// SetupRequest makes the owner.
type SetupRequest struct{ Workspace, Email, Name, Password string }

// SetupNeeded reports whether the workspace has no owner yet.
func (s *Service) SetupNeeded(ctx context.Context, workspace string) (bool, error) {
	has, err := s.Users.HasOwner(ctx, workspace)
	return !has, err
}

// Setup makes the workspace's owner and signs them in. Errors: CodeInvalid with
// Fields, CodeConflict when there is an owner.
func (s *Service) Setup(ctx context.Context, req SetupRequest) (User, string, error) {
	email, err := checkSetup(req)
	if err != nil {
		return User{}, "", err
	}
	hash, err := s.hasher.hash(ctx, req.Password)
	if err != nil {
		return User{}, "", err
	}
	u := User{
		Workspace: req.Workspace, ID: s.NewID("usr"), Email: email, Name: strings.TrimSpace(req.Name), PasswordHash: hash, Created: s.Now(),
	}
	if err := s.Users.CreateOwner(ctx, u); err != nil {
		return User{}, "", err
	}
	token, err := s.begin(ctx, u)
	return u, token, err
}

func checkSetup(req SetupRequest) (string, error) {
	var faults []onepoint.Field
	email := strings.ToLower(strings.TrimSpace(req.Email))
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email || len(email) > 254 {
		faults = append(faults, onepoint.Field{Name: "email", Message: "must be an e-mail address"})
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(req.Name)); n == 0 || n > 100 {
		faults = append(faults, onepoint.Field{Name: "name", Message: "must be 1 to 100 characters"})
	}
	if n := utf8.RuneCountInString(req.Password); n < shortPassword || n > longPassword {
		faults = append(faults, onepoint.Field{Name: "password", Message: "must be 12 to 256 characters"})
	}
	if len(faults) == 0 {
		return email, nil
	}
	words := make([]string, 0, len(faults))
	for _, f := range faults {
		words = append(words, f.Name+" "+f.Message)
	}
	return "", &onepoint.Error{Code: onepoint.CodeInvalid, Op: "set up", Msg: strings.Join(words, "; "), Fields: faults}
}

// Login signs a user in. An unknown address and a wrong password get one answer
// after the same work. Errors: CodeUnauthenticated.
func (s *Service) Login(ctx context.Context, email, password string) (User, string, error) {
	wrong := onepoint.E(onepoint.CodeUnauthenticated, "sign in", "e-mail address or password is wrong", nil)
	u, err := s.Users.UserByEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return User{}, "", err
	}
	known := err == nil
	if len(password) > 4*longPassword {
		password = "" // no hashing of megabytes; it is wrong anyway
	}
	ok, err := s.hasher.verify(ctx, u.PasswordHash, password)
	if err != nil {
		return User{}, "", err
	}
	if !known || !ok {
		return User{}, "", wrong
	}
	token, err := s.begin(ctx, u)
	return u, token, err
}

func (s *Service) begin(ctx context.Context, u User) (string, error) {
	token := randomToken("")
	now := s.Now()
	return token, s.Sessions.CreateSession(ctx, Session{
		Hash: hashed(token), Workspace: u.Workspace, UserID: u.ID, Created: now, Expires: now.Add(sessionLife),
	})
}

// SessionFor finds who a session token belongs to. CodeUnauthenticated when it
// is unknown or has ended.
func (s *Service) SessionFor(ctx context.Context, token string) (Principal, error) {
	ended := onepoint.E(onepoint.CodeUnauthenticated, "check session", "sign in first", nil)
	session, err := s.Sessions.Session(ctx, hashed(token))
	switch {
	case onepoint.CodeOf(err) == onepoint.CodeNotFound:
		return Principal{}, ended
	case err != nil:
		return Principal{}, err
	case !s.Now().Before(session.Expires):
		return Principal{}, ended
	}
	return Principal{Workspace: session.Workspace, UserID: session.UserID}, nil
}

// Logout ends a session.
func (s *Service) Logout(ctx context.Context, token string) error {
	return s.Sessions.DeleteSession(ctx, hashed(token))
}

// CreateKey makes an API key; the key itself is returned here and never again.
func (s *Service) CreateKey(ctx context.Context, workspace, name string) (APIKey, string, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > 100 {
		return APIKey{}, "", onepoint.Missing("create API key", "name", "must be 1 to 100 characters")
	}
	key := randomToken(keyPrefix)
	k := APIKey{
		Workspace: workspace, ID: s.NewID("key"), Name: name, Hash: hashed(key), Hint: key[:hintLength], Created: s.Now(),
	}
	return k, key, s.Keys.CreateAPIKey(ctx, k)
}

// KeyFor finds whom an API key lets in. CodeUnauthenticated when it is unknown.
func (s *Service) KeyFor(ctx context.Context, key string) (Principal, error) {
	k, err := s.Keys.APIKeyByHash(ctx, hashed(key))
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return Principal{}, onepoint.E(onepoint.CodeUnauthenticated, "check API key", "the API key is unknown or was deleted", nil)
	}
	if err != nil {
		return Principal{}, err
	}
	if now := s.Now(); now.Sub(k.LastUsed) >= time.Minute {
		if err := s.Keys.TouchAPIKey(ctx, k.Workspace, k.ID, now); err != nil {
			return Principal{}, err
		}
	}
	return Principal{Workspace: k.Workspace, KeyID: k.ID}, nil
}

// EnsureLocalKey returns the key that the command line on this machine uses:
// the saved one while it works, else a new one.
func (s *Service) EnsureLocalKey(ctx context.Context, workspace, saved string) (string, error) {
	if saved != "" {
		if p, err := s.KeyFor(ctx, saved); err == nil && p.Workspace == workspace {
			return saved, nil
		}
	}
	_, key, err := s.CreateKey(ctx, workspace, "command line on this machine")
	return key, err
}

func randomToken(prefix string) string {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand does not fail on any supported system
	}
	return prefix + base64.RawURLEncoding.EncodeToString(b[:])
}

func hashed(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
