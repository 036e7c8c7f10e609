package bunq

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/onepointledger/onepoint"
)

// operation is one row of the table of calls: what it takes, where it goes and
// what answers.
type operation struct {
	name, title, help string
	client            bool // made as the TPP itself
	op                string
	method            string
	path              string // after the user; {name} stands for a field
	takes             []field
	body              func(in map[string]string) any // nil for none; what is left goes into a GET's query
	kind              string                         // of the objects in the answer; "" shows each under its kind
	list              bool
}

// Operations implements onepoint.Operator.
func (c *Connector) Operations() []onepoint.Operation {
	var out []onepoint.Operation
	for _, o := range operations() {
		out = append(out, o.shown())
	}
	return out
}

func (o operation) shown() onepoint.Operation {
	out := onepoint.Operation{
		Name: o.name, Title: o.title, Help: o.help, Client: o.client, Changes: o.method != http.MethodGet, Fields: []onepoint.Field{},
	}
	for _, f := range o.takes {
		out.Fields = append(out.Fields, onepoint.Field{Name: f.name, Message: f.expects, Optional: f.optional})
	}
	return out
}

// Operate implements onepoint.Operator.
func (c *Connector) Operate(ctx context.Context, g onepoint.Grant, name string, in map[string]string) (json.RawMessage, error) {
	all := operations()
	i := slices.IndexFunc(all, func(o operation) bool { return o.name == name })
	if i < 0 {
		return nil, onepoint.E(onepoint.CodeNotFound, "call bunq", "bunq has no call of this name through us", nil)
	}
	o := all[i]
	if err := o.check(in); err != nil {
		return nil, err
	}
	r := o.request(in)
	var e envelope
	var err error
	if o.client {
		e, err = c.asPSP(ctx, r)
	} else {
		e, err = c.asUser(ctx, g, r)
	}
	if err != nil {
		return nil, err
	}
	return o.answer(e)
}

// check names every field that is missing, wrong or not asked for.
func (o operation) check(in map[string]string) error {
	var faults []onepoint.Field
	for _, f := range o.takes {
		value := in[f.name]
		switch {
		case value == "" && !f.optional:
			faults = append(faults, onepoint.Field{Name: f.name, Message: "is needed: " + f.expects})
		case value != "" && !f.fits(value):
			faults = append(faults, onepoint.Field{Name: f.name, Message: "must be " + f.expects})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if !slices.ContainsFunc(o.takes, func(f field) bool { return f.name == name }) {
			faults = append(faults, onepoint.Field{Name: shortName(name), Message: "is no field of this call"})
		}
	}
	if len(faults) == 0 {
		faults = checkTogether(in)
	}
	if len(faults) == 0 {
		return nil
	}
	words := make([]string, len(faults))
	for i, f := range faults {
		words[i] = f.Name + " " + f.Message
	}
	return &onepoint.Error{Code: onepoint.CodeInvalid, Op: o.op, Msg: strings.Join(words, "; "), Fields: faults}
}

// request is the call for fields that were checked: what the path has no place
// for goes into the query of a GET and into the body of the others.
func (o operation) request(in map[string]string) request {
	r := request{op: o.op, method: o.method, path: o.path}
	query := url.Values{}
	for _, f := range o.takes {
		place := "{" + f.name + "}"
		switch value := in[f.name]; {
		case strings.Contains(r.path, place):
			r.path = strings.ReplaceAll(r.path, place, url.PathEscape(value))
		case o.method == http.MethodGet && value != "":
			query.Set(f.name, value)
		}
	}
	if len(query) > 0 {
		r.path += "?" + query.Encode()
	}
	if o.body != nil {
		r.body = o.body(in)
	}
	return r
}

// answer takes the objects out of the envelope, as bunq wrote them.
func (o operation) answer(e envelope) (json.RawMessage, error) {
	objects := make([][]byte, 0, len(e.Elements))
	for _, el := range e.Elements {
		switch o.kind {
		case "":
			objects = append(objects, el.Whole)
		case el.Kind:
			objects = append(objects, el.Inner)
		default:
			return nil, broken("a "+kindShown(el.Kind), nil)
		}
	}
	switch {
	case o.list:
		return slices.Concat([]byte("["), bytes.Join(objects, []byte(",")), []byte("]")), nil
	case len(objects) == 1:
		return objects[0], nil
	case len(objects) == 0 && o.method == http.MethodPut: // it was so already
		return json.RawMessage("{}"), nil
	}
	return nil, broken("the object", nil)
}
