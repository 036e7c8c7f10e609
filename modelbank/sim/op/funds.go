package op

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

const fundsBase = "/mtls/confirmation-of-funds-psd2/v1"

func (s *Server) fundsRoutes(at route) {
	at("POST "+fundsBase+"/authorizations", s.lodgeFunds)
	at("GET "+fundsBase+"/authorizations/{id}", s.readFunds)
	at("DELETE "+fundsBase+"/authorizations/{id}", s.revokeFunds)
	at("POST "+fundsBase+"/funds-confirmations", s.confirmFunds)
}

// fundsConsent lets a TPP ask whether an account could pay.
type fundsConsent struct {
	ID       string    `json:"id"`
	Client   string    `json:"client"`
	IBAN     string    `json:"iban"`
	Account  string    `json:"account"` // once authorised
	Customer string    `json:"customer"`
	Status   string    `json:"status"`
	Created  time.Time `json:"created"`
	Expires  time.Time `json:"expires"`
}

func (f fundsConsent) wire(now time.Time) map[string]string {
	status := f.Status
	if status == "Authorized" && !now.Before(f.Expires) {
		status = "Expired"
	}
	return map[string]string{
		"authorizationId": f.ID, "created": instant(f.Created), "expires": instant(f.Expires), "iban": f.IBAN, "status": status,
	}
}

func (s *Server) lodgeFunds(w http.ResponseWriter, r *http.Request) error {
	c, err := s.call(r, "fundsconfirmations", false)
	if err != nil {
		return err
	}
	var in struct {
		IBAN    string `json:"iban"`
		Expires string `json:"expires"`
	}
	if _, err := readBody(r, &in); err != nil {
		return err
	}
	now := s.Now().UTC()
	f := fundsConsent{ID: s.NewID("cof"), Client: c.client.ID, IBAN: in.IBAN, Status: "Unauthorized", Created: now, Expires: now.AddDate(1, 0, 0)}
	if in.Expires != "" {
		f.Expires, err = time.Parse(time.RFC3339, in.Expires)
		if err != nil || !f.Expires.After(now) || f.Expires.After(now.AddDate(1, 0, 1)) {
			return invalid("Date", "expires", "Must be in the future, at most a year ahead")
		}
	}
	if err := s.funds.Add(r.Context(), f.ID, c.client.ID, f); err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, f.wire(s.Now()))
}

// ownFunds returns a TPP's consent; another's is not there.
func (s *Server) ownFunds(r *http.Request) (fundsConsent, error) {
	c, err := s.call(r, "fundsconfirmations", false)
	if err != nil {
		return fundsConsent{}, err
	}
	f, err := s.funds.Get(r.Context(), r.PathValue("id"))
	if err == nil && f.Client != c.client.ID {
		err = onepoint.E(onepoint.CodeNotFound, "read authorization", "", nil)
	}
	return f, err
}

func (s *Server) readFunds(w http.ResponseWriter, r *http.Request) error {
	f, err := s.ownFunds(r)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, f.wire(s.Now()))
}

func (s *Server) revokeFunds(w http.ResponseWriter, r *http.Request) error {
	f, err := s.ownFunds(r)
	if err != nil {
		return err
	}
	if f.Status != "Revoked" && f.Status != "Rejected" { // else it has ended already
		if err := s.endFunds(r.Context(), f.ID, "Revoked", "Unauthorized", "Authorized"); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// endFunds ends a consent that is still in one of the statuses.
func (s *Server) endFunds(ctx context.Context, id, status string, from ...string) error {
	_, err := s.funds.Update(ctx, id, func(f *fundsConsent) error {
		if !slices.Contains(from, f.Status) {
			return onepoint.E(onepoint.CodeConflict, "end authorization", "the authorization has ended", nil)
		}
		f.Status = status
		return nil
	})
	return err
}

func (s *Server) fundsVisit(ctx context.Context, c client, req request, v sim.Visit) (sim.Visit, error) {
	f, err := s.funds.Get(ctx, req.Authorization)
	if err != nil || f.Client != c.ID || f.Status != "Unauthorized" {
		return v, onepoint.E(onepoint.CodeConflict, "authorize", "the authorization is unknown or has ended", nil)
	}
	v.Title, v.Choose, v.Currency = "Confirm funds", "one", "EUR"
	v.Lines = []sim.Line{
		{Label: "Ask", Value: "Whether your account could pay an amount: yes or no, never how much"},
		{Label: "Until", Value: f.Expires.In(s.Zone).Format("2 January 2006")},
	}
	if f.IBAN != "" {
		if v.Only, err = s.ownAccount(ctx, f.IBAN); err != nil {
			return v, err
		}
	}
	return v, nil
}

// ownAccount finds an account of this bank by its IBAN.
func (s *Server) ownAccount(ctx context.Context, iban string) (string, error) {
	a, err := s.Books.AccountByIdentifier(ctx, onepoint.Identifier{Scheme: onepoint.SchemeIBAN, Value: strings.ReplaceAll(iban, " ", "")})
	if err != nil {
		return "", onepoint.E(onepoint.CodeInvalid, "find account", "the account is not at this bank", err)
	}
	return a.ID, nil
}

func (s *Server) approveFunds(ctx context.Context, id string, d sim.Decision) error {
	_, err := s.funds.Update(ctx, id, func(f *fundsConsent) error {
		if f.Status != "Unauthorized" {
			return onepoint.E(onepoint.CodeConflict, "approve", "the authorization has ended", nil)
		}
		f.Status, f.Account, f.Customer = "Authorized", d.Accounts[0], d.Customer
		return nil
	})
	return err
}

func (s *Server) confirmFunds(w http.ResponseWriter, r *http.Request) error {
	c, err := s.call(r, "fundsconfirmations", true)
	if err != nil {
		return err
	}
	var in struct {
		AuthorizationID string `json:"authorizationId"`
		Amount          string `json:"amountEUR"`
	}
	if _, err := readBody(r, &in); err != nil {
		return err
	}
	f, err := s.funds.Get(r.Context(), c.token.Authorization)
	if err != nil || in.AuthorizationID != f.ID {
		return denied(http.StatusForbidden, "Authorization is another")
	}
	asked, err := onepoint.ParseMoney(in.Amount, "EUR")
	if err == nil {
		_, err = asked.Minor()
	}
	if err != nil || asked.IsNegative() {
		return invalid("EuroCents", "amountEUR", "Must be an amount in euro with two decimals")
	}
	enough, err := s.Books.HasFunds(r.Context(), f.Account, asked)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, map[string]any{
		"fundsConfirmationId": s.NewID("fc"), "authorizationId": f.ID, "amountEUR": in.Amount,
		"created": instant(s.Now()), "fundsAvailable": enough,
	})
}
