package main

import (
	"context"
	"crypto/tls"
	"net/http"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/standard/obie"
	"github.com/onepointledger/onepoint/store"
)

const callbackLimit = 10 * time.Second // of one attempt to push an event

// bankEventsConfig is what the bank's events need of the rest of the bank.
type bankEventsConfig struct {
	Bank    bankConfig
	Store   *store.Bank
	Tokens  obie.TokenChecker
	Signing func() fapi.SigningKey
	Web     *tls.Certificate // shown to callbacks
	HTTP    *http.Client     // fetches key sets of TPPs
	NewID   onepoint.IDs
}

// bankEvents tells TPPs of what happens at the model bank.
type bankEvents struct {
	Desk *modelbank.Events
	API  *obie.EventServer
	push *modelbank.EventPush
}

func openBankEvents(c bankEventsConfig) (*bankEvents, error) {
	roots, err := bankRoots(c.Bank.Trust)
	if err != nil {
		return nil, err
	}
	log := c.Bank.Log
	issuer := obie.EventIssuer{Issuer: c.Bank.URL, BaseURL: c.Bank.URL, Key: c.Signing}
	b := &bankEvents{Desk: modelbank.NewEvents(modelbank.EventsConfig{
		Subscribers: c.Store, Outbox: c.Store, Issuer: issuer, Sandbox: true, Now: c.Bank.Now, NewID: c.NewID, Log: log,
	})}
	b.API = obie.NewEventServer(obie.EventServerConfig{
		BaseURL: c.Bank.URL, Bank: b.Desk, Tokens: c.Tokens, Log: log,
		Signature: obie.EventSignature{Key: c.Signing, Issuer: bankOrg, Keys: signerKeys(c), Now: c.Bank.Now},
	})
	web := &tls.Config{Certificates: []tls.Certificate{*c.Web}, RootCAs: roots, MinVersion: tls.VersionTLS12}
	b.push = modelbank.NewEventPush(modelbank.EventPushConfig{
		Store: c.Store, Issuer: issuer, HTTP: modelbank.CallbackHTTP(web, true, callbackLimit), Organisation: bankOrg,
		Timeout: callbackLimit, Now: c.Bank.Now, Log: log,
	})
	return b, nil
}

// mount adds the events API beside the others.
func (b *bankEvents) mount(mux *http.ServeMux) {
	for _, path := range b.API.Paths() {
		mux.Handle(path, b.API)
	}
}

// Run pushes events to callbacks until ctx ends.
func (b *bankEvents) Run(ctx context.Context) { b.push.Run(ctx) }

// signerKeys finds a client's keys where its software statement says they are.
func signerKeys(c bankEventsConfig) obie.SignerKeys {
	source := &fapi.KeySource{HTTP: c.HTTP, Now: c.Bank.Now}
	return func(ctx context.Context, clientID string, fresh bool) (jwk.Set, string, error) {
		client, err := c.Store.Client(ctx, clientID)
		if err != nil {
			return nil, "", onepoint.E(onepoint.CodeTokenInvalid, "find client", "the client is not registered", err)
		}
		get := source.Keys
		if fresh {
			get = source.Fresh
		}
		keys, err := get(ctx, client.Statement.JWKSEndpoint)
		if err != nil { // the TPP's own place does not answer: it can try again
			return nil, "", onepoint.E(onepoint.CodeUnavailable, "find client's keys", "the published keys cannot be fetched", err)
		}
		return keys, client.OrgID + "/" + client.SoftwareID, nil
	}
}
