package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/identity"
)

type meAnswer struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      Me
}

func (a *API) me(ctx context.Context, _ *none) (*meAnswer, error) {
	needed, err := a.Identity.SetupNeeded(ctx, a.Workspace)
	if err != nil {
		return nil, err
	}
	me := Me{SetupNeeded: needed}
	if p := principal(ctx); p.Workspace != "" {
		me.SignedIn, me.Workspace = true, p.Workspace
		if p.UserID != "" {
			u, err := a.Identity.Users.User(ctx, p.Workspace, p.UserID)
			if err != nil {
				return nil, err
			}
			me.Email, me.Name = u.Email, u.Name
		}
	}
	return &meAnswer{Body: me}, nil
}

func (a *API) signedIn(u identity.User, token string) *meAnswer {
	return &meAnswer{
		SetCookie: []http.Cookie{a.cookie(token, 30*24*time.Hour)},
		Body:      Me{SignedIn: true, Email: u.Email, Name: u.Name, Workspace: u.Workspace},
	}
}

func (a *API) cookie(token string, life time.Duration) http.Cookie {
	return http.Cookie{
		Name: sessionCookie, Value: token, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(a.PublicURL, "https:"),
	}
}

type setupInput struct {
	Body struct {
		Email    string `json:"email"`
		Name     string `json:"name"`
		Password string `json:"password" doc:"At least 12 characters"`
	}
}

func (a *API) setup(ctx context.Context, in *setupInput) (*meAnswer, error) {
	u, token, err := a.Identity.Setup(ctx, identity.SetupRequest{
		Workspace: a.Workspace, Email: in.Body.Email, Name: in.Body.Name, Password: in.Body.Password,
	})
	if err != nil {
		return nil, err
	}
	return a.signedIn(u, token), nil
}

type loginInput struct {
	Body struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
}

func (a *API) login(ctx context.Context, in *loginInput) (*meAnswer, error) {
	key := "email:" + strings.ToLower(strings.TrimSpace(in.Body.Email))
	if len(key) > 300 {
		key = key[:300]
	}
	if err := a.throttle.check(key); err != nil {
		return nil, err
	}
	u, token, err := a.Identity.Login(ctx, in.Body.Email, in.Body.Password)
	if onepoint.CodeOf(err) == onepoint.CodeUnauthenticated {
		a.throttle.failed(key)
	}
	if err != nil {
		return nil, err
	}
	return a.signedIn(u, token), nil
}

type logoutInput struct {
	Session string `cookie:"onepoint_session"`
}

type cookieAnswer struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
}

func (a *API) logout(ctx context.Context, in *logoutInput) (*cookieAnswer, error) {
	if in.Session != "" {
		if err := a.Identity.Logout(ctx, in.Session); err != nil {
			return nil, err
		}
	}
	gone := a.cookie("", 0)
	gone.MaxAge = -1
	return &cookieAnswer{SetCookie: []http.Cookie{gone}}, nil
}

func keyResource(k identity.APIKey) APIKey {
	return APIKey{ID: k.ID, Name: k.Name, Hint: k.Hint, Created: k.Created.UTC(), LastUsed: moment(k.LastUsed)}
}

func (a *API) listKeys(ctx context.Context, _ *none) (*body[list[APIKey]], error) {
	keys, err := a.Identity.Keys.APIKeys(ctx, principal(ctx).Workspace)
	if err != nil {
		return nil, err
	}
	out := list[APIKey]{Items: []APIKey{}}
	for _, k := range keys {
		out.Items = append(out.Items, keyResource(k))
	}
	return &body[list[APIKey]]{out}, nil
}

type createKeyInput struct {
	Body struct {
		Name string `json:"name" doc:"What it is for"`
	}
}

func (a *API) createKey(ctx context.Context, in *createKeyInput) (*body[APIKey], error) {
	k, key, err := a.Identity.CreateKey(ctx, principal(ctx).Workspace, in.Body.Name)
	if err != nil {
		return nil, err
	}
	out := keyResource(k)
	out.Key = key
	return &body[APIKey]{out}, nil
}

type idInput struct {
	ID string `path:"id"`
}

func (a *API) deleteKey(ctx context.Context, in *idInput) (*none, error) {
	return nil, a.Identity.Keys.DeleteAPIKey(ctx, principal(ctx).Workspace, in.ID)
}

type healthAnswer struct {
	Body struct {
		Status string `json:"status" enum:"ok"`
	}
}

func (a *API) health(ctx context.Context, _ *none) (*healthAnswer, error) {
	if a.Ping != nil {
		if err := a.Ping(ctx); err != nil {
			return nil, onepoint.E(onepoint.CodeUnavailable, "check health", "the database does not answer", err)
		}
	}
	out := &healthAnswer{}
	out.Body.Status = "ok"
	return out, nil
}

func (a *API) doctor(ctx context.Context, _ *none) (*body[list[Check]], error) {
	return &body[list[Check]]{list[Check]{Items: a.Doctor(ctx)}}, nil
}
