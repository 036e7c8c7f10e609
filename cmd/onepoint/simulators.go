package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/fapi"
	"github.com/onepointledger/onepoint/modelbank"
	"github.com/onepointledger/onepoint/modelbank/sim/op"
)

// opSimulatorKey is the x-api-key of the simulated developer portal. It is
// published: it opens the simulator on this machine and nothing else.
const opSimulatorKey = "op-simulator-key"

// simulators is what the simulators of other banks stand on.
type simulators struct {
	config bankConfig
	side   *bankSide
	bank   *modelbank.Bank
	zone   *time.Location
	ids    onepoint.IDs
	key    fapi.SigningKey
}

// serveSimulators mounts every simulator at its own path of the bank's address.
func serveSimulators(mux *http.ServeMux, s simulators) error {
	if err := s.op(mux); err != nil {
		return fmt.Errorf("make the OP simulator: %w", err)
	}
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
		QTSP: s.config.Trust.qtsp, Revoked: s.side.as.CheckRevocation, Roots: s.config.Trust.qtsp.Roots(), Key: key, Zone: helsinki, BusyEvery: 40,
		AllowLoopbackRedirects: true, Now: s.config.Now, NewID: s.ids, Log: s.config.Log.With("sim", "op"),
	})
	if err != nil {
		return err
	}
	mux.Handle("/op/", s.side.OP.Handler())
	return nil
}
