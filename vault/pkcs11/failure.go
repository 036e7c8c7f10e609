//go:build pkcs11

package pkcs11

import (
	"errors"
	"slices"

	p11 "github.com/miekg/pkcs11"

	"github.com/onepointledger/onepoint"
)

func is(err error, codes ...p11.Error) bool {
	var e p11.Error
	return errors.As(err, &e) && slices.Contains(codes, e)
}

// gone reports whether a session, its login or a handle it gave is no longer
// good: a new session may do better.
func gone(err error) bool {
	return is(err, p11.CKR_SESSION_HANDLE_INVALID, p11.CKR_SESSION_CLOSED, p11.CKR_USER_NOT_LOGGED_IN,
		p11.CKR_KEY_HANDLE_INVALID, p11.CKR_OBJECT_HANDLE_INVALID,
		p11.CKR_DEVICE_REMOVED, p11.CKR_DEVICE_ERROR, p11.CKR_TOKEN_NOT_PRESENT)
}

// refusedPIN reports whether the token said no to the PIN itself.
func refusedPIN(err error) bool {
	return is(err, p11.CKR_PIN_INCORRECT, p11.CKR_PIN_INVALID, p11.CKR_PIN_LEN_RANGE, p11.CKR_PIN_LOCKED,
		p11.CKR_PIN_EXPIRED, p11.CKR_USER_PIN_NOT_INITIALIZED)
}

// fail gives the module's errors a code and a message; ours stay as they are.
func fail(op string, err error) error {
	var ours *onepoint.Error
	switch {
	case err == nil || errors.As(err, &ours):
		return err
	case is(err, p11.CKR_PIN_LOCKED):
		return onepoint.E(onepoint.CodeForbidden, op, "the token is locked after too many wrong PINs; its security officer can unlock it", err)
	case is(err, p11.CKR_PIN_EXPIRED, p11.CKR_USER_PIN_NOT_INITIALIZED):
		return onepoint.E(onepoint.CodeForbidden, op, "the token wants a new PIN; set it with its own tool", err)
	case refusedPIN(err):
		return onepoint.E(onepoint.CodeForbidden, op, "the token refused the PIN; correct it before trying again, since a token locks after a few wrong ones", err)
	case is(err, p11.CKR_TOKEN_WRITE_PROTECTED, p11.CKR_SESSION_READ_ONLY):
		return onepoint.E(onepoint.CodeConflict, op, "the token is write-protected", err)
	case is(err, p11.CKR_MECHANISM_INVALID):
		return onepoint.E(onepoint.CodeInvalid, op, "the token does not know this algorithm", err)
	}
	return onepoint.E(onepoint.CodeUnavailable, op, "the token failed; see that it is connected", err)
}
