package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/api"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/tpp"
)

// warnBefore is how long before its end a certificate or credential is worth a
// warning.
const warnBefore = 30 * 24 * time.Hour

// registrationHealth looks at the certificates and credentials that a
// registration uses.
func (p *platformSide) registrationHealth(ctx context.Context, r tpp.Registration) (api.RegistrationHealth, error) {
	h := api.RegistrationHealth{Status: "none"}
	if r.Status == tpp.RegistrationNone {
		return h, nil
	}
	h.Status = "ok"
	client := r.Progress.Client
	for _, c := range []struct {
		into  **api.CertificateHealth
		name  string
		label string
	}{{&h.Transport, cmp.Or(client.Transport, keyQWAC), "transport certificate"}, {&h.Seal, cmp.Or(client.Seal, keyQSEAL), "signing certificate"}} {
		found, err := p.certificateHealth(ctx, c.name)
		if err != nil {
			return h, err
		}
		*c.into = &found
		h.Worse(found.Status, c.label+": "+found.Message)
	}
	credential, err := p.credentialHealth(ctx, r.Bank)
	if err != nil {
		return h, err
	}
	if credential != nil {
		h.Credential = credential
		h.Worse(credential.Status, "credentials of "+credential.Group+" end soon or have ended")
	}
	return h, nil
}

func (p *platformSide) certificateHealth(ctx context.Context, name string) (api.CertificateHealth, error) {
	h := api.CertificateHealth{Name: name, Status: "ok"}
	chain, err := p.keys.Chain(ctx, p.Workspace, name)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		if _, err := p.keys.Signer(ctx, p.Workspace, name); err == nil {
			h.Message = "a key without certificate, which this bank knows by itself"
			return h, nil
		}
		h.Status, h.Message = "fail", "there is none; import or issue one"
		return h, nil
	}
	if err != nil {
		return h, err
	}
	leaf, now := chain[0], p.config.Now()
	h.NotAfter = leaf.NotAfter.UTC()
	days := int(leaf.NotAfter.Sub(now) / (24 * time.Hour))
	switch {
	case now.After(leaf.NotAfter):
		h.Status, h.Message = "fail", "expired on "+leaf.NotAfter.Format(time.DateOnly)
		return h, nil
	case leaf.NotAfter.Sub(now) < warnBefore:
		h.Status, h.Message = "warn", fmt.Sprintf("ends in %d days", days)
		return h, nil
	}
	if p.config.QTSP != nil && !p.config.Trust.elsewhere(leaf) {
		if s, err := p.config.QTSP.Check(ctx, leaf, nil); err == nil && s.State == eidas.Revoked {
			h.Status, h.Message = "fail", s.String()
			return h, nil
		}
	}
	h.Message = fmt.Sprintf("good for %d days", days)
	cert, err := eidas.Parse(leaf)
	if err != nil {
		h.Status, h.Message = "warn", "no eIDAS certificate"
		return h, nil //nolint:nilerr // what it says is the finding
	}
	if warnings := cert.Warnings(now); len(warnings) > 0 {
		h.Status, h.Message = "warn", strings.Join(warnings, "; ")
	}
	return h, nil
}

func (p *platformSide) credentialHealth(ctx context.Context, bank string) (*api.CredentialHealth, error) {
	profile, err := p.banks.profile(bank)
	if err != nil {
		return nil, err
	}
	c, err := p.keys.Credential(ctx, p.Workspace, profile.Group())
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h := &api.CredentialHealth{Group: profile.Group(), Holds: c.Holds(), Status: "ok"}
	if !c.ValidUntil.IsZero() {
		until := c.ValidUntil.UTC()
		h.ValidUntil = &until
		switch left := until.Sub(p.config.Now()); {
		case left <= 0:
			h.Status = "fail"
		case left < warnBefore:
			h.Status = "warn"
		}
	}
	return h, nil
}
