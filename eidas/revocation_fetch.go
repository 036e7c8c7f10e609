package eidas

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	maxSources = 3 // addresses tried of each kind: a certificate cannot make us call many

	maxOCSP = 64 << 10 // bytes of an OCSP answer; real ones have one or two thousand
	maxCRL  = 8 << 20  // bytes of a CRL

	fetchTime    = 10 * time.Second
	maxRedirects = 3
)

// fetch asks one address: POST with a body, GET without. It takes at most limit
// bytes, and half of the time ctx has left, so that an address that hangs leaves
// time for the next.
func (r *Revocation) fetch(ctx context.Context, address string, body []byte, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, share(ctx))
	defer cancel()
	req, err := newFetch(ctx, address, body)
	if err != nil {
		return nil, err
	}
	resp, err := r.client().Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", req.URL.Host, resp.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", req.URL.Host, err)
	}
	if int64(len(answer)) > limit {
		return nil, fmt.Errorf("the answer of %s has more than %d bytes", req.URL.Host, limit)
	}
	return answer, nil
}

func newFetch(ctx context.Context, address string, body []byte) (*http.Request, error) {
	if body == nil {
		return http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", ocspRequestType)
	req.Header.Set("Accept", ocspResponseType)
	return req, nil
}

// sources are the first addresses that HTTP reaches: certificates name LDAP too.
func sources(addresses []string) []string {
	var list []string
	for _, a := range addresses {
		if u, err := url.Parse(a); err == nil && askable(u) && len(list) < maxSources {
			list = append(list, a)
		}
	}
	return list
}

func askable(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" }

// client is HTTP with redirects that stay with HTTP and never lose TLS.
func (r *Revocation) client() *http.Client {
	base := r.HTTP
	if base == nil {
		base = http.DefaultClient
	}
	c := *base
	c.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		switch {
		case len(via) > maxRedirects:
			return errors.New("too many redirects")
		case !askable(req.URL), via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https":
			return fmt.Errorf("a redirect to the scheme %q is not followed", req.URL.Scheme)
		case base.CheckRedirect != nil:
			return base.CheckRedirect(req, via)
		}
		return nil
	}
	return &c
}

func share(ctx context.Context) time.Duration {
	end, ok := ctx.Deadline()
	if !ok {
		return fetchTime
	}
	return min(fetchTime, time.Until(end)/2)
}
