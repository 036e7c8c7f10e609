package bunq

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
)

// shortSession is how long a session is taken to last when bunq does not say.
const shortSession = time.Hour

// session is what session-server gives: a token and whose it is.
type session struct {
	token   string
	kind    string // UserPaymentServiceProvider, UserApiKey, …
	user    string
	timeout time.Duration // after its last use
}

// openSession turns an API key, which an OAuth access token is too, into a
// session. [onepoint.CodeUnauthenticated] for a key that bunq does not take.
func (a *api) openSession(ctx context.Context, installation, secret string) (session, error) {
	e, err := a.call(ctx, request{
		op: opSession, method: http.MethodPost, path: "/session-server", token: installation,
		body: map[string]string{"secret": secret},
	})
	if err != nil {
		return session{}, err
	}
	var token struct {
		Token string `json:"token"`
	}
	if err := e.get("Token", &token); err != nil {
		return session{}, err
	}
	s := session{token: token.Token, timeout: shortSession}
	for _, el := range e.Elements {
		if strings.HasPrefix(el.Kind, "User") {
			if err := s.readUser(el); err != nil {
				return session{}, err
			}
		}
	}
	if s.token == "" || s.user == "" {
		return session{}, onepoint.E(onepoint.CodeProtocol, opSession, "bunq's answer holds no session", nil)
	}
	return s, nil
}

type wireUser struct {
	ID      json.Number         `json:"id"`
	Timeout int64               `json:"session_timeout"`
	Granted map[string]wireUser `json:"granted_by_user"`
}

// readUser reads whose session it is. Under OAuth it is a UserApiKey, and how
// long it lasts stands in the user who gave it.
func (s *session) readUser(el element) error {
	var u wireUser
	if err := el.decode(&u); err != nil {
		return err
	}
	if !isNumber(u.ID.String()) {
		return broken("the user", nil)
	}
	s.kind, s.user = el.Kind, u.ID.String()
	seconds := u.Timeout
	for _, by := range u.Granted {
		if seconds == 0 {
			seconds = by.Timeout
		}
	}
	if seconds > 0 && seconds < 10*365*24*3600 {
		s.timeout = time.Duration(seconds) * time.Second
	}
	return nil
}

// ownSession is the TPP's own session: the one that its registration left, and a
// new one when bunq has ended it.
type ownSession struct {
	mu    sync.Mutex
	token string
	user  string
}

// asPSP makes a call as the TPP itself; path follows the user.
func (c *Connector) asPSP(ctx context.Context, r request) (envelope, error) {
	path := r.path
	for again := false; ; again = true {
		token, user, err := c.pspSession(ctx, r.token)
		if err != nil {
			return envelope{}, err
		}
		r.token, r.path = token, "/user/"+user+path
		e, err := c.api.call(ctx, r)
		if again || onepoint.CodeOf(err) != onepoint.CodeTokenInvalid {
			return e, err
		}
	}
}

// pspSession is the session at hand, or a new one when that is the one that has
// ended.
func (c *Connector) pspSession(ctx context.Context, ended string) (token, user string, err error) {
	c.psp.mu.Lock()
	defer c.psp.mu.Unlock()
	if c.psp.token != "" && c.psp.token != ended {
		return c.psp.token, c.psp.user, nil
	}
	s, err := c.api.openSession(ctx, c.installation(), c.env.Credential.APIKey.Reveal())
	if err != nil {
		return "", "", err
	}
	c.psp.token, c.psp.user = s.token, s.user
	return s.token, s.user, nil
}

func (c *Connector) installation() string { return c.env.Credential.More[moreInstallation].Reveal() }
