package main

import (
	"context"
	"crypto"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/tpp"
	"github.com/onepointledger/onepoint/vault"
)

// watchEvery is how often certificates are looked at.
const watchEvery = time.Hour

// certificateKeys is the vault as the certificates' use cases see it.
type certificateKeys struct{ *vault.Vault }

var _ tpp.KeyStore = certificateKeys{}

// Keys implements tpp.KeyShelf.
func (k certificateKeys) Keys(ctx context.Context, workspace string) ([]tpp.Key, error) {
	all, err := k.Vault.Keys(ctx, workspace)
	if err != nil {
		return nil, err
	}
	out := make([]tpp.Key, 0, len(all))
	for _, one := range all {
		out = append(out, keyOf(one))
	}
	return out, nil
}

// Key implements tpp.KeyShelf.
func (k certificateKeys) Key(ctx context.Context, workspace, name string) (tpp.Key, error) {
	one, err := k.KeyInfo(ctx, workspace, name)
	return keyOf(one), err
}

// NewKey implements tpp.KeySource.
func (k certificateKeys) NewKey(ctx context.Context, workspace, name, algorithm string) (crypto.PublicKey, error) {
	return k.Vault.NewKey(ctx, workspace, name, vault.Algorithm(algorithm))
}

func keyOf(k vault.KeyInfo) tpp.Key {
	return tpp.Key{Name: k.Name, Algorithm: string(k.Algorithm), Public: k.Public, Chain: k.Chain}
}

// openCertificates makes the use cases of certificates; the banks and syncs must
// be there.
func (p *platformSide) openCertificates() {
	c := p.config
	p.certs = &tpp.Certificates{
		Keys: certificateKeys{p.keys}, Issuer: c.Trust.qtsp, Revocation: &eidas.Revocation{Now: c.Now}, Store: p.db, Alarms: p.db,
		Banks: p.banks, Sync: p.sync, Audit: p.audit, Transport: keyQWAC, Seal: keyQSEAL, Now: c.Now, Log: c.Log,
	}
}

// watchCertificates finishes what a stop cut short, then gives the alarms that
// are due, now and every hour, until the platform stops.
func (p *platformSide) watchCertificates() {
	p.watching.Go(func() {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			if err := p.certs.Resume(p.quitting, p.Workspace); err != nil && p.quitting.Err() == nil {
				p.config.Log.Warn("move to other certificates not finished", "error", err)
			}
			if err := p.certs.Watch(p.quitting, p.Workspace); err != nil && p.quitting.Err() == nil {
				p.config.Log.Error("certificates not watched", "error", err)
			}
			select {
			case <-p.quitting.Done():
				return
			case <-tick.C:
			}
		}
	})
}

// Rotate implements onepoint.Rotator.
func (r tracedRecipe) Rotate(ctx context.Context, p *onepoint.Progress, next onepoint.Client) error {
	rotator, ok := r.Onboarder.(onepoint.Rotator)
	if !ok {
		return onepoint.E(onepoint.CodeConflict, "use certificates", "this bank binds the registration to its certificate; register anew", nil)
	}
	return rotator.Rotate(context.WithValue(ctx, stepKey{}, "rotate"), p, next)
}
