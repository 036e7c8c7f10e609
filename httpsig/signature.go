package httpsig

import (
	"encoding/base64"
	"errors"
	"strings"
)

// Why a signature is refused: the causes of what [Verify] returns.
var (
	ErrMissing   = errors.New("a header of the signature is missing")
	ErrMalformed = errors.New("malformed signature")
	ErrDigest    = errors.New("the digest is not the body's")
	ErrKeyID     = errors.New("the keyId names another certificate")
	ErrMismatch  = errors.New("the signature does not verify")
)

// Signature is a Signature header taken apart.
type Signature struct {
	KeyID     string
	Algorithm string
	Headers   []string // lower case, in their order
	Value     []byte
}

const maxSignature = 16 << 10

// ParseSignature reads a Signature header: name="value" pairs with commas
// between. A leading word "Signature" is tolerated, unknown parameters are
// passed over, and a parameter that comes twice is refused. Errors are
// [ErrMalformed].
func ParseSignature(header string) (Signature, error) {
	var s Signature
	if len(header) > maxSignature {
		return s, ErrMalformed
	}
	text := strings.TrimSpace(header)
	if word, rest, ok := strings.Cut(text, " "); ok && strings.EqualFold(word, HeaderSignature) {
		text = rest
	}
	params, err := parameters(text)
	if err != nil {
		return s, err
	}
	s.KeyID, s.Algorithm = params["keyid"], params["algorithm"]
	s.Headers = strings.Fields(strings.ToLower(params["headers"]))
	if s.Value, err = base64.StdEncoding.DecodeString(params["signature"]); err != nil {
		return s, ErrMalformed
	}
	if s.KeyID == "" || len(s.Headers) == 0 || len(s.Value) == 0 || repeats(s.Headers) {
		return s, ErrMalformed
	}
	return s, nil
}

// String writes what [ParseSignature] reads.
func (s Signature) String() string {
	return `keyId="` + s.KeyID + `",algorithm="` + s.Algorithm + `",headers="` + strings.Join(s.Headers, " ") +
		`",signature="` + base64.StdEncoding.EncodeToString(s.Value) + `"`
}

// parameters reads the pairs; names are in lower case.
func parameters(text string) (map[string]string, error) {
	out := map[string]string{}
	for text = strings.TrimSpace(text); text != ""; {
		name, rest, ok := strings.Cut(text, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := out[name]; !ok || name == "" || twice || strings.ContainsAny(name, `", `) {
			return nil, ErrMalformed
		}
		value, rest, ok := parameterValue(rest)
		if !ok {
			return nil, ErrMalformed
		}
		out[name] = value
		rest = strings.TrimSpace(rest)
		if rest != "" && !strings.HasPrefix(rest, ",") {
			return nil, ErrMalformed
		}
		text = strings.TrimSpace(strings.TrimPrefix(rest, ","))
	}
	return out, nil
}

// parameterValue reads a quoted string, or a bare number as "created" has.
func parameterValue(text string) (value, rest string, ok bool) {
	text = strings.TrimLeft(text, " ")
	if quoted, isQuoted := strings.CutPrefix(text, `"`); isQuoted {
		return strings.Cut(quoted, `"`)
	}
	end := strings.IndexAny(text, `," `)
	if end < 0 {
		end = len(text)
	}
	return text[:end], text[end:], end > 0
}

func repeats(names []string) bool {
	seen := map[string]bool{}
	for _, n := range names {
		if seen[n] {
			return true
		}
		seen[n] = true
	}
	return false
}
