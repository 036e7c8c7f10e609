//go:build pkcs11

package pkcs11_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"strings"
	"testing"

	p11 "github.com/miekg/pkcs11"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/vault"
)

func TestPairsOfOneLabelAreToldApart(t *testing.T) {
	ctx, tok := t.Context(), open(t, newTokens(t, "bank"))
	first, err := tok.Generate(ctx, "ws/k", vault.ECDSAP256)
	must(t, err)
	second, err := tok.Generate(ctx, "ws/k", vault.ECDSAP256)
	must(t, err)
	third, err := tok.Generate(ctx, "ws/k", vault.RSA2048)
	must(t, err)
	signer, err := tok.Signer(ctx, "ws/k", second)
	must(t, err)
	digest := make([]byte, 32)
	sig, err := signer.Sign(rand.Reader, digest, sha)
	if err != nil || !ecdsa.VerifyASN1(second.(*ecdsa.PublicKey), digest, sig) {
		t.Errorf("another pair signed, %v", err)
	}
	if got, err := tok.Find(ctx, "ws/k", vault.RSA2048); err != nil || !third.(equaler).Equal(got) {
		t.Errorf("found %v, %v", got, err)
	}
	must(t, tok.Delete(ctx, "ws/k", second))
	must(t, tok.Delete(ctx, "ws/k", second))
	if _, err := signer.Sign(rand.Reader, digest, sha); onepoint.CodeOf(err) != onepoint.CodeNotFound {
		t.Errorf("a deleted pair signs: %v", err)
	}
	_, found := tok.Find(ctx, "ws/other", vault.ECDSAP256)
	_, used := tok.Signer(ctx, "ws/k", second)
	for name, err := range map[string]error{"other label": found, "deleted": used} {
		if onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := tok.Find(ctx, "ws/k", vault.ECDSAP256); err != nil || !first.(equaler).Equal(got) {
		t.Errorf("found %v, %v", got, err)
	}
}

// A key that could be read is never taken for one of ours.
func TestUnguardedKeyIsNotUsed(t *testing.T) {
	c := newTokens(t, "bank")
	raw(t, c, func(lib *p11.Ctx) {
		s := loggedIn(t, lib)
		shared := []*p11.Attribute{p11.NewAttribute(p11.CKA_TOKEN, true), p11.NewAttribute(p11.CKA_LABEL, "ws/k"), p11.NewAttribute(p11.CKA_ID, []byte("1"))}
		public := append([]*p11.Attribute{p11.NewAttribute(p11.CKA_MODULUS_BITS, 2048), p11.NewAttribute(p11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1})}, shared...)
		private := append([]*p11.Attribute{p11.NewAttribute(p11.CKA_EXTRACTABLE, true), p11.NewAttribute(p11.CKA_SIGN, true)}, shared...)
		_, _, err := lib.GenerateKeyPair(s, []*p11.Mechanism{p11.NewMechanism(p11.CKM_RSA_PKCS_KEY_PAIR_GEN, nil)}, public, private)
		must(t, err)
	})
	if _, err := open(t, c).Find(t.Context(), "ws/k", vault.RSA2048); onepoint.CodeOf(err) != onepoint.CodeNotFound {
		t.Errorf("got %v", err)
	}
}

// A token that was away is logged in to again; one that refuses the PIN then is
// not asked a second time, since it would lock.
func TestLostSessionsComeBack(t *testing.T) {
	ctx, c := t.Context(), newTokens(t, "bank")
	tok := open(t, c)
	public, err := tok.Generate(ctx, "ws/k", vault.ECDSAP256)
	must(t, err)
	signer, err := tok.Signer(ctx, "ws/k", public)
	must(t, err)
	digest := make([]byte, 32)
	lib := p11.New(c.Module) // the same library in this process
	defer lib.Destroy()
	slots, err := lib.GetSlotList(true)
	must(t, err)
	for range 8 { // every session, some of them again
		must(t, lib.CloseAllSessions(slots[0]))
		if _, err := signer.Sign(rand.Reader, digest, sha); err != nil {
			t.Errorf("after the sessions were lost: %v", err)
		}
	}
	setPIN := func(from, to string) {
		must(t, lib.CloseAllSessions(slots[0]))
		s, err := lib.OpenSession(slots[0], p11.CKF_SERIAL_SESSION|p11.CKF_RW_SESSION)
		must(t, err)
		must(t, lib.Login(s, p11.CKU_USER, from))
		must(t, lib.SetPIN(s, from, to))
		must(t, lib.CloseAllSessions(slots[0]))
	}
	setPIN(userPIN, "changed-1")
	for range 5 {
		_, err := signer.Sign(rand.Reader, digest, sha)
		if onepoint.CodeOf(err) != onepoint.CodeForbidden || strings.Contains(err.Error(), userPIN) {
			t.Errorf("changed PIN: %v", err)
		}
	}
	setPIN("changed-1", userPIN)
	if _, err := signer.Sign(rand.Reader, digest, sha); onepoint.CodeOf(err) != onepoint.CodeForbidden {
		t.Errorf("the token was asked again: %v", err)
	}
}
