package bunq

import (
	"context"
	"slices"

	"github.com/onepointledger/onepoint"
)

type aliasObject struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	Name  string `json:"name"`
}

type providerObject struct {
	ID             int64         `json:"id"`
	Created        string        `json:"created"`
	Updated        string        `json:"updated"`
	DN             string        `json:"certificate_distinguished_name"`
	Alias          []aliasObject `json:"alias"`
	SessionTimeout int64         `json:"session_timeout"`
	Status         string        `json:"status"`
	SubStatus      string        `json:"sub_status"`
	DisplayName    string        `json:"display_name"`
	UUID           string        `json:"public_uuid"`
	NickName       string        `json:"public_nick_name"`
	Language       string        `json:"language"`
	Region         string        `json:"region"`
}

type personObject struct {
	ID             int64  `json:"id"`
	Created        string `json:"created"`
	Updated        string `json:"updated"`
	DisplayName    string `json:"display_name"`
	NickName       string `json:"public_nick_name"`
	SessionTimeout int64  `json:"session_timeout"`
	Status         string `json:"status"`
	SubStatus      string `json:"sub_status"`
	Language       string `json:"language"`
	Region         string `json:"region"`
}

type apiKeyObject struct {
	ID        int64          `json:"id"`
	Created   string         `json:"created"`
	Updated   string         `json:"updated"`
	Requested map[string]any `json:"requested_by_user"`
	Granted   map[string]any `json:"granted_by_user"`
}

func showProvider(p provider) providerObject {
	return providerObject{
		ID: p.ID, Created: stamp(p.Created), Updated: stamp(p.Created), DN: p.DN,
		Alias:          []aliasObject{{"CERTIFICATE_DISTINGUISHED_NAME", p.DN, p.Name}},
		SessionTimeout: providerTimeout, Status: "ACTIVE", SubStatus: "NONE", DisplayName: p.Name,
		UUID: p.UUID, NickName: p.Name, Language: "en_US", Region: "nl_NL",
	}
}

func showPerson(g grant) personObject {
	return personObject{
		ID: g.User, Created: stamp(g.Created), Updated: stamp(g.Created), DisplayName: g.Name, NickName: g.Name,
		SessionTimeout: userTimeout, Status: "ACTIVE", SubStatus: "NONE", Language: "en_US", Region: "nl_NL",
	}
}

func showGrant(g grant, p provider) apiKeyObject {
	return apiKeyObject{
		ID: g.ID, Created: stamp(g.Created), Updated: stamp(g.Created),
		Requested: object("UserPaymentServiceProvider", showProvider(p)), Granted: object("UserPerson", showPerson(g)),
	}
}

// owns checks that the user in the path is the session's: the provider, the
// grant, or the person who gave it.
func (s *Server) owns(_ context.Context, c *call) error {
	u, err := c.number("u")
	if err != nil {
		return err
	}
	if c.grant != nil && (u == c.grant.ID || u == c.grant.User) || c.grant == nil && u == c.session.Provider {
		return nil
	}
	return forbidden()
}

// asProvider is the provider whose own session this is, with one of the roles.
func (s *Server) asProvider(ctx context.Context, c *call, roles ...string) (provider, error) {
	if err := s.owns(ctx, c); err != nil {
		return provider{}, err
	}
	if c.grant != nil {
		return provider{}, forbidden()
	}
	p, err := s.providers.Get(ctx, key(c.session.Provider))
	if err != nil {
		return p, err
	}
	if len(roles) > 0 && !slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(p.Roles, r) }) {
		return p, forbidden()
	}
	return p, nil
}

func (s *Server) userObject(ctx context.Context, c *call) (map[string]any, error) {
	p, err := s.providers.Get(ctx, key(c.session.Provider))
	if err != nil {
		return nil, err
	}
	if c.grant != nil {
		return object("UserApiKey", showGrant(*c.grant, p)), nil
	}
	return object("UserPaymentServiceProvider", showProvider(p)), nil
}

func (s *Server) listUsers(ctx context.Context, c *call) (answer, error) {
	u, err := s.userObject(ctx, c)
	return answer{Response: []map[string]any{u}, Pagination: &pagination{}}, err
}

func (s *Server) getUser(ctx context.Context, c *call) (answer, error) {
	if err := s.owns(ctx, c); err != nil {
		return answer{}, err
	}
	u, err := s.userObject(ctx, c)
	return answer{Response: []map[string]any{u}}, err
}

func (s *Server) getPerson(ctx context.Context, c *call) (answer, error) {
	if err := s.owns(ctx, c); err != nil {
		return answer{}, err
	}
	if c.grant == nil {
		return answer{}, missing()
	}
	return one("UserPerson", showPerson(*c.grant)), nil
}

func (s *Server) getProvider(ctx context.Context, c *call) (answer, error) {
	p, err := s.asProvider(ctx, c)
	return one("UserPaymentServiceProvider", showProvider(p)), err
}

// Revoke ends every grant that a customer gave, as the customer can in bunq's
// app: the keys of it open no session any more and open sessions end.
func (s *Server) Revoke(ctx context.Context, customer string) error {
	rows, err := s.grants.Of(ctx, customer, maxRows)
	if err != nil {
		return onepoint.E("", "revoke the access", "", err)
	}
	for _, g := range rows {
		if _, err := s.grants.Update(ctx, key(g.ID), func(o *grant) error { o.Revoked = true; return nil }); err != nil {
			return onepoint.E("", "revoke the access", "", err)
		}
	}
	return nil
}
