package portal

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/as"
)

// mostSessions bounds what logins can fill the memory with.
const mostSessions = 10_000

// session is somebody who logged in, in one browser.
type session struct {
	alive    bool // false for the zero session of a stranger
	halfway  bool // the password was right, the second factor is still to come
	customer as.Customer
	csrf     string
	key      [32]byte // SHA-256 of the cookie
	begun    time.Time
	seen     time.Time
}

// sessions are those of customers, or of operators.
type sessions struct {
	now  onepoint.Clock
	idle time.Duration

	mu sync.Mutex
	by map[[32]byte]session
}

func newSessions(now onepoint.Clock, idle time.Duration) *sessions {
	return &sessions{now: now, idle: idle, by: map[[32]byte]session{}}
}

// random is 256 bits in base64url.
func random() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (s *sessions) over(one session, now time.Time) bool {
	return now.Sub(one.seen) >= s.idle || now.Sub(one.begun) >= sessionLife
}

// begin makes a session and the secret of its cookie.
func (s *sessions) begin(c as.Customer, halfway bool) string {
	secret, now := random(), s.now()
	one := session{alive: true, halfway: halfway, customer: c, csrf: random(), key: sha256.Sum256([]byte(secret)), begun: now, seen: now}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.by) >= mostSessions {
		s.makeRoom(now)
	}
	s.by[one.key] = one
	return secret
}

// makeRoom forgets what is over, or else what was idle for longest.
func (s *sessions) makeRoom(now time.Time) {
	var oldest session
	for key, one := range s.by {
		if s.over(one, now) {
			delete(s.by, key)
		} else if !oldest.alive || one.seen.Before(oldest.seen) {
			oldest = one
		}
	}
	if len(s.by) >= mostSessions {
		delete(s.by, oldest.key)
	}
}

// find returns the session of a cookie's secret; its idle time begins anew.
func (s *sessions) find(secret string) (session, bool) {
	key, now := sha256.Sum256([]byte(secret)), s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.by[key]
	if !ok {
		return session{}, false
	}
	if s.over(one, now) {
		delete(s.by, key)
		return session{}, false
	}
	one.seen = now
	s.by[key] = one
	return one, true
}

func (s *sessions) end(one session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, one.key)
}

// The cookies. Each goes only where it is needed.
const (
	customerCookie = "__Secure-portal-customer"
	operatorCookie = "__Secure-portal-operator"
	formCookie     = "__Secure-portal-form"
	customerPath   = "/portal"
	operatorPath   = "/portal/operator"
)

func setCookie(w http.ResponseWriter, name, path, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: path, MaxAge: age, HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode,
	})
}

// customer is who is logged in, wholly.
func (p *Portal) customer(r *http.Request) (session, bool) {
	s, ok := visitor(r, p.customers, customerCookie)
	if !ok || s.halfway {
		return session{}, false
	}
	return s, true
}

func (p *Portal) operator(r *http.Request) (session, bool) {
	return visitor(r, p.operators, operatorCookie)
}

func visitor(r *http.Request, s *sessions, cookie string) (session, bool) {
	c, err := r.Cookie(cookie)
	if err != nil {
		return session{}, false
	}
	return s.find(c.Value)
}

// checkForm reads a form of somebody who is logged in.
func checkForm(r *http.Request, s session) error {
	if err := r.ParseForm(); err != nil {
		return onepoint.E(onepoint.CodeInvalid, "read form", "the form is malformed or too large", err)
	}
	if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("csrf")), []byte(s.csrf)) != 1 {
		return foreignForm(nil)
	}
	return nil
}

// strangerForm makes the token of a form before a login. It needs no memory: the
// token is good for the browser that has the cookie.
func (p *Portal) strangerForm(w http.ResponseWriter, r *http.Request) string {
	secret := random()
	if c, err := r.Cookie(formCookie); err == nil && len(c.Value) == len(secret) {
		return p.formToken(c.Value)
	}
	setCookie(w, formCookie, customerPath, secret, int(sessionLife/time.Second))
	return p.formToken(secret)
}

func (p *Portal) formToken(secret string) string {
	mac := hmac.New(sha256.New, p.formKey)
	mac.Write([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (p *Portal) checkStrangerForm(r *http.Request) error {
	c, err := r.Cookie(formCookie)
	if err != nil {
		return onepoint.E(onepoint.CodeForbidden, "read form", "cookies are blocked, or the page is old; load it again", err)
	}
	return checkForm(r, session{csrf: p.formToken(c.Value)})
}
