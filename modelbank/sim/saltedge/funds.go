package saltedge

import (
	"context"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/sim"
	"github.com/onepointledger/onepoint/standard/berlin"
)

// fundsRow is a consent to confirmations about one account.
type fundsRow struct {
	ID       string
	Client   string
	TPP      string
	Named    berlin.AccountReference
	Account  string // empty when this bank does not hold it
	Status   string
	Redirect string
	SCA      string
	Ready    time.Time
}

func (s *Server) fundsPath(id string) string {
	return s.api() + "/v2/consents/confirmation-of-funds/" + id
}

func (s *Server) createFundsConsent(r signedRequest) (int, any, error) {
	var in berlin.FundsConsentRequest
	if err := read(r.Body, &in); err != nil {
		return 0, nil, err
	}
	if in.Account.Identifier().Value == "" {
		return 0, nil, format("account is missing")
	}
	row := fundsRow{
		Client: r.TPP.ClientID, TPP: r.TPP.Name, Named: in.Account, Status: berlin.ConsentReceived, SCA: s.uuid(),
		Ready: s.Now().Add(s.Delay).UTC(),
	}
	var err error
	if row.Redirect, err = s.redirectURI(r.Request); err != nil {
		return 0, nil, err
	}
	a, err := s.Core.AccountByIdentifier(r.Context(), in.Account.Identifier())
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return 0, nil, err
	}
	row.Account = a.ID
	if row.ID, err = s.numbered(r.Context(), "consent"); err != nil {
		return 0, nil, err
	}
	if err := s.visits.Add(r.Context(), row.SCA, "", errand{Kind: kindFunds, ID: row.ID}); err != nil {
		return 0, nil, err
	}
	if err := s.funds.Add(r.Context(), row.ID, row.Client, row); err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, berlin.ConsentCreated{ID: row.ID, Status: berlin.ConsentAccepted, Links: s.fundsLinks(row)}, nil
}

func (s *Server) fundsStatusOf(row fundsRow) string {
	switch {
	case row.Status != berlin.ConsentReceived:
		return row.Status
	case s.Now().Before(row.Ready):
		return berlin.ConsentAccepted
	case row.Account == "":
		return berlin.ConsentRejected
	}
	return row.Status
}

func (s *Server) fundsLinks(row fundsRow) berlin.Links {
	links := berlin.Links{"status": {Href: s.fundsPath(row.ID) + "/status"}}
	if s.fundsStatusOf(row) == berlin.ConsentReceived {
		links["scaRedirect"] = berlin.Link{Href: s.scaAddress("piisp", row.SCA)}
	}
	return links
}

func (s *Server) ownFunds(r signedRequest, id string) (fundsRow, error) {
	row, err := s.funds.Get(r.Context(), id)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound || err == nil && row.Client != r.TPP.ClientID {
		return row, refuse(http.StatusForbidden, "CONSENT_UNKNOWN", "Consent was not found")
	}
	return row, err
}

func (s *Server) showFundsConsent(r signedRequest) (int, any, error) {
	row, err := s.ownFunds(r, r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, map[string]any{
		"account": row.Named, "consentId": row.ID, "consentStatus": s.fundsStatusOf(row), "_links": s.fundsLinks(row),
	}, nil
}

func (s *Server) fundsConsentStatus(r signedRequest) (int, any, error) {
	row, err := s.ownFunds(r, r.PathValue("id"))
	return http.StatusOK, berlin.ConsentStatus{Status: s.fundsStatusOf(row)}, err
}

func (s *Server) deleteFundsConsent(r signedRequest) (int, any, error) {
	row, err := s.ownFunds(r, r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	_, err = s.funds.Update(r.Context(), row.ID, func(f *fundsRow) error { f.Status = berlin.ConsentTerminated; return nil })
	return http.StatusNoContent, nil, err
}

func (s *Server) fundsVisit(ctx context.Context, id string) (sim.Visit, error) {
	row, err := s.funds.Get(ctx, id)
	if err != nil {
		return sim.Visit{}, err
	}
	if s.fundsStatusOf(row) != berlin.ConsentReceived {
		return sim.Visit{}, ended()
	}
	return sim.Visit{
		TPP: row.TPP, Title: "Let funds be confirmed", Choose: "one", Only: row.Account,
		Lines: []sim.Line{{Label: "It may ask", Value: "whether the account could pay an amount; it learns yes or no"}},
	}, nil
}

func (s *Server) decideFunds(ctx context.Context, id string, d sim.Decision) (string, error) {
	row, err := s.funds.Update(ctx, id, func(f *fundsRow) error {
		if s.fundsStatusOf(*f) != berlin.ConsentReceived {
			return ended()
		}
		f.Status = berlin.ConsentRejected
		if d.Approved {
			f.Status = berlin.ConsentValid
		}
		return nil
	})
	return row.Redirect, err
}

// confirmFunds answers yes or no for the account of a valid consent.
func (s *Server) confirmFunds(r signedRequest) (int, any, error) {
	var in berlin.FundsRequest
	if err := read(r.Body, &in); err != nil {
		return 0, nil, err
	}
	row, err := s.ownFunds(r, r.Request.Header.Get("Consent-ID"))
	if err != nil {
		return 0, nil, err
	}
	if status := s.fundsStatusOf(row); status != berlin.ConsentValid || in.Account.Identifier() != row.Named.Identifier() {
		return 0, nil, refuse(http.StatusUnauthorized, "CONSENT_INVALID", "Consent is not valid for this account")
	}
	amount, err := in.Amount.Money()
	if err != nil {
		return 0, nil, format("instructedAmount is invalid")
	}
	yes, err := s.Core.HasFunds(r.Context(), row.Account, amount)
	return http.StatusOK, berlin.FundsAnswer{Available: &yes}, err
}
