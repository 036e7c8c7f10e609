//go:build pkcs11

package pkcs11_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha512"
	"errors"
	"sync"
	"testing"

	p11 "github.com/miekg/pkcs11"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/vault"
)

const sha = crypto.SHA256

type equaler interface{ Equal(crypto.PublicKey) bool }

func pss(h crypto.Hash) *rsa.PSSOptions {
	return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}
}

func TestSignaturesVerify(t *testing.T) {
	ctx, tok := t.Context(), open(t, newTokens(t, "bank"))
	v := openVault(t, newMemory(), keyFile(t), tok)
	rsaKey, err := v.NewKey(ctx, "ws", "rsa", vault.RSA2048)
	must(t, err)
	ecKey, err := v.NewKey(ctx, "ws", "ec", vault.ECDSAP256)
	must(t, err)
	for _, tt := range []struct {
		alg    jwa.SignatureAlgorithm
		name   string
		public crypto.PublicKey
	}{{jwa.PS256(), "rsa", rsaKey}, {jwa.RS256(), "rsa", rsaKey}, {jwa.ES256(), "ec", ecKey}} {
		signer, err := v.Signer(ctx, "ws", tt.name)
		must(t, err)
		message, err := jws.Sign([]byte("message"), jws.WithKey(tt.alg, signer))
		must(t, err)
		if got, err := jws.Verify(message, jws.WithKey(tt.alg, tt.public)); err != nil || string(got) != "message" {
			t.Errorf("%s: %q, %v", tt.alg, got, err)
		}
	}
	for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		sum := h.New()
		sum.Write([]byte("message"))
		digest := sum.Sum(nil)
		hard, err := v.Signer(ctx, "ws", "rsa")
		must(t, err)
		sig, err := hard.Sign(rand.Reader, digest, h)
		must(t, err)
		must(t, rsa.VerifyPKCS1v15(rsaKey.(*rsa.PublicKey), h, digest, sig))
		sig, err = hard.Sign(rand.Reader, digest, pss(h))
		must(t, err)
		must(t, rsa.VerifyPSS(rsaKey.(*rsa.PublicKey), h, digest, sig, pss(h)))
		curve, err := v.Signer(ctx, "ws", "ec")
		must(t, err)
		sig, err = curve.Sign(rand.Reader, digest, h)
		must(t, err)
		if !ecdsa.VerifyASN1(ecKey.(*ecdsa.PublicKey), digest, sig) {
			t.Errorf("ECDSA with %v does not verify", h)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	ctx, tok := t.Context(), open(t, newTokens(t, "bank"))
	public, err := tok.Generate(ctx, "ws/k", vault.RSA2048)
	must(t, err)
	signer, err := tok.Signer(ctx, "ws/k", public)
	must(t, err)
	for name, tt := range map[string]struct {
		digest []byte
		opts   crypto.SignerOpts
	}{
		"no options":   {make([]byte, 32), nil},
		"no hash":      {make([]byte, 32), crypto.Hash(0)},
		"SHA-1":        {make([]byte, 20), crypto.SHA1},
		"short digest": {make([]byte, 31), crypto.SHA256},
		"other salt":   {make([]byte, 32), &rsa.PSSOptions{SaltLength: 20, Hash: sha}},
		"longest salt": {make([]byte, 32), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: sha}},
	} {
		if _, err := signer.Sign(rand.Reader, tt.digest, tt.opts); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tok.Generate(ctx, "ws/x", "DSA"); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("unknown algorithm: %v", err)
	}
}

// More signers at once than the pool has sessions, of two keys.
func TestConcurrentSigners(t *testing.T) {
	ctx, tok := t.Context(), open(t, newTokens(t, "bank"))
	var group sync.WaitGroup
	for _, label := range []string{"ws/a", "ws/b"} {
		public, err := tok.Generate(ctx, label, vault.ECDSAP256)
		must(t, err)
		signer, err := tok.Signer(ctx, label, public)
		must(t, err)
		for i := range 8 {
			group.Go(func() {
				for j := range 25 {
					digest := make([]byte, 32)
					digest[0], digest[1] = byte(i), byte(j)
					sig, err := signer.Sign(rand.Reader, digest, sha)
					if err != nil || !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), digest, sig) {
						t.Errorf("%s: %v", label, err)
					}
				}
			})
		}
	}
	group.Wait()
}

