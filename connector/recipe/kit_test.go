package recipe_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
	"github.com/onepointledger/onepoint/connector/recipe"
	"github.com/onepointledger/onepoint/eidas"
)

const organisation = "PSDCZ-CNB-12345678"

// portal is the credentials of a group of banks.
type portal struct {
	set   *onepoint.Credential
	saves int
	fail  error // of the next save
}

// Read implements connector.Credentials.
func (c *portal) Read(context.Context) (onepoint.Credential, error) {
	if c.set == nil {
		return onepoint.Credential{}, onepoint.E(onepoint.CodeNotFound, "read", "", nil)
	}
	return *c.set, nil
}

// Save implements connector.Credentials.
func (c *portal) Save(_ context.Context, set onepoint.Credential) error {
	if err := c.fail; err != nil {
		c.fail = nil
		return err
	}
	c.set = &set
	c.saves++
	return nil
}

// Remove implements connector.Credentials.
func (c *portal) Remove(context.Context) error {
	c.set = nil
	return nil
}

// bank is a small bank over mutual TLS. It knows a client by the id of the
// request, as banks do that make a repeated request safe.
type bank struct {
	*httptest.Server
	qtsp     *eidas.QTSP
	requests []map[string]any // registrations as they came
	headers  []http.Header
	clients  map[string]string // client id by X-Request-ID
	answer   func(id string) (int, string)
	tokens   int
}

func newBank(t testing.TB) *bank {
	t.Helper()
	q, err := eidas.NewTestQTSP(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b := &bank{qtsp: q, clients: map[string]string{}}
	b.answer = func(id string) (int, string) {
		return http.StatusCreated, fmt.Sprintf(`{"client_id":%q,"client_secret":"s3cret-of-bank","api_key":"k3y-of-bank"}`, id)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /register", b.register)
	mux.HandleFunc("POST /token", b.token)
	b.Server = httptest.NewUnstartedServer(mux)
	b.Server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	b.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: q.Roots()}
	b.StartTLS()
	t.Cleanup(b.Close)
	return b
}

func (b *bank) register(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.requests, b.headers = append(b.requests, body), append(b.headers, r.Header.Clone())
	request := r.Header.Get("X-Request-ID")
	if b.clients[request] == "" {
		b.clients[request] = fmt.Sprintf("client-%d", len(b.clients)+1)
	}
	status, text := b.answer(b.clients[request])
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, text)
}

func (b *bank) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.FormValue("client_secret") != "s3cret-of-bank" || !strings.HasPrefix(r.FormValue("client_id"), "client-") {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"error":"invalid_client","error_description":"no client with the secret %s"}`, r.FormValue("client_secret"))
		return
	}
	b.tokens++
	io.WriteString(w, `{"access_token":"t","token_type":"Bearer"}`)
}

// env is a TPP at the bank with a QWAC as the request says.
func (b *bank) env(t testing.TB, secrets connector.Credentials, req eidas.Request) connector.Env {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	req.Subject = eidas.Subject{Country: "CZ", Organisation: "Test", CommonName: "tpp.example"}
	req.OrgID, req.PublicKey, req.DNSNames = organisation, key.Public(), []string{"tpp.example"}
	if req.NotAfter.IsZero() {
		req.NotBefore, req.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	if req.Type == eidas.TypeSeal {
		req.DNSNames = nil
	}
	leaf, err := b.qtsp.Issue(req)
	if err != nil {
		t.Fatal(err)
	}
	chain := append([]*x509.Certificate{leaf}, b.qtsp.Chain()...)
	cert := tls.Certificate{PrivateKey: key}
	for _, c := range chain {
		cert.Certificate = append(cert.Certificate, c.Raw)
	}
	transport := b.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
	t.Cleanup(transport.CloseIdleConnections)
	env := connector.Env{
		HTTP:    &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Secrets: secrets, Now: time.Now, NewID: onepoint.NewIDs(time.Now), Log: slog.New(slog.DiscardHandler),
		TPP: connector.Identity{OrganisationID: organisation, Name: "Test", SoftwareName: "One Point", RedirectURI: "https://tpp.example/callback", Transport: leaf, Chain: chain},
	}
	env.Profile = connector.Profile{
		ID: "bank-cz", Endpoints: connector.Endpoints{Issuer: b.URL, Token: b.URL + "/token"},
		Security:   connector.Security{ClientAuth: "client_secret_post", SigningAlg: "RS256"},
		Onboarding: connector.Onboarding{Recipe: "json-mtls", Register: b.URL + "/register", Options: map[string]string{}},
	}
	return env
}

var good = eidas.Request{Type: eidas.TypeWeb, Roles: []eidas.Role{eidas.RoleAI}}

func progress() *onepoint.Progress {
	return &onepoint.Progress{Done: map[string]time.Time{}, Input: map[string]string{}, Facts: map[string]string{}, Artifacts: map[string]string{}}
}

// run runs every step that is not done, each on a copy of what was saved, as a
// process does that may be killed.
func run(t testing.TB, env connector.Env, p *onepoint.Progress) error {
	t.Helper()
	r, err := recipe.For(env)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range r.Steps() {
		if _, done := p.Done[step.Name]; done {
			continue
		}
		if step.Title == "" || step.Help == "" {
			t.Errorf("step %s has no title or help", step.Name)
		}
		if err := step.Run(context.Background(), p); err != nil {
			return fmt.Errorf("%s: %w", step.Name, err)
		}
		p.Done[step.Name] = time.Now()
	}
	return nil
}

// clean fails when a secret is in the progress.
func clean(t testing.TB, p *onepoint.Progress) {
	t.Helper()
	saved, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"s3cret", "k3y", "t0ken"} {
		if strings.Contains(string(saved), secret) {
			t.Errorf("the progress holds the secret %s: %s", secret, saved)
		}
	}
}

var errKilled = errors.New("killed")
