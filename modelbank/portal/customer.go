package portal

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/as"
)

const appsPage = 20

func (p *Portal) customerPages(mux *http.ServeMux) {
	mux.HandleFunc("GET /portal/login", p.page(p.showLogin))
	mux.HandleFunc("POST /portal/login", p.page(p.login))
	mux.HandleFunc("GET /portal/code", p.page(p.showCode))
	mux.HandleFunc("POST /portal/code", p.page(p.code))
	mux.HandleFunc("POST /portal/logout", p.page(p.logout))
	mux.HandleFunc("GET /portal/accounts", p.page(p.own(p.accounts)))
	mux.HandleFunc("GET /portal/accounts/{account}", p.page(p.own(p.account)))
	mux.HandleFunc("GET /portal/apps", p.page(p.own(p.apps)))
	mux.HandleFunc("GET /portal/apps/{consent}", p.page(p.own(p.app)))
	mux.HandleFunc("POST /portal/apps/{consent}/end", p.page(p.own(p.endApp)))
}

type ownPage func(w http.ResponseWriter, r *http.Request, s session) error

// own asks for the login first.
func (p *Portal) own(h ownPage) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, ok := p.customer(r)
		if !ok {
			to := "/portal/login"
			if _, waits := p.halfway(r); waits {
				to = "/portal/code"
			} else if _, err := r.Cookie(customerCookie); err == nil {
				to += "?over=1"
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
			return nil
		}
		return h(w, r, s)
	}
}

func (p *Portal) showLogin(w http.ResponseWriter, r *http.Request) error {
	if _, ok := p.customer(r); ok {
		http.Redirect(w, r, "/portal/accounts", http.StatusSeeOther)
		return nil
	}
	v := view{}
	switch q := r.URL.Query(); {
	case q.Has("over"):
		v.Done = "You were logged out because nothing happened for a while."
	case q.Has("bye"):
		v.Done = "You are logged out."
	}
	p.loginPage(w, r, http.StatusOK, v)
	return nil
}

func (p *Portal) loginPage(w http.ResponseWriter, r *http.Request, status int, v view) {
	v.Title, v.form = "Log in", p.strangerForm(w, r)
	p.show(w, r, status, "login.html", v)
}

