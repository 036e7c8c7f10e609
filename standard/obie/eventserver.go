package obie

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

// EventBank keeps subscriptions and events; the model bank implements it. A TPP
// reaches only its own: CodeForbidden for another's, CodeNotFound for what is not
// there.
type EventBank interface {
	// Subscribe registers where events go. CodeConflict when the TPP has one,
	// CodeInvalid for an address that the bank does not call.
	Subscribe(ctx context.Context, tpp onepoint.TPP, s EventSubscription) (EventSubscription, error)
	Subscriptions(ctx context.Context, tpp onepoint.TPP, kind string) ([]EventSubscription, error)
	ChangeSubscription(ctx context.Context, tpp onepoint.TPP, s EventSubscription) (EventSubscription, error)
	Unsubscribe(ctx context.Context, tpp onepoint.TPP, kind, id string) error
	// PollEvents takes the acknowledgements, then gives what waits.
	PollEvents(ctx context.Context, tpp onepoint.TPP, p EventPoll) (EventBatch, error)
}

// MessageSigner signs answers and checks the signatures of requests;
// [EventSignature] implements it.
type MessageSigner interface {
	Sign(body []byte) (string, error)
	Check(ctx context.Context, clientID, signature string, body []byte) error
}

// EventServerConfig is what the events API needs.
type EventServerConfig struct {
	BaseURL   string // https, without a slash at the end
	Bank      EventBank
	Tokens    TokenChecker
	Signature MessageSigner
	Log       *slog.Logger
}

// EventServer serves event subscriptions, callback URLs and aggregated polling,
// in versions 3.1.11 and 4.0. It only translates.
type EventServer struct {
	EventServerConfig
	mux *http.ServeMux
}

// eventCall is one request: who asks, and what they sent.
type eventCall struct {
	*http.Request
	info fapi.TokenInfo
	tpp  onepoint.TPP
	body []byte
}

// eventRoute is one operation. signed: a request with a body carries a
// signature, and so does the answer.
type eventRoute struct {
	signed bool
	do     func(eventCall) (status int, body any, err error)
}

// NewEventServer makes the server. Mount it at both versions' paths, or at "/"
// behind whoever routes.
func NewEventServer(c EventServerConfig) *EventServer {
	s := &EventServer{EventServerConfig: c, mux: http.NewServeMux()}
	for _, version := range []string{"v3.1", "v4.0"} {
		for path, methods := range s.routes() {
			s.mux.Handle("/open-banking/"+version+path, s.operations(version, methods))
		}
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, eventVersion(r.URL.Path), false, &eventRefusal{http.StatusNotFound, "U011", "UK.OBIE.Resource.NotFound", "there is no such resource", ""})
	})
	return s
}

func (s *EventServer) routes() map[string]map[string]eventRoute {
	subscription, callback := eventShape{EventSubscriptionKind, readSubscription}, eventShape{CallbackURLKind, readCallback}
	return map[string]map[string]eventRoute{
		"/event-subscriptions":      {"GET": {true, s.list(subscription)}, "POST": {true, s.create(subscription)}},
		"/event-subscriptions/{id}": {"PUT": {true, s.change(subscription)}, "DELETE": {true, s.remove(subscription)}},
		"/callback-urls":            {"GET": {true, s.list(callback)}, "POST": {true, s.create(callback)}},
		"/callback-urls/{id}":       {"PUT": {true, s.change(callback)}, "DELETE": {true, s.remove(callback)}},
		"/events":                   {"POST": {false, s.poll}},
	}
}

// Paths are the patterns to mount the server at.
func (s *EventServer) Paths() []string {
	var paths []string
	for _, version := range []string{"v3.1", "v4.0"} {
		for path := range s.routes() {
			paths = append(paths, "/open-banking/"+version+path)
		}
	}
	slices.Sort(paths)
	return paths
}

// ServeHTTP implements http.Handler.
func (s *EventServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get(interactionHeader)
	if id == "" || len(id) > 64 || strings.ContainsFunc(id, func(c rune) bool { return c < '!' || c > '~' }) {
		id = newUUID()
	}
	w.Header().Set(interactionHeader, id)
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	s.mux.ServeHTTP(w, r)
}

