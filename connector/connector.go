package connector

import (
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
	Profile Profile
	Client  onepoint.Client // zero while onboarding
	HTTP    *http.Client    // presents the QWAC, trusts the bank's roots, times out
	Signer  Signer          // signs with the QSEAL's key
	TPP     Identity
	Now     onepoint.Clock
	NewID   onepoint.IDs
	Log     *slog.Logger
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
