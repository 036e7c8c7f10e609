package as_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/as"
)

func credentials(scope string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
}

func TestTLSClientAuthComparesTheSubjectAndNothingLooser(t *testing.T) {
	r := newRig(t, nil)
	p := r.newTPP(tppOrg, "soft1", everyRole()...)
	dn := `CN=tpp.example,2.5.4.97=` + tppOrg + `,O=Ledger\, Apps & Co,C=GB`
	for _, tt := range []struct {
		name, dn string
		ok       bool
	}{
		{"as RFC 4514 writes it", dn, true},
		{"in the other order", `C=GB, O=Ledger\2c Apps & Co, organizationIdentifier=` + tppOrg + `, CN=tpp.example`, true},
		{"with a number for the type", `CN=tpp.example,OID.2.5.4.97=` + tppOrg + `,O="Ledger, Apps & Co",C=GB`, true},
		{"in another case", strings.ToLower(dn), true},
		{"of another organisation", strings.ReplaceAll(dn, "123456", "999999"), false},
		{"with a part less", `CN=tpp.example,2.5.4.97=` + tppOrg + `,C=GB`, false},
		{"with a part more", dn + ",OU=x", false},
		{"with a prefix only", "CN=tpp.example", false},
		{"with a value that holds the rest", `CN=tpp.example\,O\=Ledger,C=GB`, false},
		{"that is nothing", "=", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.register(func(q *fapi.RegistrationRequest) {
				q.TokenAuthMethod, q.TLSClientAuthSubjectDN = "tls_client_auth", tt.dn
			})
			values := credentials("accounts")
			values.Set("client_id", p.id)
			status, out := form(t, p.http, p.Issuer+"/as/token", values)
			if (status == http.StatusOK) != tt.ok || !tt.ok && out["error"] != "invalid_client" {
				t.Errorf("%d %v", status, out)
			}
		})
	}
}

func TestClientSecretIsToldOnceKeptHashedAndNeedsTheCertificate(t *testing.T) {
	r := newRig(t, nil)
	p := r.client(func(q *fapi.RegistrationRequest) { q.TokenAuthMethod = "client_secret_basic" })
	if len(p.secret) != 36 {
		t.Fatalf("the secret has %d characters", len(p.secret))
	}
	kept, err := r.store.Client(t.Context(), p.id)
	if err != nil || strings.Contains(string(kept.SecretHash), p.secret) || len(kept.SecretHash) != 32 {
		t.Errorf("kept as %q, %v", kept.SecretHash, err)
	}
	basic := func(client *http.Client, id, secret string, values url.Values) (int, map[string]any) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.Issuer+"/as/token", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
		resp, out := call(t, client, http.MethodPost, p.Issuer+"/as/token", values.Encode(), map[string]string{
			"Content-Type": "application/x-www-form-urlencoded", "Authorization": req.Header.Get("Authorization"),
		})
		return resp.StatusCode, out
	}
	status, out := basic(p.http, p.id, p.secret, credentials("accounts"))
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	token, _ := out["access_token"].(string)
	resp, again := call(t, p.http, http.MethodGet, p.Issuer+"/as/register/"+p.id, "", map[string]string{"Authorization": "Bearer " + token})
	if resp.StatusCode != http.StatusOK || again["client_secret"] != nil {
		t.Errorf("told again: %d %v", resp.StatusCode, again["client_secret"])
	}
	for name, try := range map[string]func() (int, map[string]any){
		"another secret": func() (int, map[string]any) { return basic(p.http, p.id, "guess", credentials("accounts")) },
		"no secret":      func() (int, map[string]any) { return basic(p.http, p.id, "", credentials("accounts")) },
		"no certificate": func() (int, map[string]any) { return basic(r.with(), p.id, p.secret, credentials("accounts")) },
		"another's certificate": func() (int, map[string]any) {
			return basic(r.with(r.certificate("PSDGB-FCA-999999", eidas.RoleAI)), p.id, p.secret, credentials("accounts"))
		},
		"an assertion instead": func() (int, map[string]any) { return p.token(credentials("accounts")) },
		"an assertion beside it": func() (int, map[string]any) {
			return basic(p.http, p.id, p.secret, p.authenticated(credentials("accounts")))
		},
	} {
		if status, out := try(); status != http.StatusUnauthorized || out["error"] != "invalid_client" {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	off := newRig(t, func(c *as.Config) { c.SecretClients = false }).newTPP(tppOrg, "soft1", everyRole()...)
	q := off.registration()
	q.TokenAuthMethod = "client_secret_basic"
	if resp, out := off.send(http.MethodPost, off.Issuer+"/as/register", q, nil); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("where it is not offered: %v", out)
	}
}

