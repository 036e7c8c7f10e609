package as_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/as"
)

// sharedClient is a registered client of a server of its own.
func sharedClient(t *testing.T) *tpp { t.Helper(); return newRig(t, nil).client(nil) }

func codeOnly(r *fapi.RegistrationRequest) { r.ResponseTypes = []string{"code"} }

func TestFAPI2AdmitsPushedCodeRequestsOnly(t *testing.T) {
	p := newRig(t, func(c *as.Config) { c.FAPI2 = true }).client(codeOnly)
	o := p.request("acc", "accounts")
	if status, out := p.push(o); status != http.StatusBadRequest || out["error"] != "unsupported_response_type" {
		t.Errorf("hybrid: %d %v", status, out)
	}
	o = p.request("acc", "accounts")
	o.ResponseType = "code"
	signed, err := o.Sign(p.key)
	if err != nil {
		t.Fatal(err)
	}
	if g := p.browser().get("/as/authorize?" + url.Values{"client_id": {p.id}, "request": {signed}}.Encode()); g.StatusCode != http.StatusBadRequest {
		t.Errorf("not pushed: %d", g.StatusCode)
	}
	o.ID = p.NewID("jti")
	answer := p.browser().agree(p.begin(o), "alice", "a1")
	if answer.Get("id_token") != "" || answer.Get("iss") != p.Issuer {
		t.Errorf("answer %v", answer)
	}
	if status, out := p.exchange(answer); status != http.StatusOK || !p.opens(out["access_token"]) {
		t.Errorf("%d %v", status, out)
	}
	_, meta := call(t, p.http, http.MethodGet, p.Issuer+"/.well-known/openid-configuration", "", nil)
	if meta["require_pushed_authorization_requests"] != true || meta["request_parameter_supported"] == true {
		t.Errorf("discovery says %v", meta)
	}
}

func TestClientCanBindItselfToPushedRequests(t *testing.T) {
	p := newRig(t, nil).client(func(r *fapi.RegistrationRequest) { r.RequirePushed = true })
	o := p.request("acc", "accounts")
	signed, err := o.Sign(p.key)
	if err != nil {
		t.Fatal(err)
	}
	if g := p.browser().get("/as/authorize?" + url.Values{"client_id": {p.id}, "request": {signed}}.Encode()); g.StatusCode != http.StatusBadRequest {
		t.Errorf("not pushed: %d", g.StatusCode)
	}
}

func TestSignedResponsesCarryTheAnswerAndNothingBesideIt(t *testing.T) {
	for _, tt := range []struct{ responseType, mode, where string }{
		{"code", "jwt", "?"}, {"code", "query.jwt", "?"}, {"code", "fragment.jwt", "#"}, {"code id_token", "jwt", "#"}, {"code id_token", "fragment.jwt", "#"},
	} {
		t.Run(tt.responseType+" "+tt.mode, func(t *testing.T) {
			p := sharedClient(t)
			o := p.request("acc", "accounts")
			o.ResponseType, o.ResponseMode = tt.responseType, tt.mode
			b := p.browser()
			g := b.submit(b.login(p.begin(o), "alice"), "action", "allow", "account", "a1")
			if !strings.HasPrefix(g.Header.Get("Location"), redirect+tt.where+"response=") || len(g.answer()) != 1 {
				t.Fatalf("answered at %s", g.Header.Get("Location"))
			}
			jwks, err := fapi.PublicJWKS(p.SigningKey())
			if err != nil {
				t.Fatal(err)
			}
			keys, err := fapi.ParseKeys(jwks)
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ Code, State string }
			check := fapi.Check{Issuer: p.Issuer, Audience: []string{p.id}, Now: p.now(), MaxLifetime: 10 * time.Minute}
			if err := fapi.VerifyJWT(g.answer().Get("response"), keys, check, &got); err != nil || got.State != "the-state" {
				t.Fatalf("%+v, %v", got, err)
			}
			if status, out := p.exchange(url.Values{"code": {got.Code}}); status != http.StatusOK {
				t.Errorf("%d %v", status, out)
			}
		})
	}
}

func TestACRSaysHowTheCustomerWasAuthenticated(t *testing.T) {
	essential := func(values ...string) fapi.RequestedClaim {
		return fapi.RequestedClaim{Essential: true, Values: values}
	}
	for _, tt := range []struct {
		name   string
		acr    fapi.RequestedClaim
		exempt bool
		want   string
	}{
		{"nothing asked", fapi.RequestedClaim{}, false, fapi.ACRSCA},
		{"sca asked", essential(fapi.ACRSCA), false, fapi.ACRSCA},
		{"either asked", essential(fapi.ACRSCA, fapi.ACRCA), false, fapi.ACRSCA},
		{"only ca asked", essential(fapi.ACRCA), false, fapi.ACRCA},
		{"exempt, nothing asked", fapi.RequestedClaim{}, true, fapi.ACRCA},
		{"exempt, sca insisted on", essential(fapi.ACRSCA), true, fapi.ACRSCA},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newRig(t, func(c *as.Config) { c.ExemptionPeriod = time.Hour }).client(nil)
			if tt.exempt {
				p.connected("acc", "accounts", "a1")
				p.bank.change("acc", func(i *as.Intent) { i.Renewal = true })
			}
			o := p.request("acc", "accounts")
			o.Claims.IDToken.ACR = tt.acr
			answer := p.browser().agree(p.begin(o), "alice", "a1")
			if got := claims(t, answer.Get("id_token"))["acr"]; got != tt.want {
				t.Errorf("acr %v, want %s", got, tt.want)
			}
		})
	}
}
