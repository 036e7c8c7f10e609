package main

import (
	"context"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/as"
	"github.com/onepointledger/onepoint/standard/obie"
)

// duePaymentsEvery is how often the bank carries out what has fallen due.
const duePaymentsEvery = time.Minute

// openPayments makes the bank's payments; revoke ends a consent's tokens.
func openPayments(c bankConfig, b *bankSide, zone *time.Location, ids onepoint.IDs, revoke func(ctx context.Context, consent string) error) *modelbank.Payments {
	return modelbank.NewPayments(modelbank.PaymentsConfig{
		Core: b.Core, Store: b.db, Zone: zone, OnRevoke: revoke, Now: c.Now, NewID: ids, Log: c.Log,
	})
}

// servePayments mounts payment initiation, variable recurring payments and
// confirmation of funds beside the account API.
func servePayments(mux *http.ServeMux, c bankConfig, b *bankSide, server *as.Server, zone *time.Location, ids onepoint.IDs) {
	api := obie.NewPaymentServer(obie.PaymentServerConfig{
		BaseURL: c.URL, Bank: b.payments, Tokens: server,
		Signers: modelbank.MessageKeys{Clients: b.db, Keys: &fapi.KeySource{HTTP: clientToSelf(c), Now: c.Now}},
		Sign:    obie.PaymentSigner{Key: server.SigningKey, Issuer: bankOrg}, Zone: zone, Now: c.Now, NewID: ids, Log: c.Log,
	})
	for _, path := range api.Paths() {
		mux.Handle(path, api)
	}
}

// carryOutDuePayments runs until ctx ends.
func (b *bankSide) carryOutDuePayments(ctx context.Context, c bankConfig) {
	tick := time.NewTicker(duePaymentsEvery)
	defer tick.Stop()
	for {
		if err := b.payments.Run(ctx, c.Now()); err != nil && ctx.Err() == nil {
			c.Log.ErrorContext(ctx, "carry out due payments", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
