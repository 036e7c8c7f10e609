package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/directory"
	"github.com/onepointledger/onepoint/vault"
)

// attacker knows everything of the TPP but what the bank must check.
type attacker struct {
	*testStack
	env       connector.Env
	statement fapi.SoftwareStatement
	signed    string // the software statement as the directory issued it
	directory fapi.SigningKey
	clientID  string
}

func newAttacker(t *testing.T) *attacker {
	t.Helper()
	s := startStack(t, "demo", "", "")
	profile, err := s.Platform.banks.profile(localBank)
	if err != nil {
		t.Fatal(err)
	}
	reg, err := s.Platform.onboard.Registration(t.Context(), s.Platform.Workspace, localBank)
	if err != nil {
		t.Fatal(err)
	}
	a := &attacker{testStack: s, signed: reg.Progress.Facts["software_statement"], clientID: reg.Progress.Client.ID}
	if a.env, err = s.Platform.banks.env(t.Context(), s.Platform.Workspace, profile, reg.Progress.Client); err != nil {
		t.Fatal(err)
	}
	if err := fapi.DecodeUnverified(a.signed, &a.statement); err != nil {
		t.Fatal(err)
	}
	keys, err := vault.Open(t.Context(), vault.Config{Store: s.Bank.db, KeyFile: filepath.Join(s.Data, "bank-vault.key"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if a.directory, err = signingKey(t.Context(), keys, bankWorkspace, "directory"); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *attacker) key() fapi.SigningKey {
	return fapi.SigningKey{Signer: a.env.Signer.Key, KeyID: a.env.Signer.KeyID, Alg: "PS256"}
}

// request is a registration request as the TPP makes it.
func (a *attacker) request(statement string) fapi.RegistrationRequest {
	return fapi.RegistrationRequest{
		Issuer: a.statement.SoftwareID, IssuedAt: time.Now().Unix(), Expires: time.Now().Add(time.Minute).Unix(),
		Audience: a.env.Profile.Endpoints.Issuer, ID: a.env.NewID("jti"),
		ClientMetadata: fapi.ClientMetadata{
			RedirectURIs: a.statement.RedirectURIs, TokenAuthMethod: "private_key_jwt", TokenAuthSigningAlg: "PS256",
			GrantTypes:    []string{"authorization_code", "refresh_token", "client_credentials"},
			ResponseTypes: []string{"code id_token"}, Scope: "openid accounts", SoftwareStatement: statement,
			ApplicationType: "native", IDTokenSigningAlg: "PS256", RequestObjectSigningAlg: "PS256",
		},
	}
}

// qwac is a client certificate that some QTSP issued to some organisation.
func qwac(t *testing.T, q *eidas.QTSP, org string, roles ...eidas.Role) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := q.Issue(eidas.Request{
		Type: eidas.TypeWeb, Subject: eidas.Subject{Country: "GB", Organisation: "Mallory Ltd", CommonName: "mallory.example"},
		OrgID: org, Roles: roles, DNSNames: []string{"mallory.example"}, PublicKey: key.Public(),
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().AddDate(0, 1, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	chain := [][]byte{leaf.Raw}
	for _, c := range q.Chain() {
		chain = append(chain, c.Raw)
	}
	return tls.Certificate{Certificate: chain, PrivateKey: crypto.Signer(key)}
}

// with is an HTTP client that presents a certificate, or none.
func (a *attacker) with(certs ...tls.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(a.trust.qtsp.Root())
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: roots, Certificates: certs, MinVersion: tls.VersionTLS12,
	}}}
}

func post(t *testing.T, client *http.Client, address, media, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", media)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	var e fapi.OAuthError
	if err := json.Unmarshal(content, &e); err != nil {
		t.Fatalf("the answer is no JSON: %q", content)
	}
	return resp.StatusCode, e.Code
}

// sign signs claims, or fails the test.
func sign(t *testing.T, key fapi.SigningKey, claims any) string {
	t.Helper()
	token, err := fapi.SignJWT(key, "JWT", claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// unsigned is a token with alg none.
func unsigned(t *testing.T, claims any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	enc := base64.RawURLEncoding
	return enc.EncodeToString([]byte(`{"alg":"none"}`)) + "." + enc.EncodeToString(payload) + "."
}

func TestBankRefusesRegistrations(t *testing.T) {
	a := newAttacker(t)
	tampered := func() string {
		parts := strings.Split(a.signed, ".")
		changed := a.statement
		changed.RedirectURIs = []string{"https://mallory.example/callback"}
		payload, err := json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		parts[1] = base64.RawURLEncoding.EncodeToString(payload)
		return strings.Join(parts, ".")
	}
	with := func(change func(s *fapi.SoftwareStatement)) string {
		s := a.statement
		change(&s)
		return sign(t, a.directory, s)
	}
	strangers := a.key()
	tests := []struct {
		name string
		body func() string
		code string
	}{
		{"a tampered software statement", func() string { return sign(t, a.key(), a.request(tampered())) }, "invalid_software_statement"},
		{"a software statement of last year", func() string {
			return sign(t, a.key(), a.request(with(func(s *fapi.SoftwareStatement) { s.IssuedAt = time.Now().AddDate(-1, 0, 0).Unix() })))
		}, "invalid_software_statement"},
		{"an expired software statement", func() string {
			return sign(t, a.key(), a.request(with(func(s *fapi.SoftwareStatement) { s.Expires = time.Now().Add(-time.Hour).Unix() })))
		}, "invalid_software_statement"},
		{"a software statement signed by a stranger", func() string { return sign(t, a.key(), a.request(sign(t, strangers, a.statement))) }, "invalid_software_statement"},
		{"an unsigned software statement", func() string { return sign(t, a.key(), a.request(unsigned(t, a.statement))) }, "invalid_software_statement"},
		{"another organisation's software statement", func() string {
			return sign(t, a.key(), a.request(with(func(s *fapi.SoftwareStatement) { s.OrgID = "PSDGB-FCA-999999" })))
		}, "invalid_software_statement"},
		{"keys that the directory does not publish", func() string {
			return sign(t, a.key(), a.request(with(func(s *fapi.SoftwareStatement) { s.JWKSEndpoint = "https://mallory.example/jwks" })))
		}, "invalid_software_statement"},
		{"an organisation that was withdrawn", func() string {
			return sign(t, a.key(), a.request(with(func(s *fapi.SoftwareStatement) { s.OrgStatus = "Withdrawn" })))
		}, "unapproved_software_statement"},
		{"a request signed with another key", func() string { return sign(t, a.directory, a.request(a.signed)) }, "invalid_client_metadata"},
		{"an unsigned request", func() string { return unsigned(t, a.request(a.signed)) }, "invalid_client_metadata"},
		{"a redirect URI outside the statement", func() string {
			r := a.request(a.signed)
			r.RedirectURIs = []string{"https://mallory.example/callback"}
			return sign(t, a.key(), r)
		}, "invalid_redirect_uri"},
		{"a request for another bank", func() string {
			r := a.request(a.signed)
			r.Audience = "https://other.bank.example"
			return sign(t, a.key(), r)
		}, "invalid_client_metadata"},
		{"an expired request", func() string {
			r := a.request(a.signed)
			r.IssuedAt, r.Expires = time.Now().Add(-2*time.Hour).Unix(), time.Now().Add(-time.Hour).Unix()
			return sign(t, a.key(), r)
		}, "invalid_client_metadata"},
		{"a weak algorithm", func() string {
			r := a.request(a.signed)
			r.RequestObjectSigningAlg = "RS256"
			return sign(t, a.key(), r)
		}, "invalid_client_metadata"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, code := post(t, a.env.HTTP, a.env.Profile.Endpoints.Issuer+"/as/register", "application/jose", tt.body())
			if status != http.StatusBadRequest || code != tt.code {
				t.Errorf("got %d %s, want 400 %s", status, code, tt.code)
			}
		})
	}
	t.Run("but takes the honest one, as the client it knows", func(t *testing.T) {
		answer, err := fapi.Register(t.Context(), a.env.HTTP, a.env.Profile.Endpoints.Issuer+"/as/register", sign(t, a.key(), a.request(a.signed)))
		if err != nil || answer.ClientID != a.clientID {
			t.Errorf("got %s, %v; want %s", answer.ClientID, err, a.clientID)
		}
	})
}

func TestBankRefusesCertificates(t *testing.T) {
	a := newAttacker(t)
	stranger, err := eidas.NewTestQTSP(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	trusted := a.trust.qtsp
	tests := []struct {
		name  string
		certs []tls.Certificate
	}{
		{"none", nil},
		{"one of another CA", []tls.Certificate{qwac(t, stranger, tppOrg, eidas.RoleAI)}},
		{"another organisation's", []tls.Certificate{qwac(t, trusted, "PSDGB-FCA-999999", eidas.RoleAI)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assertion, err := fapi.ClientAssertion(a.key(), a.clientID, a.env.Profile.Endpoints.Issuer+"/as/token", time.Now(), a.env.NewID("jti"))
			if err != nil {
				t.Fatal(err)
			}
			form := url.Values{
				"grant_type": {"client_credentials"}, "scope": {"accounts"}, "client_id": {a.clientID},
				"client_assertion_type": {fapi.AssertionType}, "client_assertion": {assertion},
			}
			status, code := post(t, a.with(tt.certs...), a.env.Profile.Endpoints.Issuer+"/as/token", "application/x-www-form-urlencoded", form.Encode())
			if status != http.StatusUnauthorized || code != "invalid_client" {
				t.Errorf("got %d %s, want 401 invalid_client", status, code)
			}
		})
	}
}

func TestAssertionWorksOnce(t *testing.T) {
	a := newAttacker(t)
	assertion, err := fapi.ClientAssertion(a.key(), a.clientID, a.env.Profile.Endpoints.Issuer+"/as/token", time.Now(), a.env.NewID("jti"))
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {"accounts"},
		"client_assertion_type": {fapi.AssertionType}, "client_assertion": {assertion},
	}
	for i, want := range []int{http.StatusOK, http.StatusUnauthorized} {
		status, code := post(t, a.env.HTTP, a.env.Profile.Endpoints.Issuer+"/as/token", "application/x-www-form-urlencoded", form.Encode())
		if status != want {
			t.Errorf("use %d: got %d %s", i+1, status, code)
		}
	}
}

// grant connects alice and returns the connector, the intent, the answer of the
// bank and the grant.
func (a *attacker) grant(t *testing.T, permissions ...onepoint.Permission) (onepoint.Connector, onepoint.Intent, url.Values, onepoint.Grant) {
	t.Helper()
	conn, err := a.Platform.banks.drivers[a.env.Profile.Standard].Open(a.env)
	if err != nil {
		t.Fatal(err)
	}
	in := onepoint.Intent{
		Purpose: onepoint.Access{Permissions: permissions}, State: "state", Nonce: "nonce",
		Verifier: "a-verifier-of-the-test-that-is-43-characters-long", RedirectURI: a.Platform.banks.redirect,
	}
	auth, err := conn.Authorize(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBrowser(a.Data, auth.Redirect)
	if err != nil {
		t.Fatal(err)
	}
	params, err := b.consent(t.Context(), auth.Redirect, "alice", "onepoint-demo", true)
	if err != nil {
		t.Fatal(err)
	}
	in.ConsentID = auth.ConsentID
	done, err := conn.Resume(t.Context(), in, onepoint.Callback{Params: params})
	if err != nil {
		t.Fatal(err)
	}
	return conn, in, params, done.Grant
}

func get(t *testing.T, client *http.Client, address, token string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil || resp.Header.Get("x-fapi-interaction-id") == "" {
		t.Fatalf("%v, no interaction id", err)
	}
	return resp.StatusCode, string(content)
}

func TestTokenWorksOnlyWithItsCertificate(t *testing.T) {
	a := newAttacker(t)
	_, _, _, g := a.grant(t, onepoint.ReadAccountsBasic)
	accounts := a.env.Profile.Endpoints.Resource + "/accounts"
	if status, body := get(t, a.env.HTTP, accounts, g.AccessToken); status != http.StatusOK {
		t.Fatalf("with its own: %d %s", status, body)
	}
	for name, client := range map[string]*http.Client{
		"another client's": a.with(qwac(t, a.trust.qtsp, "PSDGB-FCA-999999", eidas.RoleAI)),
		"none":             a.with(),
	} {
		if status, body := get(t, client, accounts, g.AccessToken); status != http.StatusUnauthorized || body != "" {
			t.Errorf("with %s: %d %q, want 401 without body", name, status, body)
		}
	}
}

func TestReplayedCodeEndsItsTokens(t *testing.T) {
	a := newAttacker(t)
	conn, in, params, g := a.grant(t, onepoint.ReadAccountsBasic)
	if _, err := conn.Resume(t.Context(), in, onepoint.Callback{Params: params}); onepoint.CodeOf(err) != onepoint.CodeConflict {
		t.Errorf("the replay: %v", err)
	}
	if status, _ := get(t, a.env.HTTP, a.env.Profile.Endpoints.Resource+"/accounts", g.AccessToken); status != http.StatusUnauthorized {
		t.Errorf("the token of the first use answers %d", status)
	}
	if _, err := conn.(onepoint.Refresher).Refresh(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeConsentExpired {
		t.Errorf("the refresh token of the first use: %v", err)
	}
}

func TestRefreshTokenThatComesTwiceEndsAll(t *testing.T) {
	a := newAttacker(t)
	conn, _, _, g := a.grant(t, onepoint.ReadAccountsBasic)
	refresher := conn.(onepoint.Refresher)
	next, err := refresher.Refresh(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := refresher.Refresh(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeConsentExpired {
		t.Errorf("the old one again: %v", err)
	}
	if status, _ := get(t, a.env.HTTP, a.env.Profile.Endpoints.Resource+"/accounts", next.AccessToken); status != http.StatusUnauthorized {
		t.Errorf("the renewed token answers %d", status)
	}
}

func TestMissingPermissionIsForbidden(t *testing.T) {
	a := newAttacker(t)
	_, _, _, g := a.grant(t, onepoint.ReadAccountsBasic)
	base := a.env.Profile.Endpoints.Resource
	for _, path := range []string{"/accounts/acc_alice_current/balances", "/accounts/acc_alice_current/transactions", "/balances", "/transactions", "/accounts/acc_bob_gbp"} {
		status, body := get(t, a.env.HTTP, base+path, g.AccessToken)
		if status != http.StatusForbidden || !strings.Contains(body, `"ErrorCode":"U008"`) {
			t.Errorf("%s: %d %s, want 403 U008", path, status, body)
		}
	}
	if status, body := get(t, a.env.HTTP, base+"/cheques", g.AccessToken); status != http.StatusNotFound || body != "" {
		t.Errorf("an unknown path: %d %s", status, body)
	}
	status, body := get(t, a.env.HTTP, base+"/accounts", g.AccessToken)
	if status != http.StatusOK || strings.Contains(body, "31926819") {
		t.Errorf("basic permission shows the account number: %d %s", status, body)
	}
}

func TestRevokedSoftwareGetsNoTokenAndNoRefresh(t *testing.T) {
	a := newAttacker(t)
	conn, _, _, g := a.grant(t, onepoint.ReadAccountsBasic)
	if err := a.Bank.Register.SetOrganisation(t.Context(), tppOrg, "One Point", directory.StatusRevoked); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.(onepoint.Refresher).Refresh(t.Context(), g); err == nil {
		t.Error("a revoked organisation refreshes")
	}
	status, code := post(t, a.env.HTTP, a.env.Profile.Endpoints.Issuer+"/as/register", "application/jose", sign(t, a.key(), a.request(a.signed)))
	if status != http.StatusBadRequest || code != "unapproved_software_statement" {
		t.Errorf("a revoked organisation registers: %d %s", status, code)
	}
	if err := a.Bank.Register.SetOrganisation(t.Context(), tppOrg, "One Point", directory.StatusActive); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.(onepoint.Refresher).Refresh(t.Context(), g); err != nil {
		t.Errorf("reinstated: %v", err)
	}
}

func TestConsentEndedAtTheBankOpensNothingAnyMore(t *testing.T) {
	a := newAttacker(t)
	conn, in, _, g := a.grant(t, onepoint.ReadAccountsBasic)
	accounts := a.env.Profile.Endpoints.Resource + "/accounts"
	if status, body := get(t, a.env.HTTP, accounts, g.AccessToken); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	journey := a.Bank.Journey
	list, err := journey.Connected(t.Context(), "cus_alice")
	if err != nil || len(list) != 1 || list[0].ConsentID != in.ConsentID || !list[0].Active || len(list[0].Accounts) == 0 {
		t.Fatalf("the dashboard shows %+v, %v", list, err)
	}
	if err := journey.Disconnect(t.Context(), "cus_bob", in.ConsentID); onepoint.CodeOf(err) != onepoint.CodeNotFound {
		t.Errorf("bob ends alice's consent: %v", err)
	}
	for range 2 { // repeating it is no error
		if err := journey.Disconnect(t.Context(), "cus_alice", in.ConsentID); err != nil {
			t.Fatal(err)
		}
	}
	if status, _ := get(t, a.env.HTTP, accounts, g.AccessToken); status != http.StatusUnauthorized {
		t.Errorf("the very next call answers %d", status)
	}
	if _, err := conn.(onepoint.Refresher).Refresh(t.Context(), g); onepoint.CodeOf(err) != onepoint.CodeConsentExpired {
		t.Errorf("refresh: %v", err)
	}
	if list, err := journey.Connected(t.Context(), "cus_alice"); err != nil || list[0].Active || list[0].Status != "ended by you" {
		t.Errorf("the dashboard shows %+v, %v", list, err)
	}
}

func TestConnectPassesTheSecondFactorThatIsOnByDefault(t *testing.T) {
	s := startStackWithSCA(t)
	for range 2 { // the second within the same half minute: each code works once
		if code, out, errs := s.command(t, "connect", "model-bank-uk", "--psu", "alice", "--approve"); code != 0 {
			t.Fatalf("%d %s %s", code, out, errs)
		}
	}
	if code, out, _ := s.command(t, "code", "alice"); code != 0 || len(strings.TrimSpace(out)) != 6 {
		t.Errorf("code: %d %q", code, out)
	}
	if code, _, errs := s.command(t, "connect", "model-bank-uk", "--psu", "bob", "--password", "wrong", "--approve"); code == 0 {
		t.Error("connected with a wrong password", errs)
	}
	s.noSecretsLogged(t)
}
