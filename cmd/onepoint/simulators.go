package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/sim/bunq"
	"github.com/onepointledger/onepoint/modelbank/sim/op"
	"github.com/onepointledger/onepoint/modelbank/sim/saltedge"
)

// opSimulatorKey is the x-api-key of the simulated developer portal. It is
// published: it opens the simulator on this machine and nothing else.
const opSimulatorKey = "op-simulator-key"

// saltEdgeDelay is how long a consent is without the address to send its user to,
// and how long a registration waits: seconds at the real one.
const saltEdgeDelay = time.Second

// simulators is what the simulators of other banks stand on.
type simulators struct {
	config bankConfig
	side   *bankSide
	bank   *modelbank.Bank
	zone   *time.Location
	ids    onepoint.IDs
	key    fapi.SigningKey
	toSelf *http.Client // fetches what this machine publishes
}

// serveSimulators mounts every simulator at its own path of the bank's address.
func serveSimulators(mux *http.ServeMux, s simulators) error {
	if err := s.op(mux); err != nil {
		return fmt.Errorf("make the OP simulator: %w", err)
	}
	if err := s.saltEdge(mux); err != nil {
		return fmt.Errorf("make the Salt Edge simulator: %w", err)
	}
	if err := s.bunq(mux); err != nil {
		return fmt.Errorf("make the bunq simulator: %w", err)
	}
	return nil
}

func (s simulators) bunq(mux *http.ServeMux) error {
	amsterdam, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		return fmt.Errorf("load bunq's time zone: %w", err)
	}
	sim, err := bunq.New(bunq.Config{
		Base: s.config.URL + "/bunq", Store: s.side.db, Core: s.side.Core, Customers: s.bank.Journey(), Now: s.config.Now, NewID: s.ids,
		Zone: amsterdam, AllowLoopbackRedirects: true, Limits: s.config.BunqLimits, Log: s.config.Log.With("sim", "bunq"),
	})
	if err != nil {
		return err
	}
	mux.Handle("/bunq/", sim.Handler())
	return nil
}

func (s simulators) saltEdge(mux *http.ServeMux) error {
	vilnius, err := time.LoadLocation("Europe/Vilnius")
	if err != nil {
		return fmt.Errorf("load Artea Bank's time zone: %w", err)
	}
	qtsp := s.config.Trust.qtsp
	sim, err := saltedge.New(saltedge.Config{
		Base: s.config.URL + "/salt-edge", Store: s.side.db, Bank: s.bank, Journey: s.bank.Journey(), Core: s.side.Core,
		Roots: qtsp.Roots(), Issuers: qtsp.Chain(), HTTP: s.toSelf, Delay: saltEdgeDelay, Strict: true, AllowLoopbackRedirects: true,
		StatementIssuers: []saltedge.StatementIssuer{{Issuer: directoryName, JWKSURL: s.config.URL + "/directory/jwks"}},
		Now:              s.config.Now, NewID: s.ids, Zone: vilnius, Log: s.config.Log.With("sim", "salt-edge"),
	})
	if err != nil {
		return err
	}
	mux.Handle("/salt-edge/", sim.Handler())
	return nil
}

func (s simulators) op(mux *http.ServeMux) error {
	helsinki, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		return fmt.Errorf("load OP's time zone: %w", err)
	}
	key := s.key
	key.Alg = "RS256"
	s.side.OP, err = op.New(op.Config{
		Base: s.config.URL + "/op", APIKey: opSimulatorKey, Bank: s.bank, Journey: s.bank.Journey(), Books: s.side.Core, Store: s.side.db,
		QTSP: s.config.Trust.qtsp, Revoked: s.side.Auth.CheckRevocation, Roots: s.config.Trust.qtsp.Roots(), Key: key, Zone: helsinki, BusyEvery: 40,
		AllowLoopbackRedirects: true, Now: s.config.Now, NewID: s.ids, Log: s.config.Log.With("sim", "op"),
	})
	if err != nil {
		return err
	}
	mux.Handle("/op/", s.side.OP.Handler())
	return nil
}
