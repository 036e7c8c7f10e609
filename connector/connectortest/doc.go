// Package connectortest is the kit that proves a connector: one call runs every
// check against a bank that is really there, whatever its standard. A connector
// that passes can be used by the platform without a word about the bank in the
// platform's code.
package connectortest
