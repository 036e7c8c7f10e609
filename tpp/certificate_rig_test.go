package tpp_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/tpp"
	"github.com/onepointledger/onepoint/vault"
)

// vaultKeys is the vault as the certificates' use cases see it.
type vaultKeys struct{ *vault.Vault }

func (k vaultKeys) Keys(ctx context.Context, ws string) ([]tpp.Key, error) {
	all, err := k.Vault.Keys(ctx, ws)
	var out []tpp.Key
	for _, one := range all {
		out = append(out, tpp.Key{Name: one.Name, Algorithm: string(one.Algorithm), Public: one.Public, Chain: one.Chain})
	}
	return out, err
}

func (k vaultKeys) Key(ctx context.Context, ws, name string) (tpp.Key, error) {
	one, err := k.KeyInfo(ctx, ws, name)
	return tpp.Key{Name: one.Name, Algorithm: string(one.Algorithm), Public: one.Public, Chain: one.Chain}, err
}

func (k vaultKeys) NewKey(ctx context.Context, ws, name, alg string) (crypto.PublicKey, error) {
	return k.Vault.NewKey(ctx, ws, name, vault.Algorithm(alg))
}

// scriptedRevocation answers as a test says.
type scriptedRevocation struct {
	status eidas.Status
	err    error
	asked  int
}

func (s *scriptedRevocation) Check(context.Context, *x509.Certificate, *x509.Certificate) (eidas.Status, error) {
	s.asked++
	return s.status, s.err
}

// certRig is the certificates' use cases over a real store and a real vault.
type certRig struct {
	*rig
	certs      *tpp.Certificates
	qtsp       *eidas.QTSP
	revocation *scriptedRevocation
}

func newCertRig(t *testing.T, r *rig) *certRig {
	t.Helper()
	q, err := eidas.NewTestQTSP(r.clock)
	if err != nil {
		t.Fatal(err)
	}
	c := &certRig{rig: r, qtsp: q, revocation: &scriptedRevocation{status: eidas.Status{State: eidas.Good}}}
	c.certs = &tpp.Certificates{
		Keys: vaultKeys{r.vault}, Issuer: q, Revocation: c.revocation, Store: r.db, Alarms: r.db, Banks: r, Sync: r.sync, Audit: r,
		Transport: "qwac", Seal: "qseal", Now: r.Now, Log: slog.New(slog.DiscardHandler),
	}
	return c
}

func onBothCerts(t *testing.T, f func(t *testing.T, c *certRig)) {
	onBoth(t, func(t *testing.T, r *rig) { f(t, newCertRig(t, r)) })
}

// order asks for a certificate that every issuer takes.
func order(name, kind string) tpp.CertificateRequest {
	r := tpp.CertificateRequest{Name: name, Type: kind, Algorithm: "ECDSA-P-256", Organisation: "One Point Ledger", OrgID: "PSDGB-FCA-123456"}
	if kind == "qwac" {
		r.DNSNames = []string{"tpp.example.com"}
	}
	return r
}

func (c *certRig) issue(t *testing.T, name, kind string) tpp.Certificate {
	t.Helper()
	made, err := c.certs.Issue(t.Context(), workspace, order(name, kind))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// until gives a key of the name a certificate that ends then.
func (c *certRig) until(t *testing.T, name string, notAfter time.Time) {
	t.Helper()
	c.give(t, name, eidas.Request{Type: eidas.TypeSeal, Roles: []eidas.Role{eidas.RoleAI}, NotBefore: notAfter.AddDate(0, -6, 0), NotAfter: notAfter})
}

// give certifies a fresh key outside the vault and imports both.
func (c *certRig) give(t *testing.T, name string, r eidas.Request) {
	t.Helper()
	data := c.outside(t, r)
	if _, err := c.certs.ImportPEM(t.Context(), workspace, name, data); err != nil {
		t.Fatal(err)
	}
}

// outside is a key and its chain as a QTSP's customer has them in a file.
func (c *certRig) outside(t *testing.T, r eidas.Request) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return append(keyPEM(t, key), c.chain(t, key.Public(), r)...)
}

// chain is what the QTSP issues for a key.
func (c *certRig) chain(t *testing.T, key crypto.PublicKey, r eidas.Request) []byte {
	t.Helper()
	r.Subject = eidas.Subject{Country: "GB", Organisation: "One Point Ledger", CommonName: "tpp.example.com"}
	r.OrgID, r.PublicKey = "PSDGB-FCA-123456", key
	if r.NotBefore.IsZero() {
		r.NotBefore = c.clock
	}
	leaf, err := c.qtsp.Issue(r)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for _, one := range append([]*x509.Certificate{leaf}, c.qtsp.Chain()...) {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Raw})...)
	}
	return out
}

func keyPEM(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// registered saves a finished registration that names these keys.
func (c *certRig) registered(t *testing.T, transport, seal string) {
	t.Helper()
	_, err := c.db.UpdateRegistration(t.Context(), workspace, bankID, func(r *tpp.Registration) ([]onepoint.Event, error) {
		r.Status, r.Updated = tpp.RegistrationDone, c.clock
		r.Progress.Client = onepoint.Client{ID: "client-1", Transport: transport, Seal: seal}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
