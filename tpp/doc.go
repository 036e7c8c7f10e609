// Package tpp holds the platform's use cases: onboard at a bank, connect a
// user's accounts, sync them into the ledger, revoke.
//
// It knows banks only as onepoint.Connector and storage only as the interfaces
// it declares here; package store implements them. It never imports the model
// bank.
package tpp
