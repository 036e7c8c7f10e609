package eidas_test

import (
	"crypto/elliptic"
	"crypto/x509"
	"slices"
	"testing"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

// Whatever certificate a client presents, reading and judging it ends without a
// panic, and only what the test QTSP signed is accepted.
func FuzzVerify(f *testing.F) {
	q := newQTSP(f)
	good := []*x509.Certificate{
		issue(f, q, tppRequest(eidas.TypeWeb, rsaKey().Public())),
		issue(f, q, tppRequest(eidas.TypeSeal, ecKey(f, elliptic.P256()).Public())),
		q.Root(),
	}
	for _, c := range good {
		f.Add(c.Raw)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		leaf, err := x509.ParseCertificate(der)
		if err != nil {
			return
		}
		if c, err := eidas.Parse(leaf); err == nil {
			c.Warnings(now)
		}
		_, err = eidas.Verify(leaf, q.Chain(), q.Roots(), now, eidas.Want{Type: eidas.TypeWeb, Usage: eidas.UsageClient})
		if err == nil && !slices.ContainsFunc(good, leaf.Equal) {
			t.Fatalf("accepted %x", der)
		}
	})
}

func FuzzParseCSR(f *testing.F) {
	for _, typ := range []eidas.QCType{eidas.TypeWeb, eidas.TypeSeal} {
		der, err := eidas.CreateCSR(ecKey(f, elliptic.P256()), tppRequest(typ, nil))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
	}
	q := newQTSP(f)
	f.Fuzz(func(t *testing.T, der []byte) {
		r, err := eidas.ParseCSR(der)
		if err != nil {
			return
		}
		r.NotBefore = now
		if _, err := q.Issue(r); err != nil && onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Fatalf("a request that was read fails to be issued: %v", err)
		}
	})
}
