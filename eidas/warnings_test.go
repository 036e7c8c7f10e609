package eidas_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onepointledger/onepoint/eidas"
)

func TestWarningsFor(t *testing.T) {
	q := newQTSP(t)
	qwac, qseal := issue(t, q, tppRequest(eidas.TypeWeb, rsaKey().Public())), issue(t, q, tppRequest(eidas.TypeSeal, rsaKey().Public()))
	server, _ := foreign(t, &x509.Certificate{
		Subject:     pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{{Type: []int{2, 5, 4, 97}, Value: "PSDGB-FCA-1"}}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageKeyEncipherment,
		ExtraExtensions: statements(unhex(t, golden)),
	}, rsaKey().Public())
	client := eidas.Want{Type: eidas.TypeWeb, Usage: eidas.UsageClient, Roles: []eidas.Role{eidas.RoleAI}}
	tests := []struct {
		name string
		leaf *x509.Certificate
		want eidas.Want
		at   time.Time
		all  []string // the warnings, or their beginnings
	}{
		{"sound", qwac, client, now, nil},
		{"nothing wanted", qwac, eidas.Want{}, now, nil},
		{"seal for a seal", qseal, eidas.Want{Type: eidas.TypeSeal, Usage: eidas.UsageSeal}, now, nil},
		{"seal for a client", qseal, client, now, []string{"it is a QSEAL (QcType eseal), but a QWAC (QcType web) is wanted"}},
		{"role not granted", qwac, eidas.Want{Roles: []eidas.Role{eidas.RoleAI, eidas.RoleAS}}, now, []string{"it does not grant the role PSP_AS"}},
		{"not yet valid", qwac, client, now.Add(-time.Hour), []string{"it is not valid before 2026-11-21"}},
		{"expired", qwac, client, qwac.NotAfter.Add(time.Second), []string{"it expired on"}},
		{"of a server that enciphers", server, eidas.Want{Usage: eidas.UsageClient}, now, []string{
			"it does not state EU qualified compliance", "its extended key usage lacks server or client", "its key usage does not allow digital",
			"its key usage does not allow TLS client", "its extended key usage does not allow TLS client",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := eidas.Parse(tt.leaf)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.WarningsFor(tt.want, tt.at); !slices.EqualFunc(got, tt.all, strings.HasPrefix) {
				t.Errorf("got %q, want %q", got, tt.all)
			}
		})
	}
}
