package portal

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/as"
)

const operatorPage = 25

func (p *Portal) operatorPages(mux *http.ServeMux) {
	mux.HandleFunc("GET /portal/operator/login", p.page(p.showOperatorLogin))
	mux.HandleFunc("POST /portal/operator/login", p.page(p.operatorLogin))
	mux.HandleFunc("POST /portal/operator/logout", p.page(p.operatorLogout))
	mux.HandleFunc("GET /portal/operator/{$}", p.page(p.operating(p.overview)))
	mux.HandleFunc("GET /portal/operator/consents", p.page(p.operating(p.consents)))
	mux.HandleFunc("GET /portal/operator/consents/{consent}", p.page(p.operating(p.consent)))
	mux.HandleFunc("GET /portal/operator/clients", p.page(p.operating(p.clients)))
	mux.HandleFunc("GET /portal/operator/changes", p.page(p.operating(p.changes)))
	mux.HandleFunc("GET /portal/operator/payments", p.page(p.operating(p.records("payments", "Payments", p.Payments))))
	mux.HandleFunc("GET /portal/operator/events", p.page(p.operating(p.records("events", "Event notifications", p.Events))))
}

// operating asks for the operator's key first.
func (p *Portal) operating(h ownPage) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, ok := p.operator(r)
		if !ok {
			http.Redirect(w, r, "/portal/operator/login", http.StatusSeeOther)
			return nil
		}
		return h(w, r, s)
	}
}

func (p *Portal) showOperatorLogin(w http.ResponseWriter, r *http.Request) error {
	p.operatorLoginPage(w, r, http.StatusOK, "")
	return nil
}

func (p *Portal) operatorLoginPage(w http.ResponseWriter, r *http.Request, status int, fault string) {
	p.show(w, r, status, "operatorlogin.html", view{Title: "Operators", Fault: fault, form: p.strangerForm(w, r)})
}

func (p *Portal) operatorLogin(w http.ResponseWriter, r *http.Request) error {
	if err := p.checkStrangerForm(r); err != nil {
		return err
	}
	from := source(r)
	if err := p.tries.begin(from); err != nil {
		p.operatorLoginPage(w, r, http.StatusTooManyRequests, onepoint.MessageOf(err))
		return nil
	}
	given := sha256.Sum256([]byte(strings.TrimSpace(r.PostForm.Get("key"))))
	want := sha256.Sum256([]byte(p.Operator.Reveal()))
	if p.Operator == "" || subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		p.Log.WarnContext(r.Context(), "wrong operator key", "from", from.String())
		p.operatorLoginPage(w, r, http.StatusUnauthorized, "This is not the key.")
		return nil
	}
	p.tries.succeeded(from)
	if old, ok := p.operator(r); ok {
		p.operators.end(old)
	}
	setCookie(w, operatorCookie, operatorPath, p.operators.begin(as.Customer{}, false), 0)
	p.Log.InfoContext(r.Context(), "operator logged in at the portal", "from", from.String())
	http.Redirect(w, r, "/portal/operator/", http.StatusSeeOther)
	return nil
}

func (p *Portal) operatorLogout(w http.ResponseWriter, r *http.Request) error {
	if s, ok := p.operator(r); ok {
		if err := checkForm(r, s); err != nil {
			return err
		}
		p.operators.end(s)
	}
	setCookie(w, operatorCookie, operatorPath, "", -1)
	http.Redirect(w, r, "/portal/", http.StatusSeeOther)
	return nil
}

func (p *Portal) overview(w http.ResponseWriter, r *http.Request, s session) error {
	counts, err := p.Store.ConsentCounts(r.Context(), p.Now())
	if err != nil {
		return err
	}
	clients, err := p.Store.ClientCount(r.Context())
	if err != nil {
		return err
	}
	latest, err := p.Store.ConsentChanges(r.Context(), modelbank.ListQuery{Limit: 8}, p.Now())
	if err != nil {
		return err
	}
	p.show(w, r, http.StatusOK, "overview.html", view{
		Title: "Overview", Section: "operator", Here: "overview", session: s,
		Data: map[string]any{"Consents": counts, "Clients": clients, "Latest": latest.Consents},
	})
	return nil
}

// asked reads what every list is asked for.
func asked(r *http.Request) modelbank.ListQuery {
	q := r.URL.Query()
	search := q.Get("q")
	if runes := []rune(search); len(runes) > 100 {
		search = string(runes[:100])
	}
	return modelbank.ListQuery{Search: strings.ToValidUTF8(search, ""), After: q.Get("after"), Limit: operatorPage}
}

// nextPage is the address of the next page of a list.
func nextPage(path, search, status, next string) string {
	if next == "" {
		return ""
	}
	q := url.Values{"after": {next}}
	if search != "" {
		q.Set("q", search)
	}
	if status != "" {
		q.Set("status", status)
	}
	return path + "?" + q.Encode()
}
