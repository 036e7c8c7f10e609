package portal

import (
	"net/http"
	"net/url"

	"github.com/onepointledger/onepoint/modelbank"
)

func (p *Portal) developerPages(mux *http.ServeMux) {
	mux.HandleFunc("GET /portal/developers", p.page(p.developer("", "APIs", "apis.html")))
	mux.HandleFunc("GET /portal/developers/start", p.page(p.developer("start", "How to start", "start.html")))
	mux.HandleFunc("GET /portal/developers/certificates", p.page(p.developer("certificates", "Test certificates", "certificates.html")))
	mux.HandleFunc("GET /portal/developers/users", p.page(p.developer("users", "Test users", "users.html")))
	mux.HandleFunc("GET /portal/developers/try", p.page(p.try))
	mux.HandleFunc("GET /portal/developers/directory", p.page(p.directory))
}

// developer shows a page that is the same for everybody.
func (p *Portal) developer(here, title, name string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		p.show(w, r, http.StatusOK, name, view{Title: title, Section: "developer", Here: here, Data: p.Developers})
		return nil
	}
}

func (p *Portal) directory(w http.ResponseWriter, r *http.Request) error {
	after := r.URL.Query().Get("after")
	software, next, err := p.Store.SoftwarePage(r.Context(), modelbank.ListQuery{After: after, Limit: operatorPage})
	if err != nil {
		return err
	}
	type row struct {
		Organisation, ID, Name, Keys string
		Roles                        []string
	}
	rows := make([]row, len(software))
	for i, s := range software {
		rows[i] = row{s.OrgID, s.ID, s.Name, "/directory/jwks/" + url.PathEscape(s.OrgID) + "/" + url.PathEscape(s.ID) + ".jwks", s.Roles}
	}
	p.show(w, r, http.StatusOK, "directory.html", view{
		Title: "Directory and keys", Section: "developer", Here: "directory", First: after == "",
		Next: nextPage("/portal/developers/directory", "", "", next),
		Data: map[string]any{"Software": rows, "Issuer": p.Developers.Issuer, "Directory": p.Developers.Directory},
	})
	return nil
}

func (p *Portal) try(w http.ResponseWriter, r *http.Request) error {
	p.show(w, r, http.StatusOK, "try.html", view{
		Title: "Try it", Section: "developer", Here: "try", Data: p.commands(),
	})
	return nil
}
