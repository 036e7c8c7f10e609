package connector

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/onepointledger/onepoint"
)

// maxTraced bounds what is kept of a body.
const maxTraced = 64 << 10

// Tracer is a transport that tells Sink of every call.
type Tracer struct {
	Next http.RoundTripper
	Now  onepoint.Clock
	Sink func(ctx context.Context, e onepoint.Trace)
}

// RoundTrip implements http.RoundTripper.
func (t *Tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	e := onepoint.Trace{At: t.Now().UTC(), Method: req.Method, URL: maskURL(req.URL), RequestHeader: maskHeader(req.Header)}
	if req.Body != nil && req.GetBody != nil {
		if body, err := req.GetBody(); err == nil {
			e.RequestBody = traced(body, req.Header.Get("Content-Type"))
		}
	}
	resp, err := t.Next.RoundTrip(req)
	e.Took = t.Now().Sub(e.At)
	if err != nil {
		e.Error = "no answer"
		t.Sink(req.Context(), e)
		return nil, err
	}
	e.Status, e.ResponseHeader = resp.StatusCode, maskHeader(resp.Header)
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxTraced))
	e.ResponseBody = Mask(head, resp.Header.Get("Content-Type"))
	resp.Body = &rest{Reader: io.MultiReader(bytes.NewReader(head), failing(resp.Body, err)), Closer: resp.Body}
	t.Sink(req.Context(), e)
	return resp, nil
}

type rest struct {
	io.Reader
	io.Closer
}

// failing continues a body after its head, with the error that ended the head.
func failing(body io.Reader, err error) io.Reader {
	if err == nil {
		return body
	}
	return errReader{err}
}

type errReader struct{ err error }

// Read implements io.Reader.
func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func traced(body io.ReadCloser, contentType string) string {
	defer body.Close()
	head, err := io.ReadAll(io.LimitReader(body, maxTraced))
	if err != nil {
		return ""
	}
	return Mask(head, contentType)
}

const masked = "••••"

// secretNames are the members and parameters whose values are secrets, in lower
// case without separators.
var secretNames = regexp.MustCompile(`^(clientsecret|secret|accesstoken|refreshtoken|idtoken|apikey|token|tokenvalue|registrationaccesstoken|password|code|codeverifier|assertion|clientassertion|privatekey|sessiontoken|d|p|q|dp|dq|qi|k)$`)

// secretHeaders are headers that carry credentials.
var secretHeaders = map[string]bool{
	"authorization": true, "proxy-authorization": true, "cookie": true, "set-cookie": true, "x-api-key": true, "api-key": true, "apikey": true,
	"x-bunq-client-authentication": true, "app-secret": true, "x-ibm-client-secret": true,
}

func isSecret(name string) bool {
	return secretNames.MatchString(strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name)))
}

// HidesHeader reports whether a header's value is left out of transcripts: those
// that carry credentials are known by name, or by how the name ends:
// "WEB-API-key".
func HidesHeader(name string) bool {
	if secretHeaders[strings.ToLower(name)] {
		return true
	}
	name = strings.ReplaceAll(strings.ToLower(name), "-", "")
	for _, end := range []string{"apikey", "secret", "token", "authorization", "authentication", "password"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

func maskHeader(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		if HidesHeader(name) {
			out[name] = masked
			continue
		}
		out[name] = maskText(strings.Join(values, ", "))
		if name == "Location" {
			out[name] = maskLocation(h.Get(name))
		}
	}
	return out
}

// maskURL shows an address without credentials, and without what its parameters
// keep secret: those of the query and those of a fragment.
func maskURL(u *url.URL) string {
	shown := *u
	shown.User, shown.RawQuery, shown.Fragment, shown.RawFragment = nil, "", "", ""
	text := shown.String()
	if u.RawQuery != "" {
		text += "?" + maskForm(u.RawQuery)
	}
	if u.Fragment != "" {
		text += "#" + maskForm(u.EscapedFragment())
	}
	return maskJWTs(text)
}

func maskLocation(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return masked
	}
	return maskURL(u)
}

var (
	// A compact JWS keeps its header and claims readable; without its signature it
	// is good for nothing.
	jwt        = regexp.MustCompile(`(eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)\.[A-Za-z0-9_-]{20,}`)
	formLike   = regexp.MustCompile(`^[A-Za-z0-9_.\-]+=[^\s]*$`)
	privatePEM = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)`)
)

func maskJWTs(s string) string { return jwt.ReplaceAllString(s, "$1."+masked) }

func maskText(s string) string { return maskJWTs(privatePEM.ReplaceAllString(s, masked)) }

// Mask shows a body without its secrets: members and parameters that are known
// to hold one, signatures of JWTs, private keys. What is neither JSON nor a form
// is shown only when it is text.
func Mask(body []byte, contentType string) string {
	text := strings.TrimSpace(string(body))
	switch {
	case text == "":
		return ""
	case text[0] == '{' || text[0] == '[' || strings.Contains(contentType, "json"):
		return maskJSON(body) // whatever the type says: a form does not begin so
	case strings.Contains(contentType, "x-www-form-urlencoded"):
		return maskForm(text)
	case strings.Contains(contentType, "text/html"):
		return "(an HTML page is left out)"
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return "(what is not text is left out)"
	case formLike.MatchString(text):
		return maskForm(text)
	}
	return maskText(text)
}

func maskForm(text string) string {
	form, err := url.ParseQuery(text)
	if err != nil {
		return masked
	}
	for name, values := range form {
		for i := range values {
			values[i] = maskText(values[i])
		}
		if isSecret(name) {
			form.Set(name, masked)
		}
	}
	return strings.ReplaceAll(form.Encode(), url.QueryEscape(masked), masked)
}

func maskJSON(body []byte) string {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return masked + " (malformed JSON)" // cut short or not JSON at all: what is secret in it cannot be told
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(maskValue("", v)); err != nil {
		return masked
	}
	return strings.TrimSpace(out.String())
}

// maskValue masks what stands under a secret name: texts however deep, and a
// number right there.
func maskValue(name string, v any) any {
	secret := isSecret(name)
	switch x := v.(type) {
	case map[string]any:
		for k, inner := range x {
			if _, number := inner.(json.Number); secret && !number && !isSecret(k) {
				x[k] = maskValue(name, inner)
				continue
			}
			x[k] = maskValue(k, inner)
		}
		return x
	case []any:
		for i, inner := range x {
			x[i] = maskValue(name, inner)
		}
		return x
	case string:
		if secret {
			return masked
		}
		return maskText(x)
	case json.Number:
		if secret {
			return masked
		}
	}
	return v
}
