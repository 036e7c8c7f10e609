package saltedge

import (
	"context"
	"net/http"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/berlin"
)

func (s *Server) api() string { return s.root + "/" + provider + "/api/berlingroup" }

func (s *Server) consentPath(id string) string { return s.api() + "/v1/consents/" + id }

// consentLinks are relative; the user's address is there only while the consent
// waits for its user.
func (s *Server) consentLinks(row consentRow, status string) berlin.Links {
	links := berlin.Links{
		"status":    {Href: s.consentPath(row.ID) + "/status"},
		"scaStatus": {Href: s.consentPath(row.ID) + "/authorisations/" + row.Authorisation},
	}
	if status == berlin.ConsentReceived {
		links["scaRedirect"] = berlin.Link{Href: s.scaAddress("aisp", row.SCA)}
	}
	return links
}

func (s *Server) scaAddress(service, id string) string {
	return s.Base + "/connector/" + provider + "/oauth/" + service + "/authorize/" + id
}

// ownConsent finds the caller's consent; another's is as unknown as none.
func (s *Server) ownConsent(r signedRequest, id string) (consentRow, error) {
	row, err := s.consents.Get(r.Context(), id)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound || err == nil && row.Client != r.TPP.ClientID {
		return row, refuse(http.StatusForbidden, "CONSENT_UNKNOWN", "Consent was not found")
	}
	return row, err
}

// status is the consent's, as the bank's rules have it now.
func (s *Server) status(ctx context.Context, tpp onepoint.TPP, row consentRow) (string, error) {
	waiting := s.Now().Before(row.Ready)
	switch {
	case row.Terminated:
		return berlin.ConsentTerminated, nil
	case row.BankID == "" && !waiting:
		return berlin.ConsentRejected, nil
	case row.BankID == "":
		return berlin.ConsentAccepted, nil
	}
	consent, err := s.Bank.Consent(ctx, tpp, row.BankID)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound { // deleted there
		return berlin.ConsentTerminated, nil
	}
	if err != nil {
		return "", err
	}
	switch consent.Status {
	case onepoint.ConsentAuthorised:
		return berlin.ConsentValid, nil
	case onepoint.ConsentRejected:
		return berlin.ConsentRejected, nil
	case onepoint.ConsentRevoked:
		return berlin.ConsentRevoked, nil
	case onepoint.ConsentExpired:
		return berlin.ConsentExpired, nil
	}
	switch {
	case !consent.Access.Expires.IsZero() && !s.Now().Before(consent.Access.Expires):
		return berlin.ConsentExpired, nil
	case waiting:
		return berlin.ConsentAccepted, nil
	}
	return berlin.ConsentReceived, nil
}

func (s *Server) showConsent(r signedRequest) (int, any, error) {
	row, err := s.ownConsent(r, r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	status, err := s.status(r.Context(), r.TPP, row)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, berlin.Consent{
		Access: row.Access, Recurring: row.Recurring, Until: row.Until + "T00:00:00Z", Frequency: row.Frequency,
		Status: status, Links: s.consentLinks(row, status),
	}, nil
}

func (s *Server) consentStatus(r signedRequest) (int, any, error) {
	row, err := s.ownConsent(r, r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	status, err := s.status(r.Context(), r.TPP, row)
	return http.StatusOK, berlin.ConsentStatus{Status: status}, err
}

func (s *Server) consentSCA(r signedRequest) (int, any, error) {
	row, err := s.ownConsent(r, r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	if row.Authorisation != r.PathValue("sca") {
		return 0, nil, refuse(http.StatusNotFound, "RESOURCE_UNKNOWN", "Authorisation was not found")
	}
	status, err := s.status(r.Context(), r.TPP, row)
	return http.StatusOK, berlin.SCAStatus{Status: scaStatus(status)}, err
}

// scaStatus is how far the user is, as far as the consent tells.
func scaStatus(consent string) string {
	switch consent {
	case berlin.ConsentAccepted, berlin.ConsentReceived:
		return consent
	case berlin.ConsentRejected:
		return "failed"
	}
	return "finalised"
}

// deleteConsent ends it for good. What has ended already stays as it is.
func (s *Server) deleteConsent(r signedRequest) (int, any, error) {
	row, err := s.ownConsent(r, r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	status, err := s.status(r.Context(), r.TPP, row)
	if err != nil {
		return 0, nil, err
	}
	switch status {
	case berlin.ConsentRejected, berlin.ConsentExpired, berlin.ConsentRevoked:
		return http.StatusNoContent, nil, nil
	}
	if row.BankID != "" {
		if err := s.Bank.Revoke(r.Context(), r.TPP, row.BankID); err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
			return 0, nil, err
		}
	}
	_, err = s.consents.Update(r.Context(), row.ID, func(c *consentRow) error { c.Terminated = true; return nil })
	return http.StatusNoContent, nil, err
}
