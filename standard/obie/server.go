package obie

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// ServerConfig is what the account API needs.
type ServerConfig struct {
	BaseURL  string // https, without a slash at the end
	Bank     onepoint.ASPSP
	Tokens   TokenChecker
	Zone     *time.Location // the bank's
	PageSize int            // transactions of a page; 0 means 100; 25 to 1000 by the standard
	Now      onepoint.Clock
	NewID    onepoint.IDs
	Log      *slog.Logger
}

// Server serves the account-information API over an ASPSP. It only translates:
// what a consent allows, the ASPSP decides.
type Server struct {
	ServerConfig
	codec codec
	mux   *http.ServeMux
}

// NewServer makes the server.
func NewServer(c ServerConfig) (*Server, error) {
	if c.PageSize == 0 {
		c.PageSize = defaultPage
	}
	if c.PageSize < 25 || c.PageSize > 1000 {
		return nil, fmt.Errorf("a page holds 25 to 1000 transactions, not %d", c.PageSize)
	}
	s := &Server{ServerConfig: c, codec: codec{v4(), c.Zone}, mux: http.NewServeMux()}
	for _, r := range s.routes() {
		s.mux.Handle(s.codec.path+r.path, s.methods(r.methods))
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, &refusal{http.StatusNotFound, "U011", "there is no such resource", ""})
	})
	return s, nil
}

type call func(r *http.Request) (status int, body any, err error)

// route is one path of the standard with its methods.
type route struct {
	path    string
	methods map[string]call
}

// routes is the whole API. A resource that the standard has and this bank does
// not serve is 404, as the standard says.
func (s *Server) routes() []route {
	get := http.MethodGet
	return []route{
		{"/account-access-consents", map[string]call{http.MethodPost: s.lodge}},
		{"/account-access-consents/{consent}", map[string]call{get: s.readConsent, http.MethodDelete: s.deleteConsent}},
		{"/accounts", map[string]call{get: s.accounts}},
		{"/accounts/{account}", map[string]call{get: s.account}},
		{"/accounts/{account}/balances", map[string]call{get: s.balances}},
		{"/accounts/{account}/transactions", map[string]call{get: s.transactions}},
		{"/balances", map[string]call{get: s.allBalances}},
		{"/transactions", map[string]call{get: s.allTransactions}},
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get(interactionHeader)
	if id == "" || len(id) > 64 || strings.ContainsFunc(id, func(c rune) bool { return c < '!' || c > '~' }) {
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

func (s *Server) methods(calls map[string]call) http.Handler {
	var allowed []string
	for m := range calls {
		allowed = append(allowed, m)
	}
	slices.Sort(allowed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		do, ok := calls[r.Method]
		if !ok {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			s.refuse(w, r, &refusal{http.StatusMethodNotAllowed, "U000", "the method is not allowed here", ""})
			return
		}
		if !acceptsJSON(r.Header.Get("Accept")) {
			s.refuse(w, r, &refusal{http.StatusNotAcceptable, "U006", "only application/json is served", "Accept"})
			return
		}
		status, body, err := do(r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		s.answer(w, r, status, body)
	})
}

func acceptsJSON(accept string) bool {
	if accept == "" {
		return true
	}
	for part := range strings.SplitSeq(accept, ",") {
		media, _, err := mime.ParseMediaType(part)
		if err == nil && (media == "application/json" || media == "*/*" || media == "application/*") {
			return true
		}
	}
	return false
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	b, err := json.Marshal(body)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b)
}

// refuse writes the standard's error. 401 has no body (v4.0).
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var ref *refusal
	if !errors.As(err, &ref) {
		ref = refusalOf(err)
	}
	level := slog.LevelInfo
	if ref.status >= 500 {
		level = slog.LevelError
	}
	s.Log.Log(r.Context(), level, "account call refused", "path", r.URL.Path, "status", ref.status,
		"interaction", w.Header().Get(interactionHeader), "cause", err)
	if ref.code == "" {
		if ref.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		}
		w.WriteHeader(ref.status)
		return
	}
	body, encErr := json.Marshal(wireErrors{
		ID: w.Header().Get(interactionHeader), Errors: []wireError{{ref.code, ref.msg, ref.path}},
	})
	if encErr != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(ref.status)
	w.Write(body)
}

