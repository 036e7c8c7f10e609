package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/onepointledger/onepoint"
)

// The cost of argon2id, by OWASP's password storage advice.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	threads   = 1
	saltBytes = 16
	hashBytes = 32
)

// hasher hashes passwords, a few at a time: each takes 19 MiB, which a crowd of
// logins must not multiply.
type hasher struct{ slots chan struct{} }

func newHasher() hasher { return hasher{make(chan struct{}, 4)} }

func (h hasher) slot(ctx context.Context) (release func(), err error) {
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, onepoint.E(onepoint.CodeUnavailable, "check password", "too many are signing in at once; try again", ctx.Err())
	}
}

// hash makes the PHC form: $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func (h hasher) hash(ctx context.Context, password string) (string, error) {
	release, err := h.slot(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		panic(err) // crypto/rand does not fail on any supported system
	}
	sum := argon2.IDKey([]byte(password), salt, passes, memoryKiB, threads, hashBytes)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, threads,
		enc.EncodeToString(salt), enc.EncodeToString(sum)), nil
}

// verify compares. Without a hash it does the same work and says no, so that an
// unknown user takes as long as a known one.
func (h hasher) verify(ctx context.Context, phc, password string) (bool, error) {
	release, err := h.slot(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	salt, want, m, t, p := make([]byte, saltBytes), make([]byte, hashBytes), uint32(memoryKiB), uint32(passes), uint8(threads)
	known := phc != ""
	if known {
		parts := strings.Split(phc, "$")
		if len(parts) != 6 || parts[1] != "argon2id" {
			return false, fmt.Errorf("a stored password hash is malformed")
		}
		if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &p); err != nil {
			return false, fmt.Errorf("a stored password hash is malformed: %w", err)
		}
		enc := base64.RawStdEncoding
		if salt, err = enc.DecodeString(parts[4]); err != nil {
			return false, fmt.Errorf("a stored password hash is malformed: %w", err)
		}
		if want, err = enc.DecodeString(parts[5]); err != nil {
			return false, fmt.Errorf("a stored password hash is malformed: %w", err)
		}
	}
	got := argon2.IDKey([]byte(password), salt, t, m, p, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}
