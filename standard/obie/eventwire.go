package obie

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// The wire types of events-openapi.yaml, and of callback-urls, which are in the
// prose only.

type wireSubscription struct {
	ID          string      `json:"EventSubscriptionId,omitempty"`
	CallbackURL string      `json:"CallbackUrl,omitempty"`
	Version     string      `json:"Version"`
	EventTypes  []EventType `json:"EventTypes,omitempty"`
}

type wireCallback struct {
	ID      string `json:"CallbackUrlId,omitempty"`
	URL     string `json:"Url"`
	Version string `json:"Version"`
}

type eventEnvelope[T any] struct {
	Data  T           `json:"Data"`
	Links *eventLinks `json:"Links,omitempty"`
	Meta  *eventMeta  `json:"Meta,omitempty"`
}

type eventLinks struct {
	Self string `json:"Self"`
}

type eventMeta struct {
	TotalPages int `json:"TotalPages,omitempty"`
}

type wireSubscriptions struct {
	EventSubscription []wireSubscription `json:"EventSubscription"`
}

type wireCallbacks struct {
	CallbackURL []wireCallback `json:"CallbackUrl"`
}

type wirePoll struct {
	MaxEvents         *int                  `json:"maxEvents,omitempty"`
	ReturnImmediately bool                  `json:"returnImmediately,omitempty"`
	Ack               []string              `json:"ack,omitempty"`
	SetErrs           map[string]EventError `json:"setErrs,omitempty"`
}

type wireBatch struct {
	MoreAvailable bool              `json:"moreAvailable"`
	Sets          map[string]string `json:"sets"`
}

func enveloped[T any](data T, self string) eventEnvelope[T] {
	return eventEnvelope[T]{Data: data, Links: &eventLinks{self}, Meta: &eventMeta{}}
}

// decodeEvent reads a request body strictly.
func decodeEvent(body []byte, to any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err := dec.Decode(to)
	if err == nil && dec.More() {
		err = errors.New("more after the object")
	}
	if err == nil {
		return nil
	}
	var typed *json.UnmarshalTypeError
	name, unknown := strings.CutPrefix(err.Error(), "json: unknown field ")
	switch {
	case unknown:
		return badEvent("U005", "UK.OBIE.Field.Unexpected", "the field is not expected here", strings.Trim(name, `"`))
	case errors.As(err, &typed):
		return badEvent("U002", "UK.OBIE.Field.Invalid", "the field has the wrong type", typed.Field)
	}
	return badEvent("U010", "UK.OBIE.Resource.InvalidFormat", "the body is not the JSON that is expected", "")
}

// readSubscription is an event-subscription's body; id is the path's, empty for a
// new one.
func readSubscription(body []byte, id string) (EventSubscription, error) {
	var w eventEnvelope[wireSubscription]
	if err := decodeEvent(body, &w); err != nil {
		return EventSubscription{}, err
	}
	s := EventSubscription{
		ID: id, Kind: EventSubscriptionKind, CallbackURL: w.Data.CallbackURL, Version: w.Data.Version, EventTypes: w.Data.EventTypes,
	}
	if w.Data.ID != id {
		return s, misnamed(w.Data.ID, id, "Data.EventSubscriptionId")
	}
	for i, t := range s.EventTypes {
		if !slices.Contains(EventTypes(), t) {
			return s, badEvent("U024", "UK.OBIE.Unsupported.EventType", "the event type is not supported", fmt.Sprintf("Data.EventTypes[%d]", i))
		}
		if slices.Contains(s.EventTypes[:i], t) {
			return s, badEvent("U002", "UK.OBIE.Field.Invalid", "the event type is there twice", fmt.Sprintf("Data.EventTypes[%d]", i))
		}
	}
	return s, s.validate("Data.CallbackUrl")
}

// readCallback is a callback-url's body.
func readCallback(body []byte, id string) (EventSubscription, error) {
	var w eventEnvelope[wireCallback]
	if err := decodeEvent(body, &w); err != nil {
		return EventSubscription{}, err
	}
	s := EventSubscription{ID: id, Kind: CallbackURLKind, CallbackURL: w.Data.URL, Version: w.Data.Version}
	switch {
	case w.Data.ID != id && w.Data.ID != "": // a changed one need not repeat it
		return s, misnamed(w.Data.ID, id, "Data.CallbackUrlId")
	case s.CallbackURL == "":
		return s, badEvent("U004", "UK.OBIE.Field.Missing", "the field is missing", "Data.Url")
	}
	return s, s.validate("Data.Url")
}

// misnamed is for a body whose id is not the one of the path: it may be absent.
func misnamed(inBody, inPath, field string) error {
	switch {
	case inPath == "":
		return badEvent("U005", "UK.OBIE.Field.Unexpected", "the bank gives the identification", field)
	case inBody == "":
		return badEvent("U004", "UK.OBIE.Field.Missing", "the field is missing", field)
	}
	return badEvent("U002", "UK.OBIE.Field.Invalid", "must be the identification in the path", field)
}

// validate checks what the standard says of version and address; whether the
// bank calls such an address is the bank's matter.
func (s EventSubscription) validate(field string) error {
	switch {
	case s.Version == "":
		return badEvent("U004", "UK.OBIE.Field.Missing", "the field is missing", "Data.Version")
	case len(s.Version) > 10 || majorMinor(s.Version) == "":
		return badEvent("U002", "UK.OBIE.Field.Invalid", "must be 3.1 or 4.0", "Data.Version")
	case s.CallbackURL == "":
		return nil
	}
	u, err := url.Parse(s.CallbackURL)
	invalid := func(msg string) error { return badEvent("U002", "UK.OBIE.Field.Invalid", msg, field) }
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.RawQuery != "" || len(s.CallbackURL) > 512:
		return invalid("must be an absolute address without user, query and fragment")
	case !strings.HasSuffix(u.Path, "/"+s.Path()+"/event-notifications"):
		return invalid("must end in /" + s.Path() + "/event-notifications, after the version")
	}
	return nil
}

func readPoll(body []byte, scopes []string) (EventPoll, error) {
	var w wirePoll
	if err := decodeEvent(body, &w); err != nil {
		return EventPoll{}, err
	}
	p := EventPoll{Max: -1, Wait: !w.ReturnImmediately, Ack: w.Ack, Errors: w.SetErrs, Scopes: scopes}
	if w.MaxEvents != nil {
		p.Max = *w.MaxEvents
		if p.Max < 0 {
			return p, badEvent("U002", "UK.OBIE.Field.Invalid", "must not be negative", "maxEvents")
		}
	}
	for i, id := range w.Ack {
		if id == "" || len(id) > 128 {
			return p, badEvent("U002", "UK.OBIE.Field.Invalid", "must have 1 to 128 characters", fmt.Sprintf("ack[%d]", i))
		}
	}
	for id, e := range w.SetErrs {
		if id == "" || len(id) > 128 || e.Code == "" || len(e.Code) > 40 || e.Description == "" || len(e.Description) > 256 {
			return p, badEvent("U002", "UK.OBIE.Field.Invalid", "must hold err (1 to 40 characters) and description (1 to 256)", "setErrs")
		}
	}
	return p, nil
}
