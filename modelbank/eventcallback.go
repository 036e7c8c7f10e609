package modelbank

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/standard/obie"
)

// callable refuses addresses that the bank does not call. Names are looked up
// again, and judged, at every call.
func callable(s obie.EventSubscription, sandbox bool) error {
	const op = "check callback address"
	if s.CallbackURL == "" {
		return nil
	}
	field := "Data.CallbackUrl"
	if s.Kind == obie.CallbackURLKind {
		field = "Data.Url"
	}
	u, err := url.Parse(s.CallbackURL)
	if err != nil || u.Host == "" {
		return onepoint.Missing(op, field, "must be an absolute address")
	}
	ip, literal := netip.ParseAddr(u.Hostname())
	loopback := u.Hostname() == "localhost" || literal == nil && ip.Unmap().IsLoopback()
	switch {
	case u.Scheme == "http" && sandbox && loopback:
		return nil
	case u.Scheme != "https":
		return onepoint.Missing(op, field, "must be an https address")
	case !sandbox && (loopback || literal == nil && !public(ip)):
		return onepoint.Missing(op, field, "must be a public address")
	}
	return nil
}

// reserved are the networks that are nobody's on the public internet, besides
// those that netip knows.
func reserved() []netip.Prefix {
	var nets []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
	} {
		nets = append(nets, netip.MustParsePrefix(s))
	}
	return nets
}

func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, n := range reserved() {
		if n.Contains(ip) {
			return false
		}
	}
	return true
}

// CallbackHTTP makes the client that pushes events: it follows no redirect,
// knows no proxy, and outside a sandbox connects to public addresses only,
// whatever a name resolves to. conf carries the bank's client certificate.
func CallbackHTTP(conf *tls.Config, sandbox bool, timeout time.Duration) *http.Client {
	dialer := &net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !sandbox && !public(to.Addr()) {
			return onepoint.E(onepoint.CodeForbidden, "call back", "the callback's address is not public", err)
		}
		return nil
	}}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, address)
			},
			TLSClientConfig: conf, ForceAttemptHTTP2: true, TLSHandshakeTimeout: timeout, MaxIdleConnsPerHost: 2,
			IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 16 << 10,
		},
	}
}
