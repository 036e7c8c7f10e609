package bunq

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

// Core is the core banking system as the simulator uses it; *core.Core
// implements it.
type Core interface {
	Accounts(ctx context.Context, customer string) ([]onepoint.Account, error)
	Account(ctx context.Context, id string) (onepoint.Account, error)
	AccountByIdentifier(ctx context.Context, id onepoint.Identifier) (onepoint.Account, error)
	Balances(ctx context.Context, account string) ([]onepoint.Balance, error)
	Entries(ctx context.Context, account string, q core.Query) (onepoint.TransactionPage, error)
	HasFunds(ctx context.Context, account string, amount onepoint.Money) (bool, error)
	Transfer(ctx context.Context, t core.Transfer) error
	Post(ctx context.Context, m core.Movement) ([]core.Entry, error)
}

// Config is what the simulator needs.
type Config struct {
	Base                   string // where it is reached: "https://127.0.0.1:8443/bunq"
	Store                  sim.Store
	Core                   Core
	Customers              sim.Customers
	Now                    onepoint.Clock
	NewID                  onepoint.IDs
	Zone                   *time.Location
	AllowLoopbackRedirects bool   // http://127.0.0.1 may be called back
	Limits                 Limits // zero: bunq's own
	Log                    *slog.Logger
}

// Server is the simulator. It is safe for concurrent use.
type Server struct {
	Config
	tables

	path  string // of Base
	pages *sim.Pages
	rates *rates

	creating sync.Mutex // one OAuth client per provider, one provider per certificate
	paying   sync.Mutex // numbering of payments
	known    map[string]*statement
}

// New makes the simulator. CodeInvalid for a Base that is no https address with
// a path.
func New(c Config) (*Server, error) {
	base, err := url.Parse(c.Base)
	if err != nil || base.Scheme != "https" || base.Host == "" || !strings.HasPrefix(base.Path, "/") {
		return nil, onepoint.Missing("start bunq", "Base", "must be an https address with a path")
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	s := &Server{
		Config: c, tables: newTables(c.Store), path: strings.TrimRight(base.Path, "/"),
		rates: newRates(c.Limits, c.Now), known: map[string]*statement{},
	}
	s.pages = &sim.Pages{
		Visits:    sim.Table[sim.Visit]{Store: c.Store, Sim: simName, Kind: "visit"},
		Customers: c.Customers, Brand: "bunq", Class: "bunq", Base: s.path + "/oauth",
		Decide: s.decide, Now: c.Now, Log: c.Log,
	}
	return s, nil
}

// Handler serves everything below the path of Base.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		method, path, _ := strings.Cut(r.pattern, " ")
		mux.HandleFunc(method+" "+s.path+"/v1"+path, s.api(r))
	}
	mux.HandleFunc(s.path+"/v1/", s.nowhere)
	mux.HandleFunc("GET "+s.path+"/oauth/auth", s.page(s.authorize))
	mux.HandleFunc("GET "+s.path+"/oauth/pay", s.page(s.payPage))
	mux.HandleFunc("POST "+s.path+"/oauth/v1/token", s.token)
	mux.Handle(s.path+"/oauth/", s.pages.Handler())
	return mux
}

// page adapts a handler of a page: its error is a page.
func (s *Server) page(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-store")
		if err := h(w, r); err != nil {
			s.pages.Fail(w, r, nil, err)
		}
	}
}

func (s *Server) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }
