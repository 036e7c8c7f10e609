package eidas_test

import (
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

const keyCompromise = 1

// published is a QTSP whose revocations are served; calls counts what is asked.
type published struct {
	*eidas.QTSP
	url   string
	calls atomic.Int64
}

func publish(t testing.TB) *published {
	t.Helper()
	p := &published{QTSP: newQTSP(t)}
	handler := p.RevocationHandler(clock)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.calls.Add(1)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	if err := p.SetRevocationURL(server.URL); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *published) qwac(t testing.TB) *x509.Certificate {
	t.Helper()
	return issue(t, p.QTSP, tppRequest(eidas.TypeWeb, ecKey(t, elliptic.P256()).Public()))
}

// naming is a QWAC that names these addresses.
func (p *published) naming(t testing.TB, ocsp, crl string) *x509.Certificate {
	t.Helper()
	r := tppRequest(eidas.TypeWeb, ecKey(t, elliptic.P256()).Public())
	r.OCSPServer, r.CRLDistributionPoints = []string{ocsp}, []string{crl}
	return issue(t, p.QTSP, r)
}

func revoke(t testing.TB, q *eidas.QTSP, c *x509.Certificate, at time.Time) {
	t.Helper()
	if err := q.Revoke(c.SerialNumber, at, keyCompromise); err != nil {
		t.Fatal(err)
	}
}

// serve answers every call alike and returns its address.
func serve(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func down(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }

func check(t testing.TB, leaf, issuer *x509.Certificate) (eidas.Status, error) {
	t.Helper()
	r := eidas.Revocation{Now: clock}
	return r.Check(t.Context(), leaf, issuer)
}

func TestCheckTellsWhatTheIssuerRevoked(t *testing.T) {
	p := publish(t)
	issuer := p.Chain()[0]
	down := serve(t, down)
	for name, list := range map[string]struct{ ocsp, crl string }{
		"OCSP":                            {p.url + "/ocsp", down},
		"CRL, as the responder is down":   {down, p.url + "/crl"},
		"CRL, as nobody listens for OCSP": {"http://127.0.0.1:1/ocsp", p.url + "/crl"},
	} {
		t.Run(name, func(t *testing.T) {
			good, bad, later := p.naming(t, list.ocsp, list.crl), p.naming(t, list.ocsp, list.crl), p.naming(t, list.ocsp, list.crl)
			at := now.Add(-time.Hour)
			revoke(t, p.QTSP, bad, at)
			revoke(t, p.QTSP, later, now.Add(time.Minute))
			for _, c := range []*x509.Certificate{good, later} {
				if s, err := check(t, c, issuer); err != nil || s != (eidas.Status{State: eidas.Good}) || s.String() != "good" {
					t.Errorf("good: %v %v", s, err)
				}
			}
			s, err := check(t, bad, issuer)
			if err != nil || s.State != eidas.Revoked || !s.RevokedAt.Equal(at) || s.Reason != keyCompromise {
				t.Errorf("revoked: %v %v", s, err)
			}
			if s.String() != "revoked on 2026-11-21 (keyCompromise)" {
				t.Error(s)
			}
		})
	}
}

func TestCheckIsNotToldWhereTheCertificateNamesNothing(t *testing.T) {
	ca := newAuthority(t, "Some CA")
	s, err := check(t, ca.leaf(t, "", ""), ca.cert)
	if err != nil || s.State != eidas.Unknown || s.String() != "unknown" {
		t.Errorf("%v %v", s, err)
	}
}

func TestCheckNeedsTheIssuer(t *testing.T) {
	p, other := publish(t), publish(t)
	leaf := p.qwac(t)
	if _, err := check(t, leaf, nil); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("no issuer: %v", err)
	}
	if _, err := check(t, nil, p.Chain()[0]); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("no leaf: %v", err)
	}
	for name, issuer := range map[string]*x509.Certificate{"of the same name": other.Chain()[0], "the root": p.Root()} {
		if _, err := check(t, leaf, issuer); onepoint.CodeOf(err) != onepoint.CodeCertificateInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckIsUnavailableWhereNobodyAnswers(t *testing.T) {
	p := publish(t)
	issuer := p.Chain()[0]
	big := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		chunk := make([]byte, 1<<20)
		for range 9 {
			w.Write(chunk)
		}
	})
	elsewhere := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "ftp://127.0.0.1/crl", http.StatusTemporaryRedirect)
	})
	var loop string
	loop = serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, loop, http.StatusTemporaryRedirect) })
	for name, leaf := range map[string]struct {
		cert *x509.Certificate
		want string
	}{
		"down":                     {p.naming(t, serve(t, down), serve(t, down)), "503"},
		"nobody listens":           {p.naming(t, "http://127.0.0.1:1/", "http://127.0.0.1:1/"), "refused"},
		"oversized":                {p.naming(t, big, big), "more than 8388608 bytes"},
		"redirect to other scheme": {p.naming(t, elsewhere, elsewhere), `scheme "ftp" is not followed`},
		"redirects without end":    {p.naming(t, loop, loop), "too many redirects"},
		"no DER":                   {p.naming(t, p.url+"/none", serve(t, func(http.ResponseWriter, *http.Request) {})), "malformed crl"},
	} {
		s, err := check(t, leaf.cert, issuer)
		if onepoint.CodeOf(err) != onepoint.CodeUnavailable || !strings.Contains(err.Error(), leaf.want) || s.State != eidas.Unknown {
			t.Errorf("%s: %v %v, want %q", name, s, err, leaf.want)
		}
	}
}

