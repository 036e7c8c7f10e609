package core

import (
	"log/slog"
	"time"

	"github.com/onepointledger/onepoint"
)

// Config is what the core needs.
type Config struct {
	Store Store
	Now   onepoint.Clock
	NewID onepoint.IDs
	Zone  *time.Location // the bank's: its days begin and end here
	Log   *slog.Logger
}

// Core is the core banking system. Its methods are safe for concurrent use.
type Core struct {
	store Store
	now   onepoint.Clock
	newID onepoint.IDs
	zone  *time.Location
	log   *slog.Logger
	// Each password check takes 19 MiB for its duration: bound how many run.
	hashing chan struct{}
}

// New makes the core over a store. A nil Zone is UTC.
func New(c Config) *Core {
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	return &Core{
		store: c.Store, now: c.Now, newID: c.NewID, zone: c.Zone, log: c.Log,
		hashing: make(chan struct{}, maxHashing),
	}
}
