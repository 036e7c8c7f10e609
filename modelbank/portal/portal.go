package portal

import (
	"context"
	"crypto/rand"
	"embed"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/as"
)

//go:embed pages/*.html static/*
var assets embed.FS

// Customers is the bank as a customer sees it. Everything it answers is of the
// customer named: another's account or consent is CodeNotFound.
type Customers interface {
	Authenticate(ctx context.Context, login, password string) (as.Customer, error)
	Accounts(ctx context.Context, customer string) ([]modelbank.Held, error)
	Statement(ctx context.Context, customer, account, cursor string) (modelbank.Held, onepoint.TransactionPage, error)
	Connections(ctx context.Context, customer, after string, limit int) (modelbank.ListedPage, error)
	Connection(ctx context.Context, customer, consent string) (modelbank.Lodged, error)
	EndConnection(ctx context.Context, customer, consent string) error
}

var _ Customers = modelbank.Portal{}

// SecondFactor judges a customer's one-time code. CodeUnauthenticated for a wrong
// or used one, CodeRateLimited while codes are locked, CodeConflict for a
// customer who has no way to make them. It counts and locks itself.
type SecondFactor interface {
	CheckCode(ctx context.Context, customer, code string) error
}

// Record is one line of a list that another part of the bank keeps.
type Record struct {
	At     time.Time
	ID     string
	Kind   string // "Domestic payment"
	TPP    string
	About  string // whom or what it is about; no secret
	Status string
	Amount onepoint.Money // zero for none
}

// Records is such a list, newest first: payments, event notifications.
type Records interface {
	// Records returns a page; next is empty on the last one. CodeInvalid for an after
	// that no page had.
	Records(ctx context.Context, search, after string, limit int) (list []Record, next string, err error)
}

// API is one entry of the catalogue.
type API struct {
	Name    string
	Version string
	Path    string // below the bank's address
	About   string
	Status  string // "Stable"
	Spec    string // address of the standard's text
}

// TestUser is a customer whose login is published.
type TestUser struct {
	Login, Password, Name, About string
}

// Developers is what the pages for developers tell.
type Developers struct {
	Issuer    string // the bank's address, https
	Directory string // issuer of the local directory's statements
	Root      string // name of the file that holds the root of test certificates
	APIs      []API
	Users     []TestUser
}

// Config is what the portal needs.
type Config struct {
	Bank       string // its name
	Zone       *time.Location
	Customers  Customers
	Factor     SecondFactor // asked for after the password; nil: the password is enough
	Store      modelbank.PortalStore
	Developers Developers
	Operator   onepoint.Secret // that opens the operators' pages; empty keeps them closed
	Payments   Records         // nil: the bank takes no payments yet
	Events     Records         // nil: the bank sends no events yet
	Now        onepoint.Clock
	Log        *slog.Logger
}

// Portal serves everything below /portal/. It is safe for concurrent use.
// Sessions are in memory: a restart asks everybody to log in again.
type Portal struct {
	Config
	templates *template.Template
	formKey   []byte // of the forms before a login
	customers *sessions
	operators *sessions
	tries     *tries
	origin    *http.CrossOriginProtection
}

// How long sessions last without a page, and at most.
const (
	customerIdle = 10 * time.Minute
	operatorIdle = 30 * time.Minute
	sessionLife  = 8 * time.Hour
)

// New makes the portal.
func New(c Config) (*Portal, error) {
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	p := &Portal{
		Config: c, formKey: make([]byte, 32), origin: http.NewCrossOriginProtection(),
		customers: newSessions(c.Now, customerIdle), operators: newSessions(c.Now, operatorIdle), tries: newTries(c.Now),
	}
	rand.Read(p.formKey)
	var err error
	p.templates, err = template.New("").Funcs(p.words()).ParseFS(assets, "pages/*.html")
	if err != nil {
		return nil, onepoint.E(onepoint.CodeInternal, "read the portal's pages", "", err)
	}
	return p, nil
}

// Handler serves the pages below /portal/.
func (p *Portal) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /portal", http.RedirectHandler("/portal/", http.StatusSeeOther))
	mux.HandleFunc("GET /portal/{$}", p.page(p.front))
	p.customerPages(mux)
	p.developerPages(mux)
	p.operatorPages(mux)
	static, err := fs.Sub(assets, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	files := http.StripPrefix("/portal/static/", http.FileServerFS(static))
	mux.HandleFunc("GET /portal/static/{file}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		files.ServeHTTP(w, r)
	})
	mux.HandleFunc("/portal/", p.page(func(http.ResponseWriter, *http.Request) error { return noPage() }))
	return mux
}

func noPage() error {
	return onepoint.E(onepoint.CodeNotFound, "find page", "there is no such page", nil)
}

func (p *Portal) front(w http.ResponseWriter, r *http.Request) error {
	s, _ := p.customer(r)
	p.show(w, r, http.StatusOK, "front.html", view{Title: "Welcome", session: s})
	return nil
}