func TestCheckEndsWithItsContext(t *testing.T) {
	p := publish(t)
	hang := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // before it the server does not see that the client left
		<-r.Context().Done()
	})
	leaf := p.naming(t, hang, hang)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var r eidas.Revocation
	r.Now = clock
	if _, err := r.Check(ctx, leaf, p.Chain()[0]); onepoint.CodeOf(err) != onepoint.CodeUnavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := r.Check(ctx, leaf, p.Chain()[0]); onepoint.CodeOf(err) != onepoint.CodeUnavailable || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("out of time: %v", err)
	}
	// A responder that hangs leaves time for the list.
	ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if s, err := r.Check(ctx, p.naming(t, hang, p.url+"/crl"), p.Chain()[0]); err != nil || s.State != eidas.Good {
		t.Errorf("list after a responder that hangs: %v %v", s, err)
	}
}

func TestCheckAsksAgainOnlyAfterTheAnswerEnded(t *testing.T) {
	p := publish(t)
	issuer := p.Chain()[0]
	at := now
	r := eidas.Revocation{Now: func() time.Time { return at }}
	byOCSP, byCRL := p.qwac(t), p.naming(t, "http://127.0.0.1:1/ocsp", p.url+"/crl")
	sameList := p.naming(t, "http://127.0.0.1:1/ocsp", p.url+"/crl")
	for _, step := range []struct {
		name  string
		leaf  *x509.Certificate
		after time.Duration
		calls int64
	}{
		{"first", byOCSP, 0, 1},
		{"kept", byOCSP, 0, 1},
		{"within the minute it holds", byOCSP, 59 * time.Second, 1},
		{"after it", byOCSP, 61 * time.Second, 2},
		{"list", byCRL, 0, 3},
		{"list kept", byCRL, 59 * time.Minute, 3},
		{"list kept for another certificate", sameList, 59 * time.Minute, 3},
		{"list after an hour", sameList, time.Hour, 4},
	} {
		at = now.Add(step.after)
		if s, err := r.Check(t.Context(), step.leaf, issuer); err != nil || s.State != eidas.Good {
			t.Fatalf("%s: %v %v", step.name, s, err)
		}
		if got := p.calls.Load(); got != step.calls {
			t.Errorf("%s: %d calls, want %d", step.name, got, step.calls)
		}
	}
}

func TestRevokeRefusesWhatNoListHas(t *testing.T) {
	q := newQTSP(t)
	for name, err := range map[string]error{
		"no serial":     q.Revoke(nil, now, 0),
		"serial 0":      q.Revoke(new(big.Int), now, 0),
		"no time":       q.Revoke(big.NewInt(1), time.Time{}, 0),
		"reason 7":      q.Revoke(big.NewInt(1), now, 7),
		"removeFromCRL": q.Revoke(big.NewInt(1), now, 8),
		"reason 11":     q.Revoke(big.NewInt(1), now, 11),
		"LDAP":          q.SetRevocationURL("ldap://pki.example"),
		"a relative":    q.SetRevocationURL("/pki"),
	} {
		if onepoint.CodeOf(err) != onepoint.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := tppRequest(eidas.TypeWeb, rsaKey().Public())
	r.OCSPServer = []string{"http://pki.example/\x00"}
	if _, err := q.Issue(r); onepoint.CodeOf(err) != onepoint.CodeInvalid {
		t.Errorf("address with a control character: %v", err)
	}
}

func TestRedirectNeverLosesTLS(t *testing.T) {
	p := publish(t)
	secure := httptest.NewTLSServer(http.RedirectHandler(p.url+"/crl", http.StatusFound))
	defer secure.Close()
	r := eidas.Revocation{HTTP: secure.Client(), Now: clock}
	_, err := r.Check(t.Context(), p.naming(t, secure.URL, secure.URL), p.Chain()[0])
	if err == nil || !strings.Contains(err.Error(), "is not followed") {
		t.Errorf("got %v", err)
	}
	plain := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, p.url+"/crl", http.StatusFound) })
	if s, err := check(t, p.naming(t, "http://127.0.0.1:1/", plain), p.Chain()[0]); err != nil || s.State != eidas.Good {
		t.Errorf("http to http: %v %v", s, err)
	}
}
