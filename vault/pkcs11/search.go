//go:build pkcs11

package pkcs11

import (
	"crypto"

	p11 "github.com/miekg/pkcs11"

	"github.com/onepointledger/onepoint"
)

// maxObjects bounds a search: a label has one pair, or a few when crashes left
// some over.
const maxObjects = 100

func (t *token) objects(s *session, template []*p11.Attribute) (found []p11.ObjectHandle, err error) {
	if err := t.lib.FindObjectsInit(s.handle, template); err != nil {
		return nil, err
	}
	found, _, err = t.lib.FindObjects(s.handle, maxObjects)
	if end := t.lib.FindObjectsFinal(s.handle); err == nil {
		err = end
	}
	return found, err
}

// search finds the first pair of a label whose private half is guarded and whose
// public half fits. CodeNotFound when there is none.
func (t *token) search(s *session, label string, fits func(crypto.PublicKey) bool) (pair, crypto.PublicKey, error) {
	for _, kind := range []uint{p11.CKK_EC, p11.CKK_RSA} {
		privates, err := t.objects(s, append(guards(),
			p11.NewAttribute(p11.CKA_CLASS, p11.CKO_PRIVATE_KEY),
			p11.NewAttribute(p11.CKA_KEY_TYPE, kind),
			p11.NewAttribute(p11.CKA_TOKEN, true),
			p11.NewAttribute(p11.CKA_LABEL, label)))
		if err != nil {
			return pair{}, nil, err
		}
		for _, h := range privates {
			id, err := t.lib.GetAttributeValue(s.handle, h, []*p11.Attribute{p11.NewAttribute(p11.CKA_ID, nil)})
			if err != nil {
				return pair{}, nil, err
			}
			p := pair{label, string(id[0].Value), kind}
			public, err := t.publicOf(s, p)
			if err != nil {
				return pair{}, nil, err
			}
			if public != nil && fits(public) {
				s.keys[p] = h
				return p, public, nil
			}
		}
	}
	return pair{}, nil, onepoint.E(onepoint.CodeNotFound, "find key pair", "the token has no such key pair", nil)
}

// publicOf reads the public half of a pair; nil when it is not there or of a kind
// that we do not make: another pair may be meant.
func (t *token) publicOf(s *session, p pair) (crypto.PublicKey, error) {
	publics, err := t.objects(s, p.template(p11.CKO_PUBLIC_KEY))
	if err != nil || len(publics) != 1 {
		return nil, err
	}
	public, err := t.readPublic(s, publics[0], p.kind)
	if onepoint.CodeOf(err) == onepoint.CodeInvalid {
		return nil, nil
	}
	return public, err
}

// private returns the handle of a pair's private half, from memory after its
// first use in the session.
func (t *token) private(s *session, p pair) (p11.ObjectHandle, error) {
	if h, ok := s.keys[p]; ok {
		return h, nil
	}
	found, err := t.objects(s, p.template(p11.CKO_PRIVATE_KEY, guards()...))
	if err != nil {
		return 0, err
	}
	if len(found) != 1 {
		return 0, onepoint.E(onepoint.CodeNotFound, "find key pair", "the token has no such key pair any more", nil)
	}
	s.keys[p] = found[0]
	return found[0], nil
}
