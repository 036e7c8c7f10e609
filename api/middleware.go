package api

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/audit"
	"github.com/onepointledger/onepoint/identity"
)

const (
	requestHeader = "X-Request-ID"
	csrfHeader    = "X-Onepoint-CSRF"
	sessionCookie = "onepoint_session"
)

// What travels in a request's context: its id, and who it is from.
type (
	requestKey   struct{}
	principalKey struct{}
)

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// principal is who the request is from; zero for nobody.
func principal(ctx context.Context) identity.Principal {
	p, _ := ctx.Value(principalKey{}).(identity.Principal)
	return p
}

var wellFormed = regexp.MustCompile(`^[A-Za-z0-9_.-]{8,64}$`)

// identify gives the request an id, or keeps the caller's when it is well formed.
func (a *API) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestHeader)
		if !wellFormed.MatchString(id) {
			id = a.NewID("req")
		}
		w.Header().Set(requestHeader, id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, id)))
	})
}

// recorder remembers the status for the log, and lets streams flush.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// logged logs calls of the API: method, path and outcome, never a query or a
// body.
func (a *API) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/") {
			next.ServeHTTP(w, r)
			return
		}
		start := a.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		a.Log.InfoContext(r.Context(), "request", "id", requestID(r.Context()), "method", r.Method, "path", r.URL.Path,
			"status", rec.status, "took", a.Now().Sub(start).Round(time.Microsecond))
	})
}

func (a *API) harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
			h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// signIn finds out who calls: by API key, else by session. A key that is wrong
// is refused at once; a session that has ended is nobody's.
func (a *API) signIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/v1/") && r.URL.Path != metricsPath {
			next.ServeHTTP(w, r)
			return
		}
		p, err := a.caller(r)
		if err != nil {
			writeProblem(w, r, err)
			return
		}
		ctx := audit.WithActor(context.WithValue(r.Context(), principalKey{}, p), actorOf(p))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// actorOf names the principal for the audit log.
func actorOf(p identity.Principal) string {
	switch {
	case p.UserID != "":
		return "user:" + p.UserID
	case p.KeyID != "":
		return "key:" + p.KeyID
	}
	return ""
}

func (a *API) caller(r *http.Request) (identity.Principal, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		key, ok := strings.CutPrefix(header, "Bearer ")
		if !ok {
			return identity.Principal{}, onepoint.E(onepoint.CodeUnauthenticated, "check API key", "use Authorization: Bearer with an API key", nil)
		}
		return a.Identity.KeyFor(r.Context(), key)
	}
	cookies := r.CookiesNamed(sessionCookie)
	if len(cookies) == 0 {
		return identity.Principal{}, nil
	}
	p, err := a.Identity.SessionFor(r.Context(), cookies[0].Value)
	if onepoint.CodeOf(err) == onepoint.CodeUnauthenticated {
		return identity.Principal{}, nil
	}
	return p, err
}

// guard asks, of every change that carries the session's cookie, for a header
// that no form of another site can send.
func (a *API) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		byKey := principal(r.Context()).KeyID != ""
		if strings.HasPrefix(r.URL.Path, "/api/v1/") && !safe && !byKey && r.Header.Get(csrfHeader) == "" {
			writeProblem(w, r, onepoint.E(onepoint.CodeForbidden, "check origin", "changes with the web session need the header "+csrfHeader, nil))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// open marks operations that need nobody to be signed in.
const open = "open"

func (a *API) requireSignIn(h huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if ctx.Operation().Metadata[open] == true || principal(ctx.Context()).Workspace != "" {
			next(ctx)
			return
		}
		if err := huma.WriteErr(h, ctx, http.StatusUnauthorized, "sign in, or send an API key"); err != nil {
			a.Log.ErrorContext(ctx.Context(), "write problem", "error", err)
		}
	}
}
