package modelbank

import (
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

// consentEdges are the changes of state that a consent of the kind may make
// (Read/Write API, the state models of the consent resources).
func consentEdges(kind string) map[obie.ConsentState][]obie.ConsentState {
	switch kind {
	case obie.DomesticVRP, obie.FundsConfirmation:
		return map[obie.ConsentState][]obie.ConsentState{
			obie.AwaitingAuthorisation: {obie.Authorised, obie.ConsentRejected, obie.Cancelled},
			obie.Authorised:            {obie.Cancelled},
			obie.Cancelled:             {obie.Authorised}, // authorised again
		}
	}
	return map[obie.ConsentState][]obie.ConsentState{
		obie.AwaitingUpload:        {obie.AwaitingAuthorisation, obie.ConsentRejected},
		obie.AwaitingAuthorisation: {obie.Authorised, obie.ConsentRejected},
		obie.Authorised:            {obie.Consumed},
	}
}

// orderEdges are those of a payment of the kind.
func orderEdges(kind string) map[obie.OrderState][]obie.OrderState {
	open := []obie.OrderState{obie.SettlementCompleted, obie.OrderRejected}
	switch kind {
	case obie.DomesticScheduledPayment, obie.InternationalScheduled:
		open = append(open, obie.Accepted, obie.OrderCancelled)
	case obie.DomesticStandingOrder, obie.InternationalStandingOrder, obie.FilePayment:
		open = []obie.OrderState{obie.InitiationCompleted, obie.InitiationFailed, obie.OrderRejected}
	}
	edges := map[obie.OrderState][]obie.OrderState{
		obie.Received: open, obie.Pending: open, obie.AwaitingFurther: append([]obie.OrderState{obie.Pending, obie.Received}, open...),
	}
	if slices.Contains(open, obie.Accepted) {
		edges[obie.Accepted] = []obie.OrderState{obie.SettlementCompleted, obie.OrderRejected, obie.OrderCancelled}
	}
	return edges
}

// moveConsent changes a consent's state along an edge. CodeConflict where there
// is none.
func moveConsent(c *obie.PaymentConsent, to obie.ConsentState, now time.Time) error {
	if !slices.Contains(consentEdges(c.Kind)[c.State], to) {
		return obie.Breach(obie.CodeInvalidConsentStatus, "", "the consent is "+string(c.State)+": this is not possible any more")
	}
	c.State, c.Updated = to, now
	return nil
}

// moveOrder changes a payment's state along an edge. CodeConflict where there is
// none.
func moveOrder(o *Order, to obie.OrderState, now time.Time) error {
	if o.State == to {
		return nil
	}
	if !slices.Contains(orderEdges(o.Kind)[o.State], to) {
		return onepoint.E(onepoint.CodeConflict, "change payment", "the payment is "+string(o.State)+" and cannot become "+string(to), nil)
	}
	o.State, o.Updated = to, now
	return nil
}
