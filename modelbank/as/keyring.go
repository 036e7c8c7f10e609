package as

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

const (
	idTokenLife = 10 * time.Minute
	// keyOverlap is how long a key is published after it signed last: the longest
	// token that it signed, the time that readers keep the set, and clocks that differ.
	keyOverlap  = idTokenLife + keysMaxAge + 5*time.Minute
	keysMaxAge  = 5 * time.Minute
	keysRefresh = time.Minute // another process may have rotated
	firstKey    = "signing"
)

// KeyName is one signing key by its name in the vault.
type KeyName struct {
	Name    string
	Created time.Time
	Until   time.Time // published until; zero: for good
}

// KeyNames stores which signing keys there are.
type KeyNames interface {
	// SigningKeys lists them, the youngest first.
	SigningKeys(ctx context.Context) ([]KeyName, error)
	// RotateKey adds the youngest and ends what was there at a time, where no
	// earlier one is set, in one transaction. CodeConflict when the name is taken.
	RotateKey(ctx context.Context, next KeyName, until time.Time) error
}

// keyring is the server's signing keys, the one that signs first.
type keyring struct {
	mu   sync.RWMutex
	keys []fapi.SigningKey
	jwks []byte
	at   time.Time
}

// SigningKey is the key that signs now. It changes when keys are rotated: ask
// for it with every signature.
func (s *Server) SigningKey() fapi.SigningKey {
	s.ring.mu.RLock()
	defer s.ring.mu.RUnlock()
	return s.ring.keys[0]
}

// Rotate makes a new signing key, which signs from now on. The old one stays
// published until the longest token that it signed has expired. CodeConflict
// when somebody else rotates at the same time.
func (s *Server) Rotate(ctx context.Context) (keyID string, err error) {
	const op = "rotate the signing key"
	if s.KeyNamed == nil {
		return "", onepoint.E(onepoint.CodeConflict, op, "this server has one fixed key", nil)
	}
	known, err := s.Store.SigningKeys(ctx)
	if err != nil {
		return "", onepoint.E("", op, "", err)
	}
	now := s.Now()
	name := fmt.Sprintf("%s-%d", firstKey, len(known)+1)
	if _, err := s.KeyNamed(ctx, name); err != nil { // the key exists before anyone hears of it
		return "", onepoint.E("", op, "", err)
	}
	if err := s.Store.RotateKey(ctx, KeyName{Name: name, Created: now}, now.Add(keyOverlap)); err != nil {
		return "", onepoint.E("", op, "", err)
	}
	if err := s.loadKeys(ctx); err != nil {
		return "", onepoint.E("", op, "", err)
	}
	s.Log.InfoContext(ctx, "signing key rotated", "key", name, "kid", s.SigningKey().KeyID)
	return s.SigningKey().KeyID, nil
}

// loadKeys reads which keys there are; the first start makes the first.
func (s *Server) loadKeys(ctx context.Context) error {
	keys := []fapi.SigningKey{s.Key}
	if s.KeyNamed != nil {
		names, err := s.Store.SigningKeys(ctx)
		if err != nil {
			return err
		}
		if len(names) == 0 {
			first := KeyName{Name: firstKey, Created: s.Now()}
			if err := s.Store.RotateKey(ctx, first, s.Now()); err != nil && onepoint.CodeOf(err) != onepoint.CodeConflict {
				return err
			}
			names = []KeyName{first}
		}
		names = slices.DeleteFunc(names, func(k KeyName) bool { return !k.Until.IsZero() && !s.Now().Before(k.Until) })
		keys = keys[:0]
		for _, n := range names {
			key, err := s.KeyNamed(ctx, n.Name)
			if err != nil {
				return fmt.Errorf("open signing key %s: %w", n.Name, err)
			}
			keys = append(keys, key)
		}
	}
	jwks, err := fapi.PublicJWKS(keys...)
	if err != nil {
		return err
	}
	s.ring.mu.Lock()
	defer s.ring.mu.Unlock()
	s.ring.keys, s.ring.jwks, s.ring.at = keys, jwks, s.Now()
	return nil
}

// publishKeys serves the JWK set (RFC 7517 section 5).
func (s *Server) publishKeys(w http.ResponseWriter, r *http.Request) {
	s.ring.mu.RLock()
	old := s.Now().Sub(s.ring.at) > keysRefresh
	s.ring.mu.RUnlock()
	if old && s.KeyNamed != nil {
		if err := s.loadKeys(r.Context()); err != nil {
			s.Log.ErrorContext(r.Context(), "read signing keys", "error", err)
		}
	}
	s.ring.mu.RLock()
	jwks := s.ring.jwks
	s.ring.mu.RUnlock()
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(keysMaxAge/time.Second)))
	w.Write(jwks)
}

// rotate is the operator's call: with the bank's own certificate.
func (s *Server) rotate(w http.ResponseWriter, r *http.Request) error {
	if err := s.ownCertificate(r); err != nil {
		return err
	}
	kid, err := s.Rotate(r.Context())
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, map[string]string{"kid": kid})
}
