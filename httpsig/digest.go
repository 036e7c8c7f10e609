package httpsig

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// Names of the headers this package writes and reads.
const (
	HeaderDigest      = "Digest"
	HeaderSignature   = "Signature"
	HeaderCertificate = "TPP-Signature-Certificate"
	HeaderRequestID   = "X-Request-ID"
)

// digestName is how RFC 3230 names SHA-256.
const digestName = "SHA-256"

// Digest is the value of the Digest header for a body: "SHA-256=" and the
// base64 of its hash. A request without body has the digest of no bytes.
func Digest(body []byte) string {
	sum := sha256.Sum256(body)
	return digestName + "=" + base64.StdEncoding.EncodeToString(sum[:])
}

// digestFits reports whether a Digest header holds the SHA-256 of the body; the
// name's case does not count, and neither do digests by other algorithms beside
// it.
func digestFits(header string, body []byte) bool {
	_, want, _ := strings.Cut(Digest(body), "=")
	for _, one := range strings.Split(header, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(one), "=")
		if ok && strings.EqualFold(name, digestName) && subtle.ConstantTimeCompare([]byte(value), []byte(want)) == 1 {
			return true
		}
	}
	return false
}
