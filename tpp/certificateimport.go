package tpp

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/onepointledger/onepoint"
)

// maxChainPEM bounds what is installed: a long chain has some ten kilobytes.
const maxChainPEM = 256 << 10

// ImportPEM keeps a private key made elsewhere, and the certificates beside it.
// CodeInvalid says what is wrong with the file (encrypted, weak, a foreign
// certificate), CodeConflict that the name has another key.
func (c *Certificates) ImportPEM(ctx context.Context, workspace, name string, data []byte) (Certificate, error) {
	return c.keep(ctx, workspace, name, "certificate.imported", func() error { return c.Keys.Import(ctx, workspace, name, data) })
}

// ImportPKCS12 is ImportPEM for a PKCS#12 file. CodeInvalid also for a wrong
// password.
func (c *Certificates) ImportPKCS12(ctx context.Context, workspace, name string, data []byte, password onepoint.Secret) (Certificate, error) {
	return c.keep(ctx, workspace, name, "certificate.imported", func() error {
		return c.Keys.ImportPKCS12(ctx, workspace, name, data, password.Reveal())
	})
}

// Install keeps the certificates of a key, leaf first, in place of former ones.
// CodeInvalid when they are not the key's or no chain, CodeNotFound when there is
// no such key.
func (c *Certificates) Install(ctx context.Context, workspace, name string, chainPEM []byte) (Certificate, error) {
	if _, err := c.find(ctx, workspace, name); err != nil {
		return Certificate{}, err
	}
	chain, err := readChain(chainPEM)
	if err != nil {
		return Certificate{}, err
	}
	return c.install(ctx, workspace, name, chain)
}

func (c *Certificates) install(ctx context.Context, workspace, name string, chain []*x509.Certificate) (Certificate, error) {
	return c.keep(ctx, workspace, name, "certificate.installed", func() error { return c.Keys.SetChain(ctx, workspace, name, chain) })
}

// keep records and does what changes a key, and makes the banks that use it
// notice.
func (c *Certificates) keep(ctx context.Context, workspace, name, action string, do func() error) (Certificate, error) {
	if err := checkName(name); err != nil {
		return Certificate{}, err
	}
	if err := c.Audit.Record(ctx, workspace, action, name, nil); err != nil {
		return Certificate{}, err
	}
	if err := do(); err != nil {
		return Certificate{}, err
	}
	used, err := c.usage(ctx, workspace)
	if err != nil {
		return Certificate{}, err
	}
	for _, bank := range used(name) {
		if err := c.touch(ctx, workspace, bank); err != nil {
			return Certificate{}, err
		}
	}
	k, err := c.Keys.Key(ctx, workspace, name)
	if err != nil {
		return Certificate{}, err
	}
	out := describe(k, c.Now())
	out.UsedBy = used(name)
	return out, nil
}

// touch makes the bank's connector open its keys anew.
func (c *Certificates) touch(ctx context.Context, workspace, bank string) error {
	_, err := c.Store.UpdateRegistration(ctx, workspace, bank, func(r *Registration) ([]onepoint.Event, error) {
		r.Updated = c.Now()
		return []onepoint.Event{{Type: onepoint.EventRegistrationChanged, Subject: bank}}, nil
	})
	return err
}

// readChain reads the certificates of a PEM file.
func readChain(data []byte) ([]*x509.Certificate, error) {
	const op = "read certificate"
	if len(data) > maxChainPEM {
		return nil, onepoint.E(onepoint.CodeInvalid, op, "the PEM file is too long", nil)
	}
	var chain []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case strings.Contains(block.Type, "PRIVATE KEY"):
			return nil, onepoint.E(onepoint.CodeInvalid, op, "the file holds a private key; the certificates alone are wanted here, or import both under a new name", nil)
		case block.Type != "CERTIFICATE":
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, onepoint.E(onepoint.CodeInvalid, op, "a certificate in the PEM file is malformed", nil)
		}
		chain = append(chain, cert)
	}
	if len(chain) == 0 {
		return nil, onepoint.E(onepoint.CodeInvalid, op, "the file holds no certificate in PEM", nil)
	}
	return chain, nil
}

// Delete ends a key and its certificates for good. CodeConflict while a
// registration uses it, CodeNotFound when there is none.
func (c *Certificates) Delete(ctx context.Context, workspace, name string) error {
	if _, err := c.find(ctx, workspace, name); err != nil {
		return err
	}
	used, err := c.usage(ctx, workspace)
	if err != nil {
		return err
	}
	if banks := used(name); len(banks) > 0 {
		return onepoint.E(onepoint.CodeConflict, "delete certificate",
			"the registration at "+strings.Join(banks, ", ")+" uses it; move the bank to other certificates first, or deregister there", nil)
	}
	if err := c.Audit.Record(ctx, workspace, "certificate.deleted", name, nil); err != nil {
		return err
	}
	return c.Keys.Delete(ctx, workspace, name)
}
