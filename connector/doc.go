// Package connector is what a bank's folder exports and what it is lent.
//
// A [Profile] is one API of a bank as data: standard, endpoints, options,
// quirks. A [Driver] turns a profile and an [Env] into a onepoint.Connector and
// an onboarding recipe. A bank that speaks a known standard is a profile file
// and no Go; see connector/profiles.
//
// It imports the domain only. A connector never sees a private key, a table or
// a global: what it may touch is in Env.
package connector
