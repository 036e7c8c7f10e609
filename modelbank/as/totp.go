package as

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // HMAC-SHA-1 is what RFC 6238 and every authenticator app use
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// totpStep is the time step of RFC 6238 section 5.2.
const totpStep = 30 * time.Second

const totpDigits = 6

// Code is the one-time password of RFC 6238 for a secret in base32 (RFC 4648
// section 6, as authenticator apps take it) at a time: six digits, 30 seconds,
// HMAC-SHA-1. CodeInvalid for a secret that is not base32 or shorter than the
// 128 bits of RFC 4226 section 4.
func Code(secret string, at time.Time) (string, error) {
	key, err := totpKey(secret)
	if err != nil {
		return "", err
	}
	return hotp(key, stepOf(at), totpDigits), nil
}

func stepOf(at time.Time) int64 { return at.Unix() / int64(totpStep/time.Second) }

func totpKey(secret string) ([]byte, error) {
	plain := strings.TrimRight(strings.ToUpper(strings.ReplaceAll(secret, " ", "")), "=")
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(plain)
	if err != nil || len(key) < 16 {
		return nil, onepoint.E(onepoint.CodeInvalid, "read the secret of the codes", "the secret is not base32 of at least 128 bits", nil)
	}
	return key, nil
}

// hotp is the value of RFC 4226 section 5.3 for a counter.
func hotp(key []byte, counter int64, digits int) string {
	mac := hmac.New(sha1.New, key)
	var moving [8]byte
	binary.BigEndian.PutUint64(moving[:], uint64(counter)) //nolint:gosec // times since 1970 are not negative
	mac.Write(moving[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	modulus := uint32(1)
	for range digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", digits, value%modulus)
}

// matchStep finds the step whose code this is: the present one, or the one
// before or after it, for clocks that differ (RFC 6238 section 5.2).
func matchStep(key []byte, code string, at time.Time) (int64, bool) {
	now := stepOf(at)
	found, ok := int64(0), false
	for _, step := range []int64{now, now - 1, now + 1} {
		if subtle.ConstantTimeCompare([]byte(hotp(key, step, totpDigits)), []byte(code)) == 1 {
			found, ok = step, true
		}
	}
	return found, ok
}

// cleanCode is a code as its user may have typed it: "123 456".
func cleanCode(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
}
