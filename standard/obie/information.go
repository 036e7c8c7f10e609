package obie

import (
	"context"
	"net/http"

	"github.com/onepointledger/onepoint"
)

// listing reads a list of one account, or of every one when the path names none,
// and writes it with write below wrap.
func listing[T, W, D any](a *api, r *http.Request,
	read func(ctx context.Context, c onepoint.Consent, account string) ([]T, error), write func(T) W, wrap func([]W) D,
) (int, any, error) {
	consent, err := a.consent(r)
	if err != nil {
		return 0, nil, err
	}
	list, err := read(r.Context(), consent, r.PathValue("account"))
	if err != nil {
		return 0, nil, err
	}
	wire := make([]W, 0, len(list))
	for _, v := range list {
		wire = append(wire, write(v))
	}
	return http.StatusOK, page(a.Server, r, wrap(wire)), nil
}

func (a *api) beneficiaries(r *http.Request) (int, any, error) {
	return listing(a, r, a.Bank.Beneficiaries, a.codec.beneficiaryToWire, func(l []wireBeneficiary) wireBeneficiaries { return wireBeneficiaries{l} })
}

func (a *api) directDebits(r *http.Request) (int, any, error) {
	return listing(a, r, a.Bank.DirectDebits, a.codec.directDebitToWire, func(l []wireDirectDebit) wireDirectDebits { return wireDirectDebits{l} })
}

func (a *api) standingOrders(r *http.Request) (int, any, error) {
	return listing(a, r, a.Bank.StandingOrders, a.codec.standingOrderToWire, func(l []wireStandingOrder) wireStandingOrders { return wireStandingOrders{l} })
}

func (a *api) scheduledPayments(r *http.Request) (int, any, error) {
	return listing(a, r, a.Bank.ScheduledPayments, a.codec.scheduledPaymentToWire, func(l []wireScheduledPayment) wireScheduledPayments { return wireScheduledPayments{l} })
}

func (a *api) products(r *http.Request) (int, any, error) {
	return listing(a, r, a.Bank.Products, a.codec.productToWire, func(l []wireProduct) wireProducts { return wireProducts{l} })
}

func (a *api) offers(r *http.Request) (int, any, error) {
	return listing(a, r, a.Bank.Offers, a.codec.offerToWire, func(l []wireOffer) wireOffers { return wireOffers{l} })
}

func (a *api) partyOfUser(r *http.Request) (int, any, error) {
	consent, err := a.consent(r)
	if err != nil {
		return 0, nil, err
	}
	p, err := a.Bank.Party(r.Context(), consent)
	if err != nil {
		return 0, nil, err
	}
	w := a.codec.personToWire(p, "", "")
	return http.StatusOK, page(a.Server, r, wirePartyData{&w}), nil
}

// party is the one party of an account to show when only one is asked for.
func (a *api) party(r *http.Request) (int, any, error) {
	list, err := a.partiesOf(r)
	if err != nil {
		return 0, nil, err
	}
	var data wirePartyData
	if len(list) > 0 {
		data.Party = &list[0]
	}
	return http.StatusOK, page(a.Server, r, data), nil
}

func (a *api) parties(r *http.Request) (int, any, error) {
	list, err := a.partiesOf(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, page(a.Server, r, wireParties{list}), nil
}

func (a *api) partiesOf(r *http.Request) ([]wireParty, error) {
	consent, err := a.consent(r)
	if err != nil {
		return nil, err
	}
	account := r.PathValue("account")
	list, err := a.Bank.Parties(r.Context(), consent, account)
	if err != nil {
		return nil, err
	}
	wire := make([]wireParty, 0, len(list))
	for _, p := range list {
		wire = append(wire, a.codec.personToWire(p, account, a.BaseURL+a.codec.base+aisp+"/accounts/"+account))
	}
	return wire, nil
}
