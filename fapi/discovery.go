package fapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
)

const (
	metadataLife  = time.Hour
	metadataRetry = time.Minute    // after a failure, while the last good metadata serve
	metadataStale = 24 * time.Hour // how long they may
)

type discovery struct {
	mu   sync.Mutex
	meta Metadata
	at   time.Time // counts as read at
	read time.Time // was read at
}

// Discover fetches an issuer's metadata (OpenID Connect Discovery 1.0 section
// 4) and checks that it is the issuer's own and that every endpoint is https.
func Discover(ctx context.Context, client *http.Client, issuer string) (Metadata, error) {
	const op = "discover the authorization server"
	if !isHTTPS(issuer) {
		return Metadata{}, onepoint.E(onepoint.CodeInvalid, op, "the issuer's address must be https", nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", nil)
	if err != nil {
		return Metadata{}, onepoint.E(onepoint.CodeInvalid, op, "the issuer's address is malformed", err)
	}
	var m Metadata
	if err := Do(client, op, req, &m); err != nil {
		return Metadata{}, err
	}
	if m.Issuer != issuer {
		return Metadata{}, onepoint.E(onepoint.CodeProtocol, op, "the metadata names another issuer", nil)
	}
	for _, endpoint := range []string{m.AuthorizationEndpoint, m.TokenEndpoint, m.JWKSURI} {
		if !isHTTPS(endpoint) {
			return Metadata{}, onepoint.E(onepoint.CodeProtocol, op, "the metadata lacks an endpoint, or one is not https", nil)
		}
	}
	for _, endpoint := range []string{m.PAREndpoint, m.RevocationEndpoint, m.RegistrationEndpoint} {
		if endpoint != "" && !isHTTPS(endpoint) {
			return Metadata{}, onepoint.E(onepoint.CodeProtocol, op, "an endpoint in the metadata is not https", nil)
		}
	}
	return m, nil
}

func isHTTPS(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil
}

// Metadata is the server's, from memory when it was read within the hour. When
// discovery fails the last good metadata serve for a day.
func (c *Client) Metadata(ctx context.Context) (Metadata, error) {
	d := &c.discovery
	d.mu.Lock()
	meta, at := d.meta, d.at
	d.mu.Unlock()
	if !at.IsZero() && c.Now().Sub(at) < metadataLife {
		return meta, nil
	}
	fresh, err := Discover(ctx, c.HTTP, c.Issuer)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		if d.at.IsZero() || ctx.Err() != nil || c.Now().Sub(d.read) > metadataStale {
			return Metadata{}, err
		}
		d.at = c.Now().Add(metadataRetry - metadataLife) // ask again in a minute
		return d.meta, nil
	}
	d.meta, d.at, d.read = fresh, c.Now(), c.Now()
	return fresh, nil
}
