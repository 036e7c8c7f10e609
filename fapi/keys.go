package fapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
)

const (
	maxKeySet   = 256 << 10
	keysLife    = 10 * time.Minute
	keysRefetch = 10 * time.Second // not sooner, whatever unknown kid comes
)

// ParseKeys reads a JWK set and drops what is private or symmetric in it: a
// shared secret must never verify what a public key signed.
func ParseKeys(jwks []byte) (jwk.Set, error) {
	if len(jwks) > maxKeySet {
		return nil, onepoint.E(onepoint.CodeProtocol, "read keys", "the key set is too large", nil)
	}
	parsed, err := jwk.Parse(jwks)
	if err != nil {
		return nil, onepoint.E(onepoint.CodeProtocol, "read keys", "the key set is not a JWK set", err)
	}
	public := jwk.NewSet()
	for i := range parsed.Len() {
		key, ok := parsed.Key(i)
		if !ok {
			continue
		}
		if pub, ok := asymmetric(key); ok {
			if err := public.AddKey(pub); err != nil {
				return nil, onepoint.E(onepoint.CodeProtocol, "read keys", "the key set holds a key twice", err)
			}
		}
	}
	return public, nil
}

func asymmetric(key jwk.Key) (jwk.Key, bool) {
	switch key.(type) {
	// A private key satisfies the public interface too, so it comes first.
	case jwk.RSAPrivateKey, jwk.ECDSAPrivateKey:
		pub, err := key.PublicKey()
		return pub, err == nil
	case jwk.RSAPublicKey, jwk.ECDSAPublicKey:
		return key, true
	}
	return nil, false
}

// KeySource fetches remote JWK sets and keeps them for a while. It is safe for
// concurrent use.
type KeySource struct {
	HTTP *http.Client
	Now  onepoint.Clock
	Life time.Duration // how long a set is believed; 0: ten minutes

	mu   sync.Mutex
	sets map[string]fetched
}

type fetched struct {
	set jwk.Set
	at  time.Time
}

// Keys returns the set at url, from memory when it is fresh. Errors:
// [onepoint.CodeUnavailable] when it cannot be fetched, [onepoint.CodeProtocol]
// when it is no key set.
func (s *KeySource) Keys(ctx context.Context, url string) (jwk.Set, error) {
	life := s.Life
	if life == 0 {
		life = keysLife
	}
	return s.younger(ctx, url, life)
}

// Fresh is Keys for a caller that did not find its key: it fetches again, but
// not more often than every ten seconds.
func (s *KeySource) Fresh(ctx context.Context, url string) (jwk.Set, error) {
	return s.younger(ctx, url, keysRefetch)
}

func (s *KeySource) younger(ctx context.Context, url string, age time.Duration) (jwk.Set, error) {
	s.mu.Lock()
	have, ok := s.sets[url]
	s.mu.Unlock()
	if ok && s.Now().Sub(have.at) < age {
		return have.set, nil
	}
	set, err := s.fetch(ctx, url)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sets == nil || len(s.sets) > 1000 {
		s.sets = map[string]fetched{}
	}
	s.sets[url] = fetched{set, s.Now()}
	return set, nil
}

func (s *KeySource) fetch(ctx context.Context, url string) (jwk.Set, error) {
	const op = "fetch keys"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, onepoint.E(onepoint.CodeInvalid, op, "the key set's address is malformed", err)
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := s.HTTP.Do(req)
	if err != nil {
		return nil, onepoint.E(onepoint.CodeUnavailable, op, "the published keys cannot be fetched", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, onepoint.E(onepoint.CodeUnavailable, op, "the published keys cannot be fetched", fmt.Errorf("status %d", resp.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxKeySet+1))
	if err != nil {
		return nil, onepoint.E(onepoint.CodeUnavailable, op, "the published keys cannot be fetched", err)
	}
	return ParseKeys(body)
}
