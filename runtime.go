package onepoint

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// Clock tells the time. It is a field wherever time matters, so that tests and
// the model bank's calendar can move it.
type Clock func() time.Time

// IDs makes identifiers: IDs("con") returns something like "con_01j8…", unique,
// unguessable and sortable by the time it was made.
type IDs func(prefix string) string

// NewIDs returns the production source of identifiers: 48 bits of milliseconds
// and 80 random bits, in lower-case base32 that sorts as the bytes do.
func NewIDs(now Clock) IDs {
	enc := base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
	return func(prefix string) string {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], uint64(now().UnixMilli())<<16)
		if _, err := rand.Read(b[6:]); err != nil {
			panic(err) // crypto/rand does not fail on any supported system
		}
		return prefix + "_" + enc.EncodeToString(b[:])
	}
}

// Secret is a string that must not be printed: every way fmt, slog and JSON
// have of showing it shows "[sealed]". Reveal returns the string itself.
type Secret string

const sealedText = "[sealed]"

// String hides the secret.
func (Secret) String() string { return sealedText }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return sealedText }

// MarshalText hides the secret from JSON and slog.
func (Secret) MarshalText() ([]byte, error) { return []byte(sealedText), nil }

// Reveal returns the secret string.
func (s Secret) Reveal() string { return string(s) }

// MaskIdentifier shows the last four characters of an account identifier, for
// logs: "••••1234".
func MaskIdentifier(s string) string {
	s = strings.TrimSpace(s)
	if len(s) <= 4 {
		return "••••"
	}
	return "••••" + s[len(s)-4:]
}
