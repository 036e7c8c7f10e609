package obie

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// EventType names a kind of event as its URN.
type EventType string

// The event types of the standard.
const (
	EventResourceUpdate       EventType = "urn:uk:org:openbanking:events:resource-update"
	EventConsentRevoked       EventType = "urn:uk:org:openbanking:events:consent-authorization-revoked"
	EventLinkedAccountsUpdate EventType = "urn:uk:org:openbanking:events:account-access-consent-linked-account-update"
)

// EventTypes are all of them.
func EventTypes() []EventType {
	return []EventType{EventResourceUpdate, EventConsentRevoked, EventLinkedAccountsUpdate}
}

// The two ways a TPP registers where events go.
const (
	EventSubscriptionKind = "event-subscription"
	CallbackURLKind       = "callback-url"
)

// EventSubscription is what a TPP wants to hear, and where. A callback URL (the
// older form) is one without event types.
type EventSubscription struct {
	ID          string
	Kind        string // [EventSubscriptionKind] or [CallbackURLKind]
	CallbackURL string // empty: the TPP polls
	Version     string // of the notification: 3.1, 4.0
	EventTypes  []EventType
}

// Wants reports whether the subscription covers a type. One that names none
// covers all.
func (s EventSubscription) Wants(t EventType) bool {
	return len(s.EventTypes) == 0 || slices.Contains(s.EventTypes, t)
}

// Path is the version as it stands in paths: v3.1.
func (s EventSubscription) Path() string { return "v" + majorMinor(s.Version) }

// majorMinor is 3.1 for 3.1, 3.1.11 and v3.1, and "" for a version that events
// do not come in.
func majorMinor(version string) string {
	version = strings.TrimPrefix(version, "v")
	for _, known := range []string{"3.1", "4.0"} {
		rest, ok := strings.CutPrefix(version, known)
		if ok && (rest == "" || rest[0] == '.' && len(rest) <= 3 && strings.Trim(rest[1:], "0123456789") == "" && len(rest) > 1) {
			return known
		}
	}
	return ""
}

// EventResource is what an event is about, by the standard's resource type:
// account-access-consent, domestic-payment.
type EventResource struct {
	Type string
	ID   string
}

// Scope is the OAuth scope that a TPP needs to hear of the resource.
func (r EventResource) Scope() string {
	switch r.mount() {
	case "aisp":
		return "accounts"
	case "cbpii":
		return "fundsconfirmations"
	}
	return "payments"
}

func (r EventResource) mount() string {
	switch {
	case strings.HasPrefix(r.Type, "account"):
		return "aisp"
	case strings.HasPrefix(r.Type, "funds-confirmation"):
		return "cbpii"
	}
	return "pisp"
}

// Link is the resource's address in one version of the API.
func (r EventResource) Link(base, version string) string {
	return base + "/open-banking/" + version + "/" + r.mount() + "/" + r.Type + "s/" + r.ID
}

// EventPoll is one call of the aggregated polling endpoint.
type EventPoll struct {
	Max    int  // 0 only acknowledges; -1: as many as the bank gives at once
	Wait   bool // for an event, when there is none
	Ack    []string
	Errors map[string]EventError // by jti
	Scopes []string              // of the caller's token: what it may hear of
}

// EventError says why a TPP did not take an event.
type EventError struct {
	Code        string `json:"err"`
	Description string `json:"description"`
}

// EventBatch is what a poll found: signed tokens by jti.
type EventBatch struct {
	Sets map[string]string
	More bool
}

// SecurityEvent is one event as its token tells it.
type SecurityEvent struct {
	ID       string // jti
	Type     EventType
	Resource EventResource
	Txn      string // the same for all that came of one cause
	At       time.Time
	Issued   time.Time
}

// eventRefusal is a refusal with its code in both versions.
type eventRefusal struct {
	status int
	v4, v3 string // "" for an answer without body
	msg    string
	path   string
}

// Error implements error.
func (r *eventRefusal) Error() string { return r.v4 + ": " + r.msg }

func badEvent(v4, v3, msg, path string) error {
	return &eventRefusal{http.StatusBadRequest, v4, v3, msg, path}
}
