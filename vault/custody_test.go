package vault_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/vault"
)

type equaler interface{ Equal(crypto.PublicKey) bool }

// token is a Custody in memory. The real one is tested in package vault/pkcs11.
type token struct {
	mu   sync.Mutex
	keys map[string][]crypto.Signer // by label
	race *sync.WaitGroup            // Generate waits here for the others
}

func newToken() *token { return &token{keys: map[string][]crypto.Signer{}} }

func (k *token) Name() string { return "test" }

var errNoPair = onepoint.E(onepoint.CodeNotFound, "find pair", "there is no such pair", nil)

func (k *token) find(label string, fits func(crypto.PublicKey) bool) (crypto.Signer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range k.keys[label] {
		if fits(key.Public()) {
			return key, nil
		}
	}
	return nil, errNoPair
}

func (k *token) Find(_ context.Context, label string, alg vault.Algorithm) (crypto.PublicKey, error) {
	key, err := k.find(label, func(p crypto.PublicKey) bool {
		_, isRSA := p.(*rsa.PublicKey)
		return isRSA == (alg == vault.RSA2048)
	})
	if err != nil {
		return nil, err
	}
	return key.Public(), nil
}

func (k *token) Generate(_ context.Context, label string, alg vault.Algorithm) (crypto.PublicKey, error) {
	var key crypto.Signer
	var err error
	if alg == vault.RSA2048 {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return nil, err
	}
	if k.race != nil {
		k.race.Done()
		k.race.Wait()
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys[label] = append(k.keys[label], key)
	return key.Public(), nil
}

func (k *token) Signer(_ context.Context, label string, public crypto.PublicKey) (crypto.Signer, error) {
	return k.find(label, public.(equaler).Equal)
}

func (k *token) Delete(_ context.Context, label string, public crypto.PublicKey) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, key := range k.keys[label] {
		if public.(equaler).Equal(key.Public()) {
			k.keys[label] = append(k.keys[label][:i:i], k.keys[label][i+1:]...)
			return nil
		}
	}
	return nil
}

func openWith(t testing.TB, s vault.Store, file string, c vault.Custody) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), vault.Config{Store: s, KeyFile: file, Now: clock, Custody: c})
	must(t, err)
	return v
}

// failing is a store that loses the connection when a key is stored.
type failing struct{ *memory }

func (f failing) AddVaultItem(ctx context.Context, workspace, kind, name string, sealed []byte, at time.Time) ([]byte, error) {
	if kind == "key" {
		return nil, errors.New("connection lost")
	}
	return f.memory.AddVaultItem(ctx, workspace, kind, name, sealed, at)
}

func TestKeysInCustodyStayThere(t *testing.T) {
	ctx, s, file, tok := t.Context(), newMemory(), keyFile(t), newToken()
	v := openWith(t, s, file, tok)
	public, err := v.NewKey(ctx, "ws", "k", vault.ECDSAP256)
	must(t, err)
	if len(tok.keys["ws/k"]) != 1 || !public.(equaler).Equal(tok.keys["ws/k"][0].Public()) {
		t.Fatalf("the token holds %d pairs", len(tok.keys["ws/k"]))
	}
	again, err := openWith(t, s, file, tok).NewKey(ctx, "ws", "k", vault.ECDSAP256)
	if err != nil || !public.(equaler).Equal(again) {
		t.Errorf("a second key under one name, %v", err)
	}
	signer, err := v.Signer(ctx, "ws", "k")
	must(t, err)
	digest := sha256.Sum256([]byte("message"))
	sig, err := signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil || !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), digest[:], sig) {
		t.Errorf("the signature does not verify, %v", err)
	}
	must(t, v.SetChain(ctx, "ws", "k", selfSigned(t, v, "ws", "k")))
	if c, err := v.TLS(ctx, "ws", "k"); err != nil || !public.(equaler).Equal(c.Leaf.PublicKey) {
		t.Errorf("TLS: %v", err)
	}
	if _, err := v.NewKey(ctx, "ws", "k", vault.RSA2048); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("other algorithm: %v", err)
	}
	for k, sealed := range s.items {
		if bytes.Contains(sealed, []byte("custody")) {
			t.Errorf("%v is not sealed", k)
		}
	}
}

