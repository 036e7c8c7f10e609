package portal

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/onepointledger/onepoint"
)

const maxForm = 16 << 10

// view is what a page shows.
type view struct {
	Title   string
	Section string // "customer", "developer", "operator": which navigation
	Here    string // the page in the navigation
	Fault   string
	Done    string
	Search  string
	Status  string
	Next    string // address of the next page, empty for none
	First   bool   // the first page of a list
	Data    any

	session session
	form    string // the token of a form before a login
}

// shown is a view with what every page has.
type shown struct {
	view
	Bank     string
	Customer string
	CSRF     string
}

// page adapts a handler of a page: its error is a page.
func (p *Portal) page(h func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		head := w.Header()
		head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("X-Frame-Options", "DENY")
		head.Set("Referrer-Policy", "same-origin")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		head.Set("Cache-Control", "no-store")
		err := p.origin.Check(r)
		if err != nil {
			err = foreignForm(err)
		} else {
			err = h(w, r)
		}
		if err != nil {
			p.fail(w, r, err)
		}
	}
}

func foreignForm(cause error) error {
	return onepoint.E(onepoint.CodeForbidden, "read form", "this form was not sent from this bank's page; go back, load the page again and try once more", cause)
}

func statusOf(code onepoint.Code) int {
	switch code {
	case onepoint.CodeInvalid:
		return http.StatusBadRequest
	case onepoint.CodeUnauthenticated:
		return http.StatusUnauthorized
	case onepoint.CodeForbidden:
		return http.StatusForbidden
	case onepoint.CodeNotFound:
		return http.StatusNotFound
	case onepoint.CodeConflict:
		return http.StatusConflict
	case onepoint.CodeRateLimited:
		return http.StatusTooManyRequests
	case onepoint.CodeUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func (p *Portal) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(onepoint.CodeOf(err))
	if status >= http.StatusInternalServerError {
		p.Log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "cause", err)
	} else {
		p.Log.InfoContext(r.Context(), "page refused", "path", r.URL.Path, "status", status, "cause", err)
	}
	v := view{Title: "This did not work", Fault: onepoint.MessageOf(err), Section: sectionOf(r.URL.Path)}
	switch v.Section {
	case "customer":
		v.session, _ = p.customer(r)
	case "operator":
		v.session, _ = p.operator(r)
	}
	if status == http.StatusNotFound {
		v.Title = "Not found"
	}
	p.show(w, r, status, "error.html", v)
}

func sectionOf(path string) string {
	switch {
	case strings.HasPrefix(path, "/portal/operator"):
		return "operator"
	case strings.HasPrefix(path, "/portal/developers"):
		return "developer"
	case strings.HasPrefix(path, "/portal/accounts"), strings.HasPrefix(path, "/portal/apps"):
		return "customer"
	}
	return ""
}

func (p *Portal) show(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	s := shown{view: v, Bank: p.Bank, Customer: v.session.customer.Name, CSRF: v.session.csrf}
	if v.form != "" {
		s.CSRF = v.form
	}
	if v.Section != "developer" && !v.session.alive {
		s.Section = "" // no navigation to where one may not go
	}
	var page bytes.Buffer
	if err := p.templates.ExecuteTemplate(&page, name, s); err != nil {
		p.Log.ErrorContext(r.Context(), "render page", "page", name, "error", err)
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(page.Bytes())
}
