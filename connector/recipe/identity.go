package recipe

import (
	"context"

	"github.com/onepointledger/onepoint"
	"github.com/onepointledger/onepoint/connector"
)

// Identity is for banks that take no registration: the QWAC says who the TPP is,
// and its organizationIdentifier is the client id (Berlin Group NextGenPSD2).
func Identity(env connector.Env) onepoint.Onboarder { return &identity{env} }

type identity struct{ connector.Env }

// Steps implements onepoint.Onboarder.
func (r *identity) Steps() []onepoint.Step {
	return []onepoint.Step{
		{Name: "certificates", Title: "certificate checked", Help: certificatesHelp, Run: r.certificates},
		{
			Name: "identity", Title: "known to the bank by the QWAC", Run: r.identity,
			Help: "This bank asks for no registration: the organisation in the QWAC is the client, from the first call on.",
		},
	}
}

func (r *identity) certificates(context.Context, *onepoint.Progress) error {
	_, err := checkTransport(r.TPP.Transport, r.Now())
	return err
}

func (r *identity) identity(_ context.Context, p *onepoint.Progress) error {
	cert, err := checkTransport(r.TPP.Transport, r.Now())
	if err != nil {
		return err
	}
	if cert.Identifier == "" {
		return refuse("the QWAC names no organisation (organizationIdentifier)")
	}
	p.Client = clientOf(r.Env, cert.Identifier)
	return nil
}

// clientOf is a client as the profile says its bank treats it.
func clientOf(env connector.Env, id string) onepoint.Client {
	return onepoint.Client{
		ID: id, AuthMethod: env.Profile.Security.ClientAuth, SigningAlg: env.Profile.Security.SigningAlg,
		RedirectURI: env.TPP.RedirectURI, Issuer: env.Profile.Endpoints.Issuer, Registered: env.Now().UTC(),
	}
}
