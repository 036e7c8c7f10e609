package obie

import (
	"crypto/sha256"
	"encoding/base64"
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
	"unicode/utf8"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

// PaymentServerConfig is what the payment, VRP and funds-confirmation APIs need.
type PaymentServerConfig struct {
	BaseURL string // https, without a slash at the end
	Bank    PaymentBank
	Tokens  TokenChecker
	Signers Signers       // whose keys the TPPs' messages are verified with
	Sign    PaymentSigner // the bank's answers
	Zone    *time.Location
	Now     onepoint.Clock
	NewID   onepoint.IDs
	Log     *slog.Logger
}

// PaymentServer serves payment initiation, variable recurring payments and
// confirmation of funds of versions 3.1.11 and 4.0 over a [PaymentBank]. It only
// translates: what a consent allows, the bank decides.
type PaymentServer struct {
	PaymentServerConfig
	mux *http.ServeMux
}

// payVersion is one version of the standard as it is mounted.
type payVersion struct {
	name string // "v3.1"
	four bool
}

// NewPaymentServer makes the server.
func NewPaymentServer(c PaymentServerConfig) *PaymentServer {
	s := &PaymentServer{PaymentServerConfig: c, mux: http.NewServeMux()}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	for _, v := range []payVersion{{"v3.1", false}, {"v4.0", true}} {
		s.mount(v, "pisp", append(s.paymentRoutes(v), s.vrpRoutes(v)...))
		s.mount(v, "vrp", s.vrpRoutes(v))
		s.mount(v, "cbpii", s.fundsRoutes(v))
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	return s
}

// Paths are the prefixes that the server serves, for a multiplexer.
func (s *PaymentServer) Paths() []string {
	var paths []string
	for _, v := range []string{"v3.1", "v4.0"} {
		for _, api := range []string{"pisp", "vrp", "cbpii"} {
			paths = append(paths, "/open-banking/"+v+"/"+api+"/")
		}
	}
	return paths
}

// endpoint is one operation of the standard.
type endpoint struct {
	method, path string
	scope        string
	user         bool // needs the user's token, else the client's
	signed       bool // answers are signed, and so is the body, if there is one
	once         bool // takes an idempotency key
	body         *shape
	media        []string // of the body; nil: JSON
	do           func(x *exchange) (reply, error)
}

// reply is an answer: a body to be encoded, or content as it is.
type reply struct {
	status  int
	body    any
	media   string
	content []byte
}

// exchange is one call that has passed the checks of its endpoint.
type exchange struct {
	*http.Request
	version payVersion
	info    fapi.TokenInfo
	tpp     onepoint.TPP
	raw     []byte
	doc     any // the JSON body
	key     Idempotency
	self    string // address of the resource called
}

func (s *PaymentServer) mount(v payVersion, api string, endpoints []endpoint) {
	paths := map[string][]endpoint{}
	for _, e := range endpoints {
		paths[e.path] = append(paths[e.path], e)
	}
	for path, group := range paths {
		s.mux.HandleFunc("/open-banking/"+v.name+"/"+api+path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, v, group) })
	}
}

// ServeHTTP implements http.Handler.
func (s *PaymentServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get(interactionHeader)
	if id == "" || len(id) > 40 || strings.ContainsFunc(id, func(c rune) bool { return c < '!' || c > '~' }) {
		id = newUUID()
	}
	w.Header().Set(interactionHeader, id)
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, maxFile)
	s.mux.ServeHTTP(w, r)
}

func (s *PaymentServer) serve(w http.ResponseWriter, r *http.Request, v payVersion, group []endpoint) {
	n := slices.IndexFunc(group, func(e endpoint) bool { return e.method == r.Method })
	if n < 0 {
		var allowed []string
		for _, e := range group {
			allowed = append(allowed, e.method)
		}
		slices.Sort(allowed)
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	e := group[n]
	answer, err := s.call(r, v, e)
	if err != nil {
		s.refuse(w, r, v, e, err)
		return
	}
	s.answer(w, r, e, answer)
}

// call checks what every operation asks, in the order in which a client can mend
// it, and does the operation.
func (s *PaymentServer) call(r *http.Request, v payVersion, e endpoint) (reply, error) {
	x := &exchange{Request: r, version: v, self: s.BaseURL + r.URL.Path}
	if accepted(r.Header.Get("Accept"), "application/json") == "" && !strings.HasSuffix(e.path, "file") {
		return reply{}, &Rule{Status: http.StatusNotAcceptable, Msg: "only application/json is served"}
	}
	var err error
	if x.info, err = s.authorised(r, e); err != nil {
		return reply{}, err
	}
	x.tpp = tppOf(x.info)
	if e.body != nil || e.media != nil {
		if err := s.readBody(x, e); err != nil {
			return reply{}, err
		}
	}
	return e.do(x)
}

// authorised checks the token: its certificate, its kind and its scope.
func (s *PaymentServer) authorised(r *http.Request, e endpoint) (fapi.TokenInfo, error) {
	none := &Rule{Status: http.StatusUnauthorized, Msg: "no valid access token"}
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || bearer == "" || r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return fapi.TokenInfo{}, none
	}
	info, err := s.Tokens.CheckToken(r.Context(), bearer, r.TLS.PeerCertificates[0])
	if err != nil {
		return info, err
	}
	want := "client_credentials"
	if e.user {
		want = "authorization_code"
	}
	if info.GrantType != want {
		return info, none
	}
	if !slices.Contains(info.Scopes, e.scope) {
		return info, &Rule{http.StatusForbidden, CodeConsentMismatch, "", "the access token lacks the scope " + e.scope}
	}
	return info, nil
}

