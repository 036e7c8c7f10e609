// Package as is the model bank's authorization server: registration, pushed and
// signed authorization requests, signed responses, the pages of login, second
// factor, consent and connected apps, certificate-bound tokens, introspection,
// to the profile of FAPI 1 Advanced (hybrid flow) and FAPI 2 (PAR, PKCE, iss).
//
// It knows nothing of accounts: what a consent is, who may log in and what they
// may share it asks the bank through [Journey]. Access tokens are opaque handles,
// looked up on every call, so that a revocation holds for the very next one.
// Handles, codes and request URIs are stored only as hashes. docs/adr/0006 says
// why the flows are written here.
package as
