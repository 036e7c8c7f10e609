package vault

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"strings"

	"github.com/onepointledger/onepoint"
)

// Custody is hardware that makes key pairs and never gives the private half out.
// It must be safe for concurrent use. Several pairs may have one label: a crash,
// or two processes at once, can leave one over. So what names a pair is its
// label with its public key.
type Custody interface {
	// Name is the kind of custody, as the vault notes it with each key: "pkcs11".
	Name() string
	// Find returns the public key of a pair of the label and algorithm. CodeNotFound
	// when there is none.
	Find(ctx context.Context, label string, alg Algorithm) (crypto.PublicKey, error)
	// Generate makes a pair, also when the label has one.
	Generate(ctx context.Context, label string, alg Algorithm) (crypto.PublicKey, error)
	// Signer returns what signs with a pair, for as long as the custody is open.
	// CodeNotFound when it is not there.
	Signer(ctx context.Context, label string, public crypto.PublicKey) (crypto.Signer, error)
	// Delete destroys a pair. That there is none is no error.
	Delete(ctx context.Context, label string, public crypto.PublicKey) error
}

// reference is what the store keeps of a pair that lies in custody.
type reference struct {
	Custody string `json:"custody"`
	Label   string `json:"label"`
	Public  []byte `json:"public"` // PKIX, DER
}

// keptKey is what an item of kind key holds: a private key, or where it is.
type keptKey struct {
	public  crypto.PublicKey
	private crypto.Signer // nil when the pair lies in custody
	custody string
	label   string
}

// decodeKept reads an item of kind key: JSON when it is a reference, else PKCS#8,
// whose DER begins otherwise.
func decodeKept(plain []byte) (keptKey, error) {
	if len(plain) == 0 || plain[0] != '{' {
		private, err := decodeKey(plain)
		if err != nil {
			return keptKey{}, err
		}
		return keptKey{public: private.Public(), private: private}, nil
	}
	var r reference
	if err := json.Unmarshal(plain, &r); err != nil {
		return keptKey{}, errors.New("the reference to the key is malformed")
	}
	public, err := x509.ParsePKIXPublicKey(r.Public)
	if err != nil {
		return keptKey{}, errors.New("the reference to the key holds no public key")
	}
	return keptKey{public: public, custody: r.Custody, label: r.Label}, nil
}

// makeInCustody makes a pair in custody and stores where it is. A pair that a
// call left there when it died, before it was stored, is used.
func (v *Vault) makeInCustody(ctx context.Context, workspace, name string, alg Algorithm) (keptKey, error) {
	if strings.Contains(workspace, "/") {
		return keptKey{}, onepoint.Missing("make key", "workspace", "must hold no slash") // a/b and c would be a and b/c
	}
	label := workspace + "/" + name
	public, err := v.custody.Find(ctx, label, alg)
	absent := onepoint.CodeOf(err) == onepoint.CodeNotFound
	if absent {
		public, err = v.custody.Generate(ctx, label, alg)
	}
	if err != nil {
		return keptKey{}, err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return keptKey{}, err
	}
	content, err := json.Marshal(reference{v.custody.Name(), label, der})
	if err != nil {
		return keptKey{}, err
	}
	stored, err := v.addItem(ctx, workspace, kindKey, name, content)
	if err != nil {
		return keptKey{}, err
	}
	kept, err := decodeKept(stored)
	if err == nil && absent && !samePublic(kept.public, public) {
		// Another caller was first, and what is stored stays: nothing can refer to
		// this pair. Should it not go, it does no harm.
		_ = v.custody.Delete(ctx, label, public)
	}
	return kept, err
}

// openKept returns what signs with a kept key.
func (v *Vault) openKept(ctx context.Context, name string, k keptKey) (crypto.Signer, error) {
	const op = "use key"
	if k.private != nil {
		return k.private, nil
	}
	if v.custody == nil || v.custody.Name() != k.custody {
		return nil, onepoint.E(onepoint.CodeConflict, op, "the key "+name+" lies in "+k.custody+" custody, which is not configured; configure it", nil)
	}
	key, err := v.custody.Signer(ctx, k.label, k.public)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		// Not CodeNotFound: the key exists, and a caller must not think of making it.
		return nil, onepoint.E(onepoint.CodeConflict, op, "the key "+name+" is not in the "+k.custody+" custody that is configured; configure the one that holds it", err)
	}
	if err != nil {
		return nil, err
	}
	if !samePublic(key.Public(), k.public) {
		return nil, onepoint.E(onepoint.CodeInternal, op, "", errors.New("the custody gave another key than was asked for"))
	}
	return key, nil
}
