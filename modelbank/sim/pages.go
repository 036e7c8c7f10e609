package sim

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/as"
)

//go:embed pages/*.html static/*
var assets embed.FS

const (
	visitLife = 15 * time.Minute
	maxForm   = 64 << 10
)

// Customers is the bank as the pages see it: who logs in, and what they could
// share.
type Customers interface {
	Authenticate(ctx context.Context, login, password string) (as.Customer, error)
	Accounts(ctx context.Context, customer string) ([]as.Choice, error)
}

// Line is one thing that the customer agrees to.
type Line struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Visit is a customer's way through the pages, kept in the store so that a
// restart does not lose them.
type Visit struct {
	TPP      string          `json:"tpp"`    // who asks
	Title    string          `json:"title"`  // "Share your accounts"
	Lines    []Line          `json:"lines"`  // what is asked
	Choose   string          `json:"choose"` // "many" accounts, "one", or none
	Only     string          `json:"only"`   // with "one": this account, when the TPP named it
	Currency string          `json:"currency"`
	Data     json.RawMessage `json:"data"` // the simulator's own
	Browser  []byte          `json:"browser"`
	CSRF     string          `json:"csrf"`
	Customer as.Customer     `json:"customer"`
	Expires  time.Time       `json:"expires"`
}

// Decision is how a visit ended.
type Decision struct {
	Approved bool
	Customer string
	Accounts []string
}

// Pages are the login and decision pages of one simulator.
type Pages struct {
	Visits    Table[Visit]
	Customers Customers
	Brand     string // "OP", shown as the bank's name
	Class     string // of the body: which colours
	Base      string // path of the pages, "/op/authorize"
	// Decide records the decision and says where the browser goes. It is called once
	// for each visit.
	Decide func(ctx context.Context, v Visit, d Decision) (redirect string, err error)
	Now    onepoint.Clock
	Log    *slog.Logger
}

// Handler serves the pages below Base.
func (p *Pages) Handler() http.Handler {
	templates := template.Must(template.ParseFS(assets, "pages/*.html"))
	mux := http.NewServeMux()
	page := func(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, templates, h) }
	}
	mux.HandleFunc("GET "+p.Base+"/login", page(p.showLogin(templates)))
	mux.HandleFunc("POST "+p.Base+"/login", page(p.login(templates)))
	mux.HandleFunc("GET "+p.Base+"/consent", page(p.showConsent(templates)))
	mux.HandleFunc("POST "+p.Base+"/consent", page(p.decide(templates)))
	static, err := fs.Sub(assets, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux.Handle("GET "+p.Base+"/static/", http.StripPrefix(p.Base+"/static/", http.FileServerFS(static)))
	return mux
}

func (p *Pages) serve(w http.ResponseWriter, r *http.Request, t *template.Template, h func(http.ResponseWriter, *http.Request) error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	head := w.Header()
	head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cache-Control", "no-store")
	if err := h(w, r); err != nil {
		p.Fail(w, r, t, err)
	}
}

// Fail shows an error as a page.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, t *template.Template, err error) {
	if t == nil {
		t = template.Must(template.ParseFS(assets, "pages/*.html"))
	}
	status := http.StatusBadRequest
	if onepoint.CodeOf(err) == onepoint.CodeInternal {
		status = http.StatusInternalServerError
	}
	p.Log.WarnContext(r.Context(), "page refused", "path", r.URL.Path, "cause", err)
	p.show(w, r, t, status, "error.html", map[string]any{"Message": onepoint.MessageOf(err)})
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, t *template.Template, status int, name string, data map[string]any) {
	data["Bank"], data["Class"], data["Base"] = p.Brand, p.Class, p.Base
	var page bytes.Buffer
	if err := t.ExecuteTemplate(&page, name, data); err != nil {
		p.Log.ErrorContext(r.Context(), "render page", "page", name, "error", err)
		http.Error(w, "The page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(page.Bytes())
}

// Random is 256 bits in base64url.
func Random() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func digest(s string) []byte {
	h := sha256.Sum256([]byte(s))
	return h[:]
}

func (p *Pages) cookie(id string) string {
	return "__Secure-visit-" + hex.EncodeToString(digest(id)[:6])
}

// Begin starts a visit in this browser and sends it to the login page.
func (p *Pages) Begin(w http.ResponseWriter, r *http.Request, v Visit) error {
	id, secret := Random(), Random()
	v.Browser, v.CSRF, v.Expires = digest(secret), Random(), p.Now().Add(visitLife)
	if err := p.Visits.Add(r.Context(), hex.EncodeToString(digest(id)), "", v); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{
		Name: p.cookie(id), Value: secret, Path: p.Base, MaxAge: int(visitLife / time.Second),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, p.Base+"/login?i="+id, http.StatusSeeOther)
	return nil
}

func refused(msg string) error { return onepoint.E(onepoint.CodeConflict, "visit the bank", msg, nil) }

// visit finds the customer's own, in the browser that began it.
func (p *Pages) visit(r *http.Request) (key string, v Visit, err error) {
	id := r.URL.Query().Get("i")
	key = hex.EncodeToString(digest(id))
	v, err = p.Visits.Get(r.Context(), key)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound || err == nil && !p.Now().Before(v.Expires) {
		return key, v, refused("this page has expired or was finished already; return to the application and start again")
	}
	if err != nil {
		return key, v, err
	}
	cookie, err := r.Cookie(p.cookie(id))
	if err != nil || subtle.ConstantTimeCompare(digest(cookie.Value), v.Browser) != 1 {
		return key, v, refused("this page belongs to another browser, or cookies are blocked; return to the application and start again")
	}
	return key, v, nil
}

func (p *Pages) submitted(r *http.Request) (string, Visit, error) {
	key, v, err := p.visit(r)
	if err != nil {
		return key, v, err
	}
	if err := r.ParseForm(); err != nil {
		return key, v, refused("the form is malformed")
	}
	if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("csrf")), []byte(v.CSRF)) != 1 {
		return key, v, refused("this form was not sent from this bank's page; go back and try again")
	}
	return key, v, nil
}

