package directory_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank/directory"
	"github.com/onepointledger/onepoint/store"
)

type rig struct {
	*testing.T
	dir  *directory.Directory
	qtsp *eidas.QTSP
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newRig(t *testing.T) *rig {
	t.Helper()
	q, err := eidas.NewTestQTSP(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenBank(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "bank.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	key := fapi.SigningKey{Signer: ecKey(t), KeyID: "dir", Alg: "ES256"}
	return &rig{t, directory.New(directory.Config{
		Issuer: "Test", BaseURL: "https://bank.example", Key: key, Roots: q.Roots(), Store: db,
		Now: time.Now, NewID: onepoint.NewIDs(time.Now), Log: slog.New(slog.DiscardHandler),
	}), q}
}

// call calls as an organisation with its certificate; no organisation: without one.
func (r *rig) call(org, method, path string, body any, roles ...eidas.Role) (int, map[string]any) {
	r.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		r.Fatal(err)
	}
	req := httptest.NewRequest(method, path, strings.NewReader(string(encoded)))
	if org != "" {
		if len(roles) == 0 {
			roles = []eidas.Role{eidas.RoleAI, eidas.RolePI}
		}
		leaf, err := r.qtsp.Issue(eidas.Request{
			Type: eidas.TypeWeb, Subject: eidas.Subject{Country: "GB", Organisation: "Ledger", CommonName: "tpp.example"},
			OrgID: org, Roles: roles, DNSNames: []string{"tpp.example"}, PublicKey: ecKey(r.T).Public(),
			NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().AddDate(0, 1, 0),
		})
		if err != nil {
			r.Fatal(err)
		}
		req.TLS = &tls.ConnectionState{PeerCertificates: append([]*x509.Certificate{leaf}, r.qtsp.Chain()...)}
	}
	w := httptest.NewRecorder()
	r.dir.Handler().ServeHTTP(w, req)
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		r.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Code, out
}

const (
	ours   = "PSDGB-FCA-123456"
	theirs = "PSDGB-FCA-999999"
)

func (r *rig) software(roles ...string) map[string]any {
	r.Helper()
	var keys []fapi.SigningKey
	for i := range 2 {
		keys = append(keys, fapi.SigningKey{Signer: ecKey(r.T), KeyID: fmt.Sprint("k", i), Alg: "ES256"})
	}
	jwks, err := fapi.PublicJWKS(keys...)
	if err != nil {
		r.Fatal(err)
	}
	return map[string]any{"software_name": "App", "redirect_uris": []string{"https://tpp.example/cb"}, "roles": roles, "jwks": json.RawMessage(jwks)}
}

func (r *rig) issue() string {
	r.Helper()
	status, out := r.call(ours, http.MethodPost, "/directory/software-statements", r.software("AISP"))
	if status != http.StatusCreated {
		r.Fatalf("issue: %d %v", status, out)
	}
	return out["software_id"].(string)
}

func (r *rig) published(id, suffix string) int {
	r.Helper()
	_, out := r.call("", http.MethodGet, "/directory/jwks/"+ours+"/"+id+suffix, nil)
	keys, _ := out["keys"].([]any)
	return len(keys)
}

func TestRolesNeedTheCertificatesRole(t *testing.T) {
	r := newRig(t)
	if status, _ := r.call(ours, http.MethodPost, "/directory/software-statements", r.software("AISP", "PISP")); status != http.StatusCreated {
		t.Errorf("its own roles: %d", status)
	}
	if status, out := r.call(ours, http.MethodPost, "/directory/software-statements", r.software("CBPII")); status < 400 || status > 403 {
		t.Errorf("a role it does not have: %d %v", status, out)
	}
	if status, _ := r.call("", http.MethodPost, "/directory/software-statements", r.software("AISP")); status != http.StatusUnauthorized {
		t.Errorf("without a certificate: %d", status)
	}
}

func TestRevokedKeysMoveToTheRevokedSet(t *testing.T) {
	r := newRig(t)
	id := r.issue()
	if status, out := r.call(ours, http.MethodDelete, "/directory/software/"+id+"/keys/k0", nil); status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	if got, revoked := r.published(id, ".jwks"), r.published(id, ".revoked.jwks"); got != 1 || revoked != 1 {
		t.Errorf("%d keys, %d revoked", got, revoked)
	}
	if status, _ := r.call(ours, http.MethodDelete, "/directory/software/"+id+"/keys/k0", nil); status != http.StatusNotFound {
		t.Errorf("again: %d", status)
	}
}

func TestRevokedSoftwareIsVouchedForNoMore(t *testing.T) {
	r := newRig(t)
	id := r.issue()
	if err := r.dir.Standing(t.Context(), ours, id); err != nil {
		t.Fatal(err)
	}
	if status, _ := r.call(theirs, http.MethodDelete, "/directory/software/"+id, nil); status != http.StatusNotFound {
		t.Errorf("by another organisation: %d", status)
	}
	if status, out := r.call(ours, http.MethodDelete, "/directory/software/"+id, nil); status != http.StatusOK || out["status"] != "Revoked" {
		t.Fatalf("%d %v", status, out)
	}
	if err := r.dir.Standing(t.Context(), ours, id); onepoint.CodeOf(err) != onepoint.CodeForbidden || r.published(id, ".jwks") != 0 {
		t.Errorf("standing %v, %d keys", err, r.published(id, ".jwks"))
	}
	for name, try := range map[string]func() (int, map[string]any){
		"a statement": func() (int, map[string]any) {
			return r.call(ours, http.MethodPost, "/directory/software/"+id+"/statement", nil)
		},
		"the same again": func() (int, map[string]any) {
			return r.call(ours, http.MethodPost, "/directory/software-statements", r.software("AISP"))
		},
		"a change": func() (int, map[string]any) {
			return r.call(ours, http.MethodPut, "/directory/software/"+id, r.software("AISP"))
		},
	} {
		if status, out := try(); status < 400 || status > 403 {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
}

func TestOrganisationsWithdrawAndComeBackButNotAfterARevocation(t *testing.T) {
	r := newRig(t)
	id := r.issue()
	status, out := r.call(ours, http.MethodDelete, "/directory/organisation", nil)
	if status != http.StatusOK || out["status"] != "Withdrawn" || r.dir.Standing(t.Context(), ours, id) == nil {
		t.Fatalf("%d %v", status, out)
	}
	if status, _ := r.call(ours, http.MethodPost, "/directory/software-statements", r.software("AISP")); status == http.StatusCreated {
		t.Error("a statement for one that withdrew")
	}
	if status, _ := r.call(ours, http.MethodPost, "/directory/organisation/reinstatement", nil); status != http.StatusOK || r.dir.Standing(t.Context(), ours, id) != nil {
		t.Errorf("reinstated: %d", status)
	}
	if err := r.dir.SetOrganisation(t.Context(), ours, "Ledger", directory.StatusRevoked); err != nil {
		t.Fatal(err)
	}
	if status, _ := r.call(ours, http.MethodPost, "/directory/organisation/reinstatement", nil); status == http.StatusOK {
		t.Error("reinstated itself after a revocation")
	}
	if status, out := r.call(ours, http.MethodGet, "/directory/organisation", nil); status != http.StatusOK || len(out["software"].([]any)) != 1 || out["status"] != "Revoked" {
		t.Errorf("%d %v", status, out)
	}
}

func TestSoftwareIsChangedAndReissued(t *testing.T) {
	r := newRig(t)
	id := r.issue()
	changed := r.software("PISP")
	changed["redirect_uris"] = []string{"https://tpp.example/other"}
	if status, out := r.call(ours, http.MethodPut, "/directory/software/"+id, changed); status != http.StatusOK {
		t.Fatalf("%d %v", status, out)
	}
	status, out := r.call(ours, http.MethodPost, "/directory/software/"+id+"/statement", nil)
	var s fapi.SoftwareStatement
	if err := fapi.DecodeUnverified(fmt.Sprint(out["software_statement"]), &s); err != nil || status != http.StatusCreated || s.Roles[0] != "PISP" || s.RedirectURIs[0] != "https://tpp.example/other" {
		t.Errorf("%d %+v %v", status, s, err)
	}
	if status, _ := r.call(ours, http.MethodPost, "/directory/software/"+id+"/statement", nil, eidas.RoleAI); status == http.StatusCreated {
		t.Error("a statement with a role that the certificate lost")
	}
	if status, _ := r.call(theirs, http.MethodGet, "/directory/software/"+id, nil); status != http.StatusNotFound {
		t.Errorf("another organisation reads it: %d", status)
	}
}
