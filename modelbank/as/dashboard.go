package as

import (
	"net/http"

	"github.com/onepointledger/onepoint"
)

// showConsents is the customer's page of connected apps. A browser without a
// visit logs in first.
func (s *Server) showConsents(w http.ResponseWriter, r *http.Request) error {
	if _, ok := s.Journey.(Dashboard); !ok {
		return onepoint.E(onepoint.CodeNotFound, "show connected apps", "this bank has no such page", nil)
	}
	if r.URL.Query().Get("i") == "" {
		return s.beginInteraction(w, r, interaction{Own: ownConsents})
	}
	i, err := s.interaction(r)
	if err != nil {
		return err
	}
	if i.Customer.ID == "" || !i.Passed || i.Own != ownConsents {
		return s.proceed(w, r, i)
	}
	if err := s.keepInteraction(r.Context(), i); err != nil { // the idle time begins anew
		return err
	}
	return s.consentsPage(w, r, i, "")
}

func (s *Server) consentsPage(w http.ResponseWriter, r *http.Request, i interaction, done string) error {
	dashboard, ok := s.Journey.(Dashboard)
	if !ok {
		return onepoint.E(onepoint.CodeNotFound, "show connected apps", "this bank has no such page", nil)
	}
	list, err := dashboard.Connected(r.Context(), i.Customer.ID)
	if err != nil {
		return err
	}
	var active, ended []Connection
	for _, c := range list {
		if c.Active {
			active = append(active, c)
		} else {
			ended = append(ended, c)
		}
	}
	s.show(w, r, http.StatusOK, "consents.html", map[string]any{
		"ID": i.id, "CSRF": i.CSRF, "Customer": i.Customer.Name, "Active": active, "Ended": ended, "Done": done,
	})
	return nil
}

// endConsent ends a consent at the customer's wish: its tokens end before the
// page answers.
func (s *Server) endConsent(w http.ResponseWriter, r *http.Request) error {
	i, err := s.submitted(r)
	if err != nil {
		return err
	}
	dashboard, ok := s.Journey.(Dashboard)
	if !ok || i.Customer.ID == "" || !i.Passed || i.Own != ownConsents {
		return oauth(http.StatusForbidden, "access_denied", "log in first")
	}
	if r.PostForm.Get("action") == "leave" {
		return s.refuse(w, r, i)
	}
	consent := r.PostForm.Get("consent")
	if err := dashboard.Disconnect(r.Context(), i.Customer.ID, consent); err != nil {
		return err
	}
	if err := s.RevokeConsent(r.Context(), consent); err != nil {
		return err
	}
	s.Log.InfoContext(r.Context(), "consent ended by its customer", "consent", consent)
	return s.consentsPage(w, r, i, "Ended. The app can no longer use this permission.")
}
