package tpp_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/tpp"
)

// callingBank is the scripted bank with calls of its own.
type callingBank struct {
	*scriptedBank
	made   []string // the operations made, with whose access
	inputs []map[string]string
}

// Operations implements onepoint.Operator.
func (*callingBank) Operations() []onepoint.Operation {
	return []onepoint.Operation{
		{Name: "card.list", Title: "List cards", Fields: []onepoint.Field{{Name: "count", Message: "a number", Optional: true}}},
		{Name: "card.order", Title: "Order a card", Changes: true, Fields: []onepoint.Field{{Name: "holder", Message: "a name"}, {Name: "colour", Message: "a colour"}}},
		{Name: "key.list", Title: "List keys", Client: true},
		{Name: "key.close", Title: "Close a key", Client: true, Changes: true},
	}
}

// Operate implements onepoint.Operator.
func (b *callingBank) Operate(_ context.Context, g onepoint.Grant, name string, in map[string]string) (json.RawMessage, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.call(name); err != nil {
		return nil, err
	}
	if g.AccessToken != "" {
		if err := b.check(g); err != nil {
			return nil, err
		}
	}
	b.made, b.inputs = append(b.made, name+" "+g.AccessToken), append(b.inputs, in)
	return json.RawMessage(`{"ok":true}`), nil
}

// callingBanks opens that bank.
type callingBanks struct {
	*rig
	bank onepoint.Connector
}

// Connector implements tpp.Banks.
func (b callingBanks) Connector(context.Context, string, string) (onepoint.Connector, error) {
	return b.bank, nil
}

func (r *rig) operating() (*tpp.Operating, *callingBank) {
	bank := &callingBank{scriptedBank: r.bank}
	r.connect.Banks = callingBanks{r, bank}
	return &tpp.Operating{Connecting: r.connect, Audit: r}, bank
}

func TestOperateUnderTheUsersGrant(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		o, bank := r.operating()
		conn := r.connected()
		order := map[string]string{"holder": "Aunt May", "colour": "blue"}
		call := func(id, name string, in map[string]string) error {
			_, err := o.Operate(t.Context(), workspace, bankID, id, name, in)
			return err
		}
		must(t, call(conn.ID, "card.list", nil))
		must(t, call(conn.ID, "card.order", order))
		r.clock = r.clock.Add(time.Hour) // the access token ends, and is renewed
		must(t, call(conn.ID, "card.order", order))
		must(t, call(conn.ID, "card.list", nil)) // with what was kept
		must(t, call("", "key.list", nil))
		must(t, call("", "key.close", nil))
		want := []string{"card.list token-1", "card.order token-1", "card.order token-2", "card.list token-2", "key.list ", "key.close "}
		if !slices.Equal(bank.made, want) {
			t.Errorf("got %q, want %q", bank.made, want)
		}
		if bank.calls["refresh"] != 1 || bank.inputs[1]["holder"] != "Aunt May" {
			t.Errorf("%d refreshes, input %v", bank.calls["refresh"], bank.inputs[1])
		}
		for i, entry := range r.audited {
			if entry != "operation.requested "+bankID {
				t.Errorf("entry %d: %s", i, entry)
			}
		}
		if len(r.audited) != 3 {
			t.Errorf("the audit log has %q", r.audited)
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fieldsOf are the names of the fields that an error names.
func fieldsOf(err error) []string {
	var e *onepoint.Error
	var out []string
	if errors.As(err, &e) {
		for _, f := range e.Fields {
			out = append(out, f.Name)
		}
	}
	return out
}

func TestOperateRefusesBeforeTheBankIsAsked(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		o, bank := r.operating()
		conn := r.connected()
		order := map[string]string{"holder": "Aunt May", "colour": "blue"}
		tests := []struct {
			name, bank, connection, call string
			in                           map[string]string
			code                         onepoint.Code
			fields                       []string
		}{
			{"an unknown operation", bankID, conn.ID, "card.burn", nil, onepoint.CodeNotFound, nil},
			{"no fields", bankID, conn.ID, "card.order", nil, onepoint.CodeInvalid, []string{"holder", "colour"}},
			{"an empty field", bankID, conn.ID, "card.order", map[string]string{"holder": "May", "colour": ""}, onepoint.CodeInvalid, []string{"colour"}},
			{"no connection", bankID, "", "card.order", order, onepoint.CodeInvalid, []string{"connection"}},
			{"a connection too many", bankID, conn.ID, "key.list", nil, onepoint.CodeInvalid, []string{"connection"}},
			{"an unknown connection", bankID, "con_none", "card.order", order, onepoint.CodeNotFound, nil},
			{"a connection of another bank", "another", conn.ID, "card.order", order, onepoint.CodeNotFound, nil},
		}
		for _, tt := range tests {
			_, err := o.Operate(t.Context(), workspace, tt.bank, tt.connection, tt.call, tt.in)
			fields := fieldsOf(err)
			if onepoint.CodeOf(err) != tt.code || !slices.Equal(fields, tt.fields) {
				t.Errorf("%s: %v names %v", tt.name, err, fields)
			}
		}
		if _, err := o.Operate(t.Context(), "another workspace", bankID, conn.ID, "card.order", order); onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("from another workspace: %v", err)
		}
		must(t, r.connect.Revoke(t.Context(), workspace, conn.ID))
		if _, err := o.Operate(t.Context(), workspace, bankID, conn.ID, "card.order", order); onepoint.CodeOf(err) != onepoint.CodeConflict {
			t.Errorf("after the consent ended: %v", err)
		}
		if len(bank.made) != 0 || bank.calls["card.order"] != 0 || len(r.audited) != 0 {
			t.Errorf("made %q, audited %q", bank.made, r.audited)
		}
	})
}

