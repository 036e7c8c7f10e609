package eidas_test

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zmap/zlint/v3/lint"
	"golang.org/x/crypto/ocsp"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

func call(t testing.TB, h http.Handler, method, path string, body []byte) (int, string, []byte) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, bytes.NewReader(body)))
	answer, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, w.Header().Get("Content-Type"), answer
}

func TestResponder(t *testing.T) {
	q, other := newQTSP(t), newQTSP(t)
	h := q.RevocationHandler(clock)
	issuer := q.Chain()[0]
	leaf := issue(t, q, tppRequest(eidas.TypeWeb, rsaKey().Public()))
	revoke(t, q, leaf, now)
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
		request, err := ocsp.CreateRequest(leaf, issuer, &ocsp.RequestOptions{Hash: hash})
		if err != nil {
			t.Fatal(err)
		}
		encoded := base64.StdEncoding.EncodeToString(request)
		for name, c := range map[string]struct {
			method, path string
			body         []byte
		}{
			"POST":              {http.MethodPost, "/ocsp", request},
			"GET":               {http.MethodGet, "/ocsp/" + url.PathEscape(encoded), nil},
			"GET without %2F s": {http.MethodGet, "/ocsp/" + encoded, nil},
		} {
			code, media, der := call(t, h, c.method, c.path, c.body)
			answer, err := ocsp.ParseResponseForCert(der, leaf, issuer)
			if err != nil || code != http.StatusOK || media != "application/ocsp-response" {
				t.Fatalf("%s: %d %s %v", name, code, media, err)
			}
			if answer.Status != ocsp.Revoked || !answer.RevokedAt.Equal(now) || answer.RevocationReason != keyCompromise || answer.IssuerHash != hash {
				t.Errorf("%s: %+v", name, answer)
			}
		}
	}
	foreign, err := ocsp.CreateRequest(leaf, other.Chain()[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		method, path string
		body         []byte
		code         int
		answer       []byte
	}{
		"another issuer":  {http.MethodPost, "/ocsp", foreign, 200, ocsp.UnauthorizedErrorResponse},
		"no request":      {http.MethodPost, "/ocsp", nil, 200, ocsp.MalformedRequestErrorResponse},
		"no base64":       {http.MethodGet, "/ocsp/***", nil, 200, ocsp.MalformedRequestErrorResponse},
		"too long":        {http.MethodPost, "/ocsp", make([]byte, 65<<10), 413, nil},
		"GET of nothing":  {http.MethodGet, "/ocsp", nil, 405, nil},
		"POST of the CRL": {http.MethodPost, "/crl", nil, 405, nil},
		"elsewhere":       {http.MethodGet, "/", nil, 404, nil},
	} {
		code, _, answer := call(t, h, c.method, c.path, c.body)
		if code != c.code || c.answer != nil && !bytes.Equal(answer, c.answer) {
			t.Errorf("%s: %d %x", name, code, answer)
		}
	}
}

