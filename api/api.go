package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/identity"
	"github.com/onepointledger/onepoint/tpp"
)

const maxBody = 1 << 20

// Onboarding is what the API needs of registering at banks; *tpp.Onboarding has
// it.
type Onboarding interface {
	Register(ctx context.Context, workspace, bank string, answers map[string]string) (tpp.Registration, error)
	Deregister(ctx context.Context, workspace, bank string) (left string, err error)
	Registration(ctx context.Context, workspace, bank string) (tpp.Registration, error)
	Steps(ctx context.Context, workspace, bank string) ([]onepoint.Step, error)
}

// Connecting is what the API needs of connecting; *tpp.Connecting has it.
type Connecting interface {
	Connect(ctx context.Context, req tpp.ConnectRequest) (tpp.Connection, error)
	Callback(ctx context.Context, req tpp.CallbackRequest) (tpp.Connection, error)
	RequestSync(ctx context.Context, workspace, id string) (tpp.Connection, error)
	Revoke(ctx context.Context, workspace, id string) error
	ConfirmFunds(ctx context.Context, workspace, id string, amount onepoint.Money) (bool, error)
}

// ConnectionReader reads connections.
type ConnectionReader interface {
	Connection(ctx context.Context, workspace, id string) (tpp.Connection, error)
	Connections(ctx context.Context, workspace string) ([]tpp.Connection, error)
}

// Syncs reads sync runs.
type Syncs interface {
	LastSync(ctx context.Context, workspace, connection string) (tpp.Sync, error)
}

// Traces reads what was said to banks while registering.
type Traces interface {
	Exchanges(ctx context.Context, workspace, bank string) ([]onepoint.Trace, error)
}

// EventSource reads a workspace's events.
type EventSource interface {
	Events(ctx context.Context, workspace string, after int64, limit int) ([]onepoint.Event, error)
	LastEvent(ctx context.Context, workspace string) (int64, error)
}

// Check is one line of the doctor.
type Check struct {
	Name    string `json:"name"`
	Status  string `json:"status" enum:"ok,warn,fail"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty" doc:"What to do about it"`
}

// Config is what the API needs.
type Config struct {
	Workspace   string // that a first owner is made in
	Onboarding  Onboarding
	Connecting  Connecting
	Connections ConnectionReader
	Paying      Paying
	Payments    PaymentReader
	Operating   Operating
	Books       tpp.Books
	Syncs       Syncs
	Traces      Traces
	Audit       AuditLog
	Credentials CredentialKeeper
	Health      func(ctx context.Context, r tpp.Registration) (RegistrationHealth, error)
	Identity    *identity.Service
	Banks       []connector.Profile
	Events      EventSource
	Doctor      func(ctx context.Context) []Check
	Ping        func(ctx context.Context) error
	Web         http.Handler    // everything outside /api
	PublicURL   string          // cookies are Secure when it is https
	Quit        <-chan struct{} // closes when the program stops: event streams end
	Now         onepoint.Clock
	NewID       onepoint.IDs
	Log         *slog.Logger

	Certificates Certificates
	Metrics      http.Handler // GET /metrics, for whoever is signed in or has an API key; nil for none
}

// API is the HTTP API. It is an http.Handler.
type API struct {
	Config
	banks    map[string]connector.Profile
	throttle *throttle
	handler  http.Handler
	openapi  *huma.OpenAPI
}

// The framework has two package variables where it should have settings: how it
// makes its own errors, and whether lists may be null. They are set here, once,
// and nowhere else.
var useProblems = sync.OnceFunc(func() {
	huma.NewError = fromFramework
	huma.DefaultArrayNullable = false
})

// New makes the API.
func New(c Config) (*API, error) {
	useProblems()
	a := &API{Config: c, banks: map[string]connector.Profile{}, throttle: newThrottle(c.Now)}
	for _, p := range c.Banks {
		a.banks[p.ID] = p
	}
	mux := http.NewServeMux()
	config := huma.DefaultConfig("One Point Ledger", "1")
	config.Info.Description = "Connect banks, read accounts, balances and transactions. Money is a decimal string with its currency; errors are problem details (RFC 9457)."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath, config.CreateHooks = "/api/openapi", "", "", nil
	config.Transformers = []huma.Transformer{addRequestID}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"apiKey":  {Type: "http", Scheme: "bearer", Description: "An API key"},
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "The web session; changes also need the header X-Onepoint-CSRF: 1"},
	}
	h := humago.New(mux, config)
	h.UseMiddleware(a.requireSignIn(h))
	for _, r := range a.routes() {
		r(h)
	}
	a.openapi = h.OpenAPI()
	describeEvents(a.openapi)
	mux.HandleFunc("GET /api/v1/events", a.streamEvents)
	mux.HandleFunc("GET "+metricsPath, a.serveMetrics)
	mux.HandleFunc("/api/", a.unknown)
	if c.Web != nil {
		mux.Handle("/", c.Web)
	}
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, r, onepoint.E(onepoint.CodeForbidden, "check origin", "the request comes from another site", nil))
	}))
	a.handler = a.identify(a.logged(a.harden(cross.Handler(a.signIn(a.guard(mux))))))
	return a, nil
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// OpenAPI is the API's description, as JSON.
func (a *API) OpenAPI() ([]byte, error) {
	b, err := a.openapi.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	return b, nil
}

func addRequestID(ctx huma.Context, _ string, v any) (any, error) {
	if p, ok := v.(*Problem); ok {
		with := *p
		with.RequestID = requestID(ctx.Context())
		return &with, nil
	}
	return v, nil
}

// unknown answers below /api what no route does.
func (a *API) unknown(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, r, onepoint.E(onepoint.CodeNotFound, "route", "there is no "+strings.ToUpper(r.Method)+" at this address; see /api/openapi.json", nil))
}
