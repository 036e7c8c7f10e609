package bunq

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
)

// sessionAhead is how long before its end a session is not used any more; bunq's
// own clients keep it so.
const sessionAhead = 30 * time.Second

const (
	pspKind    = "UserPaymentServiceProvider"
	clientKind = "OauthClient"
	active     = "ACTIVE"
)

// open returns a session: the one that is kept, or a new one, which is kept at
// once.
func (r *recipe) open(ctx context.Context, p *onepoint.Progress, c *onepoint.Credential, ended bool) (a *api, token string, err error) {
	if a, err = r.api(ctx, *c); err != nil {
		return nil, "", err
	}
	until, _ := time.Parse(time.RFC3339, c.More[moreSessionExpires].Reveal()) // zero: a new one
	user := c.More[morePSP].Reveal()
	if token = c.More[moreSession].Reveal(); token != "" && user != "" && !ended && r.Now().Add(sessionAhead).Before(until) {
		setFact(p, factPSP, user)
		return a, token, nil
	}
	s, err := a.openSession(ctx, c.More[moreInstallation].Reveal(), c.APIKey.Reveal())
	if err != nil {
		return nil, "", busy(err)
	}
	if s.kind != pspKind {
		return nil, "", onepoint.E(onepoint.CodeProtocol, opSession, "the API key belongs to a user that is no payment service provider", nil)
	}
	setFact(p, factPSP, s.user)
	c.More[moreSession], c.More[morePSP] = onepoint.Secret(s.token), onepoint.Secret(s.user)
	c.More[moreSessionExpires] = onepoint.Secret(r.Now().Add(s.timeout).UTC().Format(time.RFC3339))
	return a, s.token, r.save(ctx, *c)
}

// own makes a call as the TPP; path follows the user.
func (r *recipe) own(ctx context.Context, p *onepoint.Progress, q request) (envelope, error) {
	c, err := r.read(ctx)
	if err != nil {
		return envelope{}, err
	}
	path := q.path
	for ended := false; ; ended = true {
		a, token, err := r.open(ctx, p, &c, ended)
		if err != nil {
			return envelope{}, err
		}
		q.token, q.path = token, "/user/"+p.Facts[factPSP]+path
		e, err := a.call(ctx, q)
		if ended || onepoint.CodeOf(err) != onepoint.CodeTokenInvalid {
			return e, busy(err)
		}
	}
}

// session proves the API key.
func (r *recipe) session(ctx context.Context, p *onepoint.Progress) error {
	_, err := r.own(ctx, p, request{op: "read the user", method: http.MethodGet})
	return err
}

type wireClient struct {
	ID           json.Number               `json:"id"`
	Status       string                    `json:"status"`
	DisplayName  string                    `json:"display_name"`
	ClientID     string                    `json:"client_id"`
	ClientSecret string                    `json:"client_secret"` // bunq's documents name it so,
	Secret       string                    `json:"secret"`        // its own client library so
	Callbacks    []map[string]wireCallback `json:"callback_url"`
}

type wireCallback struct {
	ID  json.Number `json:"id"`
	URL string      `json:"url"`
}

// activeClient is the TPP's OAuth client, nil when it has none.
func (r *recipe) activeClient(ctx context.Context, p *onepoint.Progress) (*wireClient, error) {
	e, err := r.own(ctx, p, request{op: "list OAuth clients", method: http.MethodGet, path: "/oauth-client?count=200"})
	if err != nil {
		return nil, err
	}
	for _, el := range e.Elements {
		var w wireClient
		if err := el.decode(&w); err != nil {
			return nil, err
		}
		if el.Kind == clientKind && w.Status == active && isNumber(w.ID.String()) {
			return &w, nil
		}
	}
	return nil, nil
}

