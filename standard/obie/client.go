package obie

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
)

const maxAnswer = 16 << 20

// OAuth is the authorization server as the client needs it; *fapi.Client
// implements it.
type OAuth interface {
	ClientCredentials(ctx context.Context, scope string) (fapi.TokenResponse, error)
	AuthorizeURL(ctx context.Context, r fapi.RequestObject) (string, error)
	VerifyCallback(ctx context.Context, params url.Values, want fapi.Expected) (code string, err error)
	Exchange(ctx context.Context, code, redirectURI, verifier string) (fapi.TokenResponse, error)
	VerifyIDToken(ctx context.Context, t fapi.TokenResponse, want fapi.Expected) error
	Refresh(ctx context.Context, refreshToken string) (fapi.TokenResponse, error)
}

// ClientConfig is what a client of one bank needs.
type ClientConfig struct {
	Resource     string // base of the account API
	Version      string // v3.1, v3.1.11 or v4.0
	OAuth        OAuth
	HTTP         *http.Client // presents the QWAC, times out
	ResponseType string       // "code" or "code id_token"
	Zone         *time.Location
	Now          onepoint.Clock
	NewID        onepoint.IDs
	Log          *slog.Logger
}

// Client is a bank that speaks UK Open Banking, as a TPP sees it.
type Client struct {
	ClientConfig
	codec codec
	base  *url.URL
}

var (
	_ onepoint.Connector     = (*Client)(nil)
	_ onepoint.AccountReader = (*Client)(nil)
	_ onepoint.Refresher     = (*Client)(nil)
	_ onepoint.Revoker       = (*Client)(nil)
)

// NewClient makes a client; it does no I/O.
func NewClient(c ClientConfig) (*Client, error) {
	base, err := url.Parse(c.Resource)
	if err != nil || base.Scheme != "https" || base.Host == "" {
		return nil, onepoint.Missing("open the bank", "resource", "must be an https address")
	}
	v, ok := versionOf(c.Version)
	if !ok {
		return nil, onepoint.Missing("open the bank", "version", "must be v3.1, v3.1.11 or v4.0")
	}
	return &Client{ClientConfig: c, codec: codec{v, c.Zone}, base: base}, nil
}

// Authorize implements onepoint.Connector: it lodges an account-access consent,
// or takes the one to be authorised again, and asks for its authorisation.
func (c *Client) Authorize(ctx context.Context, in onepoint.Intent) (onepoint.Authorization, error) {
	access, ok := in.Purpose.(onepoint.Access)
	if !ok {
		return onepoint.Authorization{}, onepoint.E(onepoint.CodeInvalid, "ask for consent", "this bank is asked for account access only", nil)
	}
	consent := in.ConsentID
	if consent == "" {
		var err error
		if consent, err = c.lodge(ctx, access); err != nil {
			return onepoint.Authorization{}, err
		}
	}
	redirect, err := c.OAuth.AuthorizeURL(ctx, fapi.RequestObject{
		ResponseType: c.ResponseType, RedirectURI: in.RedirectURI, Scope: "openid accounts", State: in.State, Nonce: in.Nonce,
		CodeChallenge: fapi.Challenge(in.Verifier.Reveal()), CodeChallengeMethod: "S256",
		Claims: fapi.RequestClaims{IDToken: fapi.IDTokenClaims{
			IntentID: fapi.RequestedClaim{Essential: true, Value: consent},
			ACR:      fapi.RequestedClaim{Essential: true, Values: []string{fapi.ACRSCA}},
		}},
	})
	if err != nil {
		return onepoint.Authorization{}, err
	}
	return onepoint.Authorization{Phase: onepoint.PhaseAwaitingUser, ConsentID: consent, Redirect: redirect}, nil
}

func (c *Client) lodge(ctx context.Context, a onepoint.Access) (string, error) {
	const op = "lodge the consent"
	token, err := c.OAuth.ClientCredentials(ctx, "accounts")
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(c.codec.accessToWire(a))
	if err != nil {
		return "", fmt.Errorf("%s: %w", op, err)
	}
	var answer wireConsent
	if err := c.call(ctx, op, http.MethodPost, c.Resource+"/account-access-consents", token.AccessToken, body, &answer); err != nil {
		return "", err
	}
	if answer.Data.ConsentID == "" {
		return "", onepoint.E(onepoint.CodeProtocol, op, "the bank's answer holds no consent id", nil)
	}
	return answer.Data.ConsentID, nil
}

