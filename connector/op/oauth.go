package op

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
)

// tokens is the token endpoint's answer.
type tokens struct {
	AccessToken  string  `json:"access_token"`
	TokenType    string  `json:"token_type"`
	ExpiresIn    seconds `json:"expires_in"`
	RefreshToken string  `json:"refresh_token"`
	IDToken      string  `json:"id_token"`
	Scope        string  `json:"scope"`
}

// seconds is a number that may come as a string.
type seconds int64

// UnmarshalJSON reads either form.
func (s *seconds) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" || text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 10*365*24*3600 {
		return fmt.Errorf("expires_in is no number of seconds")
	}
	*s = seconds(n)
	return nil
}

// credentials are what opens the token endpoint.
type credentials struct {
	clientID string
	secret   onepoint.Secret
	apiKey   onepoint.Secret
}

// fetchTokens asks the token endpoint. An OAuth error may come with status 200.
func fetchTokens(ctx context.Context, client *http.Client, endpoint string, c credentials, now time.Time, form url.Values) (tokens, error) {
	const op = "get a token"
	form.Set("client_id", c.clientID)
	form.Set("client_secret", c.secret.Reveal())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return tokens{}, fmt.Errorf("%s: %w", op, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("x-api-key", c.apiKey.Reveal())
	got, err := send(client, op, req)
	if err != nil {
		return tokens{}, err
	}
	if got.status >= 300 {
		return tokens{}, refused(op, got, now)
	}
	var r refusal
	if json.Unmarshal(got.body, &r) == nil && r.OAuth != "" {
		got.status = http.StatusBadRequest
		return tokens{}, refused(op, got, now)
	}
	var t tokens
	if err := got.decode(op, &t); err != nil {
		return tokens{}, err
	}
	if t.AccessToken == "" || !strings.EqualFold(t.TokenType, "Bearer") {
		return tokens{}, onepoint.E(onepoint.CodeProtocol, op, "OP's answer holds no bearer token", nil)
	}
	if t.ExpiresIn <= 0 {
		t.ExpiresIn = 60
	}
	return t, nil
}

func (c *Client) fetch(ctx context.Context, form url.Values) (tokens, error) {
	return fetchTokens(ctx, c.HTTP, c.Profile.Endpoints.Token, credentials{
		clientID: c.Env.Client.ID, secret: c.Credential.ClientSecret, apiKey: c.Credential.APIKey,
	}, c.Now(), form)
}

// clientToken is a token of the TPP itself, for exactly one scope.
func (c *Client) clientToken(ctx context.Context, scope string) (string, error) {
	t, err := c.fetch(ctx, url.Values{"grant_type": {"client_credentials"}, "scope": {scope}})
	return t.AccessToken, err
}

func (c *Client) grant(t tokens, consentID, refresh string) onepoint.Grant {
	if t.RefreshToken != "" {
		refresh = t.RefreshToken
	}
	return onepoint.Grant{
		ConsentID: consentID, AccessToken: t.AccessToken, RefreshToken: refresh, Scope: t.Scope,
		Expires: c.Now().Add(time.Duration(t.ExpiresIn) * time.Second),
	}
}

// Refresh implements [onepoint.Refresher].
func (c *Client) Refresh(ctx context.Context, g onepoint.Grant) (onepoint.Grant, error) {
	t, err := c.fetch(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {g.RefreshToken}})
	if err != nil {
		return onepoint.Grant{}, err
	}
	return c.grant(t, g.ConsentID, g.RefreshToken), nil
}

// uuidFrom makes a UUID of any identifier, the same one every time: OP wants that
// form.
func uuidFrom(id string) string {
	h := sha256.Sum256([]byte(id))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80 // version 8, RFC 9562
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
