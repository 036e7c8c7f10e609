package saltedge

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/url"
)

const maxRedirect = 2048

// redirectURI is where the user goes afterwards. It is used as it is: nothing is
// added to it.
func (s *Server) redirectURI(r *http.Request) (string, error) {
	text := r.Header.Get("TPP-Redirect-URI")
	if text == "" {
		return "", format("Header 'TPP-Redirect-URI' is missing")
	}
	if !s.redirectAllowed(text) {
		return "", format("Header 'TPP-Redirect-URI' invalid")
	}
	return text, nil
}

func (s *Server) redirectAllowed(text string) bool {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxRedirect || u.Host == "" || u.Fragment != "" || u.User != nil {
		return false
	}
	if u.Scheme == "http" {
		ip := net.ParseIP(u.Hostname())
		return s.AllowLoopbackRedirects && ip != nil && ip.IsLoopback()
	}
	return u.Scheme == "https"
}

// uuid makes a random one.
func (s *Server) uuid() string {
	sum := sha256.Sum256([]byte(s.NewID("sca")))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
