// Package store is the only place that knows SQL. It keeps both sides' rows, in
// two databases that never meet: [Platform] for the TPP side, [Bank] for the
// model bank.
//
// One SQL text serves SQLite (pure Go, the embedded default) and PostgreSQL:
// $1 placeholders, times as BIGINT microseconds made in Go, money as decimal
// text on the platform and as minor units in the bank's books, identifiers as
// text. What differs stands in dialect.go. Migrations run forward only.
//
// The interfaces it implements are declared by their consumers: tpp, identity,
// vault, modelbank/core, modelbank/as.
package store
