// Package httpsig signs HTTP requests as the Berlin Group's NextGenPSD2 asks
// (implementation guidelines 1.3, section 12): a Digest of the body and a
// Signature header after draft-cavage-http-signatures-10, with the signer's
// qualified certificate beside it.
//
// It is a package of its own because signing is neither one standard's nor one
// bank's: what banks do differently (which headers are signed, how the key is
// named, how the certificate is written) is a parameter. Signing is strict, so
// that no bank has reason to refuse; verifying is tolerant, so that what a
// bank would take is taken here.
package httpsig
