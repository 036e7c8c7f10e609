package op

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/core"
	"github.com/onepointledger/onepoint/modelbank/sim"
)

// How long things last; OP publishes none of it.
const (
	clientTokenLife = time.Hour
	userTokenLife   = time.Hour
	refreshLife     = 90 * 24 * time.Hour
	codeLife        = 5 * time.Minute
	maxBody         = 256 << 10
)

// name is the simulator's in the store.
const name = "op"

// Bank is the model bank's consent rules.
type Bank interface {
	onepoint.ASPSP
}

// Journey is how a customer decides about a consent.
type Journey interface {
	sim.Customers
	Approve(ctx context.Context, consentID, customer string, accounts []string) error
	Reject(ctx context.Context, consentID string) error
}

// Books is what payments need of the core.
type Books interface {
	Transfer(ctx context.Context, t core.Transfer) error
	HasFunds(ctx context.Context, account string, amount onepoint.Money) (bool, error)
	AccountByIdentifier(ctx context.Context, id onepoint.Identifier) (onepoint.Account, error)
}

// Config is what the simulator needs.
type Config struct {
	Base    string          // where it is served, "https://127.0.0.1:8443/op"
	APIKey  onepoint.Secret // the developer portal's x-api-key
	Bank    Bank
	Journey Journey
	Books   Books
	Store   sim.Store
	QTSP    *eidas.QTSP    // issues the sandbox's certificates
	Roots   *x509.CertPool // that client certificates must chain to
	// Revoked refuses a client certificate that its issuer revoked; nil: not checked.
	Revoked func(ctx context.Context, leaf *x509.Certificate, sent []*x509.Certificate) error
	Key     fapi.SigningKey // signs ID tokens and payment answers
	Zone    *time.Location
	// BusyEvery makes every n-th read answer 503, as OP's sandbox does now and then;
	// 0 never.
	BusyEvery int64
	// AllowLoopbackRedirects accepts http redirect URIs on loopback addresses; OP
	// itself takes https only.
	AllowLoopbackRedirects bool
	Now                    onepoint.Clock
	NewID                  onepoint.IDs
	Log                    *slog.Logger
}

// Server is the simulator.
type Server struct {
	Config
	path  string // of Base
	pages *sim.Pages
	reads atomic.Int64

	tpps     sim.Table[tpp]
	clients  sim.Table[client]
	software sim.Table[string] // software id → client id
	tokens   sim.Table[token]
	codes    sim.Table[code]
	orders   sim.Table[order]
	payments sim.Table[payment]
	funds    sim.Table[fundsConsent]
	keys     sim.Table[idempotent]
	revoked  sim.Table[authorization] // what the consent rules forget
}

// New makes the simulator.
func New(c Config) (*Server, error) {
	u, err := url.Parse(c.Base)
	if err != nil || c.QTSP == nil || c.Roots == nil || c.Bank == nil || c.Store == nil {
		return nil, errors.New("the OP simulator needs an address, a QTSP, roots, a bank and a store")
	}
	s := &Server{Config: c, path: strings.TrimSuffix(u.Path, "/")}
	s.tpps = sim.Table[tpp]{Store: c.Store, Sim: name, Kind: "tpp"}
	s.clients = sim.Table[client]{Store: c.Store, Sim: name, Kind: "client"}
	s.software = sim.Table[string]{Store: c.Store, Sim: name, Kind: "software"}
	s.tokens = sim.Table[token]{Store: c.Store, Sim: name, Kind: "token"}
	s.codes = sim.Table[code]{Store: c.Store, Sim: name, Kind: "code"}
	s.orders = sim.Table[order]{Store: c.Store, Sim: name, Kind: "order"}
	s.payments = sim.Table[payment]{Store: c.Store, Sim: name, Kind: "payment"}
	s.funds = sim.Table[fundsConsent]{Store: c.Store, Sim: name, Kind: "funds"}
	s.keys = sim.Table[idempotent]{Store: c.Store, Sim: name, Kind: "idempotency"}
	s.revoked = sim.Table[authorization]{Store: c.Store, Sim: name, Kind: "revoked"}
	s.pages = &sim.Pages{
		Visits:    sim.Table[sim.Visit]{Store: c.Store, Sim: name, Kind: "visit"},
		Customers: c.Journey, Brand: "OP", Class: "op", Base: s.path + "/authorize/psu", Decide: s.decided, Now: c.Now, Log: c.Log,
	}
	return s, nil
}

// Handler serves everything below Base.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	at := func(pattern string, h func(w http.ResponseWriter, r *http.Request) error) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+s.path+path, s.endpoint(h))
	}
	at("POST /generator", s.generate)
	at("GET /jwks/{tpp}/public-jwks.json", s.publicKeys)
	at("POST /mtls/tpp-registration/register", s.register)
	at("POST /mtls/oauth/token", s.token)
	at("GET /authorize/oauth/jwks/PSD2_OIDC", s.ownKeys)
	at("GET /psd2/sandbox/jwks/payments/jwks.json", s.ownKeys)
	mux.HandleFunc("GET "+s.path+"/authorize/oauth/authorize", s.authorize)
	mux.Handle(s.path+"/authorize/psu/", s.pages.Handler())
	s.accountRoutes(at)
	s.fundsRoutes(at)
	s.paymentRoutes(at)
	mux.HandleFunc(s.path+"/", s.endpoint(func(http.ResponseWriter, *http.Request) error {
		return &apiError{http.StatusNotFound, "VALIDATION", "No such resource", nil}
	}))
	return mux
}

// endpoint adapts a handler: its error becomes the body that OP would send.
func (s *Server) endpoint(h func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		w.Header().Set("Cache-Control", "no-store")
		if id := r.Header.Get("x-fapi-interaction-id"); id != "" {
			w.Header().Set("x-fapi-interaction-id", id)
		}
		if err := h(w, r); err != nil {
			s.Log.InfoContext(r.Context(), "refused", "path", r.URL.Path, "cause", err)
			s.writeError(w, err)
		}
	}
}

func (s *Server) url(path string) string { return s.Base + path }

func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
	return nil
}

func readBody(r *http.Request, into any) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, invalid("Required", "", "The body cannot be read")
	}
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		if strings.Contains(err.Error(), "unknown field") {
			return nil, invalid("UnrecognizedProperty", "", err.Error())
		}
		return nil, invalid("TypeMismatch", "", "The body is malformed")
	}
	return body, nil
}

func hash(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}
