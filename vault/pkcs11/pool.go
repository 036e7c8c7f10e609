//go:build pkcs11

package pkcs11

import (
	"context"
	"sync"

	p11 "github.com/miekg/pkcs11"

	"github.com/onepointledger/onepoint"
)

// maxSessions bounds the calls into the module at once: each holds a thread, and
// tokens have few sessions.
const maxSessions = 4

// session is one place in the pool, opened at its first use. It belongs to whoever
// took it.
type session struct {
	handle p11.SessionHandle
	open   bool
	keys   map[pair]p11.ObjectHandle // private keys found in this session
}

// pool lends sessions that are logged in.
type pool struct {
	lib  *p11.Ctx
	slot uint
	free chan *session // all that nobody uses
	done chan struct{} // closed by close
	once sync.Once

	// login holds the PIN, so that no printing reaches it.
	login   func(p11.SessionHandle) error
	mu      sync.Mutex
	refused error // what the token said to the PIN: asked again it would lock
}

func newPool(lib *p11.Ctx, slot uint, pin PIN) *pool {
	p := &pool{lib: lib, slot: slot, free: make(chan *session, maxSessions), done: make(chan struct{})}
	p.login = func(s p11.SessionHandle) error { return lib.Login(s, p11.CKU_USER, string(pin)) }
	for range maxSessions {
		p.free <- &session{}
	}
	return p
}

// do runs f with a session. When the session turns out to be gone f runs again
// with a new one, once. The context ends the waiting for a session: a call that
// the module has begun cannot be ended.
func (p *pool) do(ctx context.Context, op string, f func(*session) error) error {
	s, err := p.take(ctx, op)
	if err != nil {
		return err
	}
	defer func() { p.free <- s }()
	for again := true; ; again = false {
		if err = p.prepare(s); err == nil {
			err = f(s)
		}
		if !gone(err) {
			return fail(op, err)
		}
		p.drop(s)
		if !again {
			return fail(op, err)
		}
	}
}

func (p *pool) take(ctx context.Context, op string) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, onepoint.E(onepoint.CodeUnavailable, op, "the call was given up", err)
	}
	select {
	case s := <-p.free:
		return s, nil
	case <-p.done:
		return nil, onepoint.E(onepoint.CodeUnavailable, op, "the token is closed", nil)
	case <-ctx.Done():
		return nil, onepoint.E(onepoint.CodeUnavailable, op, "all sessions of the token are busy", ctx.Err())
	}
}

// prepare opens the session and logs in. A login counts for all sessions.
func (p *pool) prepare(s *session) error {
	if s.open {
		return nil
	}
	handle, err := p.lib.OpenSession(p.slot, p11.CKF_SERIAL_SESSION|p11.CKF_RW_SESSION)
	if err != nil {
		return err
	}
	*s = session{handle, true, map[pair]p11.ObjectHandle{}}
	p.mu.Lock()
	defer p.mu.Unlock()
	err = p.refused
	if err == nil {
		err = p.login(handle)
	}
	if refusedPIN(err) {
		p.refused = err
	}
	if err != nil && !is(err, p11.CKR_USER_ALREADY_LOGGED_IN) {
		p.drop(s)
		return err
	}
	return nil
}

func (p *pool) drop(s *session) {
	if s.open {
		_ = p.lib.CloseSession(s.handle) // it is gone, or goes with the login
	}
	*s = session{}
}

// close waits for the sessions in use and closes all. It reports false when
// another call does it or did.
func (p *pool) close() (first bool) {
	p.once.Do(func() {
		first = true
		close(p.done)
		for range maxSessions {
			p.drop(<-p.free)
		}
	})
	return first
}
