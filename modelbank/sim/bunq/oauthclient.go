package bunq

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"

	"github.com/onepointledger/onepoint"
)

const (
	statusActive    = "ACTIVE"
	statusCancelled = "CANCELLED"
	maxCallbacks    = 50
)

type clientObject struct {
	ID          int64            `json:"id"`
	Status      string           `json:"status"`
	DisplayName string           `json:"display_name"`
	ClientID    string           `json:"client_id"`
	Secret      string           `json:"secret"`
	Callbacks   []map[string]any `json:"callback_url"`
}

type callbackObject struct {
	ID      int64  `json:"id"`
	Created string `json:"created"`
	Updated string `json:"updated"`
	URL     string `json:"url"`
}

func showClient(o oauthClient, p provider) clientObject {
	out := clientObject{ID: o.ID, Status: o.Status, DisplayName: p.Name, ClientID: o.ClientID, Secret: o.Secret, Callbacks: []map[string]any{}}
	for _, cb := range o.Callbacks {
		out.Callbacks = append(out.Callbacks, object("OauthCallbackUrl", showCallback(cb)))
	}
	return out
}

func showCallback(cb callback) callbackObject {
	return callbackObject{cb.ID, stamp(cb.Created), stamp(cb.Created), cb.URL}
}

// addClient makes the provider's OAuth client: one may be active at a time.
func (s *Server) addClient(ctx context.Context, c *call) (answer, error) {
	p, err := s.asProvider(ctx, c)
	if err != nil {
		return answer{}, err
	}
	s.creating.Lock()
	defer s.creating.Unlock()
	rows, err := s.clients.Of(ctx, key(p.ID), maxRows)
	if err != nil {
		return answer{}, err
	}
	if slices.ContainsFunc(rows, func(o oauthClient) bool { return o.Status == statusActive }) {
		return answer{}, bad("You have reached the maximum number of OAuth clients.")
	}
	id, err := s.next(ctx, "oauth_client")
	if err != nil {
		return answer{}, err
	}
	row := oauthClient{ID: id, Provider: p.ID, Status: statusActive, ClientID: newToken(), Secret: newToken(), Created: s.now()}
	if err := s.clientIDs.Add(ctx, row.ClientID, "", id); err != nil {
		return answer{}, err
	}
	return created(id), s.clients.Add(ctx, key(id), key(p.ID), row)
}

func (s *Server) listClients(ctx context.Context, c *call) (answer, error) {
	p, err := s.asProvider(ctx, c)
	if err != nil {
		return answer{}, err
	}
	rows, err := s.clients.Of(ctx, key(p.ID), maxRows)
	shown := make([]clientObject, 0, len(rows))
	for _, o := range slices.Backward(rows) {
		shown = append(shown, showClient(o, p))
	}
	return list("OauthClient", shown), err
}

// client is the provider's client that the path names.
func (s *Server) client(ctx context.Context, c *call) (oauthClient, provider, error) {
	p, err := s.asProvider(ctx, c)
	if err != nil {
		return oauthClient{}, p, err
	}
	id, err := c.number("id")
	if err != nil {
		return oauthClient{}, p, err
	}
	o, err := s.clients.Get(ctx, key(id))
	if err == nil && o.Provider != p.ID {
		err = missing()
	}
	return o, p, err
}

func (s *Server) getClient(ctx context.Context, c *call) (answer, error) {
	o, p, err := s.client(ctx, c)
	return one("OauthClient", showClient(o, p)), err
}

func (s *Server) putClient(ctx context.Context, c *call) (answer, error) {
	o, _, err := s.client(ctx, c)
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Status string `json:"status"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.Status != statusActive && in.Status != statusCancelled {
		return answer{}, bad("The status must be ACTIVE or CANCELLED.")
	}
	_, err = s.clients.Update(ctx, key(o.ID), func(o *oauthClient) error {
		if o.Status == statusCancelled && in.Status == statusActive {
			return bad("A cancelled OAuth client cannot become active again.")
		}
		o.Status = in.Status
		return nil
	})
	return created(o.ID), err
}

func (s *Server) addCallback(ctx context.Context, c *call) (answer, error) {
	o, _, err := s.client(ctx, c)
	if err != nil {
		return answer{}, err
	}
	address, err := s.callbackAddress(c)
	if err != nil {
		return answer{}, err
	}
	id, err := s.next(ctx, "callback")
	if err != nil {
		return answer{}, err
	}
	_, err = s.clients.Update(ctx, key(o.ID), func(o *oauthClient) error {
		if len(o.Callbacks) >= maxCallbacks {
			return bad("You have reached the maximum number of callback URLs.")
		}
		if slices.ContainsFunc(o.Callbacks, func(cb callback) bool { return cb.URL == address }) {
			return bad("The callback URL exists already.")
		}
		o.Callbacks = append(o.Callbacks, callback{id, address, s.now()})
		return nil
	})
	return created(id), err
}

func (s *Server) callbackAddress(c *call) (string, error) {
	var in struct {
		URL string `json:"url"`
	}
	if err := c.decode(&in); err != nil {
		return "", err
	}
	if !s.redirectable(in.URL) {
		return "", bad("The URL must be a valid HTTPS address.")
	}
	return in.URL, nil
}

// redirectable reports whether a browser may be sent there: https, or this
// machine where that is allowed.
func (s *Server) redirectable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || len(address) > 2000 {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && s.AllowLoopbackRedirects && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

func (s *Server) listCallbacks(ctx context.Context, c *call) (answer, error) {
	o, _, err := s.client(ctx, c)
	shown := make([]callbackObject, 0, len(o.Callbacks))
	for _, cb := range o.Callbacks {
		shown = append(shown, showCallback(cb))
	}
	return list("OauthCallbackUrl", shown), err
}

func (s *Server) getCallback(ctx context.Context, c *call) (answer, error) {
	o, _, err := s.client(ctx, c)
	if err != nil {
		return answer{}, err
	}
	item, err := c.number("item")
	i := slices.IndexFunc(o.Callbacks, func(cb callback) bool { return cb.ID == item })
	if err != nil || i < 0 {
		return answer{}, missing()
	}
	return one("OauthCallbackUrl", showCallback(o.Callbacks[i])), nil
}

// changeCallback lets fn change the callbacks at the place that the path names.
func (s *Server) changeCallback(ctx context.Context, c *call, fn func(o *oauthClient, i int)) (answer, error) {
	o, _, err := s.client(ctx, c)
	if err != nil {
		return answer{}, err
	}
	item, err := c.number("item")
	if err != nil {
		return answer{}, err
	}
	_, err = s.clients.Update(ctx, key(o.ID), func(o *oauthClient) error {
		i := slices.IndexFunc(o.Callbacks, func(cb callback) bool { return cb.ID == item })
		if i < 0 {
			return onepoint.E(onepoint.CodeNotFound, "find callback", "", nil)
		}
		fn(o, i)
		return nil
	})
	if c.Method == http.MethodDelete {
		return answer{Response: []map[string]any{}}, err
	}
	return created(item), err
}

func (s *Server) putCallback(ctx context.Context, c *call) (answer, error) {
	address, err := s.callbackAddress(c)
	if err != nil {
		return answer{}, err
	}
	return s.changeCallback(ctx, c, func(o *oauthClient, i int) { o.Callbacks[i].URL = address })
}

func (s *Server) deleteCallback(ctx context.Context, c *call) (answer, error) {
	return s.changeCallback(ctx, c, func(o *oauthClient, i int) { o.Callbacks = slices.Delete(o.Callbacks, i, i+1) })
}
