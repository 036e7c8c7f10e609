package saltedge

import (
	"net/http"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

// count counts calls that a user did not ask for: a consent allows so many a day
// for each address, and each page of a list is an address of its own.
func (s *Server) count(r signedRequest, row consentRow) error {
	if s.Unattended < 0 || r.Request.Header.Get("PSU-IP-Address") != "" {
		return nil
	}
	today := onepoint.DateOf(s.Now().In(s.Zone)).String()
	name := "use:" + row.ID + ":" + today + ":" + r.URL.Path + ":" + r.URL.Query().Get("offset")
	n, err := sim.Next(r.Context(), s.Store, simName, name)
	if err != nil {
		return err
	}
	if n > int64(min(row.Frequency, s.Unattended)) {
		return refuse(http.StatusTooManyRequests, "ACCESS_EXCEEDED", "Access without PSU involvement exceeded frequencyPerDay")
	}
	return nil
}

// use finds the consent of a reading call, which must be valid now.
func (s *Server) use(r signedRequest) (onepoint.Consent, error) {
	id := r.Request.Header.Get("Consent-ID")
	if id == "" {
		return onepoint.Consent{}, format("Header 'Consent-ID' is missing")
	}
	row, err := s.ownConsent(r, id)
	if err != nil {
		return onepoint.Consent{}, err
	}
	if err := s.valid(r, row); err != nil {
		return onepoint.Consent{}, err
	}
	if err := s.count(r, row); err != nil {
		return onepoint.Consent{}, err
	}
	return s.Bank.Consent(r.Context(), r.TPP, row.BankID)
}

func (s *Server) valid(r signedRequest, row consentRow) error {
	status, err := s.status(r.Context(), r.TPP, row)
	switch {
	case err != nil:
		return err
	case status == "expired":
		return refuse(http.StatusUnauthorized, "CONSENT_EXPIRED", "Consent has expired")
	case status != "valid":
		return refuse(http.StatusUnauthorized, "CONSENT_INVALID", "Consent is "+status)
	}
	return nil
}
