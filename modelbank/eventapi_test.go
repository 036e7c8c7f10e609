package modelbank_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/standard/obie"
)

// token is one event's token as a poll gives it: header and payload.
func (b *eventBench) token(t *testing.T, tpp onepoint.TPP, id string) (head, payload map[string]any) {
	t.Helper()
	batch, err := b.PollEvents(context.Background(), tpp, obie.EventPoll{Max: -1, Scopes: []string{"accounts", "payments"}})
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(batch.Sets[id], ".")
	if len(parts) != 3 {
		t.Fatalf("event %s is not among %d", id, len(batch.Sets))
	}
	for i, to := range []*map[string]any{&head, &payload} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, to); err != nil {
			t.Fatal(err)
		}
	}
	return head, payload
}

// eventAPI is the API over the desk, with a bearer that says all:
// "client grant scope scope".
type eventAPI struct {
	*eventBench
	server *obie.EventServer
	tpp    obie.EventSignature
	specs  map[string]*openapi3.T
}

// CheckToken implements obie.TokenChecker.
func (a *eventAPI) CheckToken(_ context.Context, bearer string, _ *x509.Certificate) (fapi.TokenInfo, error) {
	parts := strings.Split(bearer, "+")
	if len(parts) < 2 {
		return fapi.TokenInfo{}, onepoint.E(onepoint.CodeTokenInvalid, "check token", "no such token", nil)
	}
	return fapi.TokenInfo{ClientID: parts[0], GrantType: parts[1], Scopes: parts[2:]}, nil
}

const everyScope = "tpp+client_credentials+accounts+payments+fundsconfirmations"

func newEventAPI(t *testing.T, url string) *eventAPI {
	t.Helper()
	a := &eventAPI{eventBench: newEventBench(t, url)}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key := fapi.SigningKey{Signer: private, KeyID: "tpp-key", Alg: "PS256"}
	a.tpp = obie.EventSignature{Key: func() fapi.SigningKey { return key }, Issuer: "org/software", Now: a.now}
	jwks, err := fapi.PublicJWKS(key)
	if err != nil {
		t.Fatal(err)
	}
	keys := func(context.Context, string, bool) (jwk.Set, string, error) {
		set, err := fapi.ParseKeys(jwks)
		return set, "org/software", err
	}
	a.server = obie.NewEventServer(obie.EventServerConfig{
		BaseURL: "https://bank.example", Bank: a.Events, Tokens: a, Log: slog.New(slog.DiscardHandler),
		Signature: obie.EventSignature{Key: a.signing, Issuer: "0015800001041RHAAY", Keys: keys, Now: a.now},
	})
	a.specs = map[string]*openapi3.T{
		"v3.1": publishedSpec(t, "v3.1.11", "events-openapi.yaml"), "v4.0": publishedSpec(t, "v4.0", "events-openapi.yaml"),
	}
	a.client(t, "tpp")
	a.client(t, "other")
	return a
}

type exchange struct {
	version, method, path string
	body                  any // nil for none; a string is sent as it is
	bearer                string
	header                map[string]string
	unsigned              bool
}

