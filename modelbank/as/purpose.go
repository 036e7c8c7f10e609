package as

import (
	"net/http"
	"slices"
	"strings"

	"github.com/onepointledger/onepoint/eidas"
)

// The kinds of intent (UK Open Banking Read/Write 4.0, security and access).
const (
	IntentAccounts = "accounts"
	IntentPayments = "payments"
	IntentFunds    = "fundsconfirmations"
	IntentVRP      = "vrp" // variable recurring payments; its scope is payments
)

// purpose is what one scope needs: the role of the software in the directory's
// statement, and the role of PSD2 in the certificate (ETSI TS 119 495).
type purpose struct {
	scope string
	role  string
	qwac  eidas.Role
}

// purposes are the scopes of the standard.
func purposes() []purpose {
	return []purpose{
		{"accounts", "AISP", eidas.RoleAI},
		{"payments", "PISP", eidas.RolePI},
		{"fundsconfirmations", "CBPII", eidas.RoleIC},
	}
}

// scopeOf is the scope that an intent of a kind needs.
func scopeOf(kind string) string {
	if kind == IntentVRP {
		return "payments"
	}
	return kind
}

// rolesFit checks that the certificate and the software have the role that each
// scope needs: unapproved names the error when they do not.
func rolesFit(scope string, roles []string, cert eidas.Certificate, unapproved string) error {
	for _, p := range purposes() {
		if !slices.Contains(strings.Fields(scope), p.scope) {
			continue
		}
		if !cert.Has(p.qwac) {
			return oauth(http.StatusBadRequest, unapproved, "the client certificate lacks the role "+string(p.qwac)+" that the scope "+p.scope+" needs")
		}
		if !slices.Contains(roles, p.role) {
			return oauth(http.StatusBadRequest, unapproved, "the software statement lacks the role "+p.role+" that the scope "+p.scope+" needs")
		}
	}
	return nil
}

// oneScope is the purpose of an authorization request: exactly one besides
// openid, for an intent is of one kind.
func oneScope(scope string) (string, error) {
	var found []string
	openid := false
	for _, one := range strings.Fields(scope) {
		if one == "openid" {
			openid = true
		} else {
			found = append(found, one)
		}
	}
	if !openid || len(found) != 1 {
		return "", oauth(http.StatusBadRequest, "invalid_scope", "scope must hold openid and one of accounts, payments and fundsconfirmations")
	}
	return found[0], nil
}
