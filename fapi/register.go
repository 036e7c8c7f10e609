package fapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/onepointledger/onepoint"
)

// Register sends a signed registration request (UK Open Banking DCR 3.3, RFC
// 7591) and returns what the server stored.
func Register(ctx context.Context, client *http.Client, endpoint, signed string) (RegistrationResponse, error) {
	return registration(ctx, client, http.MethodPost, endpoint, signed, "")
}

// ReadRegistration returns the client's registration as the server holds it.
func (c *Client) ReadRegistration(ctx context.Context) (RegistrationResponse, error) {
	return c.manage(ctx, http.MethodGet, "")
}

// UpdateRegistration sends every claim of the registration again.
func (c *Client) UpdateRegistration(ctx context.Context, signed string) (RegistrationResponse, error) {
	return c.manage(ctx, http.MethodPut, signed)
}

// DeleteRegistration ends the client and its tokens.
func (c *Client) DeleteRegistration(ctx context.Context) error {
	_, err := c.manage(ctx, http.MethodDelete, "")
	return err
}

func (c *Client) manage(ctx context.Context, method, signed string) (RegistrationResponse, error) {
	meta, err := c.Metadata(ctx)
	if err != nil {
		return RegistrationResponse{}, err
	}
	token, err := c.ClientCredentials(ctx, "")
	if err != nil {
		return RegistrationResponse{}, err
	}
	return registration(ctx, c.HTTP, method, meta.RegistrationEndpoint+"/"+c.ClientID, signed, token.AccessToken)
}

func registration(ctx context.Context, client *http.Client, method, endpoint, signed, token string) (RegistrationResponse, error) {
	const op = "register"
	var answer RegistrationResponse
	req, err := http.NewRequestWithContext(ctx, method, endpoint, strings.NewReader(signed))
	if err != nil {
		return answer, onepoint.E(onepoint.CodeProtocol, op, "the bank's registration address is malformed", err)
	}
	if signed != "" {
		req.Header.Set("Content-Type", "application/jose")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if err := Do(client, op, req, &answer); err != nil {
		return answer, err
	}
	if method != http.MethodDelete && answer.ClientID == "" {
		return answer, onepoint.E(onepoint.CodeProtocol, op, "the bank's answer holds no client_id", nil)
	}
	return answer, nil
}
