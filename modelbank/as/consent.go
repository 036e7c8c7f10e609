package as

import (
	"net/http"
	"slices"

	"github.com/onepointledger/onepoint"
)

// ready is an interaction whose customer has authenticated.
func (s *Server) ready(w http.ResponseWriter, r *http.Request, i interaction) (bool, error) {
	if i.Customer.ID == "" || !i.Passed || i.Own != "" {
		return false, s.proceed(w, r, i)
	}
	return true, nil
}

func (s *Server) showConsent(w http.ResponseWriter, r *http.Request) error {
	i, err := s.interaction(r)
	if err != nil {
		return err
	}
	if ok, err := s.ready(w, r, i); !ok {
		return err
	}
	if err := s.keepInteraction(r.Context(), i); err != nil { // the idle time begins anew
		return err
	}
	return s.consentPage(w, r, i, http.StatusOK, "")
}

func (s *Server) consentPage(w http.ResponseWriter, r *http.Request, i interaction, status int, fault string) error {
	intent, err := s.intent(r.Context(), i)
	if err != nil {
		return err
	}
	if err := i.stillBound(intent); err != nil {
		return err
	}
	choices, err := s.choices(r, i, intent)
	if err != nil {
		return err
	}
	s.show(w, r, status, "consent.html", map[string]any{
		"ID": i.id, "CSRF": i.CSRF, "TPP": intent.TPPName, "Customer": i.Customer.Name, "Title": intent.heading(), "Lead": intent.lead(),
		"Accounts": choices, "Choose": intent.choose(), "Fault": fault, "Lines": intent.Lines, "Paying": intent.paying(),
		"Shared": inWords(intent.Permissions), "Expires": day(intent.Expires), "From": day(intent.From), "To": day(intent.To),
		"Reads": intent.kind() == IntentAccounts, "Renewal": intent.Renewal, "Allow": intent.allow(), "Refuse": intent.refusal(),
	})
	return nil
}

// choices are the accounts that the customer may choose for the intent.
func (s *Server) choices(r *http.Request, i interaction, intent Intent) ([]Choice, error) {
	if intent.choose() == "" {
		return nil, nil
	}
	all, err := s.Journey.Accounts(r.Context(), i.Customer.ID)
	return slices.DeleteFunc(all, func(c Choice) bool {
		return intent.Only != "" && c.ID != intent.Only || intent.Currency != "" && c.Currency != intent.Currency
	}), err
}

// chosen reads and judges which accounts the form names. The text says what is
// wrong with them.
func (s *Server) chosen(r *http.Request, i interaction, intent Intent) ([]string, string, error) {
	accounts := r.PostForm["account"]
	choices, err := s.choices(r, i, intent)
	if err != nil {
		return nil, "", err
	}
	offered := func(id string) bool { return slices.ContainsFunc(choices, func(c Choice) bool { return c.ID == id }) }
	switch choose := intent.choose(); {
	case choose == "":
		return nil, "", nil
	case len(accounts) == 0 && choose == ChooseMany:
		return nil, "Choose at least one account to share, or refuse.", nil
	case len(accounts) != 1 && choose == ChooseOne:
		return nil, "Choose one account, or refuse.", nil
	case slices.ContainsFunc(accounts, func(id string) bool { return !offered(id) }):
		return nil, "Choose from the accounts that are shown.", nil
	}
	return accounts, "", nil
}

// decide is the customer's answer.
func (s *Server) decide(w http.ResponseWriter, r *http.Request) error {
	i, err := s.submitted(r)
	if err != nil {
		return err
	}
	if i.Customer.ID == "" || !i.Passed || i.Own != "" {
		return oauth(http.StatusForbidden, "access_denied", "log in first")
	}
	switch r.PostForm.Get("action") {
	case "refuse":
		return s.refuse(w, r, i)
	case "allow":
	default:
		return s.consentPage(w, r, i, http.StatusBadRequest, "Choose one of the two buttons.")
	}
	intent, err := s.intent(r.Context(), i)
	if err != nil {
		return err
	}
	if err := i.stillBound(intent); err != nil {
		return err
	}
	accounts, fault, err := s.chosen(r, i, intent)
	if err != nil {
		return err
	}
	if fault != "" {
		return s.consentPage(w, r, i, http.StatusBadRequest, fault)
	}
	return s.approve(w, r, i, accounts)
}

func (s *Server) approve(w http.ResponseWriter, r *http.Request, i interaction, accounts []string) error {
	if err := s.Journey.Approve(r.Context(), i.Request.ConsentID, i.Customer.ID, accounts); err != nil {
		return err
	}
	params, err := s.grantCode(r.Context(), i)
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		return badRequest("this page was sent twice; the first answer counts. Return to the application.")
	}
	if err != nil {
		return err
	}
	s.Log.InfoContext(r.Context(), "consent authorised", "consent", i.Request.ConsentID, "client", i.Request.ClientID, "accounts", len(accounts), "acr", i.acr())
	return s.back(w, r, i.Request, params)
}
