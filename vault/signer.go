package vault

import (
	"crypto"
	"fmt"
	"io"
	"log/slog"
)

// signer is a private key reduced to what it may do. It holds the key's method,
// not the key, so that no printing and no reflection over fields reaches it.
type signer struct {
	public crypto.PublicKey
	sign   func(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

// Public returns the public key.
func (s *signer) Public() crypto.PublicKey { return s.public }

// Sign signs a digest.
func (s *signer) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.sign(random, digest, opts)
}

const shown = "[private key]"

// Format keeps the key from fmt, MarshalText from JSON, LogValue from slog.
func (*signer) Format(f fmt.State, _ rune)   { fmt.Fprint(f, shown) }
func (*signer) MarshalText() ([]byte, error) { return []byte(shown), nil }
func (*signer) LogValue() slog.Value         { return slog.StringValue(shown) }
