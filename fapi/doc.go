// Package fapi holds the OAuth 2.0, OpenID Connect and FAPI pieces that both
// ends of a bank API use: PKCE, pushed requests, signed request objects, client
// authentication, dynamic registration messages, certificate-bound tokens.
//
// What a client sends and what a server checks stand side by side, so that a
// rule is written once. The flows of the server are in modelbank/as; this
// package keeps no state.
package fapi
