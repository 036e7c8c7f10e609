package as_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/store"
)

const (
	secret    = "ONEPOINTDEMOCUSTOMERSTOTPSECRETS"
	bankOrg   = "PSDGB-FCA-765432"
	tppOrg    = "PSDGB-FCA-123456"
	directory = "Test Directory"
	redirect  = "https://tpp.example/callback"
)

// rsaKeys are made once: making one takes a while.
var rsaKeys = sync.OnceValue(func() []*rsa.PrivateKey {
	var keys []*rsa.PrivateKey
	for range 5 {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys = append(keys, key)
	}
	return keys
})

func signingKey(n int) fapi.SigningKey {
	key := rsaKeys()[n]
	return fapi.SigningKey{Signer: key, KeyID: fapi.KeyID(key.Public()), Alg: "PS256"}
}

// rig is the authorization server over a real store, behind real TLS.
type rig struct {
	testing.TB
	*as.Server
	web      *httptest.Server
	bank     *bank
	store    *store.Bank
	qtsp     *eidas.QTSP
	ahead    time.Duration // of the server's clock
	standing error
	keys     map[string]fapi.SigningKey // that the directory publishes, by path
}

func (r *rig) now() time.Time { return time.Now().Add(r.ahead) }

// newRig starts one; change may alter its configuration.
func newRig(t testing.TB, change func(*as.Config)) *rig {
	t.Helper()
	return newRigOn(t, "sqlite:"+filepath.Join(t.TempDir(), "bank.db"), change)
}

func newRigOn(t testing.TB, database string, change func(*as.Config)) *rig {
	t.Helper()
	r := &rig{TB: t, keys: map[string]fapi.SigningKey{"/directory/jwks": signingKey(1), "/directory/soft1": signingKey(2), "/directory/soft2": signingKey(4)}}
	var err error
	if r.qtsp, err = eidas.NewTestQTSP(time.Now()); err != nil {
		t.Fatal(err)
	}
	if r.store, err = store.OpenBank(context.Background(), database, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.store.Close() })
	r.bank = newBank()
	mux := http.NewServeMux()
	r.web = httptest.NewUnstartedServer(mux)
	r.web.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	r.web.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	r.web.StartTLS()
	t.Cleanup(r.web.Close)
	mux.HandleFunc("GET /directory/", func(w http.ResponseWriter, req *http.Request) {
		jwks, err := fapi.PublicJWKS(r.keys[req.URL.Path])
		if err != nil {
			t.Error(err)
		}
		w.Write(jwks)
	})
	c := as.Config{
		Issuer: r.web.URL, OrganisationID: bankOrg, BankName: "Test Bank", Store: r.store, Journey: r.bank,
		Directories: []as.TrustedDirectory{{Issuer: directory, JWKSURL: r.web.URL + "/directory/jwks"}},
		HTTP:        r.web.Client(), Roots: r.qtsp.Roots(), StatementMaxAge: 24 * time.Hour, SecretClients: true, SandboxSecret: secret,
		KeyNamed: func(_ context.Context, name string) (fapi.SigningKey, error) {
			return signingKey(map[string]int{"signing": 0}[name] + 3*strings.Count(name, "-")), nil
		},
		Standing: func(context.Context, string, string) error { return r.standing },
		Now:      r.now, NewID: onepoint.NewIDs(r.now), Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&c)
	}
	if r.Server, err = as.New(c); err != nil {
		t.Fatal(err)
	}
	mux.Handle("/", r.Server.Handler())
	return r
}

// certificate is a client certificate of an organisation.
func (r *rig) certificate(org string, roles ...eidas.Role) tls.Certificate {
	r.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		r.Fatal(err)
	}
	leaf, err := r.qtsp.Issue(eidas.Request{
		Type: eidas.TypeWeb, Subject: eidas.Subject{Country: "GB", Organisation: "Ledger, Apps & Co", CommonName: "tpp.example"},
		OrgID: org, Roles: roles, DNSNames: []string{"tpp.example"}, PublicKey: key.Public(),
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().AddDate(0, 6, 0),
	})
	if err != nil {
		r.Fatal(err)
	}
	chain := [][]byte{leaf.Raw}
	for _, c := range r.qtsp.Chain() {
		chain = append(chain, c.Raw)
	}
	return tls.Certificate{Certificate: chain, PrivateKey: crypto.Signer(key), Leaf: leaf}
}

// with is an HTTP client that presents a certificate, or none.
func (r *rig) with(certs ...tls.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(r.web.Certificate())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: certs, MinVersion: tls.VersionTLS12, ServerName: "example.com"}}
	r.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Timeout: 20 * time.Second, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// call makes a request and decodes a JSON answer, if it is one.
func call(t testing.TB, client *http.Client, method, address, body string, head map[string]string) (*http.Response, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range head {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if json.Unmarshal(content, &out) != nil {
		out = map[string]any{"body": string(content)}
	}
	return resp, out
}

func form(t testing.TB, client *http.Client, address string, values url.Values) (int, map[string]any) {
	t.Helper()
	resp, out := call(t, client, http.MethodPost, address, values.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	return resp.StatusCode, out
}
