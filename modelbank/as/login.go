package as

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/onepointledger/onepoint"
)

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request) error {
	i, err := s.interaction(r)
	if err != nil {
		return err
	}
	if i.Customer.ID != "" {
		return s.proceed(w, r, i)
	}
	return s.loginPage(w, r, i, http.StatusOK, "", "")
}

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request, i interaction, status int, login, fault string) error {
	intent, err := s.intent(r.Context(), i)
	if err != nil {
		return err
	}
	s.show(w, r, status, "login.html", map[string]any{
		"ID": i.id, "CSRF": i.CSRF, "TPP": intent.TPPName, "Asks": intent.asks(), "Own": i.Own, "Login": login, "Fault": fault,
	})
	return nil
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	i, err := s.submitted(r)
	if err != nil {
		return err
	}
	if i.Customer.ID != "" { // the form of an old page: who is logged in stays
		return s.proceed(w, r, i)
	}
	if r.PostForm.Get("action") == "cancel" {
		return s.refuse(w, r, i)
	}
	login := strings.TrimSpace(r.PostForm.Get("login"))
	customer, err := s.Journey.Authenticate(r.Context(), login, r.PostForm.Get("password"))
	switch onepoint.CodeOf(err) {
	case "":
	case onepoint.CodeUnauthenticated:
		return s.loginPage(w, r, i, http.StatusUnauthorized, login, onepoint.MessageOf(err))
	case onepoint.CodeRateLimited:
		return s.loginPage(w, r, i, http.StatusTooManyRequests, login, onepoint.MessageOf(err))
	default:
		return err
	}
	i.Customer, i.AuthTime = customer, s.Now().Unix()
	i.CSRF, _ = handle("") // a page that was open before the login can send nothing after it
	if err := s.afterPassword(r.Context(), &i); err != nil {
		return err
	}
	if err := s.keepInteraction(r.Context(), i); err != nil {
		return err
	}
	return s.proceed(w, r, i)
}

// refuse ends the journey at the customer's wish.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, i interaction) error {
	if i.Own != "" {
		err := s.Store.SpendSession(r.Context(), SessionVisit, i.hash)
		if err != nil && onepoint.CodeOf(err) != onepoint.CodeConflict {
			return err
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	err := s.Store.Spend(r.Context(), KindInteraction, i.hash)
	if onepoint.CodeOf(err) == onepoint.CodeConflict {
		return badRequest("this page was sent twice; the first answer counts. Return to the application.")
	}
	if err != nil {
		return err
	}
	if err := s.Journey.Reject(r.Context(), i.Request.ConsentID); err != nil && onepoint.CodeOf(err) != onepoint.CodeConflict {
		return err
	}
	return s.back(w, r, i.Request, url.Values{"error": {"access_denied"}, "error_description": {"The user refused."}})
}
