package as_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
)

const (
	benchCallers = 64
	benchBatch   = 4000
)

// BenchmarkRawPS256 is what the machine itself signs and verifies on all its
// cores: what the other numbers are to be read against.
func BenchmarkRawPS256(b *testing.B) {
	key, sum := rsaKeys()[0], sha256.Sum256([]byte("message"))
	opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	sig, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], opts)
	if err != nil {
		b.Fatal(err)
	}
	each := func(name string, fn func() error) {
		b.Run(name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := fn(); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
		})
	}
	each("sign", func() error { _, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], opts); return err })
	each("verify", func() error { return rsa.VerifyPSS(&key.PublicKey, crypto.SHA256, sum[:], sig, opts) })
}

// storm sends every body once, from many callers at once, by do.
func storm(b *testing.B, bodies []string, do func(body string) error) {
	b.Helper()
	var next atomic.Int64
	var group sync.WaitGroup
	for range benchCallers {
		group.Go(func() {
			for {
				at := next.Add(1) - 1
				if at >= int64(len(bodies)) {
					return
				}
				if err := do(bodies[at]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// direct calls the handler as the server would, without the network.
func (r *rig) direct(path string, cert *x509.Certificate, chain []*x509.Certificate) func(string) error {
	h := r.Server.Handler()
	state := &tls.ConnectionState{PeerCertificates: append([]*x509.Certificate{cert}, chain...)}
	return func(body string) error {
		req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.TLS = state
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		if w.Code != http.StatusOK {
			return fmt.Errorf("%d %s", w.Code, w.Body)
		}
		return nil
	}
}

// overTLS calls over the network and mutual TLS.
func overTLS(client *http.Client, address string) func(string) error {
	transport, _ := client.Transport.(*http.Transport)
	transport.MaxIdleConnsPerHost = benchCallers
	return func(body string) error {
		resp, err := client.Post(address, "application/x-www-form-urlencoded", strings.NewReader(body))
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		content, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%d %s %w", resp.StatusCode, content, err)
		}
		return nil
	}
}

func (p *tpp) tokenBodies(b *testing.B, n int) []string {
	b.Helper()
	bodies := make([]string, n)
	var group sync.WaitGroup
	for w := range 2 {
		group.Go(func() {
			for i := w; i < n; i += 2 {
				signed, err := fapi.ClientAssertion(p.key, p.id, p.Issuer+"/as/token", time.Now(), fmt.Sprintf("bench-%d-%d", time.Now().UnixNano(), i))
				if err != nil {
					b.Error(err)
				}
				bodies[i] = url.Values{
					"grant_type": {"client_credentials"}, "scope": {"accounts"}, "client_assertion_type": {fapi.AssertionType}, "client_assertion": {signed},
				}.Encode()
			}
		})
	}
	group.Wait()
	return bodies
}

// BenchmarkToken issues tokens to a client with private_key_jwt and PS256: each
// with a fresh assertion that is verified, its jti kept, and a token stored.
func BenchmarkToken(b *testing.B) {
	r := newRig(b, nil)
	p := r.client(nil)
	for name, do := range map[string]func(string) error{
		"handler": r.direct("/as/token", p.cert.Leaf, r.qtsp.Chain()), "tls": overTLS(p.http, p.Issuer+"/as/token"),
	} {
		b.Run(name, func(b *testing.B) {
			total := 0
			for b.Loop() {
				b.StopTimer()
				bodies := p.tokenBodies(b, benchBatch)
				b.StartTimer()
				storm(b, bodies, do)
				total += len(bodies)
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

// BenchmarkIntrospection asks about one token with the bank's own certificate.
func BenchmarkIntrospection(b *testing.B) {
	r := newRig(b, nil)
	p := r.client(nil)
	_, out := p.token(credentials("accounts"))
	token, _ := out["access_token"].(string)
	own := r.certificate(bankOrg, eidas.RoleAS)
	bodies := make([]string, benchBatch)
	for i := range bodies {
		bodies[i] = "token=" + token
	}
	for name, do := range map[string]func(string) error{
		"handler": r.direct("/as/introspect", own.Leaf, r.qtsp.Chain()), "tls": overTLS(r.with(own), p.Issuer+"/as/introspect"),
	} {
		b.Run(name, func(b *testing.B) {
			total := 0
			for b.Loop() {
				storm(b, bodies, do)
				total += len(bodies)
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "introspections/s")
		})
	}
}
