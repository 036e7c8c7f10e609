package fapi_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/fapi"
)

// The fuzzed claims are signed with a known key, so that the parsers behind the
// signature are reached.

func FuzzParseRequestObject(f *testing.F) {
	key, keys := newKey(f)
	f.Add(`{"iss":"client","client_id":"client","aud":["bank"],"nbf":1795251600,"exp":1795251660,"jti":"1","redirect_uri":"https://a","response_type":"code","scope":"openid"}`)
	f.Add(`{"claims":{"id_token":{"acr":{"values":[1]}}}}`)
	f.Fuzz(func(t *testing.T, payload string) {
		token, err := fapi.SignJWT(key, "JWT", json.RawMessage(payload))
		if err != nil {
			return
		}
		o, err := fapi.ParseRequestObject(token, "client", keys, "bank", now)
		if err == nil && (o.ClientID != "client" || o.RedirectURI == "" || o.ID == "" || o.Expires <= now.Add(-time.Minute).Unix()) {
			t.Errorf("%s gave %+v", payload, o)
		}
	})
}

func FuzzParseRegistrationRequest(f *testing.F) {
	key, keys := newKey(f)
	f.Add(`{"iss":"abc","aud":"bank","iat":1795251600,"exp":1795251660,"jti":"1","redirect_uris":["https://a"],"scope":"openid accounts"}`)
	f.Fuzz(func(t *testing.T, payload string) {
		token, err := fapi.SignJWT(key, "JWT", json.RawMessage(payload))
		if err != nil {
			return
		}
		r, err := fapi.ParseRegistrationRequest(token, keys, now)
		if err == nil && (r.Audience == "" || r.SoftwareStatement == "" || len(r.RedirectURIs) == 0 || r.IDTokenSigningAlg != "PS256") {
			t.Errorf("%s gave %+v", payload, r)
		}
	})
}

func FuzzParseSoftwareStatement(f *testing.F) {
	key, keys := newKey(f)
	f.Add(`{"iss":"dir","iat":1795251600,"jti":"1","software_id":"abc","org_id":"o","software_jwks_endpoint":"https://a","software_redirect_uris":["https://a"],"org_status":"active"}`)
	f.Fuzz(func(t *testing.T, payload string) {
		token, err := fapi.SignJWT(key, "JWT", json.RawMessage(payload))
		if err != nil {
			return
		}
		s, err := fapi.ParseSoftwareStatement(token, keys, "dir", now, time.Hour)
		if err == nil && (s.Issuer != "dir" || s.OrgID == "" || s.SoftwareID == "" || now.Sub(time.Unix(s.IssuedAt, 0)) > time.Hour) {
			t.Errorf("%s gave %+v", payload, s)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Sat, 21 Nov 2026 09:00:00 GMT")
	f.Fuzz(func(t *testing.T, value string) {
		if got := fapi.RetryAfter(http.Header{"Retry-After": {value}}, now); got < 0 || got > 24*time.Hour {
			t.Errorf("%q gave %v", value, got)
		}
	})
}

func FuzzCallback(f *testing.F) {
	f.Add("code=a&state=s&iss=x")
	f.Add("response=a.b.c")
	f.Fuzz(func(t *testing.T, query string) {
		params, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		c := fapi.NewClient(fapi.ClientConfig{HTTP: &http.Client{Transport: refusing{}}, Issuer: "https://bank.example", ClientID: "c", Now: func() time.Time { return now }})
		if code, err := c.VerifyCallback(t.Context(), params, fapi.Expected{State: "s"}); err == nil {
			t.Errorf("%q gave the code %q without metadata", query, code)
		}
	})
}

// refusing is a network that is down.
type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed }
