package main

import (
	"cmp"
	"context"
	"time"

	"github.com/onepointledger/onepoint/tpp"
)

// certificatesInUse names the pair of the registration at the local bank.
func (p *platformSide) certificatesInUse(ctx context.Context) []string {
	reg, err := p.onboard.Registration(ctx, p.Workspace, localBank)
	if err != nil {
		return []string{keyQWAC, keyQSEAL}
	}
	return []string{cmp.Or(reg.Progress.Client.Transport, keyQWAC), cmp.Or(reg.Progress.Client.Seal, keyQSEAL)}
}

// remedyFor says how to get another certificate.
func remedyFor(name string) string {
	if name == keyQWAC || name == keyQSEAL {
		return "start `onepoint up` again: it issues a new one"
	}
	return "issue another with `onepoint certs issue` and move the bank to it with `onepoint certs use`"
}

// revoked says when a certificate was revoked; "" when it was not, or nobody
// knows soon.
func (p *platformSide) revoked(ctx context.Context, name string) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	c, err := p.certs.Get(ctx, p.Workspace, name)
	if err != nil || c.Revocation != tpp.RevocationRevoked {
		return ""
	}
	return "its issuer revoked it on " + c.RevokedAt.Format(time.DateOnly)
}
