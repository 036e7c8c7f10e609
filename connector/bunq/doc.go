// Package bunq speaks bunq's own API (https://doc.bunq.com): it registers a
// payment service provider by its PSD2 certificate and reads accounts, has
// payments accepted and confirms funds under OAuth.
//
// It is a package of its own because bunq follows no standard: identity is a
// certificate shown once, every body is signed by a key of the installation,
// every answer by bunq's, and the access token of OAuth is an API key that opens
// sessions.
package bunq
