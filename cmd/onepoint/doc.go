// Command onepoint is One Point Ledger: the platform, a model bank, and the
// command line that talks to the platform's API.
//
// It is the one place that knows both sides and reads configuration: main.go
// holds the commands, stack.go starts what `up` runs, platform.go and bank.go
// wire the two sides, trust.go makes the local certificates.
package main
