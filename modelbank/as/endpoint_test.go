package as_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/as"
)

func TestIntrospectionTellsTheBanksOwnServersOnly(t *testing.T) {
	r := newRig(t, func(c *as.Config) { c.IntrospectionSecret = "a-secret-of-the-resource-servers-xyz" })
	p := r.client(nil)
	tokens := p.connected("acc", "accounts", "a1")
	token, _ := tokens["access_token"].(string)
	own := r.with(r.certificate(bankOrg, eidas.RoleAS))
	ask := func(client *http.Client, token string) (int, map[string]any) {
		return form(t, client, r.Issuer+"/as/introspect", url.Values{"token": {token}})
	}
	status, out := ask(own, token)
	cnf, _ := out["cnf"].(map[string]any)
	if status != http.StatusOK || out["active"] != true || out["client_id"] != p.id || out["openbanking_intent_id"] != "acc" || out["sub"] != "cus_alice" || cnf["x5t#S256"] != fapi.Thumbprint(p.cert.Leaf) {
		t.Errorf("%d %v", status, out)
	}
	for name, dead := range map[string]string{"unknown": "at_unknown", "a refresh token": tokens["refresh_token"].(string)} {
		if status, out := ask(own, dead); status != http.StatusOK || out["active"] != false || len(out) != 1 {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	if status, _ := ask(p.http, token); status != http.StatusUnauthorized {
		t.Errorf("a TPP asks: %d", status)
	}
	if status, _ := ask(r.with(), token); status != http.StatusUnauthorized {
		t.Errorf("nobody asks: %d", status)
	}
	for secret, want := range map[string]int{"a-secret-of-the-resource-servers-xyz": 200, "a-secret-of-the-resource-servers-xy": 401, "": 401} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.Issuer, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth("rs", secret)
		resp, _ := call(t, r.with(), http.MethodPost, r.Issuer+"/as/introspect", "token="+token, map[string]string{
			"Content-Type": "application/x-www-form-urlencoded", "Authorization": req.Header.Get("Authorization"),
		})
		if resp.StatusCode != want {
			t.Errorf("with the secret %q: %d", secret, resp.StatusCode)
		}
	}
	if err := r.RevokeConsent(t.Context(), "acc"); err != nil {
		t.Fatal(err)
	}
	if _, out := ask(own, token); out["active"] != false {
		t.Error("active after the consent was revoked")
	}
	tokens = p.connected("cof", "fundsconfirmations", "a1")
	r.ahead += 11 * time.Minute
	if _, out := ask(own, tokens["access_token"].(string)); out["active"] != false {
		t.Error("active after its end")
	}
}

func TestRevocationEndsTheTokenAndItsFamily(t *testing.T) {
	p := sharedClient(t)
	tokens := p.connected("acc", "accounts", "a1")
	stranger := p.newTPP("PSDGB-FCA-222222", "soft2", everyRole()...).register(nil)
	revoke := func(by *tpp, token any) {
		status, out := form(t, by.http, by.Issuer+"/as/revoke", by.authenticated(url.Values{"token": {token.(string)}}))
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, out)
		}
	}
	revoke(stranger, tokens["access_token"])
	revoke(stranger, tokens["refresh_token"])
	if !p.opens(tokens["access_token"]) {
		t.Fatal("another client revoked it")
	}
	revoke(p, tokens["refresh_token"])
	if p.opens(tokens["access_token"]) {
		t.Error("the access token outlives its refresh token")
	}
}

func TestKeysRotateWithoutABreak(t *testing.T) {
	p := sharedClient(t)
	published := func() []any {
		_, out := call(t, p.http, http.MethodGet, p.Issuer+"/as/jwks", "", nil)
		keys, _ := out["keys"].([]any)
		return keys
	}
	old := p.connected("acc", "accounts", "a1")
	operator := p.with(p.certificate(bankOrg, eidas.RoleAS))
	if resp, _ := call(t, p.http, http.MethodPost, p.Issuer+"/as/keys/rotate", "", nil); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a TPP rotates: %d", resp.StatusCode)
	}
	before := p.SigningKey().KeyID
	resp, out := call(t, operator, http.MethodPost, p.Issuer+"/as/keys/rotate", "", nil)
	if resp.StatusCode != http.StatusOK || out["kid"] == before || p.SigningKey().KeyID != out["kid"] || len(published()) != 2 {
		t.Fatalf("%d %v, %d keys", resp.StatusCode, out, len(published()))
	}
	next := p.connected("acc", "accounts", "a1")
	jwks, err := fapi.PublicJWKS(signingKey(0), p.SigningKey())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := fapi.ParseKeys(jwks)
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]any{"of the old key": old["id_token"], "of the new key": next["id_token"]} {
		var c map[string]any
		if err := fapi.VerifyJWT(token.(string), keys, fapi.Check{Now: p.now()}, &c); err != nil {
			t.Errorf("an ID token %s: %v", name, err)
		}
	}
	p.ahead += 25 * time.Minute
	if got := published(); len(got) != 1 || got[0].(map[string]any)["kid"] != out["kid"] {
		t.Errorf("after the old one's time: %v", got)
	}
	// Another process, or the next start, signs with the same.
	c := p.Server.Config
	again, err := as.New(c)
	if err != nil || again.SigningKey().KeyID != out["kid"] {
		t.Errorf("%v", err)
	}
}

