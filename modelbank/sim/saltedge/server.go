package saltedge

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/sim"
	"github.com/onepointledger/onepoint/standard/berlin"
)

// Bank is the consent rules and what is read under them; *modelbank.Bank
// implements it.
type Bank interface {
	onepoint.ASPSP
}

// Journey is the customer's side of a consent; modelbank.Journey implements it.
type Journey interface {
	sim.Customers
	Approve(ctx context.Context, consentID, customer string, accounts []string) error
	Reject(ctx context.Context, consentID string) error
}

// Core is the books as payments and confirmations need them; *core.Core
// implements it.
type Core interface {
	Transfer(ctx context.Context, t core.Transfer) error
	HasFunds(ctx context.Context, account string, amount onepoint.Money) (bool, error)
	AccountByIdentifier(ctx context.Context, id onepoint.Identifier) (onepoint.Account, error)
}

// StatementIssuer is a directory whose software statements are taken.
type StatementIssuer struct {
	Issuer  string // iss of its statements
	JWKSURL string
}

// Config is what the simulator needs.
type Config struct {
	Base             string // "https://127.0.0.1:8443/salt-edge": where it is served
	Store            sim.Store
	Bank             Bank
	Journey          Journey
	Core             Core
	Roots            *x509.CertPool                 // that certificates must chain to
	Issuers          []*x509.Certificate            // issuing authorities below them: a request brings its own certificate only
	Revoked          func(c *x509.Certificate) bool // nil: none
	StatementIssuers []StatementIssuer
	HTTP             *http.Client  // fetches the keys of software statements
	Audiences        []string      // what aud of a registration may name; nil: Base
	Delay            time.Duration // until a consent has its redirect address, and a registration is accepted
	Unattended       int           // calls a day without the user, for each consent and address; 0: 4; negative: no limit
	PageSize         int           // of transactions when a page is asked for without a size; 0: 50
	Strict           bool          // UK registration by the rules; else the documentation's own sample passes
	// AllowLoopbackRedirects lets TPPs on the same machine receive users over http.
	AllowLoopbackRedirects bool
	Now                    onepoint.Clock
	NewID                  onepoint.IDs
	Zone                   *time.Location
	Log                    *slog.Logger
}

// Names under which rows are kept and things are shown.
const (
	simName  = "saltedge"
	provider = "artea_sandbox"
	brand    = "Artea Bank"
	bankBIC  = "ARTELT2X"
)

// Server is the simulator.
type Server struct {
	Config
	root  string // path of Base
	codec berlin.Codec
	pages *sim.Pages
	keys  *fapi.KeySource

	tpps     sim.Table[registeredTPP]
	consents sim.Table[consentRow]
	payments sim.Table[paymentRow]
	funds    sim.Table[fundsRow]
	visits   sim.Table[errand]
	clients  sim.Table[ukClient]
	used     sim.Table[time.Time] // ids of client assertions
	tokens   sim.Table[ukToken]
}

// New makes the simulator. CodeInvalid for a base that is not https.
func New(c Config) (*Server, error) {
	c.Base = strings.TrimSuffix(c.Base, "/")
	u, err := url.Parse(c.Base)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, onepoint.Missing("start the Salt Edge simulator", "base", "must be an https address")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Unattended == 0 {
		c.Unattended = 4
	}
	if c.PageSize == 0 {
		c.PageSize = 50
	}
	if c.Audiences == nil {
		c.Audiences = []string{c.Base}
	}
	s := &Server{Config: c, root: u.Path, codec: berlin.Codec{Zone: c.Zone}, keys: &fapi.KeySource{HTTP: c.HTTP, Now: c.Now}}
	s.tables()
	s.pages = &sim.Pages{
		Visits: table[sim.Visit](s, "visit"), Customers: c.Journey, Brand: brand, Class: "saltedge",
		Base: s.root + "/connector/psu", Decide: s.decide, Now: c.Now, Log: c.Log,
	}
	return s, nil
}

func table[T any](s *Server, kind string) sim.Table[T] {
	return sim.Table[T]{Store: s.Store, Sim: simName, Kind: kind}
}

func (s *Server) tables() {
	s.tpps, s.consents = table[registeredTPP](s, "tpp"), table[consentRow](s, "consent")
	s.payments, s.funds = table[paymentRow](s, "payment"), table[fundsRow](s, "funds-consent")
	s.visits, s.clients = table[errand](s, "errand"), table[ukClient](s, "uk-client")
	s.used, s.tokens = table[time.Time](s, "jti"), table[ukToken](s, "uk-token")
}
