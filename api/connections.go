package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

// connectionResource shows a connection with its newest sync.
func (a *API) connectionResource(ctx context.Context, c tpp.Connection, accounts []tpp.Account) (Connection, error) {
	out := Connection{
		ID: c.ID, Bank: c.Bank, BankName: a.bankName(c.Bank), Purpose: c.Purpose, Status: string(c.Status), Message: c.Message, Redirect: c.Redirect,
		Expires: moment(c.Expires), Created: c.Created.UTC(), LastSync: moment(c.LastSync), Permissions: []string{},
	}
	for _, p := range c.Permissions {
		out.Permissions = append(out.Permissions, string(p))
	}
	for _, acc := range accounts {
		if acc.Connection == c.ID {
			out.Accounts++
		}
	}
	s, err := a.Syncs.LastSync(ctx, c.Workspace, c.ID)
	switch {
	case err == nil:
		out.Sync = syncResource(s)
	case onepoint.CodeOf(err) != onepoint.CodeNotFound:
		return out, err
	}
	return out, nil
}

// shown is a connection in an answer.
func (a *API) shown(ctx context.Context, c tpp.Connection) (*body[Connection], error) {
	accounts, err := a.Books.Accounts(ctx, c.Workspace)
	if err != nil {
		return nil, err
	}
	out, err := a.connectionResource(ctx, c, accounts)
	return &body[Connection]{out}, err
}

func (a *API) listConnections(ctx context.Context, _ *none) (*body[list[Connection]], error) {
	workspace := principal(ctx).Workspace
	connections, err := a.Connections.Connections(ctx, workspace)
	if err != nil {
		return nil, err
	}
	accounts, err := a.Books.Accounts(ctx, workspace)
	if err != nil {
		return nil, err
	}
	out := list[Connection]{Items: []Connection{}}
	for _, c := range connections {
		one, err := a.connectionResource(ctx, c, accounts)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, one)
	}
	return &body[list[Connection]]{out}, nil
}

func (a *API) getConnection(ctx context.Context, in *idInput) (*body[Connection], error) {
	c, err := a.Connections.Connection(ctx, principal(ctx).Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	return a.shown(ctx, c)
}

type connectInput struct {
	UserAgent string `header:"User-Agent" hidden:"true"`
	Body      struct {
		Bank string `json:"bank"`
		Days int    `json:"days,omitempty" minimum:"0" maximum:"3650" doc:"How long the consent shall last; 0 for as long as the bank allows"`

		Purpose string `json:"purpose,omitempty" enum:"accounts,funds" doc:"accounts to read them, funds to confirm funds; accounts when absent"`
		Account string `json:"account,omitempty" maxLength:"34" doc:"For funds: the IBAN to ask about; absent lets the user choose at the bank"`
	}
	ip string
}

// Resolve notes where the user is. huma calls it before the handler.
func (in *connectInput) Resolve(ctx huma.Context) []error {
	in.ip = publicIP(ctx.RemoteAddr())
	return nil
}

func (a *API) connect(ctx context.Context, in *connectInput) (*body[Connection], error) {
	p := principal(ctx)
	c, err := a.Connecting.Connect(ctx, tpp.ConnectRequest{
		Workspace: p.Workspace, Bank: in.Body.Bank, UserID: p.UserID, Days: in.Body.Days, Purpose: in.Body.Purpose, About: in.Body.Account,
		PSU: onepoint.PSU{IP: in.ip, UserAgent: in.UserAgent},
	})
	if err != nil {
		return nil, err
	}
	return a.shown(ctx, c)
}

func (a *API) syncConnection(ctx context.Context, in *idInput) (*body[Connection], error) {
	c, err := a.Connecting.RequestSync(ctx, principal(ctx).Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	return a.shown(ctx, c)
}

func (a *API) revokeConnection(ctx context.Context, in *idInput) (*none, error) {
	return nil, a.Connecting.Revoke(ctx, principal(ctx).Workspace, in.ID)
}

type callbackInput struct {
	Body struct {
		Params map[string]string `json:"params" doc:"What came to the redirect URI, from its query or its fragment"`
	}
}

func (a *API) callback(ctx context.Context, in *callbackInput) (*body[Connection], error) {
	params, err := in.params()
	if err != nil {
		return nil, err
	}
	c, err := a.Connecting.Callback(ctx, tpp.CallbackRequest{Params: params, UserID: principal(ctx).UserID})
	if err != nil {
		return nil, err
	}
	return a.shown(ctx, c)
}