func TestRegistrationIsManagedAsTheStandardSays(t *testing.T) {
	p := sharedClient(t)
	long := p.connected("acc", "accounts", "a1")
	_, out := p.token(url.Values{"grant_type": {"client_credentials"}})
	token, _ := out["access_token"].(string)
	at, bearer := p.Issuer+"/as/register/"+p.id, map[string]string{"Authorization": "Bearer " + token}
	resp, read := call(t, p.http, http.MethodGet, at, "", bearer)
	if resp.StatusCode != http.StatusOK || read["client_id"] != p.id || read["software_client_name"] != "Ledger App" || read["iss"] != nil || read["jti"] != nil || read["registration_access_token"] != nil {
		t.Errorf("GET: %d %v", resp.StatusCode, read)
	}
	q := p.registration()
	q.Scope = "openid accounts"
	if resp, out := p.send(http.MethodPut, at, q, bearer); resp.StatusCode != http.StatusOK || out["scope"] != "openid accounts" || !p.opens(long["access_token"]) {
		t.Errorf("PUT: %d %v", resp.StatusCode, out)
	}
	for name, head := range map[string]map[string]string{"no token": {}, "an empty token": {"Authorization": "Bearer "}, "an unknown token": {"Authorization": "Bearer at_x"}} {
		resp, out := call(t, p.http, http.MethodGet, at, "", head)
		if resp.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Bearer ") || out["error"] == nil {
			t.Errorf("%s: %d %q %v", name, resp.StatusCode, resp.Header.Get("WWW-Authenticate"), out)
		}
	}
	if resp, _ := call(t, p.http, http.MethodGet, at, "", map[string]string{"Authorization": "Bearer " + long["access_token"].(string)}); resp.StatusCode != http.StatusForbidden {
		t.Errorf("with a customer's token: %d", resp.StatusCode)
	}
	resp, _ = call(t, p.http, http.MethodDelete, at, "", bearer)
	if resp.StatusCode != http.StatusNoContent || p.opens(long["access_token"]) || p.opens(token) {
		t.Errorf("DELETE: %d", resp.StatusCode)
	}
	if resp, _ := call(t, p.http, http.MethodGet, at, "", bearer); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("GET of a deleted client: %d", resp.StatusCode)
	}
}

func TestAnotherClientsRegistrationIs401AndEndsTheToken(t *testing.T) {
	p := sharedClient(t)
	_, out := p.token(url.Values{"grant_type": {"client_credentials"}})
	token, _ := out["access_token"].(string)
	resp, _ := call(t, p.http, http.MethodGet, p.Issuer+"/as/register/cli_other", "", map[string]string{"Authorization": "Bearer " + token})
	if resp.StatusCode != http.StatusUnauthorized || p.opens(token) {
		t.Errorf("%d, still good: %v", resp.StatusCode, p.opens(token))
	}
}

func TestDiscoveryTellsTheTruth(t *testing.T) {
	r := newRig(t, func(c *as.Config) { c.SecretClients = false })
	meta, err := fapi.Discover(context.Background(), r.with(), r.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.Join(meta.TokenAuthMethods, " "), "secret") {
		t.Error("it offers secrets that it does not take")
	}
	for _, endpoint := range []string{meta.TokenEndpoint, meta.PAREndpoint, meta.RevocationEndpoint, meta.IntrospectionEndpoint, meta.RegistrationEndpoint} {
		if resp, _ := call(t, r.with(), http.MethodPost, endpoint, "", nil); resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", endpoint, resp.StatusCode)
		}
	}
}
