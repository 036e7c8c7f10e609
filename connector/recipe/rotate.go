package recipe

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
	"github.com/onepointledger/onepoint/fapi"
)

var _ onepoint.Rotator = (*dcr)(nil)

// Facts about a rotation.
const (
	factRotationKeys = "rotation_keys" // the key ids that were lodged
	factRotationAt   = "rotation_at"   // when
)

// keysSpread is how long after it was lodged a new key is first used. A bank
// fetches published keys again when it meets one it does not know, but not at
// once after the last time: FAPI servers wait some ten seconds.
const keysSpread = 11 * time.Second

// Rotate implements onepoint.Rotator. The directory publishes the old and the
// new signing key, so that the bank takes signatures of both; a bank that knows
// the client by its certificate's subject is told the new one. The old keys stay
// published until the software's next statement.
func (d *dcr) Rotate(ctx context.Context, p *onepoint.Progress, next onepoint.Client) error {
	old, err := d.as(ctx, p.Client)
	if err != nil {
		return err
	}
	renewed, err := d.as(ctx, next)
	if err != nil {
		return err
	}
	if err := renewed.replaces(ctx, p); err != nil {
		return err
	}
	if err := renewed.publish(ctx, p, old); err != nil {
		return err
	}
	if p.Client.AuthMethod == "tls_client_auth" && renewed.TPP.Transport.Subject.String() != old.subject() {
		if err := renewed.tellSubject(ctx, p, old); err != nil {
			return err
		}
	}
	return renewed.verify(ctx, p)
}

// as is the recipe with the certificates that a client names.
func (d *dcr) as(ctx context.Context, c onepoint.Client) (*dcr, error) {
	other := &dcr{d.Env}
	var err error
	if c.Seal != "" {
		if other.Signer, err = d.Keys.Signer(ctx, c.Seal); err != nil {
			return nil, err
		}
	}
	if c.Transport == "" {
		return other, nil
	}
	shown, err := d.Keys.Signer(ctx, c.Transport)
	if err != nil {
		return nil, err
	}
	if other.HTTP, err = d.Keys.HTTP(ctx, c.Transport); err != nil {
		return nil, err
	}
	other.TPP.Chain = shown.Chain
	if len(shown.Chain) > 0 {
		other.TPP.Transport = shown.Chain[0]
	}
	return other, nil
}

func (d *dcr) subject() string {
	if d.TPP.Transport == nil {
		return ""
	}
	return d.TPP.Transport.Subject.String()
}

// replaces refuses certificates that cannot take over this registration.
func (d *dcr) replaces(ctx context.Context, p *onepoint.Progress) error {
	if err := d.certificates(ctx, p); err != nil {
		return err
	}
	cert, err := eidas.Parse(d.TPP.Transport)
	if err != nil {
		return refuse("the QWAC is no eIDAS certificate")
	}
	if cert.Identifier != d.TPP.OrganisationID {
		return refuse("the QWAC belongs to %s, the registration to %s; register anew", cert.Identifier, d.TPP.OrganisationID)
	}
	alg := cmp.Or(p.Client.SigningAlg, d.Profile.Security.SigningAlg)
	switch d.Signer.Key.Public().(type) {
	case *rsa.PublicKey:
		if alg == "ES256" {
			return refuse("the bank expects signatures with ES256, which the QSEAL's RSA key cannot give")
		}
	case *ecdsa.PublicKey:
		if alg != "ES256" {
			return refuse("the bank expects signatures with %s, which the QSEAL's elliptic key cannot give", alg)
		}
	}
	return nil
}

// publish lodges both signing keys and waits until the bank can know the new
// one. It waits once, also when it is repeated.
func (d *dcr) publish(ctx context.Context, p *onepoint.Progress, old *dcr) error {
	if d.Signer.KeyID == old.Signer.KeyID {
		return nil
	}
	ids := old.Signer.KeyID + " " + d.Signer.KeyID
	at, err := time.Parse(time.RFC3339Nano, p.Facts[factRotationAt])
	if err != nil || p.Facts[factRotationKeys] != ids {
		software := p.Facts[factSoftwareID]
		if err := d.lodge(ctx, p, d.keysBeside(old)...); err != nil {
			return err
		}
		if p.Facts[factSoftwareID] != software {
			return onepoint.E(onepoint.CodeConflict, "rotate", "the directory takes the new certificates for another software; register anew", nil)
		}
		at = d.Now().UTC()
		p.Facts[factRotationKeys], p.Facts[factRotationAt] = ids, at.Format(time.RFC3339Nano)
	}
	return wait(ctx, keysSpread-d.Now().Sub(at))
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return onepoint.E(onepoint.CodeUnavailable, "rotate", "stopped before the bank could know the new key; try again", ctx.Err())
	case <-t.C:
		return nil
	}
}

// tellSubject sends the registration again with the new certificate's subject.
// The bank knows the client by the old one, unless a former try came this far.
func (d *dcr) tellSubject(ctx context.Context, p *onepoint.Progress, old *dcr) error {
	if issued, err := time.Parse(time.RFC3339, p.Facts[factIssued]); err != nil || d.Now().Sub(issued) > statementFresh {
		if err := d.lodge(ctx, p, d.keysBeside(old)...); err != nil {
			return err
		}
	}
	signed, err := d.request(p).Sign(old.key())
	if err != nil {
		return fmt.Errorf("sign the registration: %w", err)
	}
	if _, err = old.client(p).UpdateRegistration(ctx, signed); err == nil {
		return nil
	}
	if d.verify(ctx, p) == nil {
		return nil
	}
	return err
}

// keysBeside are the signing keys of both, each once.
func (d *dcr) keysBeside(old *dcr) []fapi.SigningKey {
	if d.Signer.KeyID == old.Signer.KeyID {
		return []fapi.SigningKey{d.key()}
	}
	return []fapi.SigningKey{old.key(), d.key()}
}

func (d *dcr) client(p *onepoint.Progress) *fapi.Client {
	return fapi.NewClient(fapi.ClientConfig{
		HTTP: d.HTTP, Issuer: p.Client.Issuer, ClientID: p.Client.ID, AuthMethod: p.Client.AuthMethod,
		Key: d.key(), Now: d.Now, NewID: d.NewID,
	})
}
