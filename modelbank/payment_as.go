package modelbank

import (
	"context"

	"github.com/onepointledger/onepoint/modelbank/as"
)

// PaymentJourney is the bank as its authorization server sees it, with payments:
// it tells a payment, VRP or funds consent from one of account access by its id.
type PaymentJourney struct {
	Journey
	Payments *Payments
}

var _ as.Journey = PaymentJourney{}

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
