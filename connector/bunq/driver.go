package bunq

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
)

// installationKey is the name of the key that signs requests to bunq.
const installationKey = "bunq-installation"

// Facts of the client and of the progress.
const (
	factServerKey   = "server_public_key" // PEM; bunq signs answers with it
	factPSP         = "psp_user_id"       // the TPP's user at bunq
	factOAuthClient = "oauth_client_id"   // number of the OAuth client, not its client_id
)

// Names in the credential.
const (
	moreInstallation   = "installation_token"
	moreInstalledKey   = "installation_key" // id of the key that the installation is for
	moreServerKey      = "server_public_key"
	moreAPIKeyExpiry   = "api_key_expiry"
	moreDevice         = "device_id"
	morePSP            = "psp_user_id"
	moreSession        = "session_token"
	moreSessionExpires = "session_expires"
)

// Driver returns bunq's driver: "bunq".
func Driver() connector.Driver {
	return connector.Driver{
		Name:    "bunq",
		Open:    func(env connector.Env) (onepoint.Connector, error) { return open(env) },
		Onboard: func(env connector.Env) (onepoint.Onboarder, error) { return newRecipe(env), nil },
	}
}

// Connector is bunq as a registered TPP sees it. Its methods are those of the
// interfaces that it implements, with their errors.
type Connector struct {
	env  connector.Env
	zone *time.Location
	api  *api
	psp  *ownSession
}

var (
	_ onepoint.Connector      = (*Connector)(nil)
	_ onepoint.AccountReader  = (*Connector)(nil)
	_ onepoint.Refresher      = (*Connector)(nil)
	_ onepoint.Payer          = (*Connector)(nil)
	_ onepoint.FundsConfirmer = (*Connector)(nil)
	_ onepoint.Revoker        = (*Connector)(nil)
	_ onepoint.Operator       = (*Connector)(nil)
)

func open(env connector.Env) (*Connector, error) {
	const op = "open bunq"
	zone, err := time.LoadLocation(env.Profile.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("load the bank's time zone: %w", err)
	}
	server, err := readServerKey(env.Client.Facts[factServerKey])
	if err != nil {
		return nil, err
	}
	if env.Credential.More[moreInstallation] == "" || env.Credential.APIKey == "" || env.Credential.ClientSecret == "" {
		return nil, onepoint.E(onepoint.CodeConflict, op, "the credential of bunq is not complete; register again", nil)
	}
	if env.Signer.Key == nil {
		return nil, onepoint.E(onepoint.CodeConflict, op, "the key of the installation is missing; register again", nil)
	}
	a := newAPI(env, newPacer(env.Profile.Onboarding.Options["pace"] == "off"))
	a.signer, a.server = env.Signer.Key, server
	return &Connector{env: env, zone: zone, api: a, psp: &ownSession{
		token: env.Credential.More[moreSession].Reveal(), user: env.Client.Facts[factPSP],
	}}, nil
}

func readServerKey(text string) (*rsa.PublicKey, error) {
	const op = "read bunq's public key"
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, onepoint.E(onepoint.CodeProtocol, op, "the server's public key is no PEM", nil)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	public, ok := parsed.(*rsa.PublicKey)
	if err != nil || !ok || public.N.BitLen() < 2048 {
		return nil, onepoint.E(onepoint.CodeProtocol, op, "the server's public key is no RSA key of 2048 bits or more", err)
	}
	return public, nil
}
