package obie

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

const (
	setType     = "secevent+jwt" // RFC 8417 section 2.3
	subjectType = "http://openbanking.org.uk/rid_http://openbanking.org.uk/rty"
)

// setClaims is the payload of a security event token (RFC 8417), as
// OBEventNotification1 has it.
type setClaims struct {
	Issuer   string                  `json:"iss"`
	IssuedAt int64                   `json:"iat"`
	ID       string                  `json:"jti"`
	Audience string                  `json:"aud"`
	Subject  string                  `json:"sub"`
	Txn      string                  `json:"txn"`
	At       int64                   `json:"toe"`
	Events   map[EventType]setDetail `json:"events"`
}

type setDetail struct {
	Reason  string     `json:"reason,omitempty"`
	Subject setSubject `json:"subject"`
}

type setSubject struct {
	Type         string    `json:"subject_type"`
	ResourceID   string    `json:"http://openbanking.org.uk/rid"`
	ResourceType string    `json:"http://openbanking.org.uk/rty"`
	Links        []setLink `json:"http://openbanking.org.uk/rlk"`
}

type setLink struct {
	Version string `json:"version"`
	Link    string `json:"link"`
}

// EventIssuer signs events as security event tokens.
type EventIssuer struct {
	Issuer  string                 // the bank's, as in discovery
	BaseURL string                 // of the bank's resources
	Key     func() fapi.SigningKey // the one of the day, PS256
}

// Sign makes the token of an event for one TPP. version, "v4.0", is the one
// whose address stands in sub; the links name every version.
func (i EventIssuer) Sign(e SecurityEvent, audience, version string) (string, error) {
	s := setSubject{Type: subjectType, ResourceID: e.Resource.ID, ResourceType: e.Resource.Type}
	for _, v := range []string{"v3.1", "v4.0"} {
		s.Links = append(s.Links, setLink{v, e.Resource.Link(i.BaseURL, v)})
	}
	return fapi.SignJWT(i.Key(), setType, setClaims{
		Issuer: i.Issuer, IssuedAt: e.Issued.Unix(), ID: e.ID, Audience: audience, Subject: e.Resource.Link(i.BaseURL, version),
		Txn: e.Txn, At: e.At.Unix(), Events: map[EventType]setDetail{e.Type: {Subject: s}},
	})
}

// SETCheck says what a token must satisfy to be believed.
type SETCheck struct {
	Issuer   string
	Audience string // our client id
	Now      time.Time
	MaxAge   time.Duration // iat is not older; 0 means 24 hours
}

// VerifySET checks a security event token with the bank's keys and reads it.
// Errors: [onepoint.CodeSignatureInvalid] when the signature does not verify,
// [onepoint.CodeInvalid], with the claim in Fields, for anything else.
func VerifySET(token string, keys jwk.Set, c SETCheck) (SecurityEvent, error) {
	var claims setClaims
	err := fapi.VerifyJWT(token, keys, fapi.Check{
		Issuer: c.Issuer, Audience: []string{c.Audience}, Now: c.Now, RequireID: true, Algs: []string{"PS256"},
	}, &claims)
	if err != nil {
		return SecurityEvent{}, err
	}
	if err := setTyped(token); err != nil {
		return SecurityEvent{}, err
	}
	return claims.event(c)
}

// setTyped refuses tokens that say they are of another kind. Banks write the
// standard's example, JWT, as often as RFC 8417's name.
func setTyped(token string) error {
	head, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(head)
	if err != nil {
		return setWrong("typ", "the header is not base64url")
	}
	var h struct {
		Type string `json:"typ"`
	}
	if err := json.Unmarshal(raw, &h); err != nil {
		return setWrong("typ", "the header is malformed")
	}
	switch strings.TrimPrefix(strings.ToLower(h.Type), "application/") {
	case setType, "jwt":
		return nil
	}
	return setWrong("typ", "must be secevent+jwt")
}

func setWrong(claim, msg string) error { return onepoint.Missing("read event", claim, msg) }

func (c setClaims) event(check SETCheck) (SecurityEvent, error) {
	maxAge := check.MaxAge
	if maxAge == 0 {
		maxAge = 24 * time.Hour
	}
	issued, at := time.Unix(c.IssuedAt, 0).UTC(), time.Unix(c.At, 0).UTC()
	switch {
	case c.IssuedAt <= 0 || check.Now.Sub(issued) > maxAge:
		return SecurityEvent{}, setWrong("iat", "is missing or too long ago")
	case len(c.ID) > 128 || len(c.Txn) > 128:
		return SecurityEvent{}, setWrong("jti", "has at most 128 characters, as has txn")
	case c.At <= 0 || at.After(check.Now.Add(time.Minute)):
		return SecurityEvent{}, setWrong("toe", "is missing or lies in the future")
	case len(c.Events) != 1:
		return SecurityEvent{}, setWrong("events", "must hold one event")
	}
	e := SecurityEvent{ID: c.ID, Txn: c.Txn, At: at, Issued: issued}
	for t, detail := range c.Events {
		s := detail.Subject
		if s.ResourceID == "" || s.ResourceType == "" || len(s.ResourceID) > 128 || len(s.ResourceType) > 128 {
			return SecurityEvent{}, setWrong("events", "must name a resource by rid and rty")
		}
		e.Type, e.Resource = t, EventResource{s.ResourceType, s.ResourceID}
	}
	return e, nil
}
