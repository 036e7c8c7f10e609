// Package op simulates the PSD2 APIs of OP Financial Group (Finland): the
// sandbox's certificate generator, registration, token endpoint, the hybrid
// authorization flow, accounts, payments and confirmation of funds, with the
// habits that surprise clients: private keys without primes, lifetimes as
// strings, gateway faults, OAuth errors with status 200.
//
// It stands on the model bank's consent rules and books. A TPP that works here
// works at OP's sandbox by changing addresses; docs/banks/op.md says how.
package op
