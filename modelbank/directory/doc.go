// Package directory is a local directory of third-party providers: it issues
// software statements to holders of a QWAC and publishes their keys, as the Open
// Banking Directory does for the UK.
//
// It is a trust party of its own: the authorization server believes it only by
// its signature. On a laptop it lives at the bank's address.
package directory