// typed tells whether text is what somebody could have typed.
func typed(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

func (p *Portal) login(w http.ResponseWriter, r *http.Request) error {
	if err := p.checkStrangerForm(r); err != nil {
		return err
	}
	login := strings.TrimSpace(r.PostForm.Get("login"))
	if !typed(login) {
		login = ""
	}
	customer, err := p.Customers.Authenticate(r.Context(), login, r.PostForm.Get("password"))
	switch code := onepoint.CodeOf(err); code {
	case "":
	case onepoint.CodeUnauthenticated, onepoint.CodeRateLimited:
		p.loginPage(w, r, statusOf(code), view{Fault: onepoint.MessageOf(err), Data: login})
		return nil
	default:
		return err
	}
	if p.Factor != nil {
		p.renew(w, r, customer, true)
		http.Redirect(w, r, "/portal/code", http.StatusSeeOther)
		return nil
	}
	p.enter(w, r, customer)
	return nil
}

// renew begins a session in place of the browser's old one: what was open before
// can send nothing after.
func (p *Portal) renew(w http.ResponseWriter, r *http.Request, c as.Customer, halfway bool) {
	if old, ok := visitor(r, p.customers, customerCookie); ok {
		p.customers.end(old)
	}
	setCookie(w, customerCookie, customerPath, p.customers.begin(c, halfway), 0)
}

func (p *Portal) enter(w http.ResponseWriter, r *http.Request, c as.Customer) {
	p.renew(w, r, c, false)
	p.Log.InfoContext(r.Context(), "customer logged in at the portal", "customer", c.ID)
	http.Redirect(w, r, "/portal/accounts", http.StatusSeeOther)
}

func (p *Portal) logout(w http.ResponseWriter, r *http.Request) error {
	if s, ok := p.customer(r); ok {
		if err := checkForm(r, s); err != nil {
			return err
		}
		p.customers.end(s)
	}
	setCookie(w, customerCookie, customerPath, "", -1)
	http.Redirect(w, r, "/portal/login?bye=1", http.StatusSeeOther)
	return nil
}

func (p *Portal) accounts(w http.ResponseWriter, r *http.Request, s session) error {
	held, err := p.Customers.Accounts(r.Context(), s.customer.ID)
	if err != nil {
		return err
	}
	p.show(w, r, http.StatusOK, "accounts.html", view{Title: "Your accounts", Section: "customer", Here: "accounts", Data: held, session: s})
	return nil
}

func (p *Portal) account(w http.ResponseWriter, r *http.Request, s session) error {
	id, after := r.PathValue("account"), r.URL.Query().Get("after")
	held, entries, err := p.Customers.Statement(r.Context(), s.customer.ID, id, after)
	if err != nil {
		return err
	}
	v := view{
		Title: held.Name, Section: "customer", Here: "accounts", First: after == "", session: s,
		Data: map[string]any{"Account": held, "Entries": entries.Transactions},
	}
	if entries.Next != "" {
		v.Next = "/portal/accounts/" + url.PathEscape(id) + "?after=" + url.QueryEscape(entries.Next)
	}
	p.show(w, r, http.StatusOK, "account.html", v)
	return nil
}

func (p *Portal) apps(w http.ResponseWriter, r *http.Request, s session) error {
	after := r.URL.Query().Get("after")
	page, err := p.Customers.Connections(r.Context(), s.customer.ID, after, appsPage)
	if err != nil {
		return err
	}
	var active, over []modelbank.Listed
	for _, c := range page.Consents {
		if c.Status == onepoint.ConsentAuthorised && c.Deleted.IsZero() {
			active = append(active, c)
		} else {
			over = append(over, c)
		}
	}
	v := view{
		Title: "Connected apps", Section: "customer", Here: "apps", First: after == "", session: s,
		Data: map[string]any{"Active": active, "Over": over},
	}
	if r.URL.Query().Has("ended") {
		v.Done = "Ended. The app can see nothing more."
	}
	if page.Next != "" {
		v.Next = "/portal/apps?after=" + url.QueryEscape(page.Next)
	}
	p.show(w, r, http.StatusOK, "apps.html", v)
	return nil
}

// consentID is the consent that an address names. What no consent is called is
// not looked for.
func consentID(r *http.Request) (string, error) {
	id := r.PathValue("consent")
	if id == "" || len(id) > 100 || !typed(id) {
		return "", onepoint.E(onepoint.CodeNotFound, "find consent", "there is no such consent", nil)
	}
	return id, nil
}

func (p *Portal) app(w http.ResponseWriter, r *http.Request, s session) error {
	id, err := consentID(r)
	if err != nil {
		return err
	}
	c, err := p.Customers.Connection(r.Context(), s.customer.ID, id)
	if err != nil {
		return err
	}
	held, err := p.Customers.Accounts(r.Context(), s.customer.ID)
	if err != nil {
		return err
	}
	var shared []modelbank.Held
	for _, h := range held {
		for _, account := range c.Accounts {
			if h.ID == account {
				shared = append(shared, h)
			}
		}
	}
	p.show(w, r, http.StatusOK, "app.html", view{
		Title: c.TPP.Name, Section: "customer", Here: "apps", session: s,
		Data: map[string]any{"Consent": c, "Accounts": shared, "Active": c.Status == onepoint.ConsentAuthorised && c.Deleted.IsZero()},
	})
	return nil
}

// endApp revokes a consent. It has ended, with every token of it, before the
// page answers.
func (p *Portal) endApp(w http.ResponseWriter, r *http.Request, s session) error {
	if err := checkForm(r, s); err != nil {
		return err
	}
	id, err := consentID(r)
	if err != nil {
		return err
	}
	if err := p.Customers.EndConnection(r.Context(), s.customer.ID, id); err != nil {
		return err
	}
	http.Redirect(w, r, "/portal/apps?ended=1", http.StatusSeeOther)
	return nil
}
