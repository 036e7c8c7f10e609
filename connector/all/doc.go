// Package all lists the drivers: one entry per standard, or per bank that
// follows none. It is the only place that names them all, so that a program
// links what it lists and nothing registers itself.
package all