// Resume implements onepoint.Connector.
func (c *Client) Resume(ctx context.Context, in onepoint.Intent, cb onepoint.Callback) (onepoint.Authorization, error) {
	want := fapi.Expected{State: in.State, Nonce: in.Nonce, ResponseType: c.ResponseType, IntentID: in.ConsentID}
	code, err := c.OAuth.VerifyCallback(ctx, cb.Params, want)
	var denied *fapi.OAuthError
	if errors.As(err, &denied) && denied.Code == "access_denied" {
		return onepoint.Authorization{Phase: onepoint.PhaseRefused, ConsentID: in.ConsentID, Reason: "you did not agree to share at the bank"}, nil
	}
	if err != nil {
		return onepoint.Authorization{}, err
	}
	t, err := c.OAuth.Exchange(ctx, code, in.RedirectURI, in.Verifier.Reveal())
	if err != nil {
		return onepoint.Authorization{}, err
	}
	// In the hybrid flow the front channel's ID token has proven the journey; with
	// response_type=code only this one can.
	if t.IDToken != "" || c.ResponseType == "code" {
		if err := c.OAuth.VerifyIDToken(ctx, t, want); err != nil {
			return onepoint.Authorization{}, err
		}
	}
	return onepoint.Authorization{Phase: onepoint.PhaseAuthorised, ConsentID: in.ConsentID, Grant: c.grant(in.ConsentID, "", t)}, nil
}

func (c *Client) grant(consent, oldRefresh string, t fapi.TokenResponse) onepoint.Grant {
	g := onepoint.Grant{
		ConsentID: consent, AccessToken: t.AccessToken, RefreshToken: t.RefreshToken, Scope: t.Scope,
		Expires: c.Now().Add(time.Duration(t.ExpiresIn) * time.Second).UTC(),
	}
	if g.RefreshToken == "" { // a server that does not rotate sends none
		g.RefreshToken = oldRefresh
	}
	return g
}

// Refresh implements onepoint.Refresher.
func (c *Client) Refresh(ctx context.Context, g onepoint.Grant) (onepoint.Grant, error) {
	t, err := c.OAuth.Refresh(ctx, g.RefreshToken)
	if err != nil {
		return onepoint.Grant{}, err
	}
	return c.grant(g.ConsentID, g.RefreshToken, t), nil
}

// Revoke implements onepoint.Revoker: it deletes the consent.
func (c *Client) Revoke(ctx context.Context, g onepoint.Grant) error {
	const op = "delete the consent"
	token, err := c.OAuth.ClientCredentials(ctx, "accounts")
	if err != nil {
		return err
	}
	err = c.call(ctx, op, http.MethodDelete, c.Resource+"/account-access-consents/"+url.PathEscape(g.ConsentID), token.AccessToken, nil, nil)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound { // gone already
		return nil
	}
	return err
}

