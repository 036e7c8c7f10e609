package vault

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/onepointledger/onepoint"
)

// maxJWK bounds an import: a key of 8192 bits with a chain has some 20 kB.
const maxJWK = 64 << 10

// ImportJWK keeps a private RSA key given as a JWK (RFC 7518 section 6.3.2), and
// the certificates of its x5c. Some banks leave the primes out; they are
// recovered from the exponents. Importing the same key again is fine;
// CodeConflict when the name has another, CodeInvalid when the key is malformed
// or the certificate is not the key's.
func (v *Vault) ImportJWK(ctx context.Context, workspace, name string, data []byte) error {
	const op = "import key"
	key, chain, err := readJWK(data)
	if err != nil {
		return onepoint.E(onepoint.CodeInvalid, op, "the private JWK "+err.Error(), nil)
	}
	return v.keep(ctx, workspace, name, key, chain)
}

type rsaJWK struct {
	KeyType string   `json:"kty"`
	N       string   `json:"n"`
	E       string   `json:"e"`
	D       string   `json:"d"`
	P       string   `json:"p"`
	Q       string   `json:"q"`
	Chain   []string `json:"x5c"`
}

// readJWK's errors complete the sentence "the private JWK …" and never quote a
// number of the key.
func readJWK(data []byte) (*rsa.PrivateKey, []*x509.Certificate, error) {
	var j rsaJWK
	if len(data) > maxJWK || json.Unmarshal(data, &j) != nil {
		return nil, nil, errors.New("is malformed")
	}
	if j.KeyType != "RSA" {
		return nil, nil, errors.New("is not an RSA key")
	}
	key, err := rsaFrom(j)
	if err != nil {
		return nil, nil, err
	}
	var chain []*x509.Certificate
	for _, text := range j.Chain {
		// RFC 7517 says standard base64; some send the URL alphabet or line breaks.
		der, err := base64.StdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "").Replace(text))
		if err != nil {
			return nil, nil, errors.New("has an x5c that is not base64")
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, nil, errors.New("has an x5c that is no certificate")
		}
		chain = append(chain, cert)
	}
	return key, chain, nil
}

func rsaFrom(j rsaJWK) (*rsa.PrivateKey, error) {
	var n, e, d, p, q big.Int
	for _, part := range []struct {
		to       *big.Int
		text     string
		required bool
	}{{&n, j.N, true}, {&e, j.E, true}, {&d, j.D, true}, {&p, j.P, false}, {&q, j.Q, false}} {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part.text, "="))
		if err != nil || part.required && len(b) == 0 {
			return nil, errors.New("lacks n, e or d, or they are not base64url")
		}
		part.to.SetBytes(b)
	}
	switch {
	case n.BitLen() < 2048 || n.BitLen() > 8192:
		return nil, fmt.Errorf("has %d bits; 2048 to 8192 are accepted", n.BitLen())
	case !e.IsInt64() || e.Int64() < 3 || e.Int64() >= 1<<31 || e.Bit(0) == 0:
		return nil, errors.New("has an impossible public exponent")
	case d.Cmp(&n) >= 0 || d.Sign() <= 0:
		return nil, errors.New("has an impossible private exponent")
	}
	if p.Sign() == 0 || q.Sign() == 0 {
		found, err := primes(&n, &e, &d)
		if err != nil {
			return nil, err
		}
		p, q = *found[0], *found[1]
	}
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: &n, E: int(e.Int64())}, D: &d, Primes: []*big.Int{&p, &q}}
	if key.Validate() != nil {
		return nil, errors.New("is inconsistent: its numbers do not belong together")
	}
	key.Precompute()
	return key, nil
}

// primes factors n with the private exponent (NIST SP 800-56B, appendix C): a
// square root of 1 other than ±1, found by squaring g^t with e·d−1 = 2^s·t, shares
// a factor with n. With the exponents of n each g finds one with a chance of at
// least one half; with others the first g shows it, and no time is lost.
func primes(n, e, d *big.Int) ([2]*big.Int, error) {
	inconsistent := errors.New("is inconsistent: its numbers do not belong together")
	one := big.NewInt(1)
	k := new(big.Int).Sub(new(big.Int).Mul(e, d), one)
	s := k.TrailingZeroBits()
	if k.Sign() <= 0 || s == 0 {
		return [2]*big.Int{}, inconsistent
	}
	t := new(big.Int).Rsh(k, s)
	last := new(big.Int).Sub(n, one)
	for range 40 {
		g, err := rand.Int(rand.Reader, last)
		if err != nil {
			return [2]*big.Int{}, err
		}
		p, fits := factor(g.Add(g, one), t, n, last, s)
		if p != nil {
			return [2]*big.Int{p, new(big.Int).Div(n, p)}, nil
		}
		if !fits {
			break
		}
	}
	return [2]*big.Int{}, inconsistent
}

// factor tries one g; fits is false when g shows that the exponents are not n's.
func factor(g, t, n, last *big.Int, s uint) (p *big.Int, fits bool) {
	one := big.NewInt(1)
	x := new(big.Int).Exp(g, t, n)
	if x.Cmp(one) == 0 || x.Cmp(last) == 0 {
		return nil, true
	}
	for range s {
		y := new(big.Int).Exp(x, big.NewInt(2), n)
		if y.Cmp(one) == 0 {
			p := new(big.Int).GCD(nil, nil, new(big.Int).Sub(x, one), n)
			if p.Cmp(one) > 0 && p.Cmp(n) < 0 {
				return p, true
			}
			return nil, true
		}
		if y.Cmp(last) == 0 {
			return nil, true
		}
		x = y
	}
	return nil, false
}
