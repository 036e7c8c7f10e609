package modelbank

import (
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
)

// Lodged is a consent as the bank keeps it. Its Status is as last decided;
// expiry shows only in what the bank answers.
type Lodged struct {
	onepoint.Consent
	Deleted time.Time // when its TPP deleted it; zero when it did not
}

// statusAt is the status with expiry taken into account. An awaiting consent
// does not expire; past its expiry nobody can authorise it.
func (c *Lodged) statusAt(now time.Time) onepoint.ConsentStatus {
	if c.Status == onepoint.ConsentAuthorised && c.pastExpiry(now) {
		return onepoint.ConsentExpired
	}
	return c.Status
}

func (c *Lodged) pastExpiry(now time.Time) bool {
	return !c.Access.Expires.IsZero() && !now.Before(c.Access.Expires)
}

func (c *Lodged) belongsTo(clientID, op string) error {
	if clientID == "" || c.TPP.ClientID != clientID {
		return onepoint.E(onepoint.CodeForbidden, op, "the consent is another TPP's", nil)
	}
	return nil
}

// approvable says why a user cannot authorise the consent now, if they cannot.
func (c *Lodged) approvable(now time.Time, op string) error {
	switch {
	case c.Status != onepoint.ConsentAwaiting && c.Status != onepoint.ConsentAuthorised:
		return onepoint.E(onepoint.CodeConflict, op, "the consent has ended: the application must ask for a new one", nil)
	case c.pastExpiry(now):
		return onepoint.E(onepoint.CodeConsentExpired, op, "the consent has expired: the application must ask for a new one", nil)
	}
	return nil
}

// approve authorises the consent, or authorises it again: by the same customer
// then, who may choose other accounts.
func (c *Lodged) approve(now time.Time, customer string, accounts []string) error {
	const op = "approve consent"
	if err := c.approvable(now, op); err != nil {
		return err
	}
	if c.Status == onepoint.ConsentAuthorised && c.Customer != customer {
		return onepoint.E(onepoint.CodeForbidden, op, "another customer gave this consent: only they can renew it", nil)
	}
	if c.Status != onepoint.ConsentAuthorised {
		c.Updated = now
	}
	c.Status, c.Customer, c.Accounts = onepoint.ConsentAuthorised, customer, slices.Clone(accounts)
	return nil
}

// reject is the user's no. To a renewal it changes nothing: what they gave
// before stays until they revoke it.
func (c *Lodged) reject(now time.Time) error {
	switch c.Status {
	case onepoint.ConsentAwaiting:
		c.Status, c.Updated = onepoint.ConsentRejected, now
	case onepoint.ConsentAuthorised, onepoint.ConsentRejected:
	default:
		return onepoint.E(onepoint.CodeConflict, "reject consent", "the consent has ended", nil)
	}
	return nil
}

// delete is the TPP's wish to end it. What was rejected or has expired has
// ended already and keeps its status.
func (c *Lodged) delete(now time.Time) {
	if c.Deleted.IsZero() {
		c.Deleted = now
	}
	live := c.Status == onepoint.ConsentAwaiting || c.statusAt(now) == onepoint.ConsentAuthorised
	if live {
		c.Status, c.Updated = onepoint.ConsentRevoked, now
	}
}

// usable says why data must not be read under the consent now, if they must not.
func (c *Lodged) usable(now time.Time, op string) error {
	switch status := c.statusAt(now); {
	case status == onepoint.ConsentExpired:
		return onepoint.E(onepoint.CodeConsentExpired, op, "the consent has expired: the user must consent again", nil)
	case status != onepoint.ConsentAuthorised || !c.Deleted.IsZero():
		return onepoint.E(onepoint.CodeConsentInvalid, op, "the consent is not authorised: the user must consent", nil)
	}
	return nil
}
