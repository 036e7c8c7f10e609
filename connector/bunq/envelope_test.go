package bunq

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/onepointledger/onepoint"
)

func TestParseEnvelope(t *testing.T) {
	tests := []struct {
		name, body string
		ok         bool
	}{
		{"no objects", `{"Response":[]}`, true},
		{"an object", `{"Response":[{"Id":{"id":7}}],"Pagination":{"older_url":null}}`, true},
		{"an unknown kind", `{"Response":[{"MonetaryAccountMoon":{}}]}`, true},
		{"not JSON", `<html>`, false},
		{"an error", `{"Error":[{"error_description":"x"}]}`, false},
		{"null for a list", `{"Response":null}`, false},
		{"another case", `{"response":[]}`, false},
		{"two kinds in one", `{"Response":[{"A":{},"B":{}}]}`, false},
		{"no kind", `{"Response":[{}]}`, false},
		{"a list for an object", `{"Response":[{"A":[]}]}`, false},
		{"null for an object", `{"Response":[{"A":null}]}`, false},
		{"a number for an address", `{"Response":[],"Pagination":{"older_url":7}}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseEnvelope([]byte(tt.body))
			if (err == nil) != tt.ok || err != nil && onepoint.CodeOf(err) != onepoint.CodeProtocol {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOlderIDIsAllThatIsTakenOfAnAddress(t *testing.T) {
	tests := []struct {
		name, address, want string
		ok                  bool
	}{
		{"a relative address", "/v1/user/1/monetary-account/1/payment?count=25&older_id=249", "249", true},
		{"another host", "https://evil.example/?older_id=5", "5", true},
		{"no address", "", "", true},
		{"no id", "/v1/user?count=25", "", false},
		{"an id that is none", "/v1/user?older_id=..%2F", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := envelope{Elements: make([]element, 1), older: tt.address}.olderID()
			if got != tt.want || (err == nil) != tt.ok {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestSessionTimeoutOfEitherKindOfUser(t *testing.T) {
	for text, want := range map[string]float64{
		`{"id":1,"session_timeout":324000}`:                                324000,
		`{"id":1,"granted_by_user":{"UserPerson":{"session_timeout":60}}}`: 60,
		`{"id":1}`:                      3600,
		`{"id":1,"session_timeout":-5}`: 3600,
	} {
		s := session{timeout: shortSession}
		if err := s.readUser(element{Kind: "UserApiKey", Inner: []byte(text)}); err != nil || s.timeout.Seconds() != want {
			t.Errorf("%s: %s, %v", text, s.timeout, err)
		}
	}
}

// Whatever arrives: no panic, one code of error, and objects that are kept byte
// for byte.
func FuzzParseEnvelope(f *testing.F) {
	f.Add([]byte(`{"Response":[{"Payment":{"id":1,"amount":{"value":"-1.00","currency":"EUR"}}}],"Pagination":{"older_url":"/v1?older_id=1"}}`))
	f.Add([]byte(`{"Response":[{"A":{}},{"B":{ "c" : [1] }}]}`))
	f.Add([]byte(`{"Error":[]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := parseEnvelope(body)
		if err != nil {
			if onepoint.CodeOf(err) != onepoint.CodeProtocol {
				t.Fatalf("got %v", err)
			}
			return
		}
		for _, el := range e.Elements {
			if !json.Valid(el.Inner) || !bytes.Contains(body, el.Whole) || !bytes.Contains(el.Whole, el.Inner) {
				t.Fatalf("an object was changed: %q", el.Whole)
			}
		}
		if id, err := e.olderID(); err == nil && id != "" && !isNumber(id) {
			t.Fatalf("got %q", id)
		}
	})
}
