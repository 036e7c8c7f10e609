package tpp

import (
	"cmp"
	"context"
	"crypto"
	"crypto/x509"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/eidas"
)

// Certificates looks after the TPP's keys and certificates: where they come
// from, which bank uses them, when they end, and how a bank is moved to others.
// Private keys stay in the vault: no method gives one out.
type Certificates struct {
	Keys       KeyStore
	Issuer     CertificateIssuer // nil: none here, certificates come from outside
	Revocation RevocationChecker
	Store      Registrations
	Alarms     CertificateAlarms
	Banks      Banks
	Sync       *Syncing // whose leases keep syncs away while a bank is moved
	Audit      Auditor
	// Names of the pair of a registration that names none.
	Transport, Seal string
	Now             onepoint.Clock
	Log             *slog.Logger
}

// Key is a key as the vault shows it.
type Key struct {
	Name      string
	Algorithm string
	Public    crypto.PublicKey
	Chain     []*x509.Certificate // leaf first; empty while there is only a key
}

// KeyStore is the vault.
type KeyStore interface {
	KeyShelf
	KeySource
}

// KeyShelf is what the vault holds.
type KeyShelf interface {
	Keys(ctx context.Context, workspace string) ([]Key, error)
	Key(ctx context.Context, workspace, name string) (Key, error) // CodeNotFound
	SetChain(ctx context.Context, workspace, name string, chain []*x509.Certificate) error
	Delete(ctx context.Context, workspace, name string) error
}

// KeySource is how keys come into the vault, and what signs with them.
type KeySource interface {
	NewKey(ctx context.Context, workspace, name, algorithm string) (crypto.PublicKey, error)
	Import(ctx context.Context, workspace, name string, pem []byte) error
	ImportPKCS12(ctx context.Context, workspace, name string, data []byte, password string) error
	Signer(ctx context.Context, workspace, name string) (crypto.Signer, error)
}

// CertificateIssuer is a local test QTSP; *eidas.QTSP is one.
type CertificateIssuer interface {
	IssueCSR(der []byte, notBefore, notAfter time.Time) (*x509.Certificate, error)
	Chain() []*x509.Certificate // after the leaf
}

// RevocationChecker asks issuers; *eidas.Revocation does.
type RevocationChecker interface {
	Check(ctx context.Context, leaf, issuer *x509.Certificate) (eidas.Status, error)
}

// askLimit bounds a question to an issuer: its answer is welcome, not essential.
const askLimit = 5 * time.Second

// List describes every key of the workspace, by name. Issuers are not asked.
func (c *Certificates) List(ctx context.Context, workspace string) ([]Certificate, error) {
	keys, err := c.Keys.Keys(ctx, workspace)
	if err != nil {
		return nil, err
	}
	used, err := c.usage(ctx, workspace)
	if err != nil {
		return nil, err
	}
	out := make([]Certificate, 0, len(keys))
	for _, k := range keys {
		one := describe(k, c.Now())
		one.UsedBy = used(k.Name)
		out = append(out, one)
	}
	return out, nil
}

// Get describes one key and asks the certificate's issuer whether it was
// revoked. CodeNotFound.
func (c *Certificates) Get(ctx context.Context, workspace, name string) (Certificate, error) {
	k, err := c.find(ctx, workspace, name)
	if err != nil {
		return Certificate{}, err
	}
	used, err := c.usage(ctx, workspace)
	if err != nil {
		return Certificate{}, err
	}
	out := describe(k, c.Now())
	out.UsedBy = used(name)
	out.Revocation, out.RevokedAt = c.revocation(ctx, k.Chain)
	if out.Revocation == RevocationRevoked {
		out.Warnings = append(out.Warnings, "its issuer revoked it on "+out.RevokedAt.Format(time.DateOnly))
	}
	return out, nil
}

func (c *Certificates) find(ctx context.Context, workspace, name string) (Key, error) {
	if err := checkName(name); err != nil {
		return Key{}, err
	}
	k, err := c.Keys.Key(ctx, workspace, name)
	if onepoint.CodeOf(err) == onepoint.CodeNotFound {
		return Key{}, onepoint.E(onepoint.CodeNotFound, "find certificate", "there is no key or certificate "+name, err)
	}
	return k, err
}

// revocation asks the issuer. Who asks has a reason of its own, so that no
// failure here is an error.
func (c *Certificates) revocation(ctx context.Context, chain []*x509.Certificate) (RevocationState, time.Time) {
	switch {
	case len(chain) == 0 || c.Revocation == nil:
		return "", time.Time{}
	case len(chain) == 1:
		return RevocationNotTold, time.Time{}
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	s, err := c.Revocation.Check(ctx, chain[0], chain[1])
	switch {
	case err != nil:
		c.Log.InfoContext(ctx, "revocation not answered", "serial", chain[0].SerialNumber.Text(16), "error", err)
		return RevocationNotAnswered, time.Time{}
	case s.State == eidas.Revoked:
		return RevocationRevoked, s.RevokedAt.UTC()
	case s.State == eidas.Good:
		return RevocationGood, time.Time{}
	}
	return RevocationNotTold, time.Time{}
}

// usage returns what tells the banks that use a key.
func (c *Certificates) usage(ctx context.Context, workspace string) (func(name string) []string, error) {
	all, err := c.Store.Registrations(ctx, workspace)
	if err != nil {
		return nil, err
	}
	return func(name string) []string {
		var banks []string
		for _, r := range all {
			if c.uses(r, name) {
				banks = append(banks, r.Bank)
			}
		}
		return banks
	}, nil
}

// uses reports whether a registration needs the key. One that is not finished
// names its keys among the facts, and one on the move needs both pairs.
func (c *Certificates) uses(r Registration, name string) bool {
	if r.Status == RegistrationNone {
		return false
	}
	transport, seal := c.pair(r.Progress.Client)
	return name == transport || name == seal || slices.Contains(slices.Collect(maps.Values(r.Progress.Facts)), name)
}

// pair names the keys of a client.
func (c *Certificates) pair(client onepoint.Client) (transport, seal string) {
	return cmp.Or(client.Transport, c.Transport), cmp.Or(client.Seal, c.Seal)
}

// wellNamed is what a name may be: it stands in addresses and files.
func wellNamed() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?$`) }

func checkName(name string) error {
	if !wellNamed().MatchString(name) {
		return onepoint.Missing("name certificate", "name", "must be 1 to 64 lower-case letters, digits, dots and dashes, and neither begin nor end with a dot or dash")
	}
	return nil
}