func TestOperateDoesNotRepeatAChange(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		o, bank := r.operating()
		conn := r.connected()
		bank.fail = func(string) error { return onepoint.E(onepoint.CodeUnavailable, "order", "the answer broke off", nil) }
		_, err := o.Operate(t.Context(), workspace, bankID, conn.ID, "card.order", map[string]string{"holder": "May", "colour": "red"})
		if onepoint.CodeOf(err) != onepoint.CodeUnavailable || bank.calls["card.order"] != 1 {
			t.Errorf("%v, %d calls", err, bank.calls["card.order"])
		}
		bank.fail = func(string) error { return onepoint.E(onepoint.CodeTokenInvalid, "order", "token", nil) }
		if _, err := o.Operate(t.Context(), workspace, bankID, "", "key.close", nil); onepoint.CodeOf(err) != onepoint.CodeTokenInvalid || bank.calls["key.close"] != 1 {
			t.Errorf("as ourselves: %v, %d calls", err, bank.calls["key.close"])
		}
		bank.fail = nil
		bank.revoked = true
		if _, err := o.Operate(t.Context(), workspace, bankID, conn.ID, "card.list", nil); onepoint.CodeOf(err) != onepoint.CodeConsentInvalid {
			t.Errorf("revoked at the bank: %v", err)
		}
	})
}

func TestBankWithoutOperations(t *testing.T) {
	onBoth(t, func(t *testing.T, r *rig) {
		plain := &tpp.Operating{Connecting: r.connect, Audit: r}
		all, err := plain.Operations(t.Context(), workspace, bankID)
		if err != nil || len(all) != 0 {
			t.Errorf("%v, %v", all, err)
		}
		if _, err := plain.Operate(t.Context(), workspace, bankID, "", "key.list", nil); onepoint.CodeOf(err) != onepoint.CodeNotFound {
			t.Errorf("got %v", err)
		}
		o, bank := r.operating()
		if all, err := o.Operations(t.Context(), workspace, bankID); err != nil || len(all) != len(bank.Operations()) {
			t.Errorf("%v, %v", all, err)
		}
	})
}
