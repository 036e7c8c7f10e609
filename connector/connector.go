package connector

import (
	"context"
	"crypto"
	"crypto/x509"
	"log/slog"
	"net/http"

	"github.com/onepointledger/onepoint"
)

// Driver makes connectors for all banks of one standard, or for one bank that
// follows none.
type Driver struct {
	// Name is the standard's name as profiles spell it: "uk-open-banking".
	Name string
	// Open returns the connector of a registered client.
	Open func(Env) (onepoint.Connector, error)
	// Onboard returns the recipe that registers the TPP at the bank.
	Onboard func(Env) (onepoint.Onboarder, error)
}

// Env is everything a connector may touch.
type Env struct {
	Profile    Profile
	Client     onepoint.Client     // zero while onboarding
	Credential onepoint.Credential // zero when the bank's group has none
	HTTP       *http.Client        // presents the client's transport certificate, trusts the bank's roots, times out
	Signer     Signer              // signs with the client's seal
	TPP        Identity
	Keys       Keys        // for onboarding
	Secrets    Credentials // for onboarding
	Now        onepoint.Clock
	NewID      onepoint.IDs
	Log        *slog.Logger
}

// Keys is the vault as a recipe sees it: keys by name, of this bank alone.
type Keys interface {
	// Make returns the signer under a name, making an RSA-2048 key on the first call.
	Make(ctx context.Context, name string) (Signer, error)
	// ImportJWK keeps a private RSA key given as a JWK (RFC 7517), with or without
	// its primes, and the certificates of its x5c. Importing it again is fine;
	// [onepoint.CodeInvalid] when the certificate is not the key's.
	ImportJWK(ctx context.Context, name string, jwk []byte) error
	// Signer returns the signer under a name. [onepoint.CodeNotFound].
	Signer(ctx context.Context, name string) (Signer, error)
	// HTTP returns a client that presents the certificate of a name.
	HTTP(ctx context.Context, name string) (*http.Client, error)
}

// Credentials is where a recipe keeps what the bank gave it: one set for all
// banks of the profile's group.
type Credentials interface {
	// Read returns the set; [onepoint.CodeNotFound] when there is none.
	Read(ctx context.Context) (onepoint.Credential, error)
	// Save replaces the set.
	Save(ctx context.Context, c onepoint.Credential) error
	// Remove ends the set; removing what is not there is no error.
	Remove(ctx context.Context) error
}

// Signer is a signing key that stays in the vault, with its certificate chain,
// leaf first.
type Signer struct {
	Key   crypto.Signer
	KeyID string // kid in the published JWKS: base64url SHA-256 of the key (RFC 7638)
	Chain []*x509.Certificate
}

// Identity is who the TPP says it is when it registers.
type Identity struct {
	OrganisationID string // organizationIdentifier, "PSDGB-FCA-123456"
	Name           string
	SoftwareName   string
	RedirectURI    string
	Roles          []string            // UK directory roles: AISP, PISP, CBPII
	Transport      *x509.Certificate   // the QWAC
	Chain          []*x509.Certificate // its chain, leaf first
}
