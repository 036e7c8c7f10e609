package modelbank

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

// Event is something that a TPP may want to hear of. Whoever changes the
// resource gives it to the outbox in the same transaction.
type Event struct {
	ID       string // jti; made when empty
	ClientID string // whose resource it is
	Type     obie.EventType
	Resource obie.EventResource
	Txn      string // the same for all that came of one cause; made when empty
	At       time.Time
}

// Named is the event with its id and its cause's.
func (e Event) Named() Event {
	if e.ID == "" {
		e.ID = "evt_" + strings.ToLower(rand.Text())
	}
	if e.Txn == "" {
		e.Txn = "txn_" + strings.ToLower(rand.Text())
	}
	return e
}

// EventState is how far an event has come on its way to one TPP.
type EventState string

// The states. Only a waiting event is pushed or given to a poll.
const (
	EventWaiting      EventState = "waiting"
	EventDelivered    EventState = "delivered"    // the callback took it
	EventAcknowledged EventState = "acknowledged" // by a poll
	EventFailed       EventState = "failed"       // the TPP says it cannot use it
	EventDropped      EventState = "dropped"      // the TPP unsubscribed
)

// Notification is an event on its way to one TPP, with the subscription as it
// stands.
type Notification struct {
	Event
	State       EventState
	Attempts    int    // to push it, the one that is claimed included
	CallbackURL string // empty: the TPP polls
	Version     string
	EventTypes  []obie.EventType
}

// Delivery is one attempt to push an event.
type Delivery struct {
	EventID string
	Attempt int
	At      time.Time
	Took    time.Duration
	Status  int    // 0 when no answer came
	Fault   string // why it did not succeed; empty when it did
}

// ConsentEvents are what one change of a consent tells its TPP. What the TPP did
// itself it is not told.
func ConsentEvents(before, after Lodged) []Event {
	resource := obie.EventResource{Type: "account-access-consent", ID: after.ID}
	tell := func(t obie.EventType) []Event {
		return []Event{{ClientID: after.TPP.ClientID, Type: t, Resource: resource, At: after.Updated}}
	}
	switch {
	case before.Deleted.IsZero() && !after.Deleted.IsZero():
		return nil
	case before.Status != after.Status && after.Status == onepoint.ConsentRevoked:
		return tell(obie.EventConsentRevoked)
	case before.Status != after.Status:
		return tell(obie.EventResourceUpdate)
	case after.Status == onepoint.ConsentAuthorised && !slices.Equal(before.Accounts, after.Accounts):
		told := tell(obie.EventLinkedAccountsUpdate)
		told[0].At = time.Time{} // a renewal leaves Updated; the outbox takes the time of the commit
		return told
	}
	return nil
}
