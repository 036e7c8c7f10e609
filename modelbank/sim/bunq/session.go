package bunq

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
)

// How long sessions live after their last use. bunq's documents speak of 90 days
// for PSD2 while their sample shows 324000 seconds.
const (
	providerTimeout = 324_000
	userTimeout     = 7 * 24 * 3600
)

// addSession opens a session for an API key: the provider's own, or one that a
// user gave it by OAuth.
func (s *Server) addSession(ctx context.Context, c *call) (answer, error) {
	var in struct {
		Secret string `json:"secret"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	row, err := s.usable(ctx, c, in.Secret)
	if err != nil {
		return answer{}, err
	}
	sess, user, err := s.sessionOf(ctx, c, row)
	if err != nil {
		return answer{}, err
	}
	if sess.ID, err = s.next(ctx, "session"); err != nil {
		return answer{}, err
	}
	token, now := newToken(), s.now()
	sess.Hash, sess.Installation, sess.Expires = digest(token), c.installation.ID, now.Add(time.Duration(sess.Timeout)*time.Second)
	if err := s.sessions.Add(ctx, sess.Hash, key(row.User), sess); err != nil {
		return answer{}, err
	}
	_, err = s.credentials.Update(ctx, row.Hash, func(o *credential) error { o.Used = true; return nil })
	return answer{Response: []map[string]any{
		object("Id", identity{sess.ID}),
		object("Token", tokenObject{sess.ID, stamp(now), stamp(now), token}),
		user,
	}}, err
}

// sessionOf says whose session an API key opens, and shows the user.
func (s *Server) sessionOf(ctx context.Context, c *call, row credential) (session, map[string]any, error) {
	p, err := s.providers.Get(ctx, key(row.User))
	if err == nil {
		if row.Device == 0 { // the provider's key is for a device that is registered
			return session{}, nil, bad(badKey)
		}
		return session{Provider: p.ID, Timeout: providerTimeout}, object("UserPaymentServiceProvider", showProvider(p)), nil
	}
	if onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return session{}, nil, err
	}
	g, err := s.grants.Get(ctx, key(row.User))
	if err != nil {
		return session{}, nil, unless(err, bad(badKey))
	}
	if mine, err := s.installed(ctx, c.installation.ID, g.Provider); err != nil || g.Revoked || !mine {
		return session{}, nil, firstOf(err, bad(badKey))
	}
	if p, err = s.providers.Get(ctx, key(g.Provider)); err != nil {
		return session{}, nil, err
	}
	return session{Provider: p.ID, Grant: g.ID, Timeout: userTimeout}, object("UserApiKey", showGrant(g, p)), nil
}

// installed reports whether a provider registered a device in the installation:
// a user's key opens sessions for the provider that it was given to only.
func (s *Server) installed(ctx context.Context, installation, provider int64) (bool, error) {
	keys, err := s.credentials.Of(ctx, key(provider), maxRows)
	for _, k := range keys {
		if k.Installation == installation && k.Device != 0 {
			return true, nil
		}
	}
	return false, err
}

func firstOf(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// endSession ends the caller's session, whatever number the path says.
func (s *Server) endSession(ctx context.Context, c *call) (answer, error) {
	return answer{Response: []map[string]any{}}, s.sessions.Remove(ctx, c.session.Hash)
}
