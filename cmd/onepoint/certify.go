package main

import (
	"context"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/vault"
)

// certifyKey gives a key of the TPP a certificate of the local QTSP where it needs
// one; a new one is in the audit log.
func (p *platformSide) certifyKey(ctx context.Context, name string, req eidas.Request) error {
	before, err := p.keys.Chain(ctx, p.Workspace, name)
	if err != nil && onepoint.CodeOf(err) != onepoint.CodeNotFound {
		return err
	}
	if err := p.config.Trust.certify(ctx, p.keys, p.Workspace, name, vault.RSA2048, req); err != nil {
		return err
	}
	after, err := p.keys.Chain(ctx, p.Workspace, name)
	if err != nil || len(before) > 0 && before[0].Equal(after[0]) {
		return err
	}
	return p.audit.Record(ctx, p.Workspace, "certificate.issued", name, map[string]string{
		"serial": after[0].SerialNumber.Text(16), "until": after[0].NotAfter.UTC().Format(time.DateOnly),
	})
}
