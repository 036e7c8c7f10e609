package as

import (
	"net/http"
	"slices"
	"strings"

	"github.com/onepointledger/onepoint/fapi"
)

// wantedACR are the authentication contexts that a request accepts (OpenID
// Connect Core section 5.5.1.1). None means any. The bool says that one of them
// is essential.
func wantedACR(o fapi.RequestObject) ([]string, bool, error) {
	acr := o.Claims.IDToken.ACR
	wanted := slices.Clone(acr.Values)
	if acr.Value != "" && !slices.Contains(wanted, acr.Value) {
		wanted = append(wanted, acr.Value)
	}
	known := slices.DeleteFunc(slices.Clone(wanted), func(v string) bool { return v != fapi.ACRSCA && v != fapi.ACRCA })
	if acr.Essential && len(wanted) > 0 && len(known) == 0 {
		return nil, false, oauth(http.StatusBadRequest, "unmet_authentication_requirements", "acr must be "+fapi.ACRSCA+" or "+fapi.ACRCA)
	}
	return known, acr.Essential && len(known) > 0, nil
}

// mayExempt says whether the request lets the bank leave the second factor out:
// it does not insist on strong customer authentication.
func (a authorization) mayExempt() bool {
	return !a.ACREssential || slices.Contains(a.ACR, fapi.ACRCA)
}

// acr is what the ID token says of an authentication: with one that was strong,
// the context that the request insists on, for the stronger serves the weaker.
func (a authorization) acr(strong bool) string {
	switch {
	case !strong:
		return fapi.ACRCA
	case a.ACREssential && !slices.Contains(a.ACR, fapi.ACRSCA):
		return fapi.ACRCA
	}
	return fapi.ACRSCA
}

// judgePrompt checks prompt and max_age (OpenID Connect Core section 3.1.2.1).
// Every journey of this bank begins with a login of its own, so that any max_age
// and prompt=login hold by themselves, and prompt=none never can.
func judgePrompt(o fapi.RequestObject) error {
	asked := strings.Fields(o.Prompt)
	switch {
	case slices.Contains(asked, "none") && len(asked) > 1:
		return badRequest("prompt none stands alone")
	case slices.Contains(asked, "none"):
		return oauth(http.StatusBadRequest, "login_required", "this bank always asks its customer to log in")
	case slices.ContainsFunc(asked, func(p string) bool { return !slices.Contains(prompts(), p) }):
		return badRequest("prompt holds one that is not supported")
	case o.MaxAge != nil && *o.MaxAge < 0:
		return badRequest("max_age must not be negative")
	}
	return nil
}

func prompts() []string { return []string{"login", "consent", "select_account"} }
