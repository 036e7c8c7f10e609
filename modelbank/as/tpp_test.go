package as_test

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
)

// tpp is one client of the server with everything it has.
type tpp struct {
	*rig
	cert      tls.Certificate
	http      *http.Client
	key       fapi.SigningKey
	statement fapi.SoftwareStatement
	id        string
	secret    string
}

func everyRole() []eidas.Role { return []eidas.Role{eidas.RoleAI, eidas.RolePI, eidas.RoleIC} }

// newTPP makes a TPP that is not registered yet.
func (r *rig) newTPP(org, software string, roles ...eidas.Role) *tpp {
	r.Helper()
	p := &tpp{rig: r, cert: r.certificate(org, roles...), key: r.keys["/directory/"+software]}
	p.http = r.with(p.cert)
	p.statement = fapi.SoftwareStatement{
		Issuer: directory, IssuedAt: r.now().Unix(), ID: r.NewID("ssa"), SoftwareID: software, SoftwareName: "Ledger App", Mode: "Test",
		JWKSEndpoint: r.web.URL + "/directory/" + software, RedirectURIs: []string{redirect}, Roles: []string{"AISP", "PISP", "CBPII"},
		OrgStatus: "Active", OrgID: org, OrgName: "Ledger",
	}
	return p
}

// registration is the request as the TPP makes it.
func (p *tpp) registration() fapi.RegistrationRequest {
	p.Helper()
	statement, err := p.statement.Signed(signingKey(1))
	if err != nil {
		p.Fatal(err)
	}
	return fapi.RegistrationRequest{
		Issuer: p.statement.SoftwareID, IssuedAt: p.now().Unix(), Expires: p.now().Add(time.Minute).Unix(), Audience: p.Issuer, ID: p.NewID("jti"),
		ClientMetadata: fapi.ClientMetadata{
			RedirectURIs: p.statement.RedirectURIs, TokenAuthMethod: "private_key_jwt", GrantTypes: []string{"authorization_code", "refresh_token", "client_credentials"},
			ResponseTypes: []string{"code", "code id_token"}, Scope: "openid accounts payments fundsconfirmations", SoftwareStatement: statement,
			ApplicationType: "web", IDTokenSigningAlg: "PS256", RequestObjectSigningAlg: "PS256",
		},
	}
}

func (p *tpp) send(method, address string, request fapi.RegistrationRequest, head map[string]string) (*http.Response, map[string]any) {
	p.Helper()
	signed, err := request.Sign(p.key)
	if err != nil {
		p.Fatal(err)
	}
	all := map[string]string{"Content-Type": "application/jose"}
	for name, value := range head {
		all[name] = value
	}
	return call(p.TB, p.http, method, address, signed, all)
}

// register registers, or fails the test.
func (p *tpp) register(change func(*fapi.RegistrationRequest)) *tpp {
	p.Helper()
	request := p.registration()
	if change != nil {
		change(&request)
	}
	resp, out := p.send(http.MethodPost, p.Issuer+"/as/register", request, nil)
	if resp.StatusCode != http.StatusCreated {
		p.Fatalf("register: %d %v", resp.StatusCode, out)
	}
	p.id, _ = out["client_id"].(string)
	p.secret, _ = out["client_secret"].(string)
	return p
}

// client is a registered TPP with every role.
func (r *rig) client(change func(*fapi.RegistrationRequest)) *tpp {
	r.Helper()
	return r.newTPP(tppOrg, "soft1", everyRole()...).register(change)
}

func (p *tpp) assertion() string {
	p.Helper()
	signed, err := fapi.ClientAssertion(p.key, p.id, p.Issuer+"/as/token", p.now(), p.NewID("jti"))
	if err != nil {
		p.Fatal(err)
	}
	return signed
}

// authenticated adds private_key_jwt to a form.
func (p *tpp) authenticated(values url.Values) url.Values {
	p.Helper()
	values.Set("client_id", p.id)
	values.Set("client_assertion_type", fapi.AssertionType)
	values.Set("client_assertion", p.assertion())
	return values
}

func (p *tpp) token(values url.Values) (int, map[string]any) {
	p.Helper()
	return form(p.TB, p.http, p.Issuer+"/as/token", p.authenticated(values))
}

const verifier = "a-verifier-of-the-test-that-is-43-characters-long"

// request is an authorization request for an intent.
func (p *tpp) request(intent, scope string) fapi.RequestObject {
	return fapi.RequestObject{
		Issuer: p.id, ClientID: p.id, Audience: p.Issuer, ID: p.NewID("jti"), IssuedAt: p.now().Unix(), NotBefore: p.now().Unix(), Expires: p.now().Add(5 * time.Minute).Unix(),
		ResponseType: "code id_token", RedirectURI: redirect, Scope: "openid " + scope, State: "the-state", Nonce: "the-nonce",
		CodeChallenge: fapi.Challenge(verifier), CodeChallengeMethod: "S256",
		Claims: fapi.RequestClaims{IDToken: fapi.IDTokenClaims{IntentID: fapi.RequestedClaim{Essential: true, Value: intent}}},
	}
}

func (p *tpp) push(o fapi.RequestObject) (int, map[string]any) {
	p.Helper()
	signed, err := o.Sign(p.key)
	if err != nil {
		p.Fatal(err)
	}
	return form(p.TB, p.http, p.Issuer+"/as/par", p.authenticated(url.Values{"request": {signed}}))
}

// begin is the address for the customer's browser.
func (p *tpp) begin(o fapi.RequestObject) string {
	p.Helper()
	status, out := p.push(o)
	uri, _ := out["request_uri"].(string)
	if status != http.StatusCreated || uri == "" {
		p.Fatalf("push: %d %v", status, out)
	}
	return p.Issuer + "/as/authorize?" + url.Values{"client_id": {p.id}, "request_uri": {uri}}.Encode()
}

// exchange turns the code of an answer into tokens.
func (p *tpp) exchange(answer url.Values) (int, map[string]any) {
	p.Helper()
	return p.token(url.Values{"grant_type": {"authorization_code"}, "code": {answer.Get("code")}, "redirect_uri": {redirect}, "code_verifier": {verifier}})
}

// page is what a browser shows.
type page struct {
	*http.Response
	body string
	at   string
}

var (
	csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)
	action    = regexp.MustCompile(`<form method="post" action="([^"]+)"`)
)

func (g page) csrf() string {
	if m := csrfField.FindStringSubmatch(g.body); m != nil {
		return m[1]
	}
	return ""
}

func (g page) target() string {
	if m := action.FindStringSubmatch(g.body); m != nil {
		return strings.ReplaceAll(m[1], "&amp;", "&")
	}
	return ""
}

// answer is where a redirect away from the bank leads.
func (g page) answer() url.Values {
	to, err := url.Parse(g.Header.Get("Location"))
	if err != nil {
		return nil
	}
	if to.Fragment != "" {
		values, err := url.ParseQuery(to.Fragment)
		if err != nil {
			return nil
		}
		return values
	}
	return to.Query()
}
