// Package eidas reads, checks, requests and, for tests and laptops, issues the
// certificates that European open banking runs on: the QWAC a third-party
// provider presents in mutual TLS and the QSEAL it signs messages with.
//
// They are ordinary X.509 certificates with a QCStatements extension (ETSI EN
// 319 412-5) that says what the certificate is for and, for payment services,
// which roles the holder has and who authorised it (ETSI TS 119 495). It is a
// package of its own because both sides of the wire need it and neither Go's
// standard library nor a public module reads these statements in whatever
// order an issuer wrote them.
//
// [Parse] reads a certificate as it is and lists what is odd about it. [Verify]
// decides whether it may be used for a purpose, [Revocation] whether its issuer
// took it back. [CreateCSR] asks an issuer for one. [QTSP] is a trust service
// provider for tests: a certificate it issues has the full profile and is worth
// nothing elsewhere.
package eidas
