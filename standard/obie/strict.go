package obie

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
)

// decodeStrict decodes one JSON object whose fields are all known, are spelled
// exactly as the standard spells them, and come once each: encoding/json alone
// would take other letters and let the last of two win.
func decodeStrict(body []byte, into any) error {
	malformed := &refusal{http.StatusBadRequest, "U010", "the body is not the JSON that is expected", ""}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var ref *refusal
	if err := checkFields(dec, reflect.TypeOf(into), ""); errors.As(err, &ref) {
		return ref
	} else if err != nil {
		return malformed
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return &refusal{http.StatusBadRequest, "U010", "there is more after the JSON object", ""}
	}
	var typed *json.UnmarshalTypeError
	if err := json.Unmarshal(body, into); errors.As(err, &typed) && typed.Field != "" {
		return fieldInvalid(typed.Field, "the field has the wrong type")
	} else if err != nil {
		return malformed
	}
	return nil
}

// checkFields walks one JSON value beside the type that it is for; a nil type
// takes anything.
func checkFields(dec *json.Decoder, t reflect.Type, path string) error {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	token, err := dec.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		err = checkObject(dec, t, path)
	case json.Delim('['):
		var elem reflect.Type
		if t != nil && t.Kind() == reflect.Slice {
			elem = t.Elem()
		}
		for err == nil && dec.More() {
			err = checkFields(dec, elem, path)
		}
	default:
		return nil
	}
	if err != nil {
		return err
	}
	_, err = dec.Token() // what closes it
	return err
}

func checkObject(dec *json.Decoder, t reflect.Type, path string) error {
	known, seen := fieldsOf(t), map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // a key always is one
		at := strings.TrimPrefix(path+"."+name, ".")
		field, ok := known[name]
		switch {
		case known != nil && !ok:
			return &refusal{http.StatusBadRequest, "U005", "the field is not expected here", at}
		case seen[name]:
			return &refusal{http.StatusBadRequest, "U005", "the field comes twice", at}
		}
		seen[name] = true
		if err := checkFields(dec, field, at); err != nil {
			return err
		}
	}
	return nil
}

// fieldsOf are the JSON names of a struct with their types, nil for what is no
// struct.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	known := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			known[name] = f.Type
		}
	}
	return known
}
