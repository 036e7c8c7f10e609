//go:build !pkcs11

package pkcs11_test

import (
	"strings"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/vault/pkcs11"
)

func TestBuildWithoutPKCS11SaysSo(t *testing.T) {
	_, err := pkcs11.Open(t.Context(), pkcs11.Config{Module: "hsm.so", Token: "bank", PIN: "canary"})
	if onepoint.CodeOf(err) != onepoint.CodeInvalid || !strings.Contains(onepoint.MessageOf(err), "build with -tags pkcs11") {
		t.Errorf("got %v", err)
	}
}
