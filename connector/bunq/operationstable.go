package bunq

import (
	"net/http"
	"slices"
)

// Endpoints that the rest of the connector calls too. bunq counts calls for each
// endpoint, and so does the pacer, by these names.
const (
	opAccounts  = "read accounts"
	opAccount   = "read the balance"
	opPayments  = "read payments"
	opIssue     = "ask for a payment"
	opIssued    = "read the payment"
	opKeys      = "list API keys"
	opAddresses = "list addresses of an API key"
	opAddress   = "change an address of an API key"
)

const (
	accountPlace = "/monetary-account/{account}"
	keyPlace     = "/credential-password-ip"
	addressPlace = keyPlace + "/{credential}/ip"
	inquiryKind  = "RequestInquiry"
	draftKind    = "DraftPayment"
	keyKind      = "CredentialPasswordIp"
	addressKind  = "PermittedIp"
	madeKind     = "Id"
)

// operations is the table of calls.
func operations() []operation {
	return slices.Concat(accountOperations(), inquiryOperations(), draftOperations(), issuerOperations(), keyOperations())
}

func accountOperations() []operation {
	return []operation{
		{
			name: "user.get", title: "Read the user who gave the access", op: "read who gave the access", method: http.MethodGet,
			help: "The object comes under its kind: UserApiKey names who was granted access and by whom.",
		},
		{
			name: "provider.get", title: "Read our own user", client: true, op: "read our own user", method: http.MethodGet,
			help: "The object comes under its kind: UserPaymentServiceProvider.",
		},
		{
			name: "monetary-account.list", title: "List accounts", op: opAccounts, method: http.MethodGet, path: "/monetary-account",
			takes: pagingFields(), list: true, help: "Each object comes under its kind, such as MonetaryAccountBank.",
		},
		{
			name: "monetary-account.get", title: "Read an account", op: opAccount, method: http.MethodGet, path: accountPlace,
			takes: []field{accountField()}, help: "The object comes under its kind, such as MonetaryAccountBank.",
		},
		{
			name: "payment.list", title: "List the payments of an account, newest first", op: opPayments, method: http.MethodGet, path: accountPlace + "/payment",
			takes: slices.Concat([]field{accountField()}, pagingFields()), kind: "Payment", list: true,
		},
		{
			name: "payment.get", title: "Read a payment of an account", op: "read one payment", method: http.MethodGet, path: accountPlace + "/payment/{payment}",
			takes: []field{accountField(), numberField("payment")}, kind: "Payment",
		},
	}
}

func inquiryOperations() []operation {
	const place = accountPlace + "/request-inquiry"
	return []operation{
		{
			name: "request-inquiry.create", title: "Ask somebody for money", op: "ask for money", method: http.MethodPost, path: place,
			takes: slices.Concat([]field{accountField()}, moneyFields(), []field{partyField("to"), nameField().orNone(), descriptionField()}),
			body:  inquiryBody, kind: madeKind,
			help: "The money comes when they accept. bunq's sandbox gives at once what is asked of sugardaddy@bunq.com, up to 500.",
		},
		{
			name: "request-inquiry.list", title: "List requests for money, newest first", op: "list requests for money", method: http.MethodGet, path: place,
			takes: slices.Concat([]field{accountField()}, pagingFields()), kind: inquiryKind, list: true,
		},
		{
			name: "request-inquiry.get", title: "Read a request for money", op: "read a request for money", method: http.MethodGet, path: place + "/{request}",
			takes: []field{accountField(), numberField("request")}, kind: inquiryKind,
		},
	}
}

func draftOperations() []operation {
	const place, one = accountPlace + "/draft-payment", accountPlace + "/draft-payment/{draft}"
	return []operation{
		{
			name: "draft-payment.create", title: "Prepare a payment that the user accepts in the app", op: "prepare a draft payment", method: http.MethodPost, path: place,
			takes: slices.Concat([]field{accountField()}, moneyFields(), []field{ibanField("to"), nameField(), descriptionField()}),
			body:  draftBody, kind: madeKind, help: "No money moves before the user accepts.",
		},
		{
			name: "draft-payment.list", title: "List draft payments, newest first", op: "list draft payments", method: http.MethodGet, path: place,
			takes: slices.Concat([]field{accountField()}, pagingFields()), kind: draftKind, list: true,
		},
		{
			name: "draft-payment.get", title: "Read a draft payment", op: "read a draft payment", method: http.MethodGet, path: one,
			takes: []field{accountField(), numberField("draft")}, kind: draftKind,
		},
		{
			name: "draft-payment.cancel", title: "Take a draft payment back", op: "cancel a draft payment", method: http.MethodPut, path: one,
			takes: []field{accountField(), numberField("draft")}, body: cancelBody, kind: madeKind, help: "Only while the user has not decided.",
		},
	}
}

func issuerOperations() []operation {
	return []operation{
		{
			name: "issuer-transaction.create", title: "Initiate a payment that the user accepts on bunq's page", client: true,
			op: opIssue, method: http.MethodPost, path: issuerPath,
			takes: slices.Concat(moneyFields(), []field{ibanField("to"), nameField(), descriptionField(), urlField("redirect"), timeField("expires").orNone()}),
			body:  issuerBody, kind: madeKind, help: "Such a payment is not among our payments; ordering one as a payment keeps it and follows it to its end.",
		},
		{
			name: "issuer-transaction.get", title: "Read a payment that we initiated", client: true, op: opIssued, method: http.MethodGet,
			path: issuerPath + "/{transaction}", takes: []field{numberField("transaction")}, kind: issuerKind,
		},
		{
			name: "issuer-transaction.public.get", title: "Read a payment by its public UUID", client: true, op: "read a payment by its UUID", method: http.MethodGet,
			path: issuerPath + "-public/{uuid}", takes: []field{uuidField("uuid")}, kind: issuerKind,
		},
	}
}

func keyOperations() []operation {
	credential := numberField("credential")
	return []operation{
		{
			name: "credential-password-ip.list", title: "List our API keys, newest first", client: true, op: opKeys, method: http.MethodGet,
			path: keyPlace, takes: pagingFields(), kind: keyKind, list: true,
		},
		{
			name: "credential-password-ip.get", title: "Read one of our API keys", client: true, op: "read an API key", method: http.MethodGet,
			path: keyPlace + "/{credential}", takes: []field{credential}, kind: keyKind, help: "bunq does not show the key itself again.",
		},
		{
			name: "credential-password-ip.ip.list", title: "List the addresses that an API key may be used from", client: true, op: opAddresses, method: http.MethodGet,
			path: addressPlace, takes: slices.Concat([]field{credential}, pagingFields()), kind: addressKind, list: true,
		},
		{
			name: "credential-password-ip.ip.add", title: "Permit an address", client: true, op: "permit an address", method: http.MethodPost,
			path: addressPlace, takes: []field{credential, ipField(), statusField().orNone()}, body: addressBody, kind: madeKind,
		},
		{
			name: "credential-password-ip.ip.get", title: "Read a permitted address", client: true, op: "read a permitted address", method: http.MethodGet,
			path: addressPlace + "/{address}", takes: []field{credential, numberField("address")}, kind: addressKind,
		},
		{
			name: "credential-password-ip.ip.update", title: "Change a permitted address", client: true, op: opAddress, method: http.MethodPut,
			path: addressPlace + "/{address}", takes: []field{credential, numberField("address"), ipField(), statusField().orNone()}, body: addressBody, kind: madeKind,
			help: "INACTIVE shuts an address out. Without an active one that we call from, the API key is of no use.",
		},
	}
}
