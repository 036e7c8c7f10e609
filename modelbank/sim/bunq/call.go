package bunq

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/onepointledger/onepoint"
)

const maxBody = 1 << 20

// call is one request to the API with who makes it.
type call struct {
	*http.Request
	body         []byte
	installation *installation
	session      *session
	grant        *grant // of an OAuth session
}

// api adapts a route: limits, caller, signature, envelope.
func (s *Server) api(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{Request: r}
		a, err := s.serve(w, c, rt)
		if err != nil {
			s.refuse(w, c, err)
			return
		}
		s.write(w, c, http.StatusOK, a)
	}
}

func (s *Server) nowhere(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, &call{Request: r}, fail(http.StatusNotFound, "Route not found."))
}

func (s *Server) serve(w http.ResponseWriter, c *call, rt route) (answer, error) {
	if c.UserAgent() == "" {
		return answer{}, bad("The User-Agent header is missing.")
	}
	if !s.rates.allow(c.Request, rt.pattern) {
		return answer{}, fail(http.StatusTooManyRequests, "Too many requests. You can do a limited number of calls per endpoint.")
	}
	var err error
	if c.body, err = io.ReadAll(http.MaxBytesReader(w, c.Body, maxBody)); err != nil {
		return answer{}, bad("The request body could not be read.")
	}
	if err := s.authenticate(c, rt.who); err != nil {
		return answer{}, err
	}
	if err := s.once(c); err != nil {
		return answer{}, err
	}
	if err := signed(c, rt.signed); err != nil {
		return answer{}, err
	}
	return rt.do(c.Context(), c)
}

// authenticate finds the caller by X-Bunq-Client-Authentication.
func (s *Server) authenticate(c *call, who caller) error {
	if who == anyone {
		return nil
	}
	token := c.Header.Get("X-Bunq-Client-Authentication")
	if token == "" {
		return fail(http.StatusUnauthorized, "The X-Bunq-Client-Authentication header is missing.")
	}
	ctx := c.Context()
	var number int64
	denied := fail(http.StatusUnauthorized, "Insufficient authorisation.")
	if who == byInstallation {
		n, err := s.tokens.Get(ctx, digest(token))
		if err != nil {
			return unless(err, denied)
		}
		number = n
	} else {
		if err := s.resume(ctx, c, digest(token)); err != nil {
			return unless(err, denied)
		}
		number = c.session.Installation
	}
	in, err := s.installations.Get(ctx, key(number))
	if err != nil {
		return unless(err, denied)
	}
	c.installation = &in
	return nil
}

// unless is err, or denied where err only says that a thing is not there.
func unless(err, denied error) error {
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return denied
	}
	return err
}

// resume finds the session; each use gives it its whole time again.
func (s *Server) resume(ctx context.Context, c *call, hash string) error {
	gone := onepoint.E(onepoint.CodeNotFound, "find session", "", nil)
	sess, err := s.sessions.Get(ctx, hash)
	if err != nil {
		return err
	}
	if !s.now().Before(sess.Expires) {
		return gone
	}
	if sess.Grant != 0 {
		g, err := s.grants.Get(ctx, key(sess.Grant))
		if err != nil {
			return err
		}
		if g.Revoked {
			return gone
		}
		c.grant = &g
	}
	next := s.now().Add(time.Duration(sess.Timeout) * time.Second)
	if next.Sub(sess.Expires) > time.Minute {
		if _, err := s.sessions.Update(ctx, hash, func(o *session) error { o.Expires = next; return nil }); err != nil {
			return err
		}
	}
	c.session = &sess
	return nil
}

// once refuses a request id that the caller's device used before.
func (s *Server) once(c *call) error {
	id := c.Header.Get("X-Bunq-Client-Request-Id")
	if id == "" || c.installation == nil {
		return nil
	}
	err := s.requests.Add(c.Context(), digest(key(c.installation.ID), id), key(c.installation.ID), s.now())
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		return bad("The X-Bunq-Client-Request-Id was used before.")
	}
	return err
}

// signed checks the client's signature over the body: always when there is one,
// and that there is one where bunq wants it.
func signed(c *call, needed bool) error {
	text := c.Header.Get("X-Bunq-Client-Signature")
	if c.installation == nil || text == "" && !needed {
		return nil
	}
	if text == "" {
		return fail(statusSignature, "The request signature is missing.")
	}
	public, err := readPublicKey(c.installation.ClientKey)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(c.body)
	signature, err := base64.StdEncoding.DecodeString(text)
	if err != nil || rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) != nil {
		return fail(statusSignature, "The request signature is invalid.")
	}
	return nil
}

func readPublicKey(text string) (*rsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, bad("The client public key is not valid PEM.")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	public, ok := parsed.(*rsa.PublicKey)
	if err != nil || !ok || public.N.BitLen() < 2048 {
		return nil, bad("The client public key must be an RSA key of 2048 bits at least.")
	}
	return public, nil
}

// decode reads the body.
func (c *call) decode(v any) error {
	if err := json.Unmarshal(c.body, v); err != nil {
		return bad("The request body is not valid JSON.")
	}
	return nil
}

// number reads an id in the path.
func (c *call) number(name string) (int64, error) {
	n, err := strconv.ParseInt(c.PathValue(name), 10, 64)
	if err != nil || n < 0 {
		return 0, missing()
	}
	return n, nil
}

func key(n int64) string { return strconv.FormatInt(n, 10) }

func (s *Server) refuse(w http.ResponseWriter, c *call, err error) {
	e := asAPIError(err)
	if e.status == http.StatusInternalServerError {
		s.Log.ErrorContext(c.Context(), "bunq call failed", "path", c.URL.Path, "error", err)
	}
	type said struct {
		Text       string `json:"error_description"`
		Translated string `json:"error_description_translated"`
	}
	s.write(w, c, e.status, map[string]any{"Error": []said{{e.text, e.text}}})
}

// write answers, signed with the server's key for this installation.
func (s *Server) write(w http.ResponseWriter, c *call, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		s.Log.ErrorContext(c.Context(), "encode answer", "error", err)
		status, body = http.StatusInternalServerError, []byte(`{"Error":[]}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Bunq-Client-Response-Id", newUUID())
	if id := c.Header.Get("X-Bunq-Client-Request-Id"); id != "" {
		h.Set("X-Bunq-Client-Request-Id", id)
	}
	if c.installation != nil {
		signature, err := c.installation.sign(body)
		if err != nil {
			s.Log.ErrorContext(c.Context(), "sign answer", "error", err)
		}
		h.Set("X-Bunq-Server-Signature", signature)
	}
	w.WriteHeader(status)
	w.Write(body)
}

func (i *installation) sign(body []byte) (string, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(i.ServerKey)
	private, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return "", errors.Join(errors.New("the server key is damaged"), err)
	}
	sum := sha256.Sum256(body)
	signature, err := rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, sum[:])
	return base64.StdEncoding.EncodeToString(signature), err
}

// newToken is 256 random bits in hexadecimal: 64 characters, as bunq's are.
func newToken() string {
	var b [32]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
