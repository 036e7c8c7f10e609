// Package archtest holds the dependency rules as a test, read from go list, so
// that the picture in the design stays true of the code.
package archtest
