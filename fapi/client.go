package fapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

const (
	maxAnswer     = 1 << 20
	shortestRetry = time.Second
	longestRetry  = 24 * time.Hour
)

// ClientConfig is what an OAuth client needs at one authorization server.
type ClientConfig struct {
	HTTP       *http.Client // presents the client certificate; times out
	Issuer     string
	ClientID   string
	AuthMethod string // private_key_jwt or tls_client_auth
	Key        SigningKey
	Now        onepoint.Clock
	NewID      onepoint.IDs
}

// Client is an OAuth client of one authorization server. It is safe for
// concurrent use; discovery happens at the first call and is kept for an hour.
type Client struct {
	ClientConfig
	keys      *KeySource
	discovery discovery
}

// NewClient makes a client; it does no I/O.
func NewClient(c ClientConfig) *Client {
	return &Client{ClientConfig: c, keys: &KeySource{HTTP: c.HTTP, Now: c.Now}}
}

// ClientCredentials gets a token for the client itself.
func (c *Client) ClientCredentials(ctx context.Context, scope string) (TokenResponse, error) {
	return c.token(ctx, url.Values{"grant_type": {"client_credentials"}, "scope": {scope}})
}

// Exchange turns an authorization code into tokens. A code that the server does
// not take, or no longer, is [onepoint.CodeConflict].
func (c *Client) Exchange(ctx context.Context, code, redirectURI, verifier string) (TokenResponse, error) {
	t, err := c.token(ctx, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier},
	})
	if onepoint.CodeOf(err) == onepoint.CodeConsentExpired {
		return t, onepoint.E(onepoint.CodeConflict, "exchange the code", "the bank's answer was used before or is too old; start again", err)
	}
	return t, err
}

// Refresh renews the access token. A refresh token that has ended is
// [onepoint.CodeConsentExpired]: only the user can help.
func (c *Client) Refresh(ctx context.Context, refreshToken string) (TokenResponse, error) {
	return c.token(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}})
}

func (c *Client) token(ctx context.Context, form url.Values) (TokenResponse, error) {
	const op = "get a token"
	meta, err := c.Metadata(ctx)
	if err != nil {
		return TokenResponse{}, err
	}
	var t TokenResponse
	if err := c.post(ctx, op, meta.TokenEndpoint, form, &t); err != nil {
		return TokenResponse{}, err
	}
	if t.AccessToken == "" || !strings.EqualFold(t.TokenType, "Bearer") {
		return TokenResponse{}, onepoint.E(onepoint.CodeProtocol, op, "the bank's answer holds no bearer token", nil)
	}
	if t.ExpiresIn <= 0 {
		t.ExpiresIn = 60
	}
	return t, nil
}

// Push lodges a signed request object (RFC 9126) and returns its request_uri.
func (c *Client) Push(ctx context.Context, r RequestObject) (string, error) {
	const op = "push the authorization request"
	meta, err := c.Metadata(ctx)
	if err != nil {
		return "", err
	}
	signed, err := c.Sign(r)
	if err != nil {
		return "", err
	}
	var answer struct {
		RequestURI string `json:"request_uri"`
	}
	if err := c.post(ctx, op, meta.PAREndpoint, url.Values{"request": {signed}}, &answer); err != nil {
		return "", err
	}
	if answer.RequestURI == "" {
		return "", onepoint.E(onepoint.CodeProtocol, op, "the bank's answer holds no request_uri", nil)
	}
	return answer.RequestURI, nil
}

// Sign signs a request object as this client, filling in who it is from, to
// whom, and for how long.
func (c *Client) Sign(r RequestObject) (string, error) {
	now := c.Now()
	r.Issuer, r.ClientID, r.Audience, r.ID = c.ClientID, c.ClientID, c.Issuer, c.NewID("jti")
	r.IssuedAt, r.NotBefore, r.Expires = now.Unix(), now.Unix(), now.Add(5*time.Minute).Unix()
	return r.Sign(c.Key)
}