// oauthClient makes the client unless there is one, and keeps its secret.
func (r *recipe) oauthClient(ctx context.Context, p *onepoint.Progress) error {
	const op = "make the OAuth client"
	w, err := r.activeClient(ctx, p)
	if err != nil {
		return err
	}
	if w == nil {
		if _, err := r.own(ctx, p, request{op: op, method: http.MethodPost, path: "/oauth-client", body: struct{}{}}); err != nil {
			return err
		}
		if w, err = r.activeClient(ctx, p); err != nil {
			return err
		}
	}
	if w == nil || w.ClientID == "" || w.Secret == "" && w.ClientSecret == "" {
		return onepoint.E(onepoint.CodeProtocol, op, "bunq does not show the OAuth client with its secret", nil)
	}
	c, err := r.read(ctx)
	if err != nil {
		return err
	}
	c.ClientID, c.ClientSecret = w.ClientID, onepoint.Secret(w.Secret)
	if w.Secret == "" {
		c.ClientSecret = onepoint.Secret(w.ClientSecret)
	}
	if err := r.save(ctx, c); err != nil {
		return err
	}
	setFact(p, factOAuthClient, w.ID.String())
	shown, err := json.MarshalIndent(map[string]string{"id": w.ID.String(), "client_id": w.ClientID, "status": w.Status, "display_name": w.DisplayName}, "", "  ")
	if err != nil {
		return onepoint.E(onepoint.CodeInternal, op, "", err)
	}
	setArtifact(p, "oauth-client.json", string(shown)+"\n")
	return nil
}

// callbacks are the registered addresses of the OAuth client.
func (r *recipe) callbacks(ctx context.Context, p *onepoint.Progress) ([]wireCallback, error) {
	e, err := r.own(ctx, p, request{op: "list callback URLs", method: http.MethodGet, path: r.clientPath(p) + "/callback-url?count=200"})
	if err != nil {
		return nil, err
	}
	var out []wireCallback
	for _, el := range e.Elements {
		var w wireCallback
		if err := el.decode(&w); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

func (r *recipe) clientPath(p *onepoint.Progress) string {
	return "/oauth-client/" + p.Facts[factOAuthClient]
}

// callbackURL registers where users come back to, unless it is registered.
func (r *recipe) callbackURL(ctx context.Context, p *onepoint.Progress) error {
	have, err := r.callbacks(ctx, p)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(have, func(w wireCallback) bool { return w.URL == r.TPP.RedirectURI }) {
		return nil
	}
	_, err = r.own(ctx, p, request{
		op: "register the callback URL", method: http.MethodPost, path: r.clientPath(p) + "/callback-url",
		body: map[string]string{"url": r.TPP.RedirectURI},
	})
	return err
}

func (r *recipe) userStatus(ctx context.Context, p *onepoint.Progress) (string, error) {
	user, err := r.own(ctx, p, request{op: "read the user", method: http.MethodGet})
	if err != nil {
		return "", err
	}
	var who struct {
		Status string `json:"status"`
	}
	err = user.get(pspKind, &who)
	return who.Status, err
}

// verify reads back what was registered and says who we are at bunq now.
func (r *recipe) verify(ctx context.Context, p *onepoint.Progress) error {
	const op = "verify the registration"
	status, err := r.userStatus(ctx, p)
	if err != nil {
		return err
	}
	w, err := r.activeClient(ctx, p)
	if err != nil {
		return err
	}
	have, err := r.callbacks(ctx, p)
	if err != nil {
		return err
	}
	c, err := r.read(ctx)
	if err != nil {
		return err
	}
	switch {
	case status != "" && status != active:
		return onepoint.E(onepoint.CodeConflict, op, "bunq holds our user as "+kindShown(status)+"; ask bunq", nil)
	case w == nil || w.ClientID != c.ClientID:
		return onepoint.E(onepoint.CodeConflict, op, "bunq shows another OAuth client than the one kept here; register again", nil)
	case !slices.ContainsFunc(have, func(w wireCallback) bool { return w.URL == r.TPP.RedirectURI }):
		return onepoint.E(onepoint.CodeConflict, op, "bunq does not show our callback URL; register again", nil)
	}
	p.Client = onepoint.Client{
		ID: c.ClientID, AuthMethod: r.Profile.Security.ClientAuth, SigningAlg: r.Profile.Security.SigningAlg,
		RedirectURI: r.TPP.RedirectURI, Issuer: r.Profile.Endpoints.Issuer, Seal: installationKey, Registered: r.Now().UTC(),
		Facts: map[string]string{
			factServerKey: c.More[moreServerKey].Reveal(), factPSP: p.Facts[factPSP], factOAuthClient: w.ID.String(),
		},
	}
	return nil
}
