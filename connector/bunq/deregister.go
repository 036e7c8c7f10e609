package bunq

import (
	"context"
	"net/http"

	"github.com/onepointledger/onepoint"
)

// Deregister implements onepoint.Deregisterer: it removes the callback URL,
// cancels the OAuth client, ends the session and forgets the credential. What is
// gone already is passed over.
func (r *recipe) Deregister(ctx context.Context, p *onepoint.Progress) error {
	c, err := r.read(ctx)
	if err != nil {
		return err
	}
	if c.APIKey != "" && c.More[moreDevice] != "" {
		err := r.leave(ctx, p)
		if onepoint.CodeOf(err) != onepoint.CodeUnauthenticated && err != nil { // a key that bunq does not take has nothing left there
			return err
		}
	}
	if err := r.Secrets.Remove(ctx); err != nil {
		return onepoint.E("", "forget the credential of bunq", "", err)
	}
	return nil
}

func (r *recipe) leave(ctx context.Context, p *onepoint.Progress) error {
	w, err := r.activeClient(ctx, p)
	if err != nil {
		return err
	}
	if w != nil {
		setFact(p, factOAuthClient, w.ID.String())
		if err := r.removeCallbacks(ctx, p); err != nil {
			return err
		}
		_, err := r.own(ctx, p, request{
			op: "cancel the OAuth client", method: http.MethodPut, path: r.clientPath(p), body: map[string]string{"status": "CANCELLED"},
		})
		if err != nil {
			return err
		}
	}
	c, err := r.read(ctx)
	if err != nil {
		return err
	}
	a, token, err := r.open(ctx, p, &c, false)
	if err != nil {
		return err
	}
	_, err = a.call(ctx, request{op: "end the session", method: http.MethodDelete, path: "/session/0", token: token})
	if onepoint.CodeOf(err) == onepoint.CodeTokenInvalid {
		return nil
	}
	return err
}

// removeCallbacks takes our addresses out: the one that was registered, and the
// one that would be now.
func (r *recipe) removeCallbacks(ctx context.Context, p *onepoint.Progress) error {
	have, err := r.callbacks(ctx, p)
	if err != nil {
		return err
	}
	for _, w := range have {
		if w.URL != p.Client.RedirectURI && w.URL != r.TPP.RedirectURI || !isNumber(w.ID.String()) {
			continue
		}
		_, err := r.own(ctx, p, request{
			op: "remove the callback URL", method: http.MethodDelete, path: r.clientPath(p) + "/callback-url/" + w.ID.String(),
		})
		if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
			return err
		}
	}
	return nil
}