func refusalOf(err error) *refusal {
	code := onepoint.CodeOf(err)
	for _, row := range errorTable() {
		if row.code != code {
			continue
		}
		r := &refusal{row.status, row.v4, onepoint.MessageOf(err), ""}
		var e *onepoint.Error
		if errors.As(err, &e) && len(e.Fields) > 0 {
			r.path, r.msg = e.Fields[0].Name, e.Fields[0].Message
		}
		return r
	}
	return &refusal{http.StatusInternalServerError, "U000", onepoint.MessageOf(err), ""}
}

// authorised checks the token: its certificate, its kind and its scope.
func (s *Server) authorised(r *http.Request, grantType string) (fapi.TokenInfo, error) {
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
	if !slices.Contains(info.Scopes, "accounts") {
		return info, &refusal{http.StatusForbidden, "U008", "the access token lacks the scope accounts", ""}
	}
	return info, nil
}

func tppOf(t fapi.TokenInfo) onepoint.TPP {
	return onepoint.TPP{ClientID: t.ClientID, OrganisationID: t.OrganisationID, Name: t.ClientName}
}

// consent is the consent behind a token of the user's, as it stands now.
func (s *Server) consent(r *http.Request) (onepoint.Consent, error) {
	info, err := s.authorised(r, "authorization_code")
	if err != nil {
		return onepoint.Consent{}, err
	}
	return s.Bank.Consent(r.Context(), tppOf(info), info.ConsentID)
}

func (s *Server) lodge(r *http.Request) (int, any, error) {
	info, err := s.authorised(r, "client_credentials")
	if err != nil {
		return 0, nil, err
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/json" {
		return 0, nil, &refusal{http.StatusUnsupportedMediaType, "U006", "the body must be application/json", "Content-Type"}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, nil, &refusal{http.StatusBadRequest, "U010", "the body is too large or broke off", ""}
	}
	access, err := s.readConsentRequest(body)
	if err != nil {
		return 0, nil, err
	}
	consent, err := s.Bank.Lodge(r.Context(), tppOf(info), access)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, s.codec.consentToWire(consent, s.BaseURL+r.URL.Path+"/"+consent.ID), nil
}

func (s *Server) readConsentRequest(body []byte) (onepoint.Access, error) {
	var w wireConsentRequest
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		var typed *json.UnmarshalTypeError
		name, unknown := strings.CutPrefix(err.Error(), "json: unknown field ")
		switch {
		case unknown:
			return onepoint.Access{}, &refusal{http.StatusBadRequest, "U005", "the field is not expected here", strings.Trim(name, `"`)}
		case errors.As(err, &typed):
			return onepoint.Access{}, fieldInvalid(typed.Field, "the field has the wrong type")
		}
		return onepoint.Access{}, &refusal{http.StatusBadRequest, "U010", "the body is not the JSON that is expected", ""}
	}
	if dec.More() {
		return onepoint.Access{}, &refusal{http.StatusBadRequest, "U010", "there is more after the JSON object", ""}
	}
	switch {
	case w.Risk == nil:
		return onepoint.Access{}, fieldMissing("Risk")
	case w.Data.Permissions == nil:
		return onepoint.Access{}, fieldMissing("Data.Permissions")
	}
	var a onepoint.Access
	for _, p := range w.Data.Permissions {
		a.Permissions = append(a.Permissions, onepoint.Permission(p))
	}
	for _, d := range []struct {
		path, text string
		to         *time.Time
	}{
		{"Data.ExpirationDateTime", w.Data.ExpirationDateTime, &a.Expires},
		{"Data.TransactionFromDateTime", w.Data.TransactionFromDateTime, &a.From},
		{"Data.TransactionToDateTime", w.Data.TransactionToDateTime, &a.To},
	} {
		t, err := s.codec.instant(d.text)
		if err != nil {
			return a, &refusal{http.StatusBadRequest, "U003", "the field is no ISO 8601 date and time", d.path}
		}
		*d.to = t
	}
	return a, nil
}

func (s *Server) readConsent(r *http.Request) (int, any, error) {
	info, err := s.authorised(r, "client_credentials")
	if err != nil {
		return 0, nil, err
	}
	consent, err := s.Bank.Consent(r.Context(), tppOf(info), r.PathValue("consent"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, s.codec.consentToWire(consent, s.BaseURL+r.URL.Path), nil
}

func (s *Server) deleteConsent(r *http.Request) (int, any, error) {
	info, err := s.authorised(r, "client_credentials")
	if err != nil {
		return 0, nil, err
	}
	if err := s.Bank.Revoke(r.Context(), tppOf(info), r.PathValue("consent")); err != nil {
		return 0, nil, err
	}
	return http.StatusNoContent, nil, nil
}
