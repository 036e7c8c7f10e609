package fapi

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/onepointledger/onepoint"
)

const metadataLife = time.Hour

type discovery struct {
	mu   sync.Mutex
	meta Metadata
	at   time.Time
}

// Discover fetches an issuer's metadata (OpenID Connect Discovery 1.0 section
// 4) and checks that it is the issuer's own and that every endpoint is https.
func Discover(ctx context.Context, client *http.Client, issuer string) (Metadata, error) {
	const op = "discover the authorization server"
	if !isHTTPS(issuer) {
		return Metadata{}, onepoint.E(onepoint.CodeInvalid, op, "the issuer's address must be https", nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, issuer+"/.well-known/openid-configuration", nil)
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

// Metadata is the server's, from memory when it was read within the hour.
func (c *Client) Metadata(ctx context.Context) (Metadata, error) {
	d := &c.discovery
	d.mu.Lock()
	meta, at := d.meta, d.at
	d.mu.Unlock()
	if !at.IsZero() && c.Now().Sub(at) < metadataLife {
		return meta, nil
	}
	meta, err := Discover(ctx, c.HTTP, c.Issuer)
	if err != nil {
		return Metadata{}, err
	}
	d.mu.Lock()
	d.meta, d.at = meta, c.Now()
	d.mu.Unlock()
	return meta, nil
}