func (p *Pages) showLogin(t *template.Template) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, v, err := p.visit(r)
		if err != nil {
			return err
		}
		p.loginPage(w, r, t, v, http.StatusOK, "", "")
		return nil
	}
}

func (p *Pages) loginPage(w http.ResponseWriter, r *http.Request, t *template.Template, v Visit, status int, login, fault string) {
	p.show(w, r, t, status, "login.html", map[string]any{
		"ID": r.URL.Query().Get("i"), "CSRF": v.CSRF, "TPP": v.TPP, "Title": v.Title, "Login": login, "Fault": fault,
	})
}

func (p *Pages) login(t *template.Template) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		key, v, err := p.submitted(r)
		if err != nil {
			return err
		}
		if r.PostForm.Get("action") == "cancel" {
			return p.finish(w, r, key, Decision{})
		}
		login := strings.TrimSpace(r.PostForm.Get("login"))
		customer, err := p.Customers.Authenticate(r.Context(), login, r.PostForm.Get("password"))
		switch onepoint.CodeOf(err) {
		case "":
		case onepoint.CodeUnauthenticated:
			p.loginPage(w, r, t, v, http.StatusUnauthorized, login, onepoint.MessageOf(err))
			return nil
		case onepoint.CodeRateLimited:
			p.loginPage(w, r, t, v, http.StatusTooManyRequests, login, onepoint.MessageOf(err))
			return nil
		default:
			return err
		}
		_, err = p.Visits.Update(r.Context(), key, func(v *Visit) error {
			v.Customer, v.CSRF = customer, Random() // a page open before the login can send nothing after it
			return nil
		})
		if err != nil {
			return err
		}
		http.Redirect(w, r, p.Base+"/consent?i="+r.URL.Query().Get("i"), http.StatusSeeOther)
		return nil
	}
}

func (p *Pages) showConsent(t *template.Template) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, v, err := p.visit(r)
		if err != nil {
			return err
		}
		if v.Customer.ID == "" {
			http.Redirect(w, r, p.Base+"/login?i="+r.URL.Query().Get("i"), http.StatusSeeOther)
			return nil
		}
		return p.consentPage(w, r, t, v, http.StatusOK, "")
	}
}

// choices are the accounts that the customer may pick for this visit.
func (p *Pages) choices(ctx context.Context, v Visit) ([]as.Choice, error) {
	if v.Choose == "" {
		return nil, nil
	}
	held, err := p.Customers.Accounts(ctx, v.Customer.ID)
	if err != nil {
		return nil, err
	}
	var out []as.Choice
	for _, c := range held {
		if (v.Only == "" || c.ID == v.Only) && (v.Currency == "" || c.Currency == v.Currency) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (p *Pages) consentPage(w http.ResponseWriter, r *http.Request, t *template.Template, v Visit, status int, fault string) error {
	choices, err := p.choices(r.Context(), v)
	if err != nil {
		return err
	}
	if v.Choose != "" && len(choices) == 0 {
		fault = "You have no account for this."
	}
	p.show(w, r, t, status, "consent.html", map[string]any{
		"ID": r.URL.Query().Get("i"), "CSRF": v.CSRF, "TPP": v.TPP, "Title": v.Title, "Lines": v.Lines,
		"Customer": v.Customer.Name, "Many": v.Choose == "many", "One": v.Choose == "one", "Accounts": choices, "Fault": fault,
	})
	return nil
}

func (p *Pages) decide(t *template.Template) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		key, v, err := p.submitted(r)
		if err != nil {
			return err
		}
		if v.Customer.ID == "" {
			return refused("log in first")
		}
		if r.PostForm.Get("action") != "allow" {
			return p.finish(w, r, key, Decision{Customer: v.Customer.ID})
		}
		choices, err := p.choices(r.Context(), v)
		if err != nil {
			return err
		}
		var picked []string
		for _, c := range choices {
			for _, id := range r.PostForm["account"] {
				if id == c.ID {
					picked = append(picked, id)
				}
			}
		}
		if v.Choose != "" && len(picked) == 0 || v.Choose == "one" && len(picked) != 1 {
			return p.consentPage(w, r, t, v, http.StatusUnprocessableEntity, "Choose an account.")
		}
		return p.finish(w, r, key, Decision{Approved: true, Customer: v.Customer.ID, Accounts: picked})
	}
}

func (p *Pages) finish(w http.ResponseWriter, r *http.Request, key string, d Decision) error {
	v, err := p.Visits.Take(r.Context(), key)
	if err != nil {
		return fmt.Errorf("end the visit: %w", err)
	}
	redirect, err := p.Decide(r.Context(), v, d)
	if err != nil {
		return err
	}
	http.Redirect(w, r, redirect, http.StatusSeeOther)
	return nil
}
