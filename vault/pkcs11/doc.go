// Package pkcs11 keeps the vault's key pairs in hardware that speaks PKCS#11:
// a security module, a smart card, SoftHSM in tests. The private keys are made
// there and cannot be read, not by this program either.
//
// It is a package of its own because it alone needs cgo: PKCS#11 is a C library
// that the hardware's maker delivers. Only a build with -tags pkcs11 holds it;
// the default build has in its place an Open that says so, and stays free of cgo.
//
// The library is one per process, and so is its login: open a token once and
// share it among vaults.
package pkcs11
