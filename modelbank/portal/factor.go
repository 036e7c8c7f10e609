package portal

import (
	"net/http"

	"github.com/onepointledger/onepoint"
)

// halfway is who gave the right password and no second factor yet.
func (p *Portal) halfway(r *http.Request) (session, bool) {
	s, ok := visitor(r, p.customers, customerCookie)
	return s, ok && s.halfway && p.Factor != nil
}

func (p *Portal) showCode(w http.ResponseWriter, r *http.Request) error {
	s, ok := p.halfway(r)
	if !ok {
		http.Redirect(w, r, "/portal/login", http.StatusSeeOther)
		return nil
	}
	p.codePage(w, r, s, http.StatusOK, "")
	return nil
}

func (p *Portal) codePage(w http.ResponseWriter, r *http.Request, s session, status int, fault string) {
	p.show(w, r, status, "code.html", view{Title: "Confirm that it is you", Fault: fault, session: s})
}

// code takes the second factor.
func (p *Portal) code(w http.ResponseWriter, r *http.Request) error {
	s, ok := p.halfway(r)
	if !ok {
		http.Redirect(w, r, "/portal/login?over=1", http.StatusSeeOther)
		return nil
	}
	if err := checkForm(r, s); err != nil {
		return err
	}
	code := r.PostForm.Get("code")
	if len(code) > 20 || !typed(code) {
		code = ""
	}
	err := p.Factor.CheckCode(r.Context(), s.customer.ID, code)
	switch kind := onepoint.CodeOf(err); kind {
	case "":
		p.enter(w, r, s.customer)
		return nil
	case onepoint.CodeUnauthenticated, onepoint.CodeRateLimited, onepoint.CodeConflict:
		p.codePage(w, r, s, statusOf(kind), onepoint.MessageOf(err))
		return nil
	}
	return err
}