// do makes one call, checks the exchange against the published file, and the
// signature of the answer.
func (a *eventAPI) do(t *testing.T, x exchange) (*http.Response, map[string]any) {
	t.Helper()
	var body []byte
	switch b := x.body.(type) {
	case nil:
	case string:
		body = []byte(b)
	default:
		body, _ = json.Marshal(b)
	}
	req := httptest.NewRequest(x.method, "https://bank.example/open-banking/"+x.version+x.path, bytes.NewReader(body))
	req.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}
	if x.bearer == "" {
		x.bearer = everyScope
	}
	req.Header.Set("Authorization", "Bearer "+x.bearer)
	req.Header.Set("x-fapi-interaction-id", "93bac548-d2de-4546-b106-880a5018460d")
	if body != nil {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
		if signature, err := a.tpp.Sign(body); err == nil && !x.unsigned {
			req.Header.Set("x-jws-signature", signature)
		}
	}
	for k, v := range x.header {
		req.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	a.server.ServeHTTP(w, req)
	resp := w.Result()
	answer, _ := io.ReadAll(resp.Body)
	if resp.Header.Get("x-fapi-interaction-id") != req.Header.Get("x-fapi-interaction-id") {
		t.Errorf("%s %s: the interaction id is not echoed", x.method, x.path)
	}
	template, params := x.path, map[string]string{}
	if rest, ok := strings.CutPrefix(x.path, "/event-subscriptions/"); ok {
		template, params = "/event-subscriptions/{EventSubscriptionId}", map[string]string{"EventSubscriptionId": rest}
	}
	conforms(t, a.specs[x.version], template, params, req, body, resp, answer)
	var out map[string]any
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &out); err != nil {
			t.Fatalf("the answer is no JSON: %s", answer)
		}
	}
	signed := !strings.HasPrefix(x.path, "/events") && len(answer) > 0 && resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusMethodNotAllowed
	if got := resp.Header.Get("x-jws-signature"); (got != "") != signed {
		t.Errorf("%s %s %d: the answer's signature is %q", x.method, x.path, resp.StatusCode, got)
	} else if signed {
		a.signedByBank(t, got, answer)
	}
	return resp, out
}

func (a *eventAPI) signedByBank(t *testing.T, signature string, body []byte) {
	t.Helper()
	check := obie.EventSignature{Now: a.now, Keys: func(context.Context, string, bool) (jwk.Set, string, error) {
		published, err := fapi.PublicJWKS(a.key)
		if err != nil {
			return nil, "", err
		}
		set, err := fapi.ParseKeys(published)
		return set, "0015800001041RHAAY", err
	}}
	if err := check.Check(context.Background(), "", signature, body); err != nil {
		t.Errorf("the answer's signature: %v", err)
	}
}

type fields = map[string]any

func at(m map[string]any, path ...string) any {
	var v any = m
	for _, p := range path {
		inner, _ := v.(map[string]any)
		v = inner[p]
	}
	return v
}

func TestSubscriptionsLiveInBothVersions(t *testing.T) {
	for _, version := range []string{"v3.1", "v4.0"} {
		for _, kind := range []struct{ path, id, url, list string }{
			{"/event-subscriptions", "EventSubscriptionId", "CallbackUrl", "EventSubscription"},
			{"/callback-urls", "CallbackUrlId", "Url", "CallbackUrl"},
		} {
			t.Run(version+kind.path, func(t *testing.T) {
				a := newEventAPI(t, "sqlite:"+t.TempDir()+"/bank.db")
				number := strings.TrimPrefix(version, "v")
				address := "https://tpp.example/open-banking/" + version + "/event-notifications"
				resp, made := a.do(t, exchange{version: version, method: "POST", path: kind.path, body: fields{"Data": fields{kind.url: address, "Version": number}}})
				id, _ := at(made, "Data", kind.id).(string)
				if resp.StatusCode != http.StatusCreated || id == "" || at(made, "Data", kind.url) != address || at(made, "Links", "Self") != "https://bank.example/open-banking/"+version+kind.path+"/"+id {
					t.Fatalf("created %d %v", resp.StatusCode, made)
				}
				if resp, got := a.do(t, exchange{version: version, method: "POST", path: kind.path, body: fields{"Data": fields{kind.url: address, "Version": number}}}); resp.StatusCode != http.StatusConflict {
					t.Errorf("a second one: %d %v", resp.StatusCode, got)
				}
				list := func(bearer string) []any {
					resp, got := a.do(t, exchange{version: version, method: "GET", path: kind.path, bearer: bearer})
					all, ok := at(got, "Data", kind.list).([]any)
					if resp.StatusCode != http.StatusOK || !ok {
						t.Errorf("list: %d %v", resp.StatusCode, got)
					}
					return all
				}
				if got := list(everyScope); len(got) != 1 {
					t.Errorf("list %v", got)
				}
				if got := list("other+client_credentials+payments"); len(got) != 0 {
					t.Errorf("another TPP sees %v", got)
				}
				changed := fields{"Data": fields{kind.id: id, kind.url: address + "x", "Version": number}}
				if resp, _ := a.do(t, exchange{version: version, method: "PUT", path: kind.path + "/" + id, body: changed}); resp.StatusCode != http.StatusBadRequest {
					t.Errorf("an address with another end: %d", resp.StatusCode)
				}
				changed = fields{"Data": fields{kind.id: id, kind.url: "https://new.example/" + version + "/event-notifications", "Version": number}}
				for bearer, want := range map[string]int{"other+client_credentials+payments": 403, everyScope: 200} {
					if resp, got := a.do(t, exchange{version: version, method: "PUT", path: kind.path + "/" + id, body: changed, bearer: bearer}); resp.StatusCode != want {
						t.Errorf("change by %s: %d %v", bearer, resp.StatusCode, got)
					}
				}
				for _, step := range []struct {
					bearer string
					want   int
				}{{"other+client_credentials+payments", 403}, {everyScope, 204}, {everyScope, 400}} {
					if resp, got := a.do(t, exchange{version: version, method: "DELETE", path: kind.path + "/" + id, bearer: step.bearer}); resp.StatusCode != step.want {
						t.Errorf("delete by %s: %d %v", step.bearer, resp.StatusCode, got)
					}
				}
				if got := list(everyScope); len(got) != 0 {
					t.Errorf("after the end: %v", got)
				}
			})
		}
	}
}

