// Package pgtest finds PostgreSQL for tests: the server that
// ONEPOINT_TEST_POSTGRES names, else a private cluster started from installed
// server binaries, which ends with the test process.
package pgtest