// goodKey is the form of x-idempotency-key: 1 to 40 characters, no blanks around
// them.
func goodKey(key string) bool {
	n := utf8.RuneCountInString(key)
	return n >= 1 && n <= 40 && strings.TrimSpace(key) == key && utf8.ValidString(key)
}

// readBody reads, verifies and parses the body.
func (s *PaymentServer) readBody(x *exchange, e endpoint) error {
	media, _, err := mime.ParseMediaType(x.Header.Get("Content-Type"))
	allowed := e.media
	if allowed == nil {
		allowed = []string{"application/json"}
	}
	if err != nil || !slices.Contains(allowed, media) {
		return &Rule{Status: http.StatusUnsupportedMediaType, Msg: "the body must be " + strings.Join(allowed, " or ")}
	}
	if e.once {
		key := x.Header.Get("x-idempotency-key")
		if key == "" {
			return breach(codeHeaderMissing, "x-idempotency-key", "the header is missing")
		}
		if !goodKey(key) {
			return breach(codeHeaderInvalid, "x-idempotency-key", "the key is text of 1 to 40 characters")
		}
		x.key = Idempotency{Endpoint: x.Method + " " + strings.Replace(x.URL.Path, "/vrp/", "/pisp/", 1), Key: key}
	}
	if x.raw, err = io.ReadAll(x.Body); err != nil || e.media == nil && len(x.raw) > maxRequest {
		return breach(codeFormat, "", "the body is too large or broke off")
	}
	sum := sha256.Sum256(x.raw)
	x.key.Digest = base64.StdEncoding.EncodeToString(sum[:])
	if e.signed {
		if err := verifyMessage(x.Context(), s.Signers, x.info.ClientID, x.Header.Get(signatureHeader), x.raw, s.Now()); err != nil {
			return err
		}
	}
	if e.body == nil {
		return nil
	}
	if x.doc, err = parseJSON(x.raw); err != nil {
		return breach(codeFormat, "", "the body is not the JSON that is expected")
	}
	return e.body.check("", x.doc)
}

func (s *PaymentServer) answer(w http.ResponseWriter, r *http.Request, e endpoint, a reply) {
	content, media := a.content, a.media
	if a.body != nil {
		var err error
		if content, err = json.Marshal(a.body); err != nil {
			s.Log.ErrorContext(r.Context(), "answer does not encode", "path", r.URL.Path, "cause", err)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		media = "application/json"
	}
	if content == nil {
		w.WriteHeader(a.status)
		return
	}
	if e.signed {
		signature, err := s.Sign.Sign(content, media, s.Now())
		if err != nil {
			s.Log.ErrorContext(r.Context(), "answer cannot be signed", "path", r.URL.Path, "cause", err)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set(signatureHeader, signature)
	}
	if media == "application/json" {
		media += "; charset=utf-8"
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(a.status)
	w.Write(content)
}

// refuse writes the standard's error in the version's form. 401, 404, 405, 406,
// 415 and 429 have no body.
func (s *PaymentServer) refuse(w http.ResponseWriter, r *http.Request, v payVersion, e endpoint, err error) {
	rule := ruleOf(err)
	level := slog.LevelInfo
	if rule.Status >= 500 {
		level = slog.LevelError
	}
	s.Log.Log(r.Context(), level, "payment call refused", "path", r.URL.Path, "status", rule.Status, "code", rule.Code,
		"interaction", w.Header().Get(interactionHeader), "cause", err)
	if rule.Code == "" {
		var inner *onepoint.Error
		if errors.As(err, &inner) && inner.Retry > 0 {
			w.Header().Set("Retry-After", fmt.Sprint(int(inner.Retry.Seconds()+1)))
		}
		if rule.Status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		}
		w.WriteHeader(rule.Status)
		return
	}
	status := rule.Status
	if status == http.StatusConflict && !v.four { // 3.1.11 knows no 409
		status = http.StatusBadRequest
	}
	s.answer(w, r, e, reply{status: status, body: errorBody(v, status, rule, w.Header().Get(interactionHeader))})
}

func errorBody(v payVersion, status int, rule *Rule, id string) map[string]any {
	one := map[string]string{"ErrorCode": rule.Code, "Message": clip(rule.Msg, 500)}
	if rule.Path != "" {
		one["Path"] = rule.Path
	}
	body := map[string]any{"Id": id, "Errors": []any{one}}
	if !v.four {
		one["ErrorCode"] = v3Code(rule.Code)
		body["Code"], body["Message"] = fmt.Sprintf("%d %s", status, http.StatusText(status)), clip(rule.Msg, 500)
	}
	return body
}