// Accounts implements onepoint.AccountReader.
func (c *Client) Accounts(ctx context.Context, g onepoint.Grant) ([]onepoint.Account, error) {
	var answer wirePage[wireAccounts]
	if err := c.call(ctx, "read accounts", http.MethodGet, c.Resource+"/accounts", g.AccessToken, nil, &answer); err != nil {
		return nil, err
	}
	accounts := make([]onepoint.Account, 0, len(answer.Data.Account))
	for _, w := range answer.Data.Account {
		a, err := c.codec.accountFromWire(w)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
}

// Balances implements onepoint.AccountReader.
func (c *Client) Balances(ctx context.Context, g onepoint.Grant, account string) ([]onepoint.Balance, error) {
	var answer wirePage[wireBalances]
	if err := c.call(ctx, "read balances", http.MethodGet, c.accountURL(account)+"/balances", g.AccessToken, nil, &answer); err != nil {
		return nil, err
	}
	balances := make([]onepoint.Balance, 0, len(answer.Data.Balance))
	for _, w := range answer.Data.Balance {
		b, err := c.codec.balanceFromWire(w)
		if err != nil {
			return nil, err
		}
		balances = append(balances, b)
	}
	return balances, nil
}

func (c *Client) accountURL(id string) string { return c.Resource + "/accounts/" + url.PathEscape(id) }

// Transactions implements onepoint.AccountReader. The cursor is the bank's next
// link; one that leads away from the bank's own API is refused.
func (c *Client) Transactions(ctx context.Context, g onepoint.Grant, account string, q onepoint.TransactionQuery) (onepoint.TransactionPage, error) {
	const op = "read transactions"
	address, err := c.pageURL(account, q)
	if err != nil {
		return onepoint.TransactionPage{}, err
	}
	var answer wirePage[struct {
		Transaction []json.RawMessage `json:"Transaction"`
	}]
	if err := c.call(ctx, op, http.MethodGet, address, g.AccessToken, nil, &answer); err != nil {
		return onepoint.TransactionPage{}, err
	}
	page := onepoint.TransactionPage{Transactions: make([]onepoint.Transaction, 0, len(answer.Data.Transaction))}
	for _, raw := range answer.Data.Transaction {
		t, err := c.readTransaction(raw)
		if err != nil {
			return onepoint.TransactionPage{}, err
		}
		page.Transactions = append(page.Transactions, t)
	}
	if answer.Links.Next != "" {
		if page.Next, err = c.follow(answer.Links.Next); err != nil {
			return onepoint.TransactionPage{}, err
		}
	}
	return page, nil
}

func (c *Client) readTransaction(raw []byte) (onepoint.Transaction, error) {
	var w wireTransaction
	if err := json.Unmarshal(raw, &w); err != nil {
		return onepoint.Transaction{}, broken("a transaction", err)
	}
	return c.codec.transactionFromWire(w, raw)
}

func (c *Client) pageURL(account string, q onepoint.TransactionQuery) (string, error) {
	if q.Cursor != "" {
		return c.follow(q.Cursor)
	}
	v := url.Values{}
	if !q.From.IsZero() {
		v.Set(fromParameter, q.From.String()+"T00:00:00")
	}
	if !q.To.IsZero() {
		v.Set(toParameter, q.To.String()+"T23:59:59")
	}
	address := c.accountURL(account) + "/transactions"
	if len(v) > 0 {
		address += "?" + v.Encode()
	}
	return address, nil
}

// follow makes a link absolute and keeps it at the bank: the token must not
// travel to an address that an answer names.
func (c *Client) follow(link string) (string, error) {
	u, err := c.base.Parse(link)
	if err != nil || len(link) > 4096 {
		return "", broken("a link", err)
	}
	if u.Scheme != c.base.Scheme || u.Host != c.base.Host || u.User != nil || !strings.HasPrefix(u.Path, c.base.Path+"/") {
		return "", onepoint.E(onepoint.CodeProtocol, "follow a link", "the bank's next page is not at the bank", nil)
	}
	u.Fragment = ""
	return u.String(), nil
}

// call makes one call and decodes its answer.
func (c *Client) call(ctx context.Context, op, method, address, token string, body []byte, answer any) error {
	content, media, err := c.exchange(ctx, op, method, address, token, "application/json", body)
	if err != nil || answer == nil {
		return err
	}
	if media != "application/json" {
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is not JSON", nil)
	}
	if err := json.Unmarshal(content, answer); err != nil {
		return onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is malformed", err)
	}
	return nil
}

// exchange makes one call and returns what came, and its media type.
func (c *Client) exchange(ctx context.Context, op, method, address, token, accept string, body []byte) (content []byte, media string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", op, err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", accept)
	req.Header.Set(interactionHeader, newUUID())
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, "", onepoint.E(onepoint.CodeUnavailable, op, "the bank does not answer", err)
	}
	defer resp.Body.Close()
	content, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, "", onepoint.E(onepoint.CodeUnavailable, op, "the bank's answer broke off", err)
	case len(content) > maxAnswer:
		return nil, "", onepoint.E(onepoint.CodeProtocol, op, "the bank's answer is too large", nil)
	case resp.StatusCode >= 300:
		return nil, "", c.refused(op, resp, content)
	}
	media, _, _ = mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return content, media, nil
}

func (c *Client) refused(op string, resp *http.Response, content []byte) error {
	var body wireErrors
	if err := json.Unmarshal(content, &body); err != nil {
		body = wireErrors{}
	}
	e := fromAnswer(op, resp.StatusCode, body)
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500 {
		e.Retry = fapi.RetryAfter(resp.Header, c.Now())
	}
	return e
}
