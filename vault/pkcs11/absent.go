//go:build !pkcs11

package pkcs11

import (
	"context"

	"github.com/onepointledger/onepoint"
)

// Open refuses, with CodeInvalid: this build has no PKCS#11.
func Open(context.Context, Config) (Token, error) {
	return nil, onepoint.E(onepoint.CodeInvalid, op, "this build has no PKCS#11; build with -tags pkcs11", nil)
}
