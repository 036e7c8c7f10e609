package berlin

import "encoding/json"

// Structured is a structured remittance: a string in one version of the
// standard, an object with a reference in another.
type Structured struct {
	Reference string
}

// UnmarshalJSON reads either form.
func (s *Structured) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &s.Reference) == nil {
		return nil
	}
	var object struct {
		Reference string `json:"reference"`
	}
	err := json.Unmarshal(b, &object)
	s.Reference = object.Reference
	return err
}

// MarshalJSON writes the string form, the one that more banks read.
func (s Structured) MarshalJSON() ([]byte, error) { return json.Marshal(s.Reference) }

// Exchanges are exchange rates: an array by the standard, one object at some
// banks.
type Exchanges []Exchange

// UnmarshalJSON reads either form.
func (e *Exchanges) UnmarshalJSON(b []byte) error {
	var list []Exchange
	if json.Unmarshal(b, &list) == nil {
		*e = list
		return nil
	}
	var one Exchange
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	*e = Exchanges{one}
	return nil
}
