package api

import (
	"context"
	"encoding/json"

	"github.com/onepointledger/onepoint"
)

// Operating is what the API needs of banks' own calls; *tpp.Operating has it.
type Operating interface {
	Operations(ctx context.Context, workspace, bank string) ([]onepoint.Operation, error)
	Operate(ctx context.Context, workspace, bank, connection, name string, in map[string]string) (json.RawMessage, error)
}

// Operation is one call that a bank has beyond accounts, payments and funds.
type Operation struct {
	Name    string           `json:"name" doc:"Stable, such as request-inquiry.create"`
	Title   string           `json:"title"`
	Help    string           `json:"help,omitempty"`
	Client  bool             `json:"client" doc:"Made as ourselves, below /banks; the others are made for a user, below /connections"`
	Changes bool             `json:"changes" doc:"Not only reads: look before you repeat it"`
	Fields  []onepoint.Field `json:"fields" doc:"What it takes as input"`
}

// Answer is what a bank answered to a call of its own.
type Answer struct {
	Answer json.RawMessage `json:"answer" doc:"The bank's own JSON: one object, or an array of objects"`
}

func (a *API) listOperations(ctx context.Context, in *idInput) (*body[list[Operation]], error) {
	all, err := a.Operating.Operations(ctx, principal(ctx).Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	out := list[Operation]{Items: []Operation{}}
	for _, o := range all {
		if o.Fields == nil {
			o.Fields = []onepoint.Field{}
		}
		out.Items = append(out.Items, Operation(o))
	}
	return &body[list[Operation]]{out}, nil
}

type operateInput struct {
	ID   string `path:"id"`
	Name string `path:"name" maxLength:"100"`
	Body struct {
		Input map[string]string `json:"input,omitempty" maxProperties:"50" doc:"The operation's fields, by name"`
	}
}

// operateAsClient makes a call as ourselves.
func (a *API) operateAsClient(ctx context.Context, in *operateInput) (*body[Answer], error) {
	return a.operate(ctx, in.ID, "", in)
}

// operateForUser makes a call under a connection's consent.
func (a *API) operateForUser(ctx context.Context, in *operateInput) (*body[Answer], error) {
	conn, err := a.Connections.Connection(ctx, principal(ctx).Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	return a.operate(ctx, conn.Bank, conn.ID, in)
}

func (a *API) operate(ctx context.Context, bank, connection string, in *operateInput) (*body[Answer], error) {
	answer, err := a.Operating.Operate(ctx, principal(ctx).Workspace, bank, connection, in.Name, in.Body.Input)
	if err != nil {
		return nil, err
	}
	return &body[Answer]{Answer{answer}}, nil
}
