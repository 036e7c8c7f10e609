package vault

import (
	"context"
	"crypto"
	"crypto/x509"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/onepointledger/onepoint"
)

// ImportPKCS12 keeps the private key and the certificates of a PKCS#12 file (RFC
// 7292). The errors are those of Import, and CodeInvalid for a wrong password.
func (v *Vault) ImportPKCS12(ctx context.Context, workspace, name string, data []byte, password string) error {
	const op = "import key"
	bad := func(msg string) error { return onepoint.E(onepoint.CodeInvalid, op, msg, nil) }
	if len(data) > maxPEM {
		return bad("the PKCS#12 file is too long")
	}
	// The decoder's errors may quote what it decrypted, so they are dropped.
	decoded, leaf, more, err := pkcs12.DecodeChain(data, password)
	if err != nil {
		return bad("the PKCS#12 file does not open: the password is wrong, or the file is damaged")
	}
	key, ok := decoded.(crypto.Signer)
	if !ok {
		return bad("the PKCS#12 file holds a key that cannot sign")
	}
	if err := acceptable(key); err != nil {
		return err
	}
	return v.keep(ctx, workspace, name, key, ordered(leaf, more))
}

// ordered puts the chain leaf first, each certificate followed by its issuer;
// files hold them in any order, and sometimes others as well.
func ordered(leaf *x509.Certificate, rest []*x509.Certificate) []*x509.Certificate {
	chain := []*x509.Certificate{leaf}
	for range rest {
		last := chain[len(chain)-1]
		if last.CheckSignatureFrom(last) == nil {
			break
		}
		for _, c := range rest {
			if last.CheckSignatureFrom(c) == nil {
				chain = append(chain, c)
				break
			}
		}
		if chain[len(chain)-1] == last {
			break
		}
	}
	return chain
}
