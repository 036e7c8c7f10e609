package bunq

import "context"

// caller is who may make a call.
type caller int

const (
	bySession      caller = iota // with a session token
	byInstallation               // with an installation token
	anyone
)

// sessionServer has a limit of its own.
const sessionServer = "POST /session-server"

// route is one endpoint below /v1.
type route struct {
	pattern string
	who     caller
	signed  bool // bunq answers 466 without a signature
	do      func(ctx context.Context, c *call) (answer, error)
}

func (s *Server) routes() []route {
	all := []route{
		{"POST /installation", anyone, false, s.install},
		{"POST /payment-service-provider-credential", byInstallation, false, s.addCredential},
		{"GET /payment-service-provider-credential/{id}", byInstallation, false, s.getCredential},
		{"POST /device-server", byInstallation, false, s.addDevice},
		{"GET /device-server", byInstallation, false, s.listDevices},
		{"GET /device-server/{id}", byInstallation, false, s.getDevice},
		{sessionServer, byInstallation, true, s.addSession},
		{"DELETE /session/{id}", bySession, false, s.endSession},
		{"GET /user", bySession, false, s.listUsers},
		{"GET /user/{u}", bySession, false, s.getUser},
		{"GET /user-person/{u}", bySession, false, s.getPerson},
		{"GET /user-payment-service-provider/{u}", bySession, false, s.getProvider},
	}
	all = append(all, s.clientRoutes()...)
	all = append(all, s.accountRoutes()...)
	return append(all, s.providerRoutes()...)
}

// clientRoutes are about a provider's OAuth client and API keys.
func (s *Server) clientRoutes() []route {
	return []route{
		{"POST /user/{u}/oauth-client", bySession, false, s.addClient},
		{"GET /user/{u}/oauth-client", bySession, false, s.listClients},
		{"GET /user/{u}/oauth-client/{id}", bySession, false, s.getClient},
		{"PUT /user/{u}/oauth-client/{id}", bySession, false, s.putClient},
		{"POST /user/{u}/oauth-client/{id}/callback-url", bySession, false, s.addCallback},
		{"GET /user/{u}/oauth-client/{id}/callback-url", bySession, false, s.listCallbacks},
		{"GET /user/{u}/oauth-client/{id}/callback-url/{item}", bySession, false, s.getCallback},
		{"PUT /user/{u}/oauth-client/{id}/callback-url/{item}", bySession, false, s.putCallback},
		{"DELETE /user/{u}/oauth-client/{id}/callback-url/{item}", bySession, false, s.deleteCallback},
		{"GET /user/{u}/credential-password-ip", bySession, false, s.listPasswords},
		{"GET /user/{u}/credential-password-ip/{id}", bySession, false, s.getPassword},
		{"GET /user/{u}/credential-password-ip/{id}/ip", bySession, false, s.listIPs},
		{"POST /user/{u}/credential-password-ip/{id}/ip", bySession, false, s.addIP},
		{"GET /user/{u}/credential-password-ip/{id}/ip/{item}", bySession, false, s.getIP},
		{"PUT /user/{u}/credential-password-ip/{id}/ip/{item}", bySession, false, s.putIP},
	}
}

// accountRoutes are what a user's session reads and orders.
func (s *Server) accountRoutes() []route {
	const account = " /user/{u}/monetary-account/{a}"
	return []route{
		{"GET /user/{u}/monetary-account", bySession, false, s.listAccounts},
		{"GET" + account, bySession, false, s.getAccount},
		{"GET" + account + "/payment", bySession, false, s.listPayments},
		{"GET" + account + "/payment/{id}", bySession, false, s.getPayment},
		{"POST" + account + "/request-inquiry", bySession, false, s.addInquiry},
		{"GET" + account + "/request-inquiry", bySession, false, s.listInquiries},
		{"GET" + account + "/request-inquiry/{id}", bySession, false, s.getInquiry},
		{"POST" + account + "/draft-payment", bySession, true, s.addDraft},
		{"GET" + account + "/draft-payment", bySession, false, s.listDrafts},
		{"GET" + account + "/draft-payment/{id}", bySession, false, s.getDraft},
		{"PUT" + account + "/draft-payment/{id}", bySession, true, s.putDraft},
		{"POST /user/{u}/confirmation-of-funds", bySession, false, s.confirmFunds},
	}
}

// providerRoutes are the payments that a provider initiates.
func (s *Server) providerRoutes() []route {
	const drafts = " /user/{u}/payment-service-provider-draft-payment"
	const issuers = " /user/{u}/payment-service-provider-issuer-transaction"
	return []route{
		{"POST" + drafts, bySession, true, s.addPSPDraft},
		{"GET" + drafts, bySession, false, s.listPSPDrafts},
		{"GET" + drafts + "/{id}", bySession, false, s.getPSPDraft},
		{"PUT" + drafts + "/{id}", bySession, false, s.putPSPDraft},
		{"POST" + issuers, bySession, true, s.addIssuer},
		{"GET" + issuers, bySession, false, s.listIssuers},
		{"GET" + issuers + "/{id}", bySession, false, s.getIssuer},
		{"PUT" + issuers + "/{id}", bySession, false, s.putIssuer},
		{"GET" + issuers + "-public/{uuid}", bySession, false, s.getIssuerPublic},
	}
}
