package onepoint

import (
	"context"
	"time"
)

// Client is what a bank gave us at registration: who we are there.
type Client struct {
	ID          string    `json:"id"`
	AuthMethod  string    `json:"authMethod"` // RFC 8414: private_key_jwt, tls_client_auth
	SigningAlg  string    `json:"signingAlg"`
	RedirectURI string    `json:"redirectUri"`
	Issuer      string    `json:"issuer"` // the authorization server's
	Registered  time.Time `json:"registered"`
}

// Onboarder registers the TPP at one bank as an ordered list of named steps.
type Onboarder interface{ Steps() []Step }

// Step is one step of an onboarding. Name is stable: it is the saved progress.
type Step struct {
	Name  string
	Title string
	// Run must be safe to repeat. nil is done; [CodeInputRequired] waits for a
	// human, [CodeUnavailable] for the bank; anything else failed, with what to do
	// about it in the message.
	Run func(ctx context.Context, p *Progress) error
}

// Progress is what an onboarding has reached; it is saved after every step.
type Progress struct {
	Done   map[string]time.Time `json:"done"`   // by Step.Name
	Input  map[string]string    `json:"input"`  // answers a human gave
	Facts  map[string]string    `json:"facts"`  // what steps learned; not secret
	Client Client               `json:"client"` // the result
}
