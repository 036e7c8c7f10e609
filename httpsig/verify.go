package httpsig

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/onepointledger/onepoint"
)

// VerifyConfig says what a signature must cover.
type VerifyConfig struct {
	Headers  []string // signed always; nil: x-request-id digest date
	Optional []string // signed whenever the request has them
	Only     bool     // nothing else may be signed
	AnyKeyID bool     // the keyId is not compared with the certificate
}

func (c VerifyConfig) headers() []string {
	return SignConfig{Headers: c.Headers}.headers()
}

// CheckDigest checks the Digest header against the body. CodeSignatureInvalid
// with [ErrMissing] or [ErrDigest].
func CheckDigest(req *http.Request, body []byte) error {
	header := req.Header.Get(HeaderDigest)
	switch {
	case header == "":
		return invalid("the Digest header is missing", ErrMissing)
	case !digestFits(header, body):
		return invalid("the Digest header is not the body's", ErrDigest)
	}
	return nil
}

// Verify checks the request's Digest and Signature with the certificate's key.
// Whether the certificate may be trusted is the caller's to know. Errors are
// CodeSignatureInvalid with [ErrMissing], [ErrMalformed], [ErrDigest],
// [ErrKeyID] or [ErrMismatch] as cause.
func Verify(req *http.Request, body []byte, cert *x509.Certificate, c VerifyConfig) error {
	if err := CheckDigest(req, body); err != nil {
		return err
	}
	header := req.Header.Get(HeaderSignature)
	if header == "" {
		return invalid("the Signature header is missing", ErrMissing)
	}
	s, err := ParseSignature(header)
	if err != nil {
		return invalid("the Signature header cannot be read", err)
	}
	if err := c.Covers(req, s); err != nil {
		return err
	}
	if !c.AnyKeyID && !namesKey(s.KeyID, cert) {
		return invalid("the keyId names another certificate", ErrKeyID)
	}
	text, err := SigningString(req, s.Headers)
	if err != nil {
		return invalid("a signed header is missing", errors.Join(ErrMissing, err))
	}
	pub, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || !known(s.Algorithm) {
		return invalid("the signature must be rsa-sha256", ErrMalformed)
	}
	sum := sha256.Sum256([]byte(text))
	if err := rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum[:], s.Value); err != nil {
		return invalid("the signature does not verify", ErrMismatch)
	}
	return nil
}

// Covers checks which headers a signature covers: [ErrMalformed] when one is
// missing, or one too many.
func (c VerifyConfig) Covers(req *http.Request, s Signature) error {
	allowed := slices.Concat(c.headers(), c.Optional)
	for _, name := range c.headers() {
		if !slices.Contains(s.Headers, name) {
			return invalid("the signature does not cover "+name, ErrMalformed)
		}
	}
	for _, name := range c.Optional {
		if len(req.Header.Values(name)) > 0 && !slices.Contains(s.Headers, name) {
			return invalid("the signature does not cover "+name, ErrMalformed)
		}
	}
	for _, name := range s.Headers {
		if c.Only && !slices.Contains(allowed, name) {
			return invalid("the signature covers a header that it must not", ErrMalformed)
		}
	}
	return nil
}

// known are the spellings of RSA with SHA-256 that signers write.
func known(name string) bool {
	return slices.Contains([]string{"rsa-sha256", "sha256withrsa", "hs2019", ""}, strings.ToLower(name))
}

func invalid(msg string, cause error) error {
	return onepoint.E(onepoint.CodeSignatureInvalid, "verify the signature", msg, cause)
}
