package onepoint

import (
	"context"
	"time"
)

// Client is what a bank gave us at registration: who we are there. Its secrets
// are in a [Credential].
type Client struct {
	ID          string            `json:"id"`
	AuthMethod  string            `json:"authMethod"` // RFC 8414: private_key_jwt, tls_client_auth, client_secret_post
	SigningAlg  string            `json:"signingAlg"`
	RedirectURI string            `json:"redirectUri"`
	Issuer      string            `json:"issuer"`              // the authorization server's
	Transport   string            `json:"transport,omitempty"` // name of the key whose certificate opens TLS; empty for the TPP's QWAC
	Seal        string            `json:"seal,omitempty"`      // name of the key that signs; empty for the TPP's QSEAL
	Facts       map[string]string `json:"facts,omitempty"`     // what else the bank's connector needs; not secret
	Registered  time.Time         `json:"registered"`
}

// Credential is what opens one bank, or a group of banks that share one portal:
// sealed at rest, and never shown again once saved.
type Credential struct {
	Label        string            `json:"label,omitempty"` // the user's name for it
	ClientID     string            `json:"clientId"`
	ClientSecret Secret            `json:"-"`
	APIKey       Secret            `json:"-"`
	More         map[string]Secret `json:"-"`                   // tokens of the bank's own kind, by name
	ValidFrom    time.Time         `json:"validFrom,omitzero"`  // zero: from the start
	ValidUntil   time.Time         `json:"validUntil,omitzero"` // zero: without end
}

// Onboarder registers the TPP at one bank as an ordered list of named steps.
type Onboarder interface{ Steps() []Step }

// Deregisterer ends a registration at the bank. Repeating it is no error.
type Deregisterer interface {
	Deregister(ctx context.Context, p *Progress) error
}

// Rotator moves a registration to other certificates without a failed call.
type Rotator interface {
	// Rotate makes the certificates that next names known at the bank, beside those
	// that p.Client names, and proves that they work there. Both must work when it
	// returns, as far as the bank allows two; the caller then changes p.Client.
	// Repeating it is safe. [CodeConflict] when the bank binds the registration to
	// its certificate, [CodeCertificateInvalid] when the new ones do not serve.
	Rotate(ctx context.Context, p *Progress, next Client) error
}

// Step is one step of an onboarding. Name is stable: it is the saved progress.
type Step struct {
	Name  string
	Title string // what is true once it is done
	Help  string // what it does and why, for the one who watches
	// Run must be safe to repeat. nil is done; [CodeInputRequired] waits for a
	// human, [CodeUnavailable] for the bank; anything else failed, with what to do
	// about it in the message.
	Run func(ctx context.Context, p *Progress) error
}

// Progress is what an onboarding has reached; it is saved after every step.
type Progress struct {
	Done      map[string]time.Time `json:"done"`                // by Step.Name
	Input     map[string]string    `json:"input"`               // answers a human gave; secret ones are in the credential
	Facts     map[string]string    `json:"facts"`               // what steps learned; not secret
	Artifacts map[string]string    `json:"artifacts,omitempty"` // files a developer expects, by name: PEM, JWT, JSON; no private key
	Client    Client               `json:"client"`              // the result
}

// Holds names what the set has, without showing it: "client id", "client
// secret", "API key", "tokens".
func (c Credential) Holds() []string {
	holds := []string{}
	for _, part := range []struct {
		has  bool
		name string
	}{{c.ClientID != "", "client id"}, {c.ClientSecret != "", "client secret"}, {c.APIKey != "", "API key"}, {len(c.More) > 0, "tokens"}} {
		if part.has {
			holds = append(holds, part.name)
		}
	}
	return holds
}
