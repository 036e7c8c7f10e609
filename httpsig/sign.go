package httpsig

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/onepointledger/onepoint"
)

const algorithm = "rsa-sha256"

// requestTarget is the pseudo-header that covers method and path.
const requestTarget = "(request-target)"

// SignConfig says how to sign.
type SignConfig struct {
	Key         crypto.Signer // RSA
	Certificate *x509.Certificate
	Headers     []string // signed always, in this order, in lower case; nil: x-request-id digest date
	Optional    []string // signed when the request has them, after the others
	KeyID       KeyIDForm
	Encoding    CertificateForm
	Now         onepoint.Clock
}

func (c SignConfig) headers() []string {
	if c.Headers == nil {
		return []string{"x-request-id", "digest", "date"}
	}
	return c.Headers
}

// Sign sets Digest, Date where it is missing, TPP-Signature-Certificate and
// Signature on a request whose other headers are final. Errors: CodeInvalid for
// a request without a header that must be signed, and for a key that is not
// RSA or not the certificate's.
func Sign(req *http.Request, body []byte, c SignConfig) error {
	const op = "sign the request"
	if c.Key == nil || c.Certificate == nil {
		return onepoint.Missing(op, "certificate", "a key and its certificate are needed")
	}
	pub, ok := c.Key.Public().(*rsa.PublicKey)
	if !ok || !pub.Equal(c.Certificate.PublicKey) {
		return onepoint.Missing(op, "key", "must be RSA, and the certificate's")
	}
	req.Header.Set(HeaderDigest, Digest(body))
	if req.Header.Get("Date") == "" {
		req.Header.Set("Date", c.Now().UTC().Format(http.TimeFormat))
	}
	names := append([]string(nil), c.headers()...)
	for _, name := range c.Optional {
		if len(req.Header.Values(name)) > 0 {
			names = append(names, name)
		}
	}
	text, err := SigningString(req, names)
	if err != nil {
		return onepoint.E(onepoint.CodeInvalid, op, "a header that must be signed is missing", err)
	}
	sum := sha256.Sum256([]byte(text))
	value, err := c.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	s := Signature{KeyID: KeyID(c.Certificate, c.KeyID), Algorithm: algorithm, Headers: names, Value: value}
	req.Header.Set(HeaderSignature, s.String())
	req.Header.Set(HeaderCertificate, EncodeCertificate(c.Certificate, c.Encoding))
	return nil
}

// SigningString is what is signed: a line "name: value" for each header, names
// in lower case, without a line end after the last (draft-cavage section 2.3).
// A header that the request lacks is an error.
func SigningString(req *http.Request, names []string) (string, error) {
	lines := make([]string, 0, len(names))
	for _, name := range names {
		if name != strings.ToLower(name) {
			return "", fmt.Errorf("header %q is not in lower case", name)
		}
		value, err := headerValue(req, name)
		if err != nil {
			return "", err
		}
		lines = append(lines, name+": "+value)
	}
	return strings.Join(lines, "\n"), nil
}

func headerValue(req *http.Request, name string) (string, error) {
	switch name {
	case requestTarget:
		return strings.ToLower(req.Method) + " " + req.URL.RequestURI(), nil
	case "host":
		if req.Host != "" {
			return req.Host, nil
		}
		return req.URL.Host, nil
	}
	values := req.Header.Values(name)
	if len(values) == 0 {
		return "", errors.Join(ErrMissing, fmt.Errorf("no %s", name))
	}
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.TrimSpace(v)
	}
	return strings.Join(trimmed, ", "), nil
}
