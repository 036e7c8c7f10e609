package modelbank

import (
	"context"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/as"
)

var _ as.Dashboard = Journey{}

// Connected returns the consents that a customer gave, the newest first.
func (j Journey) Connected(ctx context.Context, customer string) ([]as.Connection, error) {
	const op = "list connected apps"
	list, err := j.bank.consents.ConsentsOf(ctx, customer)
	if err != nil {
		return nil, onepoint.E("", op, "", err)
	}
	held, err := j.bank.core.Accounts(ctx, customer)
	if err != nil {
		return nil, onepoint.E("", op, "", err)
	}
	names := map[string]string{}
	for _, a := range held {
		names[a.ID] = displayName(a)
	}
	var out []as.Connection
	for _, c := range list {
		status := c.statusAt(j.bank.now())
		view := as.Connection{
			ConsentID: c.ID, TPPName: c.TPP.Name, Kind: as.IntentAccounts, Title: "Reads your accounts",
			Active: status == onepoint.ConsentAuthorised && c.Deleted.IsZero(), Status: endedBy(c, status), Given: c.Updated, Expires: c.Access.Expires,
		}
		for _, id := range c.Accounts {
			if names[id] != "" {
				view.Accounts = append(view.Accounts, names[id])
			}
		}
		out = append(out, view)
	}
	return out, nil
}

func endedBy(c Lodged, status onepoint.ConsentStatus) string {
	switch {
	case !c.Deleted.IsZero():
		return "ended by the app"
	case status == onepoint.ConsentRevoked:
		return "ended by you"
	case status == onepoint.ConsentExpired:
		return "expired"
	}
	return string(status)
}

// Disconnect ends a consent at its customer's wish; what hangs on it elsewhere
// ends with it. CodeNotFound for one that is not theirs. Repeating it is no
// error.
func (j Journey) Disconnect(ctx context.Context, customer, consentID string) error {
	const op = "disconnect an app"
	now := j.bank.instant()
	_, err := j.bank.consents.UpdateConsent(ctx, consentID, func(c *Lodged) error {
		if customer == "" || c.Customer != customer {
			return onepoint.E(onepoint.CodeNotFound, op, "you gave no such permission", nil)
		}
		if c.statusAt(now) == onepoint.ConsentAuthorised {
			c.Status, c.Updated = onepoint.ConsentRevoked, now
		}
		return nil
	})
	if err == nil {
		err = j.bank.onRevoke(ctx, consentID)
	}
	if err != nil {
		return onepoint.E("", op, "", err)
	}
	j.bank.log.InfoContext(ctx, "consent ended by its customer", "consent", consentID)
	return nil
}
