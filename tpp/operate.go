package tpp

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/onepointledger/onepoint"
)

// Operating makes banks' calls of their own: those beyond accounts, payments and
// funds.
type Operating struct {
	Connecting *Connecting // whose connections and banks these are
	Audit      Auditor
}

// Operations lists the calls that a bank has; none for a bank without any.
// Errors: [onepoint.CodeNotFound] for an unknown bank, [onepoint.CodeConflict]
// when the workspace is not registered there.
func (o *Operating) Operations(ctx context.Context, workspace, bank string) ([]onepoint.Operation, error) {
	opened, err := o.Connecting.Banks.Connector(ctx, workspace, bank)
	if err != nil {
		return nil, err
	}
	if operator, ok := opened.(onepoint.Operator); ok {
		return operator.Operations(), nil
	}
	return nil, nil
}

// Operate makes one call and returns the bank's own JSON. connection is the one
// under whose consent a user's operation is made, and empty for the TPP's own.
// What changes something is in the audit log before the bank is asked. Errors:
// those of Operations and of [onepoint.Operator], [onepoint.CodeNotFound] for an
// unknown operation and for a connection that is not this bank's,
// [onepoint.CodeInvalid] with the fields that are missing, [onepoint.CodeConflict]
// for a connection without a consent to read accounts in force, and
// [onepoint.CodeConsentExpired] when the user must connect again. A change is
// never repeated here, unless the bank refused the access it came with.
func (o *Operating) Operate(ctx context.Context, workspace, bank, connection, name string, in map[string]string) (json.RawMessage, error) {
	const op = "call the bank"
	opened, err := o.Connecting.Banks.Connector(ctx, workspace, bank)
	if err != nil {
		return nil, err
	}
	operator, what, err := operationOf(opened, name)
	if err != nil {
		return nil, err
	}
	conn, grant, err := o.consent(ctx, workspace, bank, connection, what)
	if err != nil {
		return nil, err
	}
	if err := lacking(what, in); err != nil {
		return nil, err
	}
	if what.Changes {
		detail := map[string]string{"operation": name}
		if connection != "" {
			detail["connection"] = connection
		}
		if err := o.Audit.Record(ctx, workspace, "operation.requested", bank, detail); err != nil {
			return nil, err
		}
	}
	answer, err := operator.Operate(ctx, grant, name, in)
	if !what.Client && onepoint.CodeOf(err) == onepoint.CodeTokenInvalid {
		if grant, err = o.Connecting.renew(ctx, opened, conn, grant); err == nil {
			answer, err = operator.Operate(ctx, grant, name, in)
		}
	}
	if err != nil {
		return nil, onepoint.E("", op, "", err)
	}
	return answer, nil
}

func operationOf(bank onepoint.Connector, name string) (onepoint.Operator, onepoint.Operation, error) {
	unknown := onepoint.E(onepoint.CodeNotFound, "find operation", "this bank has no operation of this name", nil)
	operator, ok := bank.(onepoint.Operator)
	if !ok {
		return nil, onepoint.Operation{}, unknown
	}
	all := operator.Operations()
	i := slices.IndexFunc(all, func(what onepoint.Operation) bool { return what.Name == name })
	if i < 0 {
		return nil, onepoint.Operation{}, unknown
	}
	return operator, all[i], nil
}

// consent opens the connection's grant; the TPP's own operations have none.
func (o *Operating) consent(ctx context.Context, workspace, bank, id string, what onepoint.Operation) (Connection, onepoint.Grant, error) {
	const op = "call the bank"
	var none onepoint.Grant
	switch {
	case what.Client && id != "":
		return Connection{}, none, onepoint.Missing(op, "connection", "must be left out: this is called as ourselves, not for a user")
	case what.Client:
		return Connection{}, none, nil
	case id == "":
		return Connection{}, none, onepoint.Missing(op, "connection", "is needed: this is called for a user, under a connection")
	}
	conn, err := o.Connecting.Store.Connection(ctx, workspace, id)
	switch {
	case err != nil:
		return conn, none, err
	case conn.Bank != bank:
		return conn, none, onepoint.E(onepoint.CodeNotFound, op, "this bank has no such connection", nil)
	case conn.Purpose == PurposeFunds:
		return conn, none, onepoint.E(onepoint.CodeConflict, op, "this connection confirms funds and nothing else; make one with the purpose accounts", nil)
	case conn.Status != ConnectionActive:
		return conn, none, onepoint.E(onepoint.CodeConflict, op, "this connection has no consent in force; connect the bank again", nil)
	}
	grant, err := openGrant(ctx, o.Connecting.Sealer, conn)
	return conn, grant, err
}

// lacking names the fields that an operation cannot do without.
func lacking(what onepoint.Operation, in map[string]string) error {
	var faults []onepoint.Field
	var words []string
	for _, f := range what.Fields {
		if in[f.Name] == "" && !f.Optional {
			faults = append(faults, onepoint.Field{Name: f.Name, Message: "is needed: " + f.Message})
			words = append(words, f.Name+" is needed: "+f.Message)
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &onepoint.Error{Code: onepoint.CodeInvalid, Op: "call the bank", Msg: strings.Join(words, "; "), Fields: faults}
}
