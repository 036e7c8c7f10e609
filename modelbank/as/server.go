package as

import (
	"context"
	"crypto/x509"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
)

// How long things last.
const (
	requestLife     = time.Minute // of a request_uri, RFC 9126 section 2.2
	codeLife        = time.Minute
	accessLife      = 10 * time.Minute
	refreshLife     = 180 * 24 * time.Hour
	certificateLife = 5 * time.Minute // a verified chain is believed this long
	clientKeysLife  = time.Minute     // a key that a client revoked verifies no longer than this
	maxBody         = 128 << 10
)

//go:embed pages/*.html static/*
var assets embed.FS

// TrustedDirectory is whose software statements the bank accepts.
type TrustedDirectory struct {
	Issuer  string
	JWKSURL string // https; software keys must be published on the same host
}

// Config is what the server needs.
type Config struct {
	Issuer         string // https, without a slash at the end
	OrganisationID string // the bank's, an accepted audience of registrations
	BankName       string
	Store          Store
	Journey        Journey
	Directories    []TrustedDirectory
	HTTP           *http.Client    // to fetch key sets
	Key            fapi.SigningKey // signs, where KeyNamed is nil
	// KeyNamed opens the signing key of a name, or makes it. With it keys can be
	// rotated, and Key is not used.
	KeyNamed       func(ctx context.Context, name string) (fapi.SigningKey, error)
	Roots          *x509.CertPool // that clients' certificates must chain to
	Revocation     Revocation     // nil: not checked
	RevocationHard bool           // refuse when the issuer does not tell
	// AllowLoopbackRedirects accepts http redirect URIs on loopback addresses (RFC
	// 8252 section 7.3): for sandboxes.
	AllowLoopbackRedirects bool
	StatementMaxAge        time.Duration
	// Standing says whether a software and its organisation are in good standing at
	// the directory now. CodeForbidden when not: then they get no registration and no
	// token. Nil: only the statement is believed.
	Standing func(ctx context.Context, org, software string) error
	// FAPI2 admits pushed requests with response_type code only, for every client
	// (FAPI 2.0 Security Profile section 5.3.2.2). A client may bind itself alone by
	// require_pushed_authorization_requests.
	FAPI2 bool
	// SecretClients lets clients register client_secret_basic, as version 3 of the UK
	// standard allows and FAPI does not. Certificates are required all the same.
	SecretClients bool
	// IntrospectionSecret, of at least 32 characters, opens introspection to resource
	// servers that do not have the bank's own certificate.
	IntrospectionSecret string
	// NoSecondFactor takes the password for strong customer authentication: for tests
	// of other things.
	NoSecondFactor bool
	// SandboxSecret is the published secret of the codes, in base32, of customers that
	// have none of their own.
	SandboxSecret string
	// ExemptionPeriod is how long after strong authentication an account consent can
	// be given again with the password alone (RTS 2018/389 article 10). 0: never.
	ExemptionPeriod time.Duration
	Now             onepoint.Clock
	NewID           onepoint.IDs
	Log             *slog.Logger
}

// Server is the authorization server. It is safe for concurrent use.
type Server struct {
	Config
	keys  *fapi.KeySource
	pages *template.Template
	ring  keyring

	mu       sync.Mutex
	verified map[string]verifiedCertificate // by thumbprint
}

type verifiedCertificate struct {
	cert eidas.Certificate
	at   time.Time
}

// New makes the server.
func New(c Config) (*Server, error) {
	if c.Roots == nil || c.Journey == nil || c.Store == nil || len(c.Directories) == 0 {
		return nil, errors.New("the authorization server needs roots, a journey, a store and a directory")
	}
	s := &Server{Config: c, keys: &fapi.KeySource{HTTP: c.HTTP, Now: c.Now, Life: clientKeysLife}, verified: map[string]verifiedCertificate{}}
	var err error
	if err := s.loadKeys(context.Background()); err != nil {
		return nil, err
	}
	if s.pages, err = template.New("").Funcs(template.FuncMap{"money": money}).ParseFS(assets, "pages/*.html"); err != nil {
		return nil, err
	}
	return s, nil
}

