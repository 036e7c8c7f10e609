package saltedge

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/sim"
	"github.com/onepointledger/onepoint/standard/berlin"
)

// consentRow is a consent as this API shows it; its rules are the bank's, under
// BankID. One that the bank refuses has no BankID and is rejected when its delay
// is over.
type consentRow struct {
	ID            string
	BankID        string
	Client        string
	TPP           string
	Access        berlin.AccessRights
	Only          string // the one account that the TPP named
	Recurring     bool
	Until         string
	Frequency     int
	Redirect      string
	SCA           string // of the address at which the user decides
	Authorisation string
	Ready         time.Time
	Terminated    bool
}

const (
	maxConsentDays = 180
	maxFrequency   = 4
	firstID        = 385715 // the engine's ids are numbers
)

// numbered makes the next id of a kind.
func (s *Server) numbered(ctx context.Context, kind string) (string, error) {
	n, err := sim.Next(ctx, s.Store, simName, kind)
	return strconv.FormatInt(firstID+n, 10), err
}

// createConsent lodges the consent; its redirect address comes later.
func (s *Server) createConsent(r signedRequest) (int, any, error) {
	var in berlin.ConsentRequest
	if err := read(r.Body, &in); err != nil {
		return 0, nil, err
	}
	until, err := s.until(in)
	if err != nil {
		return 0, nil, err
	}
	redirect, err := s.redirectURI(r.Request)
	if err != nil {
		return 0, nil, err
	}
	row := consentRow{
		Client: r.TPP.ClientID, TPP: r.TPP.Name, Access: in.Access, Recurring: in.Recurring, Until: until.String(),
		Frequency: min(in.Frequency, maxFrequency), Redirect: redirect, SCA: s.uuid(), Ready: s.Now().Add(s.Delay).UTC(),
	}
	if err := s.lodge(r, &row, until); err != nil {
		return 0, nil, err
	}
	if row.ID, err = s.numbered(r.Context(), "consent"); err != nil {
		return 0, nil, err
	}
	if row.Authorisation, err = s.numbered(r.Context(), "authorisation"); err != nil {
		return 0, nil, err
	}
	if err := s.visits.Add(r.Context(), row.SCA, "", errand{Kind: kindConsent, ID: row.ID}); err != nil {
		return 0, nil, err
	}
	if err := s.consents.Add(r.Context(), row.ID, row.Client, row); err != nil {
		return 0, nil, err
	}
	r.Header.Set("ASPSP-SCA-Approach", "REDIRECT")
	r.Header.Set("Location", s.consentPath(row.ID))
	return http.StatusCreated, berlin.ConsentCreated{ID: row.ID, Status: berlin.ConsentAccepted, Links: s.consentLinks(row, berlin.ConsentAccepted)}, nil
}

// lodge puts the consent under the bank's rules, unless it names accounts that
// the bank does not hold: such a one is rejected later, not now.
func (s *Server) lodge(r signedRequest, row *consentRow, until onepoint.Date) error {
	permissions, named, err := asked(row.Access)
	if err != nil {
		return err
	}
	for _, ref := range named {
		a, err := s.Core.AccountByIdentifier(r.Context(), ref.Identifier())
		if onepoint.CodeOf(err) == onepoint.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if row.Only != "" && row.Only != a.ID {
			return format("access: this bank takes one named account, or none")
		}
		row.Only = a.ID
	}
	access := onepoint.Access{Permissions: permissions, Expires: until.AddDays(1).Time(s.Zone)}
	consent, err := s.Bank.Lodge(r.Context(), r.TPP, access)
	row.BankID = consent.ID
	return err
}

// asked reads what a consent opens and which accounts it names.
func asked(a berlin.AccessRights) ([]onepoint.Permission, []berlin.AccountReference, error) {
	permissions := []onepoint.Permission{onepoint.ReadAccountsDetail}
	reading := []onepoint.Permission{onepoint.ReadTransactionsDetail, onepoint.ReadTransactionsCredits, onepoint.ReadTransactionsDebits}
	lists := a.Accounts != nil || a.Balances != nil || a.Transactions != nil
	switch {
	case a.Available != "":
		return nil, nil, format("access.availableAccounts is not supported")
	case a.AllPSD2 != "" && lists:
		return nil, nil, format("access: allPsd2 stands alone")
	case a.AllPSD2 == "allAccounts" || a.AllPSD2 == "allAccountsWithOwnerName":
		return append(append(permissions, onepoint.ReadBalances), reading...), nil, nil
	case a.AllPSD2 != "" || !lists:
		return nil, nil, format("access: allPsd2, accounts, balances or transactions is needed")
	}
	var named []berlin.AccountReference
	take := func(list *[]berlin.AccountReference, opens ...onepoint.Permission) {
		if list != nil {
			named = append(named, *list...)
			permissions = append(permissions, opens...)
		}
	}
	take(a.Accounts)
	take(a.Balances, onepoint.ReadBalances)
	take(a.Transactions, reading...)
	return permissions, named, nil
}

// until is the last day of a consent; one too late is brought forward.
func (s *Server) until(in berlin.ConsentRequest) (onepoint.Date, error) {
	today := onepoint.DateOf(s.Now().In(s.Zone))
	until, err := onepoint.ParseDate(in.Until)
	switch {
	case err != nil:
		return until, format("validUntil must be a date")
	case until.Before(today):
		return until, refuse(http.StatusBadRequest, "PERIOD_INVALID", "validUntil lies in the past")
	case in.Frequency < 1 || !in.Recurring && in.Frequency != 1:
		return until, format("frequencyPerDay must be at least 1, and 1 for a consent that is used once")
	}
	if last := today.AddDays(maxConsentDays); last.Before(until) {
		until = last
	}
	return until, nil
}
