package obie

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

const (
	interactionHeader = "x-fapi-interaction-id"
	maxRequest        = 64 << 10
	defaultPage       = 100
)

// TokenChecker says what a bearer token stands for. The authorization server
// implements it. Errors: CodeTokenInvalid, CodeCertificateInvalid.
type TokenChecker interface {
	CheckToken(ctx context.Context, bearer string, cert *x509.Certificate) (fapi.TokenInfo, error)
}

// Bank is the bank behind the account-information API.
type Bank interface {
	onepoint.ASPSP
	AccountInformation
}

// AccountInformation is what the API shows beside accounts, balances and
// transactions. An account is one of the consent's; an empty one, where a list
// may be of all, is every one. The errors are those of [onepoint.AccountSource],
// and CodeNotFound for a statement that the account has not.
type AccountInformation interface {
	Beneficiaries(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.Beneficiary, error)
	DirectDebits(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.DirectDebit, error)
	StandingOrders(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.StandingOrder, error)
	ScheduledPayments(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.ScheduledPayment, error)
	Products(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.Product, error)
	Offers(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.Offer, error)
	Party(ctx context.Context, c onepoint.Consent) (onepoint.Party, error)
	// Parties returns who holds an account, the one to show alone first.
	Parties(ctx context.Context, c onepoint.Consent, account string) ([]onepoint.Party, error)
	Statements(ctx context.Context, c onepoint.Consent, account string, q onepoint.StatementQuery) ([]onepoint.Statement, error)
	Statement(ctx context.Context, c onepoint.Consent, account, id string) (onepoint.Statement, error)
	StatementTransactions(ctx context.Context, c onepoint.Consent, account, id string, q onepoint.TransactionQuery) (onepoint.TransactionPage, error)
	// StatementFile writes a statement as application/pdf or text/plain.
	StatementFile(ctx context.Context, c onepoint.Consent, account, id, media string) (onepoint.Document, error)
}

// ServerConfig is what the account API needs.
type ServerConfig struct {
	BaseURL  string // https, without a slash at the end
	Bank     Bank
	Tokens   TokenChecker
	Zone     *time.Location // the bank's
	PageSize int            // transactions of a page; 0 means 100; 25 to 1000 by the standard
	Now      onepoint.Clock
	NewID    onepoint.IDs
	Log      *slog.Logger
}

// Server serves the account-information API, in every version side by side, over
// a [Bank]. It only translates: what a consent allows, the bank decides.
type Server struct {
	ServerConfig
	mux *http.ServeMux
}

// api is the API in one version.
type api struct {
	*Server
	codec codec
}

// NewServer makes the server.
func NewServer(c ServerConfig) (*Server, error) {
	if c.PageSize == 0 {
		c.PageSize = defaultPage
	}
	if c.PageSize < 25 || c.PageSize > 1000 {
		return nil, fmt.Errorf("a page holds 25 to 1000 transactions, not %d", c.PageSize)
	}
	s := &Server{ServerConfig: c, mux: http.NewServeMux()}
	for _, v := range versions() {
		a := &api{s, codec{v, c.Zone}}
		for _, r := range a.routes() {
			s.mux.Handle(v.base+aisp+r.path, a.methods(r))
		}
	}
	newest := &api{s, codec{v4(), c.Zone}}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		newest.refuse(w, r, &refusal{status: http.StatusNotFound, msg: "there is no such resource"})
	})
	return s, nil
}

// call answers one request: a nil body is none, an onepoint.Document a file,
// anything else JSON.
type call func(r *http.Request) (status int, body any, err error)

// route is one path of the standard with its methods.
type route struct {
	path    string
	methods map[string]call
	media   []string // what is served; nil is JSON
}

func get(path string, do call) route {
	return route{path: path, methods: map[string]call{http.MethodGet: do}}
}

