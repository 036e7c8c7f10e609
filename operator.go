package onepoint

import (
	"context"
	"encoding/json"
)

// Operation is one call that a bank has beyond accounts, payments and funds.
type Operation struct {
	Name    string  // stable: "request-inquiry.create"
	Title   string  // what it does, in a few words
	Help    string  // what else one should know before; may be empty
	Client  bool    // made as the TPP itself, without a user's grant
	Changes bool    // not only reads: never repeat it without looking
	Fields  []Field // what it takes; Optional ones may be left out
}

// Operator makes a bank's calls of its own. The set does not change while the
// program runs.
type Operator interface {
	// Operations lists the calls, in the order in which they are to be shown.
	Operations() []Operation
	// Operate makes one call and returns the bank's own JSON: one object, or an
	// array of objects. What in holds is checked before the bank is called; g is
	// the zero Grant for an operation with Client. Errors: [CodeNotFound] for a name
	// that is none of Operations and for a thing that the bank does not show to the
	// caller, [CodeInvalid] with Fields for what is missing, wrong or not asked for,
	// [CodeTokenInvalid] when a refresh may help, [CodeForbidden], [CodeRateLimited],
	// [CodeProtocol], and [CodeUnavailable], which leaves open whether the bank took a
	// change.
	Operate(ctx context.Context, g Grant, name string, in map[string]string) (json.RawMessage, error)
}
