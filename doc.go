// Package onepoint is the vocabulary of One Point Ledger: what a bank account,
// a consent, a registration and a transaction are, and the two ports through
// which everything else meets.
//
// [Connector] is a bank as a third-party provider (TPP) sees it; [ASPSP] is a
// bank seen from inside. Both speak the types of this package. A standard
// (package standard/obie and its siblings) is a pair of mirrors around them: a
// client that is a Connector over HTTP, and a server that is an http.Handler
// over an ASPSP.
//
// The map of the code, from the bottom up:
//
//	onepoint             this package: no I/O, imports nothing of ours
//	eidas fapi httpsig   certificates, OAuth/FAPI messages, message signing
//	standard/…           wire types, codec, error table, client and server
//	connector/…          profiles, drivers, onboarding recipes, the connector kit
//	tpp                  the platform's use cases: onboard, connect, sync
//	modelbank/…          the bank's side: core, authorization server, consents
//	vault store job      keys and sealing, SQL, durable work
//	api web              the platform's HTTP API and the React app
//	cmd/onepoint         the one place that knows both sides
//
// The package does no I/O, reads no clock and makes no identifier: see [Clock]
// and [IDs].
package onepoint