func TestASubscriptionTakesThePlaceOfACallbackURL(t *testing.T) {
	a := newEventAPI(t, "sqlite:"+t.TempDir()+"/bank.db")
	callback := exchange{version: "v3.1", method: "POST", path: "/callback-urls", body: fields{"Data": fields{"Url": "https://tpp.example/v3.1/event-notifications", "Version": "3.1"}}}
	for _, x := range []struct {
		exchange
		want int
	}{
		{callback, 201},
		{exchange{version: "v4.0", method: "POST", path: "/event-subscriptions", body: fields{"Data": fields{"Version": "4.0"}}}, 201},
		{callback, 409},
	} {
		if resp, got := a.do(t, x.exchange); resp.StatusCode != x.want {
			t.Errorf("%s: %d %v", x.path, resp.StatusCode, got)
		}
	}
	if _, got := a.do(t, exchange{version: "v3.1", method: "GET", path: "/callback-urls"}); len(at(got, "Data", "CallbackUrl").([]any)) != 0 {
		t.Errorf("the callback URL is still there: %v", got)
	}
}

func TestEventsAreRefusedInTheStandardsWords(t *testing.T) {
	a := newEventAPI(t, "sqlite:"+t.TempDir()+"/bank.db")
	subscribe := func(data any) exchange {
		return exchange{method: "POST", path: "/event-subscriptions", body: fields{"Data": data}}
	}
	poll := func(body any) exchange { return exchange{method: "POST", path: "/events", body: body} }
	with := func(x exchange, change func(*exchange)) exchange { change(&x); return x }
	good := fields{"Version": "4.0"}
	for name, tc := range map[string]struct {
		exchange
		status int
		v4, v3 string // codes; empty: no body
		path   string
	}{
		"no token":            {with(poll(fields{}), func(x *exchange) { x.header = map[string]string{"Authorization": ""} }), 401, "", "", ""},
		"unknown token":       {with(poll(fields{}), func(x *exchange) { x.bearer = "junk" }), 401, "", "", ""},
		"a user's token":      {with(poll(fields{}), func(x *exchange) { x.bearer = "tpp+authorization_code+accounts" }), 401, "", "", ""},
		"no scope":            {with(poll(fields{}), func(x *exchange) { x.bearer = "tpp+client_credentials+openid" }), 403, "U008", "UK.OBIE.Resource.ConsentMismatch", ""},
		"unknown path":        {exchange{method: "GET", path: "/event-nothing"}, 404, "U011", "UK.OBIE.Resource.NotFound", ""},
		"wrong method":        {exchange{method: "PATCH", path: "/event-subscriptions"}, 405, "U000", "UK.OBIE.UnexpectedError", ""},
		"accepts XML":         {with(poll(fields{}), func(x *exchange) { x.header = map[string]string{"Accept": "application/xml"} }), 406, "U006", "UK.OBIE.Header.Invalid", "Accept"},
		"sends XML":           {with(poll("<a/>"), func(x *exchange) { x.header = map[string]string{"Content-Type": "application/xml"} }), 415, "U006", "UK.OBIE.Header.Invalid", "Content-Type"},
		"no JSON":             {poll("{"), 400, "U010", "UK.OBIE.Resource.InvalidFormat", ""},
		"two objects":         {poll("{}{}"), 400, "U010", "UK.OBIE.Resource.InvalidFormat", ""},
		"unknown field":       {poll(fields{"max": 1}), 400, "U005", "UK.OBIE.Field.Unexpected", "max"},
		"negative maxEvents":  {poll(fields{"maxEvents": -1}), 400, "U002", "UK.OBIE.Field.Invalid", "maxEvents"},
		"text maxEvents":      {poll(fields{"maxEvents": "1"}), 400, "U002", "UK.OBIE.Field.Invalid", "maxEvents"},
		"empty ack":           {poll(fields{"ack": []string{""}}), 400, "U002", "UK.OBIE.Field.Invalid", "ack[0]"},
		"setErrs without err": {poll(fields{"setErrs": fields{"x": fields{"description": "d"}}}), 400, "U002", "UK.OBIE.Field.Invalid", "setErrs"},
		"no signature":        {with(subscribe(good), func(x *exchange) { x.unsigned = true }), 400, "U019", "UK.OBIE.Signature.Missing", "x-jws-signature"},
		"broken signature":    {with(subscribe(good), func(x *exchange) { x.header = map[string]string{"x-jws-signature": "a.b.c"} }), 400, "U018", "UK.OBIE.Signature.Malformed", "x-jws-signature"},
		"another's body":      {with(subscribe(good), func(x *exchange) { x.header = map[string]string{"x-jws-signature": a.signature(t, `{}`)} }), 400, "U015", "UK.OBIE.Signature.Invalid", "x-jws-signature"},
		"no version":          {subscribe(fields{}), 400, "U004", "UK.OBIE.Field.Missing", "Data.Version"},
		"version 2":           {subscribe(fields{"Version": "2.0"}), 400, "U002", "UK.OBIE.Field.Invalid", "Data.Version"},
		"version 3.10":        {subscribe(fields{"Version": "3.10"}), 400, "U002", "UK.OBIE.Field.Invalid", "Data.Version"},
		"event type":          {subscribe(fields{"Version": "4.0", "EventTypes": []string{"urn:x"}}), 400, "U024", "UK.OBIE.Unsupported.EventType", "Data.EventTypes[0]"},
		"an id of its own":    {subscribe(fields{"Version": "4.0", "EventSubscriptionId": "x"}), 400, "U005", "UK.OBIE.Field.Unexpected", "Data.EventSubscriptionId"},
		"other version's end": {subscribe(fields{"Version": "4.0", "CallbackUrl": "https://tpp.example/v3.1/event-notifications"}), 400, "U002", "UK.OBIE.Field.Invalid", "Data.CallbackUrl"},
		"plain http":          {subscribe(fields{"Version": "4.0", "CallbackUrl": "http://tpp.example/v4.0/event-notifications"}), 400, "U002", "UK.OBIE.Field.Invalid", "Data.CallbackUrl"},
		"unknown id":          {exchange{method: "DELETE", path: "/event-subscriptions/nobody"}, 400, "U011", "UK.OBIE.Resource.NotFound", ""},
		"another id inside":   {exchange{method: "PUT", path: "/event-subscriptions/x", body: fields{"Data": fields{"EventSubscriptionId": "y", "Version": "4.0"}}}, 400, "U002", "UK.OBIE.Field.Invalid", "Data.EventSubscriptionId"},
	} {
		for version, want := range map[string]string{"v3.1": tc.v3, "v4.0": tc.v4} {
			t.Run(name+" "+version, func(t *testing.T) {
				x := tc.exchange
				x.version = version
				resp, got := a.do(t, x)
				if resp.StatusCode != tc.status {
					t.Fatalf("status %d %v, want %d", resp.StatusCode, got, tc.status)
				}
				if want == "" {
					if got != nil {
						t.Errorf("a body: %v", got)
					}
					return
				}
				first, _ := got["Errors"].([]any)[0].(map[string]any)
				path, _ := first["Path"].(string)
				if first["ErrorCode"] != want || path != tc.path || (version == "v3.1") != (got["Code"] != nil && got["Message"] != nil) {
					t.Errorf("got %v, want %s at %q", got, want, tc.path)
				}
			})
		}
	}
}

