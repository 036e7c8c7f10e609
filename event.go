package onepoint

import (
	"encoding/json"
	"time"
)

// EventType names what happened: "connection.authorised".
type EventType string

// The platform's events. An event commits together with the row it tells of,
// and background work starts only from a committed event or from the clock.
const (
	EventRegistrationRequested EventType = "registration.requested"
	EventRegistrationChanged   EventType = "registration.changed"
	EventConnectionCreated     EventType = "connection.created"
	EventConnectionAuthorised  EventType = "connection.authorised"
	EventConnectionChanged     EventType = "connection.changed"
	EventSyncRequested         EventType = "sync.requested"
	EventSyncProgress          EventType = "sync.progress"
	EventSyncFinished          EventType = "sync.finished"
	EventSyncFailed            EventType = "sync.failed"
	EventTransactionsChanged   EventType = "transactions.changed"
	EventPaymentCreated        EventType = "payment.created"
	EventPaymentAuthorised     EventType = "payment.authorised"
	EventPaymentChanged        EventType = "payment.changed"
	EventCertificateExpiring   EventType = "certificate.expiring"
	EventCertificateRevoked    EventType = "certificate.revoked"
)

// Event is one committed fact of one workspace. Seq counts up by one within the
// workspace, in commit order, without gaps: a reader that has seen n asks for
// what comes after n.
type Event struct {
	Workspace string          `json:"-"`
	Seq       int64           `json:"seq"`
	Type      EventType       `json:"type"`
	Subject   string          `json:"subject"` // id of the row it is about
	At        time.Time       `json:"at"`
	Data      json.RawMessage `json:"data,omitempty"` // no secret, no account number
}