// routes is the whole API (account-info-openapi.yaml, the same paths in both
// versions).
func (a *api) routes() []route {
	const one = "/accounts/{account}"
	file := get(one+"/statements/{statement}/file", a.statementFile)
	file.media = fileMedia()
	return []route{
		{path: "/account-access-consents", methods: map[string]call{http.MethodPost: a.lodge}},
		{path: "/account-access-consents/{consent}", methods: map[string]call{http.MethodGet: a.readConsent, http.MethodDelete: a.deleteConsent}},
		get("/accounts", a.accounts),
		get(one, a.account),
		get("/balances", a.allBalances), get(one+"/balances", a.balances),
		get("/transactions", a.allTransactions), get(one+"/transactions", a.transactions),
		get("/beneficiaries", a.beneficiaries), get(one+"/beneficiaries", a.beneficiaries),
		get("/direct-debits", a.directDebits), get(one+"/direct-debits", a.directDebits),
		get("/standing-orders", a.standingOrders), get(one+"/standing-orders", a.standingOrders),
		get("/scheduled-payments", a.scheduledPayments), get(one+"/scheduled-payments", a.scheduledPayments),
		get("/products", a.products), get(one+"/product", a.products),
		get("/offers", a.offers), get(one+"/offers", a.offers),
		get("/party", a.partyOfUser), get(one+"/party", a.party), get(one+"/parties", a.parties),
		get("/statements", a.statements), get(one+"/statements", a.statements),
		get(one+"/statements/{statement}", a.statement),
		get(one+"/statements/{statement}/transactions", a.statementTransactions),
		file,
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get(interactionHeader)
	if id == "" || len(id) > 40 || strings.ContainsFunc(id, func(c rune) bool { return c < '!' || c > '~' }) {
		id = newUUID()
	}
	w.Header().Set(interactionHeader, id)
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	s.mux.ServeHTTP(w, r)
}

// newUUID is a random UUID (RFC 9562 version 4), the form of interaction ids.
func newUUID() string {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // crypto/rand does not fail on any supported system
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (a *api) methods(route route) http.Handler {
	var allowed []string
	for m := range route.methods {
		allowed = append(allowed, m)
	}
	slices.Sort(allowed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		do, ok := route.methods[r.Method]
		if !ok {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			a.refuse(w, r, &refusal{status: http.StatusMethodNotAllowed, msg: "the method is not allowed here"})
			return
		}
		if route.media == nil && accepted(r.Header.Get("Accept"), "application/json") == "" {
			a.refuse(w, r, &refusal{status: http.StatusNotAcceptable, msg: "only application/json is served", path: "Accept"})
			return
		}
		status, body, err := do(r)
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		a.answer(w, r, status, body)
	})
}

// accepted picks the first of the offers that an Accept header takes, or "".
func accepted(accept string, offers ...string) string {
	if accept == "" {
		return offers[0]
	}
	for part := range strings.SplitSeq(accept, ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil || params["q"] == "0" {
			continue
		}
		for _, o := range offers {
			kind, _, _ := strings.Cut(o, "/")
			if media == o || media == "*/*" || media == kind+"/*" {
				return o
			}
		}
	}
	return ""
}

// authorised checks the token: its certificate, its kind and its scope.
func (s *Server) authorised(r *http.Request, grantType, scope string) (fapi.TokenInfo, error) {
	unauthorised := &refusal{status: http.StatusUnauthorized, msg: "no valid access token"}
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || bearer == "" || r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return fapi.TokenInfo{}, unauthorised
	}
	info, err := s.Tokens.CheckToken(r.Context(), bearer, r.TLS.PeerCertificates[0])
	if err != nil {
		return info, err
	}
	if info.GrantType != grantType {
		return info, unauthorised
	}
	if !slices.Contains(info.Scopes, scope) {
		return info, &refusal{status: http.StatusForbidden, code: "U008", msg: "the access token lacks the scope " + scope}
	}
	return info, nil
}

func tppOf(t fapi.TokenInfo) onepoint.TPP {
	return onepoint.TPP{ClientID: t.ClientID, OrganisationID: t.OrganisationID, Name: t.ClientName}
}