func eventVersion(path string) string {
	if strings.HasPrefix(path, "/open-banking/v3") {
		return "v3.1"
	}
	return "v4.0"
}

func (s *EventServer) operations(version string, methods map[string]eventRoute) http.Handler {
	var allowed []string
	for m := range methods {
		allowed = append(allowed, m)
	}
	slices.Sort(allowed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, ok := methods[r.Method]
		if !ok {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			s.refuse(w, r, version, false, &eventRefusal{http.StatusMethodNotAllowed, "U000", "UK.OBIE.UnexpectedError", "the method is not allowed here", ""})
			return
		}
		call, err := s.admit(r, route)
		if err != nil {
			s.refuse(w, r, version, route.signed, err)
			return
		}
		status, body, err := route.do(call)
		if err != nil {
			s.refuse(w, r, version, route.signed, err)
			return
		}
		s.answer(w, r, version, route.signed, status, body)
	})
}

// admit checks who asks, then what was sent.
func (s *EventServer) admit(r *http.Request, route eventRoute) (eventCall, error) {
	c := eventCall{Request: r}
	var err error
	if c.info, err = s.authorised(r); err != nil {
		return c, err
	}
	c.tpp = tppOf(c.info)
	if accepted(r.Header.Get("Accept"), "application/json") == "" {
		return c, &eventRefusal{http.StatusNotAcceptable, "U006", "UK.OBIE.Header.Invalid", "only application/json is served", "Accept"}
	}
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return c, nil
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/json" {
		return c, &eventRefusal{http.StatusUnsupportedMediaType, "U006", "UK.OBIE.Header.Invalid", "the body must be application/json", "Content-Type"}
	}
	if c.body, err = io.ReadAll(r.Body); err != nil {
		return c, badEvent("U010", "UK.OBIE.Resource.InvalidFormat", "the body is too large or broke off", "")
	}
	if !route.signed {
		return c, nil
	}
	return c, s.Signature.Check(r.Context(), c.tpp.ClientID, r.Header.Get(signatureHeader), c.body)
}

// authorised checks the token: one of the client itself, with any scope that
// events can be about.
func (s *EventServer) authorised(r *http.Request) (fapi.TokenInfo, error) {
	unauthorised := &eventRefusal{status: http.StatusUnauthorized, msg: "no valid access token"}
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || bearer == "" || r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return fapi.TokenInfo{}, unauthorised
	}
	info, err := s.Tokens.CheckToken(r.Context(), bearer, r.TLS.PeerCertificates[0])
	if err != nil {
		return info, err
	}
	if info.GrantType != "client_credentials" {
		return info, unauthorised
	}
	for _, scope := range eventScopes() {
		if slices.Contains(info.Scopes, scope) {
			return info, nil
		}
	}
	return info, &eventRefusal{http.StatusForbidden, "U008", "UK.OBIE.Resource.ConsentMismatch", "the access token lacks the scopes of events", ""}
}

func eventScopes() []string { return []string{"accounts", "payments", "fundsconfirmations"} }

func (s *EventServer) answer(w http.ResponseWriter, r *http.Request, version string, signed bool, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	b, err := json.Marshal(body)
	if err == nil && signed {
		var signature string
		if signature, err = s.Signature.Sign(b); err == nil {
			w.Header().Set(signatureHeader, signature)
		}
	}
	if err != nil {
		s.refuse(w, r, version, false, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b)
}

// refuse writes the standard's error in the version's form. 401 has no body.
func (s *EventServer) refuse(w http.ResponseWriter, r *http.Request, version string, signed bool, err error) {
	var ref *eventRefusal
	if !errors.As(err, &ref) {
		ref = eventRefusalOf(err)
	}
	level := slog.LevelInfo
	if ref.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	s.Log.Log(r.Context(), level, "event call refused", "path", r.URL.Path, "status", ref.status,
		"interaction", w.Header().Get(interactionHeader), "cause", err)
	if ref.v4 == "" {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(ref.status)
		return
	}
	s.answer(w, r, version, signed, ref.status, ref.body(version, w.Header().Get(interactionHeader)))
}