// Handler serves discovery and everything below /as/.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", s.discovery)
	mux.HandleFunc("GET /as/jwks", s.publishKeys)
	mux.HandleFunc("POST /as/par", s.endpoint(s.push))
	mux.HandleFunc("POST /as/token", s.endpoint(s.token))
	mux.HandleFunc("POST /as/revoke", s.endpoint(s.revoke))
	mux.HandleFunc("POST /as/introspect", s.endpoint(s.introspect))
	mux.HandleFunc("POST /as/keys/rotate", s.endpoint(s.rotate))
	mux.HandleFunc("POST /as/register", s.endpoint(s.register))
	mux.HandleFunc("GET /as/register/{client}", s.endpoint(s.readClient))
	mux.HandleFunc("PUT /as/register/{client}", s.endpoint(s.updateClient))
	mux.HandleFunc("DELETE /as/register/{client}", s.endpoint(s.deleteClient))
	mux.HandleFunc("GET /as/authorize", s.page(s.authorize))
	mux.HandleFunc("GET /as/login", s.page(s.showLogin))
	mux.HandleFunc("POST /as/login", s.page(s.login))
	mux.HandleFunc("GET /as/factor", s.page(s.showFactor))
	mux.HandleFunc("POST /as/factor", s.page(s.factor))
	mux.HandleFunc("GET /as/wait", s.page(s.wait))
	mux.HandleFunc("POST /as/wait", s.page(s.waited))
	mux.HandleFunc("GET /as/phone", s.page(s.phone))
	mux.HandleFunc("POST /as/phone", s.page(s.answerPhone))
	mux.HandleFunc("GET /as/consents", s.page(s.showConsents))
	mux.HandleFunc("POST /as/consents", s.page(s.endConsent))
	mux.HandleFunc("GET /as/consent", s.page(s.showConsent))
	mux.HandleFunc("POST /as/consent", s.page(s.decide))
	static, err := fs.Sub(assets, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux.Handle("GET /as/static/", http.StripPrefix("/as/static/", http.FileServerFS(static)))
	mux.HandleFunc("GET /{$}", s.front)
	return mux
}

// endpoint adapts a handler of a machine's call: its error is an OAuth error.
func (s *Server) endpoint(h func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		w.Header().Set("Cache-Control", "no-store")
		err := h(w, r)
		if err == nil {
			return
		}
		var oauth *fapi.OAuthError
		if !errors.As(err, &oauth) {
			oauth = fapi.AsOAuthError(err)
		}
		level := slog.LevelInfo
		if oauth.Status >= 500 {
			level = slog.LevelError
		}
		if oauth.Status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Bearer error="`+oauth.Code+`"`)
			if r.Header.Get("Authorization") != "" && !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer") {
				w.Header().Set("WWW-Authenticate", `Basic realm="as"`) // RFC 6749 section 5.2
			}
		}
		s.Log.Log(r.Context(), level, "refused", "path", r.URL.Path, "error", oauth.Code, "cause", err)
		oauth.Write(w)
	}
}

// certificate judges the client certificate of the connection: a QWAC of a
// trusted issuer. A chain that verified lately is not verified again.
func (s *Server) certificate(r *http.Request) (eidas.Certificate, string, error) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return eidas.Certificate{}, "", onepoint.E(onepoint.CodeCertificateInvalid, "check certificate", "a client certificate (QWAC) is required", nil)
	}
	leaf := r.TLS.PeerCertificates[0]
	thumbprint, now := fapi.Thumbprint(leaf), s.Now()
	s.mu.Lock()
	known, ok := s.verified[thumbprint]
	s.mu.Unlock()
	if err := s.CheckRevocation(r.Context(), leaf, r.TLS.PeerCertificates[1:]); err != nil {
		return eidas.Certificate{}, thumbprint, err
	}
	if ok && now.Sub(known.at) < certificateLife && now.Before(leaf.NotAfter) {
		return known.cert, thumbprint, nil
	}
	cert, err := eidas.Verify(leaf, r.TLS.PeerCertificates[1:], s.Roots, now, eidas.Want{Type: eidas.TypeWeb, Usage: eidas.UsageClient})
	if err != nil {
		return cert, thumbprint, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.verified) > 10_000 {
		clear(s.verified)
	}
	s.verified[thumbprint] = verifiedCertificate{cert, now}
	return cert, thumbprint, nil
}

// CheckToken says what a bearer token stands for, if it is good for the
// certificate it comes with. Errors: CodeTokenInvalid, CodeCertificateInvalid.
func (s *Server) CheckToken(ctx context.Context, bearer string, cert *x509.Certificate) (fapi.TokenInfo, error) {
	const op = "check token"
	if cert == nil {
		return fapi.TokenInfo{}, onepoint.E(onepoint.CodeCertificateInvalid, op, "a client certificate is required", nil)
	}
	now := s.Now()
	if now.After(cert.NotAfter) {
		return fapi.TokenInfo{}, onepoint.E(onepoint.CodeCertificateInvalid, op, "the client certificate has expired", nil)
	}
	if err := s.CheckRevocation(ctx, cert, nil); err != nil {
		return fapi.TokenInfo{}, err
	}
	info, err := s.Store.AccessToken(ctx, hash(bearer))
	switch {
	case onepoint.CodeOf(err) == onepoint.CodeNotFound:
		return fapi.TokenInfo{}, onepoint.E(onepoint.CodeTokenInvalid, op, "the access token is unknown or was revoked", nil)
	case err != nil:
		return fapi.TokenInfo{}, err
	case !now.Before(info.Expires):
		return fapi.TokenInfo{}, onepoint.E(onepoint.CodeTokenInvalid, op, "the access token has expired", nil)
	case info.Thumbprint != fapi.Thumbprint(cert):
		return fapi.TokenInfo{}, onepoint.E(onepoint.CodeTokenInvalid, op, "the access token is bound to another certificate", nil)
	}
	return info, nil
}

// RevokeConsent ends every code and token of a consent at once.
func (s *Server) RevokeConsent(ctx context.Context, consentID string) error {
	return s.Store.EndConsent(ctx, consentID)
}