func TestRevocationsSurviveTheFile(t *testing.T) {
	q := newQTSP(t)
	before, err := q.MarshalPEM()
	if err != nil || bytes.Contains(before, []byte("REVOCATIONS")) {
		t.Fatalf("a QTSP that revoked nothing writes what it always wrote: %v", err)
	}
	leaf := issue(t, q, tppRequest(eidas.TypeWeb, rsaKey().Public()))
	revoke(t, q, leaf, now)
	saved, err := q.MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	again, err := eidas.LoadQTSP(saved)
	if err != nil {
		t.Fatal(err)
	}
	if twice, err := again.MarshalPEM(); err != nil || !bytes.Equal(twice, saved) {
		t.Errorf("written again it differs: %v", err)
	}
	_, media, der := call(t, again.RevocationHandler(clock), http.MethodGet, "/crl", nil)
	crl, err := x509.ParseRevocationList(der)
	if err != nil || media != "application/pkix-crl" || crl.CheckSignatureFrom(q.Chain()[0]) != nil {
		t.Fatalf("%s %v", media, err)
	}
	e := crl.RevokedCertificateEntries
	if len(e) != 1 || e[0].SerialNumber.Cmp(leaf.SerialNumber) != 0 || !e[0].RevocationTime.Equal(now) || e[0].ReasonCode != keyCompromise {
		t.Errorf("%+v", e)
	}
	for _, bad := range []string{`{`, `[{"serial":"x","at":"2026-11-21T09:00:00Z"}]`, `[{"serial":"1"}]`, `[{"serial":"1","at":"2026-11-21T09:00:00Z","reason":99}]`} {
		block := pem.EncodeToMemory(&pem.Block{Type: "ONEPOINT REVOCATIONS", Bytes: []byte(bad)})
		if _, err := eidas.LoadQTSP(append(slices.Clone(before), block...)); onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestCertificatesNameWhereRevocationsAreTold(t *testing.T) {
	q := newQTSP(t)
	named := func(r eidas.Request) string {
		c := issue(t, q, r)
		return strings.Join(append(slices.Clone(c.OCSPServer), c.CRLDistributionPoints...), " ")
	}
	r := tppRequest(eidas.TypeWeb, rsaKey().Public())
	if got := named(r); got != "http://pki.qtsp.example/ocsp http://pki.qtsp.example/issuing.crl" {
		t.Errorf("unset: %s", got)
	}
	if err := q.SetRevocationURL("http://127.0.0.1:8080/pki/"); err != nil {
		t.Fatal(err)
	}
	if got := named(r); got != "http://127.0.0.1:8080/pki/ocsp http://127.0.0.1:8080/pki/crl" {
		t.Errorf("of the QTSP: %s", got)
	}
	r.OCSPServer, r.CRLDistributionPoints = []string{"http://ocsp.example"}, []string{"http://crl.example/1"}
	if got := named(r); got != "http://ocsp.example http://crl.example/1" {
		t.Errorf("of the request: %s", got)
	}
}

func TestZlintWithRevocationURLs(t *testing.T) {
	q := newQTSP(t)
	if err := q.SetRevocationURL("http://pki.bank.test:8080"); err != nil {
		t.Fatal(err)
	}
	for _, typ := range []eidas.QCType{eidas.TypeWeb, eidas.TypeSeal} {
		c := issue(t, q, tppRequest(typ, rsaKey().Public()))
		for id, r := range lintCertificate(t, c) {
			source := lint.GlobalRegistry().ByName(id).Source
			mistaken := id == "e_qcstatem_qctype_web" && typ == eidas.TypeSeal // see TestZlint
			if !mistaken && (source == lint.EtsiEsi && r.Status >= lint.Warn || source == lint.RFC5280 && r.Status >= lint.Error) {
				t.Errorf("%s: %s: %s %s", typ, id, r.Status, r.Details)
			}
		}
	}
}

// What the race detector is to see: everything at once.
func TestRevokeWhileServingAndChecking(t *testing.T) {
	p := publish(t)
	leaf := p.qwac(t)
	byList := p.naming(t, "http://127.0.0.1:1/", p.url+"/crl")
	r := eidas.Revocation{Now: clock}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 5 {
				if err := p.Revoke(big.NewInt(int64(100*i+n+1)), now, 0); err != nil {
					t.Error(err)
				}
				for _, c := range []*x509.Certificate{leaf, byList} {
					if s, err := r.Check(t.Context(), c, p.Chain()[0]); err != nil || s.State != eidas.Good {
						t.Errorf("%v %v", s, err)
					}
				}
				if _, err := p.MarshalPEM(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// Whatever bytes come in an answer's place, reading them ends without a panic,
// and no bytes make a revoked certificate good.
func FuzzRevocationAnswers(f *testing.F) {
	q := newQTSP(f)
	ec := ecKey(f, elliptic.P256())
	leaf := issue(f, q, tppRequest(eidas.TypeWeb, ec.Public()))
	other := issue(f, q, tppRequest(eidas.TypeWeb, ec.Public()))
	revoke(f, q, leaf, now)
	h := q.RevocationHandler(clock)
	for _, c := range []*x509.Certificate{leaf, other} {
		request, err := ocsp.CreateRequest(c, q.Chain()[0], nil)
		if err != nil {
			f.Fatal(err)
		}
		_, _, answer := call(f, h, http.MethodPost, "/ocsp", request)
		f.Add(answer)
		f.Add(request)
	}
	_, _, list := call(f, h, http.MethodGet, "/crl", nil)
	f.Add(list)
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := checkCanned(t, data, leaf, q.Chain()[0]); err == nil && s.State != eidas.Revoked {
			t.Fatalf("%v by %x", s, data)
		}
		call(t, h, http.MethodPost, "/ocsp", data)
	})
}

func TestNowIsOptional(t *testing.T) {
	q, err := eidas.NewTestQTSP(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(q.RevocationHandler(nil))
	defer server.Close()
	if err := q.SetRevocationURL(server.URL); err != nil {
		t.Fatal(err)
	}
	req := tppRequest(eidas.TypeWeb, rsaKey().Public())
	req.NotBefore = time.Now()
	var r eidas.Revocation
	if s, err := r.Check(t.Context(), issue(t, q, req), q.Chain()[0]); err != nil || s.State != eidas.Good {
		t.Errorf("%v %v", s, err)
	}
}
