package bunq

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/onepointledger/onepoint"
)

// element is one object of an answer: bunq names its kind by its only key.
type element struct {
	Kind  string
	Inner json.RawMessage // what stands under the key, byte for byte
	Whole json.RawMessage // with the key
}

// envelope is every successful answer.
type envelope struct {
	Elements []element
	older    string // address of the next older page; "" on the last
}

func broken(what string, cause error) error {
	return onepoint.E(onepoint.CodeProtocol, "read bunq's answer", what+" in bunq's answer is malformed", cause)
}

// parseEnvelope reads {"Response":[{"Kind":{…}}],"Pagination":{…}}.
func parseEnvelope(body []byte) (envelope, error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(body, &top); err != nil {
		return envelope{}, broken("the envelope", err)
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(top["Response"], &rows); err != nil || rows == nil {
		return envelope{}, broken("the Response", err)
	}
	out := envelope{Elements: make([]element, 0, len(rows))}
	for _, row := range rows {
		var named map[string]json.RawMessage
		if err := json.Unmarshal(row, &named); err != nil || len(named) != 1 {
			return envelope{}, broken("an object", err)
		}
		for kind, inner := range named {
			if kind == "" || !bytes.HasPrefix(inner, []byte("{")) {
				return envelope{}, broken("an object", nil)
			}
			out.Elements = append(out.Elements, element{Kind: kind, Inner: inner, Whole: row})
		}
	}
	var page struct {
		Older *string `json:"older_url"`
	}
	if raw, ok := top["Pagination"]; ok {
		if err := json.Unmarshal(raw, &page); err != nil {
			return envelope{}, broken("the Pagination", err)
		}
	}
	if page.Older != nil {
		out.older = *page.Older
	}
	return out, nil
}

// olderID is the cursor of the next page: the older_id of its address, and of
// the address nothing else, so that no answer leads away from the bank.
func (e envelope) olderID() (string, error) {
	if e.older == "" || len(e.Elements) == 0 { // an empty page is the last, whatever it says
		return "", nil
	}
	u, err := url.Parse(e.older)
	if err != nil {
		return "", broken("the next page", err)
	}
	id := u.Query().Get("older_id")
	if !isNumber(id) {
		return "", broken("the next page", nil)
	}
	return id, nil
}

// isNumber reports whether an id is one of bunq's: digits that fit 63 bits.
func isNumber(s string) bool {
	return s != "" && len(s) <= 18 && strings.Trim(s, "0123456789") == ""
}

// get decodes the first object of a kind. [onepoint.CodeProtocol] when there is
// none.
func (e envelope) get(kind string, v any) error {
	for _, el := range e.Elements {
		if el.Kind == kind {
			return el.decode(v)
		}
	}
	return onepoint.E(onepoint.CodeProtocol, "read bunq's answer", "bunq's answer holds no "+kind, nil)
}

func (e element) decode(v any) error {
	if err := json.Unmarshal(e.Inner, v); err != nil {
		return broken("a "+kindShown(e.Kind), err)
	}
	return nil
}

// kindShown keeps a name that an answer chose short enough for a message.
func kindShown(s string) string {
	if len(s) > 40 {
		return s[:40]
	}
	return s
}

// id reads the answer to a creation.
func (e envelope) id() (string, error) {
	var v struct {
		ID json.Number `json:"id"`
	}
	if err := e.get("Id", &v); err != nil {
		return "", err
	}
	if !isNumber(v.ID.String()) {
		return "", broken("the Id", nil)
	}
	return v.ID.String(), nil
}
