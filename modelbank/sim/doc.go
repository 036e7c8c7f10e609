// Package sim is what the simulators of other banks' APIs share: a place for
// their rows, and the pages on which a customer logs in and decides. Each
// simulator is a folder below; all of them stand on the model bank's consent
// rules and core, so that a customer sees the same accounts everywhere.
package sim
