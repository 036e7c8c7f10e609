// Package api is the platform's HTTP API under /api/v1: one route table, one
// file per resource, problem details (RFC 9457) for every error.
//
// Two ways in: the web session (cookie, same-site, with a CSRF header on every
// change) and API keys (Authorization: Bearer). It calls the use cases of tpp
// and identity and knows nothing of banks or SQL.
package api