func (a *eventAPI) signature(t *testing.T, body string) string {
	t.Helper()
	s, err := a.tpp.Sign([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPollOverTheWireInBothVersions(t *testing.T) {
	for _, version := range []string{"v3.1", "v4.0"} {
		a := newEventAPI(t, "sqlite:"+t.TempDir()+"/bank.db")
		a.do(t, exchange{version: version, method: "POST", path: "/event-subscriptions", body: fields{"Data": fields{"Version": strings.TrimPrefix(version, "v"), "EventTypes": obie.EventTypes()}}})
		for i, kind := range obie.EventTypes() {
			a.publish(t, "tpp", string(rune('a'+i)), kind, "account-access-consent")
			a.advance(time.Second)
		}
		resp, got := a.do(t, exchange{version: version, method: "POST", path: "/events", body: fields{"maxEvents": 2, "returnImmediately": true}})
		if sets, _ := got["sets"].(map[string]any); resp.StatusCode != http.StatusOK || len(sets) != 2 || got["moreAvailable"] != true {
			t.Errorf("got %d %v", resp.StatusCode, got)
		}
		_, got = a.do(t, exchange{version: version, method: "POST", path: "/events", body: fields{
			"returnImmediately": true, "ack": []string{"a", "b"}, "setErrs": fields{"c": fields{"err": "setData", "description": "unknown consent"}},
		}})
		if sets, ok := got["sets"].(map[string]any); !ok || len(sets) != 0 || got["moreAvailable"] != false {
			t.Errorf("got %v", got)
		}
	}
}

func TestTheTokenHasTheStandardsClaims(t *testing.T) {
	a := newEventAPI(t, "sqlite:"+t.TempDir()+"/bank.db")
	a.subscribed(t, onepoint.TPP{ClientID: "tpp"}, "")
	a.publish(t, "tpp", "e1", obie.EventConsentRevoked, "account-access-consent")
	a.advance(time.Minute)
	head, claims := a.token(t, onepoint.TPP{ClientID: "tpp"}, "e1")
	if head["alg"] != "PS256" || head["typ"] != "secevent+jwt" || head["kid"] == "" {
		t.Errorf("header %v", head)
	}
	subject, _ := at(claims, "events", string(obie.EventConsentRevoked), "subject").(map[string]any)
	link := "https://bank.example/open-banking/v4.0/aisp/account-access-consents/r-e1"
	for name, pair := range map[string][2]any{
		"iss":   {claims["iss"], "https://bank.example"},
		"aud":   {claims["aud"], "tpp"},
		"jti":   {claims["jti"], "e1"},
		"sub":   {claims["sub"], link},
		"toe":   {claims["toe"], float64(noon().Unix())},
		"iat":   {claims["iat"], float64(noon().Unix() + 60)},
		"typed": {subject["subject_type"], "http://openbanking.org.uk/rid_http://openbanking.org.uk/rty"},
		"rid":   {subject["http://openbanking.org.uk/rid"], "r-e1"},
		"rty":   {subject["http://openbanking.org.uk/rty"], "account-access-consent"},
		"rlk":   {len(subject["http://openbanking.org.uk/rlk"].([]any)), 2},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %v, want %v", name, pair[0], pair[1])
		}
	}
	if txn, _ := claims["txn"].(string); txn == "" || claims["exp"] != nil {
		t.Errorf("claims %v", claims)
	}
}