// What died between making a pair and storing where it is leaves a pair over;
// the name can be used as if nothing had been.
func TestACrashAfterGeneratingLeavesTheNameUsable(t *testing.T) {
	for name, alg := range map[string]vault.Algorithm{"same kind": vault.RSA2048, "other kind": vault.ECDSAP256} {
		t.Run(name, func(t *testing.T) {
			ctx, s, file, tok := t.Context(), newMemory(), keyFile(t), newToken()
			if _, err := openWith(t, failing{s}, file, tok).NewKey(ctx, "ws", "k", vault.RSA2048); err == nil {
				t.Fatal("the store did not fail")
			}
			left := tok.keys["ws/k"][0].Public()
			v := openWith(t, s, file, tok)
			public, err := v.NewKey(ctx, "ws", "k", alg)
			must(t, err)
			if used := public.(equaler).Equal(left); used != (alg == vault.RSA2048) {
				t.Errorf("the pair left over is used: %v", used)
			}
			signer, err := v.Signer(ctx, "ws", "k")
			if err != nil || !public.(equaler).Equal(signer.Public()) {
				t.Errorf("signer: %v", err)
			}
		})
	}
}

// Callers that all find no pair each make one; one stays, and nobody gets another.
func TestConcurrentFirstUseKeepsOnePair(t *testing.T) {
	ctx, s, file, tok := t.Context(), newMemory(), keyFile(t), newToken()
	publics := make([]crypto.PublicKey, 8)
	tok.race = &sync.WaitGroup{}
	tok.race.Add(len(publics))
	var group sync.WaitGroup
	for i := range publics {
		v := openWith(t, s, file, tok)
		group.Go(func() {
			var err error
			if publics[i], err = v.NewKey(ctx, "ws", "k", vault.ECDSAP256); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := len(tok.keys["ws/k"]); n != 1 {
		t.Errorf("the token holds %d pairs", n)
	}
	for _, p := range publics {
		if p == nil || !p.(equaler).Equal(publics[0]) {
			t.Error("two callers got two keys")
		}
	}
	if _, err := openWith(t, s, file, tok).Signer(ctx, "ws", "k"); err != nil {
		t.Error(err)
	}
}

func TestImportWithCustodyIsSealedInTheStore(t *testing.T) {
	ctx, s, file, tok := t.Context(), newMemory(), keyFile(t), newToken()
	data, _ := knownKey(t)
	must(t, openWith(t, s, file, tok).Import(ctx, "ws", "k", data))
	if len(tok.keys) != 0 {
		t.Errorf("the token holds %v", tok.keys)
	}
	for name, v := range map[string]*vault.Vault{"with custody": openWith(t, s, file, tok), "without": open(t, s, file)} {
		signer, err := v.Signer(ctx, "ws", "k")
		if err != nil || !rsaKey().PublicKey.Equal(signer.Public()) {
			t.Errorf("%s: %v", name, err)
		}
		if public, err := v.NewKey(ctx, "ws", "k", vault.RSA2048); err != nil || !rsaKey().PublicKey.Equal(public) {
			t.Errorf("%s: %v", name, err)
		}
	}
	v := openWith(t, s, file, tok)
	_, err := v.NewKey(ctx, "ws", "hard", vault.RSA2048)
	must(t, err)
	if err := v.Import(ctx, "ws", "hard", data); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("a key imported over one in custody: %v", err)
	}
}

func TestKeyInAbsentCustodyIsRefused(t *testing.T) {
	ctx, s, file := t.Context(), newMemory(), keyFile(t)
	_, err := openWith(t, s, file, newToken()).NewKey(ctx, "ws", "k", vault.ECDSAP256)
	must(t, err)
	for name, tt := range map[string]struct {
		v   *vault.Vault
		msg string
	}{
		"no custody":    {open(t, s, file), "which is not configured"},
		"other custody": {openWith(t, s, file, newToken()), "configure the one that holds it"},
	} {
		_, err := tt.v.Signer(ctx, "ws", "k")
		if onepoint.CodeOf(err) != onepoint.CodeConflict || !strings.Contains(onepoint.MessageOf(err), tt.msg) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, workspace := range map[string]string{"slash in workspace": "a/b", "no workspace": ""} {
		if _, err := openWith(t, s, file, newToken()).NewKey(ctx, workspace, "k", vault.ECDSAP256); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