// AuthorizeURL is where the user's browser goes: with a request_uri where the
// server takes pushed requests, else with the signed request itself.
func (c *Client) AuthorizeURL(ctx context.Context, r RequestObject) (string, error) {
	meta, err := c.Metadata(ctx)
	if err != nil {
		return "", err
	}
	q := url.Values{"client_id": {c.ClientID}}
	if meta.PAREndpoint != "" {
		uri, err := c.Push(ctx, r)
		if err != nil {
			return "", err
		}
		q.Set("request_uri", uri)
	} else {
		signed, err := c.Sign(r)
		if err != nil {
			return "", err
		}
		q.Set("request", signed)
		q.Set("response_type", r.ResponseType) // OpenID Connect Core 6.1 wants these outside as well
		q.Set("scope", r.Scope)
		q.Set("redirect_uri", r.RedirectURI)
	}
	return meta.AuthorizationEndpoint + "?" + q.Encode(), nil
}

// Revoke ends a token (RFC 7009).
func (c *Client) Revoke(ctx context.Context, token string) error {
	meta, err := c.Metadata(ctx)
	if err != nil {
		return err
	}
	return c.post(ctx, "revoke the token", meta.RevocationEndpoint, url.Values{"token": {token}}, nil)
}

// post sends a form as the authenticated client and decodes the answer.
func (c *Client) post(ctx context.Context, op, endpoint string, form url.Values, answer any) error {
	if endpoint == "" {
		return onepoint.E(onepoint.CodeProtocol, op, "the bank publishes no address for this", nil)
	}
	form.Set("client_id", c.ClientID)
	if c.AuthMethod == "private_key_jwt" {
		meta, err := c.Metadata(ctx)
		if err != nil {
			return err
		}
		signed, err := ClientAssertion(c.Key, c.ClientID, meta.TokenEndpoint, c.Now(), c.NewID("jti"))
		if err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
		form.Set("client_assertion_type", AssertionType)
		form.Set("client_assertion", signed)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return Do(c.HTTP, op, req, answer)
}

// Do makes a call to an OAuth endpoint and decodes its JSON answer, or its
// error. Errors: those of the table in this package, [onepoint.CodeRateLimited]
// and [onepoint.CodeUnavailable] with Retry, [onepoint.CodeProtocol] for an
// answer that is no JSON.
func Do(client *http.Client, op string, req *http.Request, answer any) error {
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return onepoint.E(onepoint.CodeUnavailable, op, "the bank does not answer", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return onepoint.E(onepoint.CodeUnavailable, op, "the bank's answer broke off", err)
	case len(body) > maxAnswer:
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is too large", nil)
	case resp.StatusCode >= 300:
		return refused(op, resp, body)
	case answer == nil || resp.StatusCode == http.StatusNoContent:
		return nil
	}
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media != "application/json" {
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is not JSON", nil)
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is malformed", err)
	}
	return nil
}

func refused(op string, resp *http.Response, body []byte) error {
	status := fmt.Errorf("status %d", resp.StatusCode)
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		e := onepoint.E(onepoint.CodeRateLimited, op, "the bank asks to wait", status)
		e.Retry = RetryAfter(resp.Header, dateOf(resp))
		return e
	case resp.StatusCode >= 500:
		e := onepoint.E(onepoint.CodeUnavailable, op, "the bank has trouble of its own", status)
		e.Retry = RetryAfter(resp.Header, dateOf(resp))
		return e
	}
	var oauth OAuthError
	if json.Unmarshal(body, &oauth) == nil && oauth.Code != "" {
		oauth.Status = resp.StatusCode
		if oauth.Code == "invalid_grant" {
			return onepoint.E(onepoint.CodeConsentExpired, op, "the bank's permission has ended; connect the bank again", &oauth)
		}
		return FromOAuthError(op, &oauth)
	}
	if resp.StatusCode == http.StatusUnauthorized {
		return onepoint.E(onepoint.CodeTokenInvalid, op, "the bank does not accept the access", status)
	}
	return onepoint.E(onepoint.CodeProtocol, op, fmt.Sprintf("the bank answered with status %d and no reason", resp.StatusCode), nil)
}

// dateOf is when the answer was made, by the server's own clock: a time to come
// back at is told by the same.
func dateOf(resp *http.Response) time.Time {
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		return at
	}
	return time.Now()
}

// RetryAfter reads a Retry-After header (RFC 9110 section 10.2.3) and keeps
// nonsense out: banks have sent negative seconds and years. 0 when there is none.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if text == "" {
		return 0
	}
	var wait time.Duration
	// A number beyond 64 bits is told by its error and given as the nearest one.
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		wait = time.Duration(min(seconds, int64(longestRetry/time.Second))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, shortestRetry), longestRetry)
}
