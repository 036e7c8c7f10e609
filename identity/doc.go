// Package identity says who may use the platform: the owner of a workspace with
// a password and a session, and programs with API keys.
//
// Passwords are hashed with argon2id. Session tokens and API keys are random,
// shown once, and stored as SHA-256 hashes: they carry 256 bits, so that a slow
// hash would protect nothing.
package identity
