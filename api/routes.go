package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// list is one page of a list.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last"`
}

type body[T any] struct{ Body T }

// routes is every operation of the API.
func (a *API) routes() []func(huma.API) {
	get, post, put, del := http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return []func(huma.API){
		route(public(operation(get, "/me", "me", "Who is signed in")), a.me),
		route(public(operation(post, "/setup", "setup", "Make the owner of a new ledger and sign in")), a.setup),
		route(public(operation(post, "/session", "sign-in", "Sign in")), a.login),
		route(public(status(operation(del, "/session", "sign-out", "Sign out"), http.StatusNoContent)), a.logout),
		route(public(operation(get, "/health", "health", "Whether the platform works")), a.health),
		route(operation(get, "/doctor", "doctor", "Check what commonly breaks"), a.doctor),

		route(operation(get, "/api-keys", "list-api-keys", "List API keys"), a.listKeys),
		route(status(operation(post, "/api-keys", "create-api-key", "Create an API key; it is shown once"), http.StatusCreated), a.createKey),
		route(status(operation(del, "/api-keys/{id}", "delete-api-key", "Delete an API key"), http.StatusNoContent), a.deleteKey),

		route(operation(get, "/audit", "list-audit", "What was done with keys, certificates, credentials and registrations, newest last"), a.listAudit),
		route(operation(get, "/audit/proof", "prove-audit", "Check that no entry of the audit log was changed, moved or lost"), a.proveAudit),

		route(operation(get, "/credentials", "list-credentials", "List credential sets, without their secrets"), a.listCredentials),
		route(operation(http.MethodPut, "/credentials/{group}", "save-credential", "Save or change a credential set; what is absent stays"), a.saveCredential),
		route(status(operation(del, "/credentials/{group}", "remove-credential", "Remove a credential set that no registered bank needs"), http.StatusNoContent), a.removeCredential),

		route(operation(get, "/banks", "list-banks", "List the banks of the catalogue"), a.listBanks),
		route(operation(get, "/banks/{id}", "get-bank", "Read a bank"), a.getBank),
		route(operation(get, "/banks/{id}/operations", "list-operations", "List the calls that a bank has beyond accounts, payments and funds"), a.listOperations),
		route(operation(post, "/banks/{id}/operations/{name}", "operate-as-client", "Make a bank's own call as ourselves"), a.operateAsClient),
		route(operation(get, "/registrations", "list-registrations", "List the registrations at banks"), a.listRegistrations),
		route(status(operation(post, "/registrations", "register", "Register at a bank, or take it up again"), http.StatusAccepted), a.register),
		route(operation(get, "/registrations/{bank}", "get-registration", "Read the registration at a bank"), a.getRegistration),
		route(operation(del, "/registrations/{bank}", "deregister", "End the registration at a bank"), a.deregister),
		route(operation(get, "/registrations/{bank}/exchanges", "list-exchanges", "What was said to the bank while registering, secrets masked"), a.listExchanges),
		route(operation(get, "/registrations/{bank}/files/{name}", "get-registration-file", "Read a file that the registration made"), a.getFile),
		route(operation(post, "/registrations/{bank}/certificates", "use-certificates", "Move the registration at a bank to other certificates"), a.useCertificates),

		route(operation(get, "/certificates", "list-certificates", "List keys and certificates"), a.listCertificates),
		route(operation(get, "/certificates/{name}", "get-certificate", "Read a certificate, and ask whether it was revoked"), a.getCertificate),
		route(status(operation(post, "/certificates/import", "import-certificate", "Keep a private key made elsewhere, and its certificates"), http.StatusCreated), a.importCertificate),
		route(status(operation(post, "/certificates/request", "request-certificate", "Make a key and a certificate request to send to an issuer"), http.StatusCreated), a.requestCertificate),
		route(status(operation(post, "/certificates/issue", "issue-certificate", "Make a key and have the local test issuer certify it"), http.StatusCreated), a.issueCertificate),
		route(operation(put, "/certificates/{name}/chain", "install-certificate", "Keep what the issuer sent for a key"), a.installCertificate),
		route(status(operation(del, "/certificates/{name}", "delete-certificate", "Delete a key and its certificates that no bank uses"), http.StatusNoContent), a.deleteCertificate),

		route(operation(get, "/connections", "list-connections", "List connections"), a.listConnections),
		route(status(operation(post, "/connections", "connect", "Ask a bank for consent"), http.StatusCreated), a.connect),
		route(operation(get, "/connections/{id}", "get-connection", "Read a connection"), a.getConnection),
		route(status(operation(del, "/connections/{id}", "revoke-connection", "End the consent at the bank and here"), http.StatusNoContent), a.revokeConnection),
		route(status(operation(post, "/connections/{id}/sync", "sync-connection", "Read the bank now"), http.StatusAccepted), a.syncConnection),
		route(operation(post, "/connections/{id}/funds", "confirm-funds", "Ask whether the account could pay an amount"), a.confirmFunds),
		route(operation(post, "/connections/{id}/operations/{name}", "operate-for-user", "Make a bank's own call for a user, under a connection"), a.operateForUser),
		route(operation(get, "/payments", "list-payments", "List payments, newest first"), a.listPayments),
		route(status(operation(post, "/payments", "pay", "Order a payment; the user then authorises it at the bank"), http.StatusCreated), a.pay),
		route(operation(get, "/payments/{id}", "get-payment", "Read a payment"), a.getPayment),
		route(public(operation(post, "/payments/callback", "payment-callback", "Finish a payment with what the bank sent back; its state begins with p.")), a.paymentCallback),
		route(public(operation(post, "/callback", "callback", "Finish a connection with what the bank sent back")), a.callback),

		route(operation(get, "/accounts", "list-accounts", "List accounts"), a.listAccounts),
		route(operation(get, "/accounts/{id}", "get-account", "Read an account"), a.getAccount),
		route(operation(get, "/balances", "list-balances", "List balances"), a.listBalances),
		route(operation(get, "/transactions", "list-transactions", "List transactions, newest first"), a.listTransactions),
		route(operation(get, "/export", "export", "Export transactions as CSV or JSON Lines"), a.export),
	}
}

func operation(method, path, id, summary string) huma.Operation {
	return huma.Operation{
		Method: method, Path: "/api/v1" + path, OperationID: id, Summary: summary, MaxBodyBytes: maxBody,
		Security: []map[string][]string{{"apiKey": {}}, {"session": {}}},
	}
}

func public(o huma.Operation) huma.Operation {
	o.Metadata, o.Security = map[string]any{open: true}, []map[string][]string{}
	return o
}

func status(o huma.Operation, code int) huma.Operation {
	o.DefaultStatus = code
	return o
}

// route registers an operation; its errors become problems.
func route[I, O any](o huma.Operation, h handler[I, O]) func(huma.API) {
	return func(api huma.API) { huma.Register(api, o, h.withProblems()) }
}
