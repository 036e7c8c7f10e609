// Package op connects to the PSD2 APIs of OP Financial Group (Finland). They
// follow no published standard: their own consent object ("authorization"), a
// hybrid flow that answers in the fragment, client secrets in the form beside
// mutual TLS, payments signed with detached JWS.
//
// The recipe covers OP's sandbox, whose generator issues the certificates. With
// a provider's own eIDAS certificates it starts at the software statement.
package op
