package obie

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of a JSON document that comes from outside.
const (
	maxDepth  = 24
	maxNumber = 40 // characters of one number
	maxExp    = 99 // of its exponent
)

// parseJSON reads one JSON value and nothing after it: objects are
// map[string]any, numbers are json.Number. It refuses text that is not UTF-8,
// members that come twice, nesting deeper than 24 and numbers longer than 40
// characters: readers differ in what they make of them.
func parseJSON(b []byte) (any, error) {
	if !utf8.Valid(b) {
		return nil, errors.New("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	v, err := parseValue(dec, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more after the value")
	}
	return v, nil
}

func parseValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deep")
	}
	t, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return parseObject(dec, depth)
		}
		return parseArray(dec, depth)
	case json.Number:
		if _, ok := rational(t); !ok {
			return nil, errors.New("a number out of range")
		}
	}
	return t, nil
}

func parseObject(dec *json.Decoder, depth int) (any, error) {
	o := map[string]any{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, errors.New("a member without a name")
		}
		if _, twice := o[name]; twice {
			return nil, fmt.Errorf("member %.40q twice", name)
		}
		if o[name], err = parseValue(dec, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := dec.Token()
	return o, err
}

func parseArray(dec *json.Decoder, depth int) (any, error) {
	a := []any{}
	for dec.More() {
		v, err := parseValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
	}
	_, err := dec.Token()
	return a, err
}

// rational is the exact value of a number, false for one that is too long.
func rational(n json.Number) (*big.Rat, bool) {
	s := string(n)
	if len(s) > maxNumber {
		return nil, false
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if e, err := strconv.Atoi(s[i+1:]); err != nil || e > maxExp || e < -maxExp {
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

// SameJSON reports whether two JSON texts say the same: members in any order,
// numbers by their exact value, everything else to the letter. Text that is no
// JSON is the same as nothing.
func SameJSON(a, b []byte) bool {
	x, errX := parseJSON(a)
	y, errY := parseJSON(b)
	return errX == nil && errY == nil && same(x, y)
}

func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		o, ok := b.(map[string]any)
		if !ok || len(a) != len(o) {
			return false
		}
		for name, v := range a {
			w, ok := o[name]
			if !ok || !same(v, w) {
				return false
			}
		}
		return true
	case []any:
		o, ok := b.([]any)
		if !ok || len(a) != len(o) {
			return false
		}
		for i := range a {
			if !same(a[i], o[i]) {
				return false
			}
		}
		return true
	case json.Number:
		n, ok := b.(json.Number)
		if !ok {
			return false
		}
		x, okX := rational(a)
		y, okY := rational(n)
		return okX && okY && x.Cmp(y) == 0
	}
	return a == b
}

// dig walks into an object by names; nil when there is nothing.
func dig(v any, names ...string) any {
	for _, name := range names {
		o, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = o[name]
	}
	return v
}

// textAt is the string that is there, or "".
func textAt(v any, names ...string) string {
	s, _ := dig(v, names...).(string)
	return s
}

// encode writes a part of a parsed document; nil for nothing.
func encode(v any) json.RawMessage {
	if v == nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // what was parsed from JSON encodes
	}
	return b
}

// DiffJSON is the path of the first member, in the order of names, in which two
// JSON texts differ, below the name given; "" when they say the same.
func DiffJSON(name string, a, b []byte) string {
	x, errX := parseJSON(a)
	y, errY := parseJSON(b)
	if errX != nil || errY != nil {
		return name
	}
	return diff(name, x, y)
}

func diff(path string, a, b any) string {
	x, okX := a.(map[string]any)
	y, okY := b.(map[string]any)
	if !okX || !okY {
		if same(a, b) {
			return ""
		}
		return path
	}
	names := map[string]bool{}
	for _, o := range []map[string]any{x, y} {
		for n := range o {
			names[n] = true
		}
	}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		v, inX := x[n]
		w, inY := y[n]
		if inX != inY {
			return join(path, n)
		}
		if d := diff(join(path, n), v, w); d != "" {
			return d
		}
	}
	return ""
}

// Without is a JSON object without some of its members.
func Without(object []byte, names ...string) json.RawMessage {
	v, err := parseJSON(object)
	o, ok := v.(map[string]any)
	if err != nil || !ok {
		return object
	}
	for _, n := range names {
		delete(o, n)
	}
	return encode(o)
}

// MemberJSON is one member of a JSON object, nil when it has none of that name.
func MemberJSON(object []byte, name string) json.RawMessage {
	v, err := parseJSON(object)
	if err != nil {
		return nil
	}
	return encode(dig(v, name))
}