func TestRolesOfCertificateAndSoftwareBoundWhatIsAsked(t *testing.T) {
	r := newRig(t, nil)
	for _, tt := range []struct {
		name  string
		roles []eidas.Role
		soft  []string
		scope string
		code  string
	}{
		{"AISP asks accounts", []eidas.Role{eidas.RoleAI}, []string{"AISP"}, "openid accounts", ""},
		{"PISP asks payments", []eidas.Role{eidas.RolePI}, []string{"PISP"}, "openid payments", ""},
		{"CBPII asks funds", []eidas.Role{eidas.RoleIC}, []string{"CBPII"}, "openid fundsconfirmations", ""},
		{"a certificate without the role", []eidas.Role{eidas.RoleAI}, []string{"AISP", "PISP"}, "openid payments", "unapproved_software_statement"},
		{"a statement without the role", everyRole(), []string{"AISP"}, "openid payments", "unapproved_software_statement"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := r.newTPP(tppOrg, "soft1", tt.roles...)
			p.statement.Roles = tt.soft
			q := p.registration()
			q.Scope = tt.scope
			resp, out := p.send(http.MethodPost, p.Issuer+"/as/register", q, nil)
			if tt.code == "" && resp.StatusCode != http.StatusCreated || tt.code != "" && out["error"] != tt.code {
				t.Errorf("%d %v", resp.StatusCode, out)
			}
		})
	}
	p := r.client(nil)
	p.http = r.with(r.certificate(tppOrg, eidas.RoleAI))
	if status, out := p.token(credentials("payments")); status != http.StatusBadRequest || out["error"] != "invalid_scope" {
		t.Errorf("a token with a certificate that lacks the role: %d %v", status, out)
	}
	if status, out := p.token(credentials("accounts")); status != http.StatusOK {
		t.Errorf("%d %v", status, out)
	}
}

func TestRevokedSoftwareGetsNothingMore(t *testing.T) {
	r := newRig(t, nil)
	p := r.client(nil)
	tokens := p.connected("acc", "accounts", "a1")
	r.standing = onepoint.E(onepoint.CodeForbidden, "standing", "the software is Revoked", nil)
	refresh, _ := tokens["refresh_token"].(string)
	for name, values := range map[string]url.Values{
		"a token": credentials("accounts"), "a refresh": {"grant_type": {"refresh_token"}, "refresh_token": {refresh}},
	} {
		if status, out := p.token(values); status != http.StatusUnauthorized || out["error"] != "invalid_client" {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	if status, out := p.push(p.request("acc", "accounts")); status != http.StatusUnauthorized {
		t.Errorf("a pushed request: %d %v", status, out)
	}
	if resp, out := p.send(http.MethodPost, p.Issuer+"/as/register", p.registration(), nil); resp.StatusCode != http.StatusBadRequest || out["error"] != "unapproved_software_statement" || out["error_description"] != "the directory: the software is Revoked" {
		t.Errorf("a registration: %d %v", resp.StatusCode, out)
	}
}

func TestRevokedKeyVerifiesNothingAfterAMinute(t *testing.T) {
	r := newRig(t, nil)
	p := r.client(nil)
	if status, out := p.token(credentials("accounts")); status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	r.keys["/directory/soft1"] = signingKey(4) // the directory publishes another key now
	r.ahead += 61 * time.Second
	if status, out := p.token(credentials("accounts")); status != http.StatusUnauthorized || out["error"] != "invalid_client" {
		t.Errorf("the revoked key: %d %v", status, out)
	}
	p.key = signingKey(4)
	if status, out := p.token(credentials("accounts")); status != http.StatusOK {
		t.Errorf("the new key: %d %v", status, out)
	}
}
