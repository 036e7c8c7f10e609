//go:build pkcs11

package pkcs11_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/vault"
)

// From key over request and certificate to a handshake in which both sides show
// certificates whose keys lie in the token.
func TestTLSHandshake(t *testing.T) {
	ctx := t.Context()
	v := openVault(t, newMemory(), keyFile(t), open(t, newTokens(t, "bank")))
	qtsp, err := eidas.NewTestQTSP(now)
	must(t, err)
	certified := func(name string, alg vault.Algorithm) tls.Certificate {
		_, err := v.NewKey(ctx, "ws", name, alg)
		must(t, err)
		signer, err := v.Signer(ctx, "ws", name)
		must(t, err)
		csr, err := eidas.CreateCSR(signer, eidas.Request{
			Type: eidas.TypeWeb, Subject: eidas.Subject{Country: "GB", Organisation: name}, OrgID: "PSDGB-FCA-1",
			Roles: []eidas.Role{eidas.RoleAS}, DNSNames: []string{"localhost"},
		})
		must(t, err)
		leaf, err := qtsp.IssueCSR(csr, now, time.Time{})
		must(t, err)
		must(t, v.SetChain(ctx, "ws", name, append([]*x509.Certificate{leaf}, qtsp.Chain()...)))
		cert, err := v.TLS(ctx, "ws", name)
		must(t, err)
		return *cert
	}
	for _, alg := range []vault.Algorithm{vault.RSA2048, vault.ECDSAP256} {
		server, client := certified("server "+string(alg), alg), certified("client "+string(alg), alg)
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			must(t, err)
			seen := make(chan *x509.Certificate, 1)
			go func() {
				defer close(seen)
				c, err := l.Accept()
				if err != nil {
					return
				}
				s := tls.Server(c, &tls.Config{
					Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: qtsp.Roots(),
					MinVersion: version, MaxVersion: version, Time: clock,
				})
				defer s.Close()
				if _, err := io.WriteString(s, "hello"); err == nil {
					seen <- s.ConnectionState().PeerCertificates[0]
				}
			}()
			c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{
				Certificates: []tls.Certificate{client}, RootCAs: qtsp.Roots(), ServerName: "localhost", Time: clock,
			})
			must(t, err)
			if got, err := io.ReadAll(c); err != nil || string(got) != "hello" {
				t.Errorf("%s, TLS %x: %q, %v", alg, version, got, err)
			}
			if peer := <-seen; peer == nil || !peer.Equal(client.Leaf) {
				t.Errorf("%s, TLS %x: the server saw another certificate", alg, version)
			}
			c.Close()
			l.Close()
		}
	}
}