// Close waits for signatures under way; those that come later are refused.
func TestCloseWhileSigning(t *testing.T) {
	ctx, tok := t.Context(), open(t, newTokens(t, "bank"))
	public, err := tok.Generate(ctx, "ws/k", vault.ECDSAP256)
	must(t, err)
	signer, err := tok.Signer(ctx, "ws/k", public)
	must(t, err)
	var group sync.WaitGroup
	begun := make(chan struct{}, 8)
	for range 8 {
		group.Go(func() {
			begun <- struct{}{}
			for {
				digest := make([]byte, 32)
				sig, err := signer.Sign(rand.Reader, digest, sha)
				if onepoint.CodeOf(err) == onepoint.CodeUnavailable {
					return
				}
				if err != nil || !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), digest, sig) {
					t.Errorf("signed %d bytes, %v", len(sig), err)
					return
				}
			}
		})
	}
	for range 8 {
		<-begun
	}
	must(t, tok.Close())
	group.Wait()
}

func TestCancelledCallIsGivenUp(t *testing.T) {
	tok := open(t, newTokens(t, "bank"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tok.Generate(ctx, "ws/k", vault.ECDSAP256); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := tok.Find(t.Context(), "ws/k", vault.ECDSAP256); onepoint.CodeOf(err) != onepoint.CodeNotFound {
		t.Errorf("a pair was made: %v", err)
	}
}

func TestPrivateKeyCannotBeRead(t *testing.T) {
	c := newTokens(t, "bank")
	tok := open(t, c)
	for _, alg := range []vault.Algorithm{vault.RSA2048, vault.ECDSAP256} {
		_, err := tok.Generate(t.Context(), "ws/"+string(alg), alg)
		must(t, err)
	}
	must(t, tok.Close())
	raw(t, c, func(lib *p11.Ctx) {
		s := loggedIn(t, lib)
		for kind, secrets := range map[uint][]uint{
			p11.CKK_RSA: {p11.CKA_PRIVATE_EXPONENT, p11.CKA_PRIME_1, p11.CKA_PRIME_2, p11.CKA_COEFFICIENT},
			p11.CKK_EC:  {p11.CKA_VALUE},
		} {
			must(t, lib.FindObjectsInit(s, []*p11.Attribute{p11.NewAttribute(p11.CKA_CLASS, p11.CKO_PRIVATE_KEY), p11.NewAttribute(p11.CKA_KEY_TYPE, kind)}))
			found, _, err := lib.FindObjects(s, 10)
			must(t, err)
			must(t, lib.FindObjectsFinal(s))
			if len(found) != 1 {
				t.Fatalf("%d private keys", len(found))
			}
			h := found[0]
			for _, attribute := range secrets {
				got, err := lib.GetAttributeValue(s, h, []*p11.Attribute{p11.NewAttribute(attribute, nil)})
				if !errors.Is(err, p11.Error(p11.CKR_ATTRIBUTE_SENSITIVE)) {
					t.Errorf("attribute %#x: %d read, %v", attribute, len(got), err)
				}
			}
			if err := lib.SetAttributeValue(s, h, []*p11.Attribute{p11.NewAttribute(p11.CKA_EXTRACTABLE, true)}); err == nil {
				t.Error("the key was made extractable")
			}
		}
	})
}

func loggedIn(t testing.TB, lib *p11.Ctx) p11.SessionHandle {
	t.Helper()
	slots, err := lib.GetSlotList(true)
	must(t, err)
	s, err := lib.OpenSession(slots[0], p11.CKF_SERIAL_SESSION|p11.CKF_RW_SESSION)
	must(t, err)
	must(t, lib.Login(s, p11.CKU_USER, userPIN))
	return s
}

func TestReopenedTokenHasItsKeys(t *testing.T) {
	ctx, c, s, file := t.Context(), newTokens(t, "bank"), newMemory(), keyFile(t)
	tok := open(t, c)
	first, err := openVault(t, s, file, tok).NewKey(ctx, "ws", "k", vault.ECDSAP256)
	must(t, err)
	must(t, tok.Close())
	v := openVault(t, s, file, open(t, c))
	again, err := v.NewKey(ctx, "ws", "k", vault.ECDSAP256)
	if err != nil || !first.(equaler).Equal(again) {
		t.Fatalf("another key, %v", err)
	}
	signer, err := v.Signer(ctx, "ws", "k")
	must(t, err)
	digest := make([]byte, 32)
	sig, err := signer.Sign(rand.Reader, digest, sha)
	if err != nil || !ecdsa.VerifyASN1(first.(*ecdsa.PublicKey), digest, sig) {
		t.Errorf("the signature does not verify, %v", err)
	}
}
