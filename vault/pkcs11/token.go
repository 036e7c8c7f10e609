//go:build pkcs11

package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"os"

	p11 "github.com/miekg/pkcs11"

	"github.com/onepointledger/onepoint"
)

type token struct {
	lib      *p11.Ctx
	sessions *pool
}

// Open loads the module, finds the token and logs in. CodeInvalid when something
// is not given or the module is no PKCS#11 library, CodeNotFound when it has no token of the
// label, CodeForbidden when the token refuses the PIN, CodeConflict when several
// tokens have the label or this process has the module open already.
func Open(ctx context.Context, c Config) (Token, error) {
	if c.PIN == "" {
		return nil, onepoint.Missing(op, "PIN", "is needed")
	}
	lib, err := load(c.Module)
	if err != nil {
		return nil, err
	}
	slot, err := findSlot(lib, c.Token)
	if err == nil {
		t := &token{lib, newPool(lib, slot, c.PIN)}
		if err = t.sessions.do(ctx, op, func(*session) error { return nil }); err == nil {
			return t, nil
		}
	}
	return nil, errors.Join(err, unload(lib))
}

func load(module string) (*p11.Ctx, error) {
	if module == "" {
		return nil, onepoint.Missing(op, "module", "the path of the PKCS#11 library is needed")
	}
	if _, err := os.Stat(module); err != nil {
		return nil, onepoint.E(onepoint.CodeInvalid, op, "there is no PKCS#11 module at "+module+"; install it or correct the path", err)
	}
	lib := p11.New(module)
	if lib == nil {
		return nil, onepoint.E(onepoint.CodeInvalid, op, module+" is not a PKCS#11 library for this machine", nil)
	}
	err := lib.Initialize()
	if err == nil {
		return lib, nil
	}
	lib.Destroy()
	if is(err, p11.CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		return nil, onepoint.E(onepoint.CodeConflict, op, "this process has the module "+module+" open already; open it once and share the token", err)
	}
	return nil, onepoint.E(onepoint.CodeUnavailable, op, "the PKCS#11 module "+module+" does not start; see its own configuration", err)
}

func unload(lib *p11.Ctx) error {
	err := lib.Finalize()
	lib.Destroy()
	if err != nil {
		return onepoint.E(onepoint.CodeUnavailable, "close token", "the PKCS#11 module does not end", err)
	}
	return nil
}

func findSlot(lib *p11.Ctx, label string) (uint, error) {
	if label == "" {
		return 0, onepoint.Missing(op, "token", "the label is needed")
	}
	slots, err := lib.GetSlotList(true)
	if err != nil {
		return 0, fail(op, err)
	}
	var found []uint
	for _, slot := range slots {
		// A reader that fails must not hide the token in another.
		if info, err := lib.GetTokenInfo(slot); err == nil && info.Label == label {
			found = append(found, slot)
		}
	}
	switch len(found) {
	case 0:
		return 0, onepoint.E(onepoint.CodeNotFound, op, fmt.Sprintf("the module has no token %q; insert or initialise it, or correct the label", label), nil)
	case 1:
		return found[0], nil
	}
	return 0, onepoint.E(onepoint.CodeConflict, op, fmt.Sprintf("%d tokens have the label %q; give each its own", len(found), label), nil)
}

// Name is what the vault notes with its keys.
func (t *token) Name() string { return "pkcs11" }

func (t *token) Close() error {
	if !t.sessions.close() {
		return nil
	}
	return unload(t.lib)
}

// Format keeps what the token holds from fmt.
func (t *token) Format(f fmt.State, _ rune) { fmt.Fprint(f, "PKCS#11 token") }
