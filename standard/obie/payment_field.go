package obie

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// shape is what a field may hold, as the standard's tables say it. A field that
// no table names is refused, except within free.
type shape struct {
	check  func(path string, v any) error
	fields []field // of an object
}

// field is one row of a table.
type field struct {
	name     string
	required bool
	shape    shape
}

// must is a row with occurrence 1..1, may one with 0..1.
func must(name string, s shape) field { return field{name, true, s} }
func may(name string, s shape) field  { return field{name, false, s} }

// object holds exactly these fields.
func object(fields ...field) shape {
	s := shape{fields: fields}
	s.check = func(path string, v any) error {
		o, ok := v.(map[string]any)
		if !ok {
			return invalid(path, "the field must be an object")
		}
		for _, f := range fields {
			in, there := o[f.name]
			if !there {
				if f.required {
					return missing(join(path, f.name))
				}
				continue
			}
			if err := f.shape.check(join(path, f.name), in); err != nil {
				return err
			}
		}
		return unexpected(path, o, fields)
	}
	return s
}

// unexpected refuses a member that no table names, always the same one.
func unexpected(path string, o map[string]any, fields []field) error {
	var strange []string
	for name := range o {
		if !slices.ContainsFunc(fields, func(f field) bool { return f.name == name }) {
			strange = append(strange, name)
		}
	}
	if len(strange) == 0 {
		return nil
	}
	return breach(codeUnexpected, join(path, clipPath(slices.Min(strange))), "the field is not expected here")
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// clipPath keeps a stranger's name from filling the answer.
func clipPath(s string) string {
	if len(s) > 100 {
		return s[:100]
	}
	return s
}

// list holds low to high items; high 0 is no limit but the body's.
func list(item shape, low, high int) shape {
	return shape{check: func(path string, v any) error {
		a, ok := v.([]any)
		if !ok {
			return invalid(path, "the field must be an array")
		}
		if len(a) < low || high > 0 && len(a) > high {
			return invalid(path, "the array holds too few or too many items")
		}
		for i, x := range a {
			if err := item.check(path+"["+strconv.Itoa(i)+"]", x); err != nil {
				return err
			}
		}
		return nil
	}}
}

// text is a string of low to high characters.
func text(low, high int) shape {
	return shape{check: func(path string, v any) error {
		s, ok := v.(string)
		if n := utf8.RuneCountInString(s); !ok || n < low || n > high {
			return invalid(path, "the field must be text of "+strconv.Itoa(low)+" to "+strconv.Itoa(high)+" characters")
		}
		return nil
	}}
}

// like is a string of a pattern.
func like(pattern string) shape { return likeOr(pattern, codeInvalid) }

func likeOr(pattern, code string) shape {
	re := regexp.MustCompile(pattern)
	return shape{check: func(path string, v any) error {
		if s, ok := v.(string); !ok || !re.MatchString(s) {
			return breach(code, path, "the field does not have the form that the standard prescribes")
		}
		return nil
	}}
}

// oneOf is a string of a closed list.
func oneOf(words ...string) shape { return oneOfOr(codeInvalid, words...) }

func oneOfOr(code string, words ...string) shape {
	return shape{check: func(path string, v any) error {
		if s, ok := v.(string); !ok || !slices.Contains(words, s) {
			return breach(code, path, "the field holds none of the values that are allowed")
		}
		return nil
	}}
}

// flag is a boolean.
func flag() shape {
	return shape{check: func(path string, v any) error {
		if _, ok := v.(bool); !ok {
			return invalid(path, "the field must be true or false")
		}
		return nil
	}}
}

// number is a JSON number that is not negative.
func number() shape {
	return shape{check: func(path string, v any) error {
		n, ok := v.(json.Number)
		if !ok || n[0] == '-' {
			return invalid(path, "the field must be a number")
		}
		return nil
	}}
}

// whole is a JSON number without a fraction.
func whole() shape {
	return shape{check: func(path string, v any) error {
		n, ok := v.(json.Number)
		if _, err := strconv.ParseInt(string(n), 10, 32); !ok || err != nil {
			return invalid(path, "the field must be a whole number")
		}
		return nil
	}}
}

// dateTime is an ISO 8601 date and time with its zone.
func dateTime() shape {
	return shape{check: func(path string, v any) error {
		s, ok := v.(string)
		if _, err := isoTime(s); !ok || err != nil {
			return breach(codeInvalidDate, path, "the field is no ISO 8601 date and time with a zone")
		}
		return nil
	}}
}

// isoTime reads the forms of a date and time that banks and TPPs send.
func isoTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05.999999999Z0700", s)
	}
	return t, err
}

// free is an object of anything: SupplementaryData.
func free() shape {
	return shape{check: func(path string, v any) error {
		if _, ok := v.(map[string]any); !ok {
			return invalid(path, "the field must be an object")
		}
		return nil
	}}
}

// either takes what one of the shapes takes.
func either(shapes ...shape) shape {
	return shape{check: func(path string, v any) (err error) {
		for _, s := range shapes {
			if err = s.check(path, v); err == nil {
				return nil
			}
		}
		return err
	}}
}
