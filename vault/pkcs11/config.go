package pkcs11

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/onepointledger/onepoint/vault"
)

// Config says where a token is.
type Config struct {
	Module string // path of the maker's PKCS#11 library
	Token  string // label of the token; one token serves one installation
	PIN    PIN    // the user's, not the security officer's
}

// PIN opens a token. Whatever prints it shows only that there is one.
type PIN string

const op = "open token"

const shownPIN = "[PIN]"

// Format keeps the PIN from fmt.
func (PIN) Format(f fmt.State, _ rune) { fmt.Fprint(f, shownPIN) }

// MarshalText keeps the PIN from JSON and other encodings.
func (PIN) MarshalText() ([]byte, error) { return []byte(shownPIN), nil }

// LogValue keeps the PIN from logs.
func (PIN) LogValue() slog.Value { return slog.StringValue(shownPIN) }

// Token is an open token. Its errors are CodeNotFound for a pair that is not
// there and CodeUnavailable when the hardware fails or the token is closed;
// CodeForbidden when the hardware asks for the PIN again and refuses it.
type Token interface {
	vault.Custody
	// Close waits for what is under way and ends the login. Signers of the token
	// fail from then on. Closing again does nothing.
	io.Closer
}
