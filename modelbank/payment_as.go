package modelbank

import (
	"context"
	"slices"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/standard/obie"
)

// PaymentJourney is the bank as its authorization server sees it, with payments:
// it tells a payment, VRP or funds consent from one of account access by its id.
type PaymentJourney struct {
	Journey
	Payments *Payments
}

var (
	_ as.Journey   = PaymentJourney{}
	_ as.Dashboard = PaymentJourney{}
)

// Intent implements [as.Journey].
func (j PaymentJourney) Intent(ctx context.Context, clientID, consentID string) (as.Intent, error) {
	if !j.Payments.Handles(consentID) {
		return j.Journey.Intent(ctx, clientID, consentID)
	}
	in, err := j.Payments.Intent(ctx, clientID, consentID)
	if err != nil {
		return as.Intent{}, err
	}
	out := as.Intent{
		ConsentID: in.ConsentID, TPPName: in.TPPName, Kind: in.Kind, Title: in.Title, Choose: as.ChooseOne,
		Only: in.Only, Currency: in.Currency, Renewal: in.Renewal, Expires: in.Expires,
	}
	for _, l := range in.Lines {
		out.Lines = append(out.Lines, as.Line{Label: l.Label, Value: l.Value})
	}
	return out, nil
}

// Approve implements [as.Journey].
func (j PaymentJourney) Approve(ctx context.Context, consentID, customer string, accounts []string) error {
	if j.Payments.Handles(consentID) {
		return j.Payments.Approve(ctx, consentID, customer, accounts)
	}
	return j.Journey.Approve(ctx, consentID, customer, accounts)
}

// Reject implements [as.Journey].
func (j PaymentJourney) Reject(ctx context.Context, consentID string) error {
	if j.Payments.Handles(consentID) {
		return j.Payments.Reject(ctx, consentID)
	}
	return j.Journey.Reject(ctx, consentID)
}

// Connected implements [as.Dashboard]: with VRP and funds consents, which last. A
// single payment connects nothing.
func (j PaymentJourney) Connected(ctx context.Context, customer string) ([]as.Connection, error) {
	all, err := j.Journey.Connected(ctx, customer)
	if err != nil {
		return nil, err
	}
	const most = 200
	consents, err := j.Payments.Store.CustomerPaymentConsents(ctx, customer, most)
	if err != nil {
		return nil, onepoint.E("", "list payment consents", "", err)
	}
	for _, c := range consents {
		one := as.Connection{ConsentID: c.ID, TPPName: c.TPP.Name, Given: c.Created, Status: "active"}
		switch c.Kind {
		case obie.DomesticVRP:
			one.Kind, one.Title, one.Expires = as.IntentVRP, "Makes payments within limits", c.Limits.ValidTo
		case obie.FundsConfirmation:
			one.Kind, one.Title, one.Expires = as.IntentFunds, "Asks whether money is there", c.Expires
		default:
			continue
		}
		one.Active = consentAt(&c, j.Payments.Now()) == obie.Authorised && c.Deleted.IsZero()
		if !one.Active {
			one.Status = "ended"
		}
		if c.Debtor != nil {
			one.Accounts = []string{onepoint.MaskIdentifier(c.Debtor.Identifier.Value)}
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b as.Connection) int { return b.Given.Compare(a.Given) })
	return all, nil
}

// Disconnect implements [as.Dashboard].
func (j PaymentJourney) Disconnect(ctx context.Context, customer, consentID string) error {
	if j.Payments.Handles(consentID) {
		return j.Payments.Withdraw(ctx, customer, consentID)
	}
	return j.Journey.Disconnect(ctx, customer, consentID)
}
